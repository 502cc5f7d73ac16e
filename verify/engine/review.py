"""A verdict from what it rests on: runs are followed again, nothing is looked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

from verify.engine.bounded import Ways, collected
from verify.engine.runs import tell, told_of
from verify.engine.schedules import Followed, Follower, itself
from verify.engine.search import Search
from verify.engine.table import Cases
from verify.engine.vacuity import Tested, Way
from verify.explore import Explored, Return, alone
from verify.interpret import Unsure
from verify.ir import CASE, Death, Program, Scenario, Thread, instance, lonely_topics, topics
from verify.reasons.coverage import Goal
from verify.reasons.limits import Remark, Reported
from verify.reasons.objections import Contradiction, Objection
from verify.smt.order import Order
from verify.verdicts import (
    Absent,
    Bound,
    Holds,
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


@dataclass
class Review:
    """One scenario as far as some runs show it.

    Raises:
        ReplayError: a run cannot be followed.
    """

    program: Program
    scenario: Scenario
    threads: int
    rounds: int
    runs: Sequence[Schedule]
    followed: list[Followed] = field(init=False)
    search: Search = field(init=False)
    cases: Cases = field(init=False)
    tested: Tested = field(init=False)
    _ways: Ways = field(init=False)

    def __post_init__(self) -> None:
        program, scenario = self.program, self.scenario
        follower = Follower(program, scenario)
        self.followed = [follower.follow(run) for run in self.runs]
        large = instance(program, scenario, self.threads)
        order = Order(program, large, self.rounds)
        bound = Bound(self.threads, self.rounds, any(a.cut for a in order.automata))
        seen = Explored(follower.machine(1, False))
        for one in self.followed:
            for position, (index, number) in enumerate(one.schedule.moves):
                step = (one.states[position], (index, number))
                seen.fired.setdefault((one.machine.threads[index].name, number), step)
            if one.starts and one.solo is not None:
                seen.starts.setdefault(one.solo.name, one.last)
        self.search = Search(program, scenario, bound, large, seen, large, order)
        self.cases = Cases(self.search, found=self._returns())
        self.tested = Tested(self.search, lonely=self._lonely)
        self._ways = Ways(self.search)

    def _returns(self) -> dict[Return, Run | None]:
        """For each return that is seen, and each death, the shortest run to it."""
        first: dict[Return, tuple[Followed, int]] = {}
        for one in self.followed:
            for position, key in one.returns():
                if key not in first or position < first[key][1]:
                    first[key] = one, position
        return {key: self._told(one, position + 1) for key, (one, position) in first.items()}

    def _told(self, one: Followed, length: int) -> Run:
        moves = one.schedule.moves[:length]
        return tell(self.program, one.machine.threads, moves, known=one.machine, in_order=True)

    def _lonely(self, solos: Sequence[Thread]) -> Mapping[tuple[str, int], Way]:
        names = {solo.name for solo in solos}
        return {
            command: partial(itself, one.schedule)
            for one in self.followed
            if one.solo is not None and one.solo.name in names
            for command in one.lonely
        }

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

    def refuted(self, claim: str, ruling: Refutation) -> Refuted | Objection:
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
        self._ways.about[claim] = topics(command, one.machine.local(one.states[-2], index, CASE))
        return self._refuted(self._told(one, len(schedule.moves)), schedule, ruling)

    def _stuck(self, one: Followed, ruling: Refutation) -> Refuted | Objection:
        if one.schedule.solo:
            return Objection("stuck", Contradiction.ISOLATED)
        try:
            waiting = one.machine.stuck(one.last)
        except Unsure:
            waiting = ()
        if not waiting:
            return Objection("stuck", Contradiction.NOBODY_WAITS)
        threads = one.machine.threads
        self._ways.about["stuck"] = frozenset(threads[i].name for i in waiting)
        moves = one.schedule.moves
        run = tell(
            self.program,
            threads,
            moves,
            waiting=told_of(waiting, moves),
            known=one.machine,
            in_order=True,
        )
        return self._refuted(run, one.schedule, ruling)

    def _alone(self, claim: str, one: Followed, ruling: Refutation) -> Refuted | Objection:
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
        self._ways.about[claim] = about
        run = tell(
            self.program,
            one.machine.threads,
            one.schedule.moves,
            (solo, path),
            known=one.machine,
            in_order=True,
        )
        return self._refuted(run, one.schedule, ruling)

    def _refuted(self, run: Run, schedule: Schedule, ruling: Refutation) -> Refuted:
        bound = Bound(schedule.threads, self.rounds, self.search.bound.cut)
        return Refuted(run, bound, ruling.least, schedule.turning)

    def verdict(self, claim: str, ruling: Ruling) -> Verdict | Objection:
        """What a ruling comes to, or what the runs say against it."""
        bound = self.search.bound
        if claim == "vacuity":
            return self._vacuity(ruling)
        why = self.tested.untested(claim)
        match ruling:
            case Refutation():
                return self.refuted(claim, ruling)
            case Certified(_, True):
                return Objection(claim, Contradiction.NO_PROOF)
            case Idle() if not why:
                return Objection(claim, Contradiction.TESTED)
            case Idle(absent):
                return self._idle(claim, absent, why)
            case Open(said):
                return NotEstablished(Reported(said))
            case _ if why:
                return Objection(claim, Contradiction.UNTESTED, why)
            case Holding(said):
                return Holds(bound, Reported(said) if said else None)
            case Certified() if claim == "table" and self._dies_in_a_case():
                return Objection(claim, Contradiction.DIES_IN_A_CASE)
            case Certified(lemmas):
                return Proved(lemmas)

    def _dies_in_a_case(self) -> bool:
        return any(case and isinstance(amiss, Death) for case, _, amiss in self.cases.found)

    def _vacuity(self, ruling: Ruling) -> Verdict | Objection:
        found = self.tested.verdict()
        match ruling:
            case Open(said):
                return NotEstablished(Reported(said))
            case Certified(_, True) if isinstance(found, Holds):
                return Proved(0, by_runs=True)
            case Certified(_, True):
                missing = tuple(self.tested.missing())
                return Objection("vacuity", Contradiction.NOT_ALL_REACHED, missing)
            case Holding() if isinstance(found, Holds):
                return found
            case Idle(absent) if isinstance(found, Absent if absent else Vacuous):
                return found
            case _:
                return Objection("vacuity", Contradiction.REACHES_OTHERWISE)

    def _idle(self, claim: str, absent: bool, why: tuple[Goal, ...]) -> Verdict | Objection:
        found = self.tested.idle_verdict(claim, why)
        if isinstance(found, Absent) != absent:
            return Objection(claim, Contradiction.TESTED_OTHERWISE)
        return found

    # ---------------------------------------------------------------- result

    def result(
        self, verdicts: Mapping[str, Verdict], rulings: Mapping[str, Ruling], gave_up: str
    ) -> Result:
        """All that is said of the scenario, with these verdicts."""
        self.cases.gave_up = Reported(gave_up) if gave_up else None
        if isinstance(everything := rulings.get("vacuity"), Open):
            # What its runs do not reach may be reached for all that is known.
            self.tested.unsure = dict.fromkeys(self.tested.missing(), Reported(everything.why))
        asked = [c for c in self.program.claims if c.name in verdicts]

        def remarks(claim: str, verdict: Verdict) -> tuple[str, Remark | None]:
            known, beside = self._ways.remarks(claim, verdict)
            ruling = rulings[claim]
            others = ruling.others if isinstance(ruling, Refutation) else ""
            return known, Reported(others) if others else beside

        return collected(
            self.search, asked, verdicts, remarks, self.cases, self.tested, tuple(self.runs)
        )
