"""What is short for something else: docs/language.md, "Written out".

Each text stands beside the one that it stands for, in the core; both have to come to
the same states, in the same steps, and break the same claims at the same depth.
"""

from __future__ import annotations

from collections import Counter

import pytest

from tests.lower.short import WORLD
from tests.syntax.asking import RUNS, lowered, mistakes, places
from tests.syntax.asking import WORLD as NAMES
from verify.explore import explore
from verify.ir import instance

# All that both ways to write it can do.
pytestmark = pytest.mark.slow

CHOICE = "enum way { LEFT, RIGHT, BACK };\nenum way w;\n"
BESIDE = """\
thread beside { a = true; w = RIGHT; n = 2; some = &box0; a = false; w = BACK; row[1] = 1; }
primitive bool draw(void) { when (!b) { b = true; return true; } when (b) return false; }
primitive void note(int x, int y) { n = y; }
bool both(bool x, bool y) { bool z = x; if (!y) z = false; return z; }
scenario both "x": t, beside;
claim no-c "x" never: c;
claim no-2 "x" never: n == 2 && c;
claim no-3 "x" never: n == 3;
claim no-full "x" never: box0.full;
claim no-row "x" never: row[1] == 3;
claim small "x" before note: x != 2;
"""


def seen(body: str, claim: str = "") -> tuple[Counter[int], dict[str, int]]:
    """What a thread of this body does beside another one: states by depth, and what breaks when."""
    program = lowered(f"{WORLD}{CHOICE}{BESIDE}{claim}\nthread t {{ {body} }}\n")
    found = explore(program, instance(program, program.scenarios[0], 1), again=frozenset())
    assert found.complete
    # Breadth first: whatever leads to a state was seen before it.
    depth: dict[object, int] = {}
    for state, way in found.parents.items():
        depth[state] = 0 if way is None else 1 + depth[way[0]]
    assert len(depth) > 10
    broken = {claim: len(found.run(end)) for claim, end in found.broken.items()}
    return Counter(depth.values()), broken


