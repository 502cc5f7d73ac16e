"""Tokens to statements: the bodies of functions, threads and primitives."""

from __future__ import annotations

from verify.source import Span
from verify.syntax import tree
from verify.syntax.cursor import Cursor, Wrong
from verify.syntax.expression import (
    at_declaration,
    expression,
    postfix,
    starred,
    type_name,
)

# Words that begin a declaration; one that stands inside a body tells that a `}` is missing.
DECLARATION_WORDS = frozenset(
    [
        "claim",
        "contract",
        "outcome",
        "primitive",
        "range",
        "scenario",
        "table",
        "thread",
        "thread_local",
    ]
)
# All words of models that begin something, and are names elsewhere.
WORDS = DECLARATION_WORDS | {"assumption", "known", "transient", "when"}


def block(at: Cursor) -> tree.Block:
    """`{ ... }`"""
    start = at.token.start
    return tree.Block(tuple(body(at)), at.span(start))


def body(at: Cursor) -> list[tree.Statement]:
    """The statements between two braces; each is read even if one before it is wrong."""
    opened = at.expect("{")
    found: list[tree.Statement] = []
    braces = at.braces
    while at.token.kind != "}":
        _refuse_end(at, opened.start)
        try:
            found += statement(at)
        except Wrong as wrong:
            if wrong.outside:
                raise
            at.recover(braces)
    at.next()
    return found


def _refuse_end(at: Cursor, opened: int) -> None:
    """Complain if the body ends without its brace: at the text's end or a declaration."""
    if at.token.kind == "end" or _outside(at):
        where = at.source.line_of(opened)
        last = at.previous
        at.wrong(
            "a `}` is missing",
            Span(at.source, last.end - 1, last.end),
            "expected after this",
            f"the `{{` is in line {where}",
        )
        raise Wrong(outside=True)


def _outside(at: Cursor) -> bool:
    """Whether what stands here can only be a declaration at file scope."""
    if at.token.kind in ("static", "#include"):
        return True
    if not at_declaration(at):
        return False
    if at.token.text in DECLARATION_WORDS and at.ahead(2).kind in ("{", "string", "=", "*", "name"):
        return at.ahead(1).kind != "*"
    distance = 2 if at.token.kind in ("enum", "struct") or at.ahead(1).kind == "long" else 1
    while at.ahead(distance).kind == "*":
        distance += 1
    return at.ahead(distance).kind == "name" and at.ahead(distance + 1).kind == "("


def statement(at: Cursor) -> list[tree.Statement]:
    """One statement of the text; `int a, b;` is two of the tree."""
    token = at.token
    at.enter(token.start)
    try:
        return _statement(at)
    finally:
        at.depth -= 1


def _statement(at: Cursor) -> list[tree.Statement]:
    start = at.token.start
    match at.token.kind:
        case "{":
            return [block(at)]
        case ";":
            at.next()
            return [tree.Block((), at.span(start))]
        case "if":
            return [_if(at)]
        case "while":
            return [_while(at)]
        case "for":
            return [_for(at)]
        case "goto":
            at.next()
            name = at.expect("name", "a label").text
            at.close(";")
            return [tree.Goto(name, at.span(start))]
        case "return":
            at.next()
            value = None if at.token.kind in (";", "}") else expression(at)
            at.close(";")
            return [tree.Return(value, at.span(start))]
        case "name" if at.ahead(1).kind == ":":
            name = at.next().text
            at.next()
            return [tree.Label(name, at.span(start))]
        case _ if at_declaration(at):
            return _locals(at)
        case _:
            return [_assign_or_call(at)]


def _locals(at: Cursor) -> list[tree.Statement]:
    base = type_name(at)
    found: list[tree.Statement] = []
    while True:
        start = at.token.start
        type_ = starred(at, base)
        name = at.expect("name", "the name of a local").text
        value = expression(at) if at.skip("=") else None
        found.append(tree.Local(type_, name, value, at.span(start)))
        if not at.skip(","):
            break
    at.close(";")
    return found


def _assign_or_call(at: Cursor) -> tree.Statement:
    token = at.token
    if at.ahead(1).kind in (";", "{", "(", "name") and at.foreign():
        raise Wrong
    target = postfix(at)
    if isinstance(target, tree.Call) and token.kind == "name" and at.token.kind != "=":
        at.close(";")
        return tree.CallStatement(target, at.span(token.start))
    at.expect("=")
    value = expression(at)
    at.close(";")
    return tree.Assign(target, value, at.span(token.start))


def _if(at: Cursor) -> tree.If:
    start = at.next().start
    condition = _condition(at)
    then = statement(at)
    otherwise = statement(at) if at.skip("else") else None
    span = at.span(start)
    return tree.If(
        condition,
        _single(then, span),
        None if otherwise is None else _single(otherwise, span),
        span,
    )


def _while(at: Cursor) -> tree.While:
    start = at.next().start
    condition = _condition(at)
    inside = statement(at)
    span = at.span(start)
    return tree.While(condition, _single(inside, span), span)


def _for(at: Cursor) -> tree.Block:
    """A `for` as the `while` that it stands for."""
    start = at.next().start
    word = at.span(start)
    at.expect("(")
    first = None if at.token.kind == ";" else _bare_assign(at)
    at.expect(";")
    test = None if at.token.kind == ";" else expression(at)
    at.expect(";")
    step = None if at.token.kind == ")" else _bare_assign(at)
    at.close(")")
    inside = statement(at)
    span = at.span(start)
    turn = (_single(inside, span), *(() if step is None else (step,)))
    loop = tree.While(test or tree.Literal("true", word), tree.Block(turn, span), span)
    return tree.Block((*(() if first is None else (first,)), loop), span)


def _bare_assign(at: Cursor) -> tree.Assign:
    start = at.token.start
    target = postfix(at)
    at.expect("=")
    value = expression(at)
    return tree.Assign(target, value, at.span(start))


def _condition(at: Cursor) -> tree.Expr:
    at.expect("(")
    condition = expression(at)
    at.close(")")
    return condition


def _single(statements: list[tree.Statement], span: Span) -> tree.Statement:
    """A statement as an arm: `if (x) int a, b;` is the one that needs wrapping."""
    return statements[0] if len(statements) == 1 else tree.Block(tuple(statements), span)


def primitive_body(
    at: Cursor,
) -> tuple[tuple[tree.Statement, ...], tuple[tree.Alternative, ...]]:
    """What a primitive does first, and its alternatives."""
    opened = at.expect("{")
    before: list[tree.Statement] = []
    alternatives: list[tree.Alternative] = []
    braces = at.braces
    while at.token.kind != "}":
        alternative = at.token.kind == "name" and at.token.text in ("when", "transient")
        if not alternative:
            _refuse_end(at, opened.start)
        try:
            if alternative:
                alternatives.append(_alternative(at))
                continue
            start = at.token.start
            part = statement(at)
            if alternatives:
                at.wrong(
                    "a statement after the first `when` belongs to no alternative",
                    at.span(start),
                    code="BFP105",
                )
            before += part
        except Wrong as wrong:
            if wrong.outside:
                raise
            at.recover(braces)
    at.next()
    return tuple(before), tuple(alternatives)


def _alternative(at: Cursor) -> tree.Alternative:
    start = at.token.start
    transient = at.next().text == "transient"
    guard = None
    if not transient or at.word("when"):
        guard = _condition(at)
    note = at.string() if at.token.kind == "string" else ""
    inside = statement(at)
    span = at.span(start)
    return tree.Alternative(guard, transient, note, _single(inside, span), span)
