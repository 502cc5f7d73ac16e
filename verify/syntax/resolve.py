"""Declarations to a checked program: the last stage that complains about a text."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path

from verify.diagnostics import InputError, nearest
from verify.source import Source, Span
from verify.syntax import checked, tree
from verify.syntax.check import BUILT_IN, Scope, Signature, check_labels, locals_of
from verify.syntax.checked import BOOL, VOID, Checked, Type
from verify.syntax.declare import MAX_DOMAIN, Declared, declare
from verify.syntax.load import Loader

RESERVED = (*BUILT_IN, "result")


def read(path: Path, loader: Loader | None = None) -> Checked:
    """The checked program in a file.

    Raises:
        InputError: with everything that is wrong with it.
    """
    sources, declarations = (loader or Loader()).load(path)
    return resolve(sources, declarations)


def resolve(sources: Sequence[Source], declarations: Iterable[tree.Declaration]) -> Checked:
    """The checked form of a program's declarations."""
    declarations = tuple(declarations)
    known = declare(declarations)
    if known.errors:
        raise InputError(known.errors)
    signatures = _signatures(known, declarations)
    primitives = {
        d.name: _primitive(known, signatures, d)
        for d in declarations
        if isinstance(d, tree.Primitive)
    }
    functions = {
        d.name: _function(known, signatures, d)
        for d in declarations
        if isinstance(d, tree.Function)
    }
    threads = {
        d.name: _thread(known, signatures, d)
        for d in declarations
        if isinstance(d, tree.Thread)
    }
    _refuse_recursion(known, primitives, functions)
    program = _Claims(known, signatures, functions, threads)
    scenarios = tuple(
        program.scenario(d) for d in declarations if isinstance(d, tree.Scenario)
    )
    outcomes = tuple(program.outcomes(declarations))
    contracts = program.contracts(declarations)
    tables = tuple(program.tables(declarations))
    claims = tuple(program.claims(declarations, tables))
    if not threads:
        known.error("BFP108", "no thread is declared: nothing runs", None)
    elif not scenarios:
        known.error("BFP108", "no scenario is declared: nothing runs", None)
    if known.errors:
        raise InputError(_in_order(known, sources))
    labels = {}
    lows = {}
    for type_ in _types(known):
        lows[type_], labels[type_] = known.labels(type_)
    return Checked(
        sources[-1].path if not sources else sources[0].path,
        tuple(source.path for source in sources),
        labels,
        lows,
        {struct: tuple(names) for struct, names in known.objects.items()},
        tuple(known.slots.values()),
        tuple(known.locals.values()),
        tuple(known.locks.values()),
        primitives,
        functions,
        threads,
        scenarios,
        contracts,
        outcomes,
        tables,
        claims,
    )


def _in_order(known: Declared, sources: Sequence[Source]) -> list[object]:
    """Errors in the order of the texts, each once."""
    order = {source.path: i for i, source in enumerate(sources)}
    unique = list(dict.fromkeys(known.errors))
    return sorted(
        unique,
        key=lambda d: (
            (order.get(d.span.source.path, 0), d.span.start) if d.span else (len(order), 0)
        ),
    )  # type: ignore[return-value]


def _types(known: Declared) -> Iterable[Type]:
    yield BOOL
    yield Type("pointer", "void")
    yield from (Type("enum", name) for name in known.enums)
    yield from (Type("int", name) for name in known.ranges)
    yield from (Type("pointer", name) for name in known.structs)


def _signatures(
    known: Declared, declarations: Iterable[tree.Declaration]
) -> dict[str, Signature]:
    signatures: dict[str, Signature] = {}
    threads: dict[str, Span] = {}
    for d in declarations:
        if isinstance(d, tree.Thread):
            if d.name in threads:
                known.error("BFP102", f"thread `{d.name}` is declared twice", d.span)
            threads[d.name] = d.span
            continue
        if not isinstance(d, tree.Primitive | tree.Function):
            continue
        if d.name in RESERVED:
            known.error("BFP102", f"`{d.name}` is a built-in word", d.span)
            continue
        known.claim_name(d.name, d.span)
        params = tuple((p.name, known.type_of(p.type)) for p in d.params)
        for (name, type_), param in zip(params, d.params, strict=True):
            if type_ == VOID or type_.kind in ("struct", "lock"):
                known.error("BFP103", f"parameter `{name}` cannot be {type_}", param.span)
        result = known.type_of(d.type)
        if result.kind in ("struct", "lock", "lock pointer"):
            known.error("BFP103", f"`{d.name}` cannot return {result}", d.type.span)
        signatures[d.name] = Signature(params, result, isinstance(d, tree.Primitive), d.span)
    return signatures


