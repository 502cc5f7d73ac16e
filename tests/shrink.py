"""Texts made shorter while something stays true of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

OPENS, CLOSES = re.compile(r"\{\s*$"), re.compile(r"^\s*\}")


def shrunk(text: str, stays: Callable[[str], bool], checks: int) -> str:
    """The text without what can go, as far as so many checks lead.

    Whole declarations first, then blocks and what is around them, then lines.
    """
    lines = text.splitlines()
    left = [checks]

    def tried(candidate: list[str]) -> bool:
        if left[0] <= 0:
            return False
        left[0] -= 1
        return stays("\n".join(candidate) + "\n")

    changed = True
    while changed and left[0] > 0:
        changed = False
        for parts in (_declarations, _blocks, _wrappers, _single, _simpler):
            # From the end: what is used stands before what uses it.
            again = True
            while again and left[0] > 0:
                again = False
                for candidate in parts(lines):
                    if tried(candidate):
                        lines = candidate
                        again = changed = True
                        break
    return "\n".join(lines) + "\n"


def _without(lines: list[str], start: int, end: int) -> list[str]:
    return [*lines[:start], *lines[end:]]


def _declarations(lines: list[str]) -> Iterator[list[str]]:
    """Without one or several declarations at file scope."""
    starts = [
        i for i, line in enumerate(lines) if line and not line[0].isspace() and line[0] not in "{}"
    ]
    ends = [*starts[1:], len(lines)]
    for width in (8, 3, 1):
        for i in range(len(starts) - 1, -1, -width):
            yield _without(lines, starts[max(0, i - width + 1)], ends[i])


def _pairs(lines: list[str]) -> Iterator[tuple[int, int]]:
    """The lines with a brace that is opened and the one that closes it, inside bodies."""
    opened: list[int] = []
    for i, line in enumerate(lines):
        if CLOSES.match(line) and opened:
            start = opened.pop()
            if lines[start].startswith("\t"):
                yield start, i
        if OPENS.search(line):
            opened.append(i)


def _blocks(lines: list[str]) -> Iterator[list[str]]:
    """Without one block and its head."""
    for start, end in reversed(list(_pairs(lines))):
        if not CLOSES.match(lines[start]) and not OPENS.search(lines[end]):
            yield _without(lines, start, end + 1)
        if CLOSES.match(lines[start]) and not OPENS.search(lines[end]):
            # An `else`: without it, its brace closes what comes before.
            yield _without(lines, start, end)


def _wrappers(lines: list[str]) -> Iterator[list[str]]:
    """With what a block has inside, without its head."""
    for start, end in reversed(list(_pairs(lines))):
        if not CLOSES.match(lines[start]) and not OPENS.search(lines[end]):
            yield [*lines[:start], *lines[start + 1 : end], *lines[end + 1 :]]


def _single(lines: list[str]) -> Iterator[list[str]]:
    """Without a line or two that stand together."""
    for width in (4, 2, 1):
        for i in range(len(lines) - width, -1, -1):
            yield _without(lines, i, i + width)


def _simpler(lines: list[str]) -> Iterator[list[str]]:
    """With one side of an operator, without brackets, `forever`, a number in brackets."""
    for i in range(len(lines) - 1, -1, -1):
        for old, new in (
            (r" (&&|\|\|) [^;:&|]*?(?=[;)]*$)", ""),
            (r"(?<=[(:=] )[^;:&|(]*? (&&|\|\|) ", ""),
            (r"(?<=\()[^;:&|()]*? (&&|\|\|) ", ""),
            (r" forever", ""),
            (r"\[\*\]|\[2\]", ""),
            (r", \w+(\[[*2]\])?(?=[,;])", ""),
            (r" = [^;{]*;", ";"),
            (r' "[^"]*"(?= \{|$)', ""),
        ):
            line = re.sub(old, new, lines[i], count=1)
            if line != lines[i]:
                yield [*lines[:i], line, *lines[i + 1 :]]
