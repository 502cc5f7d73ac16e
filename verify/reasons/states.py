"""Sets of states as a reader sees them: some shared values, and threads somewhere at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from verify.source import Span


@dataclass(frozen=True, slots=True)
class Whose:
    """What tells a local from others of its name: the `thread`, the `function` called, and
    `number`, which of several in calls of that function.

    Each is empty, or 0, where that does not tell them apart.
    """

    thread: str
    function: str
    number: int


@dataclass(frozen=True, slots=True)
class Values:
    """A variable has one of some `words`, of `every` that its domain has.

    `whose` is None if no other local that may be meant has the name.
    """

    name: str
    words: tuple[str, ...]
    every: tuple[str, ...]
    whose: Whose | None = None


@dataclass(frozen=True, slots=True)
class HeldByReplicated:
    """Somebody of whom there is any number holds a lock exclusively, or nobody does."""

    lock: str
    held: bool


@dataclass(frozen=True, slots=True)
class Points:
    """Some program points: those where a thread rests (`rest`), and where others are."""

    rest: bool
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class LockModes:
    """The modes, as `ir` numbers them, in one of which a thread holds a lock."""

    lock: str
    modes: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Somebody:
    """A thread, and what is so of it.

    `names` are what it may be; `number` tells several alike apart, or is 0.  `position` counts
    threads of which there is any number, and is None for one of a fixed number.
    """

    names: tuple[str, ...]
    number: int = 0
    position: int | None = None
    so: tuple[Points | LockModes | Values, ...]


States: TypeAlias = tuple[Values | HeldByReplicated | Somebody, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MayWait:
    """A thread at some point may wait for a lock that another holds, who waits as well.

    `alike`: the two have the same code.
    """

    waiter: str
    at: Points
    lock: str
    holder: str
    holds_at: Points
    alike: bool
