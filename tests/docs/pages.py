"""The documents of the project, and what can be read off their Markdown."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.programs.binder import ROOT

# What is made by a command is held against what the command makes, elsewhere.
PAGES = (*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")))
FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
NOT_RUN = re.compile(r"<!-- not run: (?P<reason>.+?) -->\s*\Z", re.DOTALL)
# Two spellings, said together, stand for both: `--threads`, `-n`.
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
CUT = "[...]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A fenced block: its language, what else stands behind the fence, and its text.

    `not_run` is the reason why what it shows is not run, empty where it is.
    """

    language: str
    target: str
    text: str
    not_run: str


def blocks(text: str) -> Iterator[Block]:
    """The fenced blocks of a page, in order."""
    for found in FENCE.finditer(text):
        language, _, target = found["info"].strip().partition(" ")
        marked = NOT_RUN.search(text[: found.start()])
        yield Block(
            language=language,
            target=target,
            text=found["text"],
            not_run=marked["reason"] if marked else "",
        )


def commands(block: str) -> Iterator[tuple[str, list[str]]]:
    """Each command of a console block, with what is shown below it."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, *shown = part.replace("\\\n", " ").rstrip("\n").split("\n")
        yield command, shown


def missing(shown: list[str], printed: list[str]) -> str:
    """What is shown and was not printed, in this order and without gaps but for the cuts."""
    pieces: list[list[str]] = [[]]
    for line in shown:
        if line == CUT:
            pieces.append([])
        else:
            pieces[-1].append(line)
    at, end = 0, len(printed)
    for i, piece in enumerate(pieces):
        starts = range(at, end - len(piece) + 1)
        if i == 0:
            starts = starts[:1]
        if i == len(pieces) - 1:
            starts = starts[-1:] if end - len(piece) in starts else range(0)
        found = next((s for s in starts if printed[s : s + len(piece)] == piece), None)
        if found is None:
            return "\n".join(piece) or "the end of what was printed"
        at = found + len(piece)
    return ""


def patched(text: str, change: str) -> str:
    """A text with a diff without line numbers applied: what it takes away is there once."""
    lines = change.splitlines()
    before = "".join(f"{line[1:]}\n" for line in lines if line[:1] != "+")
    after = "".join(f"{line[1:]}\n" for line in lines if line[:1] != "-")
    if text.count(before) != 1:
        raise ValueError(f"not there once:\n{before}")
    return text.replace(before, after)


def called(line: str) -> list[str]:
    """The words of a command of `verify`, up to what the shell does with it; else none."""
    try:
        words = shlex.split(line, comments=True)
    except ValueError:
        return []
    if words[:1] != ["verify"]:
        return []
    ends = [i for i, word in enumerate(words) if word in ("|", ">", "2>", "&&", "||", ";")]
    return words[: min(ends, default=len(words))]


def name(page: Path) -> str:
    """A page by its place in the checkout."""
    return page.relative_to(ROOT).as_posix()