PAIRS = [
    (
        "for is a while with what comes before it and behind its body",
        "int i; for (i = 0; i < 3; i = i + 1) { row[0] = i; }",
        "int i; i = 0; while (i < 3) { row[0] = i; i = i + 1; }",
    ),
    (
        "for goes on for ever without a condition",
        "for (;;) { if (a) goto out; c = true; } out: n = 3;",
        "while (true) { if (a) goto out; c = true; } out: n = 3;",
    ),
    (
        "break leaves the innermost loop",
        "while (a) { if (b) break; c = true; } n = 3;",
        "while (a) { if (b) goto out; c = true; } out: n = 3;",
    ),
    (
        "break leaves a for",
        "int i; for (i = 0; i < 3; i = i + 1) { if (a) break; n = i; } c = true;",
        "int i; i = 0; while (i < 3) { if (a) goto out; n = i; i = i + 1; } out: c = true;",
    ),
    (
        "break leaves one loop of two",
        "while (a) { while (b) break; c = true; break; } n = 3;",
        "while (a) { while (b) goto in; in: c = true; goto out; } out: n = 3;",
    ),
    (
        "continue goes on with the test",
        "while (a) { if (b) continue; c = true; } n = 3;",
        "again: if (a) { if (b) goto again; c = true; goto again; } n = 3;",
    ),
    (
        "continue goes on with the step",
        "int i; for (i = 0; i < 3; i = i + 1) { if (a) continue; n = i; }",
        "int i; i = 0; while (i < 3) { if (a) goto on; n = i; on: i = i + 1; }",
    ),
    (
        "switch reads its subject once",
        "switch (w) { case LEFT: c = true; break; case RIGHT: n = 2; break; default: n = 3; }",
        "enum way x = w; if (x == LEFT) goto l; if (x == RIGHT) goto r; n = 3;"
        " goto out; l: c = true; goto out; r: n = 2; out: ;",
    ),
    (
        "switch falls through",
        "switch (w) { case LEFT: c = true; case RIGHT: n = 2; } box0.full = true;",
        "enum way x = w; if (x == LEFT) goto l; if (x == RIGHT) goto r; goto"
        " out; l: c = true; r: n = 2; out: box0.full = true;",
    ),
    (
        "switch has several labels in a place",
        "switch (w) { case LEFT: case BACK: c = true; break; case RIGHT: n = 3; }",
        "enum way x = w; if (x == LEFT) goto l; if (x == BACK) goto l; if (x"
        " == RIGHT) goto r; goto out; l: c = true; goto out; r: n = 3; out: ;",
    ),
    (
        "switch takes default wherever it stands",
        "switch (n) { default: c = true; break; case 2: box0.full = true; } row[1] = 3;",
        "int x = n; if (x == 2) goto two; c = true; goto out; two: box0.full ="
        " true; out: row[1] = 3;",
    ),
    (
        "switch goes behind where nothing fits",
        "switch (n) { case 3: c = true; } row[1] = 3;",
        "int x = n; if (x == 3) c = true; row[1] = 3;",
    ),
    (
        "switch lets continue go on with the loop",
        "while (a) { switch (w) { case LEFT: continue; case RIGHT: break; } c = true; }",
        "again: if (a) { enum way x = w; if (x == LEFT) goto again; if (x =="
        " RIGHT) goto out; out: c = true; goto again; }",
    ),
    (
        "switch has labels in what is inside of it",
        "switch (n) { case 0: while (a) { case 2: c = true; } } row[1] = 3;",
        "int x = n; if (x == 0) goto zero; if (x == 2) goto two; goto out;"
        " zero: while (a) { two: c = true; } out: row[1] = 3;",
    ),
    (
        "switch keeps what an operator is applied to",
        "switch (n + 1) { case 1: c = true; break; case 3: row[1] = 3; }",
        "int x = n; if (x + 1 == 1) goto one; if (x + 1 == 3) goto three; goto"
        " out; one: c = true; goto out; three: row[1] = 3; out: ;",
    ),
    (
        "switch calls in its subject once",
        "switch (draw()) { case true: c = true; break; case false: row[1] = 3; }",
        "bool x = draw(); if (x) c = true; else row[1] = 3;",
    ),
    (
        "switch compares with what is worked out of constants",
        "switch (n) { case 1 + 2: c = true; break; case 2 * 1 - 2: row[1] = 3; }",
        "int x = n; if (x == 3) c = true; else if (x == 0) row[1] = 3;",
    ),
    (
        "do is entered before its test",
        "do { c = true; n = 3; } while (a); row[1] = 3;",
        "again: c = true; n = 3; if (a) goto again; row[1] = 3;",
    ),
    (
        "do goes on with its test",
        "do { if (b) continue; c = true; } while (a); row[1] = 3;",
        "again: if (b) goto on; c = true; on: if (a) goto again; row[1] = 3;",
    ),
    (
        "do can be left",
        "do { if (b) break; c = true; } while (a); row[1] = 3;",
        "again: if (b) goto out; c = true; if (a) goto again; out: row[1] = 3;",
    ),
    (
        "a conditional evaluates one side only",
        "c = a ? b : box0.full;",
        "if (a) c = b; else c = box0.full;",
    ),
    (
        "a conditional calls one side only",
        "c = a ? draw() : b;",
        "if (a) c = draw(); else c = b;",
    ),
    (
        "a conditional is in what is returned",
        "c = both(a ? draw() : b, b);",
        "bool x; if (a) x = draw(); else x = b; c = both(x, b);",
    ),
    (
        "a conditional comes behind what is to its left",
        "n = row[1] + (a ? 1 : 2);",
        "int x = row[1]; if (a) n = x + 1; else n = x + 2;",
    ),
    (
        "a conditional comes behind the arguments before it",
        "note(n, a ? 1 : 3);",
        "int x = n; if (a) note(x, 1); else note(x, 3);",
    ),
    (
        "a conditional is evaluated if && needs it",
        "c = a && (b ? box0.full : box1.full);",
        "if (a) { if (b) c = box0.full; else c = box1.full; } else c = false;",
    ),
    (
        "a conditional is evaluated if || needs it",
        "c = a || (b ? box0.full : box1.full);",
        "if (a) c = true; else if (b) c = box0.full; else c = box1.full;",
    ),
    (
        "a conditional is a condition",
        "if (a ? b : box0.full) c = true; else n = 3;",
        "bool x; if (a) x = b; else x = box0.full; if (x) c = true; else n = 3;",
    ),
    (
        "a conditional is a condition of a loop",
        "while (a ? b : box0.full) c = true; n = 3;",
        "bool x; again: if (a) x = b; else x = box0.full; if (x) { c = true; goto again; } n = 3;",
    ),
    (
        "a conditional stands in another one",
        "n = a ? (b ? 1 : 2) : 3;",
        "if (a) { if (b) n = 1; else n = 2; } else n = 3;",
    ),
    (
        "a conditional chooses on the right",
        "n = a ? 1 : b ? 2 : 3;",
        "if (a) n = 1; else if (b) n = 2; else n = 3;",
    ),
    (
        "a conditional begins a local",
        "int x = a ? 1 : 2; n = x;",
        "int x; if (a) x = 1; else x = 2; n = x;",
    ),
    (
        "a conditional chooses where a value is stored",
        "row[a ? 0 : 1] = n;",
        "int x = n; if (a) row[0] = x; else row[1] = x;",
    ),
    (
        "a conditional is switched on",
        "switch (a ? n : 3) { case 3: c = true; }",
        "int x; if (a) x = n; else x = 3; if (x == 3) c = true;",
    ),
    (
        "a conditional chooses a pointer",
        "struct box *p = a ? &box0 : some; p->full = true;",
        "struct box *p; if (a) p = &box0; else p = some; p->full = true;",
    ),
    (
        "an update is a read and a store",
        "n += 1;",
        "n = n + 1;",
    ),
    (
        "an update takes away",
        "n = 3; n -= 2;",
        "n = 3; n = n - 2;",
    ),
    (
        "an update multiplies",
        "n = 1; n *= 3;",
        "n = 1; n = n * 3;",
    ),
    (
        "an update works out its address once",
        "some = &box0; some->next->count += 1;",
        "some = &box0; struct box *p = some; struct box *q = p->next; q->count = q->count + 1;",
    ),
    (
        "an update works out its index once",
        "row[n] += 1;",
        "int i = n; row[i] = row[i] + 1;",
    ),
    (
        "an update reads the old value before the operand",
        "n += row[0];",
        "n = n + row[0];",
    ),
    (
        "an update chooses its operand",
        "n += a ? 1 : 3;",
        "int x = n; if (a) n = x + 1; else n = x + 3;",
    ),
    (
        "an update is the step of a for",
        "int i; for (i = 0; i < 3; i += 2) row[0] = i;",
        "int i; for (i = 0; i < 3; i = i + 2) row[0] = i;",
    ),
    (
        "a count counts up behind",
        "n++;",
        "n = n + 1;",
    ),
    (
        "a count counts down behind",
        "n = 3; n--;",
        "n = 3; n = n - 1;",
    ),
    (
        "a count counts up before",
        "++n;",
        "n = n + 1;",
    ),
    (
        "a count counts down before",
        "n = 3; --row[0];",
        "n = 3; row[0] = row[0] - 1;",
    ),
    (
        "a count is the step of a for",
        "int i; for (i = 0; i < 3; i++) row[0] = i;",
        "int i; for (i = 0; i < 3; i = i + 1) row[0] = i;",
    ),
]


