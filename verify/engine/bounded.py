"""Bounded verdicts: one scenario, so many threads for each [*], each thread once.

The event order decides each claim and shows that no shorter run exists; every
run is replayed by the interpreter before it counts.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from verify.engine.coverage import GoalCoverage, coverage, watched
from verify.engine.judging import Judgement, isolated, remarks, stepwise, stuck, way_to_stuck
from verify.engine.plan import Plan, planned
from verify.engine.problem import Problem, Progress, silent
from verify.engine.schedules import of_moves, of_run
from verify.engine.search import Instance, explicit
from verify.engine.table import Cases, cases
from verify.engine.turns import by_turns
from verify.ir import FATAL, Claim, Command, Death, Program, Scenario, instance
from verify.reasons.limits import Remark, Unproved
from verify.reasons.work import Task
from verify.verdicts import (
    Answer,
    Bound,
    Bounded,
    Crash,
    NotEstablished,
    Proved,
    Refuted,
    Result,
    Schedule,
    Verdict,
)


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
    plan = planned(explicit(Problem(program, scenario, threads, rounds, tuple(only)), progress))
    progress(Task.REACHING)
    reach = coverage(plan.search, plan.wanted, plan.goals)
    return settled(plan, reach, progress=progress)


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
            Answer(
                claim=c.name,
                sentence=c.sentence,
                scenario=scenario.name,
                verdict=NotEstablished(why),
            )
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


def tested(plan: Plan, reach: GoalCoverage) -> list[str]:
    """The claims that are put to the test and that no run of the pre-search has broken."""
    presearch = plan.instance.presearch
    known = {*presearch.broken, *presearch.alone, *plan.failures, "vacuity"}
    if way_to_stuck(plan.instance) is not None:
        known.add("stuck")
    if any(case and isinstance(what, Death) for case, _, what in presearch.returns):
        known.add("table")
    return [
        c.name
        for c in plan.instance.problem.asked
        if c.name not in known and not reach.untested(c.name)
    ]


def settled(
    plan: Plan,
    reach: GoalCoverage,
    proved: Collection[str] = (),
    turns: bool = False,
    progress: Progress = silent,
) -> Result:
    """The verdicts; what is proved is taken to hold.

    With `turns`, what single turns do not break is looked for in further ones.
    """
    progress(Task.ASKING)
    asked = plan.instance.problem.asked
    judged = _judged(plan, [n for n in tested(plan, reach) if n in proved], proved, turns)
    sound = [name for name, one in judged.items() if isinstance(one.verdict, Bounded)]
    shown = cases(plan.search, plan.returns, sound)
    if "table" in sound and (crash := _dies_in_a_case(shown, reach)) is not None:
        judged["table"] = Judgement(NotEstablished(crash))
    for claim in asked:
        if claim.name == "vacuity":
            judged[claim.name] = Judgement(reach.verdict())
        elif isinstance(judged[claim.name].verdict, Bounded) and (
            why := reach.untested(claim.name)
        ):
            judged[claim.name] = Judgement(reach.idle_verdict(claim.name, why))
    verdicts = {name: one.verdict for name, one in judged.items()}
    program, scenario = plan.instance.program, plan.instance.scenario
    said = {c.name: remarks(program, scenario, c.name, judged[c.name]) for c in asked}
    return collected(
        plan.instance, asked, verdicts, said, shown, reach, _shown(plan, verdicts, shown, reach)
    )


def _judged(
    plan: Plan, holding: Sequence[str], proved: Collection[str], turns: bool
) -> dict[str, Judgement]:
    """What is known of each claim; those that are `holding` are not asked."""
    instance = plan.instance
    asked = instance.problem.asked
    judged = dict.fromkeys(holding, Judgement(Bounded(instance.bound)))
    open_ = [c for c in asked if c.name not in judged]
    judged |= stepwise(plan, open_)
    for claim in open_:
        if claim.name == "stuck":
            judged[claim.name] = stuck(plan)
        elif claim.solo:
            judged[claim.name] = isolated(plan, claim)
    if turns:
        unproved = [n for n, one in judged.items() if isinstance(one.verdict, Bounded)]
        plain = {c.name for c in asked if not c.solo} - {"vacuity", *proved}
        found = by_turns(instance, [name for name in unproved if name in plain])
        judged |= {name: Judgement(verdict) for name, verdict in found.items()}
    return judged


def _dies_in_a_case(shown: Cases, reach: GoalCoverage) -> Crash | None:
    """How a call dies in some case of the table, if one does."""
    crashes = (b.crash for row in shown.rows(reach.sampled()) for b in row.behaviours)
    return next((crash for crash in crashes if crash is not None), None)


def _shown(
    plan: Plan, verdicts: Mapping[str, Verdict], shown: Cases, reach: GoalCoverage
) -> tuple[Schedule, ...]:
    """Runs in which all happens that is known to happen, and nothing twice."""
    known = [of_run(name, v) for name, v in verdicts.items() if isinstance(v, Refuted)]
    known += [
        of_moves([(s.index, s.command) for s in run.steps], plan.instance.bound.threads)
        for run in shown.found.values()
        if run is not None
    ]
    known = list(dict.fromkeys(known))
    return (*known, *reach.covering(known))


def collected(
    whole: Instance,
    asked: Sequence[Claim],
    verdicts: Mapping[str, Verdict],
    said: Mapping[str, tuple[str, Remark | None]],
    cases: Cases,
    reach: GoalCoverage,
    shown: tuple[Schedule, ...],
) -> Result:
    """All that is said of a scenario, with these verdicts."""
    program, scenario = whole.program, whole.scenario
    deaths = _deaths(whole, verdicts)
    sampled = reach.sampled()
    return Result(
        path=program.path,
        scenario=scenario.name,
        sentence=scenario.sentence,
        bound=whole.bound,
        answers=tuple(
            Answer(
                claim=c.name,
                sentence=c.sentence,
                scenario=scenario.name,
                verdict=verdicts[c.name],
                known=said[c.name][0],
                beside=said[c.name][1],
                cut_short=_shortened(program, c, deaths)
                if isinstance(verdicts[c.name], Bounded | Proved)
                else None,
            )
            for c in asked
        ),
        table=cases.rows(sampled),
        outside=cases.outside(),
        unreached=reach.unreached(),
        missing=reach.unmet(c.name for c in asked),
        others=tuple(s.name for s in program.scenarios if s.name != scenario.name),
        watched=watched(program),
        shown=shown,
        gave_up=cases.gave_up,
    )


def _deaths(whole: Instance, verdicts: Mapping[str, Verdict]) -> list[tuple[Command, Crash]]:
    """How threads die, the claims that are asked first, and then what the pre-search has seen."""
    found = []
    for name in FATAL:
        verdict = verdicts.get(name)
        if isinstance(verdict, Refuted) and isinstance(verdict.run.end, Crash):
            number, turning = verdict.bound.threads, verdict.turns
            threads = instance(whole.program, whole.scenario, number, turning)
            last = verdict.run.steps[-1]
            found.append((threads[last.index].commands[last.command], verdict.run.end))
    names = {thread.name: thread for thread in whole.threads}
    for name, number in whole.presearch.fired:
        command = names[name].commands[number]
        if isinstance(death := command.amiss, Death):
            found.append((command, Crash(name, death.claim, death.violation, death.span)))
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
