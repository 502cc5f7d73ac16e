"""Functions and threads as operations, statement by statement."""

from __future__ import annotations

from collections.abc import Sequence

from verify.reference.code import Body, Target
from verify.reference.expressions import Expressions, Split, of_all
from verify.reference.primitives import Primitives
from verify.reference.watch import Watch
from verify.reference.way import FatalError, Frame, Way
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
            self._return(None)
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
                self._return(value, marks=True)
            case checked.LockStatement() | checked.MightSleep():
                raise AssertionError(f"no {type(node).__name__} in a function")

    def _assign(self, target: Expr, value: Expr) -> None:
        if isinstance(target, checked.Field):
            self._store(target, value)
        elif isinstance(target, checked.Local):
            self._local(self.names[target.name], target.type, value)
        else:
            assert isinstance(target, checked.ThreadLocal)
            split = self._whole(value)
            own, fit = self.layout.thread_locals[target.name], self.values.fitting(target.type)

            def set_own(way: Way, frame: Frame) -> None:
                way.own[own] = fit(split.rest(way, frame.env, frame.pop(split.size)))

            self._own(set_own, split.looks, marks=True)

    def _store(self, target: checked.Field, value: Expr) -> None:
        """[T6, T7] The value, the address, and the store, which is an access."""
        new, *parts = self._all([value, *self.values.parts(target)])
        store, size = self.primitives.store(target), sum(part.size for part in (new, *parts))

        def keep(way: Way, frame: Frame) -> None:
            found, *where = of_all([new, *parts], way, frame.env, frame.pop(size))
            store(way, found, where)

        self._own(keep, access=True)

    def _local(self, place: int, type_: Type, value: Expr) -> None:
        fit, watch = self.values.fitting(type_), self.watch
        sampled = self._sampled(value)
        if sampled is None:
            split = self._whole(value)

            def set_local(way: Way, frame: Frame) -> None:
                frame.env[place] = fit(split.rest(way, frame.env, frame.pop(split.size)))

            self._own(set_local, split.looks, marks=True)
            return
        self._call(sampled, later=True)
        is_test = value is not sampled

        def set_sampled(way: Way, frame: Frame) -> None:
            found = frame.stack.pop()
            frame.env[place] = fit(int(found != 0) if is_test else found)
            watch.sample(way, frame, found)

        self._own(set_sampled, marks=True)

    def _sampled(self, value: Expr) -> checked.Call | None:
        """The call that samples the table, if its value is what is stored, [E1]."""
        match value:
            case checked.Binary("!=", checked.Call() as call, checked.Const(0)):
                pass
            case checked.Call() as call:
                pass
            case _:
                # No other value is what a call returned, or whether it returned something.
                return None
        return call if self.watch.samples(self.body.name, call.callee) else None

    def _return(self, value: Expr | None, marks: bool = False) -> None:
        """[T13] A return is an access if a claim or the table looks at it."""
        fit, watch, is_thread = self.values.fitting(self.result), self.watch, self.is_thread
        looks = not is_thread and ("after", self.body.name) in self.layout.looks
        split = Split(lambda way, env, values: 0, 0)
        if value is not None and looks:
            # What is returned has been worked out before.
            self._value(value, fit)
            split = Split(lambda way, env, values: values[0], 1)
        elif value is not None:
            split = self._whole(value)

        def run(way: Way, frame: Frame) -> list[Way]:
            given = fit(split.rest(way, frame.env, frame.pop(split.size)))
            if is_thread:
                watch.ends(way)
            else:
                watch.returns(way, frame, given)
            way.frames.pop()
            if way.frames:
                caller = way.frames[-1]
                caller.stack.append(given)
                caller.pc += 1
            else:
                way.end = "through"
            return [way]

        self._emit(run, split.looks or looks, marks)


def _no_value(way: Way, frame: Frame) -> None:
    raise FatalError("memory")


def _drop(way: Way, frame: Frame) -> None:
    frame.stack.pop()
