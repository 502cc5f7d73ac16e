"""Texts and places in them.  Knows nothing of the language."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property

TAB = 8


@dataclass(frozen=True)
class Source:
    """A text as it was read, under the name to print for it."""

    path: str
    text: str = field(repr=False)

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(i + 1 for i, c in enumerate(self.text) if c == "\n")]

    def line_of(self, offset: int) -> int:
        """Line of `offset`, counted from 1."""
        return bisect_right(self._starts, offset)

    def column_of(self, offset: int) -> int:
        """Column of `offset` in characters, counted from 1; a tab is one character."""
        return offset - self._starts[self.line_of(offset) - 1] + 1

    def line(self, number: int) -> str:
        """Text of a line, counted from 1, without its end."""
        start = self._starts[number - 1]
        end = self._starts[number] if number < len(self._starts) else len(self.text)
        return self.text[start:end].rstrip("\r\n")


@dataclass(frozen=True)
class Span:
    """The characters `start` to `end` (exclusive) of a text."""

    source: Source = field(repr=False)
    start: int
    end: int

    @property
    def line(self) -> int:
        return self.source.line_of(self.start)

    @property
    def column(self) -> int:
        return self.source.column_of(self.start)

    @property
    def where(self) -> str:
        """`path:line:column`, as compilers print it."""
        return f"{self.source.path}:{self.line}:{self.column}"

    @property
    def text(self) -> str:
        """The characters themselves, white space folded."""
        return " ".join(self.source.text[self.start : self.end].split())
