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


@dataclass(frozen=True, slots=True)
class NotReached:
    """No run comes to the statement, so that nothing was tested by changing it.

    `copies` is the most threads for each [*] that were looked at, each running once; None if
    the scenario has no [*].
    """

    copies: int | None


@dataclass(frozen=True, slots=True)
class AlreadyBroken:
    """All claims that were asked break with nothing changed, so that none is left to break."""

    claims: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Undecided:
    """Of some state it is not known whether somebody waits in it for ever."""


@dataclass(frozen=True, slots=True)
class TooLarge:
    """The changed program comes to more commands than are taken."""


Extent = OneCaller | SomeStates | NotReached | AlreadyBroken | Undecided | TooLarge
