"""A scenario without bounds: who is in it, and in which form their guards ask for locks."""

from __future__ import annotations

import pytest

from tests.ir.text import expression, ir, text, thread
from verify.certify.system import UnsupportedError, settled, system_of, witnesses

MEMBERS = """
shared x: bool = 0
lock m: mutex
claim c alone
scenario s: t*, u x 2, v forever
thread t: 0 to 1 0 -> 1 do x = 1
thread u: 0 to 1 0 -> 1 do x = 0
thread v: 0 to 1 local i: bool = 0 local k: bool = 0 lasting
    0 -> 1 do x = i; k = 1 0 breaks odd do i = 1
thread w: 0 to 1 0 -> 1
observer o of c: 0 to 0 0 breaks c when x
solo c of c: 0 to 1 0 -> 1
"""


def test_each_thread_is_there_as_often_as_the_scenario_says() -> None:
    """A proof would be about other threads than the ones that run together."""
    program = ir(MEMBERS)
    found = system_of(program, program.scenarios[0])

    assert ["u", "u", "v"] == [t.name for t in found.fixed]
    assert ["t"] == [t.name for t in found.replicated]
    assert (["o"], ["c"]) == ([t.name for t in found.observers], [t.name for t in found.solos])
    # Of any number, and for ever: they begin again.
    assert [0] == [t.end for t in found.replicated]
    assert [1, 1, 0] == [t.end for t in found.fixed]


def test_a_further_turn_begins_with_what_lasts() -> None:
    """What a thread keeps from turn to turn would be proved to be as at first."""
    program = ir(MEMBERS)
    again = system_of(program, program.scenarios[0]).fixed[2]

    assert [
        "0 -> 0 do x = i; k = 1 forget i",
        "0 breaks odd do i = 1",
    ] == [line.strip() for line in text(again).splitlines()[3:]]


SETTLED = {
    "a guard may ask": (
        "0 -> 1 when !others(m) do hold m",
        "0 -> 1 when !others(m) do hold m",
    ),
    "an update asks in two commands": (
        "0 -> 1 do x = others(m)",
        "0 -> 1 when others(m) do x = 1 0 -> 1 when !others(m) do x = 0",
    ),
    "two updates ask in four": (
        "0 -> 1 do x = others(m); y = others(r) && p",
        """
        0 -> 1 when others(r) && others(m) do x = 1; y = p
        0 -> 1 when !others(r) && others(m) do x = 1; y = 0
        0 -> 1 when others(r) && !others(m) do x = 0; y = p
        0 -> 1 when !others(r) && !others(m) do x = 0; y = 0
        """,
    ),
    "a lock taken shared needs no question": ("0 -> 1 do hold r shared", "0 -> 1 do hold r shared"),
    "one's own lock in arithmetic is no matter": (
        "0 -> 1 when held(m) == x",
        "0 -> 1 when held(m) == x",
    ),
}


@pytest.mark.parametrize(("before", "after"), SETTLED.values(), ids=SETTLED.keys())
def test_locks_of_others_are_asked_for_in_guards(before: str, after: str) -> None:
    """What is stored would be left open by an obligation, or said wrongly."""
    head = "thread t: 0 to 1 "

    assert text(thread(head + after)) == text(settled(thread(head + before)))


@pytest.mark.parametrize(
    "commands",
    [
        "0 -> 1 do hold m",
        "0 -> 1 when !others(m) || x do hold m",
        "0 -> 1 when !others(m, shared) do hold m",
        "0 -> 1 when !others(r) do hold m",
        "0 -> 1 when others(m) == x",
        "0 -> 1 when (others(m) ? n : 2) < i",
    ],
)
def test_what_one_bit_for_a_lock_cannot_say_is_refused(commands: str) -> None:
    """Two threads could hold a lock exclusively, and one of them give it up for both."""
    with pytest.raises(UnsupportedError):
        settled(thread(f"thread t: 0 to 1 {commands}"))


WITNESSES = {
    "others(r)": 1,
    "others(r, shared)": 1,
    "others(r, exclusive)": 0,
    "others(m)": 0,
    "!others(r)": 0,
    "!!others(r)": 1,
    "others(r) && others(s)": 2,
    "others(r) || others(s)": 1,
    "!(!others(r) || !others(s))": 2,
    "!(!others(r) && !others(s))": 1,
    "others(r) && (x || others(s) && others(q))": 3,
    "x": 0,
}


@pytest.mark.parametrize("guard", WITNESSES)
def test_so_many_others_make_a_guard_true(guard: str) -> None:
    """Three threads would be looked at where four are needed: a claim proved that is false."""
    assert WITNESSES[guard] == witnesses(expression(guard), ("r", "s", "q"))
