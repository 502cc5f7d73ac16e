"""`verify coverage`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from verify.cli.options import (
    Claims,
    Folders,
    InFormat,
    InScenario,
    Jobs,
    Model,
    control,
    format_of,
)
from verify.cli.output import give
from verify.parallel import cores

if TYPE_CHECKING:
    from verify.verdicts import Need


def coverage(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A program (.bfp).")],
    scenario: InScenario = None,
    claim: Claims = None,
    include: Folders = None,
    model: Model = None,
    jobs: Jobs = None,
    format_: InFormat = "text",
) -> None:
    """Mutation coverage: which claims need which line."""
    to = format_of(format_)
    from verify.api import Question
    from verify.application.answer import status_of_changes
    from verify.application.covering import asked, changes
    from verify.report.formats import View

    question = Question(
        scenario=scenario,
        claims=tuple(claim or ()),
        model=model,
        include=tuple(include or ()),
        jobs=cores() if jobs is None else jobs,
    )
    about, subject = asked(file, question)
    if subject is None:
        give(to.coverage(about, iter(()), View()))
        raise typer.Exit(about.status)
    seen: list[tuple[Need, ...]] = []

    def each() -> Iterator[tuple[Need, ...]]:
        with closing(changes(subject, control())) as some:
            for one in some:
                seen.append(one)
                yield one

    give(to.coverage(about, each(), View()))
    raise typer.Exit(status_of_changes(seen))
