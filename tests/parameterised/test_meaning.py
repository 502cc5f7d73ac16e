"""What "any number of threads" means, on texts of a few lines."""

from __future__ import annotations

import pytest

from tests.parameterised.tiny import said, verdicts

# The whole tool, on small programs.
pytestmark = pytest.mark.slow

READERS = """
thread reader "reads" { down_read(&r); look(); up_read(&r); }
thread writer "writes" { %s }
scenario s "s": reader[*], writer[*];
claim apart "no reader sees what is half written" before look: !x;
claim alone "no reader is in while it is half written" never: is_read_locked(&r) && x;
"""


def test_a_writer_waits_for_every_reader_however_many() -> None:
    """If it fails, a shared lock is taken for one with a single reader."""
    found = verdicts(READERS % "down_write(&r); x = true; x = false; up_write(&r);")

    assert {"proved"} == set(found.values())


def test_a_writer_that_does_not_wait_is_seen_by_a_reader() -> None:
    """If it fails, the claim above is proved for another reason than the lock."""
    found = verdicts(READERS % "x = true; x = false;")

    assert "refuted" == found["apart"]
    assert "refuted" == found["alone"]


def test_a_writer_that_lets_readers_in_is_seen_by_a_reader() -> None:
    """If it fails, a downgraded lock still counts as held exclusively."""
    found = verdicts(
        READERS % "down_write(&r); x = true; downgrade_write(&r); x = false; up_read(&r);"
    )

    assert "refuted" == found["apart"]
    assert "refuted" == found["alone"]


def test_a_reader_that_never_leaves_keeps_the_writer_out_for_ever() -> None:
    """If it fails, a leak by one of many readers is lost in the replicated threads."""
    found = verdicts("""
        thread reader "reads" { down_read(&r); if (!x) up_read(&r); }
        thread other "changes" { x = true; }
        thread writer "writes" { down_write(&r); up_write(&r); }
        scenario s "s": reader[*], other, writer[*];
    """)

    assert "refuted" == found["balance"]
    assert "refuted" == found["stuck"]


def test_a_mutex_that_one_of_many_keeps_stops_the_others() -> None:
    """If it fails, a leak on a way that is rarely gone is not seen."""
    found = verdicts("""
        thread a "a" { mutex_lock(&m); if (x) return; mutex_unlock(&m); }
        thread b "b" { x = true; }
        scenario s "s": a[*], b;
    """)

    assert "refuted" == found["balance"]
    assert "refuted" == found["stuck"]


def test_what_a_holder_of_a_mutex_sets_nobody_else_sees() -> None:
    """If it fails, mutual exclusion among any number is not understood."""
    found = verdicts("""
        thread a "a" { mutex_lock(&m); look(); x = true; x = false; mutex_unlock(&m); }
        scenario s "s": a[*];
        claim apart "a" before look: !x;
    """)

    assert {"proved"} == set(found.values())


# ------------------------------------------------------------- three at once

# Each thread is in one stage at a time; all three are taken only by three threads.
STAGES = {
    "shared": (
        """
        thread a "a" {
                down_read(&r); up_read(&r);
                down_read(&s); up_read(&s);
                down_read(&t); up_read(&t);
        }
        scenario z "z": a[*];
        """,
        "is_read_locked(&r) && is_read_locked(&s) && is_read_locked(&t)",
    ),
    "exclusive": (
        """
        struct mutex o;
        thread a "a" {
                mutex_lock(&m); mutex_unlock(&m);
                mutex_lock(&n); mutex_unlock(&n);
                mutex_lock(&o); mutex_unlock(&o);
        }
        scenario z "z": a[*];
        """,
        "is_locked(&m) && is_locked(&n) && is_locked(&o)",
    ),
    "of three kinds": (
        """
        thread a "a" { down_read(&r); up_read(&r); }
        thread b "b" { if (x) { down_read(&s); up_read(&s); } }
        thread c "c" { if (y) { down_read(&t); up_read(&t); } }
        thread d "d" { x = true; y = true; }
        scenario z "z": a[*], b[*], c[*], d;
        """,
        "is_read_locked(&r) && is_read_locked(&s) && is_read_locked(&t)",
    ),
}


@pytest.mark.parametrize("name", ["shared", "exclusive"])
def test_what_takes_three_threads_is_not_proved_from_two(name: str) -> None:
    """If it fails, seeing threads two at a time proves what three of them break."""
    threads, never = STAGES[name]
    text = f'{threads} claim three "never all three" never: {never};'

    assert "bounded" == said(text, "three", threads=2)
    assert "refuted" == said(text, "three", threads=3)


def test_what_takes_one_thread_of_each_of_three_kinds_is_refuted() -> None:
    """If it fails, threads of different kinds are not seen side by side."""
    threads, never = STAGES["of three kinds"]

    assert "refuted" == said(f'{threads} claim three "never" never: {never};', "three")


def test_what_a_third_thread_does_because_of_two_others_is_not_proved_away() -> None:
    """If it fails, a command that looks at what two others hold is thought never to be taken."""
    text = """
        primitive void note(void)
        {
                when (is_read_locked(&r) && is_read_locked(&s)) { x = true; }
                when (!is_read_locked(&r) || !is_read_locked(&s)) { }
        }
        thread a "a" {
                if (chance()) { down_read(&r); up_read(&r); }
                else if (chance()) { down_read(&s); up_read(&s); }
                else note();
        }
        scenario z "z": a[*];
        claim unseen "nobody sees both" never: x;
    """

    assert "bounded" == said(text, "unseen", threads=2)
    assert "refuted" == said(text, "unseen", threads=3)


