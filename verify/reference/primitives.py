"""Primitives: everything at once, in each way that can be gone to its end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from verify.reference.layout import ANY, EXCLUSIVE, SHARED, WIDTH, Layout, key
from verify.reference.values import Values
from verify.reference.way import BlockedError, Condition, Env, FatalError, Value, Way
from verify.syntax import checked
from verify.syntax.checked import Alternative, Primitive, Statement

if TYPE_CHECKING:
    from verify.locks import LockWord


@dataclass(frozen=True, slots=True)
class Flow:
    """How a way left a statement: it goes on, it returned `value`, or the thread died."""

    goes_on: bool
    value: Value = 0


ON = Flow(True)
DEAD = Flow(False)
Part: TypeAlias = Callable[[Way, Env], "list[tuple[Way, Flow]]"]


class Primitives:
    """Runs the primitives of a program, each read when it is first called."""

    def __init__(self, layout: Layout, asked: Mapping[str, int]) -> None:
        self.layout = layout
        self.values = Values(layout, True, asked)
        self.asked = asked
        self._read: dict[str, Part] = {}

    def call(self, name: str, way: Way, args: Env) -> list[tuple[Way, Value]]:
        """[T8-T11] All ways through a primitive, with what is returned.

        `way` itself is used up.  A way on which the thread dies has `end` dead, and
        is to be put back by who knows how things were before.
        """
        if name not in self._read:
            self._read[name] = self._primitive(self.layout.program.primitives[name])
        return [(way, flow.value) for way, flow in self._read[name](way, args)]

    def _primitive(self, primitive: Primitive) -> Part:
        """The whole of a primitive; where nothing is returned the value is 0."""
        names = {name: i for i, (name, _) in enumerate(primitive.params)}
        common = self._sequence(primitive.before, names)
        choices = [self._alternative(choice, names) for choice in primitive.alternatives]
        fit = self.values.fitting(primitive.result)
        bit = self.asked.get(primitive.name, 0)

        def run(way: Way, args: Env) -> list[tuple[Way, Flow]]:
            way.call(primitive.name, args)
            found = []
            for begun, flow in common(way, args):
                if not flow.goes_on:
                    found.append((begun, flow))
                    continue
                for choice in choices:
                    found += choice(begun.copy(), args)
            for ended, flow in found:
                if ended.end != "dead":
                    ended.note(bit)
                    try:
                        fit(flow.value)
                    except FatalError as fatal:
                        die(ended, fatal)
            return found

        return run

    def _alternative(self, choice: Alternative, names: Mapping[str, int]) -> Part:
        """[T9, T12] One alternative, if its condition is true."""
        body = self._statement(choice.body, names)
        guard = None if choice.guard is None else self.values.at_once(choice.guard, names)

        def run(way: Way, args: Env) -> list[tuple[Way, Flow]]:
            if choice.transient and not way.look.transient:
                return []
            if guard is not None:
                try:
                    if not guard(way, args):
                        return []
                except FatalError as fatal:
                    return [(die(way, fatal), DEAD)]
            return body(way, args)

        return run

    # ---------------------------------------------------------- statements

    def _sequence(self, body: Sequence[Statement], names: Mapping[str, int]) -> Part:
        parts = [self._statement(part, names) for part in body]

        def run(way: Way, args: Env) -> list[tuple[Way, Flow]]:
            left: list[tuple[Way, Flow]] = []
            here = [way]
            for part in parts:
                after = [pair for one in here for pair in part(one, args)]
                here = [one for one, flow in after if flow.goes_on]
                left += [pair for pair in after if not pair[1].goes_on]
            return left + [(one, ON) for one in here]

        return run

    def _statement(self, node: Statement, names: Mapping[str, int]) -> Part:
        match node:
            case checked.Block(body):
                return self._sequence(body, names)
            case checked.If(condition, then, otherwise):
                return self._if(condition, then, otherwise, names)
            case checked.Assign(target, value):
                return _simply(self._assign(target, value, names))
            case checked.LockStatement(word, lock):
                return _simply(self._lock(word, self.values.at_once(lock, names)))
            case checked.MightSleep():
                return _simply(self._might_sleep)
            case checked.Do(call):
                inside = self._call(call, names)
                return lambda way, args: [
                    (one, flow if one.end == "dead" else ON) for one, flow in inside(way, args)
                ]
            case checked.Return(None):
                return lambda way, args: [(way, Flow(False))]
            case checked.Return(checked.Call() as call):
                return self._call(call, names)
            case checked.Return(value):
                assert value is not None
                return self._return(self.values.at_once(value, names))
            case checked.While() | checked.Goto() | checked.Label():
                raise AssertionError(f"no {type(node).__name__} in a primitive")

    def _if(
        self,
        condition: checked.Expr,
        then: Statement,
        otherwise: Statement | None,
        names: Mapping[str, int],
    ) -> Part:
        test = self.values.at_once(condition, names)
        yes = self._statement(then, names)
        no = None if otherwise is None else self._statement(otherwise, names)

        def run(way: Way, args: Env) -> list[tuple[Way, Flow]]:
            try:
                chosen = yes if test(way, args) else no
            except FatalError as fatal:
                return [(die(way, fatal), DEAD)]
            return [(way, ON)] if chosen is None else chosen(way, args)

        return run

    def _call(self, call: checked.Call, names: Mapping[str, int]) -> Part:
        """A call from within a primitive; what it returns is returned."""
        primitive = self.layout.program.primitives[call.callee]
        args = [self.values.at_once(arg, names) for arg in call.args]
        fits = [self.values.fitting(type_) for _, type_ in primitive.params]

        def run(way: Way, env: Env) -> list[tuple[Way, Flow]]:
            try:
                given = [fit(arg(way, env)) for arg, fit in zip(args, fits, strict=True)]
            except FatalError as fatal:
                return [(die(way, fatal), DEAD)]
            return [(one, Flow(False, value)) for one, value in self.call(call.callee, way, given)]

        return run

    def _assign(
        self, target: checked.Expr, value: checked.Expr, names: Mapping[str, int]
    ) -> Callable[[Way, Env], None]:
        new, fit = self.values.at_once(value, names), self.values.fitting(target.type)
        if isinstance(target, checked.ThreadLocal):
            own = self.layout.thread_locals[target.name]

            def keep(way: Way, env: Env) -> None:
                way.own[own] = fit(new(way, env))

            return keep
        assert isinstance(target, checked.Field)
        assert key(target) in self.layout.assigned
        parts = [self.values.at_once(part, names) for part in self.values.parts(target)]
        store = self.store(target)
        return lambda way, env: store(way, new(way, env), [part(way, env) for part in parts])

    def store(self, target: checked.Field) -> Callable[[Way, Value, Sequence[Value]], None]:
        """Stores a value in a field, given the values of the field's parts."""
        find, fit = self.values.place(target), self.values.fitting(target.type)

        def run(way: Way, value: Value, parts: Sequence[Value]) -> None:
            cell = self.layout.cells[find(way, parts)]
            way.writes[cell] = fit(value)

        return run

    def _lock(self, word: LockWord, address: Condition) -> Callable[[Way, Env], None]:
        def run(way: Way, env: Env) -> None:
            lock = address(way, env)
            if lock in self.layout.sections:
                sections = {
                    "acquire_shared": way.enter,
                    "release_shared": way.exit,
                    "acquire": way.begin,
                    "release": way.finish,
                }
                sections[word](lock)
                return
            match word:
                case "acquire":
                    self._use(way, lock, EXCLUSIVE)
                    way.take(lock, EXCLUSIVE)
                case "acquire_shared":
                    self._use(way, lock, SHARED)
                    way.take(lock, SHARED)
                case "release":
                    way.leave(lock, EXCLUSIVE)
                case "release_shared":
                    way.leave(lock, SHARED)
                case "downgrade":
                    way.leave(lock, EXCLUSIVE, SHARED)

        return run

    def _use(self, way: Way, lock: int, mode: int) -> None:
        """[I4] A lock is about to be taken, if the thread does not hold it already."""
        cell = self.layout.used.get((lock, way.interrupt, mode))
        if cell is None or way.held >> WIDTH * lock & ANY:
            return
        if not way.interrupt and way.held & self.layout.switches:
            return
        for other in (SHARED, EXCLUSIVE):
            rival = self.layout.used[lock, not way.interrupt, other]
            if EXCLUSIVE in (mode, other) and way.read(rival):
                way.look.broken.add("irq-safe")
        way.writes[cell] = 1

    def _might_sleep(self, way: Way, env: Env) -> None:
        """[B6]"""
        if way.interrupt or way.held & self.layout.atomic:
            way.look.broken.add("atomic-sleep")

    def _return(self, value: Condition) -> Part:
        def run(way: Way, args: Env) -> list[tuple[Way, Flow]]:
            try:
                return [(way, Flow(False, value(way, args)))]
            except FatalError as fatal:
                return [(die(way, fatal), DEAD)]

        return run


def die(way: Way, fatal: FatalError) -> Way:
    """[B4] The thread dies on this way."""
    way.look.broken.add(str(fatal))
    way.end = "dead"
    return way


def _simply(act: Callable[[Way, Env], None]) -> Part:
    """A statement that goes on in one way, if at all."""

    def run(way: Way, args: Env) -> list[tuple[Way, Flow]]:
        try:
            act(way, args)
        except FatalError as fatal:
            return [(die(way, fatal), DEAD)]
        except BlockedError:
            return []
        return [(way, ON)]

    return run
