"""Expressions as operations: each part is pushed, and taken off by what it is a part of."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from verify.reference.code import Body, Op, Run, Target
from verify.reference.layout import walk
from verify.reference.primitives import Primitives
from verify.reference.watch import Watch
from verify.reference.way import Frame, Value, Way
from verify.source import Span
from verify.syntax import checked
from verify.syntax.checked import Expr


class Expressions:
    """The code of one function, as far as expressions go."""

    def __init__(
        self,
        primitives: Primitives,
        watch: Watch,
        called: Callable[[str], Body],
        body: Body,
        names: Mapping[str, int],
    ) -> None:
        self.primitives, self.watch, self.called = primitives, watch, called
        self.layout = primitives.layout
        self.values = primitives.values
        self.body = body
        self.names = names
        self.span: Span | None = None
        self.group = 0
        self.groups = 0

    # ------------------------------------------------------------ writing

    def _emit(
        self, run: Run, access: bool = False, marks: bool = False, blocks: bool = False
    ) -> None:
        self.body.code.append(Op(run, self.span, access, access or marks, blocks, self.group))

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

    # -------------------------------------------------------- expressions

    def _grouped(self, node: Expr, write: Callable[[], None]) -> None:
        """[T7] Write an expression's code, so that it is evaluated at once if it has one read."""
        calls = any(isinstance(part, checked.Call) for part in walk(node))
        if self.group or calls or self.layout.reads(node) > 1:
            write()
            return
        self.groups += 1
        self.group = self.groups
        write()
        self.group = 0

    def _condition(self, node: Expr, yes: Target, no: Target) -> None:
        """Evaluate the condition of a statement and go where it leads."""
        self.span = node.span
        self._test(node, yes, no)

    def _test(self, node: Expr, yes: Target, no: Target) -> None:
        """Evaluate a truth value and go where it leads."""
        self._grouped(node, lambda: self._write_test(node, yes, no))

    def _write_test(self, node: Expr, yes: Target, no: Target) -> None:
        if self.layout.is_own(node):
            test = self.values.at_once(node, self.names)

            def run(way: Way, frame: Frame) -> list[Way]:
                frame.pc = (yes if test(way, frame.env) else no).pc
                return [way]

            self._emit(run, marks=True)
            return
        match node:
            case checked.Not(arg):
                self._test(arg, no, yes)
            case checked.Binary("&&" | "||" as op, left, right):
                middle = Target()
                self._test(left, *((middle, no) if op == "&&" else (yes, middle)))
                self._put(middle)
                self._test(right, yes, no)
            case _:
                self._value(node)

                def decide(way: Way, frame: Frame) -> list[Way]:
                    frame.pc = (yes if frame.stack.pop() else no).pc
                    return [way]

                self._emit(decide, marks=True)

    def _value(self, node: Expr) -> None:
        """Push the value of an expression."""
        self._grouped(node, lambda: self._write_value(node))

    def _write_value(self, node: Expr) -> None:
        if self.layout.is_own(node):
            value = self.values.at_once(node, self.names)
            self._own(lambda way, frame: frame.stack.append(value(way, frame.env)))
            return
        match node:
            case checked.Call():
                self._call(node)
            case checked.Binary("&&" | "||"):
                yes, no, end = Target(), Target(), Target()
                self._test(node, yes, no)
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

                shared = isinstance(node, checked.Field) and self.layout.is_shared(node)
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
        watch, called = self.watch, self.called
        bit = watch.asked.get(call.callee, 0)

        def run(way: Way, frame: Frame) -> list[Way]:
            body = called(call.callee)
            env: list[Value] = [*frame.pop(count), *body.first[count:]]
            way.note(bit)
            way.serial += 1
            ghost = watch.enters(way, call.callee, env) if body.ghost else None
            way.frames.append(Frame(body, 0, env, [], ghost, way.serial))
            return [way]

        self._emit(run, marks=True)

    def _primitive(self, call: checked.Call, count: int, later: bool) -> None:
        """A primitive, which may be an access or not; [B4] if the thread dies, nothing of it."""
        primitives, watch = self.primitives, self.watch
        sampled = not later and watch.samples(self.body.name, call.callee)

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
