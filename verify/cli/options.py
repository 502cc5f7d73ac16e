"""The options that several commands have, and the questions they make."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from verify.cli.output import progress
from verify.signals import told_to_end, undivided

if TYPE_CHECKING:
    from verify.application.question import Control
    from verify.report.formats import Format

Files = Annotated[list[Path], typer.Argument(metavar="FILE...", help="Programs (.bfp).")]
InScenario = Annotated[
    str | None, typer.Option("--scenario", metavar="NAME", help="Only this scenario.")
]
Claims = Annotated[
    list[str] | None,
    typer.Option("--claim", metavar="NAME", help="Only this claim; can be repeated."),
]
Threads = Annotated[
    int,
    typer.Option("--threads", "-n", min=1, max=12, help="Threads for each [*] in bounded runs."),
]
Unwind = Annotated[
    int, typer.Option(min=0, max=8, help="Unwinding bound of loops in bounded runs.")
]
Folders = Annotated[
    list[Path] | None,
    typer.Option("--include", "-I", metavar="DIR", help="Another folder to search for #include."),
]
Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        "-j",
        min=1,
        metavar="N",
        help="Processes at a time (default: one for each core).",
    ),
]
ShowProgress = Annotated[
    bool, typer.Option("--progress", help="Report progress on stderr, in a pipe too.")
]
Model = Annotated[
    Path | None,
    typer.Option("--model", metavar="FILE", help="Model that replaces the one #include."),
]
InFormat = Annotated[str, typer.Option("--format", help="text or json.")]
Brief = Annotated[bool, typer.Option("--brief", help="Omit the runs.")]


def control(show_progress: bool = False) -> Control:
    """What the command wants to hear, and how it deals with signals meanwhile."""
    from verify.application.question import Control

    return Control(progress=progress(show_progress), around=told_to_end, writing=undivided)


def format_of(name: str) -> Format:
    """The format of that name.

    Raises:
        BadParameter: there is none.
    """
    from verify.report.formats import FORMATS

    if name not in FORMATS:
        raise typer.BadParameter(" or ".join(FORMATS), param_hint="--format")
    return FORMATS[name]()
