"""State: docs/language.md, "State"."""

from __future__ import annotations

import pytest

from tests.reference.small import alone, never, opinion, together
from verify.reference import explored
from verify.source import Source
from verify.syntax.parse import parse
from verify.syntax.resolve import resolve


def test_a_thread_has_its_own_locals_and_its_own_locks() -> None:
    """[S1] Two threads would share a local, or one would pass for the holder of the other's lock."""
    body = "int i = 0; lock(&m); i = i + 1; n = i; unlock(&m);"
    found = together(body, body, then=never("n == 1", "n == 2"))

    assert {"never-0": 3} == dict(found.broken)


@pytest.mark.parametrize(
    ("declaration", "first"),
    [
        ("range long = 2..3; long v;", "v == 2"),
        ("range long = 0..3; long v;", "v == 0"),
        ("range long = 0..3; long v = 3;", "v == 3"),
        ("enum word { FIRST, SECOND }; enum word v;", "v == FIRST"),
        ("bool v;", "!v"),
        ("struct box *v;", "v == NULL"),
        ("struct box three = { .size = 2 };", "three.size == 2 && !three.gone"),
    ],
)
def test_variables_begin_as_declared_or_at_0(declaration: str, first: str) -> None:
    """[S2] A run would begin in a state that no kernel begins in."""
    found = alone("a = true;", then=declaration + never(first, f"!({first})"))

    assert {"never-0": 1} == dict(found.broken)


def test_a_local_begins_like_a_variable() -> None:
    """[S2] What a local is before it is assigned would be open, or left from another call."""
    text = """
    range long = 2..3;
    range int = 0..3;
    int n;
    void f(bool set) { long v; int w; if (set) { v = 3; w = 1; } n = v + w; }
    thread t "t" { f(true); f(false); }
    scenario s "s": t;
    claim of-old-call "c" never: n == 3;
    claim as-at-first "c" never: n == 2;
    """
    source = Source("small.bfp", text)
    found = explored(resolve([source], parse(source)), "s")

    # 3 + 1 does not fit into n: the thread dies in its first call.
    assert {"memory": 1} == dict(found.broken)


def test_nobody_holds_a_lock_at_first() -> None:
    """[S2] A lock that is held from the start would keep everybody out."""
    found = together("lock(&m); unlock(&m);", then=never("!is_locked(&m)", "is_locked(&k)"))

    assert {"never-0": 1} == dict(found.broken)


def test_a_lock_is_its_holders() -> None:
    """[S3] The words that ask for a lock's state would not agree with who holds it."""
    ask = """
    primitive void ask(void)
    {
            when (is_locked(&rw) && is_read_locked(&rw) && !is_write_locked(&rw)
                  && !held(&rw) && !held_read(&rw)) a = true;
    }
    primitive void ask_mine(void)
    {
            when (held(&rw) && held_write(&rw) && !held_read(&rw)
                  && is_write_locked(&rw) && !is_read_locked(&rw)) b = true;
    }
    """
    found = together(
        "read_lock(&rw); read_unlock(&rw);",
        "ask();",
        "write_lock(&rw); ask_mine(); write_unlock(&rw);",
        then=ask + never("a", "b"),
    )

    assert {"never-0": 3, "never-1": 3} == {k: v for k, v in found.broken.items() if k != "stuck"}


def test_a_thread_local_is_a_thread_s_own_and_stays() -> None:
    """[S4] A flag such as in_reclaim would be everybody's, or forgotten at the end of a turn."""
    text = (
        'thread t "t" { if (inside) a = true; inside = true; b = true; }'
        'scenario one "s": t; scenario many "s": t forever;' + never("a")
    )

    assert {} == dict(opinion(text, scenario="one").broken)
    assert {"never-0": 3} == dict(opinion(text, again=True, scenario="many").broken)
    assert {} == dict(
        together(*["if (inside) a = true; inside = true; b = true;"] * 2, then=never("a")).broken
    )
