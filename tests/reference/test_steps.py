"""What a step is: docs/language.md, "Steps"."""

from __future__ import annotations

import pytest

from tests.reference.small import alone, broken, never, texts, together


def test_every_order_and_every_way_is_looked_at() -> None:
    """[T1] A run that needs another order, or the other of two ways, would be missed."""
    found = together(
        "if (either()) a = true; else b = true;",
        "n = 1; n = 2;",
        then=never("a && n == 1", "b && n == 2", "a && n == 0"),
    )

    assert {"never-0": 3, "never-1": 4, "never-2": 2} == dict(found.broken)


@pytest.mark.parametrize(
    ("steps", "body"),
    [
        (1, "a = true;"),
        (3, "c = b; a = true;"),
        (2, "row[2 - 1] = 1; a = true;"),
        (2, "bool l = b; a = l || true;"),
        (3, "b = true; b = true; a = true;"),
        (3, "lock(&m); unlock(&m); a = true;"),
        (2, "if (some == NULL) a = true;"),
        (2, "if (!one.gone) a = true;"),
        (2, "if (row[n] == 0) a = true;"),
    ],
)
def test_an_access_is_a_step(steps: int, body: str) -> None:
    """[T2] Who counts the steps of a run in the text would come to another number."""
    # What is assigned somewhere is shared, even if not here: n and c are not.
    others = "void f(void) { b = true; some = NULL; two.gone = true; row[1] = 0; }"
    found = alone(body, then=others + never("a"))

    assert steps + 1 == found.broken["never-0"]


@pytest.mark.parametrize(
    ("steps", "call"),
    [
        (2, "read_it();"),
        (2, "lock(&m);"),
        (2, "asks();"),
        (2, "may_fail();"),
        (2, "calls_one();"),
        (1, "hook();"),
        (1, "either();"),
        (1, "asks_itself();"),
        (1, "sleep();"),
        (1, "reads_a_constant();"),
    ],
)
def test_a_primitive_is_an_access_if_it_touches_what_others_see(steps: int, call: str) -> None:
    """[T3] Others would be let in between where nothing of theirs can matter, or kept out."""
    then = """
    primitive void read_it(void) { if (a) ; }
    primitive void asks(void) { if (is_locked(&k)) ; }
    primitive void asks_itself(void) { if (held(&k)) ; }
    primitive void may_fail(void) { when (true) ; transient ; }
    primitive void calls_one(void) { asks(); }
    primitive void reads_a_constant(void) { if (b) ; }
    """
    found = alone(call, "a = true;", then=then + never("a"))

    assert steps + 1 == found.broken["never-0"]


@pytest.mark.parametrize(
    ("steps", "claim"),
    [
        (1, ""),
        (2, 'claim looks "c" before hook: !b;'),
        (2, 'claim looks "c" before inner: !b;'),
        (2, 'claim looks "c" before hook: !is_locked(&m);'),
        (1, 'claim looks "c" before hook: !c;'),
        (1, 'claim looks "c" before hook: !held(&m);'),
        (1, 'claim looks "c" before hook: !inside;'),
        (1, 'claim looks "c" alone t before hook: !b;'),
        (2, 'claim looks "c" after f: !b;'),
        (1, 'claim looks "c" after f: did(hook);'),
        (2, 'claim looks "c" before struct box: !b;'),
        (1, 'claim looks "c" before struct box: !c;'),
        (2, "table f { at hook; axis x = b; case true: never; }"),
        (2, 'table f { at hook; axis x = c; case true: never; } claim looks "c" at table: !b;'),
        (1, "table f { at hook; axis x = c; case true: never; }"),
        (2, 'table f { at inner; axis x = c; case true: o; } outcome o "o" = b;'),
    ],
)
def test_a_look_at_what_others_may_change_is_an_access(steps: int, claim: str) -> None:
    """[T13] What comes between an access and the look would be missed: a use after a free."""
    then = """
    primitive void inner(void) { }
    void f(void) { struct box *p = &one; int i = p->size; hook_in(); hook(); }
    primitive void hook_in(void) { inner(); }
    void g(void) { b = true; }
    """
    found = alone("f(); a = true;", then=then + claim + never("a"))

    assert steps + 1 == found.broken["never-0"]


def test_a_use_after_free_of_what_nobody_assigns_is_seen() -> None:
    """[T13] Following a pointer would belong to the step before, when all was still there."""
    then = 'claim use "c" before struct box: !box->gone;'
    found = together(
        "struct box *p = &one; int i; lock(&m); unlock(&m); i = p->size;",
        "lock(&m); one.gone = true; unlock(&m);",
        then=then,
    )

    assert {"use": 5} == dict(found.broken)


