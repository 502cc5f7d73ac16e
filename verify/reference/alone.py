"""A thread that runs alone, from where all others rest."""

from __future__ import annotations

from verify.reference.machine import Machine
from verify.reference.values import Values
from verify.reference.waiting import can_ever
from verify.reference.way import Way
from verify.reference.world import World
from verify.syntax.checked import Claim


class IsolatedCheck:
    """[P1-P3] One claim `alone`; `starts` if some state was one to start from."""

    def __init__(self, world: World, claim: Claim) -> None:
        assert claim.alone is not None
        layout = world.machine.layout
        self.world = world
        self.claim = claim
        self.machine = Machine(layout, [claim], frozenset(), False)
        self.first = self.machine.idle(claim.alone)
        values = Values(layout, False, {})
        self.when = None if claim.when is None else values.at_once(claim.when, {})
        self.starts = False

    def fails(self, shared: int, locks: int) -> bool:
        """Whether a run from these values, with these locks held by others, may fail."""
        own = self.machine.owns[self.first].own
        way = Way(self.machine.look(self.world.values[shared], locks), 0, list(own), [])
        if self.when is not None and not way.holds(self.when, ()):
            return False
        if self.when is None and not self._begins(shared, locks):
            return False
        self.starts = True
        return self._failed(shared, self.first, locks) or self._fails(shared, locks)

    def _begins(self, shared: int, locks: int) -> bool:
        """[P1] Whether it can begin, or is kept from it by locks alone."""
        machine, values = self.machine, self.world.values[shared]
        if machine.steps(self.first, values, locks).moves:
            return True
        own = machine.owns[self.first]
        free = machine.can_step(own, machine.look(values, 0))
        return free and not can_ever(machine, own, locks)

    def _fails(self, shared: int, locks: int) -> bool:
        """Depth first; what is on the way to here is open, and nobody may come back to it."""
        first = shared, self.first, locks
        is_open = {first: True}
        todo = [(first, iter(self._after(shared, self.first, locks)))]
        while todo:
            here, following = todo[-1]
            after = next(following, None)
            if after is None:
                is_open[here] = False
                todo.pop()
            elif self._failed(*after) or is_open.get(after, False):
                return True
            elif after not in is_open:
                is_open[after] = True
                todo.append((after, iter(self._after(*after))))
        return False

    def _failed(self, shared: int, thread: int, locks: int) -> bool:
        """Whether it died, waits, or breaks the claim in its next step."""
        phase = self.machine.owns[thread].phase
        if phase in ("through", "dead"):
            return phase == "dead"
        steps = self.machine.steps(thread, self.world.values[shared], locks)
        return self.claim.name in steps.broken or not steps.moves

    def _after(self, shared: int, thread: int, locks: int) -> list[tuple[int, int, int]]:
        """Values, thread and the others' locks one step on."""
        steps = self.machine.steps(thread, self.world.values[shared], locks)
        layout = self.machine.layout
        return [
            (self.world.written(shared, m.writes), m.then, layout.marked(locks, m.begun))
            for m in steps.moves
        ]
