"""`verify dashboard`."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Annotated

import typer

from verify.cli.output import say, tell
from verify.ends import NO_ROOM, Status


def dashboard(
    proofs: Annotated[
        Path, typer.Argument(metavar="PROOFS", help="A folder with certificates.")
    ] = Path("proofs"),
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Write the page there instead of printing it."),
    ] = None,
    compare: Annotated[
        bool, typer.Option("--check", help="Write nothing; status 1 if FILE differs.")
    ] = False,
) -> None:
    """Print all verdicts below a folder on one page (Markdown)."""
    from verify.application.gathering import BadEvidenceError, gathered
    from verify.report.dashboard import page

    if compare and out is None:
        raise typer.BadParameter("what to compare with is --out FILE", param_hint="--check")
    command = ["verify", "dashboard", _near(proofs)]
    if out is not None:
        command += ["--out", _near(out)]
    try:
        evidence = gathered(proofs, Path.cwd() if out is None else out.parent)
    except BadEvidenceError as error:
        say(*(f"error: {line}" for line in error.lines))
        raise typer.Exit(Status.INPUT) from None
    except OSError as error:
        say(f"error: {error.filename or proofs}: {error.strerror or error}")
        raise typer.Exit(Status.INPUT) from None
    text = page(evidence, shlex.join(command))
    if out is None:
        tell(*text.removesuffix("\n").split("\n"))
        return
    try:
        same = compare and out.exists() and out.read_bytes() == text.encode("utf-8")
        if not compare:
            out.write_bytes(text.encode("utf-8"))
    except OSError as error:
        say(f"error: {error.filename or out}: {error.strerror or error}")
        # Either the name of the file is wrong, or there is no room.
        raise typer.Exit(Status.BUG if error.errno in NO_ROOM else Status.INPUT) from None
    if compare and not same:
        say(f"{out} is not what the evidence gives; to write it: {shlex.join(command)}")
        raise typer.Exit(Status.REFUTED)


def _near(path: Path) -> str:
    """A path as the page names it: the same, however it was given."""
    near = os.path.relpath(path)
    return Path(str(path) if near.startswith("..") else near).as_posix()
