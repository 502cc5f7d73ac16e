"""A checked program to its guarded commands."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import permutations

from verify.diagnostics import Diagnostic, InputError
from verify.ir import (
    CONTEXTS,
    FALSE,
    FATAL,
    Atom,
    Claim,
    Command,
    Const,
    Domain,
    Expr,
    Known,
    Lock,
    Place,
    Program,
    Scenario,
    Shared,
    Statement,
    Table,
    Thread,
    Variable,
    conj,
    disj,
    negate,
    phase,
    usage,
)
from verify.locks import PHASES
from verify.lower import tidy
from verify.lower.accesses import accesses
from verify.lower.clauses import in_parts
from verify.lower.flow import flow
from verify.lower.threads import Threads
from verify.lower.turns import ends_as_it_began
from verify.lower.values import Layout, Names, faults, layout, value
from verify.reasons.coverage import Owner
from verify.reasons.violations import StateForbidden
from verify.source import Span
from verify.syntax import checked
from verify.syntax.checked import Checked, Type

# Whether a lock has been used in some way.
USED = Domain("use of a lock", 0, ("no", "yes"))
BUILT_IN = {
    "table": "in each case the code does what its author says",
    "balance": "each return leaves the locks as its contract says",
    "lock-use": "nothing is taken twice or released without being held",
    "atomic-sleep": "nothing sleeps while it holds a spinlock",
    "irq-safe": "no lock of an interrupt is taken elsewhere with interrupts on",
    "memory": "no NULL is followed, no array or range is left",
    "stuck": "no thread waits for ever",
    "vacuity": "every statement is reached, every claim is put to the test",
}


def lower(program: Checked, fused: bool = True) -> Program:
    """The guarded commands of a program.

    With `fused` each thread's own affairs are taken together with the step before, as the
    engines read it; without, each is a command of its own.

    Raises:
        InputError: BFP107, a local that may be read before it is set.
    """
    where = layout(program)
    raws = _raw_threads(program, where)
    interrupts = any(thread.interrupt for thread in program.threads.values())
    uses = _uses(where) if interrupts else {}
    changing = tidy.written(raw.thread for raw in raws.values())
    changing -= {one for one, rivals in uses.items() if not rivals & changing}
    constants: dict[Atom, Expr] = {
        Shared(slot.name): Const(slot.initial)
        for slot in program.slots
        if slot.name not in changing
    }
    constants |= {
        phase(lock.name): FALSE for lock in program.locks if phase(lock.name).name not in changing
    }
    constants |= {Shared(name): FALSE for name in uses if name not in changing}
    raws = {name: _without(raw, uses.keys() - changing) for name, raw in raws.items()}
    domains = _domains(program)
    # Done once for a thread and all its lonely copies.
    known: dict[str, dict[Atom, Expr]] = {}
    for name, raw in raws.items():
        folded, found = tidy.fold(tidy.put(raw.thread, constants), raw.fresh)
        raws[name], known[name] = replace(raw, thread=folded), {**constants, **found}
    cut = [_own(raw) for raw in raws.values()]
    for claim in program.claims:
        if claim.alone is not None:
            cut.append(_lonely(raws[claim.alone], claim, where, known[claim.alone]))
        cut += [tidy.put(o, constants) for o in _observers(where, claim)]
    locks = tuple(lock.name for lock in program.locks)
    again = {name for s in program.scenarios for name, count in s.members if count is None}
    again |= {name for s in program.scenarios for name in s.forever}
    threads = [_tidied(thread, locks, again) if fused else thread for thread in cut]
    table = program.tables[0] if program.tables else None
    subjects = dict.fromkeys([*program.contracts, *(t.function for t in program.tables)])
    claims = [
        Claim(
            name=c.name,
            sentence=c.sentence,
            built_in=False,
            span=c.span,
            solo=c.alone is not None,
            hooks=tuple(dict.fromkeys(k.hook for k in c.clauses if k.hook and k.kind != "use")),
            uses=tuple(dict.fromkeys(k.hook for k in c.clauses if k.kind == "use")),
            samples=any(k.kind == "table" for k in c.clauses),
            returns=tuple(dict.fromkeys(k.hook for k in c.clauses if k.kind == "after")),
        )
        for c in program.claims
    ]
    sentences = dict(BUILT_IN)
    if interrupts or any(kind.levels > 1 or kind.interrupts for kind in where.locks.values()):
        sentences["atomic-sleep"] = "nothing sleeps where it must not be scheduled away"
    built_in = [
        Claim(name=name, sentence=sentence, built_in=True, span=None)
        for name, sentence in sentences.items()
        if (name != "table" or table is not None) and (name != "irq-safe" or interrupts)
    ]
    return Program(
        path=program.path,
        texts=program.sources,
        shared=tuple(
            Variable(slot.name, slot.name, domains[slot.type], slot.initial)
            for slot in program.slots
            if slot.name in changing
        )
        + _phases(program, changing)
        + tuple(Variable(name, name, USED, 0, True) for name in uses if name in changing),
        locks=tuple(Lock(lock.name, lock.kind) for lock in program.locks),
        threads=tuple(threads),
        claims=(*built_in[:2], *claims, *built_in[2:])
        if table is not None
        else (*built_in[:1], *claims, *built_in[1:]),
        scenarios=tuple(
            Scenario(s.name, s.sentence, s.members, s.forever) for s in program.scenarios
        ),
        outcomes=(*((o.name, o.sentence) for o in program.outcomes), ("other", "something else")),
        table=None
        if table is None
        else Table(
            function=table.function,
            axes=tuple((axis.name, axis.value.span.text) for axis in table.axes),
            sample=table.span,
            claimed=table.claimed,
            rows=table.rows,
            span=table.span,
            point=_point(program, table),
        ),
        subjects=tuple(subjects),
        statements=tuple(_watched(program, subjects)),
        assumptions=program.assumptions,
        known=tuple(
            Known(k.claim, k.scenario, k.cases, k.topics, k.sentence) for k in program.known
        ),
    )


def _point(program: Checked, table: checked.Table) -> str:
    """Where a table is sampled, in words."""
    if table.sampled_value is None:
        return f"{table.sampled_at}()"
    type_ = program.primitives[table.sampled_at].result
    word = program.labels[type_][table.sampled_value - program.lows[type_]]
    return f"{table.sampled_at}() returning {word}"


def _watched(program: Checked, subjects: Collection[str]) -> Iterator[Statement]:
    """The statements of what stands in the program's own file, and of `subjects` anywhere."""
    for name, function in program.functions.items():
        if name in subjects or function.span.source.path == program.path:
            yield from (Statement(Owner("function", name), s) for s in _outermost(function.body))
    for name, thread in program.threads.items():
        if thread.span.source.path == program.path:
            yield from (Statement(Owner("thread", name), s) for s in _outermost(thread.body))


