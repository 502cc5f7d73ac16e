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
    conj,
    rebuild,
)
from verify.lower.terms import large, read

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
    return replace(thread, commands=tuple(_put(c, known) for c in thread.commands))


def _put(command: Command, known: Mapping[Atom, Expr]) -> Command:
    if known.keys().isdisjoint(read(command)):
        return command

    def leaf(atom: Atom) -> Expr:
        return known.get(atom, atom)

    return replace(
        command,
        guard=rebuild(command.guard, leaf),
        updates=tuple((target, rebuild(new, leaf)) for target, new in command.updates),
    )


def fold(thread: Thread, fresh: Collection[str]) -> Thread:
    """The thread with constants in place of locals that never change.

    A local counts as constant if all that is ever stored in it is one value,
    and it is in `fresh`, that is, nobody reads it before.
    """
    commands = _reachable(thread, [c for c in thread.commands if c.guard != FALSE])
    gone: set[Atom] = set()
    while found := _constants(thread, commands, fresh, gone):
        gone |= found.keys()
        folded = [_put(command, found) for command in commands]
        commands = _reachable(thread, [c for c in folded if c.guard != FALSE])
    kept = [
        replace(command, updates=tuple((t, e) for t, e in command.updates if t not in gone))
        if any(t in gone for t, _ in command.updates)
        else command
        for command in commands
    ]
    return replace(
        thread,
        commands=tuple(kept),
        locals=tuple(v for v in thread.locals if Local(v.name) not in gone),
    )


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
    """The thread without silent steps: each is taken together with the access before it.

    A step is silent if it only concerns the thread itself, so that nobody can
    tell when it is taken.  One that would multiply the commands, or make them
    huge, stays a step of its own.
    """
    leaving = _leaving(thread.commands)
    into: dict[int, dict[int, None]] = {}
    for command in thread.commands:
        if not command.violates:
            into.setdefault(command.target, {})[command.source] = None
    for victim in list(leaving):
        out, sources = leaving[victim], into.get(victim, {})
        if victim in (thread.entry, thread.end) or not all(_silent(c) for c in out):
            continue
        if victim in sources or len(sources) * len(out) > MAX_JOINED:
            continue
        joined = {pc: _joined(leaving[pc], victim, out) for pc in sources}
        if sum(map(len, joined.values())) > MAX_JOINED or not all(
            _small(command) for commands in joined.values() for command in commands
        ):
            continue
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


def _joined(commands: Iterable[Command], victim: int, out: Sequence[Command]) -> list[Command]:
    """The commands, those that lead to `victim` each taken together with those of `out`."""
    joined: list[Command] = []
    for command in commands:
        if command.target == victim and not command.violates:
            joined += [c for c in (compose(command, d) for d in out) if c is not None]
        else:
            joined.append(command)
    return joined


def _small(command: Command) -> bool:
    return not large(command.guard) and not any(large(new) for _, new in command.updates)


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
        joined = [c for c in (compose(first, d) for d in follow) if c]
        if (
            not follow
            or len(out) + len(follow) > MAX_JOINED
            or not all(map(_small, joined))
            or _circular(leaving, first.target)
        ):
            return thread
        rest = [c for c in thread.commands if c is not first]
        thread = replace(thread, commands=_reachable(thread, [*joined, *rest]))


def _circular(leaving: Mapping[int, Sequence[Command]], pc: int) -> bool:
    """Whether a thread at `pc` may come back to it."""
    todo, seen = [pc], set[int]()
    while todo:
        for command in leaving.get(todo.pop(), ()):
            if not command.violates and command.target not in seen:
                seen.add(command.target)
                todo.append(command.target)
    return pc in seen


def _silent(command: Command) -> bool:
    if command.locks or command.transient:
        return False
    if any(isinstance(target, Shared) for target, _ in command.updates):
        return False
    return all(isinstance(atom, Local | Mine) for atom in read(command))


def compose(first: Command, second: Command) -> Command | None:
    """`first` and then `second`, at once; None if they cannot follow each other."""
    values: dict[Atom, Expr] = dict(first.updates)
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
        len(first.places) + second.main if _silent(first) and not _silent(second) else first.main,
        (*first.used, *second.used),
        second.about,
    )


def forget(thread: Thread) -> Thread:
    """The thread with each local set back as soon as nobody will read it any more."""
    leaving = _leaving(thread.commands)
    declared = {v.name for v in thread.locals}
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
        for pc in reversed(live):
            alive: set[str] = set()
            for target, looked_at, stored in needs[pc]:
                alive |= looked_at
                if target is not None:
                    alive |= live.get(target, frozenset()) - stored
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
