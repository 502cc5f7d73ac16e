"""Kinds of locks, each a row of data: guards, encodings, obligations and words come from it.

The state of a lock is, for each thread, the mode in which it holds the lock: a number, FREE
if it does not.  The other numbers are bits, so that the modes of several threads add up by
`|`, and a condition on a lock (`is_read_locked`, `held`) names a set of them by a word.  A
lock that a thread holds is the thread's: nobody else can release it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

# A mode that a lock is taken in, and what a condition may ask for.
Mode: TypeAlias = Literal["shared", "exclusive"]
Phase: TypeAlias = Literal["even", "odd"]
Level: TypeAlias = Literal["level-1", "level-2", "level-3"]
ReaderMode: TypeAlias = Literal["even-1", "odd-1", "even-2", "odd-2", "even-3", "odd-3"]
ModeWord: TypeAlias = Literal[Mode, "any", Phase, Level, ReaderMode]
# The words of the language: of statements, of tests and of the effects in contracts.
LockWord: TypeAlias = Literal["acquire", "acquire_shared", "release", "release_shared", "downgrade"]
TestWord: TypeAlias = Literal[
    "is_locked", "is_read_locked", "is_write_locked", "held", "held_read", "held_write"
]
NamesLock: TypeAlias = Literal[LockWord, TestWord, "__must_hold"]
EffectWord: TypeAlias = Literal["releases", "releases_shared", "acquires", "acquires_shared"]

FREE, SHARED, EXCLUSIVE = 0, 1, 2
# The modes that a lock is taken in.
MODES: Mapping[Mode, int] = {"shared": SHARED, "exclusive": EXCLUSIVE}

# A lock may be taken shared again by its holder, so deep at most.
DEEPEST = len(get_args(Level))
# Readers of a lock with grace periods are of the even phase or the odd one.
PHASES: tuple[Phase, Phase] = ("even", "odd")
# How deep a reader is, from one on.
LEVELS: tuple[Level, ...] = get_args(Level)


def reader(phase: int, level: int) -> int:
    """The mode of a reader that came in a phase (0 or 1), `level` deep: from 1 on."""
    return 1 << (0, 2, 3, 4, 5, 6)[2 * (level - 1) + phase]


READERS = tuple(reader(phase, level) for level in range(1, DEEPEST + 1) for phase in (0, 1))
NUMBERS = (FREE, *sorted({*READERS, EXCLUSIVE}))
# What each reader's mode is called where it is to be told from the others.
EXACT: Mapping[int, ReaderMode] = {
    reader(phase, int(word[-1])): word
    for word in get_args(ReaderMode)
    for phase in (PHASES.index(word[:-2]),)
}
# The modes that a condition asks for, by its word: as bits.
BITS: Mapping[ModeWord, int] = {
    "shared": sum(READERS),
    "exclusive": EXCLUSIVE,
    "any": sum(READERS) | EXCLUSIVE,
    **{
        word: sum(reader(phase, level) for level in range(1, DEEPEST + 1))
        for phase, word in enumerate(PHASES)
    },
    **{word: reader(0, n) | reader(1, n) for n, word in enumerate(LEVELS, start=1)},
    **{word: held for held, word in EXACT.items()},
}

# What each lock statement does: the mode it takes, or the mode it gives up.
TAKES: Mapping[NamesLock, Mode] = {"acquire": "exclusive", "acquire_shared": "shared"}
GIVES_UP: Mapping[NamesLock, Mode] = {
    "release": "exclusive",
    "release_shared": "shared",
    "downgrade": "exclusive",
}
STATEMENTS: tuple[LockWord, ...] = get_args(LockWord)
# The modes that each lock test asks for.
TESTS: Mapping[NamesLock, ModeWord] = {
    "is_locked": "any",
    "is_read_locked": "shared",
    "is_write_locked": "exclusive",
    "held": "any",
    "held_read": "shared",
    "held_write": "exclusive",
}
TEST_WORDS: tuple[TestWord, ...] = get_args(TestWord)
# The mode that each word for a lock makes sense of, if any lock has it.
_ASKS: Mapping[NamesLock, ModeWord] = {
    **TAKES,
    **GIVES_UP,
    **TESTS,
    "__must_hold": "exclusive",
}
# The effects that a contract names, each with the statement that has it.
EFFECTS: Mapping[EffectWord, LockWord] = {
    "releases": "release",
    "releases_shared": "release_shared",
    "acquires": "acquire",
    "acquires_shared": "acquire_shared",
}


def meets(held: int, word: ModeWord) -> bool:
    """Whether a lock held so is held in a mode that the word names."""
    return bool(held & BITS[word])


def mode_name(held: int) -> str:
    """A mode in one word: `none`, `shared` or `exclusive`."""
    return "none" if held == FREE else "exclusive" if held == EXCLUSIVE else "shared"


def exact_name(held: int) -> str:
    """A mode by a name that no other mode has."""
    return mode_name(held) if held in (FREE, SHARED, EXCLUSIVE) else EXACT[held]


def level(held: int) -> int:
    """How deep a reader's mode is; 0 of any other."""
    return int(EXACT[held][-1]) if held in EXACT else 0


