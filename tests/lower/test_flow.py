"""`flow`: what a thread can know of itself at each pc, and nothing of what others may change."""

from __future__ import annotations

import pytest

from tests.lower.passes import as_read, by, made
from verify.ir import Thread
from verify.lower import turns
from verify.lower.flow import flow
from verify.lower.turns import ends_as_it_began

LOCKS = ("m", "r")
SHARPENED = {
    "a local has the value that was stored": (
        "0 -> 1 do i = 2 1 -> 9 when i == 2 do n = i",
        "0 -> 1 do i = 2 1 -> 9 do n = 2",
    ),
    "a local begins with its first value": ("0 -> 9 when i == 0 && x", "0 -> 9 when x"),
    "a way that is never open is gone": (
        "0 -> 1 do i = 2 1 -> 9 when i == 1 1 -> 9 when i == 2 do x = 1",
        "0 -> 1 do i = 2 1 -> 9 do x = 1",
    ),
    "what is behind a way that is never open is gone": (
        "0 -> 1 when p 0 -> 9 when !p 1 -> 9 do x = 1",
        "0 -> 9",
    ),
    "a guard says what is so behind it": (
        "0 -> 1 do i = n 1 -> 2 when i == 1 1 -> 9 when i != 1 2 -> 9 do x = i",
        "0 -> 1 do i = n 1 -> 2 when i == 1 1 -> 9 when i != 1 2 -> 9 do x = 1",
    ),
    "a guard says what is not so behind it": (
        "0 -> 1 do p = x 1 -> 2 when p 1 -> 2 when !p do y = 1 2 -> 3 when p 2 -> 9 when !p"
        " 3 -> 9 when p",
        "0 -> 1 do p = x 1 -> 2 when p 1 -> 2 when !p do y = 1 2 -> 3 when p 2 -> 9 when !p 3 -> 9",
    ),
    "a lock that was taken is held": (
        "0 -> 1 do hold m 1 -> 9 when held(m, exclusive) && !held(m, shared)",
        "0 -> 1 do hold m 1 -> 9",
    ),
    "a lock that was given up is free": (
        "0 -> 1 do hold r shared 1 -> 2 do hold r free 2 breaks balance when held(r) 2 -> 9",
        "0 -> 1 do hold r shared 1 -> 2 do hold r free 2 -> 9",
    ),
    "a shared variable that the guard fixes is stored by its value": (
        "0 -> 9 when n == 2 do i = n",
        "0 -> 9 when n == 2 do i = 2",
    ),
    "a value of two is one of two": (
        "0 -> 1 when x do i = 1 0 -> 1 when !x do i = 2 1 -> 9 when i == 3 1 -> 9 when i != 3",
        "0 -> 1 when x do i = 1 0 -> 1 when !x do i = 2 1 -> 9",
    ),
    "a claim that is broken has nothing behind it": (
        "0 breaks odd when x do i = 1 0 -> 1 1 -> 9 when i == 0",
        "0 breaks odd when x do i = 1 0 -> 1 1 -> 9",
    ),
}
# Nothing is known of these.
LEFT = {
    "what others may change": "0 -> 1 do x = 1 1 -> 9 when x",
    "what is read from them": "0 -> 1 do i = n 1 -> 9 when i == 2",
    "what others hold": "0 -> 1 do hold m 1 -> 9 when others(m)",
    "which of two ways was taken": """
        0 -> 1 when x do i = 1
        0 -> 1 when !x do i = 2
        1 -> 9 when i == 1
    """,
    "how often it went round": "0 -> 1 do i = n 1 -> 1 when i < 3 do i = i + 1 1 -> 9 when i == 3",
    "which mode of two": """
        0 -> 1 when x do hold r shared
        0 -> 1 when !x do hold r
        1 -> 9 when held(r, shared)
    """,
}


def alone(thread: Thread) -> Thread:
    return flow(thread, LOCKS)


def turning(thread: Thread) -> Thread:
    return flow(thread, LOCKS, turns=True)