def _names(
    known: Declared, params: Sequence[tuple[str, Type, Span]]
) -> dict[str, Type]:
    names: dict[str, Type] = {}
    for name, type_, span in params:
        if name in names:
            known.error("BFP102", f"`{name}` is declared twice here", span)
        elif name in known.constants or name in RESERVED:
            known.error("BFP102", f"`{name}` already means something else", span)
        names[name] = type_
    return names


def _primitive(
    known: Declared, signatures: dict[str, Signature], d: tree.Primitive
) -> checked.Primitive:
    signature = signatures.get(d.name) or Signature((), VOID, True, d.span)
    spans = [p.span for p in d.params]
    names = _names(known, [(n, t, s) for (n, t), s in zip(signature.params, spans, strict=False)])
    scope = Scope(known, signatures, "primitive", names, signature.result)
    before = [scope.statement(part) for part in d.before]
    alternatives = []
    for item in d.alternatives:
        guard = None if item.guard is None else scope.truth(item.guard)
        body = scope.statement(item.body) or checked.Block((), item.span)
        alternatives.append(
            checked.Alternative(guard, item.transient, item.note, body, item.span)
        )
    # What stands before the first `when` belongs to every alternative; a primitive
    # without any is one alternative.
    prefix = tuple(part for part in before if part is not None)
    if not alternatives:
        alternatives = [
            checked.Alternative(None, False, "", checked.Block(prefix, d.span), d.span)
        ]
        prefix = ()
    if signature.result != VOID:
        for alternative in alternatives:
            if not _always_returns(alternative.body):
                known.error(
                    "BFP104",
                    f"`{d.name}` may end without returning a {signature.result}",
                    alternative.span,
                )
    return checked.Primitive(
        d.name, signature.params, signature.result, prefix, tuple(alternatives), d.span
    )


def _always_returns(body: checked.Statement) -> bool:
    match body:
        case checked.Return():
            return True
        case checked.Block(parts, _):
            return any(_always_returns(part) for part in parts)
        case checked.If(_, then, otherwise, _):
            return (
                otherwise is not None and _always_returns(then) and _always_returns(otherwise)
            )
        case _:
            return False


def _function(
    known: Declared, signatures: dict[str, Signature], d: tree.Function
) -> checked.Function:
    signature = signatures.get(d.name) or Signature((), VOID, False, d.span)
    names, local = _body_names(
        known,
        [(n, t, p.span) for (n, t), p in zip(signature.params, d.params, strict=False)],
        d.body,
    )
    scope = Scope(known, signatures, "function", names, signature.result)
    must_hold = [scope.lock_address(lock, "__must_hold") for lock in d.must_hold]
    body = scope.statement(d.body)
    assert isinstance(body, checked.Block)
    check_labels(known, body)
    return checked.Function(
        d.name,
        signature.params,
        local,
        signature.result,
        tuple(lock for lock in must_hold if lock is not None),
        body,
        d.span,
    )


def _thread(
    known: Declared, signatures: dict[str, Signature], d: tree.Thread
) -> checked.Thread:
    names, local = _body_names(known, [], d.body)
    scope = Scope(known, signatures, "function", names, VOID)
    body = scope.statement(d.body)
    assert isinstance(body, checked.Block)
    check_labels(known, body)
    return checked.Thread(d.name, d.sentence or d.name, local, body, d.span)


def _body_names(
    known: Declared, params: list[tuple[str, Type, Span]], body: tree.Block
) -> tuple[dict[str, Type], tuple[tuple[str, Type], ...]]:
    local = [(p.name, known.type_of(p.type), p.span) for p in locals_of(body)]
    for name, type_, span in local:
        if type_ == VOID or type_.kind in ("struct", "lock", "lock pointer"):
            known.error("BFP103", f"local `{name}` cannot be {type_}", span)
    return _names(known, [*params, *local]), tuple((n, t) for n, t, _ in local)