@pytest.mark.parametrize(("text", "core"), [p[1:] for p in PAIRS], ids=[p[0] for p in PAIRS])
def test_what_is_short_does_what_it_stands_for(text: str, core: str) -> None:
    """[D1, D2, D3, D4, D5, D6, D7, D8] A variable would be read twice, or where C does not
    read it, and a run of the kernel would be missed."""
    assert seen(core) == seen(text)


CLAIMS = [
    ("never: a ? b : c", "never: (a && b) || (!a && c)"),
    ("never: (a ? n : 3) == 2", "never: (a && n == 2) || (!a && 3 == 2)"),
    ("never: !(a ? b : c) || c", "never: !((a && b) || (!a && c)) || c"),
]


@pytest.mark.parametrize(("short", "long"), CLAIMS)
def test_a_claim_chooses_as_a_function_does(short: str, long: str) -> None:
    """[D6] A claim would be about another state than the one its author means."""
    asks = [f'claim asked "x" {claim};' for claim in (long, short)]
    body = "a = true; b = true; n = 2; c = true;"
    expected, found = (seen(body, one) for one in asks)
    assert "asked" in expected[1]
    assert expected == found


MISTAKES = [
    ("thread r { break; }", ("BFP105", 12), "`break` leaves no loop"),
    ("primitive void p(void) { while (flag) break; }", ("BFP105", 26), "no loops in a primitive"),
    ("primitive void p(void) { break; }", ("BFP105", 26), "`break` leaves no loop"),
    ("thread r { continue; }", ("BFP105", 12), "`continue` stands in no loop"),
    (
        "thread r { switch (number) { case 1: case 1: break; } }",
        ("BFP106", 38),
        "`case 1` is there twice",
    ),
    (
        "thread r { switch (number) { default: default: break; } }",
        ("BFP106", 39),
        "`default` is there twice",
    ),
    (
        "thread r { switch (number) { case 1: case 2 - 1: break; } }",
        ("BFP106", 38),
        "`case 2 - 1` is there twice",
    ),
    (
        "thread r { switch (number) { case number: break; } }",
        ("BFP103", 35),
        "a case has to be a constant",
    ),
    (
        "thread r { int RED_ = 1; switch (number) { case RED_: break; } }",
        ("BFP103", 49),
        "a case has to be a constant",
    ),
    (
        "thread r { switch (number) { case GREEN: break; } }",
        ("BFP103", 30),
        "cannot compare int with enum colour",
    ),
    ("thread r { case 1: flag = true; }", ("BFP105", 12), "`case` stands in no switch"),
    ("thread r { default: flag = true; }", ("BFP105", 12), "`default` stands in no switch"),
    (
        "thread r { switch (number) { case 1: continue; } }",
        ("BFP105", 38),
        "`continue` stands in no loop",
    ),
    (
        "void v(void) { flag = true; } thread r { switch (v()) { case 1: break; } }",
        ("BFP103", 50),
        "`v()` is no value",
    ),
    (
        "primitive void p(void) { switch (number) { case 1: flag = true; } }",
        ("BFP105", 26),
        "no switch in a primitive",
    ),
    (
        "primitive void p(void) { do flag = true; while (flag); }",
        ("BFP105", 26),
        "no loops in a primitive",
    ),
    ("thread r { number = flag ? 1 : some; }", ("BFP103", 32), "`number` is int, not struct box *"),
    ("thread r { number = flag ? nmber : 2; }", ("BFP101", 28), "`nmber` is not declared"),
    ("bool start = flag ? true : false;", ("BFP103", 14), "an initial value has to be a constant"),
    (
        "thread r { number = (flag ? 1 : 0) + (flag ? 1 : 0) + (flag ? 1 : 0)"
        " + (flag ? 1 : 0) + (flag ? 1 : 0) + (flag ? 1 : 0) + (flag ? 1 : 0); }",
        ("BFP004", 12),
        "more than 6 `?:`",
    ),
    ("thread r { number = flag ? 1; }", ("BFP002", 29), "unexpected `;`"),
    ("thread r { some += 1; }", ("BFP103", 12), "`+` wants numbers, not struct box *"),
    ("thread r { number = number++; }", ("BFP105", 21), "`number++` has no value"),
    ("thread r { if (--number == 0) flag = true; }", ("BFP105", 16), "`--number` has no value"),
    ('claim c "x" never: number++ == 1;', ("BFP105", 20), "`number++` has no value"),
    ("thread r { box0.row[number++] = 1; }", ("BFP105", 21), "`number++` has no value"),
    ("thread r { ++number++; }", ("BFP002", 20), "unexpected `++`"),
]


@pytest.mark.parametrize(("text", "place", "headline"), MISTAKES)
def test_what_makes_no_sense_is_refused_where_it_stands(
    text: str, place: tuple[str, int], headline: str
) -> None:
    """A jump would lead nowhere, or a mistake would be told of code that nobody has written."""
    (found,) = mistakes(NAMES + RUNS + text)
    ((code, _, column),) = places(NAMES + RUNS + text)

    assert place == (code, column)
    assert headline in found.headline
