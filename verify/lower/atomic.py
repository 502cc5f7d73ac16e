"""Primitives: each way through one is a guarded command in the making.

A body is run on symbolic values: what it assigns is kept as an expression
over the state before the step, a branch splits the way in two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from verify.ir import (
    EXCLUSIVE,
    FREE,
    MODES,
    SHARED,
    TRUE,
    FALSE,
    Arith,
    Atom,
    Const,
    Expr,
    Ite,
    Local,
    Mine,
    Others,
    Shared,
    compare,
    conj,
    disj,
    negate,
    rebuild,
)
from verify.lower.values import Choices, Layout, Names, choices, faults, field_slots, value
from verify.syntax import checked
from verify.syntax.checked import SPINNING, Checked


@dataclass(frozen=True)
class Break:
    """A claim broken on the way, from states in which `guard` is true."""

    guard: Expr
    claim: str
    reason: str


@dataclass(frozen=True)
class Way:
    """One way through a step: when it may be taken and what it does."""

    guard: Expr = TRUE
    values: Mapping[Shared | Local, Expr] = field(default_factory=dict)
    locks: Mapping[str, int] = field(default_factory=dict)
    result: Expr | None = None
    returned: bool = False
    note: str = ""
    transient: str = ""
    called: tuple[str, ...] = ()
    params: Mapping[Local, Expr] = field(default_factory=dict)

    def now(self, expr: Expr) -> Expr:
        """An expression over the state reached so far, as one over the state before."""

        def leaf(atom: Atom) -> Expr:
            match atom:
                case Mine(lock, mode) if lock in self.locks:
                    return Const(int(self.locks[lock] in MODES[mode]))
                case Local() if atom in self.params:
                    # An argument was evaluated before the step: not rewritten.
                    return self.params[atom]
                case Shared() | Local():
                    return self.values.get(atom, atom)
                case _:
                    return atom

        return rebuild(expr, leaf) if self.values or self.locks or self.params else expr

    def when(self, condition: Expr) -> Way:
        return replace(self, guard=conj([self.guard, condition]))

    def store(self, target: Shared | Local, new: Expr) -> Way:
        return replace(self, values={**self.values, target: new})


@dataclass
class Steps:
    """Runs primitives; collects the claims that may break on the way."""

    program: Checked
    layout: Layout
    transients: bool = True
    claims: Sequence[checked.Claim] = ()
    breaks: list[Break] = field(default_factory=list)
    before: dict[str, list[tuple[str, checked.Clause]]] = field(init=False)

    def __post_init__(self) -> None:
        self.before = {}
        for claim in self.claims:
            for clause in claim.clauses:
                if clause.kind == "before":
                    self.before.setdefault(clause.hook, []).append((claim.name, clause))

    def broken(self, way: Way, condition: Expr, claim: str, reason: str) -> None:
        """Note that `claim` is broken where `condition` is true on this way."""
        guard = conj([way.guard, way.now(condition)])
        if guard != FALSE:
            self.breaks.append(Break(guard, claim, reason))

    def call(
        self,
        primitive: checked.Primitive,
        way: Way,
        values: Mapping[str, Expr],
        locks: Mapping[str, Choices],
    ) -> list[Way]:
        """The ways through a primitive; arguments are over the state before the step."""
        params: dict[Local, Expr] = {}

        def kept(name: str, expr: Expr) -> Expr:
            if isinstance(expr, Const):
                return expr
            stand_in = Local(f"@{len(way.called)}.{name}")
            params[stand_in] = expr
            return stand_in

        names = Names(
            self.layout,
            {name: kept(name, expr) for name, expr in values.items()},
            {
                name: tuple((kept(f"{name}.{i}", c), lock) for i, (c, lock) in enumerate(some))
                for name, some in locks.items()
            },
        )
        way = replace(
            way, called=(*way.called, primitive.name), params={**way.params, **params}
        )
        for claim, clause in self.before.get(primitive.name, ()):
            wrong = disj(
                [faults(clause.condition, names), negate(value(clause.condition, names))]
            )
            self.broken(way, wrong, claim, f"calls {primitive.name}() in this state")
        ways: list[Way] = []
        for alternative in primitive.alternatives:
            if alternative.transient and not self.transients:
                continue
            start = way
            for part in primitive.before:
                (start,) = self.run(part, start, names) or (start.when(FALSE),)
            if alternative.guard is not None:
                fault = faults(alternative.guard, names)
                self.broken(start, fault, "memory", _null(alternative.guard))
                start = start.when(
                    start.now(conj([negate(fault), value(alternative.guard, names)]))
                )
            if alternative.transient:
                start = replace(start, transient=alternative.note or "for a moment")
            if alternative.note:
                start = replace(start, note=alternative.note)
            ways += self.run(alternative.body, start, names)
        return [replace(w, returned=False) for w in ways if w.guard != FALSE]

    def run(self, node: checked.Statement, way: Way, names: Names) -> list[Way]:
        """The ways that a statement makes of one way."""
        if way.returned or way.guard == FALSE:
            return [way] if way.guard != FALSE else []
        match node:
            case checked.Block(body, _):
                ways = [way]
                for part in body:
                    ways = [after for one in ways for after in self.run(part, one, names)]
                return ways
            case checked.If(condition, then, otherwise, _):
                way = self._defined(condition, way, names)
                test = way.now(value(condition, names))
                ways = self.run(then, way.when(test), names)
                rest = way.when(negate(test))
                if otherwise is None:
                    return [*ways, *([rest] if rest.guard != FALSE else [])]
                return [*ways, *self.run(otherwise, rest, names)]
            case checked.Assign(target, new, _):
                return self._assign(target, new, way, names)
            case checked.LockStatement(word, lock, _):
                way = self._defined(lock, way, names)
                return [
                    after
                    for condition, name in choices(lock, names)
                    for after in self._lock(word, name, way.when(way.now(condition)))
                ]
            case checked.MightSleep():
                for name, kind in self.layout.locks.items():
                    if kind in SPINNING:
                        self.broken(
                            way, Mine(name, "any"), "atomic-sleep", f"may sleep while it holds {name}"
                        )
                return [way]
            case checked.Return(result, _):
                if result is None:
                    return [replace(way, returned=True)]
                if isinstance(result, checked.Call):
                    return [
                        replace(w, returned=True) for w in self._nested(result, way, names)
                    ]
                way = self._defined(result, way, names)
                return [
                    replace(way, returned=True, result=way.now(value(result, names)))
                ]
            case checked.Do(call, _):
                return [replace(w, result=None) for w in self._nested(call, way, names)]
            case _:
                raise AssertionError(f"{type(node).__name__} in a primitive")

    def _nested(self, call: checked.Call, way: Way, names: Names) -> list[Way]:
        values, locks = {}, {}
        primitive = self.program.primitives[call.callee]
        for (param, type_), arg in zip(primitive.params, call.args, strict=True):
            way = self._defined(arg, way, names)
            if type_.kind == "lock pointer":
                locks[param] = tuple((way.now(c), n) for c, n in choices(arg, names))
            else:
                values[param] = way.now(value(arg, names))
        return self.call(primitive, way, values, locks)

    def _defined(self, node: checked.Expr, way: Way, names: Names) -> Way:
        """Only where evaluating `node` makes sense; elsewhere `memory` is broken."""
        fault = faults(node, names)
        if fault == FALSE:
            return way
        self.broken(way, fault, "memory", _null(node))
        return way.when(negate(way.now(fault)))

    def _assign(
        self, target: checked.Expr, new: checked.Expr, way: Way, names: Names
    ) -> list[Way]:
        if isinstance(new, checked.Call):
            raise AssertionError("a primitive assigns no call")
        way = self._defined(new, way, names)
        way = self._defined(target, way, names)
        result = way.now(value(new, names))
        way = self.in_range(target, result, way)
        if isinstance(target, checked.ThreadLocal):
            return [way.store(Local(target.name), result)]
        assert isinstance(target, checked.Field)
        ways = []
        for condition, slot in field_slots(target, names):
            one = way.when(way.now(condition))
            if one.guard != FALSE:
                ways.append(one.store(Shared(slot), result))
        return ways

    def in_range(self, target: checked.Expr, new: Expr, way: Way) -> Way:
        """Only where `new` (over the state before) is a value of the target's type."""
        low = self.program.lows.get(target.type, 0)
        high = low + len(self.program.labels[target.type]) - 1
        if not may_leave(new, low, high):
            return way
        outside = disj([compare("<", new, Const(low)), compare("<", Const(high), new)])
        guard = conj([way.guard, outside])
        if guard != FALSE:
            self.breaks.append(
                Break(guard, "memory", f"the value leaves the range {low}..{high}")
            )
        return way.when(negate(outside))

    def _lock(self, word: str, name: str, way: Way) -> list[Way]:
        if way.guard == FALSE:
            return []
        kind = self.layout.locks[name]
        match word:
            case "acquire" | "acquire_shared":
                wrong: Expr = Mine(name, "any")
                reason = f"takes {name}, which it already holds"
                others = "any" if word == "acquire" else "exclusive"
                free = (
                    TRUE
                    if word == "acquire_shared" and kind == "reference"
                    else negate(Others(name, others))
                )
                mode = EXCLUSIVE if word == "acquire" else SHARED
            case _:
                held = "shared" if word == "release_shared" else "exclusive"
                wrong = negate(Mine(name, held))
                verb = "downgrades" if word == "downgrade" else "releases"
                as_what = " for read" if held == "shared" and kind != "reference" else ""
                reason = f"{verb} {name}, which it does not hold{as_what}"
                free = TRUE
                mode = SHARED if word == "downgrade" else FREE
        self.broken(way, wrong, "lock-use", reason)
        after = way.when(conj([negate(way.now(wrong)), way.now(free)]))
        if after.guard == FALSE:
            return []
        return [replace(after, locks={**after.locks, name: mode})]


def may_leave(expr: Expr, low: int, high: int) -> bool:
    """Whether a value may lie outside low..high as far as its form tells."""
    match expr:
        case Const(number):
            return not low <= number <= high
        case Ite(_, then, otherwise):
            return may_leave(then, low, high) or may_leave(otherwise, low, high)
        case _:
            return isinstance(expr, Arith)


def _null(node: checked.Expr) -> str:
    return f"follows NULL in `{node.span.text}`"
