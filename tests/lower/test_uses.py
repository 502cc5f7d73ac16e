"""Where `before struct` looks: each pointer that is followed, in the state in which it is.

The lines are those of `test_lowerings`.
"""

from __future__ import annotations

import pytest

from tests.lower.short import WORLD, commands, explored, program
from tests.syntax.asking import lowered, mistakes
from verify.ir import thread_named
from verify.report.violations import violation_text

LIVE = 'claim live "x" before struct box: !box->full;\n'

CASES: dict[str, tuple[str, str, list[str]]] = {
    "a function reads": (
        "struct box *p; p = some; b = p->full;",
        "",
        [
            "0 > 1: true / p = some",
            "1 ! live: (p == &box0) && box0.full / -",
            "1 ! live: (p == &box1) && box1.full / -",
            "1 ! memory: p == NULL / -",
            "1 > 2: p != NULL / full = (p == &box0) ? box0.full : box1.full / forget p",
            "2 > 3: true / b = full / forget full%2",
        ],
    ),
    "a function writes": (
        "struct box *p; p = &box1; p->full = false;",
        "",
        ["0 ! live: box1.full / -", "0 > 1: true / box1.full = false"],
    ),
    "a function reads what never changes": (
        "struct box *p; p = &box1; if (p->count == 0) a = true;",
        "",
        ["0 ! live: box1.full / -", "0 > 1: true / -", "1 > 2: true / a = true"],
    ),
    "a lock in an object is taken and let go": (
        "struct box *p; p = &box1; lock(&p->lock); unlock(&p->lock);",
        "",
        [
            "0 ! live: box1.full / -",
            "0 > 1: !others_hold(box1.lock) / hold box1.lock",
            "1 ! live: box1.full / -",
            "1 > 2: true / release box1.lock",
        ],
    ),
    "the address of what is inside": (
        "struct lid *l; l = &some->lid; a = container_of(l, struct box, lid) == NULL;",
        "",
        [
            "0 ! live: (some == &box0) && box0.full / -",
            "0 ! live: (some == &box1) && box1.full / -",
            "0 ! memory: some == NULL / -",
            "0 > 1: some != NULL / l = (some == &box1) ? 2 : (some == &box0)",
            "1 > 2: true / a = (l != &box1.lid) && (l != &box0.lid) / forget l",
        ],
    ),
    "each pointer of a row, in the state in which it is followed": (
        "some->next->full = true;",
        "",
        [
            "0 > 1: true / some = some",
            "1 ! live: (some == &box0) && box0.full / -",
            "1 ! live: (some == &box1) && box1.full / -",
            "1 ! memory: some == NULL / -",
            "1 > 2: some != NULL / next = (some == &box0) ? box0.next : box1.next / forget some%1",
            "2 ! live: (next == &box0) && box0.full / -",
            "2 ! live: (next == &box1) && box1.full / -",
            "2 ! memory: next == NULL / -",
            "2 > 3: next == &box0 / box0.full = true / forget next%2",
            "2 > 3: next == &box1 / box1.full = true / forget next%2",
        ],
    ),
    "nothing is used behind a NULL": (
        "struct box *p; p = some; if (p && p->full) a = true;",
        "",
        [
            "0 > 1: some != NULL / p = some",
            "0 > 3: some == NULL / -",
            "1 ! live: (p == &box0) && box0.full / -",
            "1 ! live: (p == &box1) && box1.full / -",
            "1 > 2: (p == &box0) ? box0.full : box1.full / - / forget p",
            "1 > 3: !((p == &box0) ? box0.full : box1.full) / - / forget p",
            "2 > 3: true / a = true",
        ],
    ),
    "what is stored is used as well": (
        "struct box *p; struct box *q; p = &box0; q = &box1; p->full = q->count == 0;",
        "",
        [
            "0 ! live: box1.full / -",
            "0 ! live: box0.full / -",
            "0 > 1: true / box0.full = true",
        ],
    ),
    "a loop uses it each time": (
        "struct box *p; p = &box0; while (p->count == 0) a = true;",
        "",
        [
            "0 ! live: box0.full / -",
            "0 > 1: true / -",
            "1 > 2: true / a = true",
            "2 ! live: box0.full / -",
            "2 > 1: true / -",
        ],
    ),
    "a pointer is copied and handed on": (
        "struct box *p; p = some; f(p); some = p;",
        "void f(struct box *q) { struct box *r; r = q; }",
        ["0 > 1: true / p = some", "1 > 2: true / some = p / forget p"],
    ),
    "an object is named": (
        "box0.full = true; box1.lid.shut = true; lock(&box0.lock); f(&box0.lid);"
        " unlock(&box0.lock);",
        "void f(struct lid *l) { l->shut = true; }",
        [
            "0 > 1: true / box0.full = true",
            "1 > 2: true / box1.lid.shut = true",
            "2 > 3: !others_hold(box0.lock) / hold box0.lock",
            "3 > 4: true / box0.lid.shut = true",
            "4 > 5: true / release box0.lock",
        ],
    ),
    "a contract and what must be held": (
        "lock(&box0.lock); f(&box0); unlock(&box0.lock);",
        "void f(struct box *p) __must_hold(&p->lock) { a = true; }",
        [
            "0 > 1: !others_hold(box0.lock) / hold box0.lock",
            "1 > 2: true / a = true",
            "2 > 3: true / release box0.lock",
        ],
    ),
    "a primitive reads and writes": (
        "p(&box0);",
        "primitive void p(struct box *q) { q->count = q->count; }",
        ["0 ! live: box0.full / -", "0 > 1: true / box0.count = box0.count"],
    ),
    "a primitive frees twice": (
        "p(&box0);",
        "primitive void p(struct box *q) { q->full = true; q->full = true; }",
        ["0 ! live: box0.full / -", "0 ! live: true / -", "0 > 1: true / box0.full = true"],
    ),
    "a primitive revives what it uses": (
        "p(&box0);",
        "primitive void p(struct box *q) { box0.full = false; q->count = 1; }",
        ["0 > 1: true / box0.full = false; box0.count = 1"],
    ),
    "a primitive takes a lock": (
        "p(&box0); unlock(&box0.lock);",
        "primitive void p(struct box *q) { acquire(&q->lock); }",
        [
            "0 ! live: box0.full / -",
            "0 > 1: !others_hold(box0.lock) / hold box0.lock",
            "1 > 2: true / release box0.lock",
        ],
    ),
    "a primitive looks at NULL first": (
        "struct box *p; p = some; a = q(p);",
        "primitive bool q(struct box *p) { return p && p->count == 0; }",
        [
            "0 > 1: true / p = some",
            "1 ! live: (p == &box0) && box0.full / -",
            "1 ! live: (p == &box1) && box1.full / -",
            "1 > 2: p != NULL / q = p != NULL / forget p",
            "1 > 2: p == NULL / q = false / forget p",
            "2 > 3: true / a = q / forget q%2",
        ],
    ),
    "the same pointer in one expression is asked of once": (
        "p(&box0);",
        "primitive void p(struct box *q) { a = q->count == 0 && q->full; }",
        ["0 ! live: box0.full / -", "0 > 1: true / a = box0.full"],
    ),
    "what stands behind a NULL is not used": (
        "p(&box0);",
        "primitive void p(struct box *q) { a = box1.next->count == 0 && q->count == 0; }",
        [
            "0 ! live: (box1.next == &box0) && box0.full / -",
            "0 ! live: (box1.next == &box1) && box1.full / -",
            "0 ! live: (box1.next != NULL) && box0.full / -",
            "0 ! memory: box1.next == NULL / -",
            "0 > 1: box1.next != NULL / a = true",
        ],
    ),
    "alternatives that begin alike are asked once": (
        "p(&box0);",
        "primitive void p(struct box *q) { when (q->count == 0) a = true;"
        " when (q->count != 0) a = false; transient when (q->count == 0) ; }",
        ["0 ! live: box0.full / -", "0 > 1: true / a = true", "0 > 1: true / -"],
    ),
    "a primitive follows a pointer in an object": (
        "p(&box0);",
        "primitive void p(struct box *q) { box1.full = true; q->next->count = 1; }",
        [
            "0 ! live: box0.full / -",
            "0 ! live: (box0.next == &box0) && box0.full / -",
            "0 ! live: box0.next == &box1 / -",
            "0 ! memory: box0.next == NULL / -",
            "0 > 1: box0.next == &box0 / box1.full = true; box0.count = 1",
            "0 > 1: box0.next == &box1 / box1.full = true; box1.count = 1",
        ],
    ),
}


