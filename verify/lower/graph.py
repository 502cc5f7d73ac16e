"""The commands of a thread as a graph: what leaves a pc, what is reached, what is read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from verify.ir import CASE, Command, Local, Thread
from verify.lower.terms import read


def leaving_of(commands: Iterable[Command]) -> dict[int, list[Command]]:
    """The commands by the pc that they leave, each list in their order."""
    leaving: dict[int, list[Command]] = {}
    for command in commands:
        leaving.setdefault(command.source, []).append(command)
    return leaving


def reachable(thread: Thread, commands: Sequence[Command]) -> tuple[Command, ...]:
    """Those of the commands that some path from the entry comes to."""
    leaving = leaving_of(commands)
    seen = {thread.entry}
    todo = [thread.entry]
    while todo:
        for command in leaving.get(todo.pop(), ()):
            if command.target not in seen and not command.violates:
                seen.add(command.target)
                todo.append(command.target)
    return tuple(command for command in commands if command.source in seen)


def reads(command: Command) -> set[str]:
    """The locals that a command looks at."""
    names = {atom.name for atom in read(command) if isinstance(atom, Local)}
    if command.outcome:
        # A return is told apart by the case of the table, whether or not a guard asks for it.
        names.add(CASE)
    return names
