"""Texts made shorter while something stays true of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

OPENS, CLOSES = re.compile(r"\{\s*$"), re.compile(r"^\s*\}")
SIMPLER = (
    (re.compile(r" (&&|\|\|) [^;:&|]*?(?=[;)]*$)"), ""),
    (re.compile(r"(?<=[(:=] )[^;:&|(]*? (&&|\|\|) "), ""),
    (re.compile(r"(?<=\()[^;:&|()]*? (&&|\|\|) "), ""),
    (re.compile(r"(?<=[( ])!"), ""),
    (re.compile(r" forever"), ""),
    (re.compile(r"\[\*\]|\[2\]"), ""),
    (re.compile(r", \w+(\[[*2]\])?(?=[,;])"), ""),
    (re.compile(r"(?<=: )\w+(\[[*2]\])?( forever)?, "), ""),
    (re.compile(r" = [^;{]*;"), ";"),
    (re.compile(r' "[^"]*"(?= \{|$)'), ""),
    (re.compile(r" [\w, .=&{]*(\.\w+ = (\{[^}]*\}|[^,}]*),? ?)"), " "),
    (re.compile(r" \w[\w *]*\w+(\[2\])?;(?= )"), ""),
)


def shrunk(text: str, stays: Callable[[str], bool]) -> str:
    """The text without what can go: declarations, blocks, what is around them, lines."""
    lines = text.splitlines()
    before: list[str] = []
    while lines != before:
        before = lines
        for width in (8, 3, 1):
            lines = _pass(lines, stays, _declarations, width)
        lines = _pass(lines, stays, _blocks, 1)
        lines = _pass(lines, stays, _lines, 3)
        lines = _pass(lines, stays, _lines, 1)
        lines = _pass(lines, stays, _simpler, 1)
    return "\n".join(lines) + "\n"


def _pass(
    lines: list[str],
    stays: Callable[[str], bool],
    candidates: Callable[[Sequence[str], int, int], Iterator[list[str]]],
    width: int,
) -> list[str]:
    """Once through the text, from the end: what is used stands before what uses it."""
    at = len(lines) - 1
    while at >= 0:
        for candidate in candidates(lines, at, width):
            if stays("\n".join(candidate) + "\n"):
                lines = candidate
                break
        at = min(at, len(lines)) - 1
    return lines


def _declarations(lines: Sequence[str], at: int, width: int) -> Iterator[list[str]]:
    """Without the declaration at file scope that begins here, and some before it."""

    def begins(i: int) -> bool:
        line = lines[i]
        return bool(line) and not line[0].isspace() and line[0] not in "{}"

    if not begins(at):
        return
    starts = [i for i in range(at + 1) if begins(i)]
    end = next((i for i in range(at + 1, len(lines)) if begins(i)), len(lines))
    yield [*lines[: starts[-width:][0]], *lines[end:]]


def _blocks(lines: Sequence[str], at: int, _: int) -> Iterator[list[str]]:
    """Without the block that opens here; without its head and its end alone."""
    if not (OPENS.search(lines[at]) and lines[at].startswith("\t")):
        return
    depth, end = 1, at
    while depth and end + 1 < len(lines):
        end += 1
        depth -= bool(CLOSES.match(lines[end]))
        if depth:
            depth += bool(OPENS.search(lines[end]))
    follows = OPENS.search(lines[end])
    if not CLOSES.match(lines[at]):
        if not follows:
            yield [*lines[:at], *lines[end + 1 :]]
            yield [*lines[:at], *lines[at + 1 : end], *lines[end + 1 :]]
    elif not follows:
        # An `else`: without it, its brace closes what comes before.
        yield [*lines[:at], *lines[end:]]


def _lines(lines: Sequence[str], at: int, width: int) -> Iterator[list[str]]:
    yield [*lines[: max(0, at - width + 1)], *lines[at + 1 :]]


def _simpler(lines: Sequence[str], at: int, _: int) -> Iterator[list[str]]:
    """With one side of an operator, without a field, a member, a sentence or a value."""
    for pattern, new in SIMPLER:
        line = pattern.sub(new, lines[at], count=1)
        if line != lines[at]:
            yield [*lines[:at], line, *lines[at + 1 :]]
