"""The five versions of binder_alloc_free_page(), each read, explored and checked once."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path
from typing import TypeAlias

from verify.engine.bounded import check
from verify.explore import Explored, explore
from verify.interpret import Machine, State
from verify.ir import Program, Scenario, Thread, instance
from verify.lower.program import lower
from verify.report.coverage import untested_text
from verify.report.ends import wrong
from verify.report.limits import unproved_text
from verify.syntax.load import Loader
from verify.syntax.resolve import read
from verify.verdicts import Bounded, NotEstablished, Refuted, Result, Run, Vacuous, word

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ROOT / "programs"
MODEL = "model/6.14.bfh"
NAMES = ("base", "v1", "v2", "v3", "v3-balanced")

# What a cell of the table shows: whether it occurs, and each outcome with what it leaves held.
Cell: TypeAlias = tuple[bool | None, tuple[tuple[str, tuple[str, ...]], ...]]


@cache
def program(name: str) -> Program:
    return lower(read(PROGRAMS / f"{name}.bfp", Loader()))


def reuse(program: Program) -> Scenario:
    """The scenario that the issue is about."""
    return next(scenario for scenario in program.scenarios if scenario.name == "reuse")


def threads_of(program: Program, number: int) -> tuple[Thread, ...]:
    return instance(program, reuse(program), number)


def solos(program: Program) -> list[Thread]:
    return [thread for thread in program.threads if thread.kind == "solo"]


@cache
def result(name: str, shrinkers: int = 2) -> Result:
    return check(program(name), reuse(program(name)), shrinkers)


@cache
def explored(name: str, shrinkers: int = 2) -> Explored:
    """Every state, by the interpreter: no solver and no encoding has a part in it."""
    found = program(name)
    seen = explore(found, threads_of(found, shrinkers), solos=solos(found))
    assert seen.complete
    return seen


def variant(folder: Path, text: str, model: str | None = None) -> Program:
    """A program that somebody has written in a copy of `programs/`, with its model or another."""
    shutil.copytree(PROGRAMS / "model", folder / "model", dirs_exist_ok=True)
    (folder / "mine.bfp").write_text(text)
    if model is not None:
        (folder / MODEL).write_text(model)
    return lower(read(folder / "mine.bfp", Loader()))


def verdicts(result: Result) -> dict[str, str]:
    return {answer.claim: word(answer.verdict) for answer in result.answers}


def broken(result: Result) -> dict[str, str]:
    """The claims that do not hold, each with the word for it."""
    return {claim: said for claim, said in verdicts(result).items() if said != "bounded"}


def reasons(result: Result) -> dict[str, str]:
    """The claims that do not hold, each with what is wrong."""
    found = {}
    for answer in result.answers:
        match answer.verdict:
            case Refuted(run):
                found[answer.claim] = wrong(run)
            case NotEstablished(reason):
                found[answer.claim] = unproved_text(reason)
            case Vacuous(missing):
                found[answer.claim] = untested_text(answer.claim, missing)
            case Bounded():
                pass
    return found


def refutations(result: Result) -> dict[str, Run]:
    return {
        answer.claim: answer.verdict.run
        for answer in result.answers
        if isinstance(answer.verdict, Refuted)
    }


def cells(result: Result) -> dict[str, Cell]:
    """The case table, by `vma mapped`, `vma !mapped` and so on."""
    return {
        " ".join(name if value else f"!{name}" for name, value in row.axes): (
            row.reachable,
            tuple((one.outcome, one.left) for one in row.behaviours),
        )
        for row in result.table
    }


def shared(program: Program, state: State) -> dict[str, str]:
    """The shared variables in a state, in the words of their domains."""
    return {
        variable.name: variable.domain.word(int(value))
        for variable, value in zip(program.shared, state[0], strict=True)
    }


def machine_for(program: Program, claim: str, run: Run, shrinkers: int = 2) -> Machine:
    """A fresh machine for a run: the threads of the instance, and the lonely one if it has one."""
    lonely = [solo for solo in solos(program) if run.alone and solo.claim == claim]
    return Machine(program, (*threads_of(program, shrinkers), *lonely))
