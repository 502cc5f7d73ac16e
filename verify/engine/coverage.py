"""What is reached of all that has to be: what never happens proves nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from verify.engine.environment import Environment
from verify.engine.goals import Goals, Witness, threads_of
from verify.engine.schedules import Followed, Follower, itself, of_moves
from verify.engine.search import Instance, Search
from verify.explore import Explored, Move, explore
from verify.ir import Claim, Program, instance
from verify.reasons.coverage import (
    CallGoal,
    CaseGoal,
    Goal,
    SampleGoal,
    StartGoal,
    StatementGoal,
    UseGoal,
)
from verify.reasons.limits import Unproved
from verify.smt.solver import No, Unknown, Yes
from verify.verdicts import Absent, Bounded, NotEstablished, Schedule, Vacuous, Verdict, Watched


@dataclass(frozen=True, slots=True)
class GoalCoverage:
    """Which goals are `reached`, and a run to each; `unsure` are those that may be for all that
    is known, and why z3 did not say."""

    instance: Instance
    goals: Goals
    reached: Mapping[Goal, Witness]
    unsure: Mapping[Goal, Unproved]

    def covering(self, known: Sequence[Schedule]) -> tuple[Schedule, ...]:
        """Runs that reach, with those `known`, all that is reached: long ones first, which
        reach most."""
        follower = Follower(self.instance.program, self.instance.scenario)
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
            if not run.fired.isdisjoint(self.goals.wanted.get(key, ()))
            or (key in self.goals.alone and not run.lonely.isdisjoint(self.goals.alone[key]))
            or (run.starts and run.solo is not None and key == StartGoal(run.solo.claim))
        }

    def missing(self) -> list[Goal]:
        """The goals that no known run reaches, in the order in which they are told."""
        starts = [StartGoal(c.name) for c in self.instance.program.claims if c.solo]
        keys = (*self.goals.wanted, *self.goals.idle.values(), *starts)
        sampled = self._rows_sampled()
        return [key for key in keys if key not in self.reached and key not in sampled]

    def _never(self) -> list[Goal]:
        """What is known to be missing."""
        return [key for key in self.missing() if key not in self.unsure]

    def _rows_sampled(self) -> set[Goal]:
        """The cells of each line of the table of which one is sampled: the line is."""
        table = self.instance.program.table
        lines = [] if table is None else [set(map(self._case, row)) for row in table.rows]
        return {key for line in lines if line & self.reached.keys() for key in line}

    def unreached(self) -> tuple[StatementGoal, ...]:
        """Statements that no run comes to, but for those of what is never called at all."""
        return tuple(
            key
            for key in self._never()
            if isinstance(key, StatementGoal) and key.owner not in self.goals.idle
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
        return next(c for c in self.instance.program.claims if c.name == name)

    def _sample(self) -> tuple[Goal, ...]:
        table = self.instance.program.table
        return () if table is None else (SampleGoal(table.point),)

    def _case(self, cell: int) -> Goal:
        assert self.instance.program.table is not None
        return CaseGoal(cell, self.instance.program.table.case(cell))

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
        code = {thread.name: thread for thread in threads_of(self.instance)}
        for name, number in self.instance.presearch.fired:
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
        return Absent(why) if len(self.instance.program.scenarios) > 1 else Vacuous(why)

    def verdict(self) -> Verdict:
        """The built-in claim `vacuity`."""
        missing = self.missing()
        if not missing:
            return Bounded(self.instance.bound)
        return self.idle_verdict("vacuity", tuple(missing))


def coverage(
    search: Search,
    goals: Goals,
    questions: Mapping[Goal, int],
    environment: Environment | None = None,
) -> GoalCoverage:
    """Find out what is reached.

    What the views of any number of threads say is never reached, if there are any, is not
    looked for any further.
    """
    whole = search.instance
    reached: dict[Goal, Witness] = dict(goals.reached)
    unsure: dict[Goal, Unproved] = {}
    for key, question in questions.items():
        match search.ask([question]):
            case Yes() as answer:
                reached[key] = partial(_by_model, whole, goals, key, search.moves(answer))
            case No():
                pass
            case Unknown(reason):
                unsure[key] = reason
    missing = GoalCoverage(whole, goals, reached, unsure).missing()
    open_ = [key for key in missing if goals.wanted.get(key)]
    if environment is not None:
        never = {key for key in open_ if environment.never(goals.tests[key])}
        open_ = [key for key in open_ if key not in never]
        unsure = {key: why for key, why in unsure.items() if key not in never}
    threads, limits = whole.bound.threads, whole.problem.limits
    further = [(threads + n, False) for n in range(1, limits.more_threads + 1)]
    if whole.scenario.again:
        further.insert(0, (1, True))
    for number, turning in further:
        open_ = [key for key in open_ if key not in reached]
        if open_:
            reached |= _further(whole, goals, open_, number, turning)
    unsure = {key: why for key, why in unsure.items() if key not in reached}
    return GoalCoverage(whole, goals, reached, unsure)


def _by_model(whole: Instance, goals: Goals, key: Goal, moves: Sequence[Move]) -> Schedule:
    """The run up to where it reaches what was asked for."""
    threads, number = whole.threads, whole.bound.threads
    if isinstance(key, StartGoal):
        # A lonely thread is called as the claim that it answers for.
        return Schedule(threads=number, turning=False, moves=tuple(moves), solo=key.claim)
    wanted = set(goals.wanted[key])
    end = next(i for i, (t, n) in enumerate(moves) if (threads[t].name, n) in wanted)
    return of_moves(moves[: end + 1], number)


def _further(
    whole: Instance, goals: Goals, open_: Sequence[Goal], number: int, turning: bool
) -> dict[Goal, Witness]:
    """What is reached with further turns, or more threads: what takes several calls in a row
    is reached late."""
    reached: dict[Goal, Witness] = {}

    def found(seen: Explored) -> bool:
        for key in open_:
            first = next((c for c in goals.wanted[key] if c in seen.fired), None)
            if first is not None and key not in reached:
                run = of_moves(seen.run(seen.fired[first]), number, turning)
                reached[key] = partial(itself, run)
        return len(reached) == len(open_)

    threads = instance(whole.program, whole.scenario, number, turning)
    found(explore(whole.program, threads, whole.problem.limits.more_states, stop=found))
    return reached


def watched(program: Program) -> Watched:
    """How much there is to reach, in every scenario."""
    owners = {statement.owner for statement in program.statements}
    table = program.table
    return Watched(
        statements=len(program.statements),
        functions=sum(owner.kind == "function" for owner in owners),
        threads=sum(owner.kind == "thread" for owner in owners),
        calls=len({hook for claim in program.claims for hook in claim.hooks}),
        uses=len({used for claim in program.claims for used in claim.uses}),
        locks=len(program.locks),
        starts=sum(claim.solo for claim in program.claims),
        cases=0 if table is None else sum(map(bool, table.claimed)),
    )
