"""`?:` written out, and what is evaluated before it kept.

A statement with a `?:` becomes a test with a statement for each choice.  What stands before
the `?:` is evaluated before it: what may change meanwhile is kept in locals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from typing import TypeAlias

from verify.source import Span
from verify.syntax import tree
from verify.syntax.declare import Declared

# So many `?:` a statement may have: with each it is written once more.
MAX_CHOICES = 6

# What is done with an expression when its value is needed.
Then: TypeAlias = Callable[[tree.Expr], tree.Statement]


@dataclass
class ExpressionSugar:
    """The expressions of a function or thread, or, if `atomic`, of a primitive.

    `own` are the names of its locals, which may hide variables; `made` counts what is
    made here, for names that no author can have written.
    """

    known: Declared
    own: frozenset[str] = frozenset()
    atomic: bool = False
    made: Iterator[int] = field(default_factory=count)

    def value(self, node: tree.Expr, then: Then) -> tree.Statement:
        """`then` of the value of an expression, once for each that a `?:` in it can choose."""
        if not chooses(node):
            return then(node)
        match node:
            case tree.Count():
                return then(self._uncounted(node))
            case tree.Conditional(condition, one, two, span):
                return self._test(
                    condition, lambda: self.value(one, then), lambda: self.value(two, then), span
                )
            case tree.Binary("&&" | "||" as op, left, right, span) if chooses(right):
                # Which side is evaluated is known by then: what is left says nothing more.
                known = tree.Literal("true" if op == "&&" else "false", left.span)
                short = tree.Literal("false" if op == "&&" else "true", left.span)

                def go_on() -> tree.Statement:
                    return self.value(right, lambda r: then(replace(node, left=known, right=r)))

                def stop() -> tree.Statement:
                    return then(short)

                arms = (go_on, stop) if op == "&&" else (stop, go_on)
                return self._test(left, *arms, span)
            case tree.Subscript():
                return self._in_turn(node, self.keep_place, then)
            case _:
                # What else has parts evaluates them in turn.
                return self._in_turn(node, self.keep, then)

    def _in_turn(
        self, node: tree.Expr, keep: Callable[[tree.Expr, Then], tree.Statement], then: Then
    ) -> tree.Statement:
        """`value` of what has parts: what stands before a `?:` is evaluated before it."""
        left = [chooses(part) for part in tree.children(node)]

        def part_of(number: int) -> Callable[[tree.Expr, Then], tree.Statement]:
            if any(left[number + 1 :]):
                return lambda part, rest: self.value(part, lambda known: keep(known, rest))
            return self.value

        return self._each(node, part_of, then)

    def _test(
        self,
        condition: tree.Expr,
        yes: Callable[[], tree.Statement],
        no: Callable[[], tree.Statement],
        span: Span,
    ) -> tree.Statement:
        return self.value(condition, lambda known: tree.If(known, yes(), no(), span))

    def asked(self, condition: tree.Expr, then: Then) -> tree.Statement:
        """`then` of a condition: it is written once, so its value is kept if `?:` chooses it."""
        if not chooses(condition):
            return then(condition)
        if self.atomic:
            return then(self.pure(condition))
        span = condition.span
        name = tree.Name(f"value {next(self.made)}", span)
        local = tree.Local(tree.TypeName("bool", 0, span), name.name, None, span)
        store = self.simple(tree.Assign(name, condition, span))
        return tree.Block((local, store, then(name)), span)

    def simple(
        self, node: tree.Assign | tree.Local | tree.CallStatement | tree.Return
    ) -> tree.Statement:
        """A statement without statements in it."""
        if not any(map(chooses, tree.children(node))):
            return node
        choices = sum(isinstance(part, tree.Conditional) for part in tree.walk(node))
        if choices > MAX_CHOICES:
            self.known.error("BFP004", f"more than {MAX_CHOICES} `?:` in a statement", node.span)
            return tree.Block((), node.span)
        span = node.span
        match node:
            case tree.Assign():
                return self._store(node)
            case tree.Local():
                place = tree.Name(node.name, span)
                assert node.value is not None
                begin = self.value(node.value, lambda new: tree.Assign(place, new, span))
                return tree.Block((replace(node, value=None), begin), span)
            case tree.CallStatement():
                return self.value(node.call, lambda new: _statement_of(new, span))
            case tree.Return():
                assert node.value is not None
                return self.value(node.value, lambda new: tree.Return(new, span))

    def _store(self, node: tree.Assign) -> tree.Statement:
        """The new value before the address that it is stored at."""

        def store(new: tree.Expr) -> tree.Statement:
            return self.value(node.target, lambda place: tree.Assign(place, new, node.span))

        if chooses(node.target):
            return self.value(node.value, lambda new: self.keep(new, store))
        return self.value(node.value, store)

    def pure(self, node: tree.Expr) -> tree.Expr:
        """A condition of one state, in which it makes no difference what is asked twice."""
        if not chooses(node):
            return node
        match node:
            case tree.Count():
                return self._uncounted(node)
            case tree.Conditional(condition, one, two, span):
                test = self.pure(condition)
                yes = tree.Binary("&&", test, self.pure(one), span)
                no = tree.Binary("&&", tree.Unary("!", test, span), self.pure(two), span)
                return tree.Binary("||", yes, no, span)
            case tree.Binary("&&" | "||") | tree.Unary("!"):
                return tree.map_children(node, self.pure)
            case _:
                # A part that is no condition: the choice is made around all of it.
                choice = next(p for p in tree.walk(node) if isinstance(p, tree.Sugar))
                if isinstance(choice, tree.Count):
                    return self.pure(_put(node, choice, self._uncounted(choice)))
                one, two = (_put(node, choice, arm) for arm in (choice.then, choice.otherwise))
                return self.pure(tree.Conditional(choice.condition, one, two, node.span))

    def plain(self, node: tree.Expr) -> tree.Expr:
        """What has to be said outright: a lock of a contract, the value of a sample."""
        if chooses(node):
            self.known.error("BFP105", "neither `?:` nor `++` here", node.span)
            return tree.Integer(0, node.span)
        return node

    def _uncounted(self, node: tree.Count) -> tree.Expr:
        """Complain of `x++` where its value is wanted: it would be read and stored in a step."""
        op = f"{node.op}="
        hint = f"write `{node.target.span.text} {op} 1;` before or behind, as a statement"
        headline = f"`{node.span.text}` has no value"
        self.known.error("BFP105", headline, node.span, "a value is wanted here", hint)
        return node.target

    def promise(self, node: tree.Promise) -> tree.Promise:
        effects = tuple(replace(one, lock=self.plain(one.lock)) for one in node.effects)
        return replace(node, effects=effects)

    # ------------------------------------------------- what is evaluated before

    def keep(self, node: tree.Expr, then: Then) -> tree.Statement:
        """`then` of an expression that is evaluated before: what may change is kept in locals.

        In a primitive nothing changes meanwhile.  Of an operator the operands are kept, so
        that each local has the type of something declared, and its range.
        """
        match node:
            case tree.Name(name):
                known = self.known
                open_ = name in known.variables or name in known.thread_locals
                return self._kept(node, then) if open_ and name not in self.own else then(node)
            case tree.Integer() | tree.Literal():
                return then(node)
            case tree.Unary("&", place):
                return self.keep_place(place, lambda p: then(replace(node, arg=p)))
            case tree.Binary("&&" | "||") | tree.Member() | tree.Subscript() | tree.Call():
                return self._kept(node, then)
            case tree.Unary() | tree.Binary() | tree.ContainerOf():
                return self._each(node, lambda _: self.keep, then)
            case tree.Sugar():
                raise AssertionError(f"the value of {type(node).__name__} is asked for first")

    def keep_place(self, node: tree.Expr, then: Then) -> tree.Statement:
        """`then` of a place whose address is worked out before: what leads there is kept."""
        match node:
            case tree.Member(base, _, arrow):
                how = self.keep if arrow else self.keep_place
                return how(base, lambda b: then(replace(node, base=b)))
            case tree.Subscript(base, index):
                return self.keep_place(
                    base,
                    lambda b: self.keep(index, lambda i: then(replace(node, base=b, index=i))),
                )
            case _:
                # A variable or local is where it is.
                return then(node)

    def _kept(self, node: tree.Expr, then: Then) -> tree.Statement:
        if self.atomic:
            return then(node)
        name = tree.Name(f"value {next(self.made)}", node.span)
        kept = tree.Kept(name.name, node, node.span)
        store = tree.Assign(name, node, node.span)
        return tree.Block((kept, store, then(name)), node.span)

    def _each(
        self,
        node: tree.Expr,
        how: Callable[[int], Callable[[tree.Expr, Then], tree.Statement]],
        then: Then,
    ) -> tree.Statement:
        """`then` of an expression with `how(i)` done to its part i, to each in turn."""
        parts = tree.children(node)

        def behind(done: tuple[tree.Expr, ...]) -> tree.Statement:
            if len(done) < len(parts):
                here = how(len(done))
                return here(parts[len(done)], lambda part: behind((*done, part)))
            left = iter(done)
            return then(tree.map_children(node, lambda _: next(left)))

        return behind(())


def chooses(node: tree.Node) -> bool:
    """Whether there is sugar in an expression: what has to be chosen, or does not belong there."""
    return any(isinstance(part, tree.SUGAR_EXPRS) for part in tree.walk(node))


def _statement_of(call: tree.Expr, span: Span) -> tree.CallStatement:
    assert isinstance(call, tree.Call)
    return tree.CallStatement(call, span)


def _put(node: tree.Expr, old: tree.Expr, new: tree.Expr) -> tree.Expr:
    """The expression with another one in the place of a part of it."""
    if node is old:
        return new
    return tree.map_children(node, lambda part: _put(part, old, new))
