"""Threads: functions are inlined, control flow becomes program counters.

Each access to shared state is a command of its own; what only concerns a
thread's locals is lowered to silent commands, which `tidy` merges away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from verify.ir import (
    CASE,
    FALSE,
    TRUE,
    Command,
    Const,
    Domain,
    Expr,
    Local,
    Mine,
    Place,
    Shared,
    Thread,
    Variable,
    conj,
    disj,
    equal,
    negate,
)
from verify.lower.atomic import Steps, Way
from verify.lower.values import Choices, Layout, Names, choices, faults, field_slots, value
from verify.source import Span
from verify.syntax import checked
from verify.syntax.checked import BOOL, VOID, Checked, Type

@dataclass
class Frame:
    """One call of a function, inlined: what its names stand for."""

    function: checked.Function | checked.Thread
    prefix: str
    values: dict[str, Expr] = field(default_factory=dict)
    locks: dict[str, Choices] = field(default_factory=dict)
    labels: dict[str, int] = field(default_factory=dict)
    exit: int = 0
    result: Local | None = None
    did: dict[str, Local] = field(default_factory=dict)


@dataclass
class Threads:
    """Lowers one thread; `solo` is the claim whose lonely thread it is, if any."""

    program: Checked
    layout: Layout
    mutable: frozenset[tuple[str, str]]
    domains: Mapping[Type, Domain]
    solo: checked.Claim | None = None
    commands: list[Command] = field(default_factory=list)
    locals: dict[str, Variable] = field(default_factory=dict)
    uninitialised: dict[str, str] = field(default_factory=dict)
    frames: list[Frame] = field(default_factory=list)
    pcs: int = 0
    steps: Steps = field(init=False)

    def __post_init__(self) -> None:
        claims = [self.solo] if self.solo is not None else [
            claim for claim in self.program.claims if claim.alone is None
        ]
        self.claims: Sequence[checked.Claim] = claims
        self.steps = Steps(self.program, self.layout, self.solo is None, claims)

    # ----------------------------------------------------------------- basics

    def pc(self) -> int:
        self.pcs += 1
        return self.pcs - 1

    def emit(
        self,
        source: int,
        target: int,
        guard: Expr = TRUE,
        updates: Sequence[tuple[object, Expr]] = (),
        places: tuple[Place, ...] = (),
        **more: object,
    ) -> None:
        if guard != FALSE:
            self.commands.append(
                Command(source, target, guard, tuple(updates), places=places, **more)  # type: ignore[arg-type]
            )

    def fail(
        self, pc: int, guard: Expr, claim: str, reason: str, span: Span, outcome: str = ""
    ) -> None:
        """A command that breaks `claim` from `pc`."""
        if self.solo is not None and claim != self.solo.name:
            # The lonely thread is a copy: the original answers for everything else.
            return
        self.emit(
            pc,
            pc,
            guard,
            places=(Place(span),),
            violates=claim,
            reason=reason,
            outcome=outcome,
        )

    def local(self, name: str, type_: Type, shown: str, ghost: bool = False) -> Local:
        domain = self.domains[type_] if type_ != VOID else self.domains[BOOL]
        self.locals[name] = Variable(name, shown, domain, max(domain.low, 0), ghost)
        return Local(name)

    @property
    def frame(self) -> Frame:
        return self.frames[-1]

    def names(self) -> Names:
        frame = self.frame
        return Names(self.layout, frame.values, frame.locks)

    # ---------------------------------------------------------------- threads

    def thread(self, thread: checked.Thread) -> Thread:
        """The whole thread as commands."""
        for slot in self.program.thread_locals:
            self.locals[slot.name] = Variable(
                slot.name, slot.name, self.domains[slot.type], slot.initial
            )
        entry = self.pc()
        end = self.pc()
        frame = Frame(thread, "", exit=self.pc())
        self.frames.append(frame)
        self._enter(frame, thread.locals)
        start = entry
        if self.solo is not None and self.solo.when is not None:
            start = self.pc()
            condition = value(self.solo.when, Names(self.layout))
            fault = faults(self.solo.when, Names(self.layout))
            self.emit(entry, start, conj([negate(fault), condition]))
        after = self._body(thread.body, start)
        if after is not None:
            self.emit(after, frame.exit)
        self.frames.pop()
        self._finish(thread, frame.exit, end)
        return Thread(
            self.solo.name if self.solo is not None else thread.name,
            thread.sentence,
            "solo" if self.solo is not None else "thread",
            self.solo.name if self.solo is not None else "",
            tuple(self.locals.values()),
            tuple(self.commands),
            entry,
            end,
        )

    def _finish(self, thread: checked.Thread, exit_: int, end: int) -> None:
        span = _closing(thread.body.span)
        for lock in self.layout.locks:
            self.fail(exit_, Mine(lock, "any"), "balance", f"ends with {lock} still held", span)
        if self.solo is not None:
            for clause in self.solo.clauses:
                if clause.kind == "finally":
                    names = Names(self.layout)
                    wrong = disj(
                        [faults(clause.condition, names), negate(value(clause.condition, names))]
                    )
                    self.fail(
                        exit_, wrong, self.solo.name, f"alone, it ends without {clause.condition.span.text}", span
                    )
        self.emit(exit_, end)

    def _enter(self, frame: Frame, names: Sequence[tuple[str, Type]]) -> None:
        for name, type_ in names:
            unique = f"{frame.prefix}{name}"
            frame.values[name] = self.local(unique, type_, name)
            self.uninitialised[unique] = name

    def _body(self, body: checked.Block, pc: int) -> int | None:
        for label in _labels(body):
            self.frame.labels[label] = self.pc()
        return self.statement(body, pc)

    # ------------------------------------------------------------- statements

    def statement(self, node: checked.Statement, pc: int | None) -> int | None:
        """Lower a statement at `pc`; the pc behind it, or None if none is reached."""
        match node:
            case checked.Label(name):
                here = self.frame.labels[name]
                if pc is not None:
                    self.emit(pc, here)
                return here
            case checked.Block(body, _):
                for part in body:
                    pc = self.statement(part, pc)
                return pc
            case _ if pc is None:
                # Nothing falls into it, but a goto may reach a label inside.
                return self.statement(node, self.pc()) if _labels(node) else None
            case checked.Assign(target, new, span):
                return self._assign(target, new, span, pc)
            case checked.Do(call, _):
                return self.call(call, pc, None)
            case checked.If(condition, then, otherwise, _):
                yes, no, after = self.pc(), self.pc(), self.pc()
                self.branch(condition, pc, yes, no)
                ends = [self.statement(then, yes)]
                ends.append(no if otherwise is None else self.statement(otherwise, no))
                for end in ends:
                    if end is not None:
                        self.emit(end, after)
                return after if any(end is not None for end in ends) else None
            case checked.While(condition, inside, _):
                yes, after = self.pc(), self.pc()
                self.branch(condition, pc, yes, after)
                end = self.statement(inside, yes)
                if end is not None:
                    self.emit(end, pc)
                return after
            case checked.Goto(label, span):
                self.emit(pc, self.frame.labels[label], places=(Place(span),))
                return None
            case checked.Return(result, span):
                if result is not None:
                    assert self.frame.result is not None
                    pc = self._store(self.frame.result, result, span, pc)
                else:
                    after = self.pc()
                    self.emit(pc, after, places=(Place(span),))
                    pc = after
                self._leave(pc, span)
                return None
            case checked.LockStatement() | checked.MightSleep():
                raise AssertionError("a lock statement outside a primitive")

    def _store(self, target: Local, new: checked.Expr, span: Span, pc: int) -> int:
        """`target = new` for a local."""
        if isinstance(new, checked.Call):
            return self.call(new, pc, target, span)
        expr, pc = self.value(new, pc)
        pc = self._guarded(new, pc, span)
        way = self.steps.in_range(_typed(new, self.locals[target.name], self), expr, Way())
        pc = self._breaks(pc, span)
        after = self.pc()
        self.emit(pc, after, way.guard, [(target, expr)], (Place(span),))
        return after

    def _assign(
        self, target: checked.Expr, new: checked.Expr, span: Span, pc: int
    ) -> int:
        if isinstance(target, checked.Local):
            local = self.frame.values[target.name]
            assert isinstance(local, Local)
            return self._store(local, new, span, pc)
        if isinstance(target, checked.ThreadLocal):
            return self._store(Local(target.name), new, span, pc)
        assert isinstance(target, checked.Field)
        # A store is one step: what is read for it was read before.
        new, pc = self.hoist(new, pc, 0)
        target, pc = self._hoist_address(target, pc)
        names = self.names()
        expr = value(new, names)
        for fault in (faults(new, names), faults(target, names)):
            self.fail(pc, fault, "memory", f"follows NULL in `{target.span.text}`", span)
        ok = negate(disj([faults(new, names), faults(target, names)]))
        way = self.steps.in_range(target, expr, Way())
        pc = self._breaks(pc, span)
        after = self.pc()
        for condition, slot in field_slots(target, names):
            self.emit(
                pc,
                after,
                conj([ok, way.guard, condition]),
                [(Shared(slot), expr)],
                (Place(span),),
            )
        return after

    def _hoist_address(self, target: checked.Field, pc: int) -> tuple[checked.Field, int]:
        base, index = target.base, target.index
        if base is not None:
            base, pc = self.hoist(base, pc, 0)
        if index is not None:
            index, pc = self.hoist(index, pc, 0)
        return replace(target, base=base, index=index), pc

    def _guarded(self, node: checked.Expr, pc: int, span: Span) -> int:
        """Break `memory` where evaluating `node` at `pc` makes no sense."""
        fault = faults(node, self.names())
        if fault == FALSE:
            return pc
        self.fail(pc, fault, "memory", f"follows NULL in `{node.span.text}`", span)
        return pc

    def _breaks(self, pc: int, span: Span) -> int:
        for found in self.steps.breaks:
            self.fail(pc, found.guard, found.claim, found.reason, span)
        self.steps.breaks.clear()
        return pc

    # ------------------------------------------------------------ expressions

    def value(self, node: checked.Expr, pc: int) -> tuple[Expr, int]:
        """An expression with at most one access to shared state left, at the pc behind the rest."""
        node, pc = self.hoist(node, pc, 1)
        return value(node, self.names()), pc

    def hoist(self, node: checked.Expr, pc: int, allowed: int) -> tuple[checked.Expr, int]:
        """Move calls out of `node`, and reads if there are more than `allowed`."""
        node, pc = self._hoist_calls(node, pc)
        if self._reads(node) > allowed:
            node, pc = self._hoist_reads(node, pc)
        return node, pc

    def _hoist_calls(self, node: checked.Expr, pc: int) -> tuple[checked.Expr, int]:
        if not _has_call(node):
            return node, pc
        match node:
            case checked.Call():
                target = self._temporary(node.callee, node.type)
                pc = self.call(node, pc, target)
                return self._named(target, node), pc
            case checked.Binary("&&" | "||", left, right) if _has_call(right):
                return self._by_branching(node, pc)
            case checked.Binary(_, left, right):
                left, pc = self._hoist_calls(left, pc)
                if _has_call(right):
                    # What is on the left was read before the call on the right.
                    if self._reads(left):
                        left, pc = self._hoist_reads(left, pc)
                    right, pc = self._hoist_calls(right, pc)
                return replace(node, left=left, right=right), pc
            case checked.Not(arg):
                arg, pc = self._hoist_calls(arg, pc)
                return replace(node, arg=arg), pc
            case checked.Field(base, _, index):
                if base is not None:
                    base, pc = self._hoist_calls(base, pc)
                if index is not None:
                    index, pc = self._hoist_calls(index, pc)
                return replace(node, base=base, index=index), pc
            case checked.Inner(base):
                base, pc = self._hoist_calls(base, pc)
                return replace(node, base=base), pc
            case checked.LockAddress(base) if base is not None:
                base, pc = self._hoist_calls(base, pc)
                return replace(node, base=base), pc
            case checked.Container(pointer):
                pointer, pc = self._hoist_calls(pointer, pc)
                return replace(node, pointer=pointer), pc
            case _:
                return node, pc

    def _hoist_reads(self, node: checked.Expr, pc: int) -> tuple[checked.Expr, int]:
        if self._reads(node) == 0:
            return node, pc
        match node:
            case checked.Field(base, _, index):
                if base is not None:
                    base, pc = self._hoist_reads(base, pc)
                if index is not None:
                    index, pc = self._hoist_reads(index, pc)
                node = replace(node, base=base, index=index)
                if self._reads(node) == 0:
                    return node, pc
                target = self._temporary(node.field, node.type)
                pc = self._guarded(node, pc, node.span)
                after = self.pc()
                ok = negate(faults(node, self.names()))
                self.emit(
                    pc, after, ok, [(target, value(node, self.names()))], (Place(node.span),)
                )
                return self._named(target, node), after
            case checked.Binary("&&" | "||", _, right) if self._reads(right):
                return self._by_branching(node, pc)
            case checked.Binary(_, left, right):
                left, pc = self._hoist_reads(left, pc)
                right, pc = self._hoist_reads(right, pc)
                return replace(node, left=left, right=right), pc
            case checked.Not(arg):
                arg, pc = self._hoist_reads(arg, pc)
                return replace(node, arg=arg), pc
            case checked.Inner(base):
                base, pc = self._hoist_reads(base, pc)
                return replace(node, base=base), pc
            case checked.LockAddress(base) if base is not None:
                base, pc = self._hoist_reads(base, pc)
                return replace(node, base=base), pc
            case checked.Container(pointer):
                pointer, pc = self._hoist_reads(pointer, pc)
                return replace(node, pointer=pointer), pc
            case _:
                return node, pc

    def _by_branching(self, node: checked.Expr, pc: int) -> tuple[checked.Expr, int]:
        target = self._temporary("condition", BOOL)
        yes, no, after = self.pc(), self.pc(), self.pc()
        self.branch(node, pc, yes, no)
        self.emit(yes, after, updates=[(target, TRUE)])
        self.emit(no, after, updates=[(target, FALSE)])
        return self._named(target, node), after

    def _temporary(self, shown: str, type_: Type) -> Local:
        return self.local(f"{self.frame.prefix}{shown}%{len(self.locals)}", type_, shown)

    def _named(self, target: Local, node: checked.Expr) -> checked.Local:
        """A name for a temporary, so that checked expressions can speak of it."""
        self.frame.values[target.name] = target
        return checked.Local(target.name, node.type, node.span)

    def _reads(self, node: checked.Expr) -> int:
        """How many accesses to changing shared state an expression makes."""
        match node:
            case checked.Field(base, name, index):
                inside = sum(self._reads(n) for n in (base, index) if n is not None)
                struct = "" if base is None else base.type.name
                return inside + ((struct, name) in self.mutable)
            case checked.Binary(_, left, right):
                return self._reads(left) + self._reads(right)
            case checked.Not(arg) | checked.Inner(arg) | checked.Container(arg):
                return self._reads(arg)
            case checked.LockAddress(base) if base is not None:
                return self._reads(base)
            case _:
                return 0

    def branch(self, node: checked.Expr, pc: int, yes: int, no: int) -> None:
        """Go to `yes` if a condition is true, else to `no`; C's short circuits."""
        match node:
            case checked.Not(arg):
                self.branch(arg, pc, no, yes)
            case checked.Binary("&&", left, right):
                middle = self.pc()
                self.branch(left, pc, middle, no)
                self.branch(right, middle, yes, no)
            case checked.Binary("||", left, right):
                middle = self.pc()
                self.branch(left, pc, yes, middle)
                self.branch(right, middle, yes, no)
            case _:
                words = ("true", "false")
                called = isinstance(node, checked.Call)
                if isinstance(node, checked.Binary) and node.span == node.left.span:
                    # A pointer or number as a condition, which checking made a comparison.
                    called = isinstance(node.left, checked.Call)
                    pointer = node.left.type.kind == "pointer"
                    words = ("not NULL", "NULL") if pointer else ("not 0", "0")
                plain, pc = self.hoist(node, pc, 1)
                self._guarded(plain, pc, node.span)
                names = self.names()
                test = conj([negate(faults(plain, names)), value(plain, names)])
                other = conj([negate(faults(plain, names)), negate(value(plain, names))])
                for guard, target, word in ((test, yes, words[0]), (other, no, words[1])):
                    places = () if called and word in ("true", "false") else (
                        Place(node.span, word),
                    )
                    self.emit(pc, target, guard, places=places)

    # ------------------------------------------------------------------ calls

    def call(
        self, node: checked.Call, pc: int, target: Local | None, span: Span | None = None
    ) -> int:
        """Lower a call, its value stored in `target`; the pc behind it."""
        args: list[checked.Expr] = []
        for arg in node.args:
            plain, pc = self.hoist(arg, pc, 0)
            pc = self._guarded(plain, pc, node.span)
            args.append(plain)
        ok = negate(disj(faults(arg, self.names()) for arg in args))
        for frame in self.frames:
            if node.callee in frame.did and node.callee not in self.program.primitives:
                after = self.pc()
                self.emit(pc, after, updates=[(frame.did[node.callee], TRUE)])
                pc = after
        if node.callee in self.program.primitives:
            return self._atomic(node, args, pc, target, ok, span or node.span)
        return self._inline(node, args, pc, target, ok)

    def _atomic(
        self,
        node: checked.Call,
        args: Sequence[checked.Expr],
        pc: int,
        target: Local | None,
        ok: Expr,
        span: Span,
    ) -> int:
        primitive = self.program.primitives[node.callee]
        names = self.names()
        values, locks = {}, {}
        for (param, type_), arg in zip(primitive.params, args, strict=True):
            if type_.kind == "lock pointer":
                locks[param] = choices(arg, names)
            else:
                values[param] = value(arg, names)
        ways = self.steps.call(primitive, Way(ok), values, locks)
        pc = self._breaks(pc, span)
        after = self.pc()
        for way in ways:
            for one in self._sampled(node.callee, way, target):
                updates = dict(one.values)
                for frame in self.frames:
                    for callee, ghost in frame.did.items():
                        if callee in one.called:
                            updates[ghost] = TRUE
                shown = one.note
                if one.result is not None and isinstance(one.result, Const):
                    word = self.domains[primitive.result].word(one.result.value)
                    shown = f"-> {word}" + (f": {one.note}" if one.note else "")
                self.emit(
                    pc,
                    after,
                    one.guard,
                    tuple(updates.items()),
                    (Place(span, shown),),
                    locks=tuple(one.locks.items()),
                    transient=one.transient,
                    called=one.called,
                )
                self._table_claims(node.callee, one, pc, span)
        return after

    def _sampled(self, callee: str, way: Way, target: Local | None) -> list[Way]:
        """The way with its result stored and, where the table says so, the case noted."""
        if target is not None and way.result is not None:
            way = way.store(target, way.result)
        table = self._sampling_table(callee)
        if table is None:
            return [way]
        ways = [way]
        if table.sampled_value is not None and way.result is not None:
            hit = equal(way.result, Const(table.sampled_value))
            ways = [way.when(hit), way.when(negate(hit))]
        sampled = []
        for position, one in enumerate(ways):
            if one.guard == FALSE:
                continue
            if position == 1:
                sampled.append(one)
                continue
            bits = [one.now(value(axis.value, self.names())) for axis in table.axes]
            for choice in range(2 ** len(bits)):
                split = one.when(
                    conj(b if choice >> i & 1 else negate(b) for i, b in enumerate(bits))
                )
                if split.guard != FALSE:
                    sampled.append(split.store(Local(CASE), Const(choice + 1)))
        return sampled

    def _sampling_table(self, callee: str) -> checked.Table | None:
        for table in self.program.tables:
            if callee == table.sampled_at and self.frame.function.name == table.function:
                return table
        return None

    def _table_claims(self, callee: str, way: Way, pc: int, span: Span) -> None:
        """Break the `at table` claims where this way samples the table and they are false."""
        table = self._sampling_table(callee)
        if table is None or Local(CASE) not in way.values:
            return
        for claim in self.claims:
            for clause in claim.clauses:
                if clause.kind == "table":
                    names = self.names()
                    wrong = disj(
                        [faults(clause.condition, names), negate(value(clause.condition, names))]
                    )
                    self.fail(
                        pc,
                        conj([way.guard, way.now(wrong)]),
                        claim.name,
                        "samples the table in this case",
                        span,
                    )

    def _inline(
        self,
        node: checked.Call,
        args: Sequence[checked.Expr],
        pc: int,
        target: Local | None,
        ok: Expr,
    ) -> int:
        function = self.program.functions[node.callee]
        calls = sum(frame.function.name == function.name for frame in self.frames)
        assert calls == 0, "recursion is refused before lowering"
        inlined = len(self.locals)
        prefix = f"{function.name}.{inlined}."
        names = self.names()
        frame = Frame(function, prefix, exit=self.pc())
        stores: list[tuple[object, Expr]] = []
        for (param, type_), arg in zip(function.params, args, strict=True):
            if type_.kind == "lock pointer":
                frame.locks[param] = choices(arg, names)
            else:
                local = self.local(f"{prefix}{param}", type_, param)
                frame.values[param] = local
                stores.append((local, value(arg, names)))
        if function.result != VOID:
            frame.result = self.local(f"{prefix}result", function.result, "result")
        for callee in _asked(self.program, function.name):
            frame.did[callee] = self.local(f"{prefix}did.{callee}", BOOL, f"did({callee})", True)
        if any(table.function == function.name for table in self.program.tables):
            axes = next(t for t in self.program.tables if t.function == function.name).axes
            words = ("-", *(_cell_word(axes, i) for i in range(2 ** len(axes))))
            self.locals[CASE] = Variable(CASE, CASE, Domain("case", 0, words), 0, True)
        start = self.pc()
        self.emit(pc, start, ok, stores)
        self.frames.append(frame)
        self._entry_contract(function, start, node.span)
        self._enter(frame, function.locals)
        after = self._body(function.body, start)
        if after is not None:
            if function.result != VOID:
                self.fail(after, TRUE, "memory", "ends without a return value", _closing(function.body.span))
            else:
                self._leave(after, _closing(function.body.span))
        self.frames.pop()
        back = self.pc()
        result = [(target, frame.result)] if target is not None and frame.result else []
        self.emit(frame.exit, back, updates=result)
        return back

    # -------------------------------------------------------------- contracts

    def _entry_contract(self, function: checked.Function, pc: int, span: Span) -> None:
        names = self.names()
        for lock in function.must_hold:
            for condition, name in choices(lock, names):
                wrong = conj([condition, negate(Mine(name, "exclusive"))])
                self.fail(pc, wrong, "balance", f"calls {function.name}() without {name}", span)
        if function.must_hold or function.name in self.program.contracts:
            kept = self._entry_locks(function, names)
            for lock_name in self.layout.locks:
                extra = conj([Mine(lock_name, "any"), negate(kept.get(lock_name, FALSE))])
                self.fail(
                    pc, extra, "balance",
                    f"calls {function.name}() with {lock_name} held, of which it knows nothing",
                    span,
                )

    def _entry_locks(self, function: checked.Function, names: Names) -> dict[str, Expr]:
        held: dict[str, Expr] = {}
        for lock in function.must_hold:
            for condition, name in choices(lock, names):
                held[name] = disj([held.get(name, FALSE), condition])
        return held

    def _leave(self, pc: int, span: Span) -> None:
        """Return from the innermost function at `pc`, tests of its claims first."""
        frame = self.frame
        function = frame.function
        if isinstance(function, checked.Thread):
            self.emit(pc, frame.exit)
            return
        names = Names(
            self.layout,
            frame.values,
            frame.locks,
            frame.result,
            {callee: ghost for callee, ghost in frame.did.items()},
        )
        for claim in self.claims:
            for clause in claim.clauses:
                if clause.kind == "after" and clause.hook == function.name:
                    wrong = disj(
                        [faults(clause.condition, names), negate(value(clause.condition, names))]
                    )
                    self.fail(pc, wrong, claim.name, f"returns from {function.name}()", span)
        table = next((t for t in self.program.tables if t.function == function.name), None)
        held = function.must_hold or function.name in self.program.contracts
        if table is None:
            if held:
                self._balance(function, frame, names, pc, span)
            self.emit(pc, frame.exit, called=(function.name,))
            return
        earlier: list[Expr] = []
        for outcome in (*self.program.outcomes, None):
            is_this = TRUE if outcome is None else value(outcome.condition, names)
            guard = conj([is_this, *(negate(e) for e in earlier)])
            name = "other" if outcome is None else outcome.name
            earlier.append(is_this)
            self.emit(pc, frame.exit, guard, outcome=name, called=(function.name,))
            if held:
                self._balance(function, frame, names, pc, span, guard, name)
            for cell, allowed in enumerate(table.claimed):
                if name not in allowed:
                    said = " or ".join(allowed) or "never"
                    self.fail(
                        pc,
                        conj([guard, equal(Local(CASE), Const(cell + 1))]),
                        "table",
                        f"{_cell_word(table.axes, cell)}: said {said}, is {name}",
                        span,
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
            )
            lacking = disj(
                [
                    conj([exclusive, negate(Mine(lock, "exclusive"))]),
                    conj([shared, negate(Mine(lock, "shared"))]),
                ]
            )
            lacking = conj([when, lacking])
            self.fail(pc, lacking, "balance", f"returns without {lock}", span, outcome)


