"""How claims are broken: docs/language.md, "Breaking a claim"."""

from __future__ import annotations

import pytest

from tests.reference.small import alone, broken, never, texts, together


def test_the_step_that_breaks_a_claim_counts() -> None:
    """[B1] Runs would be told one step short."""
    claim = 'claim never-called "c" before lock: false;'

    assert {"never-called": 1} == dict(alone("lock(&m); unlock(&m);", then=claim).broken)
    assert {"never-called": 2} == dict(alone("a = true; lock(&m); unlock(&m);", then=claim).broken)


@pytest.mark.parametrize(
    "body",
    [
        "some->size = 1;",
        "n = some->size;",
        "n = some->next->size;",
        "lock(&some->lock);",
        "some->lid.shut = true;",
        "n = row[n + 2];",
        "row[2] = 0;",
        "n = 4;",
        "n = 0 - 1;",
        "int i = 3; i = i + 1;",
        "takes(2 + 2);",
        "n = gives(true);",
        "n = no_value();",
        "struct lid *l = &some->lid;",
    ],
)
def test_memory_is_broken_and_the_thread_dies(body: str) -> None:
    """[B2, B4] A crash would be missed, or what comes behind it would happen."""
    then = """
    void takes(int i) { }
    int gives(bool much) { return 4; }
    int no_value(void) { if (!a) return 1; }
    struct lid *take_lid(void) { return NULL; }
    void f(void) { some = NULL; }
    """
    found = alone(f"a = true; {body} b = true;", then=then + never("b"))

    assert ["memory"] == sorted(found.broken)


def test_container_of_follows_nothing() -> None:
    """[B12] A pointer that is not there yet would be a crash before anybody follows it."""
    then = """
    struct lid loose;
    primitive struct box *around(struct lid *l) { return container_of(l, struct box, lid); }
    """
    body = "struct box *p = {}; a = true; if (p == NULL) b = true; p->size = 1;"
    for pointer in (
        "container_of(&loose, struct box, lid)",
        "around(NULL)",
    ):
        found = alone(body.format(pointer), then=then + never("b"))

        assert {"never-0": 3, "memory": 3} == dict(found.broken)
    found = alone(body.format("around(&two.lid)"), then=then + never("b"))

    assert {} == dict(found.broken)


@pytest.mark.parametrize(
    "body",
    [
        "lock(&m); lock(&m);",
        "read_lock(&rw); write_lock(&rw);",
        "write_lock(&rw); read_lock(&rw);",
        "read_lock(&rw); read_lock(&rw);",
        "get(); get();",
        "unlock(&m);",
        "read_lock(&rw); write_unlock(&rw);",
        "write_lock(&rw); read_unlock(&rw);",
        "read_lock(&rw); down();",
    ],
)
def test_lock_use_is_broken_and_the_thread_dies(body: str) -> None:
    """[B3, B4] A lock used in the wrong mode, or twice, would be missed."""
    then = "primitive void down(void) { downgrade(&rw); }"
    found = alone(f"{body} b = true;", then=then + never("b"))

    assert ["lock-use"] == sorted(found.broken)


def test_who_dies_keeps_its_locks_and_what_it_did() -> None:
    """[B4] What a crash leaves behind would be cleaned up, or undone."""
    then = "primitive void half(void) { b = true; acquire(&k); some->size = 1; }"
    found = together(
        "lock(&m); a = true; half(); c = true;",
        then=then
        + "void f(void) { some = NULL; }"
        + never("a && is_locked(&m)", "b", "c", "is_locked(&k)"),
    )

    assert {"memory": 3, "never-0": 3} == dict(found.broken)


def test_an_access_has_happened_if_its_thread_dies_behind_it() -> None:
    """[B4] A certain crash would take the access before it away."""
    found = alone(
        "a = true; inside = *_; c = true;".replace("inside = *_;", "int i = 3; i = i + 1;"),
        then=never("a", "c"),
    )

    assert {"memory": 1, "never-0": 2} == dict(found.broken)


def test_a_watched_claim_changes_nothing() -> None:
    """[B5] A claim that is broken would end the run, and hide what comes after."""
    claims = 'claim never-called "c" before hook: false; claim shut "c" never: a;'
    found = alone("hook(); a = true; b = true; lock(&m);", then=claims + never("b"))

    assert {"never-called": 1, "shut": 2, "never-0": 3, "balance": 3} == dict(found.broken)


def test_sleeping_in_atomic_context() -> None:
    """[B6] Who sleeps under a spinlock would not be told, or who sleeps under a mutex would."""
    assert {"atomic-sleep": 1} == dict(
        alone("spin_lock(&spin); sleep(); spin_unlock(&spin);").broken
    )
    assert {} == dict(alone("lock(&m); sleep(); unlock(&m);").broken)


def test_who_would_sleep_for_a_lock_that_is_held_sleeps() -> None:
    """[B6] might_sleep() would be asked only of who gets the lock."""
    then = "primitive void mutex_lock(struct mutex *lock) { might_sleep(); acquire(lock); }"
    found = together(
        "lock(&m); a = true; wait_for_a();",
        "if (a) { spin_lock(&spin); mutex_lock(&m); b = true; }",
        then=then + never("b"),
    )

    # Two steps, one that reads a, one that takes the spinlock; m is never free again.
    assert {"atomic-sleep": 5} == broken(found, ["atomic-sleep", "never-0"])