def _outermost(body: checked.Statement) -> Iterator[Span]:
    """What is watched of a body: of what stands for one statement of the text, the whole."""
    spans = {(span.start, span.end): span for span in _statements(body)}
    outermost, end = set(), -1
    for key in sorted(spans, key=lambda key: (key[0], -key[1])):
        if key[1] > end:
            outermost.add(key)
            end = key[1]
    yield from (span for key, span in spans.items() if key in outermost)


def _statements(body: checked.Statement) -> Iterator[Span]:
    """The simple statements and conditions in a body, in order."""
    for node in checked.walk(body):
        match node:
            case checked.If(condition, _, _, _) | checked.While(condition, _, _):
                yield condition.span
            case checked.Assign() | checked.Do() | checked.LockStatement() | checked.MightSleep():
                yield node.span
            case checked.Goto() | checked.Return():
                yield node.span
            case _:
                # Blocks and labels do nothing; an expression is part of its statement.
                continue


@dataclass(frozen=True)
class _Raw:
    """A thread as it was first lowered, with what its lonely copies need.

    `lonely` names the claims that only such a copy answers for, `fresh` the
    locals that nobody reads before they are set.
    """

    thread: Thread
    lonely: frozenset[str]
    fresh: frozenset[str]


def _uses(where: Layout) -> dict[str, frozenset[str]]:
    """The variables that note how a lock is used, each with those of uses that it must not
    come together with."""
    return {
        usage(lock, here, mode).name: frozenset(
            usage(lock, there, other).name for other in kind.rivals(mode)
        )
        for lock, kind in where.locks.items()
        if kind.spins
        for here, there in permutations(CONTEXTS, 2)
        for mode in kind.modes
    }


def _without(raw: _Raw, names: Collection[str]) -> _Raw:
    """The thread without updates of some shared variables, which nobody reads."""
    if not names:
        return raw
    commands = tuple(
        replace(c, updates=tuple((t, e) for t, e in c.updates if t.name not in names))
        for c in raw.thread.commands
    )
    return replace(raw, thread=replace(raw.thread, commands=commands))


