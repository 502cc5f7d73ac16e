"""What is claimed, hung where it is to be looked at; nothing here changes what a thread does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from verify.reference.layout import EVERYTHING, EXCLUSIVE, NESTED, SHARED, WIDTH, Layout, walk
from verify.reference.values import Values
from verify.reference.way import Condition, FatalError, Frame, Ghost, Value, Way
from verify.syntax import checked
from verify.syntax.checked import Claim

if TYPE_CHECKING:
    from verify.locks import EffectWord

Clauses = dict[str, list[tuple[str, Condition]]]
# What an effect of a contract leaves a lock in.
LEAVES: Mapping[str, int] = {
    "releases": 0,
    "releases_shared": 0,
    "acquires": EXCLUSIVE,
    "acquires_shared": SHARED,
}


@dataclass(frozen=True, slots=True)
class _Contract:
    """Locks that must be held at the call, and effects by the value returned."""

    must_hold: tuple[Condition, ...]
    effects: tuple[tuple[int, tuple[tuple[EffectWord, Condition], ...]], ...]


class Watch:
    """The clauses of some claims, and what is always checked.

    `calls` and `uses` are the clauses by primitive and by struct; the hooks of
    claims that are not checked here have none, so that it is known what is called.
    """

    def __init__(self, layout: Layout, claims: Sequence[Claim]) -> None:
        self.layout = layout
        program = layout.program
        names = {node.callee for node in walk(_conditions(layout)) if isinstance(node, checked.Did)}
        self.asked = {name: 1 << bit for bit, name in enumerate(sorted(names))}
        self.values = Values(layout, False, self.asked)
        self.calls: Clauses = {}
        self.uses: Clauses = {}
        self.afters: Clauses = {}
        self.at_table: list[tuple[str, Condition]] = []
        self.finally_: list[tuple[str, Condition]] = []
        self.table = program.tables[0] if program.tables else None
        for claim in program.claims:
            for clause in claim.clauses:
                self._hang(claim, clause, claim in claims)
        self.contracts = {
            name: self._contract(name)
            for name, function in program.functions.items()
            if function.must_hold or name in program.contracts
        }
        scope = self._names(self.table.function) if self.table else {}
        self.axes = [
            self.values.at_once(axis.value, scope)
            for axis in (self.table.axes if self.table else ())
        ]
        self.outcomes = [
            (outcome.name, self.values.at_once(outcome.condition, {}))
            for outcome in program.outcomes
        ]
        self._asks = {name: self._asked_of(name) for name in program.functions}

    def _hang(self, claim: Claim, clause: checked.Clause, is_checked: bool) -> None:
        program, where = self.layout.program, None
        names: dict[str, int] = {}
        match clause.kind:
            case "before":
                where = self.calls.setdefault(clause.hook, [])
                params = program.primitives[clause.hook].params
                names = {name: i for i, (name, _) in enumerate(params)}
            case "use":
                where = self.uses.setdefault(clause.hook, [])
                names = {clause.hook: 0}
            case "after":
                where = self.afters.setdefault(clause.hook, [])
                names = self._names(clause.hook)
            case "table":
                where = self.at_table
                names = self._names(program.tables[0].function)
            case "finally":
                where = self.finally_
            case "never":
                # Looked at in each state, not at a call.
                return
        if is_checked:
            where.append((claim.name, self.values.at_once(clause.condition, names)))

    def _names(self, function: str) -> dict[str, int]:
        """Where a function's parameters and locals are."""
        of = self.layout.program.functions[function]
        return {name: i for i, (name, _) in enumerate([*of.params, *of.locals])}

    def _contract(self, function: str) -> _Contract:
        names = self._names(function)
        held = self.layout.program.functions[function].must_hold
        return _Contract(
            tuple(self.values.at_once(lock, names) for lock in held),
            tuple(
                (
                    promise.value,
                    tuple(
                        (word, self.values.at_once(lock, names)) for word, lock in promise.effects
                    ),
                )
                for promise in self.layout.program.contracts.get(function, ())
            ),
        )

    def _asked_of(self, function: str) -> int:
        """The bits that claims and outcomes about a function ask `did()` of."""
        program = self.layout.program
        conditions = [
            clause.condition
            for claim in program.claims
            for clause in claim.clauses
            if clause.kind == "after" and clause.hook == function
        ]
        if self.table is not None and self.table.function == function:
            conditions += [outcome.condition for outcome in program.outcomes]
        found = 0
        for node in walk(tuple(conditions)):
            if isinstance(node, checked.Did):
                found |= self.asked[node.callee]
        return found

    # ---------------------------------------------------------------- calls

    def asks(self, function: str) -> tuple[bool, int]:
        """Whether something is to be remembered of each call, and the bits of `did()`."""
        table = self.table is not None and self.table.function == function
        return function in self.contracts or table or bool(self._asks[function]), self._asks[
            function
        ]

    def enters(self, way: Way, function: str, env: Sequence[Value]) -> Ghost:
        """[C3, C4] A function is called, with parameters and locals `env`."""
        contract = self.contracts.get(function)
        if contract is None:
            return Ghost(0, ())
        for condition in contract.must_hold:
            lock = _lock(way, condition, env)
            if lock < 0 or not way.held >> WIDTH * lock & EXCLUSIVE:
                way.look.broken.add("balance")
        effects = tuple(
            (value, tuple((word, _lock(way, condition, env)) for word, condition in words))
            for value, words in contract.effects
        )
        return Ghost(way.held & ~self.layout.olds, effects)

    def returns(self, way: Way, frame: Frame, value: Value) -> None:
        """A function returns."""
        name, ghost = frame.body.name, frame.ghost
        if ghost is not None and name in self.contracts:
            self._balance(way, ghost, value)
        way.result = value
        way.done = 0 if ghost is None else ghost.done
        if name in self.afters:
            way.pending.add(("call", name))
            way.breaks(self.afters[name], frame.env)
        if self.table is not None and name == self.table.function and ghost is not None:
            outcome = next(
                (name for name, condition in self.outcomes if way.holds(condition, ())), "other"
            )
            way.returns.append((ghost.case, outcome))
            if ghost.case and outcome not in self.table.claimed[ghost.case - 1]:
                way.look.broken.add("table")

    def _balance(self, way: Way, ghost: Ghost, value: Value) -> None:
        """[C5] Each lock as at the call, but for the effects of this value."""
        expected = ghost.held
        for returned, effects in ghost.effects:
            if returned == value:
                for word, lock in effects:
                    if lock in self.layout.sections and word.endswith("_shared"):
                        expected = _nested(expected, lock, word)
                    elif lock >= 0:
                        expected = (
                            expected & ~(EVERYTHING << WIDTH * lock) | LEAVES[word] << WIDTH * lock
                        )
        if way.held & ~self.layout.olds != expected:
            way.look.broken.add("balance")

    def ends(self, way: Way) -> None:
        """[C6] A thread is through."""
        if way.held:
            way.look.broken.add("balance")
        way.breaks(self.finally_, ())

    # ---------------------------------------------------------------- table

    def samples(self, function: str, callee: str) -> bool:
        """[E1] Whether a call of `callee` in a function may sample the table."""
        table = self.table
        return table is not None and table.function == function and table.sampled_at == callee

    def sample(self, way: Way, frame: Frame, value: Value) -> None:
        """[E1, E2, B11] The call has returned a value: sample, if it is the one."""
        table = self.table
        assert table is not None
        if table.sampled_value is not None and value != table.sampled_value:
            return
        cell = sum(1 << bit for bit, axis in enumerate(self.axes) if way.holds(axis, frame.env))
        assert frame.ghost is not None
        frame.ghost.case = cell + 1
        way.sampled.append(cell)
        way.breaks(self.at_table, frame.env)


def _nested(held: int, lock: int, word: EffectWord) -> int:
    """[G4] The locks with one section more, or one less."""
    inside = held >> WIDTH * lock & SHARED
    if word == "acquires_shared":
        return held + ((NESTED if inside else SHARED) << WIDTH * lock)
    deeper = held >> WIDTH * lock & ((1 << WIDTH) - NESTED)
    return held - ((NESTED if deeper else inside) << WIDTH * lock)


def _lock(way: Way, condition: Condition, env: Sequence[Value]) -> int:
    """The number of a lock that a contract names; negative if there is none."""
    try:
        return condition(way, env)
    except FatalError:
        return -1


def _conditions(layout: Layout) -> tuple[object, ...]:
    program = layout.program
    claims = [clause.condition for claim in program.claims for clause in claim.clauses]
    return (*claims, *(outcome.condition for outcome in program.outcomes))