@pytest.mark.parametrize(
    ("steps", "expression"),
    [
        (1, "p->size + q->size == 0"),
        (1, "p->next->next == NULL"),
        (1, "p->size == n"),
        (2, "p != NULL && p->size == 0 && q->size == 0"),
        (3, "p->size + n == row[0]"),
        (0, "p == NULL"),
        (0, "p == NULL && p->size == 0 && q->size == 0"),
    ],
)
def test_an_expression_with_one_read_is_evaluated_at_once(steps: int, expression: str) -> None:
    """[T7, T13] Each pointer on the way would be followed in a step of its own."""
    then = """
    claim use "c" before struct box: !box->gone;
    void f(void) { n = 0; row[0] = 0; one.gone = true; }
    """
    found = alone(
        "struct box *p = &one; struct box *q = &one;",
        f"if ({expression}) inside = true; a = true;",
        then=then + never("a"),
    )

    assert steps + 2 == found.broken["never-0"]


@pytest.mark.parametrize(
    ("steps", "statement"),
    [
        (1, "set(p->next);"),
        (2, "two.size = p->size;"),
        (1, "some = p->next;"),
        (1, "p->next->size = 1;"),
        (2, "p->size = n;"),
        (2, "set_size(n);"),
        (2, "set_size(p->size);"),
        (2, "if (sets() && p->next == NULL) ;"),
        (1, "bool l = p->next == NULL && p->next == p;"),
        (0, "bool l = p == &one || n == 0;"),
        (1, "bool l = n == 0 || n == 1 && p->size == 0;"),
        (2, "n = p->next == NULL && p->next == p;"),
        (2, "if (sets() && n == 0) ;"),
        (2, "i = same(p->size); n = 0;"),
    ],
)
def test_looks_belong_to_the_step_of_what_they_are_for(steps: int, statement: str) -> None:
    """[T7, T13] A call on p->next would have a step before it that does nothing."""
    then = """
    claim use "c" before struct box: !box->gone;
    primitive void set(struct box *p) { p->size = 1; }
    primitive void set_size(int i) { one.size = i; }
    primitive bool sets(void) { n = 0; return true; }
    int same(int i) { return i; }
    void f(void) { one.gone = true; }
    """
    found = alone(f"struct box *p = &one; int i; {statement} a = true;", then=then + never("a"))

    assert steps + 2 == found.broken["never-0"]


def test_what_is_evaluated_at_once_and_has_to_wait_is_not_begun() -> None:
    """[T7, W4] A thread that only looked on its way to a lock would be under way."""
    then = """
    claim use "c" before struct box: !box->gone;
    void f(void) { one.gone = true; }
    """
    found = together("lock(&two.lock);", "struct box *p = &one; lock(&p->next->lock);", then=then)

    assert {"balance": 1, "stuck": 1} == dict(found.broken)


def test_own_affairs_belong_to_the_step_before_them() -> None:
    """[T4] A state would be reachable that lies within a step."""
    found = together(
        "int i = 1; i = i + 1; n = i; inside = i == 2; hook(); inside = false; b = true;",
        then=never("b") + 'claim at-hook "c" before hook: inside;',
    )

    assert {"never-0": 3} == dict(found.broken)


def test_a_thread_without_an_access_has_one_step() -> None:
    """[T5] A thread that only returns would never be through, or break nothing."""
    found = alone("hook(); hook();", then='claim never-called "c" before hook: false;')

    assert {"never-called": 1} == dict(found.broken)
    assert 2 == found.states


def test_operands_are_evaluated_from_left_to_right_as_far_as_needed() -> None:
    """[T6] A check that guards a pointer would not guard it."""
    then = "void f(void) { some = &one; one.size = 1; a = true; b = true; }"
    safe = alone("if (some && some->size == 0) c = true;", then=then)
    unsafe = alone("if (some->size == 0 && some) c = true;", then=then)
    stops = alone("if (a && b) n = 1; c = true;", then=then + never("c"))
    both = alone("if (!a && b) n = 1; c = true;", then=then + never("c"))

    assert {} == dict(safe.broken)
    assert {"memory": 2} == dict(unsafe.broken)
    assert {"never-0": 3} == dict(stops.broken)
    assert {"never-0": 4} == dict(both.broken)


def test_the_value_comes_before_the_address() -> None:
    """[T6] A pointer that the value sets would be followed as it was before."""
    then = "int set(void) { some = &one; return 1; }"
    found = alone("some->size = set();", then=then)

    assert {} == dict(found.broken)


