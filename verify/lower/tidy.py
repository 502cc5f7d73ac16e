"""Passes over a lowered thread: each takes commands and gives commands that mean the same."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import product
from math import prod
from typing import TypeAlias

from verify.ir import (
    CASE,
    FALSE,
    SAMPLED_BEFORE,
    Atom,
    Command,
    Const,
    Expr,
    Local,
    Mine,
    Shared,
    Thread,
    atoms,
    conj,
    modes,
    negate,
    rebuild,
)
from verify.locks import meets
from verify.lower.terms import large, read

# The values of each local of a thread.
Domains: TypeAlias = Mapping[str, Sequence[int]]

# No pc gets more commands by merging; the programs of the kernel come to 20.
MAX_JOINED = 100


def written(threads: Iterable[Thread]) -> frozenset[str]:
    """The shared variables that some command may change."""
    return frozenset(
        target.name
        for thread in threads
        for command in thread.commands
        for target, _ in command.updates
        if isinstance(target, Shared)
    )


def unset_reads(thread: Thread, unset: Collection[str]) -> list[tuple[str, Command]]:
    """Reads of a local of `unset` that no path before is sure to have set."""
    everything = frozenset(unset)
    sure: dict[int, frozenset[str]] = {thread.entry: frozenset()}
    todo = [thread.entry]
    leaving = _leaving(thread.commands)
    while todo:
        pc = todo.pop()
        for command in leaving.get(pc, ()):
            if command.violates:
                continue
            after = sure[pc] | {t.name for t, _ in command.updates if t.name in everything}
            before = sure.get(command.target)
            joined = after if before is None else before & after
            if joined != before:
                sure[command.target] = joined
                todo.append(command.target)
    found = []
    for command in thread.commands:
        if command.source not in sure:
            continue
        for name in sorted(_reads(command) & (everything - sure[command.source])):
            found.append((name, command))
    return found


def put(thread: Thread, known: Mapping[Atom, Expr]) -> Thread:
    """The thread with values in place of some variables."""
    return replace(thread, commands=tuple(settled(c, known) for c in thread.commands))


def settled(command: Command, known: Mapping[Atom, Expr]) -> Command:
    """The command with values in place of some variables."""
    asked = None if command.asked is None else command.asked.behind(known)
    if known.keys().isdisjoint(read(command)):
        return command if asked is None else replace(command, asked=asked)

    def leaf(atom: Atom) -> Expr:
        return known.get(atom, atom)

    return replace(
        command,
        guard=rebuild(command.guard, leaf),
        updates=tuple((target, rebuild(new, leaf)) for target, new in command.updates),
        asked=asked,
    )


def fold(thread: Thread, fresh: Collection[str]) -> tuple[Thread, dict[Atom, Expr]]:
    """The thread with constants in place of locals that never change, and these.

    A local counts as constant if all that is ever stored in it is one value,
    and it is in `fresh`, that is, nobody reads it before.
    """
    commands = _reachable(thread, [c for c in thread.commands if c.guard != FALSE])
    gone: dict[Atom, Expr] = {}
    while found := _constants(thread, commands, fresh, gone):
        gone |= found
        folded = [settled(command, found) for command in commands]
        commands = _reachable(thread, [c for c in folded if c.guard != FALSE])
    kept = [
        replace(command, updates=tuple((t, e) for t, e in command.updates if t not in gone))
        if any(t in gone for t, _ in command.updates)
        else command
        for command in commands
    ]
    locals_ = tuple(v for v in thread.locals if Local(v.name) not in gone)
    return replace(thread, commands=tuple(kept), locals=locals_), gone


def _constants(
    thread: Thread, commands: Iterable[Command], fresh: Collection[str], known: Collection[Atom]
) -> dict[Atom, Expr]:
    """The locals beside those `known` of which all that is ever stored is one constant."""
    stored: dict[str, set[Expr | None]] = {
        v.name: set() if v.name in fresh else {Const(v.initial)}
        for v in thread.locals
        if Local(v.name) not in known
    }
    for command in commands:
        for target, new in command.updates:
            if isinstance(target, Local) and target.name in stored:
                stored[target.name].add(new if isinstance(new, Const) else None)
    return {
        Local(name): value
        for name, values in stored.items()
        if len(values) == 1 and (value := next(iter(values))) is not None
    }


def _reachable(thread: Thread, commands: Sequence[Command]) -> tuple[Command, ...]:
    leaving = _leaving(commands)
    seen = {thread.entry}
    todo = [thread.entry]
    while todo:
        for command in leaving.get(todo.pop(), ()):
            if command.target not in seen and not command.violates:
                seen.add(command.target)
                todo.append(command.target)
    return tuple(command for command in commands if command.source in seen)


def merge(thread: Thread) -> Thread:
    """The thread without steps of its own: each is taken together with the access before it.

    A step is the thread's own affair if it makes no access (`Command.own`), so that
    nobody can tell when it is taken.  It may be taken together with the one before
    if, and only if, no observation is lost by that:

    * Where the step before leads to a state in which no way on is open, it still
      has to lead there, since others see what it did.  So beside the pairs a
      command stays that takes the first step alone, when none of the second can follow.
    * A second step that only breaks a claim is no way on.
    * A second step that looks at what others may change, as an `after` clause may,
      is an access and is never taken together with the one before.

    One that would multiply the commands, or make them huge, stays a step of its own.
    """
    leaving = _leaving(thread.commands)
    into: dict[int, dict[int, None]] = {}
    for command in thread.commands:
        if not command.violates:
            into.setdefault(command.target, {})[command.source] = None
    domains = _domains(thread)
    for victim in list(leaving):
        out, sources = leaving[victim], into.get(victim, {})
        if victim in (thread.entry, thread.end) or not all(c.own for c in out):
            continue
        if victim in sources or len(sources) * (len(out) + 1) > MAX_JOINED:
            continue
        if any(c.outcome for c in out) and any(
            c.outcome for pc in sources for c in leaving[pc] if c.target == victim
        ):
            # One step has room for one return of the function with the table.
            continue
        closed = _closed(victim, out, domains)
        joined = {pc: _joined(leaving[pc], victim, out, closed) for pc in sources}
        if sum(map(len, joined.values())) > MAX_JOINED or not all(
            _small(command) for commands in joined.values() for command in commands
        ):
            continue
        stays = any(
            c.target == victim and not c.violates for commands in joined.values() for c in commands
        )
        if not stays:
            del leaving[victim]
            for command in out:
                into.get(command.target, {}).pop(victim, None)
        for pc, commands in joined.items():
            leaving[pc] = commands
            for command in commands:
                if not command.violates:
                    into.setdefault(command.target, {})[pc] = None
    commands = [c for out in leaving.values() for c in out]
    return _merge_start(replace(thread, commands=_reachable(thread, commands)))


def _joined(
    commands: Iterable[Command], victim: int, out: Sequence[Command], closed: Command | None
) -> list[Command]:
    """The commands, those that lead to `victim` each taken together with those of `out`, or
    alone where none of these is open."""
    joined: list[Command] = []
    for command in commands:
        if command.target == victim and not command.violates:
            joined += [c for c in (compose(command, d) for d in out) if c is not None]
            alone = None if closed is None else compose(command, closed)
            if alone is not None:
                joined.append(alone)
        else:
            joined.append(command)
    return joined


def _closed(pc: int, out: Sequence[Command], domains: Domains) -> Command | None:
    """Staying at `pc`, where no way on is open; None if one always is."""
    ways = [c.guard for c in out if not c.violates]
    shut = conj(negate(guard) for guard in ways)
    if shut == FALSE or not _possible(shut, domains):
        return None
    return Command(pc, pc, shut, own=True)


# So many combinations of values are tried to see whether a condition can be true.
MAX_COMBINATIONS = 4_096


def _possible(condition: Expr, domains: Domains) -> bool:
    """Whether a condition over the thread's own state may be true for some of its values."""
    found = sorted(atoms(condition), key=repr)
    ranges: list[Sequence[int]] = []
    for atom in found:
        if isinstance(atom, Local) and atom.name in domains:
            ranges.append(domains[atom.name])
        elif isinstance(atom, Mine):
            ranges.append((0, 1))
        else:
            return True
    if prod(map(len, ranges)) > MAX_COMBINATIONS:
        return True
    for values in product(*ranges):
        known: dict[Atom, Expr] = dict(zip(found, map(Const, values), strict=True))
        if rebuild(condition, lambda atom, known=known: known[atom]) != FALSE:  # type: ignore[misc]
            return True
    return False


