"""Every state of a scenario with so many threads, breadth first."""

from __future__ import annotations

from collections.abc import Iterator

from verify.reference.alone import IsolatedCheck
from verify.reference.layout import ANY, WIDTH, Layout
from verify.reference.machine import Machine, Steps
from verify.reference.opinion import Opinion
from verify.reference.values import Values
from verify.reference.waiting import Waiting
from verify.reference.way import Way
from verify.reference.world import State, World
from verify.source import Span
from verify.syntax.checked import Checked, Scenario


class Breadth:
    """Visits the states of one scenario, each once, and notes what happens."""

    def __init__(
        self,
        program: Checked,
        scenario: Scenario,
        number: int,
        again: bool,
        limit: int,
    ) -> None:
        self.layout = Layout(program)
        repeated = frozenset(
            name for name, count in scenario.members if count is None or name in scenario.forever
        )
        plain = [claim for claim in program.claims if claim.alone is None]
        machine = Machine(self.layout, plain, repeated if again else frozenset(), True)
        members = [(name, number if count is None else count) for name, count in scenario.members]
        self.machine = machine
        self.world = World(machine, members)
        self.waiting = Waiting(self.world, repeated, limit)
        self.alone = [IsolatedCheck(self.world, claim) for claim in program.claims if claim.alone]
        values = Values(self.layout, False, {})
        self.never = [
            (claim.name, values.at_once(clause.condition, {}))
            for claim in plain
            for clause in claim.clauses
            if clause.kind == "never"
        ]
        self.limit = limit
        self.broken: dict[str, int] = {}
        self.seen_steps: list[Steps] = []
        self.held = 0
        self.complete = True
        self._looked: set[tuple[int, int]] = set()
        self._started: set[tuple[int, int]] = set()

    def opinion(self) -> Opinion:
        """Visit everything, and say what was seen."""
        states = self._visit()
        steps = self.seen_steps
        spans: set[Span] = set()
        for one in steps:
            spans |= one.reached
        names = self.layout.locks
        return Opinion(
            self.complete and self.waiting.complete,
            states,
            dict(sorted(self.broken.items())),
            frozenset(pair for one in steps for pair in one.returns),
            frozenset(cell for one in steps for cell in one.sampled),
            frozenset(spans),
            frozenset(name for one in steps for name in one.called),
            frozenset(name for one in steps for name in one.used),
            frozenset(name for name, lock in names.items() if self.held >> WIDTH * lock & ANY),
            frozenset(one.claim.name for one in self.alone if one.starts),
            any(one.own_loops for one in steps),
        )

    def _visit(self) -> int:
        first = self.world.first
        seen: set[State] = {first}
        level = [first]
        depth = 0
        while level:
            following: list[State] = []
            for state in level:
                for after in self._look(state, depth):
                    if after not in seen:
                        if len(seen) >= self.limit:
                            self.complete = False
                            return len(seen)
                        seen.add(after)
                        following.append(after)
            level = following
            depth += 1
        return len(seen)

    def _look(self, state: State, depth: int) -> Iterator[State]:
        """Note what is to be seen in a state, and go on to the next ones."""
        world = self.world
        steps = world.steps(state)
        for one in steps:
            if one is not None and not one.noted:
                self._note(one, depth + 1)
        shared, locks = state[0], world.locks(state)
        if (shared, locks) not in self._looked:
            self._looked.add((shared, locks))
            self._ask_never(shared, locks, depth + 1)
        if self.alone and world.all_rest(state) and (shared, locks) not in self._started:
            self._started.add((shared, locks))
            for alone in self.alone:
                if alone.fails(shared, locks):
                    self.broken.setdefault(alone.claim.name, depth)
        if "stuck" not in self.broken and self.waiting.is_stuck(state, steps):
            self.broken["stuck"] = depth
        yield from world.after(state, steps)

    def _note(self, steps: Steps, depth: int) -> None:
        steps.noted = True
        self.seen_steps.append(steps)
        for claim in steps.broken:
            self.broken.setdefault(claim, depth)
        for move in steps.moves:
            self.held |= self.machine.helds[move.then]

    def _ask_never(self, shared: int, locks: int, depth: int) -> None:
        """[B10] Looking is a step."""
        if self.never:
            look = self.machine.look(self.world.values[shared], locks)
            way = Way(look, 0, [], [])
            for claim, condition in self.never:
                if not way.holds(condition, (), False):
                    self.broken.setdefault(claim, depth)
