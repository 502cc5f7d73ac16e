"""The second opinion: a program run as it is written, statement by statement.

It follows docs/language.md and nothing else, and shares no code with what it is
to check.  `explored` visits every state of a scenario with so many threads.
"""

from __future__ import annotations

from verify.reference.breadth import Breadth
from verify.reference.opinion import Opinion
from verify.syntax.checked import Checked

__all__ = ["Opinion", "explored"]


def explored(
    program: Checked,
    scenario: str,
    number: int = 1,
    again: bool = False,
    limit: int = 200_000,
) -> Opinion:
    """What happens in a scenario.

    `number` threads stand for each member [*].  With `again`, threads declared
    `forever` or [*] begin again when they are through; else each runs once.
    `limit` bounds the states visited, and those of each search for who waits for ever.

    Raises:
        StopIteration: there is no such scenario.
    """
    found = next(s for s in program.scenarios if s.name == scenario)
    return Breadth(program, found, number, again, limit).opinion()