@pytest.mark.parametrize(("body", "before", "expected"), CASES.values(), ids=CASES.keys())
def test_a_use_is_looked_at_where_it_is(body: str, before: str, expected: list[str]) -> None:
    """A use after free would be missed, or seen where nothing is used."""
    assert expected == commands(program(body, before, LIVE))


@pytest.mark.parametrize(("body", "before", "_"), CASES.values(), ids=CASES.keys())
def test_all_the_rest_is_as_without_the_claim(body: str, before: str, _: list[str]) -> None:
    """A claim would change what the program can do."""
    plain = explored(program(body, before))
    asked = explored(program(body, before, LIVE))

    assert set(plain.broken) == set(asked.broken) - {"live"}
    assert (plain.stuck is None) == (asked.stuck is None)


def test_what_is_asked_may_be_of_the_thread_and_of_others() -> None:
    """Lifetimes that hang on a lock, or on who looks, could not be said."""
    claim = (
        'claim live "x" before struct box: held(&box->lock) || inside || is_locked(&m);\n'
        'claim next "x" before struct box: box->next != NULL;\n'
        'claim lid "x" before struct lid: !lid->shut;\n'
    )
    found = program("struct box *p; p = &box0; lock(&p->lock); p->lid.shut = a;", "", claim)

    assert [
        "0 ! live: !others_hold(m) / -",
        "0 ! next: box0.next == NULL / -",
    ] == commands(found)[:2]
    assert [
        "2 ! next: box0.next == NULL / -",
        "2 ! lid: box0.lid.shut / -",
    ] == [line for line in commands(found) if line.startswith("2 !") and "balance" not in line]


