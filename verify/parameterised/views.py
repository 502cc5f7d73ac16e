"""Any number of threads, seen two at a time.

A configuration with any number of threads alike is known by its views: the
shared state, the threads that are there once, and any two of the replicated threads.  The
set of views computed here is closed: whatever a configuration made of such
views does next, its views are in the set again.  So what is in no view never
happens, with any number of threads, each called again and again.

The exclusive locks get a bit each that says whether somebody in the replicated threads
holds it: a thread that is out of view can be seen to hold it.  What threads
out of view hold shared is not known; it is taken as a guard would like it, so
that more may happen here than really can, never less.

Everything is a number.  Under each shared part the pairs are a table with a
row for each thread of the replicated threads: the set of those seen beside it, one bit
each.  A step carries whole rows over, not one pair after the other, and all the
rows of a shared part at once.

Source: Abdulla, Haziza, Holik, "All for the Price of Few (Parameterized
Verification through View Abstraction)", VMCAI 2013.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import TypeAlias

from verify.parameterised.encoding import Space, Transition
from verify.parameterised.layout import Bits
from verify.reasons.limits import Count, CountLimit, UnprovedError

# A set of threads of the replicated threads, one bit for each position in `Closure.processes`.
Some: TypeAlias = int


@dataclass(frozen=True, slots=True)
class Moves:
    """What a thread may do under a shared part: `here` what leaves that as it is, `away` what
    changes it.  Each says where it leads, and what it asks of who is beside."""

    here: tuple[tuple[int, Bits], ...]
    away: tuple[tuple[int, int, Bits], ...]


# What closing the set costs where the views are few and the shared parts many, or where the
# same is looked at again and again: rows that are looked at, a step and the place of a thread
# that is there once each counting as some.  The kernel's programs come to 6.1 million.
MAX_LOOKS = 12_000_000
LOOKS_OF_A_SINGLE = 4
LOOKS_OF_A_STEP = 6


class TooManyViewsError(UnprovedError):
    """A limit on views was met."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Views:
    """The closed set of views of a system.

    `rows[g][p]` are the threads seen beside `processes[p]` under `globals[g]`,
    each a position.  `broken` are the claims that a command may break in a view, `count` is
    how many views there are.
    """

    globals: Sequence[Bits]
    processes: Sequence[Bits]
    rows: Sequence[Mapping[int, Some]]
    count: int
    broken: frozenset[str]


def close(space: Space, limit: int = 8_000_000) -> Views:
    """The closed set of views.

    Raises:
        TooManyViews: there are more than `limit`, or it takes more than MAX_LOOKS.
    """
    made = Closure(space, limit)
    made.close()
    return Views(
        globals=made.globals,
        processes=made.processes,
        rows=made.rows,
        count=made.count,
        broken=frozenset(made.broken),
    )