def test_each_read_is_a_step_and_so_is_the_store() -> None:
    """[T7] An increment that is no atomic operation would look like one."""
    found = together("n = n + 1;", "n = n + 1;", then=never("n == 2", "n == 1"))

    assert {"never-0": 5, "never-1": 3} == dict(found.broken)
    assert found.states > 7


def test_storing_in_a_local_testing_passing_and_returning_are_no_steps() -> None:
    """[T7] What a thread does with a value that it has read would be seen half done."""
    then = """
    int same(int i) { return i; }
    void unused(void) { n = 1; }
    claim never-called "c" before hook: false;
    """
    found = alone("int i = same(n); if (i == 0) hook();", then=then)

    assert {"never-called": 1} == dict(found.broken)


def test_a_primitive_is_taken_at_once_and_sees_what_it_does() -> None:
    """[T8] Somebody would get in between two statements of one atomic operation."""
    then = """
    primitive void both(int old)
    {
            a = true;
            b = a;
            n = old + n;
    }
    """
    found = together("both(n);", then=then + never("a && !b", "b"))

    assert {"never-1": 3} == dict(found.broken)
    assert {} == broken(found, ["memory"])


def test_the_arguments_of_a_primitive_are_from_before_its_step() -> None:
    """[T8] A value that was read earlier would be read again."""
    then = "primitive void keep(int old) { when (n == 1) c = old == 0; }"
    found = together("keep(n);", "n = 1;", then=then + never("c"))

    assert {"never-0": 4} == dict(found.broken)


def test_what_stands_before_the_first_when_is_common() -> None:
    """[T9] A condition would be asked before what comes before it, or a false one be taken."""
    then = """
    primitive int choose(void)
    {
            a = true;
            when (a) return 1;
            when (a) return 2;
            when (!a) return 3;
    }
    primitive void not_now(void) { when (b) c = true; }
    """
    found = alone("n = choose(); not_now();", then=then + never("n == 1", "n == 2", "n == 3", "c"))

    assert {"never-0": 3, "never-1": 3, "stuck": 2} == dict(found.broken)


@pytest.mark.parametrize(
    ("first", "second", "beside"),
    [
        ("lock(&m); a = true; a = false; unlock(&m);", "lock(&m); b = a; unlock(&m);", False),
        (
            "read_lock(&rw); a = true; a = false; read_unlock(&rw);",
            "read_lock(&rw); b = a; read_unlock(&rw);",
            True,
        ),
        (
            "read_lock(&rw); a = true; a = false; read_unlock(&rw);",
            "write_lock(&rw); b = a; write_unlock(&rw);",
            False,
        ),
        (
            "write_lock(&rw); a = true; a = false; write_unlock(&rw);",
            "read_lock(&rw); b = a; read_unlock(&rw);",
            False,
        ),
        ("get(); a = true; a = false; put();", "get(); b = a; put();", True),
    ],
)
def test_who_is_in_with_whom(first: str, second: str, beside: bool) -> None:
    """[T10] A lock would keep out whom it lets in, or the other way round."""
    found = together(first, second, then=never("b"))

    assert beside == ("never-0" in found.broken)


def test_a_downgrade_lets_readers_in() -> None:
    """[T10] munmap() would go on alone where readers are beside it."""
    then = "primitive void down(void) { downgrade(&rw); }"
    found = together(
        "write_lock(&rw); down(); a = true; a = false; read_unlock(&rw);",
        "read_lock(&rw); b = a; read_unlock(&rw);",
        then=then + never("b"),
    )

    assert {"never-0": 7} == dict(found.broken)


def test_of_a_way_that_cannot_be_gone_to_its_end_nothing_happens() -> None:
    """[T11] A lock would be taken, or a flag set, by who then waits."""
    then = "primitive void try_both(void) { a = true; acquire(&m); acquire(&k); }"
    found = together(
        "lock(&k); b = true; unlock(&k);",
        "try_both();",
        then=then + never("a && is_locked(&k) && !is_locked(&m)", "b && a && !is_locked(&m)"),
    )

    assert {} == broken(found, ["never-0", "never-1"])


def test_a_transient_alternative_may_be_taken_while_its_condition_is_true() -> None:
    """[T12] A failure for no reason at all would never be seen."""
    then = """
    primitive bool attempt(void)
    {
            when (a) return true;
            transient when (b) return false;
    }
    """
    found = together(
        "if (attempt()) n = 1; else n = 2;", "b = true;", then=then + never("n == 1", "n == 2")
    )

    # The first waits until b is set: nobody sets a.
    assert {"never-1": 4} == dict(found.broken)
    assert "n = 1;" not in texts(found)
