"""What a function owes at its calls and returns: locks, claims and the case table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from verify.ir import (
    AS_PROMISED,
    CASE,
    FALSE,
    TRUE,
    Const,
    Domain,
    Expr,
    Fault,
    Local,
    Mine,
    Update,
    Variable,
    case_topic,
    conj,
    disj,
    equal,
    ite,
    negate,
)
from verify.locks import DEEPEST, EFFECTS, EXCLUSIVE, FREE, LEVELS, SHARED, EffectWord
from verify.lower.atomic import Way
from verify.lower.builder import Builder, Frame
from verify.lower.clauses import in_parts
from verify.lower.values import Choices, Names, choices, faults, value, wrong
from verify.reasons.violations import (
    Calls,
    Doing,
    LockLacking,
    LockLeft,
    LockNowhere,
    OtherOutcome,
    ReturnsInState,
    SamplesInState,
    quoted,
)
from verify.source import Span
from verify.syntax import checked
from verify.syntax.checked import Checked

MODES_OF_A_LOCK = Domain("mode of a lock", FREE, ("free", "shared", "exclusive"))
# How a lock is held that may be taken again by its holder: the levels come behind.
DEEP = tuple(f"shared {level} deep" for level in range(2, DEEPEST + 1))
LEVELS_OF_A_LOCK = Domain("level of a lock", FREE, (*MODES_OF_A_LOCK.labels, *DEEP))


class Contracts(Builder):
    """Breaks `balance`, `table` and the claims where a call or a return is wrong."""

    def entry_contract(self, frame: Frame, function: checked.Function, pc: int, span: Span) -> int:
        """What a call owes, and what the contract has to remember of it; the pc behind that."""
        if not function.must_hold and function.name not in self.program.contracts:
            return pc
        names = self.names()
        kept: list[Update] = []
        addresses = [*function.must_hold]
        for promise in self.program.contracts.get(function.name, ()):
            addresses += [address for _, address in promise.effects]
        for address in addresses:
            if address.span not in frame.promised:
                frame.promised[address.span] = self._meant(frame, address, names, kept)
        for address in function.must_hold:
            self.fail(
                pc,
                faults(address, names),
                "balance",
                LockNowhere(function.name, quoted(address.span)),
                span,
            )
            for condition, name in choices(address, names):
                lacking = conj([condition, negate(Mine(name, "exclusive"))])
                self.fail(
                    pc,
                    lacking,
                    "balance",
                    LockLacking(Calls(function.name), name),
                    span,
                    fault=Fault(name, EXCLUSIVE, Calls(function.name)),
                    about=(name, function.name),
                )
        for lock, kind in self.layout.locks.items():
            ghost = f"{frame.prefix}before.{lock}"
            modes = LEVELS_OF_A_LOCK if kind.levels > 1 else MODES_OF_A_LOCK
            self.locals[ghost] = Variable(ghost, ghost, modes, FREE, True)
            frame.before[lock] = Local(ghost)
            mode = ite(Mine(lock, "exclusive"), Const(EXCLUSIVE), Const(SHARED))
            for level, word in enumerate(LEVELS[1 : kind.levels], start=2):
                mode = ite(Mine(lock, word), _at_level(level), mode)
            kept.append((Local(ghost), ite(Mine(lock, "any"), mode, Const(FREE))))
        after = self.pc()
        self.emit(pc, after, updates=kept)
        return after

    def _meant(
        self, frame: Frame, address: checked.Expr, names: Names, kept: list[Update]
    ) -> Choices:
        """The locks that an address of a contract means, by the values at the call."""
        if not isinstance(address, checked.LockAddress) or address.base is None:
            return choices(address, names)
        pointer = value(address.base, names)
        if not isinstance(pointer, Const):
            ghost = f"{frame.prefix}at call.{len(frame.promised)}"
            kept.append((self.local(ghost, address.base.type, ghost, True), pointer))
            names = replace(names, values={**names.values, ghost: Local(ghost)})
            base = checked.Local(ghost, address.base.type, address.base.span)
            address = replace(address, base=base)
        return choices(address, names)

    def leave(self, pc: int, span: Span) -> None:
        """Return from the innermost function at `pc`, tests of its claims first."""
        frame = self.frame
        function = frame.function
        here = (self.place(span),)
        if isinstance(function, checked.Thread):
            self.emit(pc, frame.exit, places=here)
            return
        names = Names(self.layout, frame.values, frame.locks, frame.result, frame.did)
        for claim in self.claims:
            for clause in claim.clauses:
                if clause.kind == "after" and clause.hook == function.name:
                    # Who looks at what others may change looks at it in a state of its own.
                    looks = claim.alone is None and self.shared.reads(clause.condition) > 0
                    self.access(pc, looks)
                    self.fail(
                        pc,
                        wrong(clause.condition, names),
                        claim.name,
                        ReturnsInState(function.name),
                        span,
                        asked=in_parts(clause.condition, names),
                    )
        table = self.table_of(function.name)
        held = function.must_hold or function.name in self.program.contracts
        if table is None:
            if held:
                self._balance(function, frame, pc, span)
            self.emit(pc, frame.exit, places=here, called=(function.name,))
            return
        sentences = {o.name: o.sentence for o in self.program.outcomes}
        earlier: list[Expr] = []
        for outcome in (*self.program.outcomes, None):
            is_this: Expr = TRUE
            if outcome is not None:
                self.access(pc, self.shared.reads(outcome.condition) > 0)
                is_this = _true(outcome.condition, names)
            guard = conj([is_this, *(negate(e) for e in earlier)])
            name = "other" if outcome is None else outcome.name
            earlier.append(is_this)
            self.emit(pc, frame.exit, guard, places=here, outcome=name, called=(function.name,))
            if held:
                self._balance(function, frame, pc, span, guard, name)
            for cell, allowed in enumerate(table.claimed):
                if name not in allowed:
                    self.fail(
                        pc,
                        conj([guard, equal(Local(CASE), Const(cell + 1))]),
                        "table",
                        OtherOutcome(
                            axes=axes_of(table.axes, cell),
                            outcome=sentences.get(name),
                            allowed=tuple(sentences.get(one) for one in allowed),
                        ),
                        span,
                        about=(name,),
                    )

    def _balance(
        self,
        function: checked.Function,
        frame: Frame,
        pc: int,
        span: Span,
        when: Expr = TRUE,
        outcome: str = "",
    ) -> None:
        result = frame.result
        for lock, kind in self.layout.locks.items():
            effects: dict[EffectWord, Expr] = dict.fromkeys(EFFECTS, FALSE)
            for promise in self.program.contracts.get(function.name, ()):
                here = equal(result, Const(promise.value)) if result is not None else TRUE
                for word, address in promise.effects:
                    meant = frame.promised[address.span]
                    is_it = disj(condition for condition, name in meant if name == lock)
                    effects[word] = disj([effects[word], conj([here, is_it])])
            before = frame.before[lock]
            if kind.levels > 1:
                left, lacking = _levels(lock, kind.levels, before, effects)
            else:
                left, lacking = _modes(lock, before, effects)
            self.fail(
                pc,
                conj([when, left]),
                "balance",
                LockLeft(Doing.RETURNS, lock),
                span,
                outcome,
                fault=Fault(lock, FREE, Doing.RETURNS),
                about=(lock,),
            )
            self.fail(
                pc,
                conj([when, lacking]),
                "balance",
                LockLacking(Doing.RETURNS, lock),
                span,
                outcome,
                fault=Fault(lock, AS_PROMISED, Doing.RETURNS),
                about=(lock,),
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
        bits = [hit.now(_true(axis.value, self.names())) for axis in table.axes]
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
                        SamplesInState(),
                        span,
                        passing=way.transient is not None,
                        asked=in_parts(clause.condition, self.names()).behind(way.before()),
                        about=(case_topic(case.value - 1),) if isinstance(case, Const) else (),
                    )


def _modes(lock: str, before: Expr, effects: Mapping[EffectWord, Expr]) -> tuple[Expr, Expr]:
    """When a lock is held that should not be, and when one is not that should be.

    `effects` say when the contract has it released or taken; else it is to be held as `before`.
    """
    lost = disj([effects["releases"], effects["releases_shared"]])
    exclusive, shared = effects["acquires"], effects["acquires_shared"]
    kept = conj([negate(lost), negate(exclusive), negate(shared)])
    exclusive = disj([exclusive, conj([kept, equal(before, Const(EXCLUSIVE))])])
    shared = disj([shared, conj([kept, equal(before, Const(SHARED))])])
    left = conj([Mine(lock, "any"), negate(disj([exclusive, shared]))])
    lacking = disj(
        [
            conj([exclusive, negate(Mine(lock, "exclusive"))]),
            conj([shared, negate(Mine(lock, "shared"))]),
        ]
    )
    return left, lacking


def _levels(
    lock: str, levels: int, before: Expr, effects: Mapping[EffectWord, Expr]
) -> tuple[Expr, Expr]:
    """The same of a lock that its holder may take again, by when the contract has an effect on
    it: to take it shared is one level more than before, to release it one less."""
    more, less = effects["acquires_shared"], effects["releases_shared"]
    kept = conj(negate(one) for one in effects.values())
    inside = range(1, levels + 1)
    wanted = [
        disj(
            conj([moved, equal(before, _at_level(one + by))])
            for moved, by in ((kept, 0), (more, -1), (less, 1))
            if one + by <= levels
        )
        for one in inside
    ]
    was_exclusive = equal(before, Const(EXCLUSIVE))
    exclusive = disj([effects["acquires"], conj([disj([kept, less]), was_exclusive])])
    here = [Mine(lock, word) for word in LEVELS[:levels]]
    left = [conj([Mine(lock, "exclusive"), negate(exclusive)])]
    left += [conj([here[i], negate(disj(wanted[i:]))]) for i in range(levels)]
    too_many = conj([more, disj([was_exclusive, equal(before, _at_level(levels))])])
    lacking = [too_many, conj([exclusive, negate(Mine(lock, "exclusive"))])]
    lacking += [conj([wanted[i], negate(disj(here[i:]))]) for i in range(levels)]
    return disj(left), disj(lacking)


def _at_level(level: int) -> Const:
    """A level as `before` has it; exclusive stands between the first and the second."""
    return Const((FREE, SHARED, *range(EXCLUSIVE + 1, EXCLUSIVE + DEEPEST))[level])


def _true(condition: checked.Expr, names: Names) -> Expr:
    """When a condition holds; where it cannot be evaluated it does not."""
    return conj([negate(faults(condition, names)), value(condition, names)])


def cell_word(axes: Sequence[checked.Axis], cell: int) -> str:
    return ", ".join(name if true else f"!{name}" for name, true in axes_of(axes, cell))


def axes_of(axes: Sequence[checked.Axis], cell: int) -> tuple[tuple[str, bool], ...]:
    """Which axes are true in a cell."""
    return tuple((axis.name, bool(cell >> i & 1)) for i, axis in enumerate(axes))


def asked(program: Checked, function: str) -> list[str]:
    """The callees that some claim or outcome asks `did` of, for a function."""
    conditions = [
        clause.condition
        for claim in program.claims
        for clause in claim.clauses
        if clause.kind == "after" and clause.hook == function
    ]
    if any(table.function == function for table in program.tables):
        conditions += [outcome.condition for outcome in program.outcomes]
    return sorted(
        {
            part.callee
            for condition in conditions
            for part in checked.walk(condition)
            if isinstance(part, checked.Did)
        }
    )