@dataclass
class Closure:
    """A set of views while it is closed, and what is known of each part on the way."""

    space: Space
    limit: int
    globals: list[Bits] = field(default_factory=list)
    processes: list[Bits] = field(default_factory=list)
    rows: list[dict[int, Some]] = field(default_factory=list)
    count: int = 0
    broken: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._global_of: dict[Bits, int] = {}
        self._process_of: dict[Bits, int] = {}
        self._fresh: list[dict[int, Some]] = []
        # The shared parts with something fresh, as a heap, and whether they are in it.
        self._queue: list[int] = []
        self._queued: list[bool] = []
        # Who may be beside a step, by what the step asks of them.
        self._fitting: dict[Bits, Some] = {step.beside: 0 for step in self.space.steps}
        self._own: list[list[tuple[Transition, Bits]]] = []
        self._moves: list[dict[int, Moves]] = []
        self._singles: list[list[tuple[int, Bits]] | None] = []
        self._twice = 0
        self._looks = 0

    def close(self) -> None:
        """Compute the set.

        What was found first is followed first: so most of what leads into a shared
        part is known by the time that it is followed itself.

        Raises:
            TooManyViews: there are more than `limit`, or it takes more than MAX_LOOKS.
        """
        start = self._global(self.space.layouts.start)
        # Without replicated threads a view is the whole state, with nobody beside it.
        firsts = [self._process(bits) for bits in self.space.layouts.starts or (0,)]
        for one in firsts:
            for other in firsts:
                self._add(start, one, 1 << other)
        while self._queue:
            g = heappop(self._queue)
            self._follow(g, self._settle(g))
            self.count = self._twice // 2
            if self.count > self.limit:
                raise TooManyViewsError(CountLimit(Count.VIEWS, self.limit))
            if self._looks > MAX_LOOKS:
                raise TooManyViewsError(CountLimit(Count.LOOKS, MAX_LOOKS))
        self._look_for_broken()

    # ------------------------------------------------------------- the closure

    def _settle(self, g: int) -> Some:
        """Add what steps that change nothing shared lead to; whose rows are not as they
        were when this was last asked."""
        fresh = self._fresh[g]
        changed = 0
        while fresh:
            p, beside = fresh.popitem()
            changed |= 1 << p
            for moved, asked in self._moves_of(g, p).here:
                self._add(g, moved, beside & self._fitting[asked])
        self._queued[g] = False
        return changed

    def _follow(self, g: int, changed: Some) -> None:
        """What comes of a shared part by steps that change it, if these rows have changed."""
        rows = self.rows[g]
        # By what the step does to the shared part and asks: who takes it.
        movers: dict[tuple[int, Bits], Some] = {}
        for p, row in rows.items():
            moves = self._moves_of(g, p)
            for after, moved, asked in moves.away:
                movers[after, asked] = movers.get((after, asked), 0) | 1 << p
                if changed >> p & 1:
                    self._add(after, moved, row & self._fitting[asked])
        everyone = len(rows) == changed.bit_count()
        for (after, asked), some in movers.items():
            self._left_behind(g, after, changed, self._fitting[asked], some, everyone)
        for after, asked in self._singles_of(g):
            self._left_behind(g, after, changed, self._fitting[asked], -1, everyone)

    def _left_behind(
        self, g: int, after: int, changed: Some, fitting: Some, movers: Some, everyone: bool
    ) -> None:
        """Two who are seen beside each other, and both beside one of those who move, are so
        afterwards; -1 if a single moves, who is beside everybody."""
        rows = self.rows[g]
        into, fresh = self.rows[after], self._fresh[after]
        # Who is seen beside one of some of those who move: most are beside the same.
        seen_by: dict[Some, Some] = {}
        twice = 0
        self._looks += LOOKS_OF_A_STEP + (changed & fitting).bit_count()
        for p in members(changed & fitting):
            row = rows[p]
            near = row & fitting
            if movers >= 0:
                beside = row & movers
                seen = seen_by.get(beside)
                if seen is None:
                    seen = 0
                    for r in members(beside):
                        seen |= rows[r]
                    seen_by[beside] = seen
                near &= seen
            if not near:
                continue
            if not everyone:
                self._add(after, p, near)
                continue
            # As each row is looked at, the other half of each pair comes up by itself.
            old = into.get(p, 0)
            new = near & ~old
            if new:
                into[p] = old | new
                fresh[p] = fresh.get(p, 0) | new
                twice += new.bit_count() + (new >> p & 1)
        if twice:
            self._twice += twice
            self._wake(after)

    def _add(self, g: int, p: int, beside: Some) -> None:
        rows = self.rows[g]
        old = rows.get(p, 0)
        new = beside & ~old
        if not new:
            return
        fresh = self._fresh[g]
        rows[p] = old | new
        fresh[p] = fresh.get(p, 0) | new
        mark = 1 << p
        for q in members(new & ~mark):
            rows[q] = rows.get(q, 0) | mark
            fresh[q] = fresh.get(q, 0) | mark
        self._twice += 2 * new.bit_count()
        self._wake(g)

    def _wake(self, g: int) -> None:
        if not self._queued[g]:
            self._queued[g] = True
            heappush(self._queue, g)

    # ------------------------------------------------------- which steps there are

    def _moves_of(self, g: int, p: int) -> Moves:
        known = self._moves[g].get(p)
        if known is None:
            shared = self.globals[g]
            here: dict[tuple[int, Bits], None] = {}
            away: dict[tuple[int, int, Bits], None] = {}
            for step, moved in self._own[p]:
                if shared & ~step.guard:
                    continue
                after = self._global(shared & ~step.clear | step.store)
                if after == g:
                    here[self._process(moved), step.beside] = None
                else:
                    away[after, self._process(moved), step.beside] = None
            known = self._moves[g][p] = Moves(tuple(here), tuple(away))
        return known

    def _singles_of(self, g: int) -> list[tuple[int, Bits]]:
        known = self._singles[g]
        if known is None:
            shared = self.globals[g]
            self._looks += LOOKS_OF_A_SINGLE * len(self.space.system.fixed)
            known = [
                (self._global(shared & ~s.clear | s.store), s.beside)
                for s in self.space.single_steps(shared)
                if not shared & ~s.guard
            ]
            known = list(dict.fromkeys(known))
            self._singles[g] = known
        return known

    def _global(self, bits: Bits) -> int:
        place = self._global_of.get(bits)
        if place is None:
            place = self._global_of[bits] = len(self.globals)
            self.globals.append(bits)
            self.rows.append({})
            self._fresh.append({})
            self._queued.append(False)
            self._moves.append({})
            self._singles.append(None)
        return place

    def _process(self, bits: Bits) -> int:
        place = self._process_of.get(bits)
        if place is None:
            place = self._process_of[bits] = len(self.processes)
            self.processes.append(bits)
            self._own.append(
                [
                    (s, bits & ~s.own_clear | s.own_store)
                    for s in self.space.replicated_steps(bits)
                    if not bits & ~s.own_guard
                ]
            )
            for asked in self._fitting:
                if not bits & ~asked:
                    self._fitting[asked] |= 1 << place
        return place

    # -------------------------------------------------------------- broken claims

    def _look_for_broken(self) -> None:
        under: list[list[int]] = [[] for _ in self.processes]
        for g, rows in enumerate(self.rows):
            for p in rows:
                under[p].append(g)
        for step in self.space.steps:
            if not step.violates or step.violates in self.broken:
                continue
            if self._may_be_taken(step, under):
                self.broken.add(step.violates)

    def _may_be_taken(self, step: Transition, under: Sequence[Sequence[int]]) -> bool:
        """Whether some view has everybody that a step needs, and nobody else beside it;
        `under` are the shared parts under which each thread is seen."""
        beside = self._fitting[step.beside]
        parts = [(step.own_guard, everybody(self.processes))] if step.actor == -1 else []
        parts += [(witness, beside) for witness in step.witnesses]
        needed = [
            sum(1 << i for i in members(among) if not self.processes[i] & ~wanted)
            for wanted, among in parts
        ]
        places: Iterable[int] = range(len(self.globals))
        if needed:
            places = {g for p in members(needed[0]) for g in under[p]}
        needed += [beside] * (2 - len(needed))
        return any(
            _together(self.rows[g], needed)
            for g in [g for g in places if not self.globals[g] & ~step.guard]
        )


def _together(rows: dict[int, Some], needed: list[Some]) -> bool:
    """Whether there are two or three threads, one of each set, all beside each other."""
    for p in members(needed[0]):
        row = rows.get(p, 0)
        for q in members(row & needed[1]):
            if len(needed) == 2 or rows[q] & row & needed[2]:
                return True
    return False


def everybody(processes: Sequence[Bits]) -> Some:
    return (1 << len(processes)) - 1


def members(some: Some) -> Iterator[int]:
    """The positions in a set."""
    while some:
        low = some & -some
        yield low.bit_length() - 1
        some ^= low
