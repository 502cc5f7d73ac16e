"""Lark's tree to the syntax tree: a method for each rule of the grammar."""

from __future__ import annotations

from typing import Any, cast

import lark

from verify.diagnostics import Diagnostic
from verify.locks import EffectWord
from verify.source import Source, Span
from verify.syntax import tree
from verify.syntax.limits import MAX_DIGITS
from verify.syntax.nodes import BinaryOp, Direction, UpdateOp


class Build(lark.Transformer[lark.Token, Any]):
    """Lark tree to syntax tree; one method for each rule of the grammar.

    What the grammar lets pass and no program may have is in `errors`.
    """

    def __init__(self, source: Source) -> None:
        super().__init__(visit_tokens=False)
        self.source = source
        self.errors: list[Diagnostic] = []

    def _call_userfunc(self, node: Any, new_children: Any = None) -> Any:
        children = node.children if new_children is None else new_children
        meta = node.meta
        span = (
            Span(self.source, 0, 0)
            if meta.empty
            else Span(self.source, meta.start_pos, meta.end_pos)
        )
        return getattr(self, node.data)(span, *children)

    def _whole(self, digits: lark.Token) -> int:
        # Python reads no number of thousands of digits, be they zeros.
        number = digits.lstrip("0") or "0"
        if len(number) <= MAX_DIGITS:
            return int(number)
        span = Span(self.source, digits.start_pos or 0, digits.end_pos or 0)
        headline = f"a number of more than {MAX_DIGITS} digits"
        self.errors.append(Diagnostic("BFP109", headline, span))
        return 0

    def _name(self, token: lark.Token) -> tree.Name:
        return tree.Name(str(token), Span(self.source, token.start_pos or 0, token.end_pos or 0))

    def start(self, span: Span, *items: tree.Declaration) -> tuple[tree.Declaration, ...]:
        return items

    # types

    def bool_type(self, span: Span) -> tree.TypeName:
        return tree.TypeName("bool", 0, span)

    def void_type(self, span: Span) -> tree.TypeName:
        return tree.TypeName("void", 0, span)

    def int_type(self, span: Span) -> tree.TypeName:
        return tree.TypeName("int", 0, span)

    def uint_type(self, span: Span) -> tree.TypeName:
        return tree.TypeName("unsigned int", 0, span)

    def long_type(self, span: Span) -> tree.TypeName:
        return tree.TypeName("long", 0, span)

    def ulong_type(self, span: Span) -> tree.TypeName:
        return tree.TypeName("unsigned long", 0, span)

    def enum_type(self, span: Span, name: lark.Token) -> tree.TypeName:
        return tree.TypeName(f"enum {name}", 0, span)

    def struct_type(self, span: Span, name: lark.Token) -> tree.TypeName:
        return tree.TypeName(f"struct {name}", 0, span)

    def named_type(self, span: Span, name: lark.Token) -> tree.TypeName:
        return tree.TypeName(str(name), 0, span)

    def declarator(self, span: Span, *parts: Any) -> tuple[int, lark.Token, int | None]:
        *stars, name, length = parts
        return len(stars), name, None if length is None else self._whole(length)

    # declarations

    def include(self, span: Span, path: lark.Token) -> tree.Include:
        return tree.Include(str(path)[1:-1], span)

    def number(self, span: Span, *parts: lark.Token) -> int:
        *sign, digits = parts
        return -self._whole(digits) if sign else self._whole(digits)

    def range(self, span: Span, type_: tree.TypeName, low: int, high: int) -> tree.Range:
        return tree.Range(type_, low, high, span)

    def enum(self, span: Span, name: lark.Token, *members: lark.Token) -> tree.Enum:
        return tree.Enum(str(name), tuple(map(self._name, members)), span)

    def struct(self, span: Span, name: lark.Token, *fields: tuple[tree.Field, ...]) -> tree.Struct:
        return tree.Struct(str(name), tuple(f for group in fields for f in group), span)

    def field(self, span: Span, type_: tree.TypeName, *items: Any) -> tuple[tree.Field, ...]:
        return tuple(
            tree.Field(_pointed(type_, stars), str(name), length, self._name(name).span)
            for stars, name, length in items
        )

    def object(
        self, span: Span, thread_local: Any, type_: tree.TypeName, item: Any, value: Any
    ) -> tree.Object:
        stars, name, length = item
        return tree.Object(
            _pointed(type_, stars), str(name), length, value, thread_local is not None, span
        )

    def init_list(self, span: Span, *items: Any) -> tree.InitList:
        return tree.InitList(tuple(i for i in items if i is not None), span)

    def init_item(self, span: Span, name: Any, value: Any) -> tuple[str | None, Any]:
        return (None if name is None else str(name), value)

    # primitives, functions, threads

    def param(self, span: Span, type_: tree.TypeName, *parts: lark.Token) -> tree.Param:
        *stars, name = parts
        return tree.Param(_pointed(type_, len(stars)), str(name), span)

    def params(self, span: Span, *params: tree.Param) -> tuple[tree.Param, ...]:
        return params

    def no_params(self, span: Span) -> tuple[tree.Param, ...]:
        return ()

    def primitive(self, span: Span, type_: tree.TypeName, *parts: Any) -> tree.Primitive:
        *stars, name, params, body = parts
        alternatives = [part for part in body if isinstance(part, tree.Alternative)]
        first = body.index(alternatives[0]) if alternatives else len(body)
        for part in body[first:]:
            if not isinstance(part, tree.Alternative):
                headline = "a statement after the first `when` belongs to no alternative"
                self.errors.append(Diagnostic("BFP105", headline, part.span))
        return tree.Primitive(
            _pointed(type_, len(stars)),
            str(name),
            params,
            tuple(body[:first]),
            tuple(alternatives),
            Span(self.source, span.start, name.end_pos),
        )

    def primitive_body(self, span: Span, *parts: Any) -> list[Any]:
        flat: list[Any] = []
        for part in parts:
            flat.extend(part if isinstance(part, list) else [part])
        return flat

    def when(self, span: Span, guard: tree.Expr, *parts: Any) -> tree.Alternative:
        *note, body = parts
        return tree.Alternative(guard, False, _sentence(note), _single(body, span), span)

    def transient(self, span: Span, guard: tree.Expr | None, *parts: Any) -> tree.Alternative:
        *note, body = parts
        return tree.Alternative(guard, True, _sentence(note), _single(body, span), span)

    def annotation(self, span: Span, lock: tree.Expr) -> tree.Expr:
        return lock

    def function(self, span: Span, type_: tree.TypeName, *parts: Any) -> tree.Function:
        *head, body = parts
        params_at = next(i for i, part in enumerate(head) if isinstance(part, tuple))
        name = head[params_at - 1]
        return tree.Function(
            _pointed(type_, params_at - 1),
            str(name),
            head[params_at],
            tuple(head[params_at + 1 :]),
            body,
            self._name(name).span,
        )

    def thread(
        self, span: Span, interrupt: lark.Token | None, name: lark.Token, *parts: Any
    ) -> tree.Thread:
        *sentence, body = parts
        at = self._name(name).span
        return tree.Thread(str(name), _sentence(sentence), body, at, interrupt is not None)

    def one(self, span: Span, name: lark.Token, forever: lark.Token | None) -> tree.Party:
        return tree.Party(self._name(name), 1, forever is not None, span)

    def any_number(self, span: Span, name: lark.Token) -> tree.Party:
        return tree.Party(self._name(name), None, True, span)

    def several(
        self, span: Span, name: lark.Token, count: lark.Token, forever: lark.Token | None
    ) -> tree.Party:
        return tree.Party(self._name(name), self._whole(count), forever is not None, span)

    def scenario(
        self, span: Span, name: lark.Token, sentence: lark.Token, *members: tree.Party
    ) -> tree.Scenario:
        return tree.Scenario(str(name), str(sentence)[1:-1], members, self._name(name).span)

    # statements

    def block(self, span: Span, *body: Any) -> tree.Block:
        flat: list[tree.Statement] = []
        for part in body:
            # `int a, b;` is one statement of the text and two of the tree.
            flat.extend(part if isinstance(part, list) else [part])
        return tree.Block(tuple(flat), span)

    def local(self, span: Span, type_: tree.TypeName, *items: Any) -> list[tree.Local]:
        return [
            tree.Local(_pointed(type_, stars), name, value, where)
            for stars, name, value, where in items
        ]

    def local_item(self, span: Span, *parts: Any) -> tuple[int, str, Any, Span]:
        *stars, name, value = parts
        return len(stars), str(name), value, span

    def assign(self, span: Span, target: tree.Expr, value: tree.Expr) -> tree.Assign:
        return tree.Assign(target, value, span)

    for_assign = assign

    def update(
        self, span: Span, target: tree.Expr, op: lark.Token, value: tree.Expr
    ) -> tree.Update:
        return tree.Update(cast(UpdateOp, str(op).removesuffix("=")), target, value, span)

    for_update = update

    def count_statement(self, span: Span, count: tree.Count) -> tree.Update:
        return tree.Update(count.op, count.target, None, span)

    for_count = count_statement

    def call_statement(self, span: Span, call: tree.Call) -> tree.CallStatement:
        return tree.CallStatement(call, span)

    def if_statement(self, span: Span, condition: tree.Expr, then: Any, otherwise: Any) -> tree.If:
        return tree.If(
            condition,
            _single(then, span),
            None if otherwise is None else _single(otherwise, span),
            span,
        )

    def while_statement(self, span: Span, condition: tree.Expr, body: Any) -> tree.While:
        return tree.While(condition, _single(body, span), span)

    def do_statement(self, span: Span, body: Any, condition: tree.Expr) -> tree.DoWhile:
        return tree.DoWhile(_single(body, span), condition, span)

    def for_statement(
        self, span: Span, first: Any, condition: Any, step: Any, body: Any
    ) -> tree.For:
        return tree.For(first, condition, step, _single(body, span), span)

    def switch_statement(self, span: Span, subject: tree.Expr, body: Any) -> tree.Switch:
        return tree.Switch(subject, _single(body, span), span)

    def case_label(self, span: Span, value: tree.Expr) -> tree.Case:
        return tree.Case(value, Span(span.source, span.start, value.span.end))

    def default_label(self, span: Span) -> tree.Case:
        return tree.Case(None, Span(span.source, span.start, span.start + len("default")))

    def break_statement(self, span: Span) -> tree.Break:
        return tree.Break(span)

    def continue_statement(self, span: Span) -> tree.Continue:
        return tree.Continue(span)

    def goto(self, span: Span, name: lark.Token) -> tree.Goto:
        return tree.Goto(str(name), span)

    def label(self, span: Span, name: lark.Token) -> tree.Label:
        return tree.Label(str(name), span)

    def return_statement(self, span: Span, value: tree.Expr | None) -> tree.Return:
        return tree.Return(value, span)

    def empty(self, span: Span) -> tree.Block:
        return tree.Block((), span)

    # expressions

    def count_behind(self, span: Span, target: tree.Expr, op: lark.Token) -> tree.Count:
        return tree.Count(cast(UpdateOp, str(op)[:1]), target, span)

    def count_before(self, span: Span, op: lark.Token, target: tree.Expr) -> tree.Count:
        return tree.Count(cast(UpdateOp, str(op)[:1]), target, span)

    def conditional(
        self, span: Span, condition: tree.Expr, then: tree.Expr, otherwise: tree.Expr
    ) -> tree.Conditional:
        return tree.Conditional(condition, then, otherwise, span)

    def binary(self, span: Span, left: tree.Expr, op: lark.Token, right: tree.Expr) -> tree.Binary:
        return tree.Binary(cast(BinaryOp, str(op)), left, right, span)

    def negation(self, span: Span, arg: tree.Expr) -> tree.Unary:
        return tree.Unary("!", arg, span)

    def negative(self, span: Span, arg: tree.Expr) -> tree.Unary:
        return tree.Unary("-", arg, span)

    def address_of(self, span: Span, arg: tree.Expr) -> tree.Unary:
        return tree.Unary("&", arg, span)

    def dereference(self, span: Span, _star: lark.Token, arg: tree.Expr) -> tree.Unary:
        return tree.Unary("*", arg, span)

    def arrow(self, span: Span, base: tree.Expr, name: lark.Token) -> tree.Member:
        return tree.Member(base, str(name), True, span)

    def dot(self, span: Span, base: tree.Expr, name: lark.Token) -> tree.Member:
        return tree.Member(base, str(name), False, span)

    def subscript(self, span: Span, base: tree.Expr, index: tree.Expr) -> tree.Subscript:
        return tree.Subscript(base, index, span)

    def name(self, span: Span, name: lark.Token) -> tree.Name:
        return tree.Name(str(name), span)

    def integer(self, span: Span, token: lark.Token) -> tree.Integer:
        return tree.Integer(self._whole(token), span)

    def true(self, span: Span, _token: lark.Token) -> tree.Literal:
        return tree.Literal("true", span)

    def false(self, span: Span, _token: lark.Token) -> tree.Literal:
        return tree.Literal("false", span)

    def null(self, span: Span, _token: lark.Token) -> tree.Literal:
        return tree.Literal("NULL", span)

    def call(self, span: Span, name: lark.Token, *args: tree.Expr | None) -> tree.Call:
        return tree.Call(self._name(name), tuple(a for a in args if a is not None), span)

    def container_of(
        self, span: Span, pointer: tree.Expr, container: Any, member: lark.Token
    ) -> tree.ContainerOf:
        struct, variable = container
        return tree.ContainerOf(pointer, struct, variable, str(member), span)

    def container_struct(self, span: Span, name: lark.Token) -> tuple[tree.Name, None]:
        return self._name(name), None

    def container_typeof(
        self, span: Span, _star: lark.Token, name: lark.Token
    ) -> tuple[None, tree.Name]:
        return None, self._name(name)

    # claims

    def assumption(self, span: Span, sentence: lark.Token, way: lark.Token) -> tree.Assumption:
        return tree.Assumption(str(sentence)[1:-1], cast(Direction, str(way)), span)

    def known(
        self,
        span: Span,
        claim: lark.Token,
        scenario: lark.Token | None,
        pattern: tree.Expr | None,
        topics: tuple[tree.Name, ...] | None,
        sentence: lark.Token,
    ) -> tree.Known:
        where = None if scenario is None else self._name(scenario)
        return tree.Known(
            self._name(claim), where, pattern, topics or (), str(sentence)[1:-1], span
        )

    def known_case(self, span: Span, pattern: tree.Expr) -> tree.Expr:
        return pattern

    def known_about(self, span: Span, *topics: tree.Name) -> tuple[tree.Name, ...]:
        return topics

    def topic(self, span: Span, *parts: lark.Token) -> tree.Name:
        # A lock is named as in reports: without what separates its parts.
        first, *rest = parts
        name = "".join([str(first), *(f"[{p}]" if p.type == "NUMBER" else f".{p}" for p in rest)])
        return tree.Name(name, span)

    def effect(self, span: Span, word: lark.Token, lock: tree.Expr) -> tree.Effect:
        return tree.Effect(cast(EffectWord, str(word)), lock, span)

    def promise_same(self, span: Span) -> tuple[tree.Effect, ...]:
        return ()

    def promise_effects(self, span: Span, *effects: tree.Effect) -> tuple[tree.Effect, ...]:
        return effects

    def promise(self, span: Span, *parts: Any) -> tree.Promise:
        *values, effects = parts
        return tree.Promise(tuple(map(self._name, values)), effects, span)

    def contract(self, span: Span, name: lark.Token, *promises: tree.Promise) -> tree.Contract:
        return tree.Contract(self._name(name), promises, span)

    def outcome(
        self, span: Span, name: lark.Token, sentence: lark.Token, condition: tree.Expr
    ) -> tree.Outcome:
        return tree.Outcome(str(name), str(sentence)[1:-1], condition, span)

    def sample(
        self, span: Span, name: lark.Token, value: tree.Expr | None
    ) -> tuple[tree.Name, tree.Expr | None]:
        return self._name(name), value

    def axis(self, span: Span, name: lark.Token, value: tree.Expr) -> tree.Axis:
        return tree.Axis(str(name), value, span)

    def row(self, span: Span, pattern: tree.Expr, *outcomes: lark.Token) -> tree.Row:
        return tree.Row(pattern, tuple(map(self._name, outcomes)), span)

    def table(self, span: Span, name: lark.Token, sample: Any, *parts: Any) -> tree.Table:
        axes = tuple(p for p in parts if isinstance(p, tree.Axis))
        rows = tuple(p for p in parts if isinstance(p, tree.Row))
        return tree.Table(self._name(name), sample[0], sample[1], axes, rows, span)

    def alone(self, span: Span, thread: lark.Token, when: tree.Expr | None) -> tree.Alone:
        return tree.Alone(self._name(thread), when, span)

    def before(self, span: Span, hook: lark.Token, condition: tree.Expr) -> tree.Clause:
        return tree.Clause("before", self._name(hook), condition, span)

    def before_use(self, span: Span, struct: lark.Token, condition: tree.Expr) -> tree.Clause:
        return tree.Clause("use", self._name(struct), condition, span)

    def after(self, span: Span, hook: lark.Token, condition: tree.Expr) -> tree.Clause:
        return tree.Clause("after", self._name(hook), condition, span)

    def at_table(self, span: Span, condition: tree.Expr) -> tree.Clause:
        return tree.Clause("table", None, condition, span)

    def never(self, span: Span, condition: tree.Expr) -> tree.Clause:
        return tree.Clause("never", None, condition, span)

    def finally_(self, span: Span, condition: tree.Expr) -> tree.Clause:
        return tree.Clause("finally", None, condition, span)

    def claim(self, span: Span, *parts: Any) -> tree.Claim:
        name, sentence, alone, *clauses = parts
        return tree.Claim(
            str(name),
            str(sentence)[1:-1],
            alone,
            tuple(clauses),
            Span(self.source, span.start, sentence.end_pos),
        )


def _pointed(type_: tree.TypeName, stars: int) -> tree.TypeName:
    return tree.TypeName(type_.word, stars, type_.span)


def _sentence(parts: list[lark.Token]) -> str:
    return str(parts[0])[1:-1] if parts else ""


def _single(statement: Any, span: Span) -> tree.Statement:
    """A statement as an arm: `if (x) int a, b;` is the one that needs wrapping."""
    return tree.Block(tuple(statement), span) if isinstance(statement, list) else statement
