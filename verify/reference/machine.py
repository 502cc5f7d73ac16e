"""The steps of one thread: what it can do from where it is, remembered by what it looks at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from verify.reference.code import Body
from verify.reference.functions import Code
from verify.reference.layout import Layout
from verify.reference.primitives import Primitives, die
from verify.reference.watch import Watch
from verify.reference.way import FatalError, Frame, Ghost, Look, Value, Way
from verify.source import Span
from verify.syntax.checked import Claim

_Frozen: TypeAlias = tuple[
    str, int, tuple[Value, ...], tuple[Value, ...], tuple[object, ...] | None
]


@dataclass(frozen=True, slots=True)
class Own:
    """All that is a thread's own.

    `phase` is `idle` before a turn, `under way`, `through` or `dead`.
    """

    thread: str
    phase: str
    held: int
    own: tuple[int, ...]
    frames: tuple[_Frozen, ...] = ()


@dataclass(frozen=True, slots=True)
class Move:
    """A way through a step: what it assigns, by cell, and the thread after it.

    `begun` are the locks of which a grace period begins, as bits.
    """

    writes: tuple[tuple[int, int], ...]
    then: int
    begun: int = 0


@dataclass(slots=True, kw_only=True)
class Steps:
    """All ways through the next step of a thread, in states that look alike to it.

    `broken` are the claims that it breaks, if only on the way to where it waits;
    `reached` and its like are what happens in some way.
    """

    moves: tuple[Move, ...]
    broken: frozenset[str]
    called: frozenset[str]
    used: frozenset[str]
    reached: frozenset[Span]
    returns: frozenset[tuple[int, str]]
    sampled: frozenset[int]
    own_loops: bool
    noted: bool = False


@dataclass(slots=True)
class Question:
    """A look at the state that decides what comes next.

    `key` is the number of a cell, or the negative of lock bits: does another
    thread hold one of these?  `answers` has another question, or the steps.
    """

    key: int
    answers: dict[int, Question | Steps] = field(default_factory=dict)


class Machine:
    """The threads of a program, with the clauses of some claims.

    Threads are known by numbers: `owns[n]` is what thread number n is like.
    """

    def __init__(
        self, layout: Layout, claims: Sequence[Claim], again: frozenset[str], transient: bool
    ) -> None:
        self.layout = layout
        self.again = again
        self.transient = transient
        self.watch = Watch(layout, claims)
        self.primitives = Primitives(layout, self.watch.asked)
        self.code = Code(self.primitives, self.watch)
        self.owns: list[Own] = []
        self.helds: list[int] = []
        self._numbers: dict[Own, int] = {}
        self._known: list[Question | Steps | None] = []

    def number(self, own: Own) -> int:
        """The number of a thread, a new one if it has not been seen before."""
        found = self._numbers.get(own)
        if found is None:
            found = self._numbers[own] = len(self.owns)
            self.owns.append(own)
            self.helds.append(own.held)
            self._known.append(None)
        return found

    def idle(self, thread: str, held: int = 0, own: tuple[int, ...] | None = None) -> int:
        """The number of a thread that has not begun."""
        if own is None:
            own = tuple(slot.initial for slot in self.layout.program.thread_locals)
        return self.number(Own(thread, "idle", held, own))

    def marked(self, thread: int, begun: int) -> int:
        """[G2] The thread where some grace periods begin: they wait for what it reads."""
        held = self.layout.marked(self.helds[thread], begun)
        if held == self.helds[thread]:
            return thread
        return self.number(replace(self.owns[thread], held=held))

    def steps(self, thread: int, values: Sequence[int], others: int) -> Steps:
        """What a thread can do next, given the variables and the locks that others hold."""
        here = self._known[thread]
        while isinstance(here, Question):
            key = here.key
            answer = values[key] if key >= 0 else others & -key != 0
            following = here.answers.get(answer)
            if following is None:
                break
            here = following
        if isinstance(here, Steps):
            return here
        look = self.look(values, others)
        found = self._all(self.owns[thread], look)
        self._remember(thread, look.seen, found)
        return found

    def look(self, values: Sequence[int], others: int) -> Look:
        return Look(values, others, self.watch.calls, self.watch.uses, self.transient)

    def _remember(self, thread: int, seen: Mapping[int, int], found: Steps) -> None:
        asked = list(seen.items())
        if not asked:
            self._known[thread] = found
            return
        here = self._known[thread]
        if here is None:
            here = self._known[thread] = Question(asked[0][0])
        for i, (key, answer) in enumerate(asked):
            assert isinstance(here, Question)
            assert here.key == key
            if i == len(asked) - 1:
                here.answers[answer] = found
            else:
                here = here.answers.setdefault(answer, Question(asked[i + 1][0]))

    # -------------------------------------------------------------- a step

    def _all(self, own: Own, look: Look) -> Steps:
        ways = list(self._ways(own, look))
        spans = frozenset(mark for way in ways for mark in way.marks)
        moves = dict.fromkeys(
            Move(tuple(sorted(way.writes.items())), self._after(own, way), way.begun)
            for way in ways
        )
        return Steps(
            moves=tuple(moves),
            broken=frozenset(look.broken),
            called=frozenset(name for way in ways for kind, name in way.made if kind == "call"),
            used=frozenset(name for way in ways for kind, name in way.made if kind == "use"),
            reached=spans,
            returns=frozenset(pair for way in ways for pair in way.returns),
            sampled=frozenset(cell for way in ways for cell in way.sampled),
            own_loops=look.own_loops,
        )

    def _ways(self, own: Own, look: Look) -> Iterator[Way]:
        """[T4, T5] All ways through one step: up to an access, the access, and on to the next."""
        for way in self.before(own, look):
            if way.end == "access":
                for after in access(way):
                    yield from settle(after)
            elif way.end != "blocked":
                yield way

    def before(self, own: Own, look: Look) -> list[Way]:
        """Where a thread may be before the access of its next step."""
        if own.phase in ("dead", "through"):
            return []
        return settle(self._thaw(own, look))

    def can_step(self, own: Own, look: Look) -> bool:
        """[W2] Whether a thread can take a step."""
        return any(True for _ in self._ways(own, look))

    def _after(self, own: Own, way: Way) -> int:
        """The number of the thread after a step."""
        if way.end == "dead":
            return self.number(Own(own.thread, "dead", way.held, ()))
        if way.end == "through":
            # [R2, S4] Locks and thread-locals stay, everything else is as at first.
            phase = "idle" if own.thread in self.again else "through"
            return self.number(Own(own.thread, phase, way.held, tuple(way.own)))
        frames = tuple(_freeze(frame) for frame in way.frames)
        return self.number(Own(own.thread, "under way", way.held, tuple(way.own), frames))

    def _thaw(self, own: Own, look: Look) -> Way:
        if own.phase == "idle":
            body = self.code.thread(own.thread)
            frames = [Frame(body, 0, list(body.first), [], None)]
        else:
            frames = [
                _melt(frozen, self._body(own.thread, i, frozen[0]), i)
                for i, frozen in enumerate(own.frames)
            ]
        interrupt = self.layout.program.threads[own.thread].interrupt
        return Way(look, own.held, list(own.own), frames, serial=len(frames), interrupt=interrupt)

    def _body(self, thread: str, depth: int, name: str) -> Body:
        return self.code.function(name) if depth else self.code.thread(thread)


def _freeze(frame: Frame) -> _Frozen:
    ghost = frame.ghost
    kept = None if ghost is None else (ghost.held, ghost.effects, ghost.done, ghost.case)
    return frame.body.name, frame.pc, tuple(frame.env), tuple(frame.stack), kept


def _melt(frozen: _Frozen, body: Body, serial: int) -> Frame:
    _, pc, env, stack, kept = frozen
    ghost = None if kept is None else Ghost(*kept)  # type: ignore[arg-type]
    return Frame(body, pc, list(env), list(stack), ghost, serial)


def access(way: Way) -> list[Way]:
    """Carry out the access that a way has come to."""
    frame = way.frames[-1]
    op = frame.body.code[frame.pc]
    way.end = ""
    kept = way.copy()
    try:
        ways = op.run(way, frame)
    except FatalError as fatal:
        ways = [die(kept, fatal)]
    for one in ways:
        one.done_with()
        if op.span is not None:
            one.marks.append(op.span)
        # What follows begins a new stretch of own affairs.
        one.heads.clear()
        one.rounds.clear()
    return ways


def settle(way: Way) -> list[Way]:
    """[T4] Go on with a thread's own affairs, on all ways, up to the next access."""
    found: list[Way] = []
    todo = [way]
    while todo:
        way = todo.pop()
        while not way.end:
            frame = way.frames[-1]
            op = frame.body.code[frame.pc]
            if op.access:
                way.end = "access"
                break
            if frame.pc in frame.body.heads and _goes_round(way, frame):
                way.end = "round"
                break
            kept = way.copy() if op.blocks else way
            try:
                ways = op.run(way, frame)
            except FatalError as fatal:
                ways = [die(way, fatal)]
                if op.span is not None:
                    way.marks.append(op.span)
            else:
                if op.marks and op.span is not None:
                    for one in ways:
                        one.marks.append(op.span)
            for one in ways:
                one.done_with()
            if not ways:
                kept.end = "blocked"
                way = kept
            elif len(ways) == 1:
                way = ways[0]
            else:
                todo += ways[1:]
                way = ways[0]
        found.append(way)
    return found


def _goes_round(way: Way, frame: Frame) -> bool:
    """Whether a thread is where it was before, without an access in between."""
    head = frame.serial, frame.pc
    if head not in way.heads:
        way.heads.add(head)
        return False
    way.look.own_loops = True
    here = way.held, tuple(way.own), tuple(_freeze(one) for one in way.frames)
    if here in way.rounds:
        return True
    way.rounds.add(here)
    return False
