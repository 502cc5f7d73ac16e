"""Small bodies and the guarded commands they come to.

A line reads `from > to: guard / effects / locals forgotten`, `!` instead of `>`
and a number where a command breaks a claim.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lower.short import commands, explored, program
from tests.syntax.asking import lowered
from verify.lower.program import lower
from verify.syntax.load import Loader
from verify.syntax.resolve import read

PROGRAMS = sorted((Path(__file__).parents[2] / "programs").glob("*.bfp"))

CASES: dict[str, tuple[str, str, list[str]]] = {
    "and stops at what is false": (
        "if (a && b) c = true;",
        "",
        [
            "0 > 1: a / -",
            "0 > 3: !a / -",
            "1 > 2: b / -",
            "1 > 3: !b / -",
            "2 > 3: true / c = true",
        ],
    ),
    "or stops at what is true": (
        "if (a || !b) c = true;",
        "",
        [
            "0 > 1: a / -",
            "0 > 2: !a / -",
            "1 > 3: true / c = true",
            "2 > 3: b / -",
            "2 > 1: !b / -",
        ],
    ),
    "a value of and is found by branching": (
        "c = a && b;",
        "",
        [
            "0 > 1: a / -",
            "0 > 2: !a / condition = false",
            "1 > 2: b / condition = true",
            "1 > 2: !b / condition = false",
            "2 > 3: true / c = condition / forget condition%1",
        ],
    ),
    "one side of a choice is read": (
        "c = a ? b : box0.full;",
        "",
        [
            "0 > 1: a / -",
            "0 > 2: !a / -",
            "1 > 3: true / b = b",
            "2 > 4: true / full = box0.full",
            "3 > 5: true / c = b / forget b%1",
            "4 > 5: true / c = full / forget full%2",
        ],
    ),
    "a count is a read and a store": (
        "n++;",
        "",
        [
            "0 > 1: true / n = n",
            "1 ! memory: ((n + 1) < 0) || (3 < (n + 1)) / -",
            "1 > 2: !(((n + 1) < 0) || (3 < (n + 1))) / n = n + 1 / forget n%1",
        ],
    ),
    "two reads and a write are three steps": (
        "c = a == b;",
        "",
        [
            "0 > 1: true / a = a",
            "1 > 2: true / b = b",
            "2 > 3: true / c = a == b / forget a%1, b%2",
        ],
    ),
    "a pointer that is read twice is read in two steps": (
        "some->next->full = true;",
        "",
        [
            "0 > 1: true / some = some",
            "1 ! memory: some == NULL / -",
            "1 > 2: some != NULL / next = (some == &box0) ? box0.next : box1.next / forget some%1",
            "2 ! memory: next == NULL / -",
            "2 > 3: next == &box0 / box0.full = true / forget next%2",
            "2 > 3: next == &box1 / box1.full = true / forget next%2",
        ],
    ),
    "a lock is taken through a pointer": (
        "lock(&some->lock); box0.full = true; unlock(&box1.lock);",
        "",
        [
            "0 > 1: true / some = some",
            "1 ! memory: some == NULL / -",
            "1 > 2: (some == &box0) && !others_hold(box0.lock) / hold box0.lock / forget some%1",
            "1 > 2: (some == &box1) && !others_hold(box1.lock) / hold box1.lock / forget some%1",
            "2 > 3: true / box0.full = true",
            "3 ! lock-use: !held_write(box1.lock) / -",
            "3 ! balance: held_write(box1.lock) && held(box0.lock) / release box1.lock",
            "3 > 4: held_write(box1.lock) / release box1.lock",
        ],
    ),
    "container_of a constant is a constant": (
        "struct lid *l; l = &box1.lid; container_of(l, struct box, lid)->full = true;",
        "",
        ["0 > 1: true / box1.full = true"],
    ),
    "container_of a pointer is the object around it": (
        "struct lid *l; l = &some->lid; container_of(l, struct box, lid)->full = true;",
        "",
        [
            "0 ! memory: some == NULL / -",
            "0 > 1: some != NULL / l = (some == &box1) ? 2 : (some == &box0)",
            "1 ! memory: (l != &box1.lid) && (l != &box0.lid) / -",
            "1 > 2: l == &box0.lid / box0.full = true / forget l",
            "1 > 2: l == &box1.lid / box1.full = true / forget l",
        ],
    ),
    "an index is read before the element is written": (
        "row[n] = 1;",
        "",
        [
            "0 > 1: true / n = n",
            "1 ! memory: !((n == 0) || (n == 1)) / -",
            "1 > 2: n == 0 / row[0] = 1 / forget n%1",
            "1 > 2: n == 1 / row[1] = 1 / forget n%1",
        ],
    ),
    "an index beyond the array breaks memory": ("row[2] = 1;", "", ["0 ! memory: true / -"]),
    "a while reads its condition each time": (
        "while (a) b = true;",
        "",
        [
            "0 > 1: a / -",
            "0 > 3: !a / -",
            "1 > 2: true / b = true",
            "2 > 1: a / -",
            "2 > 3: !a / -",
        ],
    ),
    "a for with a local is its rounds": (
        "int i; for (i = 0; i < 2; i = i + 1) row[i] = 3;",
        "",
        ["0 > 1: true / row[0] = 3", "1 > 2: true / row[1] = 3"],
    ),
    "a downgrade keeps the lock for read": (
        "w(); d(); r();",
        "primitive void w(void) { acquire(&rw); } primitive void d(void) { downgrade(&rw); }"
        " primitive void r(void) { release_shared(&rw); }",
        [
            "0 > 1: !others_hold(rw) / hold rw",
            "1 > 2: true / hold shared rw",
            "2 > 3: true / release rw",
        ],
    ),
    "a trylock is its alternatives": (
        "if (try(&m)) unlock(&m);",
        "primitive bool try(struct mutex *l) { when (!is_locked(l)) { acquire(l); return true; }"
        ' when (is_locked(l)) return false; transient "bad luck" return false; }',
        [
            "0 > 1: !others_hold(m) / hold m",
            "0 > 2: others_hold(m) / -",
            "0 > 2: true / -",
            "1 > 2: true / release m",
        ],
    ),
    "a primitive is one step": (
        "p();",
        "primitive void p(void) { if (a) b = true; else b = false; c = b; }",
        ["0 > 1: a / b = true; c = true", "0 > 1: !a / b = false; c = false"],
    ),
    "what precedes the whens may have several ways": (
        "p();",
        "primitive void p(void) { if (a) b = true; when (b) c = true; when (!b) c = false; }",
        [
            "0 > 1: a / b = true; c = true",
            "0 > 1: !a && b / c = true",
            "0 > 1: !a && !b / c = false",
        ],
    ),
    "a primitive in a primitive is the same step": (
        "p();",
        "primitive bool q(void) { b = !b; return b; }"
        " primitive bool p(void) { a = true; return q(); }",
        ["0 > 1: true / a = true; b = !b"],
    ),
    "what is left of a call is read before it": (
        "c = a == f();",
        "bool f(void) { b = true; return b; }",
        [
            "0 > 1: true / a = a",
            "1 > 2: true / b = true",
            "2 > 3: true / f = b",
            "3 > 4: true / c = a == f / forget a%1, f%2",
        ],
    ),
    "a call behind && is made if it is reached": (
        "if (a && f()) c = true;",
        "bool f(void) { b = true; return b; }",
        [
            "0 > 1: a / -",
            "0 > 4: !a / -",
            "1 > 2: true / b = true",
            "2 > 3: b / -",
            "2 > 4: !b / -",
            "3 > 4: true / c = true",
        ],
    ),
    "a value of and calls what is behind it if it is reached": (
        "c = a && f();",
        "bool f(void) { b = true; return b; }",
        [
            "0 > 1: a / -",
            "0 > 2: !a / condition = false",
            "1 > 3: true / b = true",
            "2 > 4: true / c = condition / forget condition%1",
            "3 > 2: b / condition = true",
            "3 > 2: !b / condition = false",
        ],
    ),
    "a local is forgotten once nobody reads it": (
        "bool x; bool y; x = a; y = b; c = x; lock(&m); if (y) unlock(&m);",
        "",
        [
            "0 > 1: true / x = a",
            "1 > 2: true / y = b",
            "2 > 3: true / c = x / forget x",
            "3 ! balance: !others_hold(m) && !y / hold m",
            "3 > 4: !others_hold(m) && y / hold m / forget y",
            "3 > 5: !others_hold(m) && !y / hold m / forget y",
            "4 > 5: true / release m",
        ],
    ),
    "a function without what it must hold breaks balance": (
        "f();",
        "void f(void) __must_hold(&m) { a = true; }",
        ["0 ! balance: true / -", "0 > 1: true / a = true"],
    ),
}


@pytest.mark.parametrize(("body", "before", "expected"), CASES.values(), ids=CASES.keys())
def test_a_body_comes_to_its_commands(body: str, before: str, expected: list[str]) -> None:
    """Every engine answers for another program than the one that was written."""
    assert expected == commands(program(body, before))


def test_the_table_is_sampled_where_it_says() -> None:
    """The cells of the case table would show other states than the ones asked for."""
    found = program(
        "f();",
        "primitive bool look(void) { return a; } void f(void) { if (look()) c = true; }",
        'outcome o "x" = did(look);\n'
        "table f { at look returns true; axis b = b; axis c = c; case true: o; }\n",
    )

    assert [
        "0 > 1: (a == true) && !b && !c / case = !b, !c",
        "0 > 1: (a == true) && b && !c / case = b, !c",
        "0 > 1: (a == true) && !b && c / case = !b, c",
        "0 > 1: (a == true) && b && c / case = b, c",
    ] == commands(found)[:4]
    assert "0 > 2: !a / - / forget case" == commands(found)[4]


def test_a_lonely_thread_has_nothing_transient_and_one_claim() -> None:
    """Progress would be denied for a failure that cannot go on for ever."""
    found = program(
        "if (try()) a = true;",
        "primitive bool try(void) { when (true) return true; transient return false; }",
        'claim done "x" alone t when (b) finally: a;\nclaim odd "x" before try: !c;\n',
    )

    assert [
        "0 > 1: b / -",
        "1 > 2: true / -",
        "2 > 3: true / a = true",
    ] == commands(found, "done")
    assert any("! odd" in line for line in commands(found, "t"))
    assert not any("! done" in line for line in commands(found, "t"))


NARROW = "range long = 0..1; long tiny; "
LEAVES = {
    "a sum": ("n = n + 1;", ""),
    "a wider variable": ("tiny = n;", NARROW),
    "an argument": ("f(n);", NARROW + "void f(long x) { tiny = x; }"),
    "what a function returns": ("tiny = f();", NARROW + "int f(void) { return n; }"),
    "what a primitive returns": ("tiny = f();", NARROW + "primitive int f(void) { return n; }"),
    "what a primitive stores": ("f();", NARROW + "primitive void f(void) { tiny = n; }"),
}


@pytest.mark.parametrize(("body", "before"), LEAVES.values(), ids=LEAVES.keys())
def test_a_value_outside_its_range_breaks_memory(body: str, before: str) -> None:
    """A state would hold a value of no type, of which each engine makes what it likes."""
    text = (
        f"range int = 0..3; int n = 3; {before}\nthread t {{ {body} }}\n"
        'thread u { n = 2; n = 3; }\nscenario s "x": t, u;\n'
    )

    assert "memory" in explored(lowered(text)).broken


def test_a_value_that_is_in_range_for_sure_is_not_tested() -> None:
    """Each assignment would come with a command that can never be taken."""
    found = program("int x; x = n; n = x; a = b; n = 3;")

    assert not any("! memory" in line for line in commands(found))


@pytest.mark.slow
@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_the_programs_are_lowered(path: Path) -> None:
    """A change of the language would leave its own examples behind."""
    found = lower(read(path))

    assert {"shrinker", "munmap", "mmap_foreign", "fork"} <= {t.name for t in found.threads}
    assert all(t.commands for t in found.threads)


@pytest.mark.slow
def test_programs_that_share_a_model_are_lowered_as_each_alone() -> None:
    """What is remembered of one program would leak into the next."""
    loader = Loader()

    for path in PROGRAMS:
        assert lower(read(path)) == lower(read(path, loader))
