"""A way through a step: what a thread has done so far, and what it may do to locks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from verify.reference.layout import ANY, DEEPEST, EXCLUSIVE, NESTED, OLD, SHARED, WIDTH

if TYPE_CHECKING:
    from verify.locks import EffectWord, TestWord
    from verify.reference.code import Body
    from verify.source import Span

# What an expression is worth; an address of a lock is the lock's number.
Value: TypeAlias = int
Env: TypeAlias = Sequence[Value]
Condition: TypeAlias = Callable[["Way", Env], Value]
# Why a way goes no further; empty: it does.
WayEnd: TypeAlias = Literal["", "access", "blocked", "dead", "round", "through"]


class FatalError(Exception):
    """[B4] The thread dies here; the argument is the claim that this breaks."""


class BlockedError(Exception):
    """[T11] This way cannot be gone on."""


@dataclass(slots=True)
class Look:
    """What a step looks at, and what it shows.

    `seen` are the questions asked of the state, in order, with their answers: a
    cell's number with its value, or the negative of some lock bits with whether
    another thread holds one of them.  `uses`, `calls` and `conditions` are the
    clauses to be checked on the way, by struct and by primitive.
    """

    values: Sequence[int]
    others: int
    calls: Mapping[str, Sequence[tuple[str, Condition]]]
    uses: Mapping[str, Sequence[tuple[str, Condition]]]
    transient: bool = True
    seen: dict[int, int] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    own_loops: bool = False

    def value(self, cell: int) -> int:
        """The value of a variable, before the step."""
        found = self.values[cell]
        self.seen.setdefault(cell, found)
        return found

    def held_by_others(self, bits: int) -> bool:
        """Whether another thread holds a lock in one of these modes."""
        found = bool(self.others & bits)
        self.seen.setdefault(-bits, found)
        return found


@dataclass(slots=True)
class Ghost:
    """What claims ask about a call: nothing that it does depends on this.

    `held` and `effects` are for contracts: the locks at the call, and for each
    value returned what happens to which lock.  `done` are the functions called
    since, `case` the table's case plus 1, or 0.
    """

    held: int
    effects: tuple[tuple[int, tuple[tuple[EffectWord, int], ...]], ...]
    done: int = 0
    case: int = 0


@dataclass(slots=True)
class Frame:
    """A call that is under way; `serial` tells it from other calls in the same step."""

    body: Body
    pc: int
    env: list[Value]
    stack: list[Value]
    ghost: Ghost | None
    serial: int = 0

    def copy(self) -> Frame:
        ghost = self.ghost
        if ghost is not None:
            ghost = Ghost(ghost.held, ghost.effects, ghost.done, ghost.case)
        return Frame(self.body, self.pc, self.env[:], self.stack[:], ghost, self.serial)

    def pop(self, count: int) -> list[Value]:
        """The topmost values, taken off the stack, lowest first."""
        if not count:
            return []
        found = self.stack[-count:]
        del self.stack[-count:]
        return found


@dataclass(slots=True)
class Way:
    """One way through a step, as far as it has been gone.

    `made` are the calls and uses that claims look at, as hooks and structs, and `pending`
    those of the operation that it is in: who waits or dies in it has made none [V2].
    `interrupt`: the thread runs in interrupt context.
    `begun` are the locks of which a grace period has begun, as bits.
    `end` says how it ended: `access` before the next access, `through`, `dead`,
    `blocked` in its own affairs, `round` in a loop without an access.
    """

    look: Look
    held: int
    own: list[int]
    frames: list[Frame]
    writes: dict[int, int] = field(default_factory=dict)
    marks: list[Span] = field(default_factory=list)
    returns: list[tuple[int, str]] = field(default_factory=list)
    sampled: list[int] = field(default_factory=list)
    made: set[tuple[str, str]] = field(default_factory=set)
    pending: set[tuple[str, str]] = field(default_factory=set)
    heads: set[tuple[int, int]] = field(default_factory=set)
    rounds: set[object] = field(default_factory=set)
    serial: int = 0
    begun: int = 0
    interrupt: bool = False
    end: WayEnd = ""
    result: Value = 0
    done: int = 0

    def copy(self) -> Way:
        return Way(
            self.look,
            self.held,
            self.own[:],
            [frame.copy() for frame in self.frames],
            dict(self.writes),
            self.marks[:],
            self.returns[:],
            self.sampled[:],
            set(self.made),
            set(self.pending),
            set(self.heads),
            set(self.rounds),
            self.serial,
            self.begun,
            self.interrupt,
        )

    def read(self, cell: int) -> int:
        """The value of a variable, as this way has left it."""
        return self.writes[cell] if cell in self.writes else self.look.value(cell)

    # --------------------------------------------------------------- locks

    def take(self, lock: int, mode: int, in_the_way: int = 0) -> None:
        """[T10] `acquire` or `acquire_shared`.

        Raises:
            Fatal: the thread has it already, [B3].
            Blocked: others have it.
        """
        if self.held >> WIDTH * lock & ANY:
            raise FatalError("lock-use")
        in_the_way = in_the_way or (ANY if mode == EXCLUSIVE else EXCLUSIVE)
        if self.look.held_by_others(in_the_way << WIDTH * lock):
            raise BlockedError
        self.held |= mode << WIDTH * lock

    def leave(self, lock: int, mode: int, then: int = 0) -> None:
        """`release`, `release_shared` or `downgrade`, which leaves it in mode `then`.

        Raises:
            Fatal: the thread does not hold it in this mode, [B3].
        """
        if not self.held >> WIDTH * lock & mode:
            raise FatalError("lock-use")
        self.held += (then - mode) << WIDTH * lock

    def enter(self, lock: int) -> None:
        """[G1] A read section begins, perhaps within others.

        Raises:
            Fatal: there are too many, or the thread waits for readers itself [B3].
        """
        held = self.held >> WIDTH * lock
        if held & EXCLUSIVE or (held & SHARED and held // NESTED % 4 == DEEPEST - 1):
            raise FatalError("lock-use")
        self.held += (NESTED if held & SHARED else SHARED) << WIDTH * lock

    def exit(self, lock: int) -> None:
        """[G1] The innermost read section ends.

        Raises:
            Fatal: there is none, [B3].
        """
        held = self.held >> WIDTH * lock
        if not held & SHARED:
            raise FatalError("lock-use")
        if held // NESTED % 4:
            self.held -= NESTED << WIDTH * lock
        else:
            self.held &= ~((SHARED | OLD) << WIDTH * lock)

    def begin(self, lock: int) -> None:
        """[G2] A grace period begins: it waits for those that read now."""
        self.take(lock, EXCLUSIVE, EXCLUSIVE)
        self.begun |= 1 << lock

    def finish(self, lock: int) -> None:
        """[G3] A grace period ends.

        Raises:
            Fatal: there is none of this thread, [B3].
            Blocked: some of those that it waits for still read.
        """
        if not self.held >> WIDTH * lock & EXCLUSIVE:
            raise FatalError("lock-use")
        waits_for = SHARED if self.begun >> lock & 1 else OLD
        if self.look.held_by_others(waits_for << WIDTH * lock):
            raise BlockedError
        self.leave(lock, EXCLUSIVE)

    def asks(self, word: TestWord, lock: int) -> bool:
        """[S3] `is_locked` and its like."""
        mode = SHARED if "read" in word else EXCLUSIVE if "write" in word else ANY
        bits = mode << WIDTH * lock
        if self.held & bits:
            return True
        return word.startswith("is_") and self.look.held_by_others(bits)

    # -------------------------------------------------------------- claims

    def breaks(self, clauses: Sequence[tuple[str, Condition]], env: Env) -> None:
        """Check what is claimed here; what cannot be evaluated is broken."""
        for claim, condition in clauses:
            if claim not in self.look.broken and not self.holds(condition, env):
                self.look.broken.add(claim)

    def holds(self, condition: Condition, env: Env, wanted: bool = True) -> bool:
        """Whether a condition can be evaluated and has the value that is wanted."""
        try:
            return bool(condition(self, env)) == wanted
        except FatalError:
            return False

    def use(self, struct: str, number: int) -> None:
        """[B8] A pointer to an object is followed."""
        clauses = self.look.uses.get(struct)
        if clauses is not None:
            self.pending.add(("use", struct))
            self.breaks(clauses, (number,))

    def call(self, primitive: str, args: Env) -> None:
        """[B7] A primitive is called."""
        clauses = self.look.calls.get(primitive)
        if clauses is not None:
            self.pending.add(("call", primitive))
            self.breaks(clauses, args)

    def done_with(self) -> None:
        """[V2] An operation is through, or the thread has died of it."""
        if self.pending:
            if self.end != "dead":
                self.made |= self.pending
            self.pending.clear()

    def note(self, bit: int) -> None:
        """[C2] Something has been called: each call under way knows, if it is asked."""
        if bit:
            for frame in self.frames:
                if frame.ghost is not None:
                    frame.ghost.done |= bit & frame.body.asked
