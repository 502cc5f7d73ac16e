"""What is wrong with an input, as values, and the one renderer of them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from verify.source import TAB, Span

# One code has one meaning for ever; a retired code stays listed.
CODES = {
    "BFP001": "the text cannot be read",
    "BFP002": "the text does not follow the grammar",
    "BFP003": "an include cannot be followed",
    "BFP004": "a limit of the tool is exceeded",
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
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.7)
    return (f"did you mean `{close[0]}`?",) if close else ()


def printable(text: str) -> str:
    """`text` with control and non-ASCII characters escaped: it goes to a terminal."""
    return "".join(c if " " <= c <= "~" or c == "\t" else f"\\x{ord(c):02x}" for c in text)


def render(diagnostic: Diagnostic, width: int = 100) -> str:
    """Compiler-style text: headline, place, the line, a mark under the cause."""
    lines = [f"error[{diagnostic.code}]: {printable(diagnostic.headline)}"]
    span = diagnostic.span
    if span is not None:
        number = str(span.line)
        raw = span.source.line(span.line)
        before = raw[: span.column - 1].expandtabs(TAB)
        length = max(1, min(span.end - span.start, len(raw) - span.column + 1))
        marked = raw[span.column - 1 : span.column - 1 + length]
        shown = raw.expandtabs(TAB)
        # A long line is cut around the mark, not at its end.
        cut = max(0, len(before) - width // 2) if len(shown) > width else 0
        mark = " " * (len(before) - cut) + "^" * max(1, min(len(marked), width))
        lines += [
            f"  --> {printable(span.where)}",
            f"{number:>5} | {printable(shown[cut : cut + width])}".rstrip(),
            f"      | {mark[: width + 20]} {printable(diagnostic.label)}".rstrip(),
        ]
    lines += [f"      = {printable(note)}" for note in diagnostic.notes]
    return "\n".join(lines)