def test_an_index_comes_before_what_it_is_an_index_of() -> None:
    """An array would be used by who has followed NULL on the way to it."""
    before = (
        "struct shelf { int at[2]; bool gone; }; struct shelf shelf0 = { .gone = true };"
        "primitive void p(struct shelf *s) { s->at[box1.next->count] = 1; }"
    )
    claim = 'claim live "x" before struct shelf: !shelf->gone;\n'

    assert [
        "0 ! live: box1.next != NULL / -",
        "0 ! memory: box1.next == NULL / -",
        "0 > 1: box1.next != NULL / shelf0.at[0] = 1",
    ] == commands(program("p(&shelf0);", before, claim))


def test_a_condition_that_follows_null_is_not_true() -> None:
    """A claim that makes no sense in some state would hold there."""
    claim = 'claim live "x" before struct box: !box->next->full;\n'
    found = commands(program("struct box *p; p = &box0; p->count = 1;", "", claim))

    assert (
        "0 ! live: (box0.next == NULL) || ((box0.next == &box0) ? box0.full : box1.full) / -"
        == found[0]
    )


def test_a_condition_that_is_always_true_costs_nothing() -> None:
    """Each use of what is never freed would come with commands that are never taken."""
    text = """
    struct page { bool freed; bool dirty; };
    struct page page0;
    thread t { struct page *p; p = &page0; p->dirty = true; }
    scenario s "x": t;
    claim live "x" before struct page: !page->freed;
    """

    assert ["0 > 1: true / page0.dirty = true"] == commands(lowered(text))


def test_what_breaks_it_names_the_object_the_text_and_the_condition() -> None:
    """Somebody would have to guess which object was used, where, and what is wrong with it."""
    found = thread_named(program("some->next->full = true;", "", LIVE), "t")
    reasons = [violation_text(c.violation) for c in found.commands if c.violates == "live"]

    assert "uses box1 in `some->next` while `!box->full` is false" == reasons[1]
    assert "uses box0 in `some->next->full` while `!box->full` is false" == reasons[2]


def test_a_local_that_is_not_set_is_told_of_once() -> None:
    """A claim would make two mistakes of one."""
    text = f"{WORLD}thread t {{ struct box *p; p->full = a; }}\n{LIVE}"
    (found,) = mistakes(f'{text}scenario s "x": t;')

    assert "`p` may be read before it is set" == found.headline