@pytest.mark.parametrize(("before", "after"), SHARPENED.values(), ids=SHARPENED.keys())
def test_what_a_thread_knows_of_itself_is_put_in(before: str, after: str) -> None:
    """Broken claims that cannot be reached would stay, each to be proved by lemmas."""
    assert as_read(after) == by(alone, before)


@pytest.mark.parametrize("before", LEFT.values(), ids=LEFT.keys())
def test_what_a_thread_cannot_know_is_left(before: str) -> None:
    """A way would be shut that others can open: a bug behind it is never found."""
    assert as_read(before) == by(alone, before)


TURNS = {
    "it may begin with the lock that it left": (
        "0 -> 9 when !held(m) do hold m",
        "0 -> 9 do hold m",
        "0 -> 9 when !held(m) do hold m",
    ),
    "it begins without a lock that it gives back": (
        "0 -> 1 when !held(m) do hold m 1 -> 9 do hold m free",
        "0 -> 1 do hold m 1 -> 9 do hold m free",
        "0 -> 1 do hold m 1 -> 9 do hold m free",
    ),
    "what lasts begins as it ended": (
        "0 -> 9 when !k do k = 1 0 -> 9 when k",
        "0 -> 9 do k = 1",
        "0 -> 9 when !k do k = 1 0 -> 9 when k",
    ),
    "what does not last begins as at first": (
        "0 -> 9 when !p do p = 1",
        "0 -> 9 do p = 1",
        "0 -> 9 do p = 1",
    ),
}


@pytest.mark.parametrize(("before", "once", "more"), TURNS.values(), ids=TURNS.keys())
def test_a_further_turn_begins_as_the_last_one_ended(before: str, once: str, more: str) -> None:
    """What a thread does in its second turn would be taken for impossible."""
    assert as_read(once) == by(alone, before)
    assert as_read(more) == by(turning, before)


AS_IT_BEGAN = {
    "nothing is held": "0 -> 9 do x = 1",
    "what is taken is given back": "0 -> 1 do hold m 1 -> 9 do hold m free",
    "a flag says what is to be given back": (
        "0 -> 1 do hold m; p = 1 0 -> 1 1 -> 2 when p do hold m free; p = 0 1 -> 9 when !p"
        " 2 -> 9 when !held(m)"
    ),
    "what lasts is set back": "0 -> 1 do k = 1 1 -> 9 do k = 0",
    "where a claim is broken it does not come to its end": "0 breaks odd do hold m 0 -> 9",
    "it never comes to its end": "0 -> 1 do hold m 1 -> 1 do i = n",
    "a local is as it may": "0 -> 9 do i = n",
}
OTHERWISE = {
    "a lock is left": "0 -> 9 do hold r shared",
    "a lock is left on one way": "0 -> 1 do hold m 1 -> 9 when x 1 -> 9 when !x do hold m free",
    "what lasts is changed": "0 -> 9 do k = 1",
    "what lasts may be changed": "0 -> 9 do k = x",
    "a lock is left on the way that a value opens": (
        "0 -> 1 do i = n 1 -> 9 when i == 3 do hold m 1 -> 9 when i != 3"
    ),
}


@pytest.mark.parametrize(
    ("as_began", "commands"),
    [*((True, c) for c in AS_IT_BEGAN.values()), *((False, c) for c in OTHERWISE.values())],
    ids=[*AS_IT_BEGAN, *OTHERWISE],
)
def test_a_thread_ends_as_it_began_or_not(as_began: bool, commands: str) -> None:
    """What holds of the first turn would be taken to hold of all."""
    assert as_began == ends_as_it_began(made(commands), LOCKS)


def test_a_thread_of_too_many_states_is_taken_to_end_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """To be told that it ends as it began, it has to be looked at to the end."""
    commands = "0 -> 1 do i = n 1 -> 2 do j = n 2 -> 9 do i = 0; j = 0"
    monkeypatch.setattr(turns, "MAX_STATES", 20)

    assert not ends_as_it_began(made(commands), LOCKS)
    monkeypatch.setattr(turns, "MAX_STATES", 22)
    assert ends_as_it_began(made(commands), LOCKS)
