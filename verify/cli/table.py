"""`verify table`."""

from __future__ import annotations

import typer

from verify.cli.options import (
    Files,
    Folders,
    InFormat,
    InScenario,
    Model,
    ShowProgress,
    Threads,
    Unwind,
    control,
    format_of,
)
from verify.cli.output import give
from verify.ends import worst


def table(
    files: Files,
    scenario: InScenario = None,
    threads: Threads = 2,
    unwind: Unwind = 1,
    include: Folders = None,
    model: Model = None,
    format_: InFormat = "text",
    progress: ShowProgress = False,
) -> None:
    """Print the case table, versions side by side."""
    to = format_of(format_)
    from verify import api
    from verify.report.formats import View

    question = api.Question(
        scenario=scenario,
        threads=threads,
        unwind=unwind,
        model=model,
        include=tuple(include or ()),
    )
    asked = api.table_question(question)
    reports = list(api.prove_all(files, asked, control(progress)))
    give(to.table(reports, View()))
    raise typer.Exit(worst([one.status for one in reports]))
