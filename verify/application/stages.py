"""What is made of a program on the way to an answer, stage by stage, as text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from verify.application.programs import chosen, loader_of, read
from verify.application.question import Question
from verify.engine.problem import Problem
from verify.engine.prove import covered, looked_for
from verify.engine.states import states_of
from verify.engine.unbounded import FoundLemmas, written
from verify.ir import instance
from verify.report.coverage import goal_text
from verify.report.limits import unproved_text
from verify.report.states import lemma_text
from verify.verdicts import Schedule


def lines_of(path: Path, stage: str, question: Question) -> Iterator[str]:
    """One stage of each scenario that a question is about.

    Raises:
        InputError: there are mistakes in the text.
        FailedError: it has no such scenario or claim.
        OSError: it cannot be read.
    """
    _, program = read(path, loader_of(question))
    chosen(path, "claim", question.claims, [c.name for c in program.claims])
    names = [s.name for s in program.scenarios]
    chosen(path, "scenario", () if question.scenario is None else (question.scenario,), names)
    for scenario in program.scenarios:
        if question.scenario in (None, scenario.name):
            # As a comment of SMT-LIB, where texts follow.
            yield f"; scenario {scenario.name}"
            problem = Problem(program, scenario, question.threads, question.unwind, question.claims)
            yield from STAGES[stage](problem)


def _coverage(problem: Problem) -> Iterator[str]:
    reach = covered(problem).reach
    for goal, run in reach.reached.items():
        yield f"    covered      {goal_text(goal)}"
        yield f"                 by {_run(problem, run())}"
    for goal in reach.missing():
        why = reach.unsure.get(goal)
        said = "not covered" if why is None else "not known"
        yield f"    {said:<12} {goal_text(goal)}"
        if why is not None:
            yield f"                 {unproved_text(why)}"


def _run(problem: Problem, run: Schedule) -> str:
    """A run by the threads that take its steps, one after the other."""
    threads = instance(problem.program, problem.scenario, run.threads, run.turning)
    turns: list[list[int]] = []
    for index, _ in run.moves:
        if turns and turns[-1][0] == index:
            turns[-1][1] += 1
        else:
            turns.append([index, 1])
    said = [f"{threads[index].name} {count}" for index, count in turns]
    if run.solo:
        said.append(f"then {run.solo} isolated")
    steps = len(run.moves)
    return f"a run of {steps} {'step' if steps == 1 else 'steps'}: {', '.join(said) or 'the start'}"


def _lemmas(problem: Problem) -> Iterator[str]:
    found = looked_for(problem, covered(problem))
    users: dict[int, list[str]] = {}
    for claim, some in found.proved.items():
        for position in some:
            users.setdefault(position, []).append(claim)
    for position, lemma in enumerate(found.lemmas):
        yield f"    {lemma_text(states_of(problem.program, problem.scenario, lemma))}"
        yield f"        for {', '.join(users.get(position, ())) or 'other lemmas'}"
    yield from _unproved(found)


def _unproved(found: FoundLemmas) -> Iterator[str]:
    for claim, why in found.open.items():
        yield f"    no lemmas for {claim}: {unproved_text(why)}"


def _obligations(problem: Problem) -> Iterator[str]:
    found = looked_for(problem, covered(problem))
    texts = written(problem.program, found)
    if not isinstance(texts, tuple):
        yield f"    {unproved_text(texts)}"
        return
    for one in texts:
        yield f"; {one.name}: the expected answer is unsat"
        yield from one.text.splitlines()
    yield from (f"; {line.strip()}" for line in _unproved(found))


STAGES: Mapping[str, Callable[[Problem], Iterator[str]]] = {
    "coverage": _coverage,
    "lemmas": _lemmas,
    "obligations": _obligations,
}
