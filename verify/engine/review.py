"""A verdict from what it rests on: runs are followed again, nothing is looked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias

from verify.engine.bounded import collected
from verify.engine.coverage import GoalCoverage
from verify.engine.goals import Witness, gathered
from verify.engine.judging import Judgement, remarks
from verify.engine.problem import Problem
from verify.engine.runs import tell, told_of
from verify.engine.schedules import Followed, Follower, itself
from verify.engine.search import Instance
from verify.engine.table import Cases, return_questions
from verify.explore import Explored, Return, alone
from verify.interpret import UnsureError
from verify.ir import CASE, Death, Program, Thread, instance, lonely_topics, topics
from verify.reasons.coverage import Goal
from verify.reasons.limits import Remark, Reported
from verify.reasons.objections import Contradiction, Objection
from verify.smt.order import Order
from verify.verdicts import (
    Absent,
    Bound,
    Bounded,
    NotEstablished,
    Proved,
    Refuted,
    Result,
    Run,
    Schedule,
    Vacuous,
    Verdict,
)


@dataclass(frozen=True, slots=True)
class Certified:
    """Proved by lemmas, so many, or `by_runs`."""

    lemmas: int
    by_runs: bool


@dataclass(frozen=True, slots=True)
class Holding:
    """No run within the bound breaks it: nothing that could be followed again."""

    why: str


@dataclass(frozen=True, slots=True)
class Refutation:
    """Refuted by a run, by its position; `others` is what is said of other ways."""

    run: int
    least: int
    others: str


@dataclass(frozen=True, slots=True)
class Open:
    """Not established."""

    why: str


@dataclass(frozen=True, slots=True)
class Idle:
    """Not put to the test, here (`absent`) or anywhere."""

    absent: bool


Ruling: TypeAlias = Certified | Holding | Refutation | Open | Idle


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One scenario as far as some runs show it; `followed` are these runs."""

    followed: tuple[Followed, ...]
    instance: Instance
    cases: Cases
    reach: GoalCoverage

    @property
    def program(self) -> Program:
        return self.instance.program

    # ---------------------------------------------------------------- claims

    def broken(self) -> dict[str, int]:
        """The claims that some run breaks, and which."""
        found: dict[str, int] = {}
        for i, one in enumerate(self.followed):
            for index, number in one.schedule.moves:
                claim = one.machine.threads[index].commands[number].violates
                if claim:
                    found.setdefault(claim, i)
        return found

    def refuted(self, claim: str, ruling: Refutation) -> Judgement | Objection:
        """The refutation of a claim by a run, or why that run refutes nothing."""
        one = self.followed[ruling.run]
        schedule = one.schedule
        if claim == "stuck":
            return self._stuck(one, ruling)
        if schedule.solo:
            return self._alone(claim, one, ruling)
        if not schedule.moves:
            return Objection(claim, Contradiction.NO_STEPS)
        index, number = schedule.moves[-1]
        command = one.machine.threads[index].commands[number]
        if command.violates != claim:
            return Objection(claim, Contradiction.ENDS_OTHERWISE)
        about = topics(command, one.machine.local(one.states[-2], index, CASE))
        return self._refuted(told(one, len(schedule.moves)), schedule, ruling, about)

    def _stuck(self, one: Followed, ruling: Refutation) -> Judgement | Objection:
        if one.schedule.solo:
            return Objection("stuck", Contradiction.ISOLATED)
        try:
            waiting = one.machine.stuck(one.last)
        except UnsureError:
            waiting = ()
        if not waiting:
            return Objection("stuck", Contradiction.NOBODY_WAITS)
        threads = one.machine.threads
        about = frozenset(threads[i].name for i in waiting)
        moves = one.schedule.moves
        run = tell(
            self.program,
            threads,
            moves,
            waiting=told_of(waiting, moves),
            known=one.machine,
            in_order=True,
        )
        return self._refuted(run, one.schedule, ruling, about)

    def _alone(self, claim: str, one: Followed, ruling: Refutation) -> Judgement | Objection:
        solo, path = one.solo, one.schedule.alone
        if solo is None or solo.claim != claim:
            return Objection(claim, Contradiction.FOR_ANOTHER_CLAIM)
        if not one.at_rest:
            return Objection(claim, Contradiction.NOT_QUIESCENT)
        # What fails alone is found again; it is let find nothing that is about something else.
        about = lonely_topics(solo, path)
        found = alone(one.machine, solo, one.last, lambda _, other: other != about)
        if found != path:
            return Objection(claim, Contradiction.NOT_BREAKING)
        run = tell(
            self.program,
            one.machine.threads,
            one.schedule.moves,
            (solo, path),
            known=one.machine,
            in_order=True,
        )
        return self._refuted(run, one.schedule, ruling, about)

    def _refuted(
        self, run: Run, schedule: Schedule, ruling: Refutation, about: frozenset[str]
    ) -> Judgement:
        bound = replace(self.instance.bound, threads=schedule.threads)
        return Judgement(Refuted(run, bound, ruling.least, schedule.turning), about)

    def judged(self, claim: str, ruling: Ruling) -> Judgement | Objection:
        """What a ruling comes to, or what the runs say against it."""
        if claim == "vacuity":
            said = self._vacuity(ruling)
        elif isinstance(ruling, Refutation):
            return self.refuted(claim, ruling)
        else:
            said = self._said(claim, ruling)
        return said if isinstance(said, Objection) else Judgement(said)

    def _said(self, claim: str, ruling: Certified | Holding | Idle | Open) -> Verdict | Objection:
        """The same, for what no fixed thread run refutes."""
        bound = self.instance.bound
        why = self.reach.untested(claim)
        match ruling:
            case Certified(_, True):
                return Objection(claim, Contradiction.NO_PROOF)
            case Idle() if not why:
                return Objection(claim, Contradiction.TESTED)
            case Idle(absent):
                return self._idle(claim, absent, why)
            case Open(said):
                return NotEstablished(Reported(said))
            case Certified() | Holding() if why:
                return Objection(claim, Contradiction.UNTESTED, why)
            case Holding(said):
                return Bounded(bound, Reported(said) if said else None)
            case Certified() if claim == "table" and self._dies_in_a_case():
                return Objection(claim, Contradiction.DIES_IN_A_CASE)
            case Certified(lemmas):
                return Proved(lemmas)

    def _dies_in_a_case(self) -> bool:
        return any(case and isinstance(amiss, Death) for case, _, amiss in self.cases.found)

    def _vacuity(self, ruling: Ruling) -> Verdict | Objection:
        found = self.reach.verdict()
        match ruling:
            case Open(said):
                return NotEstablished(Reported(said))
            case Certified(_, True) if isinstance(found, Bounded):
                return Proved(0, by_runs=True)
            case Certified(_, True):
                missing = tuple(self.reach.missing())
                return Objection("vacuity", Contradiction.NOT_ALL_REACHED, missing)
            case Holding() if isinstance(found, Bounded):
                return found
            case Idle(absent) if isinstance(found, Absent if absent else Vacuous):
                return found
            case Certified() | Holding() | Idle() | Refutation():
                return Objection("vacuity", Contradiction.REACHES_OTHERWISE)

    def _idle(self, claim: str, absent: bool, why: tuple[Goal, ...]) -> Verdict | Objection:
        found = self.reach.idle_verdict(claim, why)
        if isinstance(found, Absent) != absent:
            return Objection(claim, Contradiction.TESTED_OTHERWISE)
        return found

    # ---------------------------------------------------------------- result

    def result(
        self, judged: Mapping[str, Judgement], rulings: Mapping[str, Ruling], gave_up: str
    ) -> Result:
        """All that is said of the scenario, with these verdicts."""
        shown = replace(self.cases, gave_up=Reported(gave_up) if gave_up else None)
        reach = self.reach
        if isinstance(everything := rulings.get("vacuity"), Open):
            # What its runs do not reach may be reached for all that is known.
            unsure = dict.fromkeys(reach.missing(), Reported(everything.why))
            reach = replace(reach, unsure=unsure)
        asked = [c for c in self.program.claims if c.name in judged]
        said: dict[str, tuple[str, Remark | None]] = {}
        for claim in asked:
            name, ruling = claim.name, rulings[claim.name]
            known, beside = remarks(self.program, self.instance.scenario, name, judged[name])
            others = ruling.others if isinstance(ruling, Refutation) else ""
            said[name] = known, Reported(others) if others else beside
        verdicts = {name: one.verdict for name, one in judged.items()}
        runs = tuple(one.schedule for one in self.followed)
        return collected(self.instance, asked, verdicts, said, shown, reach, runs)


