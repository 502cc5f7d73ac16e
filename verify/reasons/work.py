"""What an engine is doing, for whoever waits."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TypeAlias


class Task(Enum):
    """A part of the work."""

    EXPLORING = auto()
    ENCODING = auto()
    REACHING = auto()
    CLOSING = auto()
    SEARCHING = auto()
    CONFIRMING = auto()
    ASKING = auto()
    REWRITING = auto()
    FOLLOWING = auto()


@dataclass(frozen=True, slots=True)
class Confirming:
    """One obligation is put to the solvers."""

    obligation: str


Work: TypeAlias = Task | Confirming
