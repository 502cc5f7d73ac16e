"""Kinds of locks, each a row of data: guards, encodings, obligations and words come from it.

The state of a lock is, for each thread, the mode in which it holds the lock: a number, FREE
if it does not.  The other numbers are bits, so that the modes of several threads add up by
`|`, and a condition on a lock (`is_read_locked`, `held`) names a set of them by a word.  A
lock that a thread holds is the thread's: nobody else can release it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

FREE, SHARED, EXCLUSIVE = 0, 1, 2
# The modes that a lock is taken in.
MODES: Mapping[str, int] = {"shared": SHARED, "exclusive": EXCLUSIVE}

# The modes that a condition asks for, by its word.
BITS: Mapping[str, int] = {"shared": SHARED, "exclusive": EXCLUSIVE, "any": SHARED | EXCLUSIVE}

NUMBERS = (FREE, SHARED, EXCLUSIVE)

# What each lock statement does: the mode it takes, or the mode it gives up.
TAKES: Mapping[str, str] = {"acquire": "exclusive", "acquire_shared": "shared"}
GIVES_UP: Mapping[str, str] = {
    "release": "exclusive",
    "release_shared": "shared",
    "downgrade": "exclusive",
}
STATEMENTS = ("acquire", "acquire_shared", "release", "release_shared", "downgrade")
# The modes that each lock test asks for.
TESTS: Mapping[str, str] = {
    "is_locked": "any",
    "is_read_locked": "shared",
    "is_write_locked": "exclusive",
    "held": "any",
    "held_read": "shared",
    "held_write": "exclusive",
}
# The effects that a contract names, each with the statement that has it.
EFFECTS: Mapping[str, str] = {
    "releases": "release",
    "releases_shared": "release_shared",
    "acquires": "acquire",
    "acquires_shared": "acquire_shared",
}


def meets(held: int, word: str) -> bool:
    """Whether a lock held so is held in a mode that the word names."""
    return bool(held & BITS[word])


def mode_name(held: int) -> str:
    """A mode in one word: `none`, `shared` or `exclusive`."""
    return {FREE: "none", SHARED: "shared", EXCLUSIVE: "exclusive"}[held]


@dataclass(frozen=True, slots=True, kw_only=True)
class LockKind:
    """One kind of lock.

    `c_type` is its name in a text.  `modes` are those that it is taken in, shared or
    exclusive.  `excludes` has pairs (asked, held): who takes it in the mode `asked` waits
    while another thread holds it in the mode `held`.  Who holds an `atomic` one must not
    sleep.  `downgrades` says that exclusive may become shared.
    """

    name: str
    c_type: str
    modes: tuple[str, ...]
    excludes: frozenset[tuple[str, str]]
    atomic: bool = False
    downgrades: bool = False

    @property
    def domain(self) -> tuple[int, ...]:
        """The numbers that an encoding lets a thread's mode have.

        Modes that the kind is never taken in are among them: certificates rest on it.
        """
        return (FREE, SHARED, EXCLUSIVE)

    @property
    def shareable(self) -> bool:
        return "shared" in self.modes

    def meant(self, word: str) -> tuple[int, ...]:
        """The modes that a word names, of this kind."""
        return tuple(held for held in self.domain if meets(held, word))

    def in_the_way(self, asked: str) -> str:
        """The word for the modes of another thread that keep one from taking it; empty: none."""
        held = {theirs for mine, theirs in self.excludes if mine == asked}
        return "any" if len(held) > 1 else next(iter(held), "")

    def refuses(self, word: str) -> str:
        """Why a lock word makes no sense for this kind; empty if it does."""
        mode = {**TAKES, **GIVES_UP, **TESTS, "__must_hold": "exclusive"}[word]
        if "shared" not in self.modes and (mode == "shared" or word == "downgrade"):
            return f"a {self.name} is never shared"
        if "exclusive" not in self.modes and mode == "exclusive":
            return f"a {self.name} is always shared"
        if word == "downgrade" and not self.downgrades:
            return f"a {self.name} is never downgraded"
        return ""


ONE_OR_READERS = frozenset(
    {("exclusive", "exclusive"), ("exclusive", "shared"), ("shared", "exclusive")}
)
ROWS = (
    LockKind(
        name="mutex",
        c_type="struct mutex",
        modes=("exclusive",),
        excludes=ONE_OR_READERS,
    ),
    LockKind(
        name="spinlock",
        c_type="spinlock_t",
        modes=("exclusive",),
        excludes=ONE_OR_READERS,
        atomic=True,
    ),
    LockKind(
        name="rwlock",
        c_type="rwlock_t",
        modes=("shared", "exclusive"),
        excludes=ONE_OR_READERS,
        atomic=True,
        downgrades=True,
    ),
    LockKind(
        name="rwsem",
        c_type="struct rw_semaphore",
        modes=("shared", "exclusive"),
        excludes=ONE_OR_READERS,
        downgrades=True,
    ),
    LockKind(
        name="reference",
        c_type="refcount_t",
        modes=("shared",),
        excludes=frozenset(),
    ),
)
KINDS: Mapping[str, LockKind] = {row.name: row for row in ROWS}
BY_TYPE: Mapping[str, LockKind] = {row.c_type: row for row in ROWS}
