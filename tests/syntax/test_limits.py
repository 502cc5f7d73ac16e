"""Texts that are too large in some way: a clear error, no hang and no deep recursion."""

from __future__ import annotations

import pytest

from tests.syntax.asking import RUNS, WORLD, mistakes, places

# What is too large takes its time.
pytestmark = pytest.mark.slow

MANY = 10_000


def runs(body: str, before: str = "") -> str:
    return f'{WORLD}{before}\nthread t {{ {body} }}\nscenario all "x": t;\n'


def functions(count: int, calls: str, kind: str = "void") -> str:
    """`f0`, and functions that each call the one before."""
    rest = (f"{kind} f{i}(void) {{ {calls.format(i - 1)} }}" for i in range(1, count))
    return "\n".join((f"{kind} f0(void) {{ flag = !flag; }}", *rest))


NODES = "struct node { struct node *next; bool on; };"
NODE_LIST = NODES + "".join(f"struct node n{i} = {{ .next = &n{i} }};" for i in range(8))
STRUCTS = [f"struct s{i} {{ struct s{i + 1} a; struct s{i + 1} b; }};" for i in range(19)]

TOO_MUCH = {
    "parentheses": runs(f"flag = {'(' * MANY}flag{')' * MANY};"),
    "open parentheses": runs(f"flag = {'(' * MANY}"),
    "braces": runs("{" * MANY + "}" * MANY),
    "open braces": runs("{" * MANY),
    "or": runs(f"flag = {'flag || ' * MANY}flag;"),
    "and": runs(f"flag = {'flag && ' * MANY}flag;"),
    "plus": runs(f"number = {'number + ' * MANY}number;"),
    "not": runs(f"flag = {'!' * MANY}flag;"),
    "minus": runs(f"number = {'- ' * MANY}number;"),
    "arrows": runs(f"flag = some{'->some' * MANY};"),
    "subscripts": runs(f"flag = box0.row{'[0]' * MANY};"),
    "calls": runs(f"{'f(' * MANY}{')' * MANY};"),
    "initializers": f"int a = {'{' * MANY}1{'}' * MANY};",
    "else if": runs("if (flag) flag = true;" + " else if (flag) flag = true;" * MANY),
    "if": runs("if (flag) " * MANY + "flag = true;"),
    "while": runs("while (flag) " * MANY + "flag = true;"),
    "characters": "x" * 1_000_001,
    "objects": WORLD + "".join(f"struct box b{i};" for i in range(300)) + RUNS,
    "structs in structs": "".join(STRUCTS) + "struct s19 { bool b; };struct s0 top;" + RUNS,
    "a chain of functions": runs("f4999();", functions(5000, "f{0}();")),
    "functions called twice": runs("f39();", functions(40, "f{0}(); f{0}();")),
    "a chain of primitives": runs("f499();", functions(500, "f{0}();", "primitive void")),
    "primitives called twice": runs("f29();", functions(30, "f{0}(); f{0}();", "primitive void")),
    "statements": runs("flag = !flag;" * MANY),
    "ways through a primitive": runs(
        "p();",
        "".join(f"bool b{i};" for i in range(20))
        + f"primitive void p(void) {{ {''.join(f'if (b{i}) flag = !flag;' for i in range(20))} }}",
    ),
    "a value that doubles": runs(
        "p();", f"primitive void p(void) {{ {'number = number + number;' * 60} }}"
    ),
    "pointers to pointers": runs(
        "p(&n0);",
        NODE_LIST + "primitive void p(struct node *n) { n->next = n;"
        f" flag = n{'->next' * 20}->on; }}",
    ),
    "axes": runs(
        "f();",
        'outcome o "x" = did(shut);void f(void) { shut(&gate); }table f { at shut;'
        + "".join(f"axis a{i} = flag;" for i in range(5))
        + "case true: o; }",
    ),
}


@pytest.mark.parametrize("text", TOO_MUCH.values(), ids=TOO_MUCH.keys())
def test_what_is_too_large_is_refused_by_name(text: str) -> None:
    """The tool would recurse until Python gives up, or never come back."""
    assert ["BFP004"] == [code for code, _, _ in places(text)]


DOMAINS = {
    "a range": ("range int = 0..64;" + RUNS, "65 values"),
    "a range of big numbers": ("range int = 0..999999999999999999;" + RUNS, "values"),
    "an empty range": ("range int = 3..1;" + RUNS, "empty"),
    "a range of no integer": ("range bool = 0..1;" + RUNS, "`bool`"),
    "an enum": (f"enum e {{ {', '.join(f'E{i}' for i in range(65))} }};" + RUNS, "`enum e`"),
    "an array": ("bool a[65];" + RUNS, "1 to 64"),
    "an empty array": ("bool a[0];" + RUNS, "1 to 64"),
    "an array in a struct": ("struct s { bool a[100000000]; };" + RUNS, "100000000"),
    "no range": ("int a;" + RUNS, "`int` has no range"),
    "an initial value": ("range int = 0..3; int a = 4;" + RUNS, "4 is outside"),
}


@pytest.mark.parametrize(("text", "named"), DOMAINS.values(), ids=DOMAINS.keys())
def test_a_domain_that_is_empty_missing_or_too_large_is_refused(text: str, named: str) -> None:
    """The state space would be empty, or larger than any search."""
    found = mistakes(text)

    assert "BFP109" == found[0].code
    assert named in found[0].headline


FINE = {
    "ninety operators": runs(f"flag = {'flag || ' * 90}flag;"),
    "ninety negations": runs(f"number = {'- ' * 90}number;"),
    "forty-five nested ifs": runs(f"{'{ if (flag) ' * 45}flag = false;{'}' * 45}"),
    "a local that doubles": runs(
        f"int x; x = number; {'x = x + x;' * 60} number = x;",
    ),
    "many branches over locals": runs(
        f"bool a; bool b; a = flag; b = flag; {'if (a) b = !b; else a = b;' * 60} flag = a;"
    ),
    "a silent loop": runs("int x; x = 0; while (true) x = 0;"),
    "a goto to itself": runs("again: goto again;"),
    "a million characters": runs("flag = true;") + "//" + "x" * 900_000,
}


@pytest.mark.parametrize("text", FINE.values(), ids=FINE.keys())
def test_what_is_large_but_fits_is_lowered(text: str) -> None:
    """A bound would be too tight, or merging steps would take exponential time."""
    assert () == mistakes(text)


def test_no_more_than_a_hundred_mistakes_in_names_are_listed() -> None:
    """A misspelt include would fill the terminal."""
    assert 100 == len(mistakes(runs(" ".join(f"u{i} = true;" for i in range(500)))))
