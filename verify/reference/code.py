"""Functions and threads as short operations on a stack, so that a thread can stop anywhere.

An operation is an access or a thread's own affair.  Each moves the program
counter of its frame on; an access is carried out by who counts steps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from verify.reference.layout import Layout, key
from verify.reference.primitives import Primitives
from verify.reference.values import Values
from verify.reference.watch import Watch
from verify.reference.way import Fatal, Frame, Value, Way
from verify.source import Span
from verify.syntax import checked
from verify.syntax.checked import VOID, Expr, Function, Statement, Thread, Type

Run: TypeAlias = Callable[[Way, Frame], "list[Way]"]


@dataclass(frozen=True, slots=True)
class Op:
    """One operation.  `marks` if the statement at `span` is partly done with it.

    `run` gives the ways on which it went on, perhaps none if it `blocks`; it raises
    Fatal where the thread dies.
    """

    run: Run
    span: Span | None
    access: bool
    marks: bool
    blocks: bool


@dataclass(slots=True)
class Target:
    """Where a jump goes, known once the code behind it is written."""

    pc: int = -1


@dataclass(slots=True)
class Body:
    """The code of a function or thread.

    `first` are its parameters and locals at the call, parameters to be filled in.
    `asked` are the bits of the functions that somebody asks of a call `did()`.
    `heads` are the places that a loop comes back to.
    """

    name: str
    params: int
    first: tuple[int, ...]
    asked: int = 0
    ghost: bool = False
    code: list[Op] = field(default_factory=list)
    heads: set[int] = field(default_factory=set)


class Code:
    """Writes the code of functions and threads, each when it is first needed."""

    def __init__(self, layout: Layout, primitives: Primitives, watch: Watch) -> None:
        self.layout = layout
        self.primitives = primitives
        self.watch = watch
        self.bodies: dict[str, Body] = {}

    def function(self, name: str) -> Body:
        """The code of a function."""
        if name not in self.bodies:
            function = self.layout.program.functions[name]
            self.bodies[name] = self._write(function, function.params, function.result)
        return self.bodies[name]

    def thread(self, name: str) -> Body:
        """The code of a thread; no function is called so."""
        known = f"thread {name}"
        if known not in self.bodies:
            self.bodies[known] = self._write(self.layout.program.threads[name], (), VOID)
        return self.bodies[known]

    def _write(
        self, of: Function | Thread, params: Sequence[tuple[str, Type]], result: Type
    ) -> Body:
        names = [*params, *of.locals]
        body = Body(of.name, len(params), tuple(self.layout.first(t) for _, t in names))
        if isinstance(of, Function):
            body.ghost, body.asked = self.watch.asks(of.name)
        writer = _Writer(self, of, body, {name: i for i, (name, _) in enumerate(names)}, result)
        writer.whole()
        return body


class _Writer:
    """The code of one function."""

    def __init__(
        self,
        code: Code,
        of: Function | Thread,
        body: Body,
        names: Mapping[str, int],
        result: Type,
    ) -> None:
        self.code, self.layout, self.of, self.body = code, code.layout, of, body
        self.values: Values = code.primitives.values
        self.names = names
        self.result = result
        self.labels: dict[str, Target] = {}
        self.span: Span | None = None

    def whole(self) -> None:
        self.statement(self.of.body)
        self.span = None
        if isinstance(self.of, Thread) or self.result == VOID:
            self._return(False)
        else:
            # [B2] a function that returns a value ends without one
            self._own(_no_value)

    # ------------------------------------------------------------ writing

    def _emit(
        self, run: Run, access: bool = False, marks: bool = False, blocks: bool = False
    ) -> None:
        self.body.code.append(Op(run, self.span, access, access or marks, blocks))

    def _own(self, act: Callable[[Way, Frame], None], marks: bool = False) -> None:
        """One own affair that goes on to the next operation."""

        def run(way: Way, frame: Frame) -> list[Way]:
            act(way, frame)
            frame.pc += 1
            return [way]

        self._emit(run, marks=marks)

    def _put(self, target: Target) -> None:
        target.pc = len(self.body.code)

    def _jump(self, target: Target, marks: bool = False) -> None:
        def run(way: Way, frame: Frame) -> list[Way]:
            frame.pc = target.pc
            return [way]

        self._emit(run, marks=marks)

    def _head(self, target: Target) -> None:
        """A place that is come back to."""
        self._put(target)
        self.body.heads.add(target.pc)
        self._own(lambda way, frame: None)

    # --------------------------------------------------------- statements

    def statement(self, node: Statement) -> None:
        if not isinstance(node, checked.Block):
            self.span = node.span
        match node:
            case checked.Block(parts):
                for part in parts:
                    self.statement(part)
            case checked.Assign(target, value):
                self._assign(target, value)
            case checked.Do(call):
                self._call(call)
                self._own(_drop, marks=True)
            case checked.If(condition, then, otherwise):
                yes, no, end = Target(), Target(), Target()
                self._test(condition, yes, no)
                self._put(yes)
                self.statement(then)
                if otherwise is not None:
                    self._jump(end)
                self._put(no)
                if otherwise is not None:
                    self.statement(otherwise)
                self._put(end)
            case checked.While(condition, inside):
                again, yes, no = Target(), Target(), Target()
                self._head(again)
                self._test(condition, yes, no)
                self._put(yes)
                self.statement(inside)
                self._jump(again)
                self._put(no)
            case checked.Label(name):
                self._head(self.labels.setdefault(name, Target()))
            case checked.Goto(label):
                self._jump(self.labels.setdefault(label, Target()), marks=True)
            case checked.Return(value):
                if value is not None:
                    self._value(value)
                self._return(value is not None, marks=True)
            case _:
                raise AssertionError(f"no {type(node).__name__} in a function")

    def _assign(self, target: Expr, value: Expr) -> None:
        sampled = self._sampled(value) if isinstance(target, checked.Local) else None
        if sampled is None:
            self._value(value)
        else:
            self._call(sampled, later=True)
        fit = self.values.fitting(target.type)
        if isinstance(target, checked.Field):
            parts = self.values.parts(target)
            for part in parts:
                self._value(part)
            store, count = self.code.primitives.store(target), len(parts)

            def keep(way: Way, frame: Frame) -> list[Way]:
                where = frame.pop(count)
                store(way, frame.stack.pop(), where)
                frame.pc += 1
                return [way]

            self._emit(keep, access=True)
        elif isinstance(target, checked.ThreadLocal):
            own = self.layout.thread_locals[target.name]

            def set_own(way: Way, frame: Frame) -> None:
                found = fit(frame.stack.pop())
                assert isinstance(found, int)
                way.own[own] = found

            self._own(set_own, marks=True)
        else:
            assert isinstance(target, checked.Local)
            self._local(self.names[target.name], target.type, value, sampled)

    def _local(self, place: int, type_: Type, value: Expr, sampled: checked.Call | None) -> None:
        fit, watch = self.values.fitting(type_), self.code.watch
        is_test = sampled is not None and value is not sampled

        def set_local(way: Way, frame: Frame) -> None:
            found = frame.stack.pop()
            frame.env[place] = fit(int(found != 0) if is_test else found)
            if sampled is not None:
                watch.sample(way, frame, found)

        self._own(set_local, marks=True)

    def _sampled(self, value: Expr) -> checked.Call | None:
        """The call that samples the table, if its value is what is stored, [E1]."""
        match value:
            case checked.Binary("!=", checked.Call() as call, checked.Const(0)):
                pass
            case checked.Call() as call:
                pass
            case _:
                return None
        return call if self.code.watch.samples(self.of.name, call.callee) else None

    def _return(self, has_value: bool, marks: bool = False) -> None:
        fit, watch = self.values.fitting(self.result), self.code.watch
        is_thread = isinstance(self.of, Thread)

        def run(way: Way, frame: Frame) -> list[Way]:
            value = fit(frame.stack.pop()) if has_value else 0
            if is_thread:
                watch.ends(way)
            else:
                watch.returns(way, frame, value)
            way.frames.pop()
            if way.frames:
                caller = way.frames[-1]
                caller.stack.append(value)
                caller.pc += 1
            else:
                way.end = "through"
            return [way]

        self._emit(run, marks=marks)

    # -------------------------------------------------------- expressions

    def _test(self, node: Expr, yes: Target, no: Target, outer: bool = True) -> None:
        """Evaluate a condition and go where it leads."""
        if outer:
            self.span = node.span
        if self.layout.is_own(node):
            test = self.values.at_once(node, self.names)

            def run(way: Way, frame: Frame) -> list[Way]:
                frame.pc = (yes if test(way, frame.env) else no).pc
                return [way]

            self._emit(run, marks=True)
            return
        match node:
            case checked.Not(arg):
                self._test(arg, no, yes, False)
            case checked.Binary("&&" | "||" as op, left, right):
                middle = Target()
                self._test(left, *((middle, no) if op == "&&" else (yes, middle)), False)
                self._put(middle)
                self._test(right, yes, no, False)
            case _:
                self._value(node)

                def decide(way: Way, frame: Frame) -> list[Way]:
                    frame.pc = (yes if frame.stack.pop() else no).pc
                    return [way]

                self._emit(decide, marks=True)

    def _value(self, node: Expr) -> None:
        """Push the value of an expression."""
        if self.layout.is_own(node):
            value = self.values.at_once(node, self.names)
            self._own(lambda way, frame: frame.stack.append(value(way, frame.env)))
            return
        match node:
            case checked.Call():
                self._call(node)
            case checked.Binary("&&" | "||"):
                yes, no, end = Target(), Target(), Target()
                self._test(node, yes, no, False)
                self._put(yes)
                self._own(lambda way, frame: frame.stack.append(1))
                self._jump(end)
                self._put(no)
                self._own(lambda way, frame: frame.stack.append(0))
                self._put(end)
            case _:
                parts = self.values.parts(node)
                for part in parts:
                    self._value(part)
                apply, count = self.values.apply(node, self.names), len(parts)

                def run(way: Way, frame: Frame) -> list[Way]:
                    frame.stack.append(apply(way, frame.env, frame.pop(count)))
                    frame.pc += 1
                    return [way]

                shared = isinstance(node, checked.Field) and key(node) in self.layout.assigned
                self._emit(run, access=shared)

    # -------------------------------------------------------------- calls

    def _call(self, call: checked.Call, later: bool = False) -> None:
        """Call something, which pushes what it returns, 0 if that is nothing.

        `later`: the table is sampled by who stores the value, not by the call.
        """
        primitive = self.layout.program.primitives.get(call.callee)
        params = (primitive or self.layout.program.functions[call.callee]).params
        for arg, (_, type_) in zip(call.args, params, strict=True):
            self._value(arg)
            if type_.kind == "int":
                fit = self.values.fitting(type_)

                def check(way: Way, frame: Frame, fit: Callable[[Value], Value] = fit) -> None:
                    fit(frame.stack[-1])

                self._own(check)
        if primitive is not None:
            self._primitive(call, len(params), later)
        else:
            self._function(call, len(params))

    def _function(self, call: checked.Call, count: int) -> None:
        """[C1] Begin a call; the callee's return moves the caller on."""
        code, watch = self.code, self.code.watch
        bit = code.primitives.asked.get(call.callee, 0)

        def run(way: Way, frame: Frame) -> list[Way]:
            body = code.function(call.callee)
            env: list[Value] = [*frame.pop(count), *body.first[count:]]
            way.note(bit)
            way.serial += 1
            ghost = watch.enters(way, call.callee, env) if body.ghost else None
            way.frames.append(Frame(body, 0, env, [], ghost, way.serial))
            return [way]

        self._emit(run, marks=True)

    def _primitive(self, call: checked.Call, count: int, later: bool) -> None:
        """A primitive, which may be an access or not; [B4] if the thread dies, nothing of it."""
        primitives, watch = self.code.primitives, self.code.watch
        sampled = not later and watch.samples(self.of.name, call.callee)

        def run(way: Way, frame: Frame) -> list[Way]:
            held, writes = way.held, dict(way.writes)
            found = []
            for one, value in primitives.call(call.callee, way, frame.pop(count)):
                if one.end == "dead":
                    one.held, one.writes = held, writes
                else:
                    here = one.frames[-1]
                    here.stack.append(value)
                    here.pc += 1
                    if sampled:
                        watch.sample(one, here, value)
                found.append(one)
            return found

        self._emit(run, self.layout.is_access(call.callee), marks=True, blocks=True)


def _no_value(way: Way, frame: Frame) -> None:
    raise Fatal("memory")


def _drop(way: Way, frame: Frame) -> None:
    frame.stack.pop()
