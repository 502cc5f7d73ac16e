"""How an answer is printed: a row for each format, and a file for each row.

A format is a module with a function for each kind of answer. It gives lines and prints nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from verify.application.answer import CheckReport, Coverage, Report
from verify.verdicts import Need


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines that belong together; `aside` are those that are no part of the answer but say what
    is wrong, and which a command prints on stderr."""

    lines: tuple[str, ...]
    aside: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What of an answer is to be seen; `brief` leaves the runs out."""

    brief: bool = False


class Format(Protocol):
    """What a module gives to be a format. Where an answer comes bit by bit, so do the lines, if
    the format can do that."""

    def prove(self, reports: Sequence[Report], view: View) -> Iterator[Lines]:
        """Verdicts on some programs."""

    def table(self, reports: Sequence[Report], view: View) -> Iterator[Lines]:
        """The case tables of some programs."""

    def coverage(
        self, about: Coverage, changes: Iterator[tuple[Need, ...]], view: View
    ) -> Iterator[Lines]:
        """What each of some changes breaks; `about` is the answer without them."""

    def check(self, reports: Iterator[CheckReport], view: View) -> Iterator[Lines]:
        """What came of some certificates."""


def _text() -> Format:
    from verify.report.formats import text

    return text


def _json() -> Format:
    from verify.report.formats import json

    return json


FORMATS: Mapping[str, Callable[[], Format]] = {"text": _text, "json": _json}
