"""Locals that nobody will read, set back: fewer states are told apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from verify.ir import Command, Local, Shared, Thread
from verify.lower.graph import leaving_of, reads


class _Step(NamedTuple):
    """What a command does to locals; no `target` if nothing follows it."""

    target: int | None
    read: set[str]
    stored: set[str]


def reset_dead_locals(thread: Thread) -> Thread:
    """The thread with each local set back as soon as nobody will read it any more."""
    live = _live(thread)
    used = {name for names in live.values() for name in names}
    return replace(
        thread,
        commands=tuple(_reset(command, live) for command in thread.commands),
        locals=tuple(v for v in thread.locals if v.name in used),
    )


def _live(thread: Thread) -> dict[int, frozenset[str]]:
    """The locals that may be read from a pc on before they are stored to."""
    declared = {v.name for v in thread.locals}
    lasting = {v.name for v in thread.locals if v.lasting}
    leaving = {
        pc: [_step(command, declared) for command in out]
        for pc, out in leaving_of(thread.commands).items()
    }
    live: dict[int, frozenset[str]] = {pc: frozenset() for pc in leaving}
    changed = True
    while changed:
        changed = False
        # Backwards, since what is read later is alive earlier.
        for pc in reversed(leaving):
            alive: set[str] = set()
            for step in leaving[pc]:
                alive |= step.read
                if step.target is not None:
                    alive |= live.get(step.target, frozenset()) - step.stored
            if alive != live[pc]:
                live[pc] = frozenset(alive)
                changed = True
        # What lasts may be read in the next turn.
        next_turn = live.get(thread.entry, frozenset()) & lasting
        if live.get(thread.end, frozenset()) != next_turn:
            live[thread.end] = next_turn
            changed = True
    return live


def _step(command: Command, declared: set[str]) -> _Step:
    return _Step(
        None if command.violates else command.target,
        reads(command) & declared,
        {t.name for t, _ in command.updates if isinstance(t, Local)},
    )


def _reset(command: Command, live: Mapping[int, frozenset[str]]) -> Command:
    """The command without stores that nobody reads, and with what dies in it set back."""
    before = live[command.source]
    if command.violates:
        asked = command.asked
        return replace(command, asked=None if asked is None else replace(asked, alive=before))
    after = live.get(command.target, frozenset())
    updates = tuple((t, e) for t, e in command.updates if isinstance(t, Shared) or t.name in after)
    stored = {t.name for t, _ in updates if isinstance(t, Local)}
    return replace(command, updates=updates, forget=tuple(sorted(before - after - stored)))
