"""Tokens to expressions: C's operators, by their precedence."""

from __future__ import annotations

from verify.syntax import tree
from verify.syntax.cursor import Cursor

BINDING = {
    "||": 1,
    "&&": 2,
    "==": 3,
    "!=": 3,
    "<": 4,
    "<=": 4,
    ">": 4,
    ">=": 4,
    "+": 5,
    "-": 5,
    "*": 6,
}


def expression(at: Cursor, least: int = 1) -> tree.Expr:
    """An expression of operators that bind at least so strongly."""
    start = at.token.start
    left = _unary(at)
    while (binding := BINDING.get(at.token.kind, 0)) >= least:
        height = at.height
        op = at.next().kind
        right = expression(at, binding + 1)
        at.grow(max(height, at.height) + 1, start)
        left = tree.Binary(op, left, right, at.span(start))
    return left


def _unary(at: Cursor) -> tree.Expr:
    start, op = at.token.start, at.token.kind
    if op not in ("!", "-", "&", "*"):
        return postfix(at)
    at.enter(start)
    at.next()
    arg = _unary(at)
    at.depth -= 1
    at.grow(at.height + 1, start)
    return tree.Unary(op, arg, at.span(start))


def postfix(at: Cursor) -> tree.Expr:
    """A name, a call or a parenthesis, and what is selected from it."""
    start = at.token.start
    base = _primary(at)
    while True:
        height = at.height
        match at.token.kind:
            case "->" | "." as sign:
                at.next()
                name = at.expect("name", "the name of a field").text
                base = tree.Member(base, name, sign == "->", at.span(start))
                at.grow(height + 1, start)
            case "[":
                at.next()
                at.enter(start)
                index = expression(at)
                at.depth -= 1
                at.expect("]")
                base = tree.Subscript(base, index, at.span(start))
                at.grow(max(height, at.height) + 1, start)
            case _:
                return base


def _primary(at: Cursor) -> tree.Expr:
    token = at.token
    at.height = 1
    match token.kind:
        case "name":
            if at.ahead(1).kind == "(":
                return call(at)
            return at.name()
        case "number":
            value = at.number()
            return tree.Integer(value, at.span(token.start))
        case "(":
            at.next()
            at.enter(token.start)
            inside = expression(at)
            at.depth -= 1
            at.close(")")
            return inside
        case "container_of":
            return _container_of(at)
        case "true" | "false" | "NULL" as word:
            at.next()
            return tree.Literal(word, at.span(token.start))
    raise at.unexpected("an expression")


def call(at: Cursor) -> tree.Call:
    """`f(a, b)`."""
    start = at.token.start
    callee = at.name()
    at.expect("(")
    at.enter(start)
    args: list[tree.Expr] = []
    height = 0
    if at.token.kind != ")":
        while True:
            args.append(expression(at))
            height = max(height, at.height)
            if not at.skip(","):
                break
    at.depth -= 1
    at.close(")")
    at.grow(height + 1, start)
    return tree.Call(callee, tuple(args), at.span(start))


def _container_of(at: Cursor) -> tree.ContainerOf:
    start = at.next().start
    at.expect("(")
    at.enter(start)
    pointer = expression(at)
    at.depth -= 1
    at.expect(",")
    struct: tree.Name | None = None
    variable: tree.Name | None = None
    if at.skip("struct"):
        struct = at.name("the name of a struct")
    elif at.skip("typeof"):
        at.expect("(")
        at.expect("*")
        variable = at.name("the name of a pointer")
        at.expect(")")
    else:
        raise at.unexpected("`struct` or `typeof`")
    at.expect(",")
    member = at.expect("name", "the name of a field").text
    at.close(")")
    at.grow(at.height + 1, start)
    return tree.ContainerOf(pointer, struct, variable, member, at.span(start))


def type_name(at: Cursor) -> tree.TypeName:
    """The spelling of a type, without stars."""
    while at.foreign():
        at.next()
    token = at.token
    match token.kind:
        case "bool" | "void" | "int" | "long":
            word = at.next().text
        case "unsigned":
            at.next()
            word = "unsigned long" if at.skip("long") else "unsigned int"
            if word == "unsigned int":
                at.skip("int")
        case "enum" | "struct":
            at.next()
            word = f"{token.text} {at.expect('name', f'the name of the {token.text}').text}"
        case "name":
            word = at.next().text
        case _:
            raise at.unexpected("a type")
    return tree.TypeName(word, 0, at.span(token.start))


def starred(at: Cursor, base: tree.TypeName) -> tree.TypeName:
    """The type with the stars that stand here."""
    stars = 0
    while at.skip("*"):
        stars += 1
    return tree.TypeName(base.word, stars, base.span) if stars else base


def at_declaration(at: Cursor) -> bool:
    """Whether a type and a name stand here: `size_t x`, `struct page *p`."""
    if at.token.kind != "name":
        return at.token.kind in ("bool", "void", "int", "long", "unsigned", "enum", "struct")
    distance = 1
    while at.ahead(distance).kind == "*":
        distance += 1
    return at.ahead(distance).kind == "name" or at.ahead(1).kind in (
        "struct",
        "enum",
        "unsigned",
        "int",
        "long",
        "bool",
    )
