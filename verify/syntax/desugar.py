"""The rich tree to its core: what is short for something else is written out.

Everything behind this sees the core alone.  Spans are those of what the author
wrote, so that messages and runs show that.  Labels that are made here have a
blank in their names: no author can have written them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from typing import TypeAlias

from verify.source import Span
from verify.syntax import tree
from verify.syntax.declare import Declared


def desugar(
    declarations: Iterable[tree.Declaration], known: Declared
) -> tuple[tree.Declaration, ...]:
    """The declarations with all sugar written out; mistakes in its use are noted in `known`."""
    return tuple(_declaration(d, known) for d in declarations)


def _declaration(d: tree.Declaration, known: Declared) -> tree.Declaration:
    match d:
        case tree.Function() | tree.Thread():
            own = {node.name for node in tree.walk(d.body) if isinstance(node, tree.Local)}
            if isinstance(d, tree.Function):
                own |= {param.name for param in d.params}
            inside = _Body(known, frozenset(own))
            body = inside.statement(d.body)
            assert isinstance(body, tree.Block)
            return replace(d, body=body)
        case tree.Primitive():
            inside = _Body(known, frozenset(p.name for p in d.params), atomic=True)
            return replace(
                d,
                before=tuple(map(inside.statement, d.before)),
                alternatives=tuple(
                    replace(a, body=inside.statement(a.body)) for a in d.alternatives
                ),
            )
        case tree.Include() | tree.Range() | tree.Enum() | tree.Struct() | tree.Object():
            return d
        case tree.Scenario() | tree.Outcome() | tree.Contract() | tree.Table() | tree.Claim():
            return d
        case tree.Assumption() | tree.Known():
            return d


# What is done with an expression when its value is needed.
Then: TypeAlias = Callable[[tree.Expr], tree.Statement]


@dataclass
class _Around:
    """A statement that can be left from within, and a loop that can be gone on with.

    `behind` and `ahead`, the end of the body, are the labels there, once they are needed.
    """

    span: Span
    behind: str = ""
    ahead: str = ""


@dataclass
class _Body:
    """What is inside of a function or thread, or, if `atomic`, of a primitive.

    `own` are the names of its locals, which may hide variables.
    """

    known: Declared
    own: frozenset[str] = frozenset()
    atomic: bool = False
    made: Iterator[int] = field(default_factory=count)
    around: list[_Around] = field(default_factory=list)

    def statement(self, node: tree.Statement) -> tree.Statement:
        """The statement in the core."""
        match node:
            case tree.Sugar():
                return self._written_out(node)
            case tree.While(test, body, span):
                around = _Around(span)
                return self._end(around, tree.While(test, self._within(around, body), span))
            case _:
                # What is in the core already may have sugar in its parts.
                return tree.map_children(node, self._part)

    def _part(self, node: tree.Node) -> tree.Node:
        if isinstance(node, tree.STATEMENTS):
            return self.statement(node)
        return node

    def _written_out(self, node: tree.SugarStatement) -> tree.Statement:
        match node:
            case tree.For(first, test, step, body, span):
                # Where nothing is asked, `for` itself stands for the condition.
                word = Span(span.source, span.start, span.start + len("for"))
                around = _Around(span)
                turn = tree.Block((self._within(around, body), *self._some(step)), span)
                loop = tree.While(test or tree.Literal("true", word), turn, span)
                return self._end(around, tree.Block((*self._some(first), loop), span))
            case tree.Break(span):
                if not self.around:
                    return self._misplaced("`break` leaves no loop here", span)
                if not self.around[-1].behind:
                    self.around[-1].behind = f"behind {next(self.made)}"
                return self._jump(self.around[-1].behind, span)
            case tree.Continue(span):
                if not self.around:
                    return self._misplaced("`continue` stands in no loop", span)
                if not self.around[-1].ahead:
                    self.around[-1].ahead = f"ahead {next(self.made)}"
                return self._jump(self.around[-1].ahead, span)

    def _some(self, node: tree.Statement | None) -> tuple[tree.Statement, ...]:
        return () if node is None else (self.statement(node),)

    # -------------------------------------------------------------------- jumps

    def _within(self, around: _Around, body: tree.Statement) -> tree.Statement:
        """The body of a statement that can be left or gone on with from within."""
        self.around.append(around)
        inside = self.statement(body)
        self.around.pop()
        if around.ahead and not self.atomic:
            inside = tree.Block((inside, tree.Label(around.ahead, body.span)), body.span)
        return inside

    def _end(self, around: _Around, node: tree.Statement) -> tree.Statement:
        """The statement with the label behind it, if something goes there."""
        if not around.behind or self.atomic:
            return node
        return tree.Block((node, tree.Label(around.behind, around.span)), around.span)

    def _jump(self, label: str, span: Span) -> tree.Statement:
        # A primitive has no loops: that is complained of, and the jump is no second mistake.
        return tree.Block((), span) if self.atomic else tree.Goto(label, span)

    def _misplaced(self, headline: str, span: Span) -> tree.Statement:
        self.known.error("BFP105", headline, span)
        return tree.Block((), span)

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
                return self._each(node, self.keep, then)

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
        self, node: tree.Expr, how: Callable[[tree.Expr, Then], tree.Statement], then: Then
    ) -> tree.Statement:
        """`then` of an expression with `how` done to each of its parts in turn."""
        parts = tree.children(node)

        def behind(done: tuple[tree.Expr, ...]) -> tree.Statement:
            if len(done) < len(parts):
                return how(parts[len(done)], lambda part: behind((*done, part)))
            left = iter(done)
            return then(tree.map_children(node, lambda _: next(left)))

        return behind(())
