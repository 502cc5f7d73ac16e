"""Short operations on a stack, so that a thread can stop anywhere.

An operation is an access or a thread's own affair.  Each moves the program
counter of its frame on; an access is carried out by who counts steps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from verify.reference.way import Frame, Way
from verify.source import Span

Run: TypeAlias = Callable[[Way, Frame], "list[Way]"]


@dataclass(frozen=True, slots=True)
class Op:
    """One operation.  `marks` if the statement at `span` is partly done with it.

    `run` gives the ways on which it went on, perhaps none if it `blocks`; it raises
    Fatal where the thread dies.
    """

    run: Run
    span: Span | None
    access: bool
    marks: bool
    blocks: bool


@dataclass(slots=True)
class Target:
    """Where a jump goes, known once the code behind it is written."""

    pc: int = -1


@dataclass(slots=True)
class Body:
    """The code of a function or thread.

    `first` are its parameters and locals at the call, parameters to be filled in.
    `asked` are the bits of the functions that somebody asks of a call `did()`.
    `heads` are the places that a loop comes back to.
    """

    name: str
    params: int
    first: tuple[int, ...]
    asked: int = 0
    ghost: bool = False
    code: list[Op] = field(default_factory=list)
    heads: set[int] = field(default_factory=set)
