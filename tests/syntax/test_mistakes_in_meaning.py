"""Texts that follow the grammar and make no sense: what is said, where, and every one at once."""

from __future__ import annotations

import pytest

from tests.syntax.asking import RUNS, WORLD, mistakes, places

# Name of the case, declarations after WORLD, (code, line, column) in them, what is named.
ONE = [
    ("unknown variable", "thread r { flga = true; }", ("BFP101", 1, 12), "`flga`"),
    ("unknown function", "thread r { shutt(&gate); }", ("BFP101", 1, 12), "`shutt`"),
    ("unknown field", "thread r { box0.ful = true; }", ("BFP101", 1, 12), "`ful`"),
    ("unknown type", "thread r { pid_t p; p = 1; }", ("BFP101", 1, 12), "`pid_t`"),
    ("unknown struct", "struct bok b;", ("BFP101", 1, 1), "`bok`"),
    ("unknown thread", 'scenario other "x": rnner;', ("BFP101", 1, 21), "`rnner`"),
    ("unknown outcome", "void f(void) { shut(&gate); } table f { at shut; axis a = flag;"
     " case true: done; }", ("BFP101", 1, 76), "`done`"),
    ("unknown function of a claim", 'claim c "x" after g: flag;', ("BFP101", 1, 19), "`g`"),
    ("unknown thread of a claim", 'claim c "x" alone g finally: flag;', ("BFP101", 1, 19), "`g`"),
    ("unknown function of a contract", "contract g { RED: same; }", ("BFP101", 1, 10), "`g`"),
    ("unknown object", "struct box *p = &box2;", ("BFP101", 1, 17), "`box2`"),
    ("object twice", "bool flag;", ("BFP102", 1, 1), "`flag`"),
    ("function twice", "void f(void) { } void f(void) { }", ("BFP102", 1, 23), "`f`"),
    ("local twice", "void f(void) { int a; int a; a = 1; }", ("BFP102", 1, 27), "`a`"),
    ("parameter twice", "void f(int a, int a) { }", ("BFP102", 1, 15), "`a`"),
    ("field twice", "struct s { bool a; int a; };", ("BFP102", 1, 24), "`a`"),
    ("struct twice", "struct box { bool a; };", ("BFP102", 1, 1), "`struct box`"),
    ("enum member twice", "enum e { RED };", ("BFP102", 1, 10), "`RED`"),
    ("thread twice", "thread runner { }", ("BFP102", 1, 8), "`runner`"),
    ("scenario twice", 'scenario all "x": runner;', ("BFP102", 1, 10), "`all`"),
    ("thread twice in a scenario", 'scenario two "x": runner, runner;', ("BFP102", 1, 27),
     "`runner`"),
    ("claim twice", 'claim c "x" never: flag; claim c "x" never: flag;', ("BFP102", 1, 26), "`c`"),
    ("claim that is built in", 'claim balance "x" never: flag;', ("BFP102", 1, 1), "`balance`"),
    ("claim named as a thread", 'claim runner "x" alone runner finally: flag;', ("BFP102", 1, 1),
     "`runner`"),
    ("promise twice", "enum colour f(void) { return RED; } contract f { RED: same; RED: same; }",
     ("BFP102", 1, 61), "`RED`"),
    ("a word of the language", "void acquire(void) { }", ("BFP102", 1, 6), "`acquire`"),
    ("a local over a thread_local", "void f(void) { bool inside; inside = flag; }",
     ("BFP102", 1, 21), "`inside`"),
    ("a local named did", "thread r { bool did; did = flag; }", ("BFP102", 1, 17), "`did`"),
    ("a lock as a bool", "thread r { if (gate) flag = true; }", ("BFP103", 1, 16), "`gate`"),
    ("a lock in a struct as a bool", "void f(struct box *b) { flag = b->lock; }",
     ("BFP103", 1, 32), "lock"),
    ("a lock's address as a bool", "thread r { flag = &gate; }", ("BFP103", 1, 19), "mutex"),
    ("a struct as a value", "thread r { flag = box0; }", ("BFP103", 1, 19), "`box0`"),
    ("an array as a value", "thread r { flag = box0.row; }", ("BFP103", 1, 19), "row"),
    ("locks compared", "thread r { flag = &gate == &gate; }", ("BFP103", 1, 19), "compare"),
    ("nothing compared", "void n(void) { } thread r { flag = n() == n(); }", ("BFP103", 1, 36),
     "void"),
    ("enum and pointer compared", "thread r { flag = RED == some; }", ("BFP103", 1, 19), "colour"),
    ("a sum of enums", "thread r { number = RED + 1; }", ("BFP103", 1, 21), "enum colour"),
    ("an arrow from a number", "thread r { flag = number->full; }", ("BFP103", 1, 19), "`number`"),
    ("a dot from a pointer", "thread r { flag = some.full; }", ("BFP103", 1, 19), "`some`"),
    ("an index into a number", "thread r { flag = number[0]; }", ("BFP103", 1, 19), "`number`"),
    ("an object as a void pointer", "void f(void *p) { } thread r { f(some); }",
     ("BFP104", 1, 34), "`p` of `f`"),
    ("an assigned constant", "thread r { RED = GREEN; }", ("BFP103", 1, 12), "`RED`"),
    ("a shared mutex", "primitive void p(void) { acquire_shared(&gate); }", ("BFP103", 1, 41),
     "never shared"),
    ("an exclusive reference", "primitive void p(struct box *b) { acquire(&b->users); }",
     ("BFP103", 1, 43), "always shared"),
    ("a reference to hold", "void f(struct box *b) __must_hold(&b->users) { }",
     ("BFP103", 1, 35), "always shared"),
    ("too many arguments", "thread r { shut(&gate, flag); }", ("BFP104", 1, 12), "1 arguments"),
    ("too few arguments", "thread r { shut(); }", ("BFP104", 1, 12), "`shut`"),
    ("the wrong argument", "thread r { shut(flag); }", ("BFP104", 1, 17), "`lock` of `shut`"),
    ("a primitive without return", "primitive bool p(void) { when (flag) return true;"
     " when (!flag) number = 1; }", ("BFP104", 1, 51), "`p`"),
    ("nothing to return", "int f(void) { return; }", ("BFP103", 1, 15), "int"),
    ("a value from a void", "void f(void) { return 1; }", ("BFP103", 1, 16), "nothing"),
    ("acquire in a function", "thread r { acquire(&gate); }", ("BFP105", 1, 12), "`acquire`"),
    ("is_locked in a function", "thread r { flag = is_locked(&gate); }", ("BFP105", 1, 19),
     "`is_locked`"),
    ("a function in a primitive", "void f(void) { } primitive void p(void) { f(); }",
     ("BFP105", 1, 43), "`f`"),
    ("a call in an expression of a primitive", "primitive bool p(void) { return !try(&gate); }",
     ("BFP105", 1, 34), "`try`"),
    ("a call in a guard", "primitive void p(void) { when (try(&gate)) flag = true; }",
     ("BFP105", 1, 32), "`try`"),
    ("a goto in a primitive", "primitive void p(void) { goto out; }", ("BFP105", 1, 26), "goto"),
    ("a label in a primitive", "primitive void p(void) { out: flag = true; }", ("BFP105", 1, 26),
     "labels"),
    ("a loop in a primitive", "primitive void p(void) { while (flag) flag = false; }",
     ("BFP105", 1, 26), "loops"),
    ("a return before a when", "primitive void p(void) { if (flag) return; when (true) ; }",
     ("BFP105", 1, 1), "`p`"),
    ("a call in a claim", 'claim c "x" never: try(&gate);', ("BFP105", 1, 20), "`try`"),
    ("a call in what is held", "void f(void) __must_hold(&g()->lock) { } struct box *g(void)"
     " { return some; }", ("BFP105", 1, 27), "`g`"),
    ("a star alone", "thread r { flag = *some; }", ("BFP105", 1, 19), "`*`"),
    ("result in a function", "thread r { flag = result; }", ("BFP105", 1, 19), "`result`"),
    ("a goto to nowhere", "void f(void) { goto out; }", ("BFP106", 1, 16), "`out`"),
    ("a label twice", "void f(void) { a: flag = true; a: goto a; }", ("BFP106", 1, 32), "`a`"),
    ("a label that nobody uses", "void f(void) { a: flag = true; }", ("BFP106", 1, 16), "`a`"),
    ("a local in what is held", "void f(void) __must_hold(&b->lock) { struct box *b; b = some; }",
     ("BFP101", 1, 27), "`b`"),
    ("a contract of a primitive", "contract shut { RED: same; }", ("BFP108", 1, 1), "`shut`"),
    ("a contract with a value of another type",
     "enum colour f(void) { return RED; } contract f { BLUE: same; }", ("BFP108", 1, 50), "`BLUE`"),
    ("a clause before a function", "void f(void) { } claim c \"x\" before f: flag;",
     ("BFP108", 1, 37), "`f`"),
    ("a clause after a primitive", 'claim c "x" after shut: flag;', ("BFP108", 1, 19), "`shut`"),
    ("a clause before an unknown struct", 'claim c "x" before struct bax: flag;',
     ("BFP101", 1, 27), "`bax`"),
    ("a clause before a struct without objects", 'struct s { bool a; };'
     ' claim c "x" before struct s: s->a;', ("BFP108", 1, 49), "no object of struct `s`"),
    ("a clause before a lock", 'claim c "x" before struct mutex: flag;', ("BFP108", 1, 27),
     "`struct mutex`"),
    ("a struct's name that is a variable", 'struct flag { bool a; }; struct flag f;'
     ' claim c "x" before struct flag: flag->a;', ("BFP102", 1, 67), "`flag`"),
    ("a struct's name that is a value", 'struct RED { bool a; }; struct RED f;'
     ' claim c "x" before struct RED: flag;', ("BFP102", 1, 65), "`RED`"),
    ("a struct's name that is a thread's own", 'struct inside { bool a; }; struct inside f;'
     ' claim c "x" before struct inside: flag;', ("BFP102", 1, 71), "`inside`"),
    ("a struct's name that is a word", 'struct result { bool a; }; struct result f;'
     ' claim c "x" before struct result: flag;', ("BFP102", 1, 71), "`result`"),
    ("a clause before a struct, alone", 'claim c "x" alone runner before struct box: !box->full;',
     ("BFP108", 1, 40), "all threads"),
    ("an unknown field of what is used", 'claim c "x" before struct box: box->ful;',
     ("BFP101", 1, 32), "`ful`"),
    ("what is used as a condition of another clause",
     'claim c "x" before struct box: box->full; never: box->full;', ("BFP101", 1, 50), "`box`"),
    ("what a call did before a struct", 'claim c "x" before struct box: did(shut);',
     ("BFP105", 1, 32), "`did`"),
    ("at table without a table", 'claim c "x" alone runner at table: flag;', ("BFP108", 1, 26),
     "no table"),
    ("finally without alone", 'claim c "x" finally: flag;', ("BFP108", 1, 13), "`finally`"),
    ("what is a thread's own in a state", 'claim c "x" never: inside;', ("BFP108", 1, 20),
     "`inside`"),
    ("held by nobody", 'claim c "x" never: held(&gate);', ("BFP108", 1, 20), "`held`"),
    ("a table that misses a case", "void f(void) { shut(&gate); } outcome o \"x\" = did(shut);"
     " table f { at shut; axis a = flag; case a: o; }", ("BFP108", 1, 58), "!a"),
    ("a case that is covered", "void f(void) { shut(&gate); } outcome o \"x\" = did(shut);"
     " table f { at shut; axis a = flag; case true: o; case a: o; }", ("BFP108", 1, 106),
     "covered"),
    ("a case of something else", "void f(void) { shut(&gate); } outcome o \"x\" = did(shut);"
     " table f { at shut; axis a = flag; case b: o; }", ("BFP108", 1, 97), "axes"),
    ("a known bug of no claim", 'known stick "x";', ("BFP101", 1, 7), "`stick`"),
    ("a known bug of a table that is not there", 'known table "x";', ("BFP101", 1, 7), "`table`"),
    ("a known bug in no scenario", 'known stuck in al "x";', ("BFP101", 1, 16), "`al`"),
    ("a known bug that is about nothing", 'known stuck "x";', ("BFP108", 1, 7), "which is known"),
    ("a known bug about something unknown", 'known stuck about runer "x";',
     ("BFP101", 1, 19), "`runer`"),
    ("a known case without a table", 'known stuck case x "x";', ("BFP108", 1, 18), "no table"),
    ("a bug known twice", 'known stuck about runner "x"; known stuck about runner "x";',
     ("BFP102", 1, 31), "`stuck`"),
    ("a bug known twice in a scenario",
     'known stuck in all about runner "x"; known stuck in all about runner "x";',
     ("BFP102", 1, 38), "`stuck`"),
    ("a bug known everywhere and in a scenario",
     'known stuck about runner "x"; known stuck in all about runner "x";',
     ("BFP102", 1, 31), "`stuck`"),
    ("a bug known in a scenario and everywhere",
     'known stuck in all about runner "x"; known stuck about runner "x";',
     ("BFP102", 1, 38), "`stuck`"),
    ("a known bug that has no name", 'known stuck " ";', ("BFP108", 1, 1), "name"),
    ("recursion", "void f(void) { f(); }", ("BFP110", 1, 6), "`f`"),
    ("a circle of functions", "void f(void) { g(); } void g(void) { f(); }", ("BFP110", 1, 6),
     "`f`"),
    ("a primitive that calls itself", "primitive void p(void) { p(); }", ("BFP110", 1, 1), "`p`"),
    ("a struct in itself", "struct s { struct s inner; };", ("BFP103", 1, 1), "`struct s`"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "place", "named"), [c[1:] for c in ONE], ids=[c[0] for c in ONE])
