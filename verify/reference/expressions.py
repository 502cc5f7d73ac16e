"""Expressions as operations: each read and each call leaves its value on the stack.

What is computed from these values is evaluated where it is needed [T6], by who takes
them off: an access, in its own step, or a thread's own affair behind the last read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from verify.reference.code import Body, Op, Run, Target
from verify.reference.layout import walk
from verify.reference.primitives import Primitives
from verify.reference.watch import Watch
from verify.reference.way import Env, Frame, Value, Way
from verify.source import Span
from verify.syntax import checked
from verify.syntax.checked import Expr

Rest: TypeAlias = Callable[[Way, Env, Sequence[Value]], Value]


@dataclass(frozen=True, slots=True)
class Split:
    """What is left of an expression: `rest` of the values of `size` reads and calls.

    `looks` says whether evaluating it is an access still: it reads, or a claim looks at it.
    """

    rest: Rest
    size: int
    looks: bool = False


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

    # ------------------------------------------------------------ writing

    def _emit(
        self, run: Run, access: bool = False, marks: bool = False, blocks: bool = False
    ) -> None:
        self.body.code.append(Op(run, self.span, access, access or marks, blocks))

    def _own(
        self, act: Callable[[Way, Frame], None], access: bool = False, marks: bool = False
    ) -> None:
        """An operation that goes on to the next one."""

        def run(way: Way, frame: Frame) -> list[Way]:
            act(way, frame)
            frame.pc += 1
            return [way]

        self._emit(run, access, marks)

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

    def _whole(self, node: Expr) -> Split:
        """[T7] The value of what is stored in a local, returned or tested.

        What has one read at most is evaluated at once, in the step of that read.
        """
        return self._split(node, self._left(node) <= 1 and not self._branches(node))

    def _left(self, node: Expr) -> int:
        """How many reads are left of an expression when its calls are made."""
        if isinstance(node, checked.Call) or self._is_tests(node):
            return 0
        parts = self._parts(node)
        left = sum(
            self._left(part) for i, part in enumerate(parts) if not has_call(*parts[i + 1 :])
        )
        return left + (isinstance(node, checked.Field) and self.layout.is_read(node))

    def _parts(self, node: Expr) -> tuple[Expr, ...]:
        return () if isinstance(node, checked.Call) else self.values.parts(node)

    def _is_tests(self, node: Expr) -> bool:
        """[T7] Whether a node is `&&` or `||` of which the right side is a test of its own."""
        match node:
            case checked.Binary("&&" | "||", _, right):
                return not self.layout.is_still(right) or self.layout.looks_in(right)
            case _:
                # Nothing else is short-circuited.
                return False

    def _branches(self, node: Expr) -> bool:
        """Whether tests of their own are left of an expression when its calls are made."""
        if self._is_tests(node) and not has_call(self._parts(node)[1]):
            return True
        return any(self._branches(part) for part in self._parts(node))

    def _value(self, node: Expr, fit: Callable[[Value], Value] = lambda value: value) -> None:
        """Push the value of an expression, if it fits."""
        split = self._whole(node)

        def push(way: Way, frame: Frame) -> None:
            given = frame.pop(split.size)
            frame.stack.append(fit(split.rest(way, frame.env, given)))

        self._own(push, split.looks)

    def _split(self, node: Expr, at_once: bool = False) -> Split:
        """Write the calls of an expression, and its reads if it is not to be evaluated
        `at_once` behind them, and say what is left to do."""
        if self.layout.is_still(node) and not self._branches(node):
            found = self.values.at_once(node, self.names)
            looks = self.layout.looks_in(node)
            return Split(lambda way, env, _: found(way, env), 0, looks)
        match node:
            case checked.Call():
                self._call(node)
            case checked.Binary("&&" | "||" as op, left, right) if not self._is_tests(node):
                one, two = self._split(left, at_once), self.values.at_once(right, self.names)
                stop = op == "||"

                def both(way: Way, env: Env, values: Sequence[Value]) -> Value:
                    if bool(one.rest(way, env, values)) == stop:
                        return int(stop)
                    return int(bool(two(way, env)))

                return Split(both, one.size, one.looks)
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
                # Nothing else calls or is short-circuited: its parts, and then itself.
                return self._node(node, at_once)
        return Split(lambda way, env, values: values[0], 1)

    def _node(self, node: Expr, at_once: bool) -> Split:
        """A read, or something that is no access but has one in it."""
        parts = self._all(self.values.parts(node), at_once)
        apply = self.values.apply(node, self.names)
        size = sum(part.size for part in parts)

        def rest(way: Way, env: Env, values: Sequence[Value]) -> Value:
            return apply(way, env, of_all(parts, way, env, values))

        is_read = isinstance(node, checked.Field) and self.layout.is_read(node)
        if at_once or not is_read:
            looks = is_read or self.layout.is_look_at(node) or any(part.looks for part in parts)
            return Split(rest, size, looks)

        def read(way: Way, frame: Frame) -> None:
            frame.stack.append(rest(way, frame.env, frame.pop(size)))

        self._own(read, access=True)
        return Split(lambda way, env, values: values[0], 1)

    def _all(self, nodes: Sequence[Expr], at_once: bool = False) -> list[Split]:
        """Several expressions, from left to right.

        What a call may change, a read or a thread-local, is read before it.
        """
        found = []
        for i, node in enumerate(nodes):
            calls_follow = has_call(*nodes[i + 1 :])
            own = any(isinstance(part, checked.ThreadLocal) for part in walk(node))
            if own and calls_follow:
                self._value(node)
                found.append(Split(lambda way, env, values: values[0], 1))
            else:
                found.append(self._split(node, at_once and not calls_follow))
        return found

    def _condition(self, node: Expr, yes: Target, no: Target) -> None:
        """Evaluate the condition of a statement and go where it leads."""
        self.span = node.span
        self._test(node, yes, no)

    def _test(self, node: Expr, yes: Target, no: Target) -> None:
        """[T6, T7] `&&` and `||` are tests of their own, made as far as needed."""
        match node:
            case checked.Not(arg):
                self._test(arg, no, yes)
            case checked.Binary("&&" | "||" as op, left, right):
                middle = Target()
                self._test(left, *((middle, no) if op == "&&" else (yes, middle)))
                self._put(middle)
                self._test(right, yes, no)
            case _:
                # What is no connective is one test.
                split = self._whole(node)

                def decide(way: Way, frame: Frame) -> list[Way]:
                    value = split.rest(way, frame.env, frame.pop(split.size))
                    frame.pc = (yes if value else no).pc
                    return [way]

                self._emit(decide, split.looks, marks=True)

    # -------------------------------------------------------------- calls

    def _call(self, call: checked.Call, later: bool = False) -> None:
        """Call something, which pushes what it returns, 0 if that is nothing.

        `later`: the table is sampled by who stores the value, not by the call.
        """
        if call.callee in self.layout.program.primitives:
            self._primitive(call, later)
        else:
            self._function(call)

    def _function(self, call: checked.Call) -> None:
        """[C1] Begin a call; the callee's return moves the caller on."""
        watch, called = self.watch, self.called
        params = self.layout.program.functions[call.callee].params
        args = self._all(call.args)
        size = sum(arg.size for arg in args)
        fits = [self.values.fitting(type_) for _, type_ in params]
        bit = watch.asked.get(call.callee, 0)

        def run(way: Way, frame: Frame) -> list[Way]:
            body = called(call.callee)
            given = of_all(args, way, frame.env, frame.pop(size))
            given = [fit(value) for fit, value in zip(fits, given, strict=True)]
            env: list[Value] = [*given, *body.first[len(params) :]]
            way.note(bit)
            way.serial += 1
            ghost = watch.enters(way, call.callee, env) if body.ghost else None
            way.frames.append(Frame(body, 0, env, [], ghost, way.serial))
            return [way]

        # [T13] Looks that are left are one step.
        self._emit(run, any(arg.looks for arg in args), marks=True)

    def _primitive(self, call: checked.Call, later: bool) -> None:
        """A primitive, which may be an access or not; [B4] if the thread dies, nothing of it."""
        primitives, watch = self.primitives, self.watch
        args = self._all(call.args)
        size = sum(arg.size for arg in args)
        fits = [
            self.values.fitting(t) for _, t in self.layout.program.primitives[call.callee].params
        ]
        sampled = not later and watch.samples(self.body.name, call.callee)

        def run(way: Way, frame: Frame) -> list[Way]:
            held, writes, begun = way.held, dict(way.writes), way.begun
            given = of_all(args, way, frame.env, frame.pop(size))
            given = [fit(value) for fit, value in zip(fits, given, strict=True)]
            found = []
            for one, value in primitives.call(call.callee, way, given):
                if one.end == "dead":
                    one.held, one.writes, one.begun = held, writes, begun
                else:
                    here = one.frames[-1]
                    here.stack.append(value)
                    here.pc += 1
                    if sampled:
                        watch.sample(one, here, value)
                found.append(one)
            return found

        looks = any(arg.looks for arg in args)
        self._emit(run, self.layout.is_access(call.callee) or looks, marks=True, blocks=True)


def has_call(*nodes: Expr) -> bool:
    """Whether something is called in some expressions."""
    return any(isinstance(part, checked.Call) for part in walk(nodes))


def of_all(parts: Sequence[Split], way: Way, env: Env, values: Sequence[Value]) -> list[Value]:
    """The values of several expressions, given those of their reads and calls."""
    found = []
    for part in parts:
        found.append(part.rest(way, env, values[: part.size]))
        values = values[part.size :]
    return found
