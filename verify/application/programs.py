"""Which program is meant, and which part of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from verify.application.failures import FailedError, UnknownName
from verify.application.question import Question
from verify.ir import Program
from verify.lower.program import lower
from verify.source import Source
from verify.syntax.load import Loader
from verify.syntax.resolve import resolve


def loader_of(question: Question) -> Loader:
    """Who reads the programs of a question; several of them share what they include."""
    model = None if question.model is None else Path(question.model)
    return Loader(tuple(map(Path, question.include)), model)


def read(path: Path, loader: Loader, fused: bool = True) -> tuple[tuple[Source, ...], Program]:
    """The texts of a program, and what they mean; see `lower`.

    Raises:
        InputError: there are mistakes in them.
        OSError: they cannot be read.
    """
    sources, declarations = loader.load(path)
    return sources, lower(resolve(sources, declarations), fused)


def chosen(
    path: Path, kind: Literal["scenario", "claim"], asked: Sequence[str], known: Sequence[str]
) -> None:
    """See that a program has all that is asked for.

    Raises:
        FailedError: UnknownName.
    """
    for name in asked:
        if name not in known:
            raise FailedError(UnknownName(str(path), kind, name, tuple(known)))
