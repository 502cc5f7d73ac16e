"""What is printed, and where: the report on stdout, what there is to say beside it on stderr."""

from __future__ import annotations

import io
import os
import sys
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TextIO

from verify.diagnostics import printable

if TYPE_CHECKING:
    from verify.application.question import Stage
    from verify.report.formats import Lines


def ready(stream: TextIO) -> None:
    """What a terminal has no letter for is written as a number, and is no error."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")


def hush(stream: TextIO) -> None:
    """Let go of what cannot be written: Python would try again, and end as it likes."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        return


def tell(*lines: str) -> None:
    """Lines of a report; nothing in them, names of files above all, may move the terminal."""
    print(*map(printable, lines), sep="\n", flush=True)  # noqa: T201


def say(*lines: str) -> None:
    """Lines beside the report; that nobody can be told changes no status."""
    try:
        # At once, since several processes may speak at a time.
        sys.stderr.write("".join(f"{printable(line)}\n" for line in lines))
        sys.stderr.flush()
    except OSError:
        hush(sys.stderr)


def give(answer: Iterable[Lines]) -> None:
    """An answer, as it comes."""
    for part in answer:
        (say if part.aside else tell)(*part.lines)


def progress(asked: bool) -> Callable[[Stage], None]:
    """Says what is going on: each stage of each scenario once, in a line of its own.

    Whoever has not asked is told on a terminal only, and after a second.
    """
    terminal = sys.stderr.isatty()
    said: set[Stage] = set()
    since: dict[tuple[str, str], float] = {}

    def hear(stage: Stage) -> None:
        begun = since.setdefault((stage.path, stage.scenario), time.monotonic())
        if stage in said or not (asked or (terminal and time.monotonic() - begun > 1)):
            return
        said.add(stage)
        about = f"{stage.path}: {stage.scenario}" if stage.scenario else stage.path
        say(f"... {about}: {stage.doing}")

    return hear
