"""Why it is not known whether a claim holds, or holds of any number of threads."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TypeAlias

from verify.reasons.states import MayWait, States


class Plain(Enum):
    """What there is nothing more to say of."""

    NOT_ATTEMPTED = auto()
    # A thread that runs isolated may go through a loop more often than it was unwound.
    ISOLATED_LOOPS = auto()
    ISOLATED_TRUNCATED = auto()
    # Somebody waits for a condition, and it takes too many states to tell whether for ever.
    WAITS_FOR_CONDITION = auto()
    # Whoever asked has ended it, or their deadline has.
    CANCELLED = auto()
    LATE = auto()


class Count(Enum):
    """What is counted where a limit is met."""

    COMPARISONS = auto()
    ISOLATED_PATHS = auto()
    LEMMAS = auto()
    VIEWS = auto()
    LOOKS = auto()


@dataclass(frozen=True, slots=True)
class CountLimit:
    """More than `most` would have to be looked at or written down."""

    what: Count
    most: int


@dataclass(frozen=True, slots=True)
class ThreadLimit:
    """A thread has more states by itself than `most`."""

    thread: str
    most: int


@dataclass(frozen=True, slots=True)
class EffortLimit:
    """z3 has spent so many of its units on all questions together."""

    units: int


@dataclass(frozen=True, slots=True)
class SolverLimit:
    """z3 gave up a question, for what it `said`."""

    said: str


@dataclass(frozen=True, slots=True)
class MemoryLimit:
    """A scenario takes more memory than there is."""

    scenario: str


@dataclass(frozen=True, slots=True)
class ComputesWithLock:
    """A thread uses the state of a lock in arithmetic: not supported."""

    thread: str


@dataclass(frozen=True, slots=True)
class TakesUnasked:
    """A thread takes a lock without asking whether it is free: not supported."""

    thread: str
    lock: str


@dataclass(frozen=True, slots=True)
class ArithmeticLimit:
    """Values may come to so much: not supported."""

    largest: int


class Ungrounded(Enum):
    """What is put forward is no proof of anything."""

    WAITS_WITHOUT_CLAIM = auto()
    NO_SUCH_PLACE = auto()
    CIRCLE = auto()
    NO_SUCH_FIELD = auto()


@dataclass(frozen=True, slots=True)
class NoSuchClaim:
    """Lemmas are said to prove a claim that there is not, or that no lemma can prove."""

    claim: str


@dataclass(frozen=True, slots=True)
class NoSuchLemma:
    """A claim is said to rest on a lemma twice, or on one that there is not."""

    claim: str


@dataclass(frozen=True, slots=True)
class Refused:
    """An obligation that not every solver calls unsat, with what each says."""

    obligation: str
    answers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Suspect:
    """The abstraction reaches states in which the claim may break; no run is known that does."""

    states: States


@dataclass(frozen=True, slots=True)
class Circle:
    """Threads that may wait for each other, each before the one that it waits for."""

    waits: tuple[MayWait, ...]


@dataclass(frozen=True, slots=True)
class Reported:
    """What a certificate says, in the words that it has for it."""

    words: str


Unproved: TypeAlias = (
    Plain
    | CountLimit
    | ThreadLimit
    | EffortLimit
    | SolverLimit
    | MemoryLimit
    | ComputesWithLock
    | TakesUnasked
    | ArithmeticLimit
    | Ungrounded
    | NoSuchClaim
    | NoSuchLemma
    | Refused
    | Suspect
    | Circle
    | Reported
)


class UnprovedError(Exception):
    """Something cannot be found out, and `reason` is why."""

    def __init__(self, reason: Unproved) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class MoreWaysUnknown:
    """It is not known whether there is another way to break a claim than the known one."""


@dataclass(frozen=True, slots=True)
class NewWay:
    """A claim is broken in another way than those that have these names."""

    known: tuple[str, ...]


Remark: TypeAlias = MoreWaysUnknown | NewWay | Reported
