"""All threads together: what a state is, and which come after it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from verify.reference.machine import Machine, Steps

# The number of the values of all variables, then the number of each thread.
State: TypeAlias = tuple[int, ...]


class World:
    """The threads of a scenario.

    Threads of one name stand side by side, and in order of their numbers, since
    they are interchangeable.  `values[n]` are the values of the variables that a
    state begins with n for.
    """

    def __init__(self, machine: Machine, members: Sequence[tuple[str, int]]) -> None:
        self.machine = machine
        self.values: list[tuple[int, ...]] = []
        self._numbers: dict[tuple[int, ...], int] = {}
        self._written: dict[tuple[int, tuple[tuple[int, int], ...]], int] = {}
        self.groups: list[tuple[int, int]] = []
        threads: list[int] = []
        for name, count in members:
            self.groups += [(1 + len(threads), 1 + len(threads) + count)] * count
            threads += [machine.idle(name)] * count
        self.first: State = (self.number(machine.layout.initial), *threads)
        self._resting: dict[int, bool] = {}

    def number(self, values: tuple[int, ...]) -> int:
        """The number of some values, a new one if they have not been seen before."""
        found = self._numbers.get(values)
        if found is None:
            found = self._numbers[values] = len(self.values)
            self.values.append(values)
        return found

    def written(self, shared: int, writes: tuple[tuple[int, int], ...]) -> int:
        """The number of the values after some are written."""
        if not writes:
            return shared
        found = self._written.get((shared, writes))
        if found is None:
            values = list(self.values[shared])
            for cell, value in writes:
                values[cell] = value
            found = self._written[shared, writes] = self.number(tuple(values))
        return found

    def locks(self, state: State) -> int:
        """Which locks are held by anybody, and in which modes."""
        helds = self.machine.helds
        found = 0
        for thread in state[1:]:
            found |= helds[thread]
        return found

    def others(self, state: State, place: int) -> int:
        """Which locks are held by other threads than the one at a place of the state."""
        helds = self.machine.helds
        found = 0
        for thread in state[1:place]:
            found |= helds[thread]
        for thread in state[place + 1 :]:
            found |= helds[thread]
        return found

    def steps(self, state: State) -> list[Steps | None]:
        """What each thread can do; None for one that is like the one before it."""
        machine, values = self.machine, self.values[state[0]]
        helds, steps = machine.helds, machine.steps
        locks = self.locks(state)
        found: list[Steps | None] = []
        for place in range(1, len(state)):
            thread = state[place]
            if place > self.groups[place - 1][0] and thread == state[place - 1]:
                found.append(None)
            else:
                others = self.others(state, place) if helds[thread] else locks
                found.append(steps(thread, values, others))
        return found

    def after(self, state: State, steps: Sequence[Steps | None]) -> Iterator[State]:
        """The states one step on; perhaps the same one twice."""
        shared = state[0]
        for place, one in enumerate(steps, 1):
            if one is None:
                continue
            begin, end = self.groups[place - 1]
            for move in one.moves:
                if move.begun:
                    # Marked before they are sorted.
                    marked = [self.machine.marked(thread, move.begun) for thread in state[1:]]
                    marked[place - 1] = move.then
                    yield self._sorted(self.written(shared, move.writes), marked)
                    continue
                now = self.written(shared, move.writes) if move.writes else shared
                if end - begin == 1:
                    yield (now, *state[1:place], move.then, *state[place + 1 :])
                else:
                    alike = [*state[begin:place], move.then, *state[place + 1 : end]]
                    alike.sort()
                    yield (now, *state[1:begin], *alike, *state[end:])

    def _sorted(self, shared: int, threads: list[int]) -> State:
        for begin, end in set(self.groups):
            threads[begin - 1 : end - 1] = sorted(threads[begin - 1 : end - 1])
        return (shared, *threads)

    # ---------------------------------------------------------------- rest

    def rests(self, thread: int) -> bool:
        """[W1]"""
        return self.machine.owns[thread].phase in ("idle", "through")

    def all_rest(self, state: State) -> bool:
        """[P1]"""
        resting = self._resting
        for thread in state[1:]:
            known = resting.get(thread)
            if known is None:
                known = resting[thread] = self.rests(thread)
            if not known:
                return False
        return True
