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


def test_a_thread_that_waits_is_stuck_if_its_twin_that_may_still_start_cannot_help() -> None:
    """If it fails, a wait for ever is missed, or told by more steps than it takes."""
    one = checked(f'{WAITS} scenario s "s": a[*];', threads=1)
    two = checked(f'{WAITS} scenario s "s": a[*];', threads=2)

    assert "a waits for ever" == reasons(one)["stuck"]
    assert 1 == len(refutations(one)["stuck"].steps)
    assert "a waits for ever" == reasons(two)["stuck"]
    assert 1 == len(refutations(two)["stuck"].steps)


SETS = f"""{LOCKS}
bool x;
primitive void wait_for_x(void) {{ when (x) x = false; }}
primitive void set_x(void) {{ when (!x) x = true; }}
thread waiter "w" {{ wait_for_x(); wait_for_x(); }}
thread setter "s" {{ set_x(); }}
"""


def test_who_waits_for_what_another_turn_brings_does_not_wait_for_ever() -> None:
    """If it fails, no completion, wait queue or end of I/O can be said."""
    again = checked(f'{SETS} scenario s "s": waiter, setter forever;')
    once = checked(f'{SETS} scenario s "s": waiter, setter;')

    assert "stuck" not in refutations(again)
    assert 2 == len(refutations(once)["stuck"].steps)