def _refuse_recursion(
    known: Declared,
    primitives: dict[str, checked.Primitive],
    functions: dict[str, checked.Function],
) -> None:
    calls = {
        **{n: set(_calls((*p.before, *(a.body for a in p.alternatives)),
                         [a.guard for a in p.alternatives if a.guard is not None]))
           for n, p in primitives.items()},
        **{n: set(_calls((f.body,), [])) for n, f in functions.items()},
    }
    spans = {**{n: p.span for n, p in primitives.items()},
             **{n: f.span for n, f in functions.items()}}

    done: set[str] = set()

    def visit(name: str, stack: tuple[str, ...]) -> None:
        if name in stack:
            circle = " -> ".join((*stack[stack.index(name):], name))
            known.error("BFP110", f"`{name}` calls itself", spans[name], "", circle)
            return
        if name in done:
            return
        for callee in sorted(calls.get(name, ())):
            visit(callee, (*stack, name))
        done.add(name)

    for name in calls:
        visit(name, ())


def _calls(
    statements: Iterable[checked.Statement], exprs: Iterable[checked.Expr]
) -> Iterable[str]:
    """Names of everything called in some statements and expressions."""
    todo: list[object] = [*statements, *exprs]
    while todo:
        node = todo.pop()
        if isinstance(node, checked.Call):
            yield node.callee
        for part in getattr(type(node), "__slots__", ()):
            value = getattr(node, part)
            if isinstance(value, tuple):
                todo.extend(value)
            elif not isinstance(value, Span | Type | str | int | None):
                todo.append(value)