# --------------------------------------------------------------------- stuck

CROSSED = """
thread a "a" { mutex_lock(&m); mutex_lock(&n); mutex_unlock(&n); mutex_unlock(&m); }
thread b "b" { %s }
scenario s "s": a[*], b[*];
"""


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ("mutex_lock(&n); mutex_lock(&m); mutex_unlock(&m); mutex_unlock(&n);", "refuted"),
        ("mutex_lock(&m); mutex_lock(&n); mutex_unlock(&n); mutex_unlock(&m);", "proved"),
        (
            "mutex_lock(&n); if (mutex_trylock(&m)) mutex_unlock(&m); mutex_unlock(&n);",
            "proved",
        ),
    ],
    ids=["the other way round", "the same way", "the other way round, by trylock"],
)
def test_locks_in_crossed_orders_get_threads_stuck(other: str, expected: str) -> None:
    """If it fails, an ABBA deadlock between two kinds of threads is proved away."""
    assert expected == said(CROSSED % other, "stuck")


def test_a_cycle_of_three_locks_takes_three_threads_and_is_not_proved() -> None:
    """If it fails, the order of locks is only looked at two by two."""
    text = """
        struct mutex o;
        thread a "a" { mutex_lock(&m); mutex_lock(&n); mutex_unlock(&n); mutex_unlock(&m); }
        thread b "b" { mutex_lock(&n); mutex_lock(&o); mutex_unlock(&o); mutex_unlock(&n); }
        thread c "c" { mutex_lock(&o); mutex_lock(&m); mutex_unlock(&m); mutex_unlock(&o); }
        scenario s "s": a[*], b[*], c[*];
    """

    assert "refuted" == said(text, "stuck", threads=1)


def test_a_cycle_of_three_locks_among_threads_alike_is_not_proved_with_two() -> None:
    """If it fails, a deadlock of three threads is proved away because two have none."""
    text = """
        struct mutex o;
        thread a "a" {
                if (chance()) {
                        mutex_lock(&m); mutex_lock(&n); mutex_unlock(&n); mutex_unlock(&m);
                } else if (chance()) {
                        mutex_lock(&n); mutex_lock(&o); mutex_unlock(&o); mutex_unlock(&n);
                } else {
                        mutex_lock(&o); mutex_lock(&m); mutex_unlock(&m); mutex_unlock(&o);
                }
        }
        scenario s "s": a[*];
    """

    assert "bounded" == said(text, "stuck", threads=2)
    assert "refuted" == said(text, "stuck", threads=3)


def test_a_lock_taken_twice_by_one_thread_is_refuted() -> None:
    """If it fails, the simplest deadlock of all goes unnoticed."""
    text = """
        thread a "a" { mutex_lock(&m); mutex_lock(&m); mutex_unlock(&m); mutex_unlock(&m); }
        scenario s "s": a[*];
    """

    assert "refuted" == said(text, "lock-use")


WAITING = """
thread a "a" { y = true; wait_for_x(); y = false; }
thread b "b" { %s }
scenario s "s": a[*], b%s;
"""


@pytest.mark.parametrize("often", ["", " forever", "[*]"])
def test_waiting_for_a_flag_that_nobody_sets_gets_a_thread_stuck(often: str) -> None:
    """If it fails, a thread that waits for something else than a lock counts as moving."""
    assert "refuted" == said(WAITING % ("y = false;", often), "stuck")


def test_waiting_for_a_flag_that_is_set_is_not_taken_for_stuck_nor_proved() -> None:
    """If it fails, the proof speaks of more than locks, which it does not understand."""
    assert "bounded" == said(WAITING % ("x = true;", ""), "stuck")


# ---------------------------------------------------------- once, twice, for ever


@pytest.mark.parametrize(
    ("members", "busy", "once"),
    [
        ("a", "proved", "proved"),
        ("a forever", "proved", "refuted"),
        ("a[2]", "refuted", "refuted"),
        ("a[*]", "refuted", "refuted"),
    ],
)
def test_how_often_a_thread_is_there_is_told_apart(members: str, busy: str, once: str) -> None:
    """If it fails, a proof for one call is given out for many, or the other way round.

    The second call of a thread that starts again is in a run with further turns alone.
    """
    text = """
        thread a "a" { look(); x = true; %s }
        scenario s "s": %s;
        claim first "f" before look: !x;
    """

    assert busy == said(text % ("x = false;", members), "first")
    assert once == said(text % ("", members), "first")


def test_a_call_alone_succeeds_whatever_any_number_have_left_behind() -> None:
    """If it fails, a claim about a run alone is proved from the first state only."""
    text = """
        thread a "a" { if (mutex_trylock(&m)) { x = true; mutex_unlock(&m); } }
        thread b "b" { mutex_lock(&m); x = false; if (%s) mutex_unlock(&m); }
        scenario s "s": a[*], b[*];
        claim go "g" alone a finally: x;
    """

    assert "proved" == said(text % "true", "go")
    assert "refuted" == said(text % "y", "go")
