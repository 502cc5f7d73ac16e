"""Who waits for ever: docs/language.md, "Waiting"."""

from __future__ import annotations

import pytest

from tests.reference.small import alone, broken, never, opinion, together

FIRST_M = "lock(&m); lock(&k); unlock(&k); unlock(&m);"
FIRST_K = "lock(&k); lock(&m); unlock(&m); unlock(&k);"


def test_who_has_not_begun_and_who_is_through_rests() -> None:
    """[W1] A state in which nothing is under way would be a deadlock."""
    found = together("lock(&m); unlock(&m);", "lock(&m); unlock(&m);")

    assert {} == dict(found.broken)


def test_two_locks_in_opposite_orders() -> None:
    """[W2, W5, W7] The plainest deadlock would be missed."""
    assert {"stuck": 2} == dict(together(FIRST_M, FIRST_K).broken)
    assert {} == dict(together(FIRST_M, FIRST_M).broken)


@pytest.mark.parametrize(
    "claim",
    [
        'claim watched "c" before lock: false;',
        'claim watched "c" before lock: !is_locked(lock);',
        'claim watched "c" before struct box: false;',
    ],
)
def test_what_a_claim_watches_is_no_way_to_go_on(claim: str) -> None:
    """[W2, B5] Adding a claim would hide a deadlock."""
    of_boxes = [
        "struct box *p = &one; struct box *q = &two; lock(&p->lock); lock(&q->lock);",
        "struct box *p = &one; struct box *q = &two; lock(&q->lock); lock(&p->lock);",
    ]
    found = together(*of_boxes, then=claim)

    assert 2 == found.broken["stuck"]


def test_a_fatal_way_is_a_way_to_go_on() -> None:
    """[W2] Who is about to die would be said to wait for ever."""
    found = together("lock(&m); a = true; lock(&m);")

    assert {"lock-use": 3} == dict(found.broken)


def test_waiting_for_a_condition_is_waiting() -> None:
    """[W3] A completion that nobody completes would be no deadlock."""
    found = together("b = true; wait_for_a();", then="void f(void) { a = true; }")

    assert {"stuck": 1} == dict(found.broken)


def test_who_waits_for_its_own_local_waits() -> None:
    """[W3] A condition that nobody else can change would not be looked at."""
    found = alone(
        "bool x = b; wait_true(x); a = true;",
        then="primitive void wait_true(bool x) { when (x) ; } void f(void) { b = true; }",
    )

    assert {"stuck": 1} == dict(found.broken)


def test_who_is_kept_from_beginning_by_locks_waits() -> None:
    """[W4] A lock that is left behind would keep everybody else out, and nobody would be told."""
    found = together("lock(&m);", "lock(&m); unlock(&m);")

    assert {"balance": 1, "stuck": 1} == dict(found.broken)


def test_who_is_kept_from_beginning_by_a_condition_rests() -> None:
    """[W4] A process that never exits would be a deadlock."""
    then = """
    primitive void begin(void) { when (a) acquire(&m); }
    primitive void gate(void) { when (!a && !is_locked(&m)) ; when (a) ; }
    """
    assert {} == dict(
        together("begin(); unlock(&m);", then=then + "void f(void) { a = true; }").broken
    )
    # It begins if a is set, though m is held: it is not locks alone.
    assert {"balance": 1} == dict(
        together("lock(&m);", "gate();", then=then + "void f(void) { a = true; }").broken
    )


def test_who_is_kept_from_beginning_whatever_variables_are_waits() -> None:
    """[W4] A first step with a condition and a lock would never be said to wait for the lock."""
    then = "primitive void begin(void) { when (!a) acquire(&m); when (a) { acquire(&m); acquire(&k); } }"
    found = together("lock(&m);", "begin();", then=then + "void f(void) { a = true; }")

    # t2 alone is through with m held and balance broken, in one step too.
    assert {"balance": 1, "stuck": 1} == dict(found.broken)


def test_a_thread_that_can_go_on_makes_a_state_no_quiet_one() -> None:
    """[W5] What is only a matter of time would be a deadlock: some thread polls for ever."""
    found = together(FIRST_M, FIRST_K, "again: a = true; goto again;")
    late = together(FIRST_M, FIRST_K, "a = true; b = true; c = true;")

    # Before the poller begins everybody waits or rests.
    assert {"stuck": 2} == dict(found.broken)
    assert {"stuck": 2} == dict(late.broken)


def test_who_never_stops_polling_keeps_a_state_from_being_quiet() -> None:
    """[W5] A thread that waits beside one that goes on would be called stuck."""
    found = together("a = true; again: b = true; goto again;", then="")
    beside = together(
        "lock(&m); a = true; again: b = true; goto again;",
        "wait_for_a(); lock(&m); unlock(&m);",
        then="",
    )

    assert {} == dict(found.broken)
    assert {} == dict(beside.broken)


def test_who_may_begin_again_may_end_the_wait() -> None:
    """[W6] No completion and no end of writeback could be said: `forever` would be forgotten."""
    then = """
    primitive void wait(void) { when (a) a = false; }
    primitive void complete(void) { when (!a) a = true; }
    thread waiter "w" { wait(); wait(); }
    thread setter "s" { complete(); }
    """
    once = opinion(then + 'scenario s "s": waiter, setter;')
    again = opinion(then + 'scenario s "s": waiter, setter forever;')
    many = opinion(then + 'scenario s "s": waiter, setter[*];')

    assert {"stuck": 2} == dict(once.broken)
    assert {} == dict(again.broken)
    assert {} == dict(many.broken)


def test_who_has_not_begun_may_end_the_wait() -> None:
    """[W6] A state would be a deadlock only because somebody comes late."""
    found = together("b = true; wait_for_a();", "a = true;")
    held = together("b = true; wait_for_a();", "lock(&m); a = true; unlock(&m);", "lock(&m);")

    assert {} == dict(found.broken)
    # The third keeps m: the second never comes to set a.
    assert {"balance": 1, "stuck": 1} == dict(held.broken)


def test_who_waits_is_held_still_in_the_search_for_its_end() -> None:
    """[W6] A thread that could go on would be said to wait, since it went on and waits again."""
    then = "primitive void turn(void) { when (a) a = false; when (!a) a = true; }"
    found = together("b = true; wait_for_a(); c = true;", "turn(); turn();", then=then + never("c"))

    assert "never-0" in found.broken
    assert {"stuck": 3} == broken(found, ["stuck"])


def test_the_run_ends_in_the_state_where_they_wait() -> None:
    """[W7] Waiting would be counted as a step."""
    found = together(
        "lock(&m); b = true; b = false; wait_for_a();", then="void f(void) { a = true; }"
    )

    assert {"stuck": 3} == dict(found.broken)


def test_beside_the_dead_nothing_is_quiet() -> None:
    """[W8] Each crash with a lock in hand would be told again, as a deadlock."""
    found = together("lock(&m); unlock(&k);", "lock(&m); unlock(&m);")

    assert {"lock-use": 2} == dict(found.broken)


def test_a_thread_that_has_not_begun_waits_beside_a_holder_that_waits() -> None:
    """[W4, W5] A holder that sleeps for ever would be looked at, and not who queues behind it."""
    found = together(
        "lock(&m); b = true; wait_for_a(); unlock(&m);", "lock(&m); a = true; unlock(&m);"
    )

    assert {"stuck": 2} == dict(found.broken)
