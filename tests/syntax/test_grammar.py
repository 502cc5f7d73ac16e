"""The reader that words mistakes against the grammar: it must not read another language."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.syntax.mutants import mutants
from verify.source import Source
from verify.syntax import tree
from verify.syntax.mistakes import recover
from verify.syntax.parse import Refused, by_grammar

PROGRAMS = Path(__file__).parents[2] / "programs"
FILES = sorted([*PROGRAMS.glob("*.bfp"), *PROGRAMS.glob("*/*.bf?")])

# A body for each rule that the programs have no use for.
RARE = """\
range unsigned int = -1..2;
range long = -3..-1;
enum one { ONLY, };
struct s { struct s *a, *b; unsigned c; unsigned int d; long e; bool f[3], g; };
struct s x = { };
struct s y = { .a = &x, .f = { true, false, }, };
bool z = !true;
static struct s *f(int a, struct s *b) __must_hold(&b->l) __must_hold(&m)
{
	int i = 0, *j, k;
	;
	{ }
	for (;;) ;
	for (i = 0; i < 3; i = i + 1) { j->a.b[i] = - - !k * (1 + 2) - 3; }
	while (a <= 1 && b >= c || d > e == f != g) goto out;
	if (a) int l, n; else if (b) c = d; else { e = f; }
	x = container_of(a, struct s, b);
	x = container_of(a->b, typeof(*c), d);
	g(f(h), &*i, ((j)))->k = NULL;
out:
	return f(x);
}
primitive void p(void)
{
	int a;
	a = 1;
	when (b) "c" d = e;
	transient when (f) ;
	transient "g" { return; }
	transient return 1;
}
thread t { }
scenario s-1-b "x": t, u[*], v[3];
contract f { A, B: same; C: releases(&a), acquires_shared(b->c); }
outcome o "x" = did(f) && result == 3;
table f { at g returns true; axis a = b; axis c = d; case a: o, p; case !a: never; }
claim c-2 "x" alone t when (a) before f: a; after g: b; at table: c; never: d; finally: e;
claim e "z" before struct s: !s->a; before struct t: c && t->d.e; never: f; before struct_: g;
claim d "y" never: at || table || claim || known || in;
known c-2 "CVE-1"; known c case a && !b "x"; known c-2 in in about in, l.k[0].m "x";
known about case about about about "y"; known in in in "x"; known
	d in s-1-b "y";
"""


def shape(tree: object) -> str:
    """A tree without its places: lark leaves outer parentheses out of them."""
    return re.sub(r"Span\(start=\d+, end=\d+\)", "", repr(tree))


def expressions(found: object) -> list[tuple[str, str]]:
    """Each operator in a tree, with the text of what it is applied to."""
    if isinstance(found, tuple):
        return [one for part in found for one in expressions(part)]
    if not dataclasses.is_dataclass(found):
        return []
    inside = [e for f in dataclasses.fields(found) for e in expressions(getattr(found, f.name))]
    return [(found.op, found.span.text), *inside] if isinstance(found, tree.Binary) else inside


PARENTHESES = """\
claim a "a" never: (!a || !b) && (!b || a);
claim b "b" never: ((a) == (b)) || (((a)));
claim c "c" never: (a + /* ) */ 1) * (b) < -(c) /* ( */ && (a /* ( */ ) || (b);
thread d { if ((f((a), (b)) == (&q)->x)) (r)->y = ((a) && (b) && ((c) || a)); }
"""


def test_a_text_cut_out_of_an_expression_has_each_parenthesis_twice() -> None:
    """A claim would be said to end without `!a || !b) && (!b || a`."""
    source = Source("some.bfp", PARENTHESES)
    found = expressions(by_grammar(source))

    assert ("&&", "(!a || !b) && (!b || a)") in found
    assert ("||", "((a) == (b)) || (((a)))") in found
    assert ("&&", "(a) && (b)") in found
    assert expressions(recover(source)[0]) == found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_parser_reads_the_programs_as_the_grammar_does(path: Path) -> None:
    """The reference would describe another language than the one that is checked."""
    source = Source(path.name, path.read_text(encoding="utf-8"))

    declarations, errors = recover(source)

    assert () == errors
    assert shape(by_grammar(source)) == shape(declarations)
    assert expressions(by_grammar(source)) == expressions(declarations)


def test_the_parser_reads_each_rule_as_the_grammar_does() -> None:
    """The reference would describe another language than the one that is checked."""
    source = Source("rare.bfp", RARE)

    declarations, errors = recover(source)

    assert () == errors
    assert shape(by_grammar(source)) == shape(declarations)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.data())
def test_the_parser_takes_what_the_grammar_takes_and_nothing_else(data: st.DataObject) -> None:
    """A text would be a program for one of the two, and none for the other."""
    text = data.draw(mutants(join=" "))
    source = Source("mutant.bfp", text)

    try:
        by_lark: object = by_grammar(source)
    except Refused:
        assert recover(source)[1]
        return

    declarations, errors = recover(source)

    # What the grammar leaves to the tree that is built: very long numbers.
    assert {"BFP109"} >= {d.code for d in errors}
    if not errors:
        assert shape(by_lark) == shape(declarations)
