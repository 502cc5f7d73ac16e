"""What is wrong with a text that the grammar refuses, mistake by mistake.

A parser made from a grammar stops at the first token that does not fit.  This
reader goes through the same language by recursive descent, knows what usually
goes wrong there, and goes on behind it; the tests hold it against the grammar.
"""

from __future__ import annotations

from verify import locks
from verify.diagnostics import Diagnostic
from verify.source import Source, Span
from verify.syntax import tree
from verify.syntax.cursor import Cursor, Stop, Wrong, shown, tokens, too_deep
from verify.syntax.expression import (
    at_declaration,
    expression,
    starred,
    type_name,
)
from verify.syntax.statement import WORDS, block, primitive_body


def recover(
    source: Source,
) -> tuple[tuple[tree.Declaration, ...], tuple[Diagnostic, ...]]:
    """The declarations of a text that make sense, and what is wrong with the others."""
    at = Cursor(source)
    found: list[tree.Declaration] = []
    try:
        while at.token.kind != "end":
            try:
                found.append(_declaration(at))
            except Wrong as wrong:
                if not wrong.outside:
                    at.recover(0)
                    at.skip("}")
                at.braces = at.parens = at.depth = 0
    except Stop:
        pass
    return tuple(found), tuple(at.errors)


def unworded(source: Source, at: int, deep: bool) -> Diagnostic:
    """What to say of a text that the grammar refuses at a place, and this reader nowhere.

    Where a declaration or an alternative could begin, the grammar takes a word that begins
    one for that word; this reader goes by what follows, and may see a name.
    """
    if deep:
        return too_deep(source, at)
    token = next(t for t in tokens(source.text) if t.end > at or t.kind == "end")
    span = Span(source, token.start, token.end)
    headline = f"unexpected {shown(token)}"
    if token.text in WORDS:
        label = "a word of the language, and no name here"
        return Diagnostic("BFP002", headline, span, label, ("give what it names another name",))
    return Diagnostic("BFP002", headline, span, "the grammar has something else here")


def _declaration(at: Cursor) -> tree.Declaration:
    token = at.token
    if token.kind == "name":
        match token.text:
            case "range":
                return _range(at)
            case "primitive":
                return _primitive(at)
            case "thread":
                return _thread(at)
            case "scenario":
                return _scenario(at)
            case "outcome":
                return _outcome(at)
            case "contract":
                return _contract(at)
            case "table":
                return _table(at)
            case "claim":
                return _claim(at)
            case "assumption":
                return _assumption(at)
            case "known":
                return _known(at)
    if token.kind == "#include":
        at.next()
        path = at.string("the name of a file in quotes")
        return tree.Include(path, at.span(token.start))
    if token.kind in ("enum", "struct") and at.ahead(2).kind == "{":
        return _enum(at) if token.kind == "enum" else _struct(at)
    if not (at_declaration(at) or token.kind in ("static", "name")):
        raise at.unexpected("a declaration")
    return _object_or_function(at)


# ---------------------------------------------------------------------- types


def _range(at: Cursor) -> tree.Range:
    start = at.next().start
    type_ = type_name(at)
    at.expect("=")
    low = _signed(at)
    at.expect("..")
    high = _signed(at)
    at.close(";")
    return tree.Range(type_, low, high, at.span(start))


def _signed(at: Cursor) -> int:
    return -at.number() if at.skip("-") else at.number()


def _enum(at: Cursor) -> tree.Enum:
    start = at.next().start
    name = at.name().name
    at.expect("{")
    members = [at.name()]
    while at.skip(",") and at.token.kind != "}":
        members.append(at.name())
    at.expect("}", "`,` or `}`")
    at.close(";")
    return tree.Enum(name, tuple(members), at.span(start))


def _struct(at: Cursor) -> tree.Struct:
    start = at.next().start
    name = at.name().name
    at.expect("{")
    fields: list[tree.Field] = []
    while at.token.kind != "}":
        base = type_name(at)
        while True:
            type_, field, length = _declarator(at, base)
            fields.append(tree.Field(type_, field.name, length, field.span))
            if not at.skip(","):
                break
        at.close(";")
    at.next()
    at.close(";")
    return tree.Struct(name, tuple(fields), at.span(start))


def _declarator(at: Cursor, base: tree.TypeName) -> tuple[tree.TypeName, tree.Name, int | None]:
    type_ = starred(at, base)
    name = at.name()
    length = None
    if at.skip("["):
        length = at.number()
        at.expect("]")
    return type_, name, length


# ------------------------------------------------- objects, functions, threads


def _object_or_function(at: Cursor) -> tree.Object | tree.Function:
    start = at.token.start
    thread_local = at.word("thread_local")
    static = not thread_local and at.skip("static")
    type_, name, length = _declarator(at, type_name(at))
    if at.token.kind == "(" and length is None and not thread_local:
        return _function(at, type_, name)
    if static:
        raise at.unexpected("`(`: only functions are static")
    value = _initializer(at) if at.skip("=") else None
    at.close(";")
    return tree.Object(type_, name.name, length, value, thread_local, at.span(start))


