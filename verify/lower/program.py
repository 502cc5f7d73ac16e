"""A checked program to its guarded commands."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from itertools import permutations

from verify.diagnostics import Diagnostic, InputError
from verify.ir import (
    CONTEXTS,
    FALSE,
    Atom,
    Claim,
    Const,
    Domain,
    Expr,
    Known,
    Lock,
    Program,
    Scenario,
    Shared,
    Table,
    Thread,
    Variable,
    phase,
    usage,
)
from verify.locks import PHASES
from verify.lower.accesses import accesses
from verify.lower.constants import propagate_constants, substitute, written
from verify.lower.copies import Lowered, isolated, observers, ordinary
from verify.lower.flow import flow
from verify.lower.fuse import fuse_local_steps
from verify.lower.renumber import renumber
from verify.lower.reset import reset_dead_locals
from verify.lower.threads import Threads
from verify.lower.turns import ends_as_it_began
from verify.lower.unset import unset_reads
from verify.lower.values import Layout, layout
from verify.lower.watched import watched
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
    first = _first_lowered(program, where)
    usages = _usages(program, where)
    changing = _changing(first.values(), usages)
    constants = _constants(program, usages, changing)
    unread = usages.keys() - changing
    lowered = {name: _folded(_without(one, unread), constants) for name, one in first.items()}
    threads = _threads(program, where, lowered, constants)
    subjects = dict.fromkeys([*program.contracts, *(t.function for t in program.tables)])
    table = program.tables[0] if program.tables else None
    return Program(
        path=program.path,
        texts=program.sources,
        shared=_shared(program, usages, changing),
        locks=tuple(Lock(lock.name, lock.kind) for lock in program.locks),
        threads=_fused(program, threads) if fused else threads,
        claims=_claims(program, where),
        scenarios=tuple(
            Scenario(s.name, s.sentence, s.members, s.forever) for s in program.scenarios
        ),
        outcomes=(*((o.name, o.sentence) for o in program.outcomes), ("other", "something else")),
        table=None if table is None else _table(program, table),
        subjects=tuple(subjects),
        statements=tuple(watched(program, subjects)),
        assumptions=program.assumptions,
        known=tuple(
            Known(k.claim, k.scenario, k.cases, k.topics, k.sentence) for k in program.known
        ),
    )


def _first_lowered(program: Checked, where: Layout) -> dict[str, Lowered]:
    """Each thread of the program as it comes from its text, by its name.

    Raises:
        InputError: BFP107, a local that may be read before it is set.
    """
    domains, shared = _domains(program), accesses(program)
    shared_by_calls = {slot.name for slot in program.thread_locals}
    errors: dict[Diagnostic, None] = {}
    found: dict[str, Lowered] = {}
    for name, thread in program.threads.items():
        claims = tuple(c for c in program.claims if c.alone in (None, name))
        lowering = Threads(program, where, shared, domains, claims)
        made = lowering.thread(thread)
        found[name] = Lowered(
            thread=made,
            isolated=frozenset(c.name for c in claims if c.alone is not None),
            fresh=frozenset(
                v.name for v in made.locals if not v.ghost and v.name not in shared_by_calls
            ),
        )
        for local, command in unset_reads(ordinary(found[name]), lowering.uninitialised):
            shown = lowering.uninitialised[local]
            span = command.places[0].span if command.places else thread.span
            headline = f"`{shown}` may be read before it is set"
            errors[Diagnostic("BFP107", headline, span, "read here")] = None
    if errors:
        raise InputError(errors)
    return found


def _domains(program: Checked) -> dict[Type, Domain]:
    return {
        type_: Domain(str(type_), program.lows[type_], words)
        for type_, words in program.labels.items()
    }


def _interrupted(program: Checked) -> bool:
    return any(thread.interrupt for thread in program.threads.values())


def _usages(program: Checked, where: Layout) -> dict[str, frozenset[str]]:
    """The variables that note how a lock is used, each with those of uses that it must not
    come together with; none without an interrupt."""
    if not _interrupted(program):
        return {}
    return {
        usage(lock, here, mode).name: frozenset(
            usage(lock, there, other).name for other in kind.rivals(mode)
        )
        for lock, kind in where.locks.items()
        if kind.spins
        for here, there in permutations(CONTEXTS, 2)
        for mode in kind.modes
    }


def _changing(lowered: Iterable[Lowered], usages: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """The shared variables that may change; of uses those alone that meet one they must not."""
    stored = written(one.thread for one in lowered)
    return stored - {name for name, rivals in usages.items() if not rivals & stored}


def _constants(
    program: Checked, usages: Iterable[str], changing: Collection[str]
) -> dict[Atom, Expr]:
    """What every other shared variable is worth."""
    constants: dict[Atom, Expr] = {
        Shared(slot.name): Const(slot.initial)
        for slot in program.slots
        if slot.name not in changing
    }
    phases = (phase(lock.name) for lock in program.locks)
    constants |= {one: FALSE for one in phases if one.name not in changing}
    return constants | {Shared(name): FALSE for name in usages if name not in changing}


def _without(lowered: Lowered, names: Collection[str]) -> Lowered:
    """The thread without updates of some shared variables, which nobody reads."""
    if not names:
        return lowered
    commands = tuple(
        replace(c, updates=tuple((t, e) for t, e in c.updates if t.name not in names))
        for c in lowered.thread.commands
    )
    return replace(lowered, thread=replace(lowered.thread, commands=commands))


def _folded(lowered: Lowered, constants: Mapping[Atom, Expr]) -> Lowered:
    """The thread with constants propagated: once for it and all its isolated copies."""
    thread, found = propagate_constants(substitute(lowered.thread, constants), lowered.fresh)
    return replace(lowered, thread=thread, known={**constants, **found})


def _threads(
    program: Checked, where: Layout, lowered: Mapping[str, Lowered], constants: Mapping[Atom, Expr]
) -> tuple[Thread, ...]:
    """The program's own threads, then those that each claim needs."""
    threads = [ordinary(one) for one in lowered.values()]
    for claim in program.claims:
        if claim.alone is not None:
            threads.append(isolated(lowered[claim.alone], claim, where))
        threads += [substitute(o, constants) for o in observers(where, claim)]
    return tuple(threads)


