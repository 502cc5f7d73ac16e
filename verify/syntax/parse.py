"""Text to syntax tree: lark reads `grammar/bfp.lark`, and the text by it."""

from __future__ import annotations

import re

from verify.diagnostics import Diagnostic, InputError
from verify.source import Source, Span
from verify.syntax import tree
from verify.syntax.build import Build
from verify.syntax.grammar import parser
from verify.syntax.limits import (
    MAX_ERRORS,
    MAX_TEXT,
    MAX_TOKENS,
    beyond_limit,
    nested_too_deep,
    too_deep,
    tree_too_deep,
)
from verify.syntax.mend import Mender

_CR = re.compile(r"\r(?!\n)")


def parse(source: Source) -> tuple[tree.Declaration, ...]:
    """The declarations of a text.

    Raises:
        InputError: with every mistake found (BFP001, BFP002, BFP004, BFP105, BFP109).
    """
    declarations, errors = parse_as_far_as_possible(source)
    if errors:
        raise InputError(errors)
    return declarations


def parse_as_far_as_possible(
    source: Source,
) -> tuple[tuple[tree.Declaration, ...], tuple[Diagnostic, ...]]:
    """The declarations of a text that make sense, and what is wrong with the others."""
    if len(source.text) > MAX_TEXT:
        headline = f"{source.path} has more than {MAX_TEXT} characters"
        return (), (Diagnostic("BFP004", headline),)
    if alone := _CR.search(source.text):
        # Who sees a new line there sees code that a comment before it has swallowed.
        span = Span(source, *alone.span())
        return (), (Diagnostic("BFP001", "a CR without LF", span, "LF or CRLF ends a line"),)
    beyond = beyond_limit(source.text)
    if beyond is not None:
        headline = f"{source.path} has more than {MAX_TOKENS} words and signs"
        return (), (Diagnostic("BFP004", headline, Span(source, *beyond)),)
    return _read(source)


def _read(source: Source) -> tuple[tuple[tree.Declaration, ...], tuple[Diagnostic, ...]]:
    deep = nested_too_deep(source.text)
    mender = Mender(source, len(source.text) + 1 if deep is None else deep)
    parsed = parser().parse(source.text, on_error=mender.mend)
    if deep is None:
        deep = tree_too_deep(parsed)
    if deep is not None:
        return (), tuple(sorted([*mender.errors, too_deep(source, deep)], key=_place))
    build = Build(source)
    declarations: tuple[tree.Declaration, ...] = build.transform(parsed)
    # What a guess has put in has no place of its own, and is nobody's mistake.
    built = [error for error in build.errors if error.span and error.span.start < error.span.end]
    errors = sorted([*mender.errors, *built], key=_place)
    return declarations, tuple(errors[:MAX_ERRORS])


def _place(error: Diagnostic) -> int:
    return 0 if error.span is None else error.span.start