def _domains(thread: Thread) -> Domains:
    return {v.name: v.domain.values for v in thread.locals}


def _small(command: Command) -> bool:
    return not large(command.guard) and not any(large(new) for _, new in command.updates)


def _merge_start(thread: Thread) -> Thread:
    """Steps of the thread's own at the very start are taken together with what follows them.

    Who has not made an access has not begun, so there is nobody who could tell.
    """
    while True:
        leaving = _leaving(thread.commands)
        out = leaving.get(thread.entry, [])
        first = next((c for c in out if c.own and not c.violates), None)
        if first is None or first.target in (thread.end, thread.entry):
            return thread
        follow = leaving.get(first.target, [])
        if not follow:
            # What never comes to an access never begins.
            rest = [c for c in thread.commands if c is not first]
            thread = replace(thread, commands=_reachable(thread, rest))
            continue
        joined = [c for c in (compose(first, d) for d in follow) if c]
        if (
            len(out) + len(follow) > MAX_JOINED
            or not all(map(_small, joined))
            or _circular(leaving, first.target)
        ):
            return thread
        rest = [c for c in thread.commands if c is not first]
        thread = replace(thread, commands=_reachable(thread, [*joined, *rest]))


def _circular(leaving: Mapping[int, Sequence[Command]], pc: int) -> bool:
    """Whether a thread at `pc` may come back to it without any access."""
    todo, seen = [pc], set[int]()
    while todo:
        for command in leaving.get(todo.pop(), ()):
            if command.own and not command.violates and command.target not in seen:
                seen.add(command.target)
                todo.append(command.target)
    return pc in seen


