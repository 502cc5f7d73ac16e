"""Lemmas as a reader and a solver see them: which values never come together."""

from __future__ import annotations

import typing
from dataclasses import dataclass

FieldKind: typing.TypeAlias = typing.Literal["shared", "pc", "local", "lock", "held"]


@dataclass(frozen=True, slots=True, order=True)
class Literal:
    """A variable has one of some values.

    `kind` is shared, pc, local, lock (a thread's mode on it) or held (a lock,
    exclusively by somebody in the replicated threads).  `thread` is the position of a thread
    that is there once, or -1.  A local of the replicated threads is named `k:name` after the
    position k of its thread, whose pcs are counted from 1,000 k on.
    """

    kind: FieldKind
    name: str
    thread: int
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True, order=True)
class Lemma:
    """The literals never hold together: the shared ones, and those of as many different
    threads of the replicated threads as `replicated` has parts."""

    shared: tuple[Literal, ...]
    replicated: tuple[tuple[Literal, ...], ...]


# The pc of the replicated threads' k-th thread, so that one field tells what a thread is and where.
REPLICATED_STRIDE = 1_000