def verb(before: int, after: int) -> str:
    """What a thread does that held a lock one way and then holds it another."""
    if after == FREE or 0 < level(after) < level(before):
        return "releases"
    return "takes shared" if meets(after, "shared") else "takes"


@dataclass(frozen=True, slots=True, kw_only=True)
class LockKind:
    """One kind of lock.

    `c_type` is its name in a text.  `modes` are those that it is taken in, shared or
    exclusive.  `excludes` has pairs (asked, held): who takes it in the mode `asked` waits
    while another thread holds it in the mode `held`.  Who holds it in the modes that the word
    `atomic` names must not sleep.  `downgrades` says that exclusive may become shared.  A
    holder may take it shared again, `levels` deep at most.  With `grace`, holding it
    exclusively is a grace period, which ends when nobody holds it shared any more who
    did when it began.  While one with `interrupts` is held, those of the thread are off.
    """

    name: str
    c_type: str
    modes: tuple[Mode, ...]
    excludes: frozenset[tuple[Mode, Mode]]
    atomic: Literal["", "any", "shared"] = ""
    downgrades: bool = False
    levels: int = 1
    grace: bool = False
    interrupts: bool = False

    @property
    def domain(self) -> tuple[int, ...]:
        """The numbers that an encoding lets a thread's mode have.

        Modes that the kind is never taken in are among them: certificates rest on it.
        """
        phases = (0, 1) if self.grace else (0,)
        deep = {reader(phase, n + 1) for n in range(self.levels) for phase in phases}
        return (FREE, *sorted({SHARED, EXCLUSIVE, *deep}))

    @property
    def asked(self) -> tuple[ModeWord, ...]:
        """The words for modes in which other threads may be asked for."""
        return ("shared", "exclusive", "any", *(PHASES if self.grace else ()))

    @property
    def spins(self) -> bool:
        """Whether somebody may spin for it, whom an interrupt that wants it must not find."""
        return self.atomic == "any" and bool(self.excludes)

    def rivals(self, mode: Mode) -> tuple[Mode, ...]:
        """The modes that exclude a mode, or are excluded by it."""
        return tuple(
            other
            for other in self.modes
            if (mode, other) in self.excludes or (other, mode) in self.excludes
        )

    @property
    def shareable(self) -> bool:
        return "shared" in self.modes

    def meant(self, word: ModeWord) -> tuple[int, ...]:
        """The modes that a word names, of this kind."""
        return tuple(held for held in self.domain if meets(held, word))

    def in_the_way(self, asked: Mode) -> Literal["", "any"] | Mode:
        """The word for the modes of another thread that keep one from taking it; empty: none."""
        held = {theirs for mine, theirs in self.excludes if mine == asked}
        return "any" if len(held) > 1 else next(iter(held), "")

    def refuses(self, word: NamesLock) -> str:
        """Why a lock word makes no sense for this kind; empty if it does."""
        mode = _ASKS[word]
        if "shared" not in self.modes and (mode == "shared" or word == "downgrade"):
            return f"a {self.name} is never shared"
        if "exclusive" not in self.modes and mode == "exclusive":
            return f"a {self.name} is always shared"
        if word == "downgrade" and not self.downgrades:
            return f"a {self.name} is never downgraded"
        return ""


ONE_OR_READERS: frozenset[tuple[Mode, Mode]] = frozenset(
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
        atomic="any",
    ),
    LockKind(
        name="rwlock",
        c_type="rwlock_t",
        modes=("shared", "exclusive"),
        excludes=ONE_OR_READERS,
        atomic="any",
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
    LockKind(
        name="rcu",
        c_type="struct rcu_state",
        modes=("shared", "exclusive"),
        excludes=frozenset({("exclusive", "exclusive")}),
        atomic="shared",
        levels=DEEPEST,
        grace=True,
    ),
    LockKind(
        name="interrupts",
        c_type="struct hardirqs",
        modes=("shared",),
        excludes=frozenset(),
        atomic="any",
        interrupts=True,
    ),
)
KINDS: Mapping[str, LockKind] = {row.name: row for row in ROWS}
BY_TYPE: Mapping[str, LockKind] = {row.c_type: row for row in ROWS}