def _initializer(at: Cursor) -> tree.Initializer:
    start = at.token.start
    if not at.skip("{"):
        return expression(at)
    at.enter(start)
    items: list[tuple[str | None, tree.Initializer]] = []
    while at.token.kind != "}":
        name = None
        if at.skip("."):
            name = at.expect("name", "the name of a field").text
            at.expect("=")
        items.append((name, _initializer(at)))
        if not at.skip(","):
            break
    at.depth -= 1
    at.expect("}", "`,` or `}`")
    return tree.InitList(tuple(items), at.span(start))


def _params(at: Cursor) -> tuple[tree.Param, ...]:
    at.expect("(")
    params: list[tree.Param] = []
    if at.token.kind == "void" and at.ahead(1).kind == ")":
        at.next()
    elif at.token.kind != ")":
        while True:
            start = at.token.start
            type_ = starred(at, type_name(at))
            name = at.expect("name", "the name of a parameter").text
            params.append(tree.Param(type_, name, at.span(start)))
            if not at.skip(","):
                break
    at.close(")")
    return tuple(params)


def _function(at: Cursor, type_: tree.TypeName, name: tree.Name) -> tree.Function:
    params = _params(at)
    must_hold: list[tree.Expr] = []
    while at.word("__must_hold"):
        at.expect("(")
        must_hold.append(expression(at))
        at.close(")")
    if at.token.kind != "{":
        raise at.unexpected("the body of the function")
    return tree.Function(type_, name.name, params, tuple(must_hold), block(at), name.span)


def _primitive(at: Cursor) -> tree.Primitive:
    start = at.next().start
    type_ = starred(at, type_name(at))
    name = at.name()
    span = at.span(start)
    params = _params(at)
    before, alternatives = primitive_body(at)
    return tree.Primitive(type_, name.name, params, before, alternatives, span)


def _thread(at: Cursor) -> tree.Thread:
    at.next()
    name = at.name()
    sentence = at.string() if at.token.kind == "string" else ""
    return tree.Thread(name.name, sentence, block(at), name.span)


def _scenario(at: Cursor) -> tree.Scenario:
    at.next()
    name = _claim_name(at)
    sentence = at.string()
    at.expect(":")
    members = [_party(at)]
    while at.skip(","):
        members.append(_party(at))
    at.close(";")
    return tree.Scenario(name.name, sentence, tuple(members), name.span)


def _party(at: Cursor) -> tree.Party:
    start = at.token.start
    name = at.name("the name of a thread")
    count: int | None = 1
    if at.skip("["):
        if at.skip("*"):
            count = None
        elif at.token.kind == "number":
            count = at.number()
        else:
            raise at.unexpected("`*` or a number")
        at.expect("]")
    forever = count is None
    if count is not None and at.token.kind == "name" and at.token.text == "forever":
        at.next()
        forever = True
    return tree.Party(name, count, forever, at.span(start))


# --------------------------------------------------------------------- claims


def _assumption(at: Cursor) -> tree.Assumption:
    start = at.next().start
    sentence = at.string()
    if at.token.kind != "name" or at.token.text not in ("misses", "alarms"):
        raise at.unexpected("`misses` or `alarms`")
    direction = at.next().text
    at.close(";")
    return tree.Assumption(sentence, direction, at.span(start))


def _known(at: Cursor) -> tree.Known:
    start = at.next().start
    claim = _claim_name(at)
    scenario = _claim_name(at) if at.word("in") else None
    pattern = expression(at) if at.word("case") else None
    topics: list[tree.Name] = []
    if at.word("about"):
        topics.append(_topic(at))
        while at.skip(","):
            topics.append(_topic(at))
    wanted = [
        *(["`in`"] if scenario is None and pattern is None and not topics else []),
        *(["`case`"] if pattern is None and not topics else []),
        *(["`about`"] if not topics else []),
        'a "sentence"',
    ]
    sentence = at.string(" or ".join(filter(None, (", ".join(wanted[:-1]), wanted[-1]))))
    at.close(";")
    return tree.Known(claim, scenario, pattern, tuple(topics), sentence, at.span(start))


def _topic(at: Cursor) -> tree.Name:
    """What a bug is about, named as in reports: `lru0.lock`, `slots[1].lock`."""
    start = at.token.start
    name = at.name("the name of what it is about").name
    while True:
        if at.skip("."):
            name += f".{at.name().name}"
        elif at.skip("["):
            name += f"[{at.expect('number', 'a number').text}]"
            at.expect("]")
        else:
            return tree.Name(name, at.span(start))


