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

Source: Abdulla, Haziza, Holik, "All for the Price of Few (Parameterized
Verification through View Abstraction)", VMCAI 2013.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from verify.crowd.world import MAX_WITNESSES, SHAREABLE, World, witnesses
from verify.interpret import Code, Machine, Values
from verify.ir import (
    EXCLUSIVE,
    SHARED,
)

# Shared values, the threads that are there once, and a bit for each lock: held by the crowd.
Global: TypeAlias = tuple[Values, tuple[Values, ...], Values]
# A thread of the crowd: which code it runs, and its values.
Process: TypeAlias = tuple[int, Values]
View: TypeAlias = tuple[Global, Process, Process]


class TooManyViews(Exception):
    """The limit on views was met."""


@dataclass
class Views:
    """The closed set of views of a world, and what was seen on the way.

    `pairs[g][p]` are the processes seen beside p under g.  `broken` has, for
    each claim, a view in which a command that breaks it may be taken.
    """

    world: World
    limit: int = 400_000
    pairs: dict[Global, dict[Process, set[Process]]] = field(default_factory=dict)
    count: int = 0
    broken: dict[str, Global] = field(default_factory=dict)

    def __post_init__(self) -> None:
        program = self.world.program
        self.locks = len(program.locks)
        self.machine = Machine(program, ())
        self.single_codes = [self.machine.code(t) for t in self.world.singles]
        self.crowd_codes = [self.machine.code(t) for t in self.world.crowd]
        self.observer_codes = [self.machine.code(t) for t in self.world.observers]
        self._queue: list[View] = []
        self._witnessed: dict[tuple[int, int], bool] = {}
        self._unsure = tuple(
            SHARED if self.world.crowd and lock.kind in SHAREABLE else 0 for lock in program.locks
        )

    def close(self) -> None:
        """Compute the set.

        Raises:
            TooManyViews: there are more than `limit`.
        """
        start: Global = (
            tuple(v.initial for v in self.world.program.shared),
            tuple(code.start for code in self.single_codes),
            (0,) * self.locks,
        )
        firsts: list[Process] = [(i, code.start) for i, code in enumerate(self.crowd_codes)]
        nobody: Process = (-1, (0,) * (1 + self.locks))
        if not firsts:
            # Without a crowd a view is the whole state, with nobody beside it.
            self._add(start, nobody, nobody)
        for one in firsts:
            for other in firsts:
                self._add(start, one, other)
        while self._queue:
            self._follow(*self._queue.pop())

    def _add(self, g: Global, p: Process, q: Process) -> None:
        beside = self.pairs.setdefault(g, {})
        near = beside.setdefault(p, set())
        if q in near:
            return
        near.add(q)
        beside.setdefault(q, set()).add(p)
        self.count += 1
        if self.count > self.limit:
            raise TooManyViews(f"more than {self.limit} views")
        self._queue.append((g, p, q))

    def _follow(self, g: Global, p: Process, q: Process) -> None:
        self._steps(g, (p, q))
        beside = self.pairs[g]
        for r in list(beside[p] & beside[q]):
            self._steps(g, (p, q, r))

    def _steps(self, g: Global, seen: tuple[Process, ...]) -> None:
        """Every step from a configuration of the threads in `seen`, and what it leaves in view."""
        for after in self._singles(g, seen):
            self._show(after, seen)
        for i, mover in enumerate(seen):
            if mover in seen[:i]:
                continue
            beside = (*seen[:i], *seen[i + 1 :])
            for after, moved in self._crowd(g, mover, beside):
                self._show(after, (moved, *beside))

    def _show(self, g: Global, seen: tuple[Process, ...]) -> None:
        for i, one in enumerate(seen):
            for other in seen[:i]:
                self._add(g, one, other)

    def _singles(self, g: Global, seen: tuple[Process, ...]) -> Iterator[Global]:
        shared, singles, held = g
        for i, code in enumerate(self.single_codes):
            sure, maybe = self._others(g, seen, single=i)
            for number, may, effect in code.may.get(singles[i][0], ()):
                claim = code.thread.commands[number].violates
                wide = sure if claim and self._in_view(code, number) else maybe
                if may(shared, singles[i], sure, wide):
                    if claim:
                        self.broken.setdefault(claim, g)
                        continue
                    new_shared, mine = effect(shared, singles[i], sure)
                    yield new_shared, (*singles[:i], mine, *singles[i + 1 :]), held
        for code in self.observer_codes:
            sure, maybe = self._others(g, seen)
            for number, may, _ in code.may.get(code.thread.entry, ()):
                wide = sure if self._in_view(code, number) else maybe
                if may(shared, code.start, sure, wide):
                    self.broken.setdefault(code.thread.commands[number].violates, g)

    def _crowd(
        self, g: Global, mover: Process, seen: tuple[Process, ...]
    ) -> Iterator[tuple[Global, Process]]:
        kind, mine = mover
        if kind < 0:
            return
        shared, singles, held = g
        code = self.crowd_codes[kind]
        sure, maybe = self._others(g, seen, mine=mine)
        for number, may, effect in code.may.get(mine[0], ()):
            claim = code.thread.commands[number].violates
            wide = sure if claim and self._in_view(code, number) else maybe
            if not may(shared, mine, sure, wide):
                continue
            if claim:
                self.broken.setdefault(claim, g)
                continue
            new_shared, after = effect(shared, mine, sure)
            new_held = held
            if self.locks and after[-self.locks :] != mine[-self.locks :]:
                new_held = tuple(
                    1 if new == EXCLUSIVE else 0 if old == EXCLUSIVE else bit
                    for bit, old, new in zip(
                        held, mine[-self.locks :], after[-self.locks :], strict=True
                    )
                )
            yield (new_shared, singles, new_held), (kind, after)

    def _in_view(self, code: Code, number: int) -> bool:
        """Whether a claim is broken because of two other readers at most: whoever they
        are, they are in view together with the one who breaks it."""
        key = (id(code), number)
        if key not in self._witnessed:
            guard = code.thread.commands[number].guard
            shareable = {k.name for k in self.world.program.locks if k.kind in SHAREABLE}
            self._witnessed[key] = witnesses(guard, shareable) <= MAX_WITNESSES
        return self._witnessed[key]

    def _others(
        self,
        g: Global,
        seen: tuple[Process, ...],
        single: int = -1,
        mine: Values | None = None,
    ) -> tuple[Values, Values]:
        """The modes in which others are sure to hold each lock (singles, who is in view,
        the unseen holder of an exclusive lock), and those in which they may hold it."""
        if not self.locks:
            return (), ()
        _, singles, held = g
        own = mine[-self.locks :] if mine is not None else (0,) * self.locks
        rows = [values[-self.locks :] for i, values in enumerate(singles) if i != single]
        rows += [values[-self.locks :] for _, values in seen]
        masks = [
            EXCLUSIVE if bit and mode != EXCLUSIVE else 0
            for bit, mode in zip(held, own, strict=True)
        ]
        for row in rows:
            masks = [mask | mode for mask, mode in zip(masks, row, strict=True)]
        return tuple(masks), tuple(
            mask | unsure for mask, unsure in zip(masks, self._unsure, strict=True)
        )
