"""Bounded verdicts: one scenario, so many threads for each [*], each thread once.

The event order decides each claim and shows that no shorter run exists; every
run is replayed by the interpreter before it counts.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from verify.certify.alone import TooManyPaths, failing
from verify.certify.proof import Disagreement
from verify.certify.text import all_of
from verify.certify.unfold import unfold
from verify.engine.crowd import Crowd
from verify.engine.runs import replay, told_of
from verify.engine.schedules import of_moves, of_run
from verify.engine.search import (
    Best,
    Gave,
    Progress,
    Search,
    is_known,
    prepare,
    silent,
)
from verify.engine.table import Cases
from verify.engine.turns import by_turns
from verify.engine.vacuity import Tested, watched
from verify.explore import Step as Move
from verify.explore import alone as run_alone
from verify.explore import explore
from verify.interpret import ReplayError, Unsure
from verify.ir import (
    CASE,
    FATAL,
    Claim,
    Command,
    Death,
    Program,
    Scenario,
    Thread,
    instance,
    known_of,
    lonely_topics,
    topics,
)
from verify.reasons.limits import MoreWaysUnknown, NewWay, Plain, Remark, Unproved
from verify.smt.solver import No, Unknown, Yes
from verify.verdicts import (
    Answer,
    Bound,
    Crash,
    Holds,
    NotEstablished,
    Proved,
    Refuted,
    Result,
    Schedule,
    Verdict,
)

# States that are looked at where somebody may wait for a condition.
ALL_STATES = 200_000


def check(
    program: Program,
    scenario: Scenario,
    threads: int = 2,
    rounds: int = 1,
    only: Sequence[str] = (),
    progress: Progress = silent,
) -> Result:
    """Each claim of a program in one scenario, with `threads` threads for each [*].

    Args:
        rounds: how often a loop is entered again.
        only: names of claims; none means all.

    Raises:
        ReplayError, Disagreement: bugs of ours.
    """
    return begin(program, scenario, threads, rounds, only, progress).result()


def unanswered(
    program: Program,
    scenario: Scenario,
    threads: int,
    rounds: int,
    only: Sequence[str],
    why: Unproved,
) -> Result:
    """The result where nothing came of asking."""
    return Result(
        path=program.path,
        scenario=scenario.name,
        sentence=scenario.sentence,
        bound=Bound(threads, rounds, False),
        answers=tuple(
            Answer(c.name, c.sentence, scenario.name, NotEstablished(why))
            for c in program.claims
            if not only or c.name in only
        ),
        table=(),
        outside=(),
        unreached=(),
        missing=(),
        others=tuple(s.name for s in program.scenarios if s.name != scenario.name),
        watched=watched(program),
    )


@dataclass
class Ways:
    """The ways to break a claim that has known ones: `questions` are about the others.

    `about` is what the run that is told is about, `gave_up` says of which claims it is not
    known whether there is another way.
    """

    search: Search
    questions: dict[str, int] = field(default_factory=dict)
    about: dict[str, frozenset[str]] = field(default_factory=dict)
    gave_up: set[str] = field(default_factory=set)

    def named(self, claim: str, about: frozenset[str]) -> bool:
        """Whether the program has a name for this way."""
        return is_known(self.search.program, self.search.scenario, claim, about)

    def counts(self, claim: str) -> Callable[[frozenset[str]], bool]:
        """Which ways to break a claim have no name."""
        return lambda about: not self.named(claim, about)

    def known(self, claim: str) -> bool:
        """Whether there is a way with a name."""
        return bool(known_of(self.search.program, claim, self.search.scenario.name))

    def shortest(self, claim: str, known: Sequence[Move] | None) -> Best | None:
        """The shortest run that breaks a claim in a way without a name, if there is one."""
        if claim not in self.questions:
            return None
        try:
            return self.search.shortest([self.questions[claim]], known)
        except Gave:
            self.gave_up.add(claim)
            return None

    def remarks(self, claim: str, verdict: Verdict) -> tuple[str, Remark | None]:
        """What the bug is called that refutes a claim, and what there is to say besides."""
        some = known_of(self.search.program, claim, self.search.scenario.name)
        if not some or not isinstance(verdict, Refuted):
            return (some[0].sentence if some else ""), None
        for known in some:
            if known.covers(self.about[claim]):
                open_ = MoreWaysUnknown() if claim in self.gave_up else None
                return known.sentence, open_
        return "", NewWay(tuple(dict.fromkeys(known.sentence for known in some)))


@dataclass
class Inquiry:
    """One instance that the scout has seen, and what z3 may be asked about it.

    Who has proved some claims meanwhile need not ask them of z3.
    """

    search: Search
    asked: tuple[Claim, ...]
    plain: dict[str, int]
    stuck: int
    solos: dict[str, tuple[Thread, int]]
    failures: dict[str, Unproved]
    ways: Ways
    cases: Cases
    tested: Tested
    progress: Progress
    looked: bool = False

    def look(self, crowd: Crowd | None = None) -> None:
        """Find out what is put to the test."""
        self.progress("asking z3 what is reached")
        self.tested.decide(crowd)
        self.looked = True

    def standing(self) -> list[str]:
        """The claims that are put to the test and that no run of the scout has broken."""
        known = {*self.search.scout.broken, *self.search.scout.alone, *self.failures, "vacuity"}
        if self._way_to_stuck() is not None:
            known.add("stuck")
        if any(case and isinstance(what, Death) for case, _, what in self.search.scout.returns):
            known.add("table")
        return [
            c.name for c in self.asked if c.name not in known and not self.tested.untested(c.name)
        ]

    def result(self, proved: Collection[str] = (), turns: bool = False) -> Result:
        """The verdicts; what is proved is taken to hold.

        With `turns`, what single turns do not break is looked for in further ones.
        """
        if not self.looked:
            self.look()
        self.progress("asking z3")
        search, asked = self.search, self.asked
        verdicts = dict.fromkeys(
            (name for name in self.standing() if name in proved), self._holds()
        )
        open_ = [c for c in asked if c.name not in verdicts]
        verdicts |= _plain_verdicts(search, open_, self.plain, self.ways)
        for claim in open_:
            if claim.name == "stuck":
                verdicts[claim.name] = _stuck(search, self.stuck, self._way_to_stuck(), self.ways)
            elif claim.name in self.failures:
                verdicts[claim.name] = NotEstablished(self.failures[claim.name])
            elif claim.solo:
                verdicts[claim.name] = _alone(search, claim, self.solos[claim.name], self.ways)
        if turns:
            unproved = [n for n, said in verdicts.items() if isinstance(said, Holds)]
            plain = {c.name for c in asked if not c.solo} - {"vacuity", *proved}
            verdicts |= by_turns(search, [name for name in unproved if name in plain])
        self.cases.decide([name for name, said in verdicts.items() if isinstance(said, Holds)])
        if isinstance(verdicts.get("table"), Holds):
            rows = self.cases.rows(self.tested.sampled())
            crashes = [one.crash for row in rows for one in row.behaviours]
            crash = next((one for one in crashes if one is not None), None)
            if crash is not None:
                verdicts["table"] = NotEstablished(crash)
        for claim in asked:
            if claim.name == "vacuity":
                verdicts[claim.name] = self.tested.verdict()
            elif isinstance(verdicts[claim.name], Holds) and (
                why := self.tested.untested(claim.name)
            ):
                verdicts[claim.name] = self.tested.idle_verdict(claim.name, why)
        return collected(
            search,
            asked,
            verdicts,
            self.ways.remarks,
            self.cases,
            self.tested,
            self._shown(verdicts),
        )

    def _shown(self, verdicts: Mapping[str, Verdict]) -> tuple[Schedule, ...]:
        """Runs in which all happens that is known to happen, and nothing twice."""
        known = [of_run(name, v) for name, v in verdicts.items() if isinstance(v, Refuted)]
        known += [
            of_moves([(s.index, s.command) for s in run.steps], self.search.bound.threads)
            for run in self.cases.found.values()
            if run is not None
        ]
        known = list(dict.fromkeys(known))
        return (*known, *self.tested.covering(known))

    def _holds(self) -> Verdict:
        return Holds(self.search.bound)

    def _way_to_stuck(self) -> tuple[Move, ...] | None:
        """The run of the scout into waiting for ever, if it is one of the larger instance."""
        search = self.search
        if search.scout.stuck is None:
            return None
        moves = search.lifted(search.scout.way_to(search.scout.stuck))
        # Else one of the threads that the scout does not know could still start.
        return moves if _waits_for_ever(search, moves) else None


def begin(
    program: Program,
    scenario: Scenario,
    threads: int = 2,
    rounds: int = 1,
    only: Sequence[str] = (),
    progress: Progress = silent,
) -> Inquiry:
    """Explore a small instance, and write down what may be asked of the one that is meant."""
    search = prepare(program, scenario, threads, rounds, progress)
    asked = tuple(c for c in program.claims if not only or c.name in only)
    plain = {c.name: search.question(search.order.breaks(c.name)) for c in asked if not c.solo}
    stuck = search.question(search.order.quiet())
    ways = Ways(search)
    for c in asked:
        if not c.solo and c.name != "stuck" and ways.known(c.name):
            text = search.order.breaks(c.name, ways.counts(c.name))
            ways.questions[c.name] = search.question(text)
    solos, failures = _solos(search, asked, ways)
    return Inquiry(
        search,
        asked,
        plain,
        stuck,
        solos,
        failures,
        ways,
        Cases(search),
        Tested(search),
        progress,
    )


def _plain_verdicts(
    search: Search,
    asked: Sequence[Claim],
    questions: dict[str, int],
    ways: Ways,
) -> dict[str, Verdict]:
    found: dict[str, tuple[Move, ...]] = {}
    verdicts: dict[str, Verdict] = {}
    names = [c.name for c in asked if not c.solo and c.name not in ("stuck", "vacuity")]
    for name in names:
        if name in search.scout.broken:
            found[name] = search.lifted(search.scout.run(search.scout.broken[name]))
    open_ = [name for name in names if name not in found]
    while open_:
        match search.ask([questions[name] for name in open_]):
            case No():
                for name in open_:
                    verdicts[name] = Holds(search.bound)
                break
            case Unknown(reason):
                for name in open_:
                    verdicts[name] = NotEstablished(reason)
                break
            case Yes() as answer:
                moves = search.moves(answer)
                broken = {search.threads[i].commands[number].violates for i, number in moves} & set(
                    open_
                )
                if not broken:
                    raise Disagreement("a model breaks no claim")
                for name in sorted(broken):
                    found[name] = ()
                    open_.remove(name)
    for name in names:
        if name not in found:
            continue
        new = search.scout.new.get(name)
        best = ways.shortest(name, None if new is None else search.lifted(search.scout.run(new)))
        only_new = best is not None
        try:
            best = best or search.shortest([questions[name]], found[name] or None)
        except Gave as error:
            verdicts[name] = NotEstablished(error.reason)
            continue
        if best is None:
            raise Disagreement(f"{name}: one question, two answers")
        moves, least = _up_to_breaking(search, best, name)
        moves, ways.about[name] = _first_to_go_wrong(search, moves, name, ways, only_new)
        verdicts[name] = Refuted(search.tell(moves), search.bound, least)
    return verdicts


def _up_to_breaking(search: Search, best: Best, claim: str) -> tuple[tuple[Move, ...], int]:
    """The run up to the step that breaks the claim, and how far it is known to be shortest.

    Behind that step nothing comes in a shortest run; something may in one that z3 gave
    up making shorter.
    """
    for length, (index, number) in enumerate(best.moves, start=1):
        if search.threads[index].commands[number].violates == claim:
            if length == len(best.moves):
                return best.moves, best.least
            if best.least >= search.bound.threads:
                raise Disagreement(f"{claim}: the shortest run ends with something else")
            return best.moves[:length], 0
    raise Disagreement(f"{claim}: the run does not break it")


def collected(
    search: Search,
    asked: Sequence[Claim],
    verdicts: Mapping[str, Verdict],
    remarks: Callable[[str, Verdict], tuple[str, Remark | None]],
    cases: Cases,
    tested: Tested,
    shown: tuple[Schedule, ...],
) -> Result:
    """All that is said of a scenario, with these verdicts."""
    program, scenario = search.program, search.scenario
    deaths = _deaths(search, verdicts)
    sampled = tested.sampled()
    return Result(
        path=program.path,
        scenario=scenario.name,
        sentence=scenario.sentence,
        bound=search.bound,
        answers=tuple(
            Answer(
                c.name,
                c.sentence,
                scenario.name,
                verdicts[c.name],
                *remarks(c.name, verdicts[c.name]),
                _shortened(program, c, deaths)
                if isinstance(verdicts[c.name], Holds | Proved)
                else None,
            )
            for c in asked
        ),
        table=cases.rows(sampled),
        outside=cases.outside(),
        unreached=tested.unreached(),
        missing=tested.unmet(c.name for c in asked),
        others=tuple(s.name for s in program.scenarios if s.name != scenario.name),
        watched=watched(program),
        shown=shown,
        gave_up=cases.gave_up,
    )


def _deaths(search: Search, verdicts: Mapping[str, Verdict]) -> list[tuple[Command, Crash]]:
    """How threads die, the claims that are asked first, and then what the scout has seen."""
    found = []
    for name in FATAL:
        verdict = verdicts.get(name)
        if isinstance(verdict, Refuted) and isinstance(verdict.run.end, Crash):
            number, turning = verdict.bound.threads, verdict.turns
            threads = instance(search.program, search.scenario, number, turning)
            last = verdict.run.steps[-1]
            found.append((threads[last.index].commands[last.command], verdict.run.end))
    names = {thread.name: thread for thread in search.threads}
    for name, number in search.scout.fired:
        command = names[name].commands[number]
        if isinstance(death := command.amiss, Death):
            found.append((command, Crash(name, death.claim, death.reason, death.span)))
    return found


def _shortened(
    program: Program, claim: Claim, deaths: Sequence[tuple[Command, Crash]]
) -> Crash | None:
    """The death that keeps a claim from being put to the test as often as it could be.

    Who dies returns from nothing, lets go of nothing and comes to no end; of what happens
    before, other claims speak.
    """
    table = "" if program.table is None else program.table.function
    inside = {table} if claim.name == "table" else set(claim.returns)
    for command, crash in deaths:
        everywhere = claim.solo or claim.name in ("balance", "stuck")
        if everywhere or inside & set(command.inside):
            return crash
    return None


def _first_to_go_wrong(
    search: Search, moves: Sequence[Move], claim: str, ways: Ways, only_new: bool
) -> tuple[tuple[Move, ...], frozenset[str]]:
    """The run with the last step replaced by the first in the text that breaks the claim
    there, and what that is about: a return that leaves a lock held comes before the thread's
    end that does.  What has a name is passed over where that is not what is looked for."""
    machine = search.machine
    index = moves[-1][0]
    before = replay(machine, moves[:-1])[-1]
    for number, _ in machine.steps(before, index):
        command = search.threads[index].commands[number]
        about = topics(command, machine.local(before, index, CASE))
        if command.violates == claim and not (only_new and ways.named(claim, about)):
            return (*moves[:-1], (index, number)), about
    raise ReplayError(f"{claim}: the last step cannot be taken")


def _waits_for_ever(search: Search, moves: Sequence[Move]) -> tuple[int, ...]:
    """The threads that wait for ever at the end of a run; none, too, if that cannot be told."""
    machine = search.machine
    try:
        return machine.stuck(replay(machine, moves)[-1])
    except Unsure:
        return ()


def _stuck(search: Search, question: int, start: tuple[Move, ...] | None, ways: Ways) -> Verdict:
    """Whether a run leads to where some thread waits for ever.

    z3 is asked for quiet states, which all such are.  Who waits there may still be let
    go on by somebody who begins: then every state of the instance is looked at.
    """
    best = None if start is None else Best(start, 1)
    try:
        found = search.shortest([question], start)
        if found is None:
            return Holds(search.bound)
        if not search.machine.quiet(replay(search.machine, found.moves)[-1]):
            raise ReplayError("nobody waits at the end of this run")
        if _waits_for_ever(search, found.moves):
            best = found
        else:
            looked = _look_at_all(search)
            if looked is None and best is None:
                return NotEstablished(Plain.WAITS_FOR_CONDITION)
            if isinstance(looked, Holds):
                return looked
            best = looked or best
    except Gave as error:
        if best is None:
            return NotEstablished(error.reason)
    assert best is not None
    waiting = _waits_for_ever(search, best.moves)
    if not waiting:
        raise ReplayError("nobody waits at the end of this run")
    ways.about["stuck"] = frozenset(search.threads[i].name for i in waiting)
    waiting = told_of(waiting, best.moves)
    return Refuted(search.tell(best.moves, waiting=waiting), search.bound, best.least)


def _look_at_all(search: Search) -> Best | Holds | None:
    """Every state of the instance: the first in which somebody waits for ever, or that there
    is none, if the limit on states allows to say so."""
    seen = explore(
        search.program,
        search.threads,
        ALL_STATES,
        stop=lambda seen: seen.stuck is not None,
        again=search.scenario.again,
    )
    if seen.stuck is not None:
        return Best(seen.way_to(seen.stuck), search.bound.threads if seen.unsure is None else 0)
    return Holds(search.bound) if seen.complete and seen.unsure is None else None


def _solos(
    search: Search, asked: Sequence[Claim], ways: Ways
) -> tuple[dict[str, tuple[Thread, int]], dict[str, Unproved]]:
    """For each claim about a thread alone: the thread, and the question whether it can fail."""
    solos: dict[str, tuple[Thread, int]] = {}
    failures: dict[str, Unproved] = {}
    resting = search.order.resting()
    for claim in asked:
        if not claim.solo:
            continue
        thread = next(
            t for t in search.program.threads if t.claim == claim.name and t.kind == "solo"
        )
        how = (search.program, thread, search.bound.rounds)
        try:
            condition = failing(*how)
            unnamed = failing(*how, ways.counts(claim.name)) if ways.known(claim.name) else None
        except TooManyPaths as error:
            failures[claim.name] = error.reason
            continue
        text = all_of([resting, search.order.finally_(condition)])
        solos[claim.name] = (thread, search.question(text))
        if unnamed is not None:
            text = all_of([resting, search.order.finally_(unnamed)])
            ways.questions[claim.name] = search.question(text)
    return solos, failures


def _alone(search: Search, claim: Claim, solo: tuple[Thread, int], ways: Ways) -> Verdict:
    thread, question = solo
    start, new = (
        None if found is None else search.lifted(search.scout.way_to(found[0]))
        for found in (some.get(claim.name) for some in (search.scout.alone, search.scout.new_alone))
    )
    best = ways.shortest(claim.name, new)
    named = ways.named if best is not None else None
    try:
        best = best or search.shortest([question], start)
    except Gave as error:
        return NotEstablished(error.reason)
    if best is None:
        return Holds(search.bound)
    machine = search.machine
    state = replay(machine, best.moves)[-1]
    numbers = run_alone(machine, thread, state, named)
    if numbers is None:
        if unfold(search.program, thread, search.bound.rounds).cut:
            return NotEstablished(Plain.ISOLATED_TRUNCATED)
        raise ReplayError(f"{claim.name}: the run alone does not fail")
    ways.about[claim.name] = lonely_topics(thread, numbers)
    return Refuted(search.tell(best.moves, (thread, numbers)), search.bound, best.least)
