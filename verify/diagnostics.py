"""What is wrong with an input, as values."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from verify.source import Span

MAX_NAME = 100

# One code has one meaning for ever; a retired code stays listed.
CODES = {
    "BFP001": "the text cannot be read",
    "BFP002": "the text does not follow the grammar",
    "BFP003": "an include cannot be followed",
    "BFP004": "a limit of the tool is exceeded",
    "BFP005": "another model can take the place of no include, or of several",
    "BFP101": "a name is not declared",
    "BFP102": "a name is declared twice",
    "BFP103": "an operand has the wrong type",
    "BFP104": "a call does not fit what it calls",
    "BFP105": "a statement stands where it has no meaning",
    "BFP106": "a label is missing, unused or repeated",
    "BFP107": "a local may be read before it is set",
    "BFP108": "a claim, contract or table does not fit its function",
    "BFP109": "a domain is empty, missing or too large",
    "BFP110": "a function calls itself",
}


@dataclass(frozen=True)
class Diagnostic:
    """One finding: a code, a headline, the place to mend and why there."""

    code: str
    headline: str
    span: Span | None = None
    label: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.code not in CODES:
            raise ValueError(f"unknown diagnostic code {self.code}")


class InputError(Exception):
    """The input is wrong; carries all that was found in one run."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("; ".join(d.headline for d in self.diagnostics))


def nearest(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """A note that suggests the nearest known name, or nothing."""
    if len(name) > MAX_NAME:
        return ()
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.7)
    return (f"did you mean `{close[0]}`?",) if close else ()


def printable(text: str) -> str:
    """`text` as one line that may go to a terminal: what can be read is left as it is.

    The rest is escaped: controls, line ends among them, what turns the direction of
    writing round, and the halves of letters that a name which is not UTF-8 has.
    """
    return text if text.isprintable() else "".join(map(_shown, text))


def _shown(c: str) -> str:
    if c.isprintable():
        return c
    number = ord(c)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
