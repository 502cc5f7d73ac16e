"""From a question to what comes of certificates."""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from contextlib import closing
from functools import partial
from itertools import groupby
from pathlib import Path

from verify.application.answer import CheckReport
from verify.application.failures import WorkerLost, unexpected
from verify.application.question import CheckQuestion, Control, Stage
from verify.artifact import check
from verify.artifact.form import CERTIFICATE
from verify.artifact.read import folders_below
from verify.certify.solvers import SOLVERS
from verify.parallel import Tell


def certificates(folder: Path) -> list[Path]:
    """The folder, or those below it if it is one that only holds others."""
    if os.path.lexists(folder / CERTIFICATE):
        return [folder]
    try:
        return list(folders_below(folder)) or [folder]
    except OSError:
        # Whoever checks it says what is wrong with it.
        return [folder]


def reports(
    folders: Sequence[Path], question: CheckQuestion, control: Control
) -> Generator[CheckReport, None, None]:
    """What comes of each certificate in or below some folders, in that order, as it is known.

    Raises:
        ValueError: there is no such solver.
        CancelledError: whoever asked has ended it.
    """
    asked = asked_of(question)
    every = [one for folder in folders for one in certificates(folder)]
    order = _largest_first(every)
    workers = control.workers(question.jobs)
    known: dict[int, CheckReport] = {}
    due = 0
    lost = partial(_lost, question)
    some = workers.as_made(partial(_checked, question, asked), [every[i] for i in order], lost)
    with closing(some):
        for i, one in some:
            known[order[i]] = one
            while due in known:
                yield known.pop(due)
                due += 1


def asked_of(question: CheckQuestion) -> check.CheckOptions:
    """The question, as the package of certificates is asked it.

    Raises:
        ValueError: there is no such solver.
    """
    if not question.solvers or not SOLVERS.keys() >= set(question.solvers):
        raise ValueError(f"solvers are some of {', '.join(SOLVERS)}")
    program = None if question.program is None else Path(question.program)
    include = tuple(map(Path, question.include))
    return check.CheckOptions(include, program, question.solvers, question.full)


def _largest_first(folders: Sequence[Path]) -> list[int]:
    """An order in which to check: those in one folder side by side, as far as they are given
    so, and of these the largest first, so that no process is left alone with it at the end."""

    def size(i: int) -> int:
        try:
            return (folders[i] / CERTIFICATE).lstat().st_size
        except OSError:
            return 0

    groups = [list(some) for _, some in groupby(range(len(folders)), lambda i: folders[i].parent)]
    return [i for some in groups for i in sorted(some, key=lambda i: -size(i))]


def _lost(question: CheckQuestion, folder: Path) -> CheckReport:
    name = str(folder)
    return CheckReport(folder=name, question=question, failure=WorkerLost(name))


def _checked(
    question: CheckQuestion, asked: check.CheckOptions, folder: Path, tell: Tell
) -> CheckReport:
    """What comes of checking one certificate, or the trouble with it."""
    name = str(folder)
    try:
        found = check.check(folder, asked, lambda what: tell(Stage(name, "", what)))
    except Exception as error:
        # Whatever it is, the certificate is neither accepted nor rejected.
        return CheckReport(folder=name, question=question, failure=unexpected(name, error))
    return CheckReport(
        folder=name,
        question=question,
        done=found.done,
        wrong=found.wrong,
        left=found.left,
        usage=found.usage,
        diagnostics=found.diagnostics,
    )
