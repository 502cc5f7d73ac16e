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


# So many `?:` a statement may have: with each it is written once more.
MAX_CHOICES = 6


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


# What is done with an expression when its value is needed.
Then: TypeAlias = Callable[[tree.Expr], tree.Statement]


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
                return self._loop(test, self._within(around, body), around)
            case tree.If(test, then, otherwise, span):
                one = self.statement(then)
                two = None if otherwise is None else self.statement(otherwise)
                return self._asked(test, lambda known: tree.If(known, one, two, span))
            case tree.Assign() | tree.Local() | tree.CallStatement() | tree.Return():
                return self._simple(node)
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

    # ---------------------------------------------------------------- `?:`

    def value(self, node: tree.Expr, then: Then) -> tree.Statement:
        """`then` of the value of an expression, once for each that a `?:` in it can choose."""
        if not _chooses(node):
            return then(node)
        match node:
            case tree.Count():
                return then(self._uncounted(node))
            case tree.Conditional(condition, one, two, span):
                return self._test(
                    condition, lambda: self.value(one, then), lambda: self.value(two, then), span
                )
            case tree.Binary("&&" | "||" as op, left, right, span) if _chooses(right):
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
        left = [_chooses(part) for part in tree.children(node)]

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

    def _asked(self, condition: tree.Expr, then: Then) -> tree.Statement:
        """`then` of a condition: it is written once, so its value is kept if `?:` chooses it."""
        if not _chooses(condition):
            return then(condition)
        if self.atomic:
            return then(self.pure(condition))
        span = condition.span
        name = tree.Name(f"value {next(self.made)}", span)
        local = tree.Local(tree.TypeName("bool", 0, span), name.name, None, span)
        store = self._simple(tree.Assign(name, condition, span))
        return tree.Block((local, store, then(name)), span)

    def _loop(
        self, test: tree.Expr, inside: tree.Statement, around: _Around, first: str = ""
    ) -> tree.Statement:
        """A `while`, and the label behind it; `first` is one behind its test."""
        span = around.span
        body = [tree.Label(first, span), inside] if first else [inside]
        if _chooses(test) and not self.atomic:
            around.behind = around.behind or f"behind {next(self.made)}"
            leave = tree.Goto(around.behind, test.span, written=False)
            turn = tree.Block((), test.span)
            body.insert(0, self._asked(test, lambda known: tree.If(known, turn, leave, span)))
            test = tree.Literal("true", _word(span))
        loop = tree.While(self.pure(test), tree.Block(tuple(body), span), span)
        return self._end(around, loop)

    def _simple(
        self, node: tree.Assign | tree.Local | tree.CallStatement | tree.Return
    ) -> tree.Statement:
        """A statement without statements in it."""
        if not any(map(_chooses, tree.children(node))):
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

        if _chooses(node.target):
            return self.value(node.value, lambda new: self.keep(new, store))
        return self.value(node.value, store)

    def pure(self, node: tree.Expr) -> tree.Expr:
        """A condition of one state, in which it makes no difference what is asked twice."""
        if not _chooses(node):
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
        if _chooses(node):
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


def _chooses(node: tree.Node) -> bool:
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


def _word(span: Span) -> Span:
    """The word that a statement begins with."""
    length = next(i for i, c in enumerate(span.text) if not c.isalpha())
    return Span(span.source, span.start, span.start + length)
