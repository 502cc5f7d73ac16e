"""Which statements the claims rest on: a program is read, each statement left out in turn."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path

from verify.application.answer import Coverage
from verify.application.failures import FailedError, WorkerLost, unexpected
from verify.application.programs import chosen, loader_of
from verify.application.question import CancelledError, Control, Question
from verify.diagnostics import InputError
from verify.engine.dependence import needs
from verify.lower.program import BUILT_IN
from verify.parallel import WorkerLostError
from verify.syntax.checked import Checked
from verify.syntax.resolve import resolve
from verify.verdicts import Need


@dataclass(frozen=True, slots=True)
class Subject:
    """The program that a question is about, as the text has it, and the scenarios in question."""

    path: Path
    question: Question
    program: Checked
    scenarios: tuple[str, ...]


def subject(path: Path, question: Question) -> Subject:
    """What is to be looked at.

    Raises:
        InputError: the program has mistakes.
        FailedError: it has no such scenario or claim.
    """
    program = resolve(*loader_of(question).load(path))
    names = [s.name for s in program.scenarios]
    asked = names if question.scenario is None else [question.scenario]
    chosen(path, "scenario", asked, names)
    known = [*(c.name for c in program.claims), *(n for n in BUILT_IN if n != "vacuity")]
    chosen(path, "claim", question.claims, known)
    return Subject(path, question, program, tuple(asked))


def changes(one: Subject, control: Control) -> Generator[tuple[Need, ...], None, None]:
    """For each statement what leaving it out breaks in each scenario, as soon as it is known.

    Raises:
        FailedError: WorkerLost.
        CancelledError: whoever asked has ended it.
    """
    workers = control.workers(one.question.jobs)
    try:
        yield from needs(one.program, one.scenarios, one.question.claims, workers)
    except WorkerLostError:
        raise FailedError(WorkerLost(str(one.path))) from None


def coverage(path: Path, question: Question, control: Control) -> Coverage:
    """All of that at once, whatever comes of it."""
    about, one = asked(path, question)
    if one is None:
        return about
    found: list[tuple[Need, ...]] = []
    try:
        found.extend(changes(one, control))
    except FailedError as error:
        return replace(about, failure=error.failure)
    except CancelledError:
        return replace(about, changes=tuple(found), cancelled=True)
    except Exception as error:
        return replace(about, failure=unexpected(str(path), error))
    return replace(about, changes=tuple(found))


def asked(path: Path, question: Question) -> tuple[Coverage, Subject | None]:
    """The answer without any changes, and what is to be looked at, if nothing is wrong with it."""
    about = Coverage(path=str(path), question=question)
    try:
        one = subject(path, question)
    except InputError as error:
        return replace(about, diagnostics=error.diagnostics), None
    except FailedError as error:
        return replace(about, failure=error.failure), None
    except Exception as error:
        return replace(about, failure=unexpected(str(path), error)), None
    return replace(about, scenarios=one.scenarios), one