class _Claims:
    """Scenarios, contracts, outcomes, tables and claims: what hangs on the code."""

    def __init__(
        self,
        known: Declared,
        signatures: dict[str, Signature],
        functions: dict[str, checked.Function],
        threads: dict[str, checked.Thread],
    ) -> None:
        self.known = known
        self.signatures = signatures
        self.functions = functions
        self.threads = threads

    def scenario(self, d: tree.Scenario) -> checked.Scenario:
        members = []
        for party in d.members:
            name = party.thread.name
            if name not in self.threads:
                self.known.error(
                    "BFP101",
                    f"thread `{name}` is not declared",
                    party.thread.span,
                    "",
                    *nearest(name, self.threads),
                )
            elif name in [m for m, _ in members]:
                self.known.error("BFP102", f"thread `{name}` is there twice", party.span)
            elif party.count is not None and not 0 < party.count <= MAX_DOMAIN:
                self.known.error(
                    "BFP004", f"1 to {MAX_DOMAIN} threads, or [*]", party.span
                )
            else:
                members.append((name, party.count))
        return checked.Scenario(d.name, d.sentence, tuple(members), d.span)

    def _signature(self, name: tree.Name, what: str) -> Signature | None:
        if name.name in self.signatures:
            return self.signatures[name.name]
        self.known.error(
            "BFP101",
            f"{what} `{name.name}`, which is not declared",
            name.span,
            "",
            *nearest(name.name, self.signatures),
        )
        return None

    def outcomes(self, declarations: Iterable[tree.Declaration]) -> Iterable[checked.Outcome]:
        """Outcomes speak of the function that has the table: its result, what it did."""
        tables = [d for d in declarations if isinstance(d, tree.Table)]
        result = VOID
        if tables and tables[0].function.name in self.signatures:
            result = self.signatures[tables[0].function.name].result
        seen: set[str] = set()
        for d in declarations:
            if not isinstance(d, tree.Outcome):
                continue
            if d.name in seen or d.name == "never":
                self.known.error("BFP102", f"outcome `{d.name}` is declared twice", d.span)
            seen.add(d.name)
            scope = Scope(self.known, self.signatures, "clause", {}, result)
            if not tables:
                # Without a table nothing asks for outcomes; there is no result to type.
                continue
            condition = scope.truth(d.condition)
            if condition is not None:
                yield checked.Outcome(d.name, d.sentence, condition, d.span)

    def contracts(
        self, declarations: Iterable[tree.Declaration]
    ) -> dict[str, tuple[checked.Promise, ...]]:
        contracts: dict[str, tuple[checked.Promise, ...]] = {}
        for d in declarations:
            if not isinstance(d, tree.Contract):
                continue
            name = d.function.name
            signature = self._signature(d.function, "a contract for")
            if signature is None:
                continue
            if name in contracts:
                self.known.error("BFP102", f"`{name}` has two contracts", d.span)
            if name not in self.functions:
                self.known.error(
                    "BFP108", f"`{name}` is a primitive: it needs no contract", d.span
                )
            names = dict(signature.params)
            scope = Scope(self.known, self.signatures, "claim", names)
            promises = []
            for promise in d.promises:
                effects = [
                    (e.word, scope.lock_address(e.lock, _plain(e.word)))
                    for e in promise.effects
                ]
                for value in promise.values:
                    number = self._value(value, signature.result)
                    if number is not None:
                        promises.append(
                            checked.Promise(
                                number,
                                tuple((w, lock) for w, lock in effects if lock is not None),
                                value.span,
                            )
                        )
            contracts[name] = tuple(promises)
        return contracts

    def _value(self, name: tree.Name, type_: Type) -> int | None:
        found = self.known.constants.get(name.name)
        if found is None or found[1] != type_:
            members = self.known.enums.get(type_.name, ())
            self.known.error(
                "BFP108",
                f"`{name.name}` is no value of {type_}",
                name.span,
                "",
                *nearest(name.name, members),
            )
            return None
        return found[0]

    def tables(self, declarations: Iterable[tree.Declaration]) -> Iterable[checked.Table]:
        outcomes = {d.name for d in declarations if isinstance(d, tree.Outcome)}
        seen = False
        for d in declarations:
            if isinstance(d, tree.Table):
                if seen:
                    self.known.error("BFP102", "a program has one table", d.span)
                    return
                seen = True
                table = self._table(d, outcomes)
                if table is not None:
                    yield table

    def _table(self, d: tree.Table, outcomes: set[str]) -> checked.Table | None:
        signature = self._signature(d.function, "a table of")
        sampled = self._signature(d.sampled_at, "sampled at")
        if signature is None or sampled is None:
            return None
        if d.function.name not in self.functions:
            self.known.error("BFP108", f"`{d.function.name}` is a primitive", d.function.span)
            return None
        if not sampled.atomic:
            self.known.error(
                "BFP108", f"`{d.sampled_at.name}` is no primitive", d.sampled_at.span,
                "a table is sampled in one step",
            )
            return None
        if len(d.axes) > 4:
            self.known.error("BFP004", "more than 4 axes", d.span)
            return None
        value: int | None = None
        if d.sampled_value is not None:
            scope = Scope(self.known, self.signatures, "claim")
            const = scope.expr(d.sampled_value)
            if const is None:
                return None
            if not isinstance(const, checked.Const) or not scope.fits(sampled.result, const):
                self.known.error(
                    "BFP108", f"a {sampled.result} is wanted here", d.sampled_value.span
                )
                return None
            value = const.value
        scope = Scope(self.known, self.signatures, "claim", self._function_names(d.function.name))
        axes = []
        for axis in d.axes:
            condition = scope.truth(axis.value)
            if condition is not None:
                axes.append(checked.Axis(axis.name, condition, axis.span))
        if len(axes) < len(d.axes):
            return None
        claimed = self._cells(d, [axis.name for axis in axes], outcomes)
        return checked.Table(
            d.function.name, d.sampled_at.name, value, tuple(axes), claimed, d.span
        )

    def _function_names(self, name: str) -> dict[str, Type]:
        function = self.functions[name]
        return dict((*function.params, *function.locals))

    def _cells(
        self, d: tree.Table, axes: list[str], outcomes: set[str]
    ) -> tuple[tuple[str, ...], ...]:
        claimed: dict[int, tuple[str, ...]] = {}
        for row in d.rows:
            names = tuple(name.name for name in row.outcomes)
            for name in row.outcomes:
                if name.name not in outcomes and name.name != "never":
                    self.known.error(
                        "BFP101",
                        f"outcome `{name.name}` is not declared",
                        name.span,
                        "",
                        *nearest(name.name, [*outcomes, "never"]),
                    )
            if "never" in names and len(names) > 1:
                self.known.error("BFP108", "`never` stands alone", row.span)
            hit = False
            for cell in range(2 ** len(axes)):
                truth = {name: bool(cell >> i & 1) for i, name in enumerate(axes)}
                value = self._pattern(row.pattern, truth)
                if value and cell not in claimed:
                    claimed[cell] = tuple(n for n in names if n != "never")
                    hit = True
                if value is None:
                    return ()
            if not hit:
                self.known.error("BFP108", "this case is covered by those above", row.span)
        for cell in range(2 ** len(axes)):
            if cell not in claimed:
                words = " && ".join(
                    name if cell >> i & 1 else f"!{name}" for i, name in enumerate(axes)
                )
                self.known.error("BFP108", f"the table says nothing of {words}", d.span)
        return tuple(claimed.get(cell, ()) for cell in range(2 ** len(axes)))

    def _pattern(self, node: tree.Expr, truth: dict[str, bool]) -> bool | None:
        match node:
            case tree.Name(name, _) if name in truth:
                return truth[name]
            case tree.Literal("true", _):
                return True
            case tree.Unary("!", arg, _):
                inner = self._pattern(arg, truth)
                return None if inner is None else not inner
            case tree.Binary(("&&" | "||") as op, left, right, _):
                one, two = self._pattern(left, truth), self._pattern(right, truth)
                if one is None or two is None:
                    return None
                return (one and two) if op == "&&" else (one or two)
            case _:
                self.known.error(
                    "BFP108",
                    "a case is made of the axes and `!`, `&&`, `||`",
                    node.span,
                    "",
                    f"the axes are {', '.join(truth)}",
                )
                return None

    def claims(
        self, declarations: Iterable[tree.Declaration], tables: Sequence[checked.Table]
    ) -> Iterable[checked.Claim]:
        seen: set[str] = set()
        for d in declarations:
            if not isinstance(d, tree.Claim):
                continue
            if d.name in seen or d.name in BUILT_IN_CLAIMS:
                self.known.error(
                    "BFP102",
                    f"claim `{d.name}` is declared twice"
                    if d.name in seen
                    else f"claim `{d.name}` is built in",
                    d.span,
                )
                continue
            seen.add(d.name)
            claim = self._claim(d, tables)
            if claim is not None:
                yield claim

    def _claim(
        self, d: tree.Claim, tables: Sequence[checked.Table]
    ) -> checked.Claim | None:
        alone, when = None, None
        if d.alone is not None:
            alone = d.alone.thread.name
            if alone not in self.threads:
                self.known.error(
                    "BFP101",
                    f"thread `{alone}` is not declared",
                    d.alone.thread.span,
                    "",
                    *nearest(alone, self.threads),
                )
                return None
            if d.alone.when is not None:
                when = Scope(self.known, self.signatures, "claim").truth(d.alone.when)
        clauses = []
        for item in d.clauses:
            clause = self._clause(item, d.alone is not None, tables)
            if clause is not None:
                clauses.append(clause)
        return checked.Claim(d.name, d.sentence, alone, when, tuple(clauses), d.span)

    def _clause(
        self, item: tree.Clause, alone: bool, tables: Sequence[checked.Table]
    ) -> checked.Clause | None:
        names: dict[str, Type] = {}
        where, result, hook = "claim", VOID, ""
        if item.hook is not None:
            signature = self._signature(item.hook, item.kind)
            if signature is None:
                return None
            hook = item.hook.name
            names = dict(signature.params)
            if item.kind == "before" and not signature.atomic:
                self.known.error(
                    "BFP108", f"`{hook}` is no primitive", item.hook.span,
                    "`before` looks at one step",
                )
                return None
            if item.kind == "after":
                if signature.atomic:
                    self.known.error(
                        "BFP108", f"`{hook}` is a primitive", item.hook.span,
                        "`after` looks at a function's return",
                    )
                    return None
                names = self._function_names(hook)
                where, result = "clause", signature.result
        elif item.kind == "table":
            if not tables:
                return None
            names = self._function_names(tables[0].function)
        if item.kind == "finally" and not alone:
            self.known.error(
                "BFP108", "`finally` needs a thread that runs alone", item.span
            )
            return None
        if item.kind == "never" and alone:
            self.known.error("BFP108", "`never` speaks of all threads", item.span)
            return None
        condition = Scope(self.known, self.signatures, where, names, result).truth(item.condition)
        if condition is None:
            return None
        return checked.Clause(item.kind, hook, condition, item.span)


# What is checked without being asked; verify.lower words them.
BUILT_IN_CLAIMS = (
    "table",
    "balance",
    "lock-use",
    "atomic-sleep",
    "memory",
    "stuck",
    "vacuity",
)


def _plain(word: str) -> str:
    return {
        "releases": "release",
        "releases_shared": "release_shared",
        "acquires": "acquire",
        "acquires_shared": "acquire_shared",
    }[word]
