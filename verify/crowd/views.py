"""Any number of threads, seen two at a time.

A configuration with any number of threads alike is known by its views: the
shared state, the threads that are there once, and any two of the crowd.  The
set of views computed here is closed: whatever a configuration made of such
views does next, its views are in the set again.  So what is in no view never
happens, with any number of threads, each called again and again.

The exclusive locks get a bit each that says whether somebody in the crowd
holds it: a thread that is out of view can be seen to hold it.  What threads
out of view hold shared is not known; it is taken as a guard would like it, so
that more may happen here than really can, never less.

Everything is a number.  Under each shared part the pairs are a table with a
row for each thread of the crowd: the set of those seen beside it, one bit
each.  A step carries whole rows over, not one pair after the other.

Source: Abdulla, Haziza, Holik, "All for the Price of Few (Parameterized
Verification through View Abstraction)", VMCAI 2013.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from verify.crowd.space import Bits, Space, Step

# A set of threads of the crowd, one bit for each position in `Views.processes`.
Some: TypeAlias = int
# What a step makes of a shared part: its position after the step, that of the thread that
# took it, and what has to be true of who is beside it.
Move: TypeAlias = tuple[int, int, Bits]


class TooManyViews(Exception):
    """The limit on views was met."""


@dataclass
class Views:
    """The closed set of views of a world, and what was seen on the way.

    `rows[g][p]` are the threads seen beside `processes[p]` under `globals[g]`,
    each a position.  `broken` are the claims that a command may break in a view.
    """

    space: Space
    limit: int = 3_000_000
    globals: list[Bits] = field(default_factory=list)
    processes: list[Bits] = field(default_factory=list)
    rows: list[dict[int, Some]] = field(default_factory=list)
    count: int = 0
    broken: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._global_of: dict[Bits, int] = {}
        self._process_of: dict[Bits, int] = {}
        self._fresh: list[dict[int, Some]] = []
        self._queue: list[int] = []
        # Who may be beside a step, by what the step asks of them.
        self._fitting: dict[Bits, Some] = {step.beside: 0 for step in self.space.steps}
        self._own: list[list[tuple[Step, Bits]]] = []
        self._moves: list[dict[int, list[Move]]] = []
        self._changes: list[dict[int, list[tuple[int, Bits]]]] = []
        self._singles: list[list[tuple[int, Bits]] | None] = []

    def close(self) -> None:
        """Compute the set.

        Raises:
            TooManyViews: there are more than `limit`.
        """
        start = self._global(self.space.start)
        # Without a crowd a view is the whole state, with nobody beside it.
        firsts = [self._process(bits) for bits in self.space.starts or (0,)]
        for one in firsts:
            for other in firsts:
                self._add(start, one, 1 << other)
        while self._queue:
            g = self._queue.pop()
            fresh, self._fresh[g] = self._fresh[g], {}
            for p, beside in fresh.items():
                self._follow(g, p, beside)
        self._look_for_broken()

    # ------------------------------------------------------------- the closure

    def _follow(self, g: int, p: int, fresh: Some) -> None:
        """What comes of p being seen beside each of `fresh` for the first time."""
        row = self.rows[g][p]
        for after, moved, asked in self._moves_of(g, p):
            fitting = self._fitting[asked]
            beside = fresh & fitting
            if not beside:
                continue
            self._add(after, moved, beside)
            if after != g:
                self._left_behind(g, after, beside, row & fitting)
        for after, asked in self._singles_of(g):
            fitting = self._fitting[asked]
            if fitting >> p & 1:
                self._add(after, p, fresh & fitting)
        self._step_of_a_third(g, p, fresh)

    def _left_behind(self, g: int, after: int, beside: Some, fitting: Some) -> None:
        """Those beside the one who moves are beside each other still."""
        rows = self.rows[g]
        for q in members(beside):
            self._add(after, q, rows[q] & fitting)

    def _step_of_a_third(self, g: int, p: int, fresh: Some) -> None:
        """Whoever is seen beside both moves, and they are beside each other still."""
        rows = self.rows[g]
        seen: dict[tuple[int, Bits], Some] = {}
        for r in members(rows[p]):
            for change in self._changes_of(g, r):
                seen[change] = seen.get(change, 0) | rows[r]
        for (after, asked), near in seen.items():
            fitting = self._fitting[asked]
            if fitting >> p & 1:
                self._add(after, p, fresh & fitting & near)

    def _add(self, g: int, p: int, beside: Some) -> None:
        rows = self.rows[g]
        new = beside & ~rows.get(p, 0)
        if not new:
            return
        fresh = self._fresh[g]
        if not fresh:
            self._queue.append(g)
        rows[p] = rows.get(p, 0) | new
        fresh[p] = fresh.get(p, 0) | new
        mark = 1 << p
        for q in members(new):
            if q != p:
                rows[q] = rows.get(q, 0) | mark
                fresh[q] = fresh.get(q, 0) | mark
        self.count += new.bit_count()
        if self.count > self.limit:
            raise TooManyViews(f"more than {self.limit} views")

    # ------------------------------------------------------- which steps there are

    def _moves_of(self, g: int, p: int) -> list[Move]:
        known = self._moves[g].get(p)
        if known is None:
            shared = self.globals[g]
            known = [
                (self._global(shared & ~s.clear | s.store), self._process(moved), s.beside)
                for s, moved in self._own[p]
                if not shared & ~s.guard
            ]
            self._moves[g][p] = known
            self._changes[g][p] = list({(a, asked): None for a, _, asked in known if a != g})
        return known

    def _changes_of(self, g: int, p: int) -> list[tuple[int, Bits]]:
        if p not in self._changes[g]:
            self._moves_of(g, p)
        return self._changes[g][p]

    def _singles_of(self, g: int) -> list[tuple[int, Bits]]:
        known = self._singles[g]
        if known is None:
            shared = self.globals[g]
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
            self._moves.append({})
            self._changes.append({})
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
                    for s in self.space.crowd_steps(bits)
                    if not bits & ~s.own_guard
                ]
            )
            for asked in self._fitting:
                if not bits & ~asked:
                    self._fitting[asked] |= 1 << place
        return place

    # -------------------------------------------------------------- broken claims

    def _look_for_broken(self) -> None:
        for step in self.space.steps:
            if step.violates and step.violates not in self.broken and self._may_be_taken(step):
                self.broken.add(step.violates)

    def _may_be_taken(self, step: Step) -> bool:
        """Whether some view has everybody that a step needs, and nobody else beside it."""
        beside = self._fitting[step.beside]
        parts = [(step.own_guard, everybody(self.processes))] if step.actor == -1 else []
        parts += [(witness, beside) for witness in step.witnesses]
        needed = [
            sum(1 << i for i in members(among) if not self.processes[i] & ~wanted)
            for wanted, among in parts
        ]
        needed += [beside] * (2 - len(needed))
        return any(
            _together(rows, needed)
            for g, rows in enumerate(self.rows)
            if not self.globals[g] & ~step.guard
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
