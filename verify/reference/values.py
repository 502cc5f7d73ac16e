"""What expressions are worth: each node is what it makes of the values of its parts.

One definition serves primitives and claims, which evaluate an expression at once,
and functions, which may stop between two parts.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from verify.reference.layout import Layout, followed, key, unwrapped
from verify.reference.way import Condition, Env, FatalError, Value, Way
from verify.syntax import checked
from verify.syntax.checked import Expr, Type

Apply: TypeAlias = Callable[[Way, Env, Sequence[Value]], Value]

OPERATORS: Mapping[str, Callable[[int, int], int]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Values:
    """Makes functions of expressions.

    `watch` says whether following a pointer is a use: in a claim it is not.
    `asked` numbers the functions that some `did()` asks for.
    """

    def __init__(self, layout: Layout, watch: bool, asked: Mapping[str, int]) -> None:
        self.layout = layout
        self.watch = watch
        self.asked = asked

    def at_once(self, expr: Expr, names: Mapping[str, int]) -> Condition:
        """The value of an expression; `names` says where in `env` a name is.

        The function raises Fatal where the thread would die.
        """
        match expr:
            case checked.Binary("&&" | "||" as op, left, right):
                one, two = self.at_once(left, names), self.at_once(right, names)
                if op == "&&":
                    return lambda way, env: 1 if one(way, env) and two(way, env) else 0
                return lambda way, env: 1 if one(way, env) or two(way, env) else 0
            case _:
                # All others are evaluated part by part, whatever they are.
                apply = self.apply(expr, names)
                parts = [self.at_once(part, names) for part in self.parts(expr)]
                return lambda way, env: apply(way, env, [part(way, env) for part in parts])

    def parts(self, expr: Expr) -> tuple[Expr, ...]:
        """What has to be evaluated before a node, in order."""
        match expr:
            case checked.Field(base, _, index):
                root, _ = unwrapped(base)
                return tuple(part for part in (root, index) if part is not None)
            case checked.Inner() | checked.LockAddress():
                root, _ = unwrapped(expr if isinstance(expr, checked.Inner) else expr.base)
                return () if root is None else (root,)
            case checked.Not(arg) | checked.Container(arg) | checked.LockTest(_, arg):
                return (arg,)
            case checked.Binary(_, left, right):
                return left, right
            case checked.Const() | checked.Local() | checked.ThreadLocal() | checked.Result():
                return ()
            case checked.Did() | checked.Call():
                return ()

    def apply(self, expr: Expr, names: Mapping[str, int]) -> Apply:
        """What a node makes of the values of its parts; not for calls, `&&` and `||`."""
        match expr:
            case checked.Const(value):
                return lambda way, env, parts: value
            case checked.Local(name):
                place = names[name]
                return lambda way, env, parts: env[place]
            case checked.ThreadLocal(name):
                own = self.layout.thread_locals[name]
                return lambda way, env, parts: way.own[own]
            case checked.Field():
                return self._read(expr)
            case checked.Inner():
                return self._inner(expr)
            case checked.LockAddress():
                return self._address(expr)
            case checked.Container():
                return self._container(expr)
            case checked.Not():
                return lambda way, env, parts: 0 if parts[0] else 1
            case checked.Binary("==" | "!=" as op):
                wanted = op == "=="
                return lambda way, env, parts: int((parts[0] == parts[1]) == wanted)
            case checked.Binary(op):
                calculate = OPERATORS[op]
                return lambda way, env, parts: int(calculate(parts[0], parts[1]))
            case checked.LockTest(word):
                return lambda way, env, parts: int(way.asks(word, parts[0]))
            case checked.Did(callee):
                bit = self.asked[callee]
                return lambda way, env, parts: int(bool(way.done & bit))
            case checked.Result():
                return lambda way, env, parts: way.result
            case checked.Call():
                raise AssertionError("a call is not evaluated at once")

    # ------------------------------------------------------------- places

    def place(self, target: checked.Field) -> Callable[[Way, Sequence[Value]], str]:
        """The variable that a field is, by the values of its parts: `alloc0.pages[1]`.

        The function raises Fatal behind NULL and outside an array.
        """
        root, path = unwrapped(target.base)
        table = self.layout.places(root, path, target.field)
        follow = self._follow(target.base)

        def find(way: Way, parts: Sequence[Value]) -> str:
            owner = 0 if root is None else follow(way, parts[0])
            index = 0 if target.index is None else parts[-1]
            if not 0 <= index < len(table[owner]):
                raise FatalError("memory")
            return table[owner][index]

        return find

    def _follow(self, base: Expr | None) -> Callable[[Way, Value], Value]:
        """[B2, B8] Follows the pointer in `base->field` or `&base->field`, and uses it."""
        used = self._used(base)

        def follow(way: Way, pointer: Value) -> Value:
            if pointer == 0:
                raise FatalError("memory")
            for struct, number in used[pointer]:
                way.use(struct, number)
            return pointer

        return follow

    def _used(self, base: Expr | None) -> list[tuple[tuple[str, int], ...]]:
        """[B8] What is used by following a pointer: structs and numbers, by the pointer's value.

        What the text names is not followed to, and NULL leads nowhere.
        """
        root, path = unwrapped(base)
        if root is None:
            return [()]
        owners = self.layout.program.objects.get(root.type.name, ())
        structs = followed(base) if self.watch else ()
        found: list[tuple[tuple[str, int], ...]] = [()]
        for owner in owners:
            names = [".".join((owner, *path[:i])) for i in range(len(structs))]
            pairs = zip(structs, names, strict=True)
            found.append(
                tuple((struct, self.layout.number(struct, name)) for struct, name in pairs)
            )
        return found

    def _read(self, expr: checked.Field) -> Apply:
        find, cells, constants = self.place(expr), self.layout.cells, self.layout.constants
        if key(expr) in self.layout.assigned:
            return lambda way, env, parts: way.read(cells[find(way, parts)])
        return lambda way, env, parts: constants[find(way, parts)]

    def _inner(self, expr: checked.Inner) -> Apply:
        root, path = unwrapped(expr)
        assert root is not None
        owners = self.layout.program.objects.get(root.type.name, ())
        inner = [self.layout.number(expr.type.name, ".".join((owner, *path))) for owner in owners]
        follow = self._follow(expr.base)
        return lambda way, env, parts: inner[follow(way, parts[0]) - 1]

    def _address(self, expr: checked.LockAddress) -> Apply:
        root, path = unwrapped(expr.base)
        locks = self.layout.locks
        if root is None:
            fixed = locks[expr.field]
            return lambda way, env, parts: fixed
        owners = self.layout.program.objects.get(root.type.name, ())
        numbers = [locks[".".join((owner, *path, expr.field))] for owner in owners]
        follow = self._follow(expr.base)
        return lambda way, env, parts: numbers[follow(way, parts[0]) - 1]

    def _container(self, expr: checked.Container) -> Apply:
        struct, inner = expr.type.name, expr.pointer.type.name
        around = {
            self.layout.number(inner, f"{owner}.{expr.field}"): number
            for number, owner in enumerate(self.layout.program.objects.get(struct, ()), 1)
        }

        def apply(way: Way, env: Env, parts: Sequence[Value]) -> Value:
            # [B12] NULL, and what is no such part, leads to NULL.
            return around.get(parts[0], 0)

        return apply

    # -------------------------------------------------------------- ranges

    def fitting(self, type_: Type) -> Callable[[Value], Value]:
        """[B2] Lets through what something of a type may have; the function raises Fatal."""
        if type_.kind != "int":
            return lambda value: value
        domain = self.layout.domain(type_)

        def fit(value: Value) -> Value:
            if value not in domain:
                raise FatalError("memory")
            return value

        return fit
