"""What is changed of a program to see what its claims rest on, and how far was looked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Mutation(StrEnum):
    """What is done to a statement, by the name that documents have for it."""

    LEFT_OUT = "left out"
    ALWAYS_TRUE = "always true"
    ALWAYS_FALSE = "always false"
    NEVER_ENTERED = "never entered"


@dataclass(frozen=True, slots=True)
class OneCaller:
    """Nothing was looked at but runs with one caller."""


@dataclass(frozen=True, slots=True)
class SomeStates:
    """With so many callers, no more than so many states were looked at."""

    callers: int
    states: int


Extent = OneCaller | SomeStates
