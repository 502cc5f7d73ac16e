"""What has to be reached: statements, calls, uses, locks and cases, and by which commands.

What the explicit pre-search has reached is known at once; for the rest there is a question.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

from verify.certify.text import all_of, any_of
from verify.certify.waiting import goes_on
from verify.engine.schedules import of_moves
from verify.engine.search import Instance
from verify.explore import lonely
from verify.interpret import State
from verify.ir import Command, Program, Statement, Thread
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
from verify.source import Span
from verify.verdicts import Schedule

Test: TypeAlias = Callable[[Command], bool]
# A run that reaches something, made when it is asked for.
Witness: TypeAlias = Callable[[], Schedule]
# Says of isolated threads which commands they are known to take, and how one comes to each.
TakenIsolated: TypeAlias = Callable[[Sequence[Thread]], Mapping[tuple[str, int], Witness]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Goals:
    """Statements, hooks and uses of claims, locks and cases: each to be reached by some run.

    `wanted` are the commands that reach it, in the threads that are there, and `tests` tell
    them from others; `alone` are those of isolated threads where there are no others. `reached`
    has a run for what is known to be reached, `questions` ask z3 for the rest.  A function or
    thread (`idle`) of which nothing is in the commands is told of as a whole.
    """

    tests: Mapping[Goal, Test]
    wanted: Mapping[Goal, Sequence[tuple[str, int]]]
    alone: Mapping[Goal, Sequence[tuple[str, int]]]
    idle: Mapping[Owner, OwnerGoal]
    reached: Mapping[Goal, Witness]
    questions: Mapping[Goal, str]


def gathered(instance: Instance, taken: TakenIsolated | None = None) -> Goals:
    """What has to be reached in an instance; `taken` knows what isolated threads take, if the
    explicit pre-search does not."""
    found = _Gathering(instance, taken)
    found.gather()
    return Goals(
        tests=found.tests,
        wanted=found.wanted,
        alone=found.alone,
        idle=found.idle,
        reached=found.reached,
        questions=found.questions,
    )


@dataclass
class _Gathering:
    """Goals while they are gathered."""

    instance: Instance
    taken: TakenIsolated | None
    tests: dict[Goal, Test] = field(default_factory=dict)
    wanted: dict[Goal, list[tuple[str, int]]] = field(default_factory=dict)
    alone: dict[Goal, list[tuple[str, int]]] = field(default_factory=dict)
    idle: dict[Owner, OwnerGoal] = field(default_factory=dict)
    reached: dict[Goal, Witness] = field(default_factory=dict)
    questions: dict[Goal, str] = field(default_factory=dict)
    statements: dict[StatementGoal, Statement] = field(default_factory=dict)

    def gather(self) -> None:
        program = self.instance.program
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
                    self._want(
                        CaseGoal(cell, program.table.case(cell)), partial(_samples, cell=cell)
                    )
        for claim in program.claims:
            if claim.solo:
                self._want_start(claim.name)

    def _want_statements(self, program: Program) -> None:
        """Each statement; those of all threads are looked up together, as there are many."""
        there = _reaching(program.statements, threads_of(self.instance))
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
    ) -> dict[Statement, tuple[list[tuple[str, int]], Witness]]:
        """What is reached only by a thread that is not in the scenario, in a run alone: by
        which commands, and a run to where it starts."""
        open_ = [s for s in program.statements if s.owner not in in_commands]
        there = _reaching(open_, [t for t in program.threads if t.kind == "solo"])
        names = {name for commands in there.values() for name, _ in commands}
        solos = [thread for thread in program.threads if thread.name in names]
        fired = (self.taken or self._taken_alone)(solos) if solos else {}
        return {
            open_[i]: (commands, next(fired[c] for c in commands if c in fired))
            for i, commands in there.items()
            if any(command in fired for command in commands)
        }

    def _taken_alone(self, solos: Sequence[Thread]) -> dict[tuple[str, int], Witness]:
        return {
            command: partial(self._at_rest, state, command[0])
            for command, state in lonely(self.instance.presearch, solos).items()
        }

    def _at_rest(self, state: State, solo: str) -> Schedule:
        """A run to a state at rest, from which a lonely thread goes on."""
        return Schedule(
            threads=1, turning=False, moves=self.instance.presearch.way_to(state), solo=solo
        )

    def _by_scout(self, command: tuple[str, int]) -> Schedule:
        presearch = self.instance.presearch
        return of_moves(presearch.run(presearch.fired[command]), 1)

    def _want(self, key: Goal, test: Test) -> None:
        if key in self.wanted:
            return
        commands = [
            (thread.name, number)
            for thread in threads_of(self.instance)
            for number, command in enumerate(thread.commands)
            if test(command)
        ]
        self._note(key, test, commands)

    def _note(self, key: Goal, test: Test, commands: list[tuple[str, int]]) -> None:
        self.tests[key] = test
        self.wanted[key] = commands
        seen = next((c for c in commands if c in self.instance.presearch.fired), None)
        if seen is not None:
            self.reached[key] = partial(self._by_scout, seen)
        elif commands:
            self.questions[key] = any_of(self.instance.order.takes(t, [n]) for t, n in commands)

    def _want_start(self, claim: str) -> None:
        """Some state at rest from which the lonely thread of a claim may start."""
        order = self.instance.order
        solo = next(
            t for t in self.instance.program.threads if t.claim == claim and t.kind == "solo"
        )
        if solo.name in self.instance.presearch.starts:
            state = self.instance.presearch.starts[solo.name]
            self.reached[StartGoal(claim)] = partial(self._at_rest, state, solo.name)
            return
        starts = [c.guard for c in solo.commands if c.source == solo.entry]
        self.questions[StartGoal(claim)] = all_of(
            [order.resting(), any_of(order.finally_(guard) for guard in starts)]
        )


def threads_of(instance: Instance) -> list[Thread]:
    """One of each kind of thread of an instance."""
    return list({thread.name: thread for thread in instance.threads}.values())


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
