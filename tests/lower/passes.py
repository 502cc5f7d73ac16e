"""A thread of a few lines, before a pass and behind it.

Only the commands are written; each thread goes from 0 to 9, over the same locals.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.ir.text import text, thread
from verify.ir import Thread

HEAD = """\
thread t: 0 to 9
    local i: 0..3 = 0
    local j: 0..3 = 0
    local p: bool = 0
    local k: bool = 0 lasting
    local case: 0..2 = 0
"""


def made(commands: str, head: str = HEAD) -> Thread:
    """The thread with these commands."""
    return thread(head + commands)


def lines(found: Thread) -> list[str]:
    """Its commands, a line each."""
    return [line.strip() for line in text(found).splitlines() if "local" not in line][1:]


def locals_(found: Thread) -> list[str]:
    return [v.name for v in found.locals]


def by(change: Callable[[Thread], Thread], commands: str) -> list[str]:
    """What a pass makes of these commands."""
    return lines(change(made(commands)))


def as_read(commands: str) -> list[str]:
    """The same commands as the printer writes them."""
    return lines(made(commands))
