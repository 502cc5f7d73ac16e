"""How a claim is broken, and by what a thread is doing there."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TypeAlias

from verify.source import Span


class Doing(Enum):
    """What a thread does where a lock is not as it should be."""

    RETURNS = auto()
    ENDS = auto()
    SLEEPS = auto()
    TAKES = auto()
    RELEASES = auto()
    DOWNGRADES = auto()


@dataclass(frozen=True, slots=True)
class Calls:
    """It calls a function."""

    function: str


Act: TypeAlias = Doing | Calls


@dataclass(frozen=True, slots=True)
class Quoted:
    """A piece of the text; what reads alike is equal, wherever it stands."""

    span: Span = field(compare=False)
    text: str


def quoted(span: Span) -> Quoted:
    return Quoted(span, span.text)


@dataclass(frozen=True, slots=True)
class LockLeft:
    """A thread returns or ends with a lock held."""

    act: Act
    lock: str


@dataclass(frozen=True, slots=True)
class LockLacking:
    """A thread returns without a lock, or calls what must be called with it."""

    act: Act
    lock: str


@dataclass(frozen=True, slots=True)
class LockNowhere:
    """A function is called that must be called with a lock, and the address of that is NULL."""

    function: str
    address: Quoted


@dataclass(frozen=True, slots=True)
class TakesHeld:
    """A thread takes a lock that it holds already."""

    lock: str


@dataclass(frozen=True, slots=True)
class SleepsInInterrupt:
    """A thread that runs in interrupt context may sleep."""


@dataclass(frozen=True, slots=True)
class InconsistentUse:
    """A lock that is taken in an interrupt is taken elsewhere with interrupts on; `interrupt`
    says which of the two a thread does here, where the other has been done."""

    lock: str
    interrupt: bool


@dataclass(frozen=True, slots=True)
class TakesTooDeep:
    """A thread takes a lock again that it holds `levels` deep, which is as deep as may be."""

    lock: str
    levels: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GivesUpUnheld:
    """A thread releases or downgrades a lock that it does not hold so.

    `reading`: it does not hold it for read, where it might hold it for write as well.
    """

    act: Act
    lock: str
    reading: bool


@dataclass(frozen=True, slots=True)
class SleepsAtomic:
    """A thread may sleep while it holds a lock that forbids it."""

    lock: str


@dataclass(frozen=True, slots=True)
class FollowsNull:
    """A thread follows NULL."""

    expression: Quoted


@dataclass(frozen=True, slots=True)
class LeavesRange:
    """A value is none of its type."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class EndsWithoutValue:
    """A function that has a result comes to its end without one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UsesObject:
    """An object is used, in an expression, while a condition that a claim has is false."""

    name: str
    expression: Quoted
    condition: Quoted


@dataclass(frozen=True, slots=True)
class CallsInState:
    """A function is called in a state in which a claim says that it must not be."""

    callee: str


@dataclass(frozen=True, slots=True)
class ReturnsInState:
    """A function returns in a state in which a claim says that it must not."""

    function: str


@dataclass(frozen=True, slots=True)
class SamplesInState:
    """The table is sampled in a state that a claim excludes."""


@dataclass(frozen=True, slots=True)
class StateForbidden:
    """A state is reached that a claim forbids."""


@dataclass(frozen=True, slots=True)
class EndsUnfinished:
    """An isolated run ends, and what it should bring about is not so."""

    condition: Quoted


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherOutcome:
    """A call ends otherwise than its author says of the case.

    `axes` are those of the case.  Outcomes are sentences, None for none of those that the text
    has; where none is `allowed` the case is said never to occur.
    """

    axes: tuple[tuple[str, bool], ...]
    outcome: str | None
    allowed: tuple[str | None, ...]


Violation: TypeAlias = (
    LockLeft
    | LockLacking
    | LockNowhere
    | TakesHeld
    | TakesTooDeep
    | SleepsInInterrupt
    | InconsistentUse
    | GivesUpUnheld
    | SleepsAtomic
    | FollowsNull
    | LeavesRange
    | EndsWithoutValue
    | UsesObject
    | CallsInState
    | ReturnsInState
    | SamplesInState
    | StateForbidden
    | EndsUnfinished
    | OtherOutcome
)
