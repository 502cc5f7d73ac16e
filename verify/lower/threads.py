"""Threads: functions are inlined, control flow becomes program counters.

Each access to shared state is a command of its own; what only concerns a
thread's locals is lowered to silent commands, which `fuse` takes together with others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from verify.diagnostics import Diagnostic, InputError
from verify.ir import (
    CASE,
    FALSE,
    TRUE,
    Const,
    Domain,
    Expr,
    Fault,
    Local,
    Mine,
    Place,
    Shared,
    Thread,
    Update,
    Variable,
    conj,
    disj,
    negate,
)
from verify.locks import FREE
from verify.lower.atomic import Way
from verify.lower.builder import Frame
from verify.lower.clauses import in_parts
from verify.lower.contracts import Contracts, asked, cell_word
from verify.lower.hoist import Hoisting, has_call, kept_name
from verify.lower.uses import followed
from verify.lower.values import Choices, Names, choices, faults, field_slots, value, wrong
from verify.reasons.steps import Because, Note, Returned
from verify.reasons.violations import (
    Doing,
    EndsUnfinished,
    EndsWithoutValue,
    FollowsNull,
    LockLeft,
    quoted,
)
from verify.source import Span
from verify.syntax import checked
from verify.syntax.checked import BOOL, VOID, Type

# Statements and calls around a statement, so that lowering may recurse.
MAX_NESTING = 300


@dataclass
class Threads(Hoisting, Contracts):
    """Lowers one thread, with the tests of every claim that looks at it."""

    depth: int = 0

    def thread(self, thread: checked.Thread) -> Thread:
        """The whole thread as commands, those that only a lonely copy wants among them."""
        self.steps.interrupt = thread.interrupt
        for slot in self.program.thread_locals:
            domain = self.domains[slot.type]
            self.locals[slot.name] = Variable(
                slot.name, slot.name, domain, slot.initial, lasting=True
            )
            self.types[slot.name] = slot.type
        entry, end = self.pc(), self.pc()
        frame = Frame(thread, "", exit=self.pc())
        self.frames.append(frame)
        self._enter(frame, thread.locals, thread.body)
        # Nothing leads back to the entry: who goes round a loop that stands first is under way.
        start = self.pc()
        self.emit(entry, start)
        after = self._body(thread.body, start)
        if after is not None:
            self.emit(after, frame.exit)
        self._finish(thread, frame.exit, end)
        return Thread(
            name=thread.name,
            sentence=thread.sentence,
            kind="thread",
            claim="",
            locals=tuple(self.locals.values()),
            commands=self.finished(),
            entry=entry,
            end=end,
        )

    def _finish(self, thread: checked.Thread, exit_: int, end: int) -> None:
        span = _closing(thread.body.span)
        for lock in self.layout.locks:
            self.fail(
                exit_,
                Mine(lock, "any"),
                "balance",
                LockLeft(Doing.ENDS, lock),
                span,
                fault=Fault(lock, FREE, Doing.ENDS),
                about=(lock,),
            )
        for claim in self.claims:
            for clause in claim.clauses:
                if clause.kind == "finally":
                    self.fail(
                        exit_,
                        wrong(clause.condition, Names(self.layout)),
                        claim.name,
                        EndsUnfinished(quoted(clause.condition.span)),
                        span,
                        asked=in_parts(clause.condition, Names(self.layout)),
                    )
        self.emit(exit_, end)

    def _enter(self, frame: Frame, names: Sequence[tuple[str, Type]], body: checked.Block) -> None:
        kept = _kept(body)
        for name, type_ in names:
            unique = f"{frame.prefix}{name}"
            frame.values[name] = self.local(unique, type_, kept.get(name, name))
            self.uninitialised[unique] = name

    def _body(self, body: checked.Block, pc: int) -> int | None:
        for label in _labels(body):
            self.frame.labels[label] = self.pc()
        return self.statement(body, pc)

    # ------------------------------------------------------------- statements

    def statement(self, node: checked.Statement, pc: int | None) -> int | None:
        """Lower a statement at `pc`; the pc behind it, or None if none is reached."""
        self.depth += 1
        if self.depth > MAX_NESTING:
            headline = f"nested more than {MAX_NESTING} deep, calls of functions included"
            raise InputError([Diagnostic("BFP004", headline, node.span)])
        after = self._statement(node, pc)
        self.depth -= 1
        return after

    def _statement(self, node: checked.Statement, pc: int | None) -> int | None:
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
                self.tests.add(condition.span)
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
            case checked.Goto(label, span, written):
                if written:
                    self.jumps.add(span)
                # A label of a switch that fits is told of where it is tested.
                told = not written and span in self.tests
                places = () if told else (self.place(span),)
                self.emit(pc, self.frame.labels[label], places=places)
                return None
            case checked.Return(result, span):
                self.jumps.add(span)
                if result is not None:
                    assert self.frame.result is not None
                    # The return itself is told of where it is tested.
                    pc = self._store(self.frame.result, result, span, pc, ())
                self.leave(pc, span)
                return None
            case checked.LockStatement() | checked.MightSleep():
                raise AssertionError("a lock statement outside a primitive")

    def _store(
        self,
        target: Local,
        new: checked.Expr,
        span: Span,
        pc: int,
        places: tuple[Place, ...] | None = None,
    ) -> int:
        """`target = new` for a local; `places` are what to tell of it, if not the whole."""
        if isinstance(new, checked.Call):
            return self.call(new, pc, target, span)
        new, pc = self.hoist(new, pc, 1)
        self.guarded(new, pc, span)
        self.access(pc, self.shared.reads(new) > 0)
        expr = value(new, self.names())
        sound = Way(negate(faults(new, self.names())))
        way = self.steps.in_range(self.types[target.name], expr, sound)
        self.breaks(pc, span)
        after = self.pc()
        told = (self.place(span),) if places is None else places
        self.emit(pc, after, way.guard, [(target, expr)], told)
        return after

    def _assign(self, target: checked.Expr, new: checked.Expr, span: Span, pc: int) -> int:
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
        self.access(pc)
        names = self.names()
        expr = value(new, names)
        self.uses(new, pc, span)
        self.uses(target, pc, span, negate(faults(new, names)))
        for node in (new, target):
            about = followed(node, names)
            self.fail(
                pc,
                faults(node, names),
                "memory",
                FollowsNull(quoted(target.span)),
                span,
                about=about,
            )
        ok = negate(disj([faults(new, names), faults(target, names)]))
        way = self.steps.in_range(target.type, expr, Way())
        self.breaks(pc, span)
        after = self.pc()
        for condition, slot in field_slots(target, names):
            self.emit(
                pc,
                after,
                conj([ok, way.guard, condition]),
                [(Shared(slot), expr)],
                (self.place(span),),
            )
        return after

    def _hoist_address(self, target: checked.Field, pc: int) -> tuple[checked.Field, int]:
        base, index = target.base, target.index
        if base is not None:
            base, pc = self.hoist(base, pc, 0)
        if index is not None:
            index, pc = self.hoist(index, pc, 0)
        return replace(target, base=base, index=index), pc

    # ------------------------------------------------------------------ calls

    def call(
        self, node: checked.Call, pc: int, target: Local | None, span: Span | None = None
    ) -> int:
        """Lower a call, its value stored in `target`; the pc behind it."""
        args: list[checked.Expr] = []
        for i, arg in enumerate(node.args):
            plain, pc = self.hoist(arg, pc, 0)
            if any(map(has_call, node.args[i + 1 :])):
                plain, pc = self.kept(plain, pc)
            args.append(plain)
        # What is left of them belongs to the call: whoever dies of it has read all that is read.
        for arg in args:
            self.guarded(arg, pc, node.span)
        if node.callee in self.program.functions:
            # The address of a lock is not stored in a parameter, as values are.
            for i, arg in enumerate(args):
                if isinstance(arg, checked.LockAddress):
                    args[i], pc = self.kept(arg, pc)
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
        self.access(pc, node.callee in self.shared.primitives)
        names = self.names()
        values: dict[str, Expr] = {}
        locks: dict[str, Choices] = {}
        for (param, type_), arg in zip(primitive.params, args, strict=True):
            if type_.kind == "lock pointer":
                locks[param] = choices(arg, names)
            else:
                values[param] = value(arg, names)
                ok = self.steps.in_range(type_, values[param], Way(ok)).guard
        ways = self.steps.call(primitive, Way(ok), values, locks)
        if target is not None:
            kept = self.types[target.name]
            ways = [w if w.result is None else self.steps.in_range(kept, w.result, w) for w in ways]
            ways = [w for w in ways if w.guard != FALSE]
        self.breaks(pc, span)
        after = self.pc()
        for way in ways:
            for one in self.sampled(node.callee, way, target):
                updates = dict(one.values)
                for frame in self.frames:
                    for callee, ghost in frame.did.items():
                        if callee in one.called:
                            updates[ghost] = TRUE
                came: Note | None = Because(one.note) if one.note else None
                if one.result is not None and isinstance(one.result, Const):
                    word = self.domains[primitive.result].word(one.result.value)
                    came = Returned(word, one.note)
                self.take(pc, after, one, updates.items(), self.place(span, came))
                self.table_claims(node.callee, one, pc, span)
        return after

    def _inline(
        self,
        node: checked.Call,
        args: Sequence[checked.Expr],
        pc: int,
        target: Local | None,
        ok: Expr,
    ) -> int:
        function = self.program.functions[node.callee]
        prefix = f"{function.name}.{len(self.locals)}."
        names = self.names()
        frame = Frame(function, prefix, exit=self.pc())
        stores: list[Update] = []
        for (param, type_), arg in zip(function.params, args, strict=True):
            if type_.kind == "lock pointer":
                frame.locks[param] = choices(arg, names)
            else:
                local = self.local(f"{prefix}{param}", type_, param)
                frame.values[param] = local
                new = value(arg, names)
                ok = self.steps.in_range(type_, new, Way(ok)).guard
                stores.append((local, new))
        self.breaks(pc, node.span)
        if function.result != VOID:
            frame.result = self.local(f"{prefix}result", function.result, "result")
        for callee in asked(self.program, function.name):
            frame.did[callee] = self.local(f"{prefix}did.{callee}", BOOL, f"did({callee})", True)
        # A call begins with nothing done and no case, however often it is made.
        stores += [(ghost, FALSE) for ghost in frame.did.values()]
        table = self.table_of(function.name)
        if table is not None:
            words = ("-", *(cell_word(table.axes, i) for i in range(2 ** len(table.axes))))
            self.locals[CASE] = Variable(CASE, CASE, Domain("case", 0, words), 0, True)
            stores.append((Local(CASE), Const(0)))
        start = self.pc()
        self.emit(pc, start, ok, stores, (self.place(node.span),))
        self.frames.append(frame)
        start = self.entry_contract(frame, function, start, node.span)
        self._enter(frame, function.locals, function.body)
        closing = _closing(function.body.span)
        self.depth += 4
        after = self._body(function.body, start)
        self.depth -= 4
        if after is not None and function.result == VOID:
            self.leave(after, closing)
        elif after is not None:
            self.fail(after, TRUE, "memory", EndsWithoutValue(), closing)
        self.frames.pop()
        back = self.pc()
        result: list[Update] = []
        inside = Way()
        if target is not None and frame.result is not None:
            inside = self.steps.in_range(self.types[target.name], frame.result, inside)
            self.breaks(frame.exit, node.span)
            result.append((target, frame.result))
        self.emit(frame.exit, back, inside.guard, result)
        return back


def _kept(body: checked.Block) -> dict[str, str]:
    """What the locals are shown as in which desugaring keeps a value, by their names: those have
    a blank, and each is first set to the whole that it keeps."""
    found: dict[str, str] = {}
    for node in checked.walk(body):
        match node:
            case checked.Assign(checked.Local(name), _, span) if " " in name:
                found.setdefault(name, kept_name(span))
    return found


def _labels(node: checked.Statement) -> list[str]:
    return [part.name for part in checked.walk(node) if isinstance(part, checked.Label)]


def _closing(span: Span) -> Span:
    """The closing brace of a body."""
    return Span(span.source, span.end - 1, span.end)
