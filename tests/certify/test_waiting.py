"""What it means to wait, by the forms of guards: as far as locks decide, and at best."""

from __future__ import annotations

import pytest
from hypothesis import given

from tests.chance import by_chance
from tests.ir.expressions import STATES, conditions, worth
from tests.ir.text import expression, text, thread
from verify.certify.waiting import at_best, goes_on, lock_part, unlocked, way_on
from verify.ir import Expr, Others

# A guard; as far as locks decide it; if locks may be taken besides; if nobody held any.
GUARDS = {
    "!others(m)": ("!others(m)", "!others(m)", "1"),
    "others(m)": ("others(m)", "1", "0"),
    "x": ("1", "1", "x"),
    "!x": ("1", "1", "!x"),
    "x && !others(m)": ("!others(m)", "!others(m)", "x"),
    "!(x || others(m))": ("!others(m)", "!others(m)", "!x"),
    "x || others(m, shared)": ("1", "1", "x"),
    "i == 2 && !others(m)": ("(i == 2) && !others(m)", "(i == 2) && !others(m)", "i == 2"),
    "i == n && !others(m)": ("!others(m)", "!others(m)", "i == n"),
    "held(m) || !others(m)": ("held(m) || !others(m)", "held(m) || !others(m)", "1"),
    "!(x && !others(m))": ("1", "1", "!x"),
    "0": ("0", "0", "0"),
}


@pytest.mark.parametrize("guard", GUARDS)
def test_a_guard_is_taken_apart_into_what_locks_decide(guard: str) -> None:
    """Who waits for a value would be told to wait for a lock, and be stuck by it."""
    whole = expression(guard, "i")
    parts = (lock_part(whole), at_best(whole), unlocked(whole))

    assert GUARDS[guard] == tuple(text(part, "i") for part in parts)


@by_chance(40)
@given(conditions)
def test_what_locks_decide_is_no_less_than_what_may_be(guard: Expr) -> None:
    """A thread would be taken to wait for a lock where a value lets it go on."""
    shut, open_ = lock_part(guard, wanted=False), lock_part(guard)

    for state in STATES:
        assert worth(shut, state) <= worth(guard, state) <= worth(open_, state)
        assert worth(open_, state) <= worth(at_best(guard), state)


@by_chance(40)
@given(conditions)
def test_what_nobody_holds_is_free(guard: Expr) -> None:
    """A thread would stand still for another reason than a lock, and be told not to."""
    found = unlocked(guard)

    for state in STATES[::3]:
        free = {atom: 0 if isinstance(atom, Others) else v for atom, v in state.items()}
        assert worth(guard, free) == worth(found, state)


WAYS = {
    "0 -> 1 when x 0 -> 2 when y": "x || y",
    "0 breaks odd when x 0 -> 1 when y": "y",
    "0 breaks memory when x 0 -> 1 when y": "x || y",
    "0 breaks lock-use when x": "x",
    "0 breaks odd when x": "0",
}


@pytest.mark.parametrize("commands", WAYS)
def test_what_a_claim_watches_is_no_way_on(commands: str) -> None:
    """A deadlock would be hidden by a claim that is broken in it, or seen where one dies."""
    quoted = commands.replace("lock-use", "'lock-use'")
    found = thread(f"thread t: 0 to 9 {quoted}").commands

    assert WAYS[commands] == text(way_on(found))
    assert [goes_on(c) for c in found] == [c.violates in ("", "memory", "lock-use") for c in found]
