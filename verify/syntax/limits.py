"""Texts that are too large in some way: every later stage may walk a tree by recursion."""

from __future__ import annotations

import re
from itertools import islice
from typing import Any

import lark

from verify.diagnostics import Diagnostic
from verify.source import Source, Span

MAX_TEXT = 1_000_000
# What is read costs by the word; the longest of the kernel's texts has 1,161.
MAX_TOKENS = 50_000
MAX_DEPTH = 100
MAX_DIGITS = 18
# A text that is no program at all would fill the terminal.
MAX_ERRORS = 20


def too_deep(source: Source, start: int) -> Diagnostic:
    """What starts there is in too much, or has too much in it."""
    span = Span(source, start, start + 1)
    return Diagnostic("BFP004", f"nested more than {MAX_DEPTH} deep", span)


_TOKENS = re.compile(r"""/\*.*?\*/|//[^\n]*|("[^"\n]*"|\w+|[^\s\w])""", re.DOTALL)


def beyond_limit(text: str) -> tuple[int, int] | None:
    """Where the first word or sign is that is one too many."""
    tokens = (found for found in _TOKENS.finditer(text) if found.group(1))
    first = next(islice(tokens, MAX_TOKENS, None), None)
    return None if first is None else first.span()


_BRACKETS = re.compile(r"""/\*.*?\*/|//[^\n]*|"[^"\n]*"|[(\[{]|[)\]}]""", re.DOTALL)


def nested_too_deep(text: str) -> int | None:
    """Where the first bracket is that has too many around it; the tree has no parentheses."""
    depth = 0
    for found in _BRACKETS.finditer(text):
        if found.group() in "([{":
            depth += 1
            if depth > MAX_DEPTH:
                return found.start()
        elif found.group() in ")]}":
            depth -= 1
    return None


def tree_too_deep(parsed: lark.Tree[Any]) -> int | None:
    """Where lark's tree has too many levels for what walks it by recursion."""
    todo: list[tuple[Any, int, int]] = [(parsed, 0, 0)]
    while todo:
        node, depth, at = todo.pop()
        # What is empty has no place of its own: it is where what is around it begins.
        at = at if node.meta.empty else node.meta.start_pos
        if depth > 2 * MAX_DEPTH:
            return at
        todo += [(child, depth + 1, at) for child in node.children if isinstance(child, lark.Tree)]
    return None
