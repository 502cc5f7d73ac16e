"""The rich tree to its core: what is short for something else is written out.

Everything behind this sees the core alone.  Spans are those of what the author
wrote, so that messages and runs show that.  Labels that are made here have a
blank in their names: no author can have written them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from verify.source import Span
from verify.syntax import tree
from verify.syntax.declare import Declared
from verify.syntax.desugar_choice import ExpressionSugar, chooses


def desugar(
    declarations: Iterable[tree.Declaration], known: Declared
) -> tuple[tree.Declaration, ...]:
    """The declarations with all sugar written out; mistakes in its use are noted in `known`."""
    return tuple(_declaration(d, known) for d in declarations)


def _declaration(d: tree.Declaration, known: Declared) -> tree.Declaration:
    look = _Body(known, atomic=True)
    match d:
        case tree.Function() | tree.Thread():
            own = {node.name for node in tree.walk(d.body) if isinstance(node, tree.Local)}
            if isinstance(d, tree.Function):
                own |= {param.name for param in d.params}
            inside = _Body(known, frozenset(own))
            body = inside.statement(d.body)
            assert isinstance(body, tree.Block)
            if isinstance(d, tree.Function):
                d = replace(d, must_hold=tuple(map(look.plain, d.must_hold)))
            return replace(d, body=body)
        case tree.Primitive():
            inside = _Body(known, frozenset(p.name for p in d.params), atomic=True)
            return replace(
                d,
                before=tuple(map(inside.statement, d.before)),
                alternatives=tuple(
                    replace(
                        a,
                        guard=None if a.guard is None else inside.pure(a.guard),
                        body=inside.statement(a.body),
                    )
                    for a in d.alternatives
                ),
            )
        case tree.Include() | tree.Range() | tree.Enum() | tree.Struct() | tree.Object():
            return d
        case tree.Outcome(_, _, condition):
            return replace(d, condition=look.pure(condition))
        case tree.Claim(_, _, alone, clauses):
            if alone is not None and alone.when is not None:
                alone = replace(alone, when=look.pure(alone.when))
            parts = tuple(replace(c, condition=look.pure(c.condition)) for c in clauses)
            return replace(d, alone=alone, clauses=parts)
        case tree.Table(_, _, value, axes):
            value = None if value is None else look.plain(value)
            axes = tuple(replace(axis, value=look.pure(axis.value)) for axis in axes)
            return replace(d, sampled_value=value, axes=axes)
        case tree.Contract(_, promises):
            return replace(d, promises=tuple(map(look.promise, promises)))
        case tree.Scenario() | tree.Assumption() | tree.Known():
            return d


@dataclass
class _Around:
    """A statement that can be left from within, and a loop that can be gone on with.

    `behind` and `ahead`, the end of the body, are the labels there, once they are needed.
    Of a switch `cases` are those seen so far, by the value of the label: of `default` None.
    """

    span: Span
    behind: str = ""
    ahead: str = ""
    cases: dict[int | None, tuple[tree.Case, str]] | None = None


@dataclass
class _Body(ExpressionSugar):
    """What is inside of a function or thread, or, if `atomic`, of a primitive.

    `around` are the loops and switches that it is read in, the innermost last.
    """

    around: list[_Around] = field(default_factory=list)

    def statement(self, node: tree.Statement) -> tree.Statement:
        """The statement in the core."""
        match node:
            case tree.Sugar():
                return self._written_out(node)
            case tree.While(test, body, span):
                around = _Around(span)
                return self._loop(test, self._within(around, body), around)
            case tree.If(test, then, otherwise, span):
                one = self.statement(then)
                two = None if otherwise is None else self.statement(otherwise)
                return self.asked(test, lambda known: tree.If(known, one, two, span))
            case tree.Assign() | tree.Local() | tree.CallStatement() | tree.Return():
                return self.simple(node)
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
                word = _word(span)
                around = _Around(span)
                turn = tree.Block((self._within(around, body), *self._some(step)), span)
                loop = self._loop(test or tree.Literal("true", word), turn, around)
                return tree.Block((*self._some(first), loop), span)
            case tree.DoWhile(body, test, span):
                if self.atomic:
                    return self._misplaced("no loops in a primitive", span)
                # A `while` that is entered behind its test.
                around, entry = _Around(span), f"first {next(self.made)}"
                word = _word(span)
                loop = self._loop(test, self._within(around, body), around, entry)
                return tree.Block((tree.Goto(entry, word, written=False), loop), span)
            case tree.Update(op, target, value, span):
                # The address is worked out once, then the old value is read, then the operand.
                def stored(place: tree.Expr) -> tree.Statement:
                    new = tree.Binary(op, place, value or tree.Integer(1, span), span)
                    return self.statement(tree.Assign(place, new, span))

                return self.value(target, lambda known: self.keep_place(known, stored))
            case tree.Break(span):
                if not self.around:
                    return self._misplaced("`break` leaves no loop and no switch here", span)
                if not self.around[-1].behind:
                    self.around[-1].behind = f"behind {next(self.made)}"
                return self._jump(self.around[-1].behind, span)
            case tree.Continue(span):
                inner = next((one for one in reversed(self.around) if one.cases is None), None)
                if inner is None:
                    return self._misplaced("`continue` stands in no loop", span)
                if not inner.ahead:
                    inner.ahead = f"ahead {next(self.made)}"
                return self._jump(inner.ahead, span)
            case tree.Switch():
                return self._switch(node)
            case tree.Case():
                return self._case(node)

    def _some(self, node: tree.Statement | None) -> tuple[tree.Statement, ...]:
        return () if node is None else (self.statement(node),)

    # ------------------------------------------------------------------- switch

    def _switch(self, node: tree.Switch) -> tree.Statement:
        """Its subject, compared with each label in turn; then its body, entered at a label."""
        if self.atomic:
            return self._misplaced("no switch in a primitive", node.span)
        cases: dict[int | None, tuple[tree.Case, str]] = {}
        around = _Around(node.span, behind=f"behind {next(self.made)}", cases=cases)
        inside = self._within(around, node.body)
        chosen = self.value(
            node.subject,
            lambda value: self.keep(value, lambda subject: self._chosen(subject, around)),
        )
        return self._end(around, tree.Block((chosen, inside), node.span))

    def _chosen(self, subject: tree.Expr, around: _Around) -> tree.Statement:
        """Where a switch goes to: tests of the labels in the order of the text."""
        assert around.cases is not None
        where, last = around.behind, subject.span
        tests: list[tree.Statement] = []
        for label, name in around.cases.values():
            if label.value is None:
                where = name
            else:
                last = label.span
                equal = tree.Binary("==", subject, label.value, last)
                tests.append(tree.If(equal, tree.Goto(name, last, written=False), None, last))
        default = around.cases.get(None)
        # Where nothing fits, the last label that did not is where the thread has come to.
        tests.append(tree.Goto(where, last if default is None else default[0].span, written=False))
        return tree.Block(tuple(tests), around.span)

    def _case(self, node: tree.Case) -> tree.Statement:
        """A label of the innermost switch."""
        word = "default" if node.value is None else "case"
        inner = next((one for one in reversed(self.around) if one.cases is not None), None)
        if inner is None or inner.cases is None:
            # That there is no switch in a primitive is said already.
            return self._misplaced(f"`{word}` stands in no switch", node.span)
        value = None if node.value is None else self._constant(node.value)
        if node.value is not None and value is None:
            self.known.error("BFP103", "a case has to be a constant", node.value.span)
        elif value in inner.cases:
            first = inner.cases[value][0].span
            note = f"`{first.text}` is at {first.where}"
            self.known.error("BFP106", f"`{node.span.text}` is there twice", node.span, "", note)
        else:
            name = f"case {next(self.made)}"
            inner.cases[value] = node, name
            return tree.Label(name, node.span)
        return tree.Block((), node.span)

    def _constant(self, node: tree.Expr) -> int | None:
        """What an expression is worth whatever the state is, or None."""
        match node:
            case tree.Integer(number):
                return number
            case tree.Literal("true" | "false" as word):
                return int(word == "true")
            case tree.Name(name) if name in self.known.constants and name not in self.own:
                return self.known.constants[name][0]
            case tree.Unary("-", arg):
                inner = self._constant(arg)
                return None if inner is None else -inner
            case tree.Binary("+" | "-" | "*" as op, left, right):
                one, two = self._constant(left), self._constant(right)
                if one is None or two is None:
                    return None
                return one + two if op == "+" else one - two if op == "-" else one * two
            case _:
                # Whatever else has a value has it from the state.
                return None

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

    def _loop(
        self, test: tree.Expr, inside: tree.Statement, around: _Around, first: str = ""
    ) -> tree.Statement:
        """A `while`, and the label behind it; `first` is one behind its test."""
        span = around.span
        body = [tree.Label(first, span), inside] if first else [inside]
        if chooses(test) and not self.atomic:
            around.behind = around.behind or f"behind {next(self.made)}"
            leave = tree.Goto(around.behind, test.span, written=False)
            turn = tree.Block((), test.span)
            body.insert(0, self.asked(test, lambda known: tree.If(known, turn, leave, span)))
            test = tree.Literal("true", _word(span))
        loop = tree.While(self.pure(test), tree.Block(tuple(body), span), span)
        return self._end(around, loop)


def _word(span: Span) -> Span:
    """The word that a statement begins with."""
    length = next(i for i, c in enumerate(span.text) if not c.isalpha())
    return Span(span.source, span.start, span.start + length)
