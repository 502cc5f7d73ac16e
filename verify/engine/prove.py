"""The whole answer: an explicit-state pre-search, a proof for any number of threads, then z3.

What is proved for any number need not be asked for two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from verify.certify.solvers import SOLVERS, version
from verify.engine.bounded import settled, tested
from verify.engine.coverage import GoalCoverage, coverage
from verify.engine.environment import Environment, environment
from verify.engine.plan import Plan, planned
from verify.engine.problem import Problem, Progress, silent
from verify.engine.search import explicit
from verify.engine.states import members, spurious_failures
from verify.engine.unbounded import FoundLemmas, Proof, certificate, if_again_and_again, lemmas
from verify.ir import Program, Scenario
from verify.reasons.limits import Plain
from verify.reasons.work import Task
from verify.verdicts import Answer, Bounded, Evidence, Proved, Refuted, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """An instance and the questions about it, what any number of threads may do, and what is
    reached of all that has to be."""

    plan: Plan
    environment: Environment
    reach: GoalCoverage


def covered(problem: Problem, progress: Progress = silent) -> Covered:
    """The explicit pre-search of a problem, and what it, z3 and the views say is reached."""
    plan = planned(explicit(problem, progress))
    replicated = environment(problem, progress)
    progress(Task.REACHING)
    reach = coverage(plan.search, plan.wanted, plan.goals, replicated)
    return Covered(plan=plan, environment=replicated, reach=reach)


def looked_for(problem: Problem, seen: Covered, progress: Progress = silent) -> FoundLemmas:
    """Lemmas for the claims that are put to the test and not refuted."""
    return lemmas(problem, tested(seen.plan, seen.reach), seen.environment, progress)


def prove(
    program: Program,
    scenario: Scenario,
    threads: int = 2,
    rounds: int = 1,
    only: Sequence[str] = (),
    progress: Progress = silent,
) -> tuple[Result, Proof]:
    """Each claim refuted by a run, proved for any number, or as far as it is known.

    Raises:
        ReplayError, Disagreement: bugs of ours.
    """
    problem = Problem(program, scenario, threads, rounds, tuple(only))
    seen = covered(problem, progress)
    found = looked_for(problem, seen, progress)
    proof = certificate(program, found, progress)
    result = settled(seen.plan, seen.reach, proof.shares, True, progress)
    proof.agree(program, [a.claim for a in result.answers if isinstance(a.verdict, Refuted)])
    if proof.shares:
        proof = replace(proof, once=if_again_and_again(problem, tuple(proof.shares)))
    return combined(program, scenario, result, proof), proof


def combined(program: Program, scenario: Scenario, result: Result, proof: Proof) -> Result:
    """The bounded result with `proved` where the proof says so."""
    answers = tuple(_upgraded(answer, proof) for answer in result.answers)
    evidence = None
    if any(isinstance(a.verdict, Proved) and not a.verdict.by_runs for a in answers):
        evidence = Evidence(
            threads=members(scenario, proof.once),
            transient=spurious_failures(program, scenario),
            assumptions=program.assumptions,
            lemmas=len(proof.lemmas),
            obligations=len(proof.obligations),
            solvers=tuple(f"{name} {version(name)}" for name in SOLVERS),
        )
    return replace(result, answers=answers, proof=evidence)


def _upgraded(answer: Answer, proof: Proof) -> Answer:
    if not isinstance(answer.verdict, Bounded):
        return answer
    if answer.claim == "vacuity":
        # That something happens is shown by the runs in which it does.
        return replace(answer, verdict=Proved(0, by_runs=True))
    if answer.claim in proof.shares:
        return replace(answer, verdict=Proved(len(proof.shares[answer.claim])))
    return replace(
        answer,
        verdict=replace(answer.verdict, unproved=proof.open.get(answer.claim, Plain.NOT_ATTEMPTED)),
    )
