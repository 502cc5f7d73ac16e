"""Threads that wait for ever, where one thread alone already does."""

from __future__ import annotations

from tests.engine.small import LOCKS, checked
from tests.programs.binder import reasons, refutations

WAITS = f"""{LOCKS}
bool x;
bool y;
primitive void wait_for_x(void) {{ when (x) {{ }} }}
thread a "a" {{ y = true; wait_for_x(); }}
"""


def test_a_thread_that_waits_is_not_stuck_while_its_twin_may_still_start() -> None:
    """If it fails, a small instance's run is taken for one of a larger, and nothing is said."""
    one = checked(f'{WAITS} scenario s "s": a[*];', threads=1)
    two = checked(f'{WAITS} scenario s "s": a[*];', threads=2)

    assert "a waits for ever" == reasons(one)["stuck"]
    assert 1 == len(refutations(one)["stuck"].steps)
    assert "a 1 and a 2 wait for ever" == reasons(two)["stuck"]
    assert 2 == len(refutations(two)["stuck"].steps)