def _case(first: Command, second: Command) -> int:
    """The case that the outcome of two commands together is about."""
    if not second.outcome or second.case != SAMPLED_BEFORE:
        return second.case if second.outcome else first.case
    settled = next((new for target, new in first.updates if target == Local(CASE)), None)
    return settled.value if isinstance(settled, Const) else SAMPLED_BEFORE


def compose(first: Command, second: Command) -> Command | None:
    """`first` and then `second`, at once; None if they cannot follow each other."""
    values: dict[Atom, Expr] = dict(first.updates)
    locks = dict(first.locks)

    def leaf(atom: Atom) -> Expr:
        if isinstance(atom, Mine) and atom.lock in locks:
            return Const(int(meets(locks[atom.lock], atom.mode)))
        return values.get(atom, atom)

    guard = conj([first.guard, rebuild(second.guard, leaf)])
    if guard == FALSE:
        return None
    updates: dict[Shared | Local, Expr] = dict(first.updates)
    updates.update((target, rebuild(new, leaf)) for target, new in second.updates)
    return Command(
        first.source,
        first.source if second.violates else second.target,
        guard,
        tuple(updates.items()),
        locks=tuple((locks | dict(second.locks)).items()),
        places=(*first.places, *second.places),
        transient=first.transient or second.transient,
        violates=second.violates,
        violation=second.violation,
        outcome=second.outcome or first.outcome,
        called=(*first.called, *second.called),
        main=len(first.places) + second.main if first.own and not second.own else first.main,
        used=(*first.used, *second.used),
        cases=(*first.cases, *second.cases),
        own=first.own and second.own,
        case=_case(first, second),
        fault=second.fault,
        asked=None if second.asked is None else second.asked.behind({**values, **modes(locks)}),
        inside=second.inside,
        about=second.about,
    )


def forget(thread: Thread) -> Thread:
    """The thread with each local set back as soon as nobody will read it any more."""
    leaving = _leaving(thread.commands)
    declared = {v.name for v in thread.locals}
    lasting = {v.name for v in thread.locals if v.lasting}
    needs: dict[int, list[tuple[int | None, set[str], set[str]]]] = {
        pc: [
            (
                None if command.violates else command.target,
                _reads(command) & declared,
                {t.name for t, _ in command.updates if isinstance(t, Local)},
            )
            for command in out
        ]
        for pc, out in leaving.items()
    }
    live: dict[int, frozenset[str]] = {pc: frozenset() for pc in leaving}
    changed = True
    while changed:
        changed = False
        # Backwards, since what is read later is alive earlier.
        for pc in reversed(needs):
            alive: set[str] = set()
            for target, looked_at, stored in needs[pc]:
                alive |= looked_at
                if target is not None:
                    alive |= live.get(target, frozenset()) - stored
            if alive != live[pc]:
                live[pc] = frozenset(alive)
                changed = True
        # What lasts may be read in the next turn.
        next_turn = live.get(thread.entry, frozenset()) & lasting
        if live.get(thread.end, frozenset()) != next_turn:
            live[thread.end] = next_turn
            changed = True
    commands = []
    for command in thread.commands:
        if command.violates:
            asked = command.asked
            sure = None if asked is None else replace(asked, alive=live[command.source])
            commands.append(replace(command, asked=sure))
            continue
        after = live.get(command.target, frozenset())
        updates = tuple(
            (t, e) for t, e in command.updates if isinstance(t, Shared) or t.name in after
        )
        stored = {t.name for t, _ in updates if isinstance(t, Local)}
        dying = tuple(sorted(live[command.source] - after - stored))
        commands.append(replace(command, updates=updates, forget=dying))
    used = {name for names in live.values() for name in names}
    return replace(
        thread,
        commands=tuple(commands),
        locals=tuple(v for v in thread.locals if v.name in used),
    )


def renumber(thread: Thread) -> Thread:
    """The thread with its pcs counted from the entry, in the order they are reached; end last."""
    order = {thread.entry: 0}
    leaving = _leaving(thread.commands)
    queue = [thread.entry]
    for pc in queue:
        for command in leaving.get(pc, ()):
            if command.target not in order and command.target != thread.end:
                order[command.target] = len(order)
                queue.append(command.target)
    order.setdefault(thread.end, len(order))
    commands = [replace(c, source=order[c.source], target=order[c.target]) for c in thread.commands]
    # What goes wrong first in the text comes first: of two claims broken in one step, or
    # one claim broken in two ways, the earlier is the one to show.
    commands.sort(key=lambda c: (c.source, not c.violates, len(c.places) if c.violates else 0))
    return replace(thread, commands=tuple(commands), entry=0, end=order[thread.end])


def _leaving(commands: Iterable[Command]) -> dict[int, list[Command]]:
    leaving: dict[int, list[Command]] = {}
    for command in commands:
        leaving.setdefault(command.source, []).append(command)
    return leaving


def _reads(command: Command) -> set[str]:
    names = {atom.name for atom in read(command) if isinstance(atom, Local)}
    if command.outcome:
        # A return is told apart by the case of the table, whether or not a guard asks for it.
        names.add(CASE)
    return names
