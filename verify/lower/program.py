"""A checked program to its guarded commands."""

from __future__ import annotations

from collections.abc import Iterator

from verify.diagnostics import Diagnostic, InputError
from verify.ir import (
    Claim,
    Command,
    Domain,
    Lock,
    Place,
    Program,
    Scenario,
    Table,
    Thread,
    Variable,
    disj,
)
from verify.lower import tidy
from verify.lower.flow import flow
from verify.lower.threads import Threads
from verify.lower.values import Layout, Names, faults, layout, value
from verify.source import Span
from verify.syntax import checked
from verify.syntax.checked import Checked, Type

BUILT_IN = {
    "table": "in each case the code does what its author says",
    "balance": "each return leaves the locks as its contract says",
    "lock-use": "nothing is taken twice or released without being held",
    "atomic-sleep": "nothing sleeps while it holds a spinlock",
    "memory": "no NULL is followed, no array or range is left",
    "stuck": "no thread waits for ever",
    "vacuity": "every statement is reached, every claim is put to the test",
}


def lower(program: Checked) -> Program:
    """The guarded commands of a program.

    Raises:
        InputError: BFP107, a local that may be read before it is set.
    """
    where = layout(program)
    domains = {
        type_: Domain(str(type_), program.lows[type_], words)
        for type_, words in program.labels.items()
    }
    mutable = _mutable(program)
    threads = []
    initial = {slot.name: slot.initial for slot in program.slots}
    errors: list[Diagnostic] = []
    raw: list[tuple[Thread, frozenset[str]]] = []
    for thread in program.threads.values():
        raw.append(_thread(program, where, mutable, domains, thread, None, errors))
    for claim in program.claims:
        if claim.alone is not None:
            thread = program.threads[claim.alone]
            raw.append(_thread(program, where, mutable, domains, thread, claim, []))
        raw += [(observer, frozenset()) for observer in _observers(where, claim)]
    if errors:
        raise InputError(dict.fromkeys(errors))
    changing = tidy.written(thread for thread, _ in raw)
    constants = {name: number for name, number in initial.items() if name not in changing}
    program_locks = tuple(lock.name for lock in program.locks)
    for lowered, set_first in raw:
        lowered = tidy.fold(lowered, constants, set_first)
        lowered = flow(tidy.merge(flow(lowered, program_locks)), program_locks)
        lowered = tidy.forget(lowered)
        threads.append(tidy.renumber(lowered))
    table = program.tables[0] if program.tables else None
    subjects = dict.fromkeys([*program.contracts, *(t.function for t in program.tables)])
    claims = [
        Claim(
            c.name,
            c.sentence,
            False,
            c.span,
            c.alone is not None,
            tuple(dict.fromkeys(clause.hook for clause in c.clauses if clause.hook)),
        )
        for c in program.claims
    ]
    built_in = [
        Claim(name, sentence, True, None)
        for name, sentence in BUILT_IN.items()
        if name != "table" or table is not None
    ]
    return Program(
        program.path,
        program.sources,
        tuple(
            Variable(slot.name, slot.name, domains[slot.type], slot.initial)
            for slot in program.slots
            if slot.name in changing
        ),
        tuple(Lock(lock.name, lock.kind) for lock in program.locks),
        tuple(threads),
        (*built_in[:2], *claims, *built_in[2:]) if table is not None else (*built_in[:1], *claims, *built_in[1:]),
        tuple(
            Scenario(s.name, s.sentence, s.members, frozenset({'fork','mmap_foreign','shrinker'})) for s in program.scenarios
        ),
        (*((o.name, o.sentence) for o in program.outcomes), ("other", "something else")),
        None
        if table is None
        else Table(
            table.function,
            tuple((axis.name, axis.value.span.text) for axis in table.axes),
            table.span,
            table.claimed,
            table.span,
        ),
        tuple(subjects),
        tuple(
            span for name in subjects for span in _statements(program.functions[name].body)
        ),
    )


def _statements(node: checked.Statement) -> Iterator[Span]:
    """The simple statements and conditions in a body, in order."""
    match node:
        case checked.Block(body, _):
            for part in body:
                yield from _statements(part)
        case checked.If(condition, then, otherwise, _):
            yield condition.span
            yield from _statements(then)
            if otherwise is not None:
                yield from _statements(otherwise)
        case checked.While(condition, inside, _):
            yield condition.span
            yield from _statements(inside)
        case checked.Label():
            return
        case _:
            yield node.span


def _thread(
    program: Checked,
    where: Layout,
    mutable: frozenset[tuple[str, str]],
    domains: dict[Type, Domain],
    thread: checked.Thread,
    claim: checked.Claim | None,
    errors: list[Diagnostic],
) -> tuple[Thread, frozenset[str]]:
    lowering = Threads(program, where, mutable, domains, claim)
    lowered = lowering.thread(thread)
    for name, command in tidy.unset_reads(lowered, lowering.uninitialised):
        shown = lowering.uninitialised[name]
        span = command.places[0].span if command.places else thread.span
        errors.append(
            Diagnostic("BFP107", f"`{shown}` may be read before it is set", span, "read here")
        )
    never_unset = {
        v.name
        for v in lowered.locals
        if not v.ghost and v.name not in {slot.name for slot in program.thread_locals}
    }
    return lowered, frozenset(never_unset)


def _observers(where: Layout, claim: checked.Claim) -> list[Thread]:
    """A `never` clause as a thread that looks once, at any time."""
    observers = []
    for clause in claim.clauses:
        if clause.kind == "never":
            names = Names(where)
            bad = disj([faults(clause.condition, names), value(clause.condition, names)])
            command = Command(
                0,
                0,
                bad,
                places=(Place(clause.span),),
                violates=claim.name,
                reason="the state is one that the claim forbids",
            )
            observers.append(
                Thread(f"({claim.name})", "", "observer", claim.name, (), (command,), 0, 0)
            )
    return observers


def _mutable(program: Checked) -> frozenset[tuple[str, str]]:
    """The fields, as (struct, field), that some statement assigns."""
    found: set[tuple[str, str]] = set()
    todo: list[checked.Statement] = [
        *(f.body for f in program.functions.values()),
        *(t.body for t in program.threads.values()),
    ]
    for primitive in program.primitives.values():
        todo += [*primitive.before, *(a.body for a in primitive.alternatives)]
    while todo:
        match todo.pop():
            case checked.Assign(checked.Field(base, name), _):
                found.add(("" if base is None else base.type.name, name))
            case checked.Block(body, _):
                todo += body
            case checked.If(_, then, otherwise, _):
                todo += [then] if otherwise is None else [then, otherwise]
            case checked.While(_, inside, _):
                todo.append(inside)
            case _:
                pass
    return frozenset(found)
