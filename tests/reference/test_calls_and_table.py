"""Calls, contracts, the table and coverage: docs/language.md, from "Calls" on."""

from __future__ import annotations

import pytest

from tests.reference.small import alone, broken, never, opinion, texts, together


def test_a_call_is_the_function_s_body() -> None:
    """[C1] Arguments would be evaluated in another order, or again in the function."""
    then = """
    int set(int value) { n = value; return value; }
    int minus(int one, int other) { return one - other; }
    """
    found = alone("int i = minus(set(3), set(1)); n = i;", then=then + never("n == 2"))

    assert {"never-0": 4} == dict(found.broken)


def test_a_lock_s_address_is_settled_by_the_call() -> None:
    """[C1] A function would let go of another lock than it took."""
    then = """
    void both(struct mutex *l) { lock(l); some = &two; unlock(l); }
    void f(void) { some = NULL; }
    """
    found = alone("some = &one; both(&some->lock);", then=then + never("is_locked(&two.lock)"))

    assert {} == dict(found.broken)


def test_did_asks_this_call() -> None:
    """[C2] A second call would take the credit for the first one."""
    then = """
    primitive void work(void) { hook(); }
    void inner(void) { work(); }
    void f(bool much) { if (much) inner(); }
    claim worked "c" after f: did(work);
    claim called "c" after f: did(inner);
    claim hooked "c" after f: did(hook);
    claim never-worked "c" after f: !did(work);
    """
    once = alone("f(true); a = true;", then=then)
    twice = alone("f(true); a = true; f(false);", then=then)

    assert {"never-worked": 1} == dict(once.broken)
    assert {"worked": 1, "called": 1, "hooked": 1, "never-worked": 1} == dict(twice.broken)


def test_a_contract_is_about_the_locks_at_entry() -> None:
    """[C3] A function that lets go of one lock and takes another would pass."""
    then = """
    enum answer f(struct box *p) __must_hold(&p->lock)
    { unlock(&p->lock); p = &two; lock(&p->lock); return NO; }
    contract f { NO: same; }
    """
    found = alone("lock(&one.lock); f(&one); unlock(&two.lock);", then=then)

    assert {"balance": 3} == dict(found.broken)


def test_a_lock_that_must_be_held() -> None:
    """[C4] A caller without the lock would be let in."""
    then = "void f(struct rw_semaphore *l) __must_hold(l) { }"

    assert {} == dict(alone("write_lock(&rw); f(&rw); write_unlock(&rw);", then=then).broken)
    assert {"balance": 1} == dict(
        alone("read_lock(&rw); f(&rw); read_unlock(&rw);", then=then).broken
    )
    assert {"balance": 1} == dict(alone("f(&rw);", then=then).broken)


@pytest.mark.parametrize(
    ("promise", "body", "kept"),
    [
        ("NO: same;", "return NO;", True),
        ("YES: releases(&m);", "unlock(&m); return YES;", True),
        ("YES: releases(&m);", "return YES;", False),
        ("YES: releases(&m);", "unlock(&m); return NO;", False),
        ("YES: acquires(&k);", "lock(&k); return YES;", True),
        ("YES: acquires(&k);", "return YES;", False),
        ("YES: acquires_shared(&rw);", "read_lock(&rw); return YES;", True),
        ("YES: acquires_shared(&rw);", "write_lock(&rw); return YES;", False),
        ("YES: releases(&m), acquires(&k);", "unlock(&m); lock(&k); return YES;", True),
        ("NO: same;", "unlock(&m); lock(&m); return NO;", True),
        ("YES: releases(&m);", "unlock(&m); return yes();", True),
    ],
)
def test_what_a_contract_promises(promise: str, body: str, kept: bool) -> None:
    """[C5] A lock that is kept or let go without a word would pass."""
    then = f"""
    enum answer yes(void) {{ return YES; }}
    enum answer f(void) {{ {body} }}
    contract f {{ {promise} }}
    """
    # It dies before it ends, so that what it holds at its end does not matter.
    found = alone("lock(&m); f(); some->size = 0;", then=then + "void g(void) { some = NULL; }")

    assert kept == ("balance" not in found.broken)


def test_what_the_caller_holds_is_its_own_concern() -> None:
    """[C5] A helper would be blamed for its caller's locks."""
    then = "void f(void) { lock(&k); unlock(&k); } contract f { }"

    assert {} == dict(alone("lock(&m); f(); unlock(&m);", then=then).broken)


@pytest.mark.parametrize("take", ["lock(&m);", "read_lock(&rw);", "get();"])
def test_a_thread_ends_without_locks(take: str) -> None:
    """[C6] A lock that is never given back would pass."""
    assert {"balance": 1} == dict(alone(take).broken)


TABLE = """
outcome kept "kept" = result == NO;
table f { at trylock returns true; axis a = a; axis got = got; case a: kept; case !a: never; }
"""


def test_the_table_is_sampled_right_after_the_call_with_its_value_stored() -> None:
    """[E1] A case would be told from a state that the call did not see."""
    then = """
    bool asks(void) { return trylock(&k); }
    enum answer f(void)
    {
            bool got;
            bool other = asks();
            got = trylock(&m);
            a = true;
            return NO;
    }
    """
    found = alone("f(); a = false;", then=then + TABLE)

    # The call in asks() is not one of f's; a is still false, and got is true.
    assert {2} == found.sampled
    assert {(3, "kept")} == found.returns