def _claim_name(at: Cursor) -> tree.Name:
    """Words joined by `-`, without space: `no-live-mapping`."""
    token = at.token
    if token.kind != "name" or token.text != token.text.lower() or token.text.startswith("_"):
        raise at.unexpected("a name of small letters, digits, `_` and `-`")
    name, end = at.next().text, token.end
    while at.token.kind == "-" and at.token.start == end:
        part = at.ahead(1)
        if part.kind not in ("name", "number") or part.start != at.token.end:
            break
        at.next()
        # A number and a word may stand side by side: `v6-14b`.
        while at.token.kind in ("name", "number") and at.token.start == at.previous.end:
            at.next()
        end = at.previous.end
        name = at.source.text[token.start : end]
    return tree.Name(name, Span(at.source, token.start, end))


def _contract(at: Cursor) -> tree.Contract:
    start = at.next().start
    function = at.name("the name of a function")
    at.expect("{")
    promises: list[tree.Promise] = []
    while at.token.kind != "}":
        first = at.token.start
        values = [at.name("a value that is returned")]
        while at.skip(","):
            values.append(at.name("a value that is returned"))
        at.expect(":")
        effects = _effects(at)
        at.close(";")
        promises.append(tree.Promise(tuple(values), effects, at.span(first)))
    at.next()
    return tree.Contract(function, tuple(promises), at.span(start))


def _effects(at: Cursor) -> tuple[tree.Effect, ...]:
    if at.word("same"):
        return ()
    effects: list[tree.Effect] = []
    while True:
        token = at.token
        if token.text not in locks.EFFECTS:
            raise at.unexpected("same, releases, releases_shared, acquires or acquires_shared")
        at.next()
        at.expect("(")
        lock = expression(at)
        at.close(")")
        effects.append(tree.Effect(token.text, lock, at.span(token.start)))
        if not at.skip(","):
            return tuple(effects)


def _outcome(at: Cursor) -> tree.Outcome:
    start = at.next().start
    name = at.name().name
    sentence = at.string()
    at.expect("=")
    condition = expression(at)
    at.close(";")
    return tree.Outcome(name, sentence, condition, at.span(start))


def _table(at: Cursor) -> tree.Table:
    start = at.next().start
    function = at.name("the name of a function")
    at.expect("{")
    if not at.word("at"):
        raise at.unexpected("`at`: where the table is sampled")
    sampled_at = at.name("the name of a primitive")
    sampled_value = expression(at) if at.word("returns") else None
    at.close(";")
    axes = [_axis(at)]
    while at.token.text == "axis":
        axes.append(_axis(at))
    rows = [_row(at)]
    while at.token.text == "case":
        rows.append(_row(at))
    at.expect("}", "`case` or `}`")
    return tree.Table(function, sampled_at, sampled_value, tuple(axes), tuple(rows), at.span(start))


def _axis(at: Cursor) -> tree.Axis:
    start = at.token.start
    if not at.word("axis"):
        raise at.unexpected("`axis`")
    name = at.name().name
    at.expect("=")
    value = expression(at)
    at.close(";")
    return tree.Axis(name, value, at.span(start))


def _row(at: Cursor) -> tree.Row:
    start = at.token.start
    if not at.word("case"):
        raise at.unexpected("`axis` or `case`")
    pattern = expression(at)
    at.expect(":")
    outcomes = [at.name("an outcome or `never`")]
    while at.skip(","):
        outcomes.append(at.name("an outcome or `never`"))
    at.close(";")
    return tree.Row(pattern, tuple(outcomes), at.span(start))


def _claim(at: Cursor) -> tree.Claim:
    start = at.next().start
    name = _claim_name(at)
    sentence = at.string()
    span = at.span(start)
    alone = None
    if at.token.text == "alone":
        first = at.next().start
        thread = at.name("the name of a thread")
        when = None
        if at.word("when"):
            at.expect("(")
            when = expression(at)
            at.close(")")
        alone = tree.Alone(thread, when, at.span(first))
    clauses = [_clause(at)]
    while at.token.text in ("before", "after", "never", "finally") or (
        at.token.text == "at" and at.ahead(1).text == "table"
    ):
        clauses.append(_clause(at))
    return tree.Claim(name.name, sentence, alone, tuple(clauses), span)


def _clause(at: Cursor) -> tree.Clause:
    token = at.token
    hook = None
    kind = token.text
    match kind:
        case "before" | "after":
            at.next()
            if kind == "before" and at.skip("struct"):
                kind = "use"
                hook = at.name("the name of a struct")
            else:
                hook = at.name("the name of a function")
        case "never" | "finally":
            at.next()
        case "at" if at.ahead(1).text == "table":
            at.next()
            kind = at.next().text
        case _:
            raise at.unexpected("before, after, at table, never or finally")
    at.expect(":")
    condition = expression(at)
    at.close(";")
    return tree.Clause(kind, hook, condition, at.span(token.start))