def _phases(program: Checked, changing: Collection[str]) -> tuple[Variable, ...]:
    """A variable for each lock whose grace periods somebody waits for."""
    return tuple(
        Variable(name, name, Domain("phase of a lock", 0, PHASES), 0, True)
        for name in (phase(lock.name).name for lock in program.locks)
        if name in changing
    )


def _raw_threads(program: Checked, where: Layout) -> dict[str, _Raw]:
    """Each thread of the program, lowered, by its name."""
    domains, shared = _domains(program), accesses(program)
    shared_by_calls = {slot.name for slot in program.thread_locals}
    errors: dict[Diagnostic, None] = {}
    raws: dict[str, _Raw] = {}
    for name, thread in program.threads.items():
        claims = tuple(c for c in program.claims if c.alone in (None, name))
        lowering = Threads(program, where, shared, domains, claims)
        lowered = lowering.thread(thread)
        raw = _Raw(
            lowered,
            frozenset(c.name for c in claims if c.alone is not None),
            frozenset(
                v.name for v in lowered.locals if not v.ghost and v.name not in shared_by_calls
            ),
        )
        for local, command in tidy.unset_reads(_own(raw), lowering.uninitialised):
            shown = lowering.uninitialised[local]
            span = command.places[0].span if command.places else thread.span
            headline = f"`{shown}` may be read before it is set"
            errors[Diagnostic("BFP107", headline, span, "read here")] = None
        raws[name] = raw
    if errors:
        raise InputError(errors)
    return raws


def _domains(program: Checked) -> dict[Type, Domain]:
    return {
        type_: Domain(str(type_), program.lows[type_], words)
        for type_, words in program.labels.items()
    }


def _own(raw: _Raw) -> Thread:
    """The thread without what only its lonely copies answer for."""
    return replace(
        raw.thread,
        commands=tuple(c for c in raw.thread.commands if c.violates not in raw.lonely),
    )


def _lonely(raw: _Raw, claim: checked.Claim, where: Layout, known: Mapping[Atom, Expr]) -> Thread:
    """The copy of a thread that runs alone, nothing transient, and answers for one claim.

    Where it dies it has not come to its end: that breaks the claim as well.  What is `known`
    has its value in the thread already, and gets it in the condition that it starts from.
    """
    thread = raw.thread
    commands = [
        command
        for command in thread.commands
        if command.violates in ("", claim.name, *FATAL)
        and not command.transient
        and not command.passing
    ]
    entry = thread.entry
    if claim.when is not None:
        # It starts in the states that the claim speaks of.
        names = Names(where)
        here = conj([negate(faults(claim.when, names)), value(claim.when, names)])
        entry = 1 + max(max(c.source, c.target) for c in thread.commands)
        if here != FALSE:
            commands.insert(0, tidy.settled(Command(entry, thread.entry, here), known))
    return replace(
        thread,
        name=claim.name,
        kind="solo",
        claim=claim.name,
        commands=tuple(commands),
        entry=entry,
        when=claim.when is not None,
    )


def _tidied(thread: Thread, locks: tuple[str, ...], again: Collection[str]) -> Thread:
    def made(turns: bool) -> Thread:
        found = flow(tidy.merge(flow(thread, locks, turns)), locks, turns)
        return tidy.renumber(tidy.forget(found))

    once = made(False)
    if thread.kind != "thread" or thread.name not in again:
        return once
    # What holds of the first turn holds of all if each ends as it began.  A store to what lasts
    # may be gone from `once`: that turn does not read it.
    lasts = any(v.lasting for v in thread.locals)
    if ends_as_it_began(flow(thread, locks) if lasts else once, locks):
        return once
    return made(True)


def _observers(where: Layout, claim: checked.Claim) -> list[Thread]:
    """A `never` clause as a thread that looks once, at any time."""
    observers: list[Thread] = []
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
                violation=StateForbidden(),
                asked=in_parts(clause.condition, names, forbidden=True),
            )
            # Each with a name of its own: what was seen of threads is kept by name.
            number = f" {len(observers) + 1}" if observers else ""
            name = f"({claim.name}{number})"
            observers.append(
                Thread(
                    name=name,
                    sentence="",
                    kind="observer",
                    claim=claim.name,
                    locals=(),
                    commands=(command,),
                    entry=0,
                    end=0,
                )
            )
    return observers