def test_before_a_call_the_claim_is_about_the_state_of_the_call() -> None:
    """[B7] A call from within another primitive, or what it is called with, would be missed."""
    then = """
    primitive void mark(int value) { n = value; }
    primitive void outer(void) { a = true; mark(2); }
    claim argument "c" before mark: value != 2;
    claim state "c" before mark: !a;
    claim null "c" before mark: some->size == 0;
    void f(void) { some = NULL; }
    """
    assert {"null": 1} == dict(alone("mark(1);", then=then).broken)
    assert {"argument": 1, "state": 1, "null": 1} == dict(alone("outer();", then=then).broken)


def test_a_call_that_has_to_wait_breaks_what_is_claimed_of_it() -> None:
    """[B7, V2] A call would be looked at only if it comes back, or count though it never does."""
    then = 'claim never-called "c" before wait_for_a: false; void f(void) { a = true; }'
    found = alone("wait_for_a();", then=then)

    assert {"never-called": 1} == dict(found.broken)
    assert frozenset() == found.called


USE = 'claim use "c" before struct box: !box->gone; void g(void) { one.gone = true; }'


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("struct box *p = &one; one.gone = true; p->size = 1;", {"use": 2}),
        ("struct box *p = &one; one.gone = true; n = p->next->size; n = 1;", {"use": 2}),
        ("struct box *p = &one; one.gone = true; set(p);", {"use": 2}),
        ("struct box *p = &one; one.gone = true; lock(&p->lock); unlock(&p->lock);", {"use": 2}),
        ("struct box *p = &one; one.gone = true; p->lid.shut = true;", {"use": 2}),
        ("one.gone = true; one.size = 1; one.lid.shut = true;", {}),
        ("one.gone = true; lock(&one.lock); unlock(&one.lock);", {}),
        ("struct box *p = &one; one.gone = true; hook_of(p);", {}),
        (
            "one.gone = true; hook_of(container_of(&one.lid, struct box, lid));",
            {},
        ),
        ("struct box *p = &one; one.gone = true; struct lid *l = &p->lid;", {"use": 2}),
        ("struct box *p = &one; one.gone = true; lid_of(p);", {"use": 2}),
        ("struct box *p = NULL; p->size = 1;", {"memory": 1}),
    ],
)
def test_a_pointer_that_is_followed_is_a_use(body: str, expected: dict[str, int]) -> None:
    """[B8] A use after free would be missed, or one be seen where only the address is taken."""
    then = """
    primitive void set(struct box *p) { p->size = 1; }
    primitive void hook_of(struct box *p) { }
    primitive struct lid *lid_of(struct box *p) { return &p->lid; }
    """
    found = alone(body, then=USE + then)

    assert expected == dict(found.broken)


def test_a_part_is_used_with_its_whole() -> None:
    """[B8] A claim about the part would not see that it is used."""
    then = """
    claim part "c" before struct lid: !lid->shut;
    claim whole "c" before struct box: !box->gone;
    void g(void) { two.gone = true; }
    """
    found = alone("struct box *p = &one; one.lid.shut = true; p->lid.shut = false;", then=then)
    named = alone("one.lid.shut = true; one.gone = true; one.lid.shut = false;", then=then)

    assert {"part": 2} == dict(found.broken)
    assert {"box", "lid"} == found.used
    assert {} == dict(named.broken)


def test_a_return_is_looked_at_with_what_is_returned() -> None:
    """[B9] A claim about a function's end would see the state of its beginning."""
    then = """
    int f(int i) { i = i + 1; a = true; return i + 1; }
    claim value "c" after f: result == 3;
    claim parameter "c" after f: i == 2;
    claim state "c" after f: a;
    claim wrong "c" after f: i == 1;
    claim null "c" after f: some->size == 0;
    void g(void) { some = NULL; }
    """
    found = alone("int i = f(1);", then=then)

    # The return is a step, since `state` looks at a.
    assert {"wrong": 2, "null": 2} == dict(found.broken)
    assert {"f"} == found.called


def test_looking_at_a_state_is_a_step() -> None:
    """[B10] A state that nobody leaves would be no run's."""
    found = alone(
        "a = true;", then=never("a", "!a", "some->size == 1") + "void f(void) { some = NULL; }"
    )

    assert {"never-0": 2, "never-1": 1, "never-2": 1} == dict(found.broken)


def test_where_the_table_is_sampled() -> None:
    """[B11] A claim about the table's moment would be asked at another one."""
    then = """
    void f(void) { lock(&m); b = true; unlock(&m); }
    table f { at lock; axis b = b; case true: never; }
    claim early "c" at table: is_locked(&m) && !b;
    claim late "c" at table: b;
    """
    found = alone("f();", then=then)

    assert {"late": 1, "table": 3} == dict(found.broken)


def test_a_statement_that_dies_is_reached() -> None:
    """[V2] The line that crashes would be called unreachable."""
    found = alone("some->size = 1; a = true;", then="void f(void) { some = NULL; }")

    assert {"some->size = 1;"} == texts(found)