def reviewed(problem: Problem, runs: Sequence[Schedule]) -> Review:
    """A scenario as far as some runs show it.

    Raises:
        ReplayError: a run cannot be followed.
    """
    program, scenario = problem.program, problem.scenario
    follower = Follower(program, scenario)
    followed = tuple(follower.follow(run) for run in runs)
    large = instance(program, scenario, problem.threads)
    order = Order(program, large, problem.rounds)
    bound = Bound(problem.threads, problem.rounds, any(a.cut for a in order.automata))
    seen = Explored(follower.machine(1, False))
    for one in followed:
        for position, (index, number) in enumerate(one.schedule.moves):
            step = (one.states[position], (index, number))
            seen.fired.setdefault((one.machine.threads[index].name, number), step)
        if one.starts and one.solo is not None:
            seen.starts.setdefault(one.solo.name, one.last)
    whole = Instance(problem, bound, large, seen, large, order)
    wanted = gathered(whole, partial(_lonely, followed))
    return Review(
        followed=followed,
        instance=whole,
        cases=Cases(program, tuple(return_questions(order)), _returns(followed)),
        reach=GoalCoverage(whole, wanted, wanted.reached, {}),
    )


def _returns(followed: Sequence[Followed]) -> dict[Return, Run | None]:
    """For each return that is seen, and each death, the shortest run to it."""
    first: dict[Return, tuple[Followed, int]] = {}
    for one in followed:
        for position, key in one.returns():
            if key not in first or position < first[key][1]:
                first[key] = one, position
    return {key: told(one, position + 1) for key, (one, position) in first.items()}


def told(one: Followed, length: int) -> Run:
    """The first so many moves of a run, in words."""
    machine = one.machine
    moves = one.schedule.moves[:length]
    return tell(machine.program, machine.threads, moves, known=machine, in_order=True)


def _lonely(
    followed: Sequence[Followed], solos: Sequence[Thread]
) -> Mapping[tuple[str, int], Witness]:
    """What lonely threads take behind some runs."""
    names = {solo.name for solo in solos}
    return {
        command: partial(itself, one.schedule)
        for one in followed
        if one.solo is not None and one.solo.name in names
        for command in one.lonely
    }
