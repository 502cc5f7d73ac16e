"""Runs as ordered events, in programs of a few lines: found or not, and how long."""

from __future__ import annotations

import pytest

from tests.smt.ask import by_order, by_states, program, shortest, threads
from verify.ir import Not, Others, Shared
from verify.reasons.limits import Count, CountLimit
from verify.smt import order as module
from verify.smt.order import Order
from verify.smt.solver import No, Session

# The steps of a shortest run that breaks c; None if there is none.
RUNS: dict[str, tuple[int | None, str]] = {
    "what another has written is read": (
        2,
        """
        scenario s: t, u
        thread t: 0 to 9 0 -> 9 do x = 1
        thread u: 0 to 9 0 breaks c when x
        """,
    ),
    "between two writes": (
        2,
        """
        scenario s: t, u
        thread t: 0 to 9 0 -> 1 do x = 1 1 -> 9 do x = 0
        thread u: 0 to 9 0 breaks c when x
        """,
    ),
    "what is overwritten is not read": (
        None,
        """
        scenario s: t, u
        thread t: 0 to 9 0 -> 1 do x = 1 1 -> 2 do x = 0 2 -> 9 do y = 1
        thread u: 0 to 9 0 breaks c when x && y
        """,
    ),
    "writes of two threads come in either order": (
        5,
        """
        scenario s: t, u, v
        thread t: 0 to 9 0 -> 1 do n = 1 1 -> 9 do x = 1
        thread u: 0 to 9 0 -> 1 do n = 2 1 -> 9 do y = 1
        thread v: 0 to 9 0 breaks c when x && (y && n == 1)
        """,
    ),
    "a step reads before it writes": (
        None,
        """
        scenario s: t, o
        thread t: 0 to 9 0 -> 9 when !x do x = 1; y = x
        thread o: 0 to 9 0 breaks c when y
        """,
    ),
    "a step stores all at once": (
        None,
        """
        scenario s: t, o
        thread t: 0 to 9 0 -> 9 do x = 1; y = 1
        thread o: 0 to 9 0 breaks c when x && !y
        """,
    ),
    "two steps do not": (
        2,
        """
        scenario s: t, o
        thread t: 0 to 9 0 -> 1 do x = 1 1 -> 9 do y = 1
        thread o: 0 to 9 0 breaks c when x && !y
        """,
    ),
    "an update is lost": (
        5,
        """
        scenario s: t x 2, o
        thread t: 0 to 9 local i: 0..3 = 0
            0 -> 1 do i = n
            1 -> 9 when !x do n = i + 1; x = 1 forget i
            1 -> 9 when x do n = i + 1; y = 1 forget i
        thread o: 0 to 9 0 breaks c when y && n == 1
        """,
    ),
    "an observer looks at any time": (
        2,
        """
        scenario s: t
        thread t: 0 to 9 0 -> 1 do x = 1 1 -> 9 do x = 0
        observer o of c: 0 to 0 0 breaks c when x
        """,
    ),
    "a mutex keeps the second out": (
        None,
        """
        scenario s: t*
        thread t: 0 to 9 0 -> 1 when !others(m) do hold m 1 -> 9 do hold m free
            1 breaks c when others(m)
        """,
    ),
    "who does not ask is not kept out": (
        3,
        """
        scenario s: t*
        thread t: 0 to 9 0 -> 1 do hold m 1 -> 9 do hold m free 1 breaks c when others(m)
        """,
    ),
    "readers are let in together": (
        3,
        """
        scenario s: t*
        thread t: 0 to 9 0 -> 1 when !others(r, exclusive) do hold r shared
            1 breaks c when others(r, shared)
        """,
    ),
    "a reader keeps a writer out": (
        None,
        """
        scenario s: t, u
        thread t: 0 to 9 0 -> 1 when !others(r, exclusive) do hold r shared
            1 breaks c when others(r, exclusive)
        thread u: 0 to 9 0 -> 1 when !others(r) do hold r 1 breaks c when others(r)
        """,
    ),
    "a writer that steps down lets a reader in": (
        4,
        """
        scenario s: t, u
        thread t: 0 to 9 0 -> 1 when !others(r) do hold r 1 -> 2 do hold r shared
        thread u: 0 to 9 0 -> 1 when !others(r, exclusive) do hold r shared
            1 breaks c when others(r, shared)
        """,
    ),
    "a lock that is given back is free": (
        3,
        """
        scenario s: t, u
        thread t: 0 to 9 0 -> 1 when !others(m) do hold m; x = 1 1 -> 9 do hold m free
        thread u: 0 to 9 0 breaks c when x && !others(m)
        """,
    ),
    "a lock that is taken again is held again": (
        5,
        """
        scenario s: t, u
        thread t: 0 to 9 0 -> 1 do hold m 1 -> 2 do hold m free
            2 -> 3 do hold m 3 -> 4 do x = 1 4 -> 9 do hold m free
        thread u: 0 to 9 0 breaks c when x && others(m)
        """,
    ),
    "what one holds oneself nobody else does": (
        None,
        """
        scenario s: t
        thread t: 0 to 9 0 -> 1 do hold m 1 breaks c when others(m)
        """,
    ),
    "a local has its first value again once it is forgotten": (
        3,
        """
        scenario s: t
        thread t: 0 to 9 local i: 0..3 = 1
            0 -> 1 do i = 2 1 -> 2 when i == 2 forget i 2 breaks c when i == 1
        """,
    ),
    "a choice of values": (
        3,
        """
        scenario s: t
        thread t: 0 to 9 0 -> 1 do x = 1 1 -> 2 do n = x ? n + 2 : 3 2 breaks c when n == 2
        """,
    ),
    "less than": (
        3,
        """
        scenario s: t, u
        thread t: 0 to 9 0 -> 1 do n = 1 1 -> 9 do n = 3
        thread u: 0 to 9 0 breaks c when 1 < n
        """,
    ),
    "two of two threads alike": (
        5,
        """
        scenario s: t*, o
        thread t: 0 to 9 0 -> 1 when n == 0 do n = 1 0 -> 1 when n == 1 do n = 2 1 -> 9 do x = 1
        thread o: 0 to 9 0 -> 1 when n == 2 1 breaks c when n == 2 && x
        """,
    ),
}


