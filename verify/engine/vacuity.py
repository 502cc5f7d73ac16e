"""Whether the claims are put to the test at all: what never happens proves nothing."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

from verify.certify.text import all_of, any_of
from verify.certify.waiting import goes_on
from verify.engine.crowd import Crowd
from verify.engine.schedules import Followed, Follower, itself, of_moves
from verify.engine.search import Search
from verify.explore import Explored, explore, lonely
from verify.explore import Step as Move
from verify.interpret import State
from verify.ir import Claim, Command, Program, Statement, Thread, instance
from verify.locks import FREE
from verify.reasons.coverage import (
    CallGoal,
    CaseGoal,
    Goal,
    LockGoal,
    Owner,
    OwnerGoal,
    SampleGoal,
    StartGoal,
    StatementGoal,
    UseGoal,
)
from verify.reasons.limits import Unproved
from verify.smt.solver import No, Unknown, Yes
from verify.source import Span
from verify.verdicts import Absent, Holds, Line, NotEstablished, Schedule, Vacuous, Verdict, Watched

# What is not reached by as many threads as were asked for, and may be by more, is looked
# for with so many more, as far as so many states go.
MORE_THREADS = 2
MORE_STATES = 60_000

Test: TypeAlias = Callable[[Command], bool]
# A run that reaches something, made when it is asked for.
Way: TypeAlias = Callable[[], Schedule]


@dataclass
class Tested:
    """Statements, hooks and uses of claims, locks and cases: each to be reached by some run.

    `wanted` are the commands that reach it, in the threads that are there, `alone` those of
    lonely threads where there are no others; `reached` has a run for what is reached.  A
    function or thread (`idle`) of which nothing is in their commands is told of as a
    whole.  `unsure` is what may be reached for all that is known, and why z3 did not say;
    `lonely` says what lonely threads are known to take, if not the scout does.
    """

    search: Search
    tests: dict[Goal, Test] = field(default_factory=dict)
    wanted: dict[Goal, list[tuple[str, int]]] = field(default_factory=dict)
    questions: dict[Goal, int] = field(default_factory=dict)
    statements: dict[StatementGoal, Statement] = field(default_factory=dict)
    idle: dict[Owner, OwnerGoal] = field(default_factory=dict)
    reached: dict[Goal, Way] = field(default_factory=dict)
    alone: dict[Goal, list[tuple[str, int]]] = field(default_factory=dict)
    unsure: dict[Goal, Unproved] = field(default_factory=dict)
    lonely: Callable[[Sequence[Thread]], Mapping[tuple[str, int], Way]] | None = None

    def __post_init__(self) -> None:
        program = self.search.program
        self._want_statements(program)
        for claim in program.claims:
            for hook in claim.hooks:
                self._want(CallGoal(hook), partial(_calls, hook))
            for used in claim.uses:
                self._want(UseGoal(used), partial(_uses, used))
        for lock in program.locks:
            self._want(LockGoal(lock.name), partial(_takes, lock.name))
        if program.table is not None:
            self._want(SampleGoal(program.table.point), _samples)
            for cell, claimed in enumerate(program.table.claimed):
                if claimed:
                    self._want(self._case(cell), partial(_samples, cell=cell))
        for claim in program.claims:
            if claim.solo:
                self._want_start(claim.name)

    def _want_statements(self, program: Program) -> None:
        """Each statement; those of all threads are looked up together, as there are many."""
        there = _reaching(program.statements, self._threads())
        for i, statement in enumerate(program.statements):
            key = StatementGoal(
                position=i,
                owner=statement.owner,
                span=statement.span,
                included=statement.span.source.path != program.path,
            )
            self.statements[key] = statement
            self._note(key, partial(_covers, statement.span), there.get(i, []))
        in_commands = {program.statements[i].owner for i in there}
        alone = self._reached_alone(program, in_commands)
        for key, statement in self.statements.items():
            if statement in alone:
                self.alone[key], self.reached[key] = alone[statement]
            elif statement.owner not in in_commands | {one.owner for one in alone}:
                self.idle[statement.owner] = OwnerGoal(statement.owner)

    def _reached_alone(
        self, program: Program, in_commands: Collection[Owner]
    ) -> dict[Statement, tuple[list[tuple[str, int]], Way]]:
        """What is reached only by a thread that is not in the scenario, in a run alone: by
        which commands, and a run to where it starts."""
        open_ = [s for s in program.statements if s.owner not in in_commands]
        there = _reaching(open_, [t for t in program.threads if t.kind == "solo"])
        names = {name for commands in there.values() for name, _ in commands}
        solos = [thread for thread in program.threads if thread.name in names]
        fired = (self.lonely or self._taken_alone)(solos) if solos else {}
        return {
            open_[i]: (commands, next(fired[c] for c in commands if c in fired))
            for i, commands in there.items()
            if any(command in fired for command in commands)
        }

    def _taken_alone(self, solos: Sequence[Thread]) -> dict[tuple[str, int], Way]:
        return {
            command: partial(self._at_rest, state, command[0])
            for command, state in lonely(self.search.scout, solos).items()
        }

    def _at_rest(self, state: State, solo: str) -> Schedule:
        """A run to a state at rest, from which a lonely thread goes on."""
        return Schedule(1, False, self.search.scout.way_to(state), solo)

    def _by_scout(self, command: tuple[str, int]) -> Schedule:
        scout = self.search.scout
        return of_moves(scout.run(scout.fired[command]), 1)

    def _threads(self) -> list[Thread]:
        return list({thread.name: thread for thread in self.search.threads}.values())

    def _want(self, key: Goal, test: Test) -> None:
        if key in self.wanted:
            return
        commands = [
            (thread.name, number)
            for thread in self._threads()
            for number, command in enumerate(thread.commands)
            if test(command)
        ]
        self._note(key, test, commands)

    def _note(self, key: Goal, test: Test, commands: list[tuple[str, int]]) -> None:
        self.tests[key] = test
        self.wanted[key] = commands
        seen = next((c for c in commands if c in self.search.scout.fired), None)
        if seen is not None:
            self.reached[key] = partial(self._by_scout, seen)
        elif commands:
            self.questions[key] = self.search.question(
                any_of(self.search.order.takes(t, [n]) for t, n in commands)
            )

    def _want_start(self, claim: str) -> None:
        """Some state at rest from which the lonely thread of a claim may start."""
        order = self.search.order
        solo = next(t for t in self.search.program.threads if t.claim == claim and t.kind == "solo")
        if solo.name in self.search.scout.starts:
            state = self.search.scout.starts[solo.name]
            self.reached[StartGoal(claim)] = partial(self._at_rest, state, solo.name)
            return
        starts = [c.guard for c in solo.commands if c.source == solo.entry]
        self.questions[StartGoal(claim)] = self.search.question(
            all_of([order.resting(), any_of(order.finally_(guard) for guard in starts)])
        )

    def decide(self, crowd: Crowd | None = None) -> None:
        """Find out what is reached.

        What the views of the crowd say is never reached, if there are any, is not
        looked for any further.
        """
        for key, question in self.questions.items():
            match self.search.ask([question]):
                case Yes() as answer:
                    moves = self.search.moves(answer)
                    self.reached[key] = partial(self._by_model, key, moves)
                case No():
                    pass
                case Unknown(reason):
                    self.unsure[key] = reason
        open_ = [key for key in self.missing() if self.wanted.get(key)]
        if crowd is not None:
            never = {key for key in open_ if crowd.never(self.tests[key])}
            open_ = [key for key in open_ if key not in never]
            self.unsure = {key: why for key, why in self.unsure.items() if key not in never}
        further = [(self.search.bound.threads + n, False) for n in range(1, MORE_THREADS + 1)]
        if self.search.scenario.again:
            further.insert(0, (1, True))
        for number, turning in further:
            open_ = [key for key in open_ if key not in self.reached]
            if open_:
                self._look_further(open_, number, turning)
        self.unsure = {key: why for key, why in self.unsure.items() if key not in self.reached}

    def _by_model(self, key: Goal, moves: Sequence[Move]) -> Schedule:
        """The run up to where it reaches what was asked for."""
        threads, number = self.search.threads, self.search.bound.threads
        if isinstance(key, StartGoal):
            # A lonely thread is called as the claim that it answers for.
            return Schedule(number, False, tuple(moves), key.claim)
        wanted = set(self.wanted[key])
        end = next(i for i, (t, n) in enumerate(moves) if (threads[t].name, n) in wanted)
        return of_moves(moves[: end + 1], number)

    def covering(self, known: Sequence[Schedule]) -> tuple[Schedule, ...]:
        """Runs that reach, with those `known`, all that is reached: long ones first, which
        reach most."""
        follower = Follower(self.search.program, self.search.scenario)
        open_ = set(self.reached)
        for schedule in known:
            open_ -= self._reaches(follower.follow(schedule), open_)
        ways = dict.fromkeys(self.reached[key]() for key in self.reached if key in open_)
        found = []
        for schedule in sorted(ways, key=lambda one: -len(one.moves)):
            here = self._reaches(follower.follow(schedule), open_)
            if here:
                found.append(schedule)
                open_ -= here
        return tuple(found)

    def _reaches(self, run: Followed, among: Collection[Goal]) -> set[Goal]:
        """What a run reaches of some."""
        return {
            key
            for key in among
            if not run.fired.isdisjoint(self.wanted.get(key, ()))
            or (key in self.alone and not run.lonely.isdisjoint(self.alone[key]))
            or (run.starts and run.solo is not None and key == StartGoal(run.solo.claim))
        }

    def _look_further(self, open_: Sequence[Goal], number: int, turning: bool) -> None:
        """Explore with further turns, or more threads: what takes several calls in a row is
        reached late."""
        program = self.search.program
        wanted = {key: self.wanted[key] for key in open_}

        def found(seen: Explored) -> bool:
            for key, commands in wanted.items():
                first = next((c for c in commands if c in seen.fired), None)
                if first is not None and key not in self.reached:
                    run = of_moves(seen.run(seen.fired[first]), number, turning)
                    self.reached[key] = partial(itself, run)
            return self.reached.keys() >= wanted.keys()

        threads = instance(program, self.search.scenario, number, turning)
        found(explore(program, threads, MORE_STATES, stop=found))

    def missing(self) -> list[Goal]:
        """The goals that no known run reaches, in the order in which they are told."""
        starts = [StartGoal(c.name) for c in self.search.program.claims if c.solo]
        keys = (*self.wanted, *self.idle.values(), *starts)
        sampled = self._rows_sampled()
        return [key for key in keys if key not in self.reached and key not in sampled]

    def _never(self) -> list[Goal]:
        """What is known to be missing."""
        return [key for key in self.missing() if key not in self.unsure]

    def _rows_sampled(self) -> set[Goal]:
        """The cells of each line of the table of which one is sampled: the line is."""
        table = self.search.program.table
        lines = [] if table is None else [set(map(self._case, row)) for row in table.rows]
        return {key for line in lines if line & self.reached.keys() for key in line}

    def unreached(self) -> tuple[Line, ...]:
        """Statements that no run comes to, but for those of what is never called at all."""
        return tuple(
            Line(key.span, "never reached")
            for key in self._never()
            if isinstance(key, StatementGoal) and key.owner not in self.idle
        )

    def untested(self, claim: str) -> tuple[Goal, ...]:
        """The goals that would put a claim to the test, if it is not; those to be told of."""
        unmet = self._unmet(claim)
        if not unmet:
            return ()
        found = self._claim(claim)
        if found.solo:
            return (StartGoal(claim),)
        if claim == "table":
            # In the order of the rows; without a sample there is nothing to say of them.
            some = [key for key in self.missing() if key in unmet]
            return tuple(some[:1] if isinstance(some[0], SampleGoal) else some)
        return (
            *map(CallGoal, found.hooks),
            *map(UseGoal, found.uses),
            *(self._sample() if found.samples else ()),
        )

    def _claim(self, name: str) -> Claim:
        return next(c for c in self.search.program.claims if c.name == name)

    def _sample(self) -> tuple[Goal, ...]:
        table = self.search.program.table
        return () if table is None else (SampleGoal(table.point),)

    def _case(self, cell: int) -> Goal:
        assert self.search.program.table is not None
        return CaseGoal(cell, self.search.program.table.case(cell))

    def _unmet(self, claim: str) -> set[Goal]:
        """All that would put a claim to the test, if none of it is reached.

        A table asks for each of its rows.
        """
        found = self._claim(claim)
        if found.solo and StartGoal(claim) not in self.reached:
            return {StartGoal(claim)}
        if claim == "table":
            return {k for k in self.missing() if isinstance(k, SampleGoal | CaseGoal)}
        keys: set[Goal] = {CallGoal(hook) for hook in found.hooks}
        keys |= {UseGoal(used) for used in found.uses}
        keys |= set(self._sample()) if found.samples else set()
        return set() if keys & self.reached.keys() else keys

    def unmet(self, claims: Iterable[str]) -> tuple[Goal, ...]:
        """What is not reached of what some claims ask for."""
        names = set(claims)
        keys = {key for name in names for key in self._unmet(name)}
        return tuple(key for key in self._never() if "vacuity" in names or key in keys)

    def sampled(self) -> frozenset[int]:
        """The cells of the table that some run samples, as far as it is known."""
        cells = {key.cell for key in self.reached if isinstance(key, CaseGoal)}
        code = {thread.name: thread for thread in self._threads()}
        for name, number in self.search.scout.fired:
            cells.update(case - 1 for case in code[name].commands[number].cases)
        return frozenset(cells)

    def idle_verdict(self, claim: str, why: tuple[Goal, ...]) -> Verdict:
        """The verdict on what is not put to the test here, if that is known: another scenario
        may do so."""
        missing = self.missing()
        keys = set(missing) if claim == "vacuity" else self._unmet(claim)
        for key in missing:
            if key in keys and key in self.unsure:
                return NotEstablished(self.unsure[key])
        return Absent(why) if len(self.search.program.scenarios) > 1 else Vacuous(why)

    def verdict(self) -> Verdict:
        """The built-in claim `vacuity`."""
        missing = self.missing()
        if not missing:
            return Holds(self.search.bound)
        return self.idle_verdict("vacuity", tuple(missing))


def watched(program: Program) -> Watched:
    """How much there is to reach, in every scenario."""
    owners = {statement.owner for statement in program.statements}
    table = program.table
    return Watched(
        len(program.statements),
        sum(owner.kind == "function" for owner in owners),
        sum(owner.kind == "thread" for owner in owners),
        len({hook for claim in program.claims for hook in claim.hooks}),
        len({used for claim in program.claims for used in claim.uses}),
        len(program.locks),
        sum(claim.solo for claim in program.claims),
        0 if table is None else sum(map(bool, table.claimed)),
    )


def _reaching(
    statements: Sequence[Statement], threads: Iterable[Thread]
) -> dict[int, list[tuple[str, int]]]:
    """The commands that go through some of each statement, by its position."""
    find = _finder(statements)
    there: dict[int, list[tuple[str, int]]] = {}
    for thread in threads:
        for number, command in enumerate(thread.commands):
            if not goes_on(command):
                # What a claim watches has the command that goes on beside it, if any does.
                continue
            for i in dict.fromkeys(find(place.span) for place in command.places):
                if i is not None:
                    there.setdefault(i, []).append((thread.name, number))
    return there


def _finder(statements: Sequence[Statement]) -> Callable[[Span], int | None]:
    """The position of the statement that a piece of text is a part of; none is inside another."""
    spans: dict[str, list[tuple[int, int]]] = {}
    for i, statement in enumerate(statements):
        spans.setdefault(statement.span.source.path, []).append((statement.span.start, i))
    starts = {path: [start for start, _ in sorted(some)] for path, some in spans.items()}

    def find(span: Span) -> int | None:
        path = span.source.path
        if path not in starts:
            return None
        at = bisect_right(starts[path], span.start) - 1
        if at < 0:
            return None
        i = ordered[path][at]
        return i if _inside(span, statements[i].span) else None

    ordered = {path: [i for _, i in sorted(some)] for path, some in spans.items()}
    return find


def _inside(span: Span, other: Span) -> bool:
    return (
        span.source.path == other.source.path
        and other.start <= span.start
        and span.end <= other.end
    )


def _samples(command: Command, cell: int | None = None) -> bool:
    return bool(command.cases) if cell is None else cell + 1 in command.cases


def _calls(hook: str, command: Command) -> bool:
    return hook in command.called


def _uses(struct: str, command: Command) -> bool:
    return struct in command.used


def _takes(lock: str, command: Command) -> bool:
    return any(name == lock and mode != FREE for name, mode in command.locks)


def _covers(span: Span, command: Command) -> bool:
    """Whether a command goes through some of a statement."""
    return any(_inside(place.span, span) for place in command.places)
