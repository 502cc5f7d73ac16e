"""What a function owes at its calls and returns: locks, claims and the case table."""

from __future__ import annotations

from collections.abc import Sequence

from verify.ir import (
    CASE,
    FALSE,
    TRUE,
    Const,
    Expr,
    Local,
    Mine,
    Place,
    case_topic,
    conj,
    disj,
    equal,
    negate,
)
from verify.lower.atomic import Way
from verify.lower.builder import Builder, Frame
from verify.lower.values import Names, choices, value, wrong
from verify.source import Span
from verify.syntax import checked
from verify.syntax.checked import Checked


class Contracts(Builder):
    """Breaks `balance`, `table` and the claims where a call or a return is wrong."""

    def entry_contract(self, function: checked.Function, pc: int, span: Span) -> None:
        names = self.names()
        for lock in function.must_hold:
            for condition, name in choices(lock, names):
                lacking = conj([condition, negate(Mine(name, "exclusive"))])
                self.fail(
                    pc,
                    lacking,
                    "balance",
                    f"calls {function.name}() without {name}",
                    span,
                    about=(name, function.name),
                )
        if function.must_hold or function.name in self.program.contracts:
            kept = self._entry_locks(function, names)
            for lock_name in self.layout.locks:
                extra = conj([Mine(lock_name, "any"), negate(kept.get(lock_name, FALSE))])
                self.fail(
                    pc,
                    extra,
                    "balance",
                    f"calls {function.name}() with {lock_name} held, of which it knows nothing",
                    span,
                    about=(lock_name, function.name),
                )

    def _entry_locks(self, function: checked.Function, names: Names) -> dict[str, Expr]:
        held: dict[str, Expr] = {}
        for lock in function.must_hold:
            for condition, name in choices(lock, names):
                held[name] = disj([held.get(name, FALSE), condition])
        return held

    def leave(self, pc: int, span: Span) -> None:
        """Return from the innermost function at `pc`, tests of its claims first."""
        frame = self.frame
        function = frame.function
        here = (Place(span),)
        if isinstance(function, checked.Thread):
            self.emit(pc, frame.exit, places=here)
            return
        names = Names(self.layout, frame.values, frame.locks, frame.result, frame.did)
        for claim in self.claims:
            for clause in claim.clauses:
                if clause.kind == "after" and clause.hook == function.name:
                    self.fail(
                        pc,
                        wrong(clause.condition, names),
                        claim.name,
                        f"returns from {function.name}()",
                        span,
                    )
        table = self.table_of(function.name)
        held = function.must_hold or function.name in self.program.contracts
        if table is None:
            if held:
                self._balance(function, frame, names, pc, span)
            self.emit(pc, frame.exit, places=here, called=(function.name,))
            return
        sentences = {o.name: o.sentence for o in self.program.outcomes}
        sentences["other"] = "something else"
        earlier: list[Expr] = []
        for outcome in (*self.program.outcomes, None):
            is_this = TRUE if outcome is None else value(outcome.condition, names)
            guard = conj([is_this, *(negate(e) for e in earlier)])
            name = "other" if outcome is None else outcome.name
            earlier.append(is_this)
            self.emit(pc, frame.exit, guard, places=here, outcome=name, called=(function.name,))
            if held:
                self._balance(function, frame, names, pc, span, guard, name)
            for cell, allowed in enumerate(table.claimed):
                if name not in allowed:
                    said = " or ".join(sentences[one] for one in allowed) or "it never occurs"
                    self.fail(
                        pc,
                        conj([guard, equal(Local(CASE), Const(cell + 1))]),
                        "table",
                        f"{cell_word(table.axes, cell)}: {sentences[name]}; "
                        f"its author says: {said}",
                        span,
                        about=(name,),
                    )

    def _balance(
        self,
        function: checked.Function,
        frame: Frame,
        names: Names,
        pc: int,
        span: Span,
        when: Expr = TRUE,
        outcome: str = "",
    ) -> None:
        entry = self._entry_locks(function, names)
        result = frame.result
        for lock in self.layout.locks:
            exclusive: Expr = entry.get(lock, FALSE)
            shared: Expr = FALSE
            for promise in self.program.contracts.get(function.name, ()):
                here = equal(result, Const(promise.value)) if result is not None else TRUE
                for word, address in promise.effects:
                    is_it = disj(
                        condition for condition, name in choices(address, names) if name == lock
                    )
                    hit = conj([here, is_it])
                    match word:
                        case "releases":
                            exclusive = conj([exclusive, negate(hit)])
                        case "acquires":
                            exclusive = disj([exclusive, hit])
                        case "releases_shared":
                            shared = conj([shared, negate(hit)])
                        case _:
                            shared = disj([shared, hit])
            wanted = disj([exclusive, shared])
            self.fail(
                pc,
                conj([when, Mine(lock, "any"), negate(wanted)]),
                "balance",
                f"returns with {lock} still held",
                span,
                outcome,
                about=(lock,),
            )
            lacking = disj(
                [
                    conj([exclusive, negate(Mine(lock, "exclusive"))]),
                    conj([shared, negate(Mine(lock, "shared"))]),
                ]
            )
            lacking = conj([when, lacking])
            self.fail(
                pc, lacking, "balance", f"returns without {lock}", span, outcome, about=(lock,)
            )

    def sampled(self, callee: str, way: Way, target: Local | None) -> list[Way]:
        """The way with its result stored and, where the table says so, the case noted."""
        if target is not None and way.result is not None:
            way = way.store(target, way.result)
        table = self._sampling_table(callee)
        if table is None:
            return [way]
        hit, rest = way, None
        if table.sampled_value is not None and way.result is not None:
            here = equal(way.result, Const(table.sampled_value))
            hit, rest = way.when(here), way.when(negate(here))
        bits = [hit.now(value(axis.value, self.names())) for axis in table.axes]
        sampled = []
        for cell in range(2 ** len(bits)):
            this = conj(b if cell >> i & 1 else negate(b) for i, b in enumerate(bits))
            split = hit.when(this)
            if split.guard != FALSE:
                sampled.append(split.store(Local(CASE), Const(cell + 1)))
        if rest is not None and rest.guard != FALSE:
            sampled.append(rest)
        return sampled

    def table_of(self, function: str) -> checked.Table | None:
        """The table of a function, if it has one."""
        return next((t for t in self.program.tables if t.function == function), None)

    def _sampling_table(self, callee: str) -> checked.Table | None:
        table = self.table_of(self.frame.function.name)
        return table if table is not None and table.sampled_at == callee else None

    def table_claims(self, callee: str, way: Way, pc: int, span: Span) -> None:
        """Break the `at table` claims where this way samples the table and they are false."""
        table = self._sampling_table(callee)
        if table is None or Local(CASE) not in way.values:
            return
        case = way.values[Local(CASE)]
        for claim in self.claims:
            for clause in claim.clauses:
                if clause.kind == "table":
                    bad = way.now(wrong(clause.condition, self.names()))
                    self.fail(
                        pc,
                        conj([way.guard, bad]),
                        claim.name,
                        "samples the table in this case",
                        span,
                        passing=bool(way.transient),
                        about=(case_topic(case.value - 1),) if isinstance(case, Const) else (),
                    )


def cell_word(axes: Sequence[checked.Axis], cell: int) -> str:
    return ", ".join(axis.name if cell >> i & 1 else f"!{axis.name}" for i, axis in enumerate(axes))


def asked(program: Checked, function: str) -> list[str]:
    """The callees that some claim or outcome asks `did` of, for a function."""
    found: dict[str, None] = {}
    conditions = [
        clause.condition
        for claim in program.claims
        for clause in claim.clauses
        if clause.kind == "after" and clause.hook == function
    ]
    if any(table.function == function for table in program.tables):
        conditions += [outcome.condition for outcome in program.outcomes]
    todo = list(conditions)
    while todo:
        node = todo.pop()
        match node:
            case checked.Did(callee):
                found[callee] = None
            case checked.Not(arg):
                todo.append(arg)
            case checked.Binary(_, left, right):
                todo += [left, right]
            case _:
                pass
    return sorted(found)
