"""Declarations to a checked program: the last stage that complains about a text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from verify.diagnostics import Diagnostic, InputError
from verify.source import Source, Span
from verify.syntax import checked, tree
from verify.syntax.check import BodyScope, check_labels, locals_of
from verify.syntax.checked import BOOL, VOID, Checked, Type
from verify.syntax.claims import BUILT_IN_CLAIMS, Claims
from verify.syntax.declare import RESERVED, Declared, declare
from verify.syntax.desugar import desugar
from verify.syntax.load import Loader
from verify.syntax.scope import Scope, Signature

# Scenarios times claims; the kernel's programs come to 116.
MAX_QUESTIONS = 1_000


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
        raise InputError(_in_order(known.errors, sources))
    declarations = desugar(declarations, known)
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
        d.name: _thread(known, signatures, d) for d in declarations if isinstance(d, tree.Thread)
    }
    _refuse_recursion(known, primitives, functions)
    program = Claims(known, signatures, functions, threads)
    scenarios = tuple(program.scenario(d) for d in declarations if isinstance(d, tree.Scenario))
    outcomes = tuple(program.outcomes(declarations))
    contracts = program.contracts(declarations)
    tables = tuple(program.tables(declarations))
    claims = tuple(program.claims(declarations, tables))
    bugs = tuple(program.known_bugs(declarations, tables))
    _limit_questions(known, declarations)
    if not declarations:
        known.error("BFP108", f"{sources[0].path} declares nothing", None)
    elif not threads:
        known.error("BFP108", f"{sources[0].path} declares no thread: nothing runs", None)
    elif not scenarios:
        known.error("BFP108", f"{sources[0].path} declares no scenario: nothing runs", None)
    if known.errors:
        raise InputError(_in_order(known.errors, sources))
    labels = {}
    lows = {}
    for type_ in _types(known):
        lows[type_], labels[type_] = known.labels(type_)
    return Checked(
        path=sources[0].path,
        sources=tuple(source.path for source in sources),
        labels=labels,
        lows=lows,
        objects={struct: tuple(names) for struct, names in known.objects.items()},
        slots=tuple(known.slots.values()),
        thread_locals=tuple(known.locals.values()),
        locks=tuple(known.locks.values()),
        primitives=primitives,
        functions=functions,
        threads=threads,
        scenarios=scenarios,
        contracts=contracts,
        outcomes=outcomes,
        tables=tables,
        claims=claims,
        assumptions=tuple(
            (d.sentence, d.direction) for d in declarations if isinstance(d, tree.Assumption)
        ),
        known=bugs,
    )


def _limit_questions(known: Declared, declarations: Iterable[tree.Declaration]) -> None:
    """Each claim is asked in each scenario, those among them that are built in."""
    declarations = tuple(declarations)
    interrupts = any(isinstance(d, tree.Thread) and d.interrupt for d in declarations)
    built_in = len(BUILT_IN_CLAIMS) - (not interrupts)  # Without them, irq-safe is not asked.
    scenarios, claims = 0, built_in
    for d in declarations:
        scenarios += isinstance(d, tree.Scenario)
        claims += isinstance(d, tree.Claim)
        if scenarios * claims > MAX_QUESTIONS:
            headline = f"scenarios times claims come to more than {MAX_QUESTIONS}"
            note = f"{built_in} claims are built in"
            known.error("BFP004", headline, d.span, "", note)
            return


def _in_order(errors: Iterable[Diagnostic], sources: Sequence[Source]) -> list[Diagnostic]:
    """Errors in the order of the texts, each once; those without a place come last."""
    order = {source.path: i for i, source in enumerate(sources)}

    def position(error: Diagnostic) -> tuple[int, int]:
        if error.span is None:
            return len(order), 0
        return order.get(error.span.source.path, 0), error.span.start

    return sorted(dict.fromkeys(errors), key=position)


def _types(known: Declared) -> Iterable[Type]:
    yield BOOL
    yield Type("pointer", "void")
    yield from (Type("enum", name) for name in known.enums)
    yield from (Type("int", name) for name in known.ranges)
    yield from (Type("pointer", name) for name in known.structs)


def _signatures(known: Declared, declarations: Iterable[tree.Declaration]) -> dict[str, Signature]:
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


def _names(known: Declared, params: Sequence[tuple[str, Type, Span]]) -> dict[str, Type]:
    names: dict[str, Type] = {}
    for name, type_, span in params:
        if name in names:
            known.error("BFP102", f"`{name}` is declared twice here", span)
        elif name in known.constants or name in known.thread_locals or name in RESERVED:
            known.error("BFP102", f"`{name}` already means something else", span)
        names[name] = type_
    return names


def _primitive(
    known: Declared, signatures: dict[str, Signature], d: tree.Primitive
) -> checked.Primitive:
    signature = signatures.get(d.name) or Signature((), VOID, True, d.span)
    spans = [p.span for p in d.params]
    names = _names(known, [(n, t, s) for (n, t), s in zip(signature.params, spans, strict=False)])
    scope = BodyScope(known, signatures, "primitive", names, signature.result)
    before = [scope.statement(part) for part in d.before]
    alternatives = []
    for item in d.alternatives:
        guard = None if item.guard is None else scope.truth(item.guard)
        body = scope.statement(item.body) or checked.Block((), item.span)
        alternatives.append(checked.Alternative(guard, item.transient, item.note, body, item.span))
    # What stands before the first `when` belongs to every alternative; a primitive
    # without any is one alternative.
    prefix = tuple(part for part in before if part is not None)
    if alternatives and any(map(_returns, prefix)):
        known.error("BFP105", f"`{d.name}` returns before its first `when`", d.span)
    if not alternatives:
        alternatives = [checked.Alternative(None, False, "", checked.Block(prefix, d.span), d.span)]
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


def _returns(body: checked.Statement) -> bool:
    return any(isinstance(part, checked.Return) for part in checked.walk(body))


def _always_returns(body: checked.Statement) -> bool:
    match body:
        case checked.Return():
            return True
        case checked.Block(parts, _):
            return any(_always_returns(part) for part in parts)
        case checked.If(_, then, otherwise, _):
            return otherwise is not None and _always_returns(then) and _always_returns(otherwise)
        case checked.While() | checked.Goto() | checked.Label():
            return False
        case checked.Assign() | checked.Do() | checked.LockStatement() | checked.MightSleep():
            return False


def _function(
    known: Declared, signatures: dict[str, Signature], d: tree.Function
) -> checked.Function:
    signature = signatures.get(d.name) or Signature((), VOID, False, d.span)
    params = [(n, t, p.span) for (n, t), p in zip(signature.params, d.params, strict=False)]
    scope, local = _scope(known, signatures, params, d.body, signature.result)
    # What holds on entry speaks of the parameters: the locals are not there yet.
    entry = Scope(known, signatures, "claim", dict(signature.params))
    must_hold = [entry.lock_address(lock, "__must_hold") for lock in d.must_hold]
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


def _thread(known: Declared, signatures: dict[str, Signature], d: tree.Thread) -> checked.Thread:
    scope, local = _scope(known, signatures, [], d.body, VOID)
    body = scope.statement(d.body)
    assert isinstance(body, checked.Block)
    check_labels(known, body)
    return checked.Thread(d.name, d.sentence or d.name, local, body, d.span, d.interrupt)


def _scope(
    known: Declared,
    signatures: dict[str, Signature],
    params: list[tuple[str, Type, Span]],
    body: tree.Block,
    result: Type,
) -> tuple[BodyScope, tuple[tuple[str, Type], ...]]:
    """What a body may speak of, and its locals."""
    local = [(p.name, known.type_of(p.type), p.span) for p in locals_of(body)]
    for name, type_, span in local:
        if type_ == VOID or type_.kind in ("struct", "lock", "lock pointer"):
            known.error("BFP103", f"local `{name}` cannot be {type_}", span)
    scope = BodyScope(known, signatures, "function", _names(known, [*params, *local]), result)
    kept = [node for node in tree.walk(body) if isinstance(node, tree.Kept)]
    for node in kept:
        scope.keep(node)
    types = [*((n, t) for n, t, _ in local), *((k.name, scope.names[k.name]) for k in kept)]
    return scope, tuple(types)


def _refuse_recursion(
    known: Declared,
    primitives: dict[str, checked.Primitive],
    functions: dict[str, checked.Function],
) -> None:
    calls: dict[str, list[str]] = {}
    for name, p in primitives.items():
        guards = [a.guard for a in p.alternatives if a.guard is not None]
        calls[name] = sorted(set(_calls(*p.bodies, *guards)))
    for name, f in functions.items():
        calls[name] = sorted(set(_calls(f.body)))
    spans = {name: p.span for name, p in primitives.items()}
    spans |= {name: f.span for name, f in functions.items()}
    done: set[str] = set()
    for first in calls:
        # Depth first, with the way from `first` to here kept by hand: it may be long.
        way = [first]
        left = {first: list(calls[first])}
        while way:
            here = way[-1]
            callee = left[here].pop(0) if left[here] else None
            if callee is None or here in done:
                done.add(way.pop())
            elif callee in way:
                circle = " -> ".join((*way[way.index(callee) :], callee))
                known.error("BFP110", f"`{callee}` calls itself", spans[callee], "", circle)
            elif callee in calls and callee not in done:
                way.append(callee)
                left[callee] = list(calls[callee])


def _calls(*nodes: checked.Node) -> Iterator[str]:
    """Names of everything called in some statements and expressions."""
    for node in nodes:
        yield from (part.callee for part in checked.walk(node) if isinstance(part, checked.Call))
