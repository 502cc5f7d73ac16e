"""The words and signs of a text as a reader of C sees them, whatever the grammar wants.

lark takes a text apart by what may stand in a place.  Where nothing of that stands,
a message still has to name what does: `<<`, `+=` or a comment without an end.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import NamedTuple

_WORD = re.compile(
    r"""
      (?P<space>  [ \t\r\n\f]+ | //[^\n]* | /\*[^*]*\*+(?:[^/*][^*]*\*+)*/ )
    | (?P<name>   [A-Za-z_][A-Za-z0-9_]* )
    | (?P<number> [0-9]+ )
    | (?P<string> "[^"\n]*" )
    | (?P<open>   /\* | "[^\n]* )
    | (?P<sign>   \#include | \.\. | -> | && | \|\| | \+\+ | -- | (?:<<|>>)=?
                | [-+*/%&|^=!<>]= | [-+*/%&|^~?!<>=(){}\[\];:,.] )
    | (?P<bad>    . )
    """,
    re.VERBOSE | re.DOTALL,
)


class Word(NamedTuple):
    """`kind` is name, number, string, sign, open (a comment or string without end), bad or end."""

    kind: str
    text: str
    start: int
    end: int

    @property
    def shown(self) -> str:
        """The word as a headline names it."""
        if self.kind == "end":
            return "the end of the text"
        if self.kind == "bad" and not " " < self.text <= "~":
            return f"character U+{ord(self.text):04X}"
        return f"`{self.text[:40]}`"


class Words:
    """The words of a text; the last one is its end, and stands for all behind it."""

    def __init__(self, text: str) -> None:
        self.all: list[Word] = []
        for match in _WORD.finditer(text):
            kind = match.lastgroup or ""
            if kind == "space":
                continue
            self.all.append(Word(kind, match.group(), match.start(), match.end()))
            if match.group() == "/*":
                break
        self.all.append(Word("end", "", len(text), len(text)))
        self._ends = [word.end for word in self.all]

    def __getitem__(self, index: int) -> Word:
        return self.all[max(0, min(index, len(self.all) - 1))]

    def __len__(self) -> int:
        return len(self.all)

    def index(self, offset: int) -> int:
        """Number of the word at an offset, or of the first one behind it."""
        return min(bisect_right(self._ends, offset), len(self.all) - 1)