def test_the_table_is_sampled_only_by_the_value_it_says() -> None:
    """[E1] A trylock that fails would make a case."""
    then = "enum answer f(void) { bool got; a = true; got = trylock(&m); return NO; }"
    found = together("f(); unlock(&m);", "lock(&m); unlock(&m);", then=then + TABLE)

    assert {3} == found.sampled
    assert {(0, "kept"), (4, "kept")} == found.returns
    assert {"lock-use"} == set(found.broken)


def test_a_call_has_the_case_of_its_own_last_sample() -> None:
    """[E2] A second call would be judged by the case of the first."""
    then = """
    enum answer f(bool much)
    {
            hook();
            a = true;
            if (much) hook();
            return NO;
    }
    outcome kept "kept" = result == NO;
    table f { at hook; axis a = a; case a: kept; case !a: kept; }
    """
    found = alone("f(true); f(false); a = false; f(false);", then=then)

    assert {(2, "kept"), (1, "kept")} == found.returns


def test_a_call_without_a_sample_has_no_case() -> None:
    """[E2] A call that returns early would be judged like the one before it."""
    then = """
    enum answer f(bool much) { a = true; if (!much) return YES; hook(); return NO; }
    outcome kept "kept" = result == NO;
    table f { at hook; axis a = a; case a: kept; case !a: never; }
    """
    found = alone("f(true); f(false);", then=then)

    assert {} == dict(found.broken)
    assert {(0, "other"), (2, "kept")} == found.returns


@pytest.mark.parametrize(
    ("row", "steps"),
    [("kept", {}), ("kept, done", {}), ("done", {"table": 1}), ("never", {"table": 1})],
)
def test_an_outcome_that_the_table_does_not_list(row: str, steps: dict[str, int]) -> None:
    """[E3] What the author claims of a case would not be compared with what the code does."""
    then = f"""
    enum answer f(void) {{ hook(); return NO; }}
    outcome kept "kept" = result == NO;
    outcome done "done" = true;
    table f {{ at hook; axis x = true; case true: {row}; }}
    """

    assert steps == dict(alone("f();", then=then).broken)


def test_no_row_can_list_another_outcome() -> None:
    """[E3] A return that is nowhere declared would be fine in each case."""
    then = """
    enum answer f(void) { hook(); return YES; }
    outcome kept "kept" = result == NO;
    table f { at hook; axis x = true; case true: kept; }
    """
    found = alone("f();", then=then)

    assert {"table": 1} == dict(found.broken)
    assert {(2, "other")} == found.returns


def test_what_is_reached() -> None:
    """[V1, V2] A branch that is never taken would pass for reached, or the other way round."""
    then = "int f(bool much) { if (much) goto out; return 1; out: return 2; }"
    found = alone(
        "int i = f(false); while (i < 2) i = i + 1; n = i; lock(&m); lock(&m); c = true;", then=then
    )

    assert {
        "i = f(false)",
        "much",
        "return 1;",
        "i < 2",
        "i = i + 1;",
        "n = i;",
        "lock(&m);",
    } == texts(found)
    assert {"m"} == found.held


def test_a_call_that_waits_for_ever_is_not_reached() -> None:
    """[V2] What nobody ever does would be called done."""
    found = alone("b = true; wait_for_a(); c = true;", then="void f(void) { a = true; }")

    assert {"b = true;"} == texts(found)


def test_what_claims_look_at() -> None:
    """[V1, V3] A claim that nothing puts to the test would be proved."""
    then = """
    primitive void other(void) { }
    void f(void) { hook(); }
    void g(struct box *p) { p->size = 1; }
    claim called "c" before hook: true; before other: true; after f: true;
    claim used "c" before struct box: true; before struct lid: true;
    claim starts "c" alone t when (a) finally: true;
    claim waits "c" alone t when (b) finally: true;
    """
    found = alone("f(); a = true; g(&one);", then=then)

    assert {"hook", "f"} == found.called
    assert {"box"} == found.used
    assert {"starts"} == found.starts


def test_nothing_breaks_vacuity() -> None:
    """[V4] A branch that is not taken would be a bug."""
    assert {} == dict(alone("if (false) a = true;").broken)


def test_a_loop_without_an_access_is_said() -> None:
    """[T4] Lengths would be compared where it is a matter of taste what a step is."""
    spins = alone("again: goto again;")
    counts = alone("int i; for (i = 0; i < 3; i = i + 1) ; a = true;", then=never("a"))
    stores = alone("int i; for (i = 0; i < 3; i = i + 1) a = true;")

    assert spins.own_loops
    assert {} == dict(spins.broken)
    assert counts.own_loops
    assert {"never-0": 2} == broken(counts, ["never-0"])
    assert not stores.own_loops


def test_two_alike_are_one_state() -> None:
    """Twice as many threads would make far more states than they have to."""
    text = 'thread t "t" { a = true; b = true; } scenario s "s": t[*];'

    assert 3 == opinion(text, 1).states
    assert 6 == opinion(text, 2).states
