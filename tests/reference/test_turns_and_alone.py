"""Who runs, how often, and alone: docs/language.md, "Turns" and "Running alone"."""

from __future__ import annotations

import pytest

from tests.reference.small import never, opinion, program
from verify.reference import explored

COUNT = 'primitive void count(void) { when (n < 3) n = n + 1; }\nthread t "t" { count(); }\n'


@pytest.mark.parametrize(
    ("member", "number", "again", "most"),
    [
        ("t", 2, True, 1),
        ("t[2]", 1, True, 2),
        ("t[*]", 2, False, 2),
        ("t[*]", 1, True, 3),
        ("t forever", 2, True, 3),
        ("t forever", 2, False, 1),
        ("t[2] forever", 1, True, 3),
    ],
)
def test_who_runs_how_often(member: str, number: int, again: bool, most: int) -> None:
    """[R1] A scenario would have other threads than it says."""
    levels = never("n == 1", "n == 2", "n == 3")
    found = opinion(f'{COUNT} scenario s "s": {member};' + levels, number, again)

    assert {f"never-{i}": i + 2 for i in range(most)} == dict(found.broken)


def test_a_new_turn_has_new_locals_and_old_locks() -> None:
    """[R2] A second turn that takes a mutex it has never let go would not be seen."""
    text = """
    thread t "t" { int i; lock(&m); i = i + 1; n = i; }
    scenario s "s": t forever;
    """
    found = opinion(text + never("n == 2"), again=True)

    assert {"balance": 2, "lock-use": 3} == dict(found.broken)


def test_alone_from_a_state_at_rest_in_which_the_condition_is_true() -> None:
    """[P1] A thread would be said to make no progress while somebody else is in its way."""
    text = """
    thread t "t" { if (trylock(&m)) { b = true; unlock(&m); } }
    thread u "u" { lock(&m); a = true; unlock(&m); }
    scenario s "s": t, u;
    claim progress "c" alone t when (!b) finally: b;
    claim where-a "c" alone t when (a) finally: false;
    claim where-c "c" alone t when (c) finally: false;
    """
    found = opinion(text)

    assert {"where-a": 3} == dict(found.broken)
    assert {"progress", "where-a"} == found.starts


def test_one_more_run_has_nothing_of_those_before() -> None:
    """[P1] A lonely run would begin with another thread's locks and thread-locals."""
    text = """
    thread t "t" { if (inside) b = true; inside = true; lock(&m); unlock(&m); a = true; }
    scenario s "s": t;
    claim own "c" alone t when (!inside && !held(&m)) finally: !b;
    """

    assert {} == dict(opinion(text).broken)


def test_nothing_transient_happens_to_a_thread_alone() -> None:
    """[P2, T12] A failure without a reason would be an excuse for ever."""
    text = """
    primitive bool attempt(void) { when (true) return true; transient return false; }
    thread t "t" { if (attempt()) a = true; else b = true; }
    scenario s "s": t;
    claim progress "c" alone t when (!b) finally: !b && a;
    """

    assert {} == dict(opinion(text + never("b && !b")).broken)
    assert {"never-0": 3} == dict(opinion(text + never("b")).broken)


@pytest.mark.parametrize(
    ("body", "fails"),
    [
        ("a = true;", False),
        ("b = true;", True),
        ("if (either()) a = true;", True),
        ("a = true; wait_for_b();", True),
        ("a = true; lock(&m); lock(&m);", True),
        ("again: a = true; goto again;", True),
        ("again: if (either()) goto again; a = true;", True),
        ("a = true; hook();", True),
        ("int i; for (i = 0; i < 2; i = i + 1) b = true; a = true;", False),
    ],
)
def test_how_a_lonely_run_fails(body: str, fails: bool) -> None:
    """[P3] A thread that waits, dies or goes in circles would be said to make progress."""
    text = f"""
    primitive void wait_for_b(void) {{ when (b) ; }}
    void f(void) {{ b = true; }}
    thread t "t" {{ {body} }}
    thread u "u" {{ c = true; }}
    scenario s "s": u;
    claim progress "c" alone t before hook: false; finally: a;
    """

    assert fails == ("progress" in opinion(text).broken)


def test_a_lock_that_was_left_keeps_a_lonely_thread_waiting() -> None:
    """[P1, P3] A leaked lock would not be in the way of who comes later."""
    text = """
    thread t "t" { a = true; lock(&m); unlock(&m); }
    thread u "u" { lock(&m); }
    scenario s "s": t, u;
    claim progress "c" alone t finally: true;
    """

    assert 1 == opinion(text).broken["progress"]


def test_a_run_that_cannot_begin_breaks_nothing_unless_the_claim_says_when() -> None:
    """[P1] A thread that begins when something has happened would fail before that."""
    text = """
    primitive void begin(void) { when (a) b = true; }
    thread t "t" { begin(); }
    thread u "u" { a = true; }
    scenario s "s": u;
    claim progress "c" alone t finally: b;
    claim stays "c" alone t finally: false;
    claim never-begins "c" alone t when (!a) finally: false;
    """
    found = opinion(text)

    assert {"stays": 1, "never-begins": 0} == dict(found.broken)
    assert {"progress", "stays", "never-begins"} == found.starts


def test_a_limit_that_is_met_is_said() -> None:
    """A part of the states would pass for all of them."""
    checked = program(f'{COUNT} scenario s "s": t[*];')

    assert explored(checked, "s", 3).complete
    assert not explored(checked, "s", 3, limit=3).complete