def _fused(program: Checked, threads: Iterable[Thread]) -> tuple[Thread, ...]:
    """The threads with their own affairs taken together with the step before."""
    locks = tuple(lock.name for lock in program.locks)
    again = {name for s in program.scenarios for name, count in s.members if count is None}
    again |= {name for s in program.scenarios for name in s.forever}
    return tuple(_tidied(thread, locks, again) for thread in threads)


def _tidied(thread: Thread, locks: tuple[str, ...], again: Collection[str]) -> Thread:
    def made(turns: bool) -> Thread:
        found = flow(fuse_local_steps(flow(thread, locks, turns)), locks, turns)
        return renumber(reset_dead_locals(found))

    once = made(False)
    if thread.kind != "thread" or thread.name not in again:
        return once
    # What holds of the first turn holds of all if each ends as it began.  A store to what lasts
    # may be gone from `once`: that turn does not read it.
    lasts = any(v.lasting for v in thread.locals)
    if ends_as_it_began(flow(thread, locks) if lasts else once, locks):
        return once
    return made(True)


def _shared(
    program: Checked, usages: Iterable[str], changing: Collection[str]
) -> tuple[Variable, ...]:
    """The variables that may change: of the text, phases of locks, uses of locks."""
    domains = _domains(program)
    return (
        *(
            Variable(slot.name, slot.name, domains[slot.type], slot.initial)
            for slot in program.slots
            if slot.name in changing
        ),
        *_phases(program, changing),
        *(Variable(name, name, USED, 0, True) for name in usages if name in changing),
    )


def _phases(program: Checked, changing: Collection[str]) -> tuple[Variable, ...]:
    """A variable for each lock whose grace periods somebody waits for."""
    return tuple(
        Variable(name, name, Domain("phase of a lock", 0, PHASES), 0, True)
        for name in (phase(lock.name).name for lock in program.locks)
        if name in changing
    )


def _claims(program: Checked, where: Layout) -> tuple[Claim, ...]:
    """What is claimed, in the order of the report: `table` and `balance` come before, and the
    other built-in ones behind, what the text claims."""
    interrupts = _interrupted(program)
    sentences = dict(BUILT_IN)
    if interrupts or any(kind.levels > 1 or kind.interrupts for kind in where.locks.values()):
        sentences["atomic-sleep"] = "nothing sleeps where it must not be scheduled away"
    if not program.tables:
        del sentences["table"]
    if not interrupts:
        del sentences["irq-safe"]
    built_in = {
        name: Claim(name=name, sentence=sentence, built_in=True, span=None)
        for name, sentence in sentences.items()
    }
    first = [built_in.pop(name) for name in ("table", "balance") if name in built_in]
    return (*first, *map(_stated, program.claims), *built_in.values())


def _stated(claim: checked.Claim) -> Claim:
    """A claim of the text."""
    clauses = claim.clauses
    return Claim(
        name=claim.name,
        sentence=claim.sentence,
        built_in=False,
        span=claim.span,
        solo=claim.alone is not None,
        hooks=tuple(dict.fromkeys(k.hook for k in clauses if k.hook and k.kind != "use")),
        uses=tuple(dict.fromkeys(k.hook for k in clauses if k.kind == "use")),
        samples=any(k.kind == "table" for k in clauses),
        returns=tuple(dict.fromkeys(k.hook for k in clauses if k.kind == "after")),
    )


def _table(program: Checked, table: checked.Table) -> Table:
    return Table(
        function=table.function,
        axes=tuple((axis.name, axis.value.span.text) for axis in table.axes),
        sample=table.span,
        claimed=table.claimed,
        rows=table.rows,
        span=table.span,
        point=_point(program, table),
    )


def _point(program: Checked, table: checked.Table) -> str:
    """Where a table is sampled, in words."""
    if table.sampled_value is None:
        return f"{table.sampled_at}()"
    type_ = program.primitives[table.sampled_at].result
    word = program.labels[type_][table.sampled_value - program.lows[type_]]
    return f"{table.sampled_at}() returning {word}"
