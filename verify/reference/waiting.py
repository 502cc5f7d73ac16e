"""Who waits, and who waits for ever."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from verify.reference.machine import Machine, Own, Steps
from verify.reference.way import Look
from verify.reference.world import State, World


class Waiting:
    """[W1-W8] Finds states in which a thread waits for ever.

    `repeated` are the threads that may begin again when they are through.
    `limit` bounds the states that one search may visit; `complete` is false if one met it.
    """

    def __init__(self, world: World, repeated: frozenset[str], limit: int) -> None:
        self.world = world
        self.repeated = repeated
        self.limit = limit
        self.complete = True
        self._by_locks: dict[tuple[int, int], bool] = {}
        self._going: set[tuple[State, int]] = set()

    def is_stuck(self, state: State, steps: Sequence[Steps | None]) -> bool:
        """[W5, W7] Whether a state is quiet, and somebody waits in it for ever."""
        waiting = self._waiting(state, steps)
        return any(self._for_ever(state, place) for place in waiting)

    def _waiting(self, state: State, steps: Sequence[Steps | None]) -> list[int]:
        """Who waits, if the state is quiet, by place in the state."""
        owns = self.world.machine.owns
        idle = []
        found = []
        for place, one in enumerate(steps, 1):
            phase = owns[state[place]].phase
            if phase == "dead":
                return []
            if one is not None and not one.moves:
                if phase == "under way":
                    found.append(place)
                elif phase == "idle":
                    idle.append(place)
            elif one is not None and phase == "under way":
                return []
        return found + [place for place in idle if self._waits_by_locks(state, place)]

    def _waits_by_locks(self, state: State, place: int) -> bool:
        """[W4] Whether it is locks alone that keep a thread from its first step."""
        world, thread = self.world, state[place]
        machine, own = world.machine, world.machine.owns[thread]
        if not machine.can_step(own, machine.look(world.values[state[0]], 0)):
            return False
        others = world.others(state, place)
        known = self._by_locks.get((thread, others))
        if known is None:
            known = self._by_locks[thread, others] = not can_ever(machine, own, others)
        return known

    def _for_ever(self, state: State, place: int) -> bool:
        """[W6] Whether a thread can take no step whatever the others do; it is held still."""
        first = self._restarted(state, place)
        seen = {first}
        todo = [first]
        for here in todo:
            steps = self._others_steps(here, place)
            if steps is None or (here, place) in self._going:
                self._going.add((first, place))
                return False
            for after in self._after(here, place, steps):
                if after not in seen:
                    if len(seen) >= self.limit:
                        self.complete = False
                        return False
                    seen.add(after)
                    todo.append(after)
        return True

    def _others_steps(self, state: State, place: int) -> list[Steps | None] | None:
        """What the others can do; None if the thread at the place can step."""
        world = self.world
        values = world.values[state[0]]
        found: list[Steps | None] = []
        for i in range(1, len(state)):
            one = world.machine.steps(state[i], values, world.others(state, i))
            if i == place:
                if one.moves:
                    return None
                found.append(None)
            else:
                found.append(one)
        return found

    def _after(self, state: State, place: int, steps: Sequence[Steps | None]) -> Iterator[State]:
        """The states one step of another thread on, not sorted: who waits stays where it is."""
        for i, one in enumerate(steps, 1):
            if one is None:
                continue
            for move in one.moves:
                now = self.world.written(state[0], move.writes)
                after = (now, *state[1:i], move.then, *state[i + 1 :])
                if move.begun:
                    mark = self.world.machine.marked
                    after = (now, *(mark(thread, move.begun) for thread in state[1:]))
                    after = (*after[:i], move.then, *after[i + 1 :])
                yield self._restarted(after, place)

    def _restarted(self, state: State, place: int) -> State:
        """The same state with who is through, and may begin again, before its next turn."""
        owns = self.world.machine.owns
        threads = list(state)
        for i in range(1, len(state)):
            own = owns[state[i]]
            if i != place and own.phase == "through" and own.thread in self.repeated:
                threads[i] = self.world.machine.number(Own(own.thread, "idle", own.held, own.own))
        return tuple(threads)


def can_ever(machine: Machine, own: Own, others: int) -> bool:
    """Whether a thread could take a step with some values of the variables.

    Values are chosen where they are looked at, and all choices tried.
    """
    domains = machine.layout.domains
    chosen: list[tuple[int, int]] = []
    while True:
        values = _Chosen(domains, chosen)
        look = Look(values, others, {}, {}, machine.transient)
        if machine.can_step(own, look):
            return True
        chosen = [(cell, i) for cell, i in values.chosen]
        while chosen and chosen[-1][1] + 1 == len(domains[chosen[-1][0]]):
            chosen.pop()
        if not chosen:
            return False
        cell, i = chosen[-1]
        chosen[-1] = cell, i + 1


class _Chosen(Sequence[int]):
    """Values that are not known yet: the first choices are given, the others are the first."""

    def __init__(self, domains: Sequence[range], chosen: Sequence[tuple[int, int]]) -> None:
        self.domains = domains
        self.chosen = list(chosen)
        self._known = dict(chosen)

    def __len__(self) -> int:
        return len(self.domains)

    def __getitem__(self, cell: int) -> int:  # type: ignore[override]
        if cell not in self._known:
            self._known[cell] = 0
            self.chosen.append((cell, 0))
        return self.domains[cell][self._known[cell]]
