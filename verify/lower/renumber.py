"""The pcs of a thread counted anew."""

from __future__ import annotations

from dataclasses import replace

from verify.ir import Thread
from verify.lower.graph import leaving_of


def renumber(thread: Thread) -> Thread:
    """The thread with its pcs counted from the entry, in the order they are reached; end last."""
    order = {thread.entry: 0}
    leaving = leaving_of(thread.commands)
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
