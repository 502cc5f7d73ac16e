"""What came of a step, and why it went one way."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TypeAlias


class Came(Enum):
    """How a condition came out, as its type has it; or that the thread dies there."""

    TRUE = auto()
    FALSE = auto()
    NULL = auto()
    NOT_NULL = auto()
    ZERO = auto()
    NOT_ZERO = auto()
    DIES = auto()


@dataclass(frozen=True, slots=True)
class Returned:
    """A primitive returned a value, in the word of its domain, `because` of what its
    alternative says."""

    value: str
    because: str


@dataclass(frozen=True, slots=True)
class Because:
    """What the text says of the alternative that was taken."""

    text: str


Note: TypeAlias = Came | Returned | Because


@dataclass(frozen=True, slots=True)
class Spurious:
    """Something may fail at any time, but not for ever; `because` is what the text says of it,
    if anything."""

    because: str
