"""The reader that words mistakes against the grammar: it must not read another language."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.chance import by_chance
from tests.syntax.mutants import RARE, mutants
from verify.source import Source
from verify.syntax import tree
from verify.syntax.mistakes import recover
from verify.syntax.parse import Refused, by_grammar

PROGRAMS = Path(__file__).parents[2] / "programs"
FILES = sorted([*PROGRAMS.glob("*.bfp"), *PROGRAMS.glob("*/*.bf?")])


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


@pytest.mark.slow
@by_chance(150)
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