@pytest.mark.parametrize(("steps", "text"), RUNS.values(), ids=RUNS.keys())
def test_a_run_is_found_if_there_is_one_and_no_longer_than_need_be(
    steps: int | None, text: str
) -> None:
    """A bug would be missed or made up, or a run of the wrong length be called the shortest."""
    assert steps == by_states(text)
    assert steps == by_order(text)


COUNTS = """
scenario s: t
thread t: 0 to 9 0 -> 0 when n < 3 do n = n + 1 0 breaks c when n == {times}
"""


@pytest.mark.parametrize(
    ("rounds", "times", "steps"), [(1, 1, 2), (1, 2, None), (2, 2, 3), (2, 3, None), (3, 3, 4)]
)
def test_a_loop_is_entered_again_so_often(rounds: int, times: int, steps: int | None) -> None:
    """What is bounded would be bounded by another number than the report says."""
    assert steps == by_order(COUNTS.format(times=times), rounds=rounds)


# The steps to the nearest state in which all rest or wait, and some wait.
QUIET: dict[str, tuple[int | None, str]] = {
    "crossed locks": (
        2,
        """
        scenario s: t, u
        thread t: 0 to 9 0 -> 1 when !others(m) do hold m 1 -> 2 when !others(r) do hold r
            2 -> 9 do hold m free; hold r free
        thread u: 0 to 9 0 -> 1 when !others(r) do hold r 1 -> 2 when !others(m) do hold m
            2 -> 9 do hold m free; hold r free
        """,
    ),
    "one lock": (
        None,
        """
        scenario s: t*
        thread t: 0 to 9 0 -> 1 when !others(m) do hold m 1 -> 9 do hold m free
        """,
    ),
    "a lock that is left, and who has not begun": (
        1,
        """
        scenario s: t*
        thread t: 0 to 9 0 -> 9 when !others(m) do hold m
        """,
    ),
    "a condition, under way": (
        1,
        """
        scenario s: t
        thread t: 0 to 9 0 -> 1 do y = 1 1 -> 9 when x
        """,
    ),
    "a condition, before it begins": (
        None,
        """
        scenario s: t
        thread t: 0 to 9 0 -> 9 when x
        """,
    ),
    "a claim that is only watched is no way on": (
        1,
        """
        scenario s: t
        thread t: 0 to 9 0 -> 1 do y = 1 1 breaks c 1 -> 9 when x
        """,
    ),
    "who dies does not wait": (
        None,
        """
        scenario s: t
        thread t: 0 to 9 0 -> 1 do y = 1 1 breaks memory 1 -> 9 when x
        """,
    ),
    "who could go on beyond the bound does not wait": (
        None,
        """
        scenario s: t
        thread t: 0 to 9 0 -> 1 do y = 1 1 -> 1 do y = !y
        """,
    ),
}


@pytest.mark.parametrize(("steps", "text"), QUIET.values(), ids=QUIET.keys())
def test_a_state_is_quiet_where_all_rest_or_wait(steps: int | None, text: str) -> None:
    """A deadlock would be missed, or seen where somebody can go on."""
    assert steps == shortest(text, 1, Order.quiet)


RESTING = """
scenario s: t, u
thread t: 0 to 9 0 -> 1 when !others(r) do hold r; x = 1 1 -> 9 do y = 1
thread u: 0 to 9 0 -> 1 when x 1 -> 9 do n = 2
"""


def test_all_rest_at_the_end_of_a_run() -> None:
    """A lonely run would start while another thread is under way."""
    resting, flag, lock = Order.resting, Shared("y"), Others("r", "any")

    assert 0 == shortest(RESTING, 1, resting)
    assert 2 == shortest(RESTING, 1, lambda o: f"(and {o.resting()} {o.finally_(flag)})")
    assert 2 == shortest(RESTING, 1, lambda o: f"(and {o.resting()} {o.finally_(lock)})")
    assert 3 == shortest(RESTING, 1, lambda o: o.takes("u", [1]))
    assert 4 == shortest(RESTING, 1, lambda o: f"(and {o.resting()} {o.takes('u', [0])})")
    free = Not(lock)
    assert shortest(RESTING, 1, lambda o: f"(and {o.finally_(flag)} {o.finally_(free)})") is None


def test_threads_alike_begin_in_their_order() -> None:
    """Each run would be found once for each way to number its threads."""
    found = program("scenario s: t* thread t: 0 to 9 0 -> 9 do n = n + 1")
    order = Order(found, threads(found))
    second_alone = f"(and {order.started(1)} (not {order.started(0)}))"

    assert isinstance(Session(order.text(), [second_alone]).ask([0]), No)


def test_a_formula_that_is_too_large_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """z3 would be asked about a part of the program, and find no run in it."""
    monkeypatch.setattr(module, "MAX_COMPARISONS", 1)
    found = program(RUNS["readers are let in together"][1])
    order = Order(found, threads(found))

    assert CountLimit(Count.COMPARISONS, 1) == order.limit
    assert "false" == order.finally_(Others("r", "any"))
    with pytest.raises(AssertionError):
        order.text()
