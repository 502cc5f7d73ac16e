"""`verify show`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from verify.cli.options import Brief, Folders
from verify.cli.output import tell


def show(
    folder: Annotated[Path, typer.Argument(metavar="PROOF", help="proofs/NAME")],
    include: Folders = None,
    program: Annotated[
        Path | None, typer.Option("--program", metavar="FILE", help="The program it is about.")
    ] = None,
    lemmas: Annotated[bool, typer.Option("--lemmas", help="Print the lemmas in words.")] = False,
    brief: Brief = False,
    obligations: Annotated[
        Path | None,
        typer.Option("--obligations", metavar="DIR", help="Write each obligation as SMT-LIB."),
    ] = None,
) -> None:
    """Print a certificate: report, lemmas, obligations."""
    from verify import api
    from verify.application.failures import FailedError, unusable
    from verify.report.states import lemmas_text
    from verify.report.text import report

    question = api.CheckQuestion(program=program, include=tuple(include or ()))
    shown = api.show(folder, question)
    if obligations is not None:
        texts = shown.obligations()
        try:
            obligations.mkdir(parents=True, exist_ok=True)
            for name, text in texts.items():
                with open(obligations / name, "x", encoding="utf-8") as stream:
                    stream.write(text)
        except OSError as error:
            raise FailedError(unusable(str(folder), error)) from None
        tell(f"{len(texts)} obligations: {obligations}")
    elif lemmas:
        tell(*lemmas_text(shown.lemmas()))
    else:
        tell(*report(shown.result(), runs=not brief))
