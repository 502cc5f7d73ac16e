"""Constants in place of what never changes: shared variables, and locals of a thread."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from verify.ir import FALSE, Atom, Command, Const, Expr, Local, Shared, Thread, rebuild
from verify.lower.graph import reachable
from verify.lower.terms import read


def written(threads: Iterable[Thread]) -> frozenset[str]:
    """The shared variables that some command may change."""
    return frozenset(
        target.name
        for thread in threads
        for command in thread.commands
        for target, _ in command.updates
        if isinstance(target, Shared)
    )


def substitute(thread: Thread, known: Mapping[Atom, Expr]) -> Thread:
    """The thread with values in place of some variables."""
    return replace(thread, commands=tuple(substituted(c, known) for c in thread.commands))


def substituted(command: Command, known: Mapping[Atom, Expr]) -> Command:
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


def propagate_constants(thread: Thread, fresh: Collection[str]) -> tuple[Thread, dict[Atom, Expr]]:
    """The thread with constants in place of locals that never change, and these.

    A local counts as constant if all that is ever stored in it is one value,
    and it is in `fresh`, that is, nobody reads it before.
    """
    commands = reachable(thread, [c for c in thread.commands if c.guard != FALSE])
    gone: dict[Atom, Expr] = {}
    while found := _constants(thread, commands, fresh, gone):
        gone |= found
        folded = [substituted(command, found) for command in commands]
        commands = reachable(thread, [c for c in folded if c.guard != FALSE])
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
