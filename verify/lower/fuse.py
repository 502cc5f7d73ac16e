"""Local steps fused with the access before them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import product
from math import prod
from typing import TypeAlias

from verify.ir import (
    FALSE,
    Atom,
    Command,
    Const,
    Expr,
    Local,
    Mine,
    Thread,
    atoms,
    conj,
    negate,
    rebuild,
)
from verify.lower.compose import compose
from verify.lower.graph import leaving_of, reachable
from verify.lower.terms import large

# The values of each local of a thread.
Domains: TypeAlias = Mapping[str, Sequence[int]]

# No pc gets more commands by fusing; the programs of the kernel come to 20.
MAX_JOINED = 100

# So many combinations of values are tried to see whether a condition can be true.
MAX_COMBINATIONS = 4_096


def fuse_local_steps(thread: Thread) -> Thread:
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
    leaving = leaving_of(thread.commands)
    into: dict[int, dict[int, None]] = {}
    for command in thread.commands:
        if not command.violates:
            into.setdefault(command.target, {})[command.source] = None
    domains = {v.name: v.domain.values for v in thread.locals}
    for victim in list(leaving):
        sources = into.get(victim, {})
        if victim in (thread.entry, thread.end) or victim in sources:
            continue
        joined = _joined_with(victim, leaving, sources, domains)
        if joined is None:
            continue
        if not any(_leads(c, victim) for commands in joined.values() for c in commands):
            for command in leaving.pop(victim):
                into.get(command.target, {}).pop(victim, None)
        for pc, commands in joined.items():
            leaving[pc] = commands
            for command in commands:
                if not command.violates:
                    into.setdefault(command.target, {})[pc] = None
    commands = [c for out in leaving.values() for c in out]
    return _fuse_start(replace(thread, commands=reachable(thread, commands)))


def _joined_with(
    victim: int,
    leaving: Mapping[int, Sequence[Command]],
    sources: Collection[int],
    domains: Domains,
) -> dict[int, list[Command]] | None:
    """For each source what leaves it, taken together with the step at `victim`; None if that
    is an access or has to stay a step of its own."""
    out = leaving[victim]
    if not all(c.own for c in out) or len(sources) * (len(out) + 1) > MAX_JOINED:
        return None
    if any(c.outcome for c in out) and any(
        c.outcome for pc in sources for c in leaving[pc] if c.target == victim
    ):
        # One step has room for one return of the function with the table.
        return None
    closed = _closed(victim, out, domains)
    joined = {pc: _joined(leaving[pc], victim, out, closed) for pc in sources}
    commands = [c for found in joined.values() for c in found]
    return joined if len(commands) <= MAX_JOINED and all(map(_small, commands)) else None


def _leads(command: Command, pc: int) -> bool:
    return command.target == pc and not command.violates


def _joined(
    commands: Iterable[Command], victim: int, out: Sequence[Command], closed: Command | None
) -> list[Command]:
    """The commands, those that lead to `victim` each taken together with those of `out`, or
    alone where none of these is open."""
    joined: list[Command] = []
    for command in commands:
        if _leads(command, victim):
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


def _small(command: Command) -> bool:
    return not large(command.guard) and not any(large(new) for _, new in command.updates)


def _fuse_start(thread: Thread) -> Thread:
    """Steps of the thread's own at the very start are taken together with what follows them.

    Who has not made an access has not begun, so there is nobody who could tell.
    """
    while True:
        leaving = leaving_of(thread.commands)
        out = leaving.get(thread.entry, [])
        first = next((c for c in out if c.own and not c.violates), None)
        if first is None or first.target in (thread.end, thread.entry):
            return thread
        follow = leaving.get(first.target, [])
        if not follow:
            # What never comes to an access never begins.
            rest = [c for c in thread.commands if c is not first]
            thread = replace(thread, commands=reachable(thread, rest))
            continue
        joined = [c for c in (compose(first, d) for d in follow) if c]
        if (
            len(out) + len(follow) > MAX_JOINED
            or not all(map(_small, joined))
            or _circular(leaving, first.target)
        ):
            return thread
        rest = [c for c in thread.commands if c is not first]
        thread = replace(thread, commands=reachable(thread, [*joined, *rest]))


def _circular(leaving: Mapping[int, Sequence[Command]], pc: int) -> bool:
    """Whether a thread at `pc` may come back to it without any access."""
    todo, seen = [pc], set[int]()
    while todo:
        for command in leaving.get(todo.pop(), ()):
            if command.own and not command.violates and command.target not in seen:
                seen.add(command.target)
                todo.append(command.target)
    return pc in seen
