"""Locals that may be read before they are set."""

from __future__ import annotations

from collections.abc import Collection

from verify.ir import Command, Thread
from verify.lower.graph import leaving_of, reads


def unset_reads(thread: Thread, unset: Collection[str]) -> list[tuple[str, Command]]:
    """Reads of a local of `unset` that no path before is sure to have set."""
    everything = frozenset(unset)
    sure: dict[int, frozenset[str]] = {thread.entry: frozenset()}
    todo = [thread.entry]
    leaving = leaving_of(thread.commands)
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
        for name in sorted(reads(command) & (everything - sure[command.source])):
            found.append((name, command))
    return found
