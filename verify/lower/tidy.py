"""Passes over a lowered thread: each takes commands and gives commands that mean the same."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from verify.ir import (
    CASE,
    FALSE,
    MODES,
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
    rebuild,
)


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


def fold(thread: Thread, constants: Mapping[str, int], set_first: Collection[str]) -> Thread:
    """The thread with constants in place of what never changes.

    `constants` are the shared variables that nobody writes.  A local counts as
    constant if all that is ever stored in it is one value, and it is in
    `set_first`, that is, nobody reads it before.
    """
    shared = {Shared(name): Const(number) for name, number in constants.items()}
    known: dict[Atom, Expr] = dict(shared)
    commands = thread.commands
    initial = {v.name: v.initial for v in thread.locals}
    while True:
        commands = tuple(_folded(command, known) for command in commands)
        commands = _reachable(thread, [c for c in commands if c.guard != FALSE])
        stored: dict[str, set[Expr]] = {
            name: set() if name in set_first else {Const(initial[name])} for name in initial
        }
        for command in commands:
            for target, new in command.updates:
                if isinstance(target, Local):
                    stored[target.name].add(new)
        fresh: dict[Atom, Expr] = {}
        for name, values in stored.items():
            if len(values) == 1 and isinstance(next(iter(values)), Const):
                fresh[Local(name)] = next(iter(values))
        if all(known.get(atom) == value for atom, value in fresh.items()):
            break
        known |= fresh
    gone = {atom.name for atom in known if isinstance(atom, Local)}
    commands = tuple(
        replace(
            command,
            updates=tuple(
                (t, e) for t, e in command.updates if not (isinstance(t, Local) and t.name in gone)
            ),
        )
        for command in commands
    )
    return replace(
        thread,
        commands=commands,
        locals=tuple(v for v in thread.locals if v.name not in gone),
    )


def _folded(command: Command, known: Mapping[Atom, Expr]) -> Command:
    def leaf(atom: Atom) -> Expr:
        return known.get(atom, atom)

    return replace(
        command,
        guard=rebuild(command.guard, leaf),
        updates=tuple((target, rebuild(new, leaf)) for target, new in command.updates),
    )


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
    """The thread without silent steps: each is taken together with the access before it.

    A step is silent if it only concerns the thread itself, so that nobody can
    tell when it is taken.
    """
    leaving = _leaving(thread.commands)
    for victim in list(leaving):
        out = leaving[victim]
        if victim in (thread.entry, thread.end) or not all(_silent(c) for c in out):
            continue
        if any(c.target == victim and not c.violates for c in out):
            continue
        del leaving[victim]
        for pc, commands in leaving.items():
            if any(c.target == victim and not c.violates for c in commands):
                leaving[pc] = [
                    after
                    for c in commands
                    for after in (
                        (compose(c, d) for d in out)
                        if c.target == victim and not c.violates
                        else (c,)
                    )
                    if after is not None
                ]
    commands = [c for out in leaving.values() for c in out]
    return _merge_start(replace(thread, commands=_reachable(thread, commands)))


def _merge_start(thread: Thread) -> Thread:
    """Silent steps at the very start are taken together with what follows them."""
    while True:
        leaving = _leaving(thread.commands)
        out = leaving.get(thread.entry, [])
        into_entry = any(c.target == thread.entry and not c.violates for c in thread.commands)
        first = next((c for c in out if _silent(c) and not c.violates), None)
        if first is None or first.target in (thread.end, thread.entry) or into_entry:
            return thread
        follow = leaving.get(first.target, [])
        if not follow:
            return thread
        rest = [c for c in thread.commands if c is not first]
        joined = [c for c in (compose(first, d) for d in follow) if c]
        thread = replace(thread, commands=_reachable(thread, [*joined, *rest]))


def _silent(command: Command) -> bool:
    if command.locks or command.transient:
        return False
    exprs = [command.guard, *(new for _, new in command.updates)]
    if any(isinstance(target, Shared) for target, _ in command.updates):
        return False
    return all(isinstance(a, Local | Mine) for expr in exprs for a in atoms(expr))


def compose(first: Command, second: Command) -> Command | None:
    """`first` and then `second`, at once; None if they cannot follow each other."""
    values: dict[Atom, Expr] = {target: new for target, new in first.updates}
    locks = dict(first.locks)

    def leaf(atom: Atom) -> Expr:
        if isinstance(atom, Mine) and atom.lock in locks:
            return Const(int(locks[atom.lock] in MODES[atom.mode]))
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
        tuple((locks | dict(second.locks)).items()),
        (),
        (*first.places, *second.places),
        first.transient or second.transient,
        second.violates,
        second.reason,
        second.outcome or first.outcome,
        (*first.called, *second.called),
        len(first.places) + second.main
        if _silent(first) and not _silent(second)
        else first.main,
    )


def forget(thread: Thread) -> Thread:
    """The thread with each local set back as soon as nobody will read it any more."""
    leaving = _leaving(thread.commands)
    declared = {v.name for v in thread.locals}
    live: dict[int, frozenset[str]] = {pc: frozenset() for pc in leaving}
    changed = True
    while changed:
        changed = False
        for pc, out in leaving.items():
            alive: set[str] = set()
            for command in out:
                alive |= _reads(command) & declared
                if not command.violates:
                    set_here = {t.name for t, _ in command.updates if isinstance(t, Local)}
                    alive |= live.get(command.target, frozenset()) - set_here
            if alive != live[pc]:
                live[pc] = frozenset(alive)
                changed = True
    commands = []
    for command in thread.commands:
        if command.violates:
            commands.append(command)
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
    commands = [
        replace(c, source=order[c.source], target=order[c.target]) for c in thread.commands
    ]
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
    exprs = [command.guard, *(new for _, new in command.updates)]
    names = {a.name for expr in exprs for a in atoms(expr) if isinstance(a, Local)}
    if command.outcome:
        # A return is told apart by the case of the table, whether or not a guard asks for it.
        names.add(CASE)
    return names
