"""What the reference interpreter has to say about a scenario."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from verify.source import Span


@dataclass(frozen=True)
class Opinion:
    """What happens in a scenario with a certain number of threads.

    `complete` is false if a limit was met: then what is said to happen does, and
    what is not said may happen all the same.  `states` counts the states visited.
    `broken` has for each claim that is broken the fewest steps of a run that
    breaks it; for a claim `alone`, the fewest to a state at rest from which it fails.
    `returns` are (case, outcome) of the function with the table: case 0 where the
    table was not sampled, else the cell plus 1.  `sampled` are the cells sampled.
    `reached` are the simple statements and conditions of functions and threads
    that are executed at least partly.  `called`, `used`, `held` and `starts` are the
    functions that claims hang on, the structs, the locks, and the claims `alone`
    that may start.  `own_loops`: some loop went round without an access, so that
    what is one step is a matter of taste.
    """

    complete: bool
    states: int
    broken: Mapping[str, int]
    returns: frozenset[tuple[int, str]]
    sampled: frozenset[int]
    reached: frozenset[Span]
    called: frozenset[str]
    used: frozenset[str]
    held: frozenset[str]
    starts: frozenset[str]
    own_loops: bool