def test_a_mistake_is_found_at_its_place(
    text: str, place: tuple[str, int, int], named: str
) -> None:
    """What makes no sense is lowered to something, or blamed on another line."""
    code, line, column = place
    before = WORLD + RUNS

    found = mistakes(before + text)
    assert [(code, before.count("\n") + line, column)] == places(before + text)
    assert named in found[0].headline


def test_the_nearest_name_is_suggested() -> None:
    """A misspelt name would have to be looked for in all the included files."""
    text = WORLD + RUNS + "thread r { flga = true; shutt(&gate); box0.ful = RD; }"

    assert [
        ("did you mean `flag`?",),
        ("did you mean `shut`?",),
        ("did you mean `full`?",),
        ("did you mean `RED`?",),
    ] == [d.notes for d in mistakes(text)]
    (found,) = mistakes(f'{WORLD}{RUNS}claim c "x" before struct boxx: flag;')
    assert ("did you mean `box`?",) == found.notes


def test_all_names_of_all_functions_are_looked_up_in_one_run() -> None:
    """The second mistake would come to light when the first is mended."""
    text = "void f(void) { a = b; c(); }\nvoid g(void) { d = flag; }\n"
    claims = 'claim x "x" never: e;\nthread h { goto i; }\n'

    found = mistakes(WORLD + RUNS + text + claims)
    assert ["`a`", "`b`", "`c`", "`d`", "`e`", "`i`"] == [
        word for d in found for word in d.headline.split() if word.startswith("`")
    ]


def test_a_function_that_reads_an_unset_local_is_refused() -> None:
    """A value that C leaves undefined would be taken for 0."""
    text = "void f(void)\n{\n\tint a;\n\n\tif (flag)\n\t\ta = 1;\n\tnumber = a;\n}\n"
    runs = 'thread t { f(); }\nscenario s "x": t;\n'
    (found,) = mistakes(WORLD + text + runs)

    assert "BFP107" == found.code
    assert found.span is not None
    assert "number = a;" == found.span.text
    assert "`a`" in found.headline


def test_a_program_that_runs_nothing_is_refused() -> None:
    """Every claim would hold of it."""
    (no_thread,) = mistakes(WORLD)
    (no_scenario,) = mistakes(WORLD + "thread t { flag = true; }")

    assert ("BFP108", "BFP108") == (no_thread.code, no_scenario.code)
    assert "no thread" in no_thread.headline
    assert "no scenario" in no_scenario.headline