def _cell_word(axes: Sequence[checked.Axis], cell: int) -> str:
    return ", ".join(
        axis.name if cell >> i & 1 else f"!{axis.name}" for i, axis in enumerate(axes)
    )


def _asked(program: Checked, function: str) -> list[str]:
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


def _has_call(node: checked.Expr) -> bool:
    match node:
        case checked.Call():
            return True
        case checked.Binary(_, left, right):
            return _has_call(left) or _has_call(right)
        case checked.Not(arg) | checked.Inner(arg) | checked.Container(arg):
            return _has_call(arg)
        case checked.Field(base, _, index):
            return any(_has_call(n) for n in (base, index) if n is not None)
        case checked.LockAddress(base) if base is not None:
            return _has_call(base)
        case _:
            return False


def _labels(node: checked.Statement) -> list[str]:
    match node:
        case checked.Label(name):
            return [name]
        case checked.Block(body, _):
            return [name for part in body for name in _labels(part)]
        case checked.If(_, then, otherwise, _):
            return _labels(then) + ([] if otherwise is None else _labels(otherwise))
        case checked.While(_, inside, _):
            return _labels(inside)
        case _:
            return []


def _closing(span: Span) -> Span:
    """The closing brace of a body."""
    return Span(span.source, span.end - 1, span.end)


def _typed(node: checked.Expr, variable: Variable, threads: Threads) -> checked.Expr:
    """`node` seen as of the type of the variable it is stored in."""
    for type_, domain in threads.domains.items():
        if domain is variable.domain:
            return checked.Const(0, type_, node.span)
    return node
