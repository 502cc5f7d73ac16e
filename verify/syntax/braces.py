"""Which of several braces is not closed, as far as the indentation tells."""

from __future__ import annotations

from verify.source import TAB, Source
from verify.syntax.words import Word, Words


def unclosed(source: Source, words: Words, first: int, last: int) -> tuple[Word, int] | None:
    """A brace that is closed by that of another, by the columns of both.

    Args:
        source: the text.
        words: its words.
        first: number of the outermost `{`.
        last: number of the word before which all should have been closed.

    Returns:
        The `{`, and the number of the word before which its `}` is missing: the first
        that stands no further in than the line of the brace.  None if nothing tells.
    """
    opened: list[int] = []
    for index in range(first, last):
        match words[index].text:
            case "{":
                opened.append(index)
            case "}" if opened:
                brace = opened.pop()
                column = _indent(source, words[brace])
                if _begins(source, words[index]) and _indent(source, words[index]) < column:
                    rows = (i for i in range(brace + 1, index) if _begins(source, words[i]))
                    back = (i for i in rows if _indent(source, words[i]) <= column)
                    return words[brace], next(back, index)
    return None


def _indent(source: Source, word: Word) -> int:
    line = source.line(source.line_of(word.start)).expandtabs(TAB)
    return len(line) - len(line.lstrip())


def _begins(source: Source, word: Word) -> bool:
    """Whether a word is the first of its line."""
    line = source.line(source.line_of(word.start))
    return not line[: source.column_of(word.start) - 1].strip()
