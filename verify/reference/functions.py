"""Functions and threads as operations, statement by statement."""

from __future__ import annotations

from collections.abc import Sequence

from verify.reference.code import Body, Target
from verify.reference.expressions import Expressions
from verify.reference.primitives import Primitives
from verify.reference.watch import Watch
from verify.reference.way import Fatal, Frame, Way
from verify.syntax import checked
from verify.syntax.checked import VOID, Expr, Function, Statement, Thread, Type


class Code:
    """Writes the code of functions and threads, each when it is first needed."""

    def __init__(self, primitives: Primitives, watch: Watch) -> None:
        self.layout = primitives.layout
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
        name = of.name if isinstance(of, Function) else f"thread {of.name}"
        body = Body(name, len(params), tuple(self.layout.first(t) for _, t in names))
        if isinstance(of, Function):
            body.ghost, body.asked = self.watch.asks(of.name)
        places = {name: i for i, (name, _) in enumerate(names)}
        writer = _Writer(self.primitives, self.watch, self.function, body, places)
        writer.whole(of, result)
        return body


class _Writer(Expressions):
    """The code of one function or thread."""

    labels: dict[str, Target]
    result: Type
    is_thread: bool

    def whole(self, of: Function | Thread, result: Type) -> None:
        """Write all of it."""
        self.labels, self.result, self.is_thread = {}, result, isinstance(of, Thread)
        self.statement(of.body)
        self.span = None
        if result == VOID:
            self._return(False)
        else:
            # [B2] a function that returns a value ends without one
            self._own(_no_value)

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
                self._condition(condition, yes, no)
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
                self._condition(condition, yes, no)
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
            store, count = self.primitives.store(target), len(parts)

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
        fit, watch = self.values.fitting(type_), self.watch
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
        return call if self.watch.samples(self.body.name, call.callee) else None

    def _return(self, has_value: bool, marks: bool = False) -> None:
        fit, watch = self.values.fitting(self.result), self.watch
        is_thread = self.is_thread

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

        # [T13] a return that a claim or the table looks at
        looks = not is_thread and ("after", self.body.name) in self.layout.looks
        self._emit(run, access=looks, marks=marks)


def _no_value(way: Way, frame: Frame) -> None:
    raise Fatal("memory")


def _drop(way: Way, frame: Frame) -> None:
    frame.stack.pop()
