"""`verify check`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from verify.certify.solvers import SECOND, SOLVERS
from verify.cli.options import Folders, InFormat, Jobs, ShowProgress, control, format_of
from verify.cli.output import give
from verify.ends import Status, worst
from verify.parallel import cores

if TYPE_CHECKING:
    from verify.application.answer import CheckReport


def check(
    folders: Annotated[
        list[Path], typer.Argument(metavar="PROOF...", help="proofs/NAME, or a folder above some.")
    ],
    include: Folders = None,
    program: Annotated[
        Path | None, typer.Option("--program", metavar="FILE", help="The program they are about.")
    ] = None,
    solver: Annotated[
        str, typer.Option("--solver", help="Solver to ask: z3, cvc5 or both.")
    ] = SECOND,
    full: Annotated[
        bool, typer.Option("--full", help="Search again for what a certificate cannot show.")
    ] = False,
    jobs: Jobs = None,
    progress: ShowProgress = False,
    format_: InFormat = "text",
) -> None:
    """Check certificates, without a search."""
    to = format_of(format_)
    solvers = tuple(SOLVERS) if solver == "both" else (solver,)
    if not SOLVERS.keys() >= set(solvers):
        raise typer.BadParameter(f"{', '.join(SOLVERS)} or both", param_hint="--solver")
    from verify import api
    from verify.report.formats import View

    question = api.CheckQuestion(
        program=program,
        include=tuple(include or ()),
        solvers=solvers,
        full=full,
        jobs=cores() if jobs is None else jobs,
    )
    statuses: list[Status] = []

    def each() -> Iterator[CheckReport]:
        with closing(api.check_all(folders, question, control(progress))) as some:
            for one in some:
                statuses.append(one.status)
                yield one

    give(to.check(each(), View()))
    raise typer.Exit(worst(statuses))
