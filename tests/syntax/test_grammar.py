"""The grammar, the tree that is built by it, and the places of what is in it."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import lark
import pytest
from hypothesis import given

from tests.chance import by_chance
from tests.syntax.mutants import MODELS, RARE, mutants
from verify.source import Source, Span
from verify.syntax import tree
from verify.syntax.build import Build
from verify.syntax.grammar import parser
from verify.syntax.parse import parse, parse_as_far_as_possible

PROGRAMS = Path(__file__).parents[2] / "programs"
FILES = sorted([*PROGRAMS.glob("*.bfp"), *PROGRAMS.glob("*/*.bf?")])
PARENTHESES = """\
claim a "a" never: (!a || !b) && (!b || a);
claim b "b" never: ((a) == (b)) || (((a)));
claim c "c" never: (a + /* ) */ 1) * (b) < -(c) /* ( */ && (a /* ( */ ) || (b);
thread d { if ((f((a), (b)) == (&q)->x)) (r)->y = ((a) && (b) && ((c) || a)); }
thread e { (*p).a[(i) + (1)] = (container_of((a)->b, struct s, c))->d; return ((x)); }
"""
TEXTS = {
    **{path.name: path.read_text(encoding="utf-8") for path in FILES},
    "parentheses": PARENTHESES,
    "each rule": RARE,
}

EXPRESSIONS = (
    tree.Name,
    tree.Integer,
    tree.Literal,
    tree.Unary,
    tree.Binary,
    tree.Member,
    tree.Subscript,
    tree.Call,
    tree.ContainerOf,
)
STATEMENTS = (tree.Assign, tree.CallStatement, tree.If, tree.Goto, tree.Label, tree.Return)


def shape(found: object) -> str:
    """A tree without its places."""
    return re.sub(r"Span\(start=\d+, end=\d+\)", "", repr(found))


def nodes(found: object) -> Iterator[object]:
    """What a tree is made of, each before what is in it."""
    if isinstance(found, tuple):
        for part in found:
            yield from nodes(part)
    elif dataclasses.is_dataclass(found) and not isinstance(found, Span):
        yield found
        for field in dataclasses.fields(found):
            yield from nodes(getattr(found, field.name))


def parts(node: object) -> list[tree.Expr]:
    """The expressions that an expression is made of."""
    found = [getattr(node, field.name) for field in dataclasses.fields(node)]  # type: ignore[arg-type]
    flat = [p for part in found for p in (part if isinstance(part, tuple) else (part,))]
    return [part for part in flat if isinstance(part, EXPRESSIONS)]


@cache
def declarations(name: str) -> tuple[tree.Declaration, ...]:
    return parse(Source(name, TEXTS[name]))


def raw(span: Span) -> str:
    return span.source.text[span.start : span.end]


def bare(text: str) -> str:
    """A text without comments and spaces."""
    return re.sub(r"/\*.*?\*/|//[^\n]*|\s", "", text, flags=re.DOTALL)


def test_a_text_cut_out_of_an_expression_has_each_parenthesis_twice() -> None:
    """A claim would be said to end without `!a || !b) && (!b || a`."""
    found = nodes(declarations("parentheses"))
    texts = [(node.op, node.span.text) for node in found if isinstance(node, tree.Binary)]

    assert ("&&", "(!a || !b) && (!b || a)") in texts
    assert ("||", "((a) == (b)) || (((a)))") in texts
    assert ("&&", "(a) && (b)") in texts
    assert ("+", "(i) + (1)") in texts


@pytest.mark.slow
@pytest.mark.parametrize("name", TEXTS)
def test_the_text_at_an_expression_reads_as_that_expression(name: str) -> None:
    """A report would quote half of what it is about, or something else."""
    # Names are in the next test but one.
    kinds = tuple(kind for kind in EXPRESSIONS if kind not in (tree.Name, tree.Literal))
    found = {raw(n.span): n for n in nodes(declarations(name)) if isinstance(n, kinds)}
    if not found:
        return
    clauses = " ".join(f"never: {text}\n;" for text in found)
    (again,) = parse(Source("b", f'claim a "x" {clauses}'))
    assert isinstance(again, tree.Claim)

    for node, clause in zip(found.values(), again.clauses, strict=True):
        assert shape(node) == shape(clause.condition)


@pytest.mark.parametrize("name", TEXTS)
def test_the_text_at_a_statement_reads_as_that_statement(name: str) -> None:
    """A report would quote half of what it is about, or something else."""
    found = {raw(n.span): n for n in nodes(declarations(name)) if isinstance(n, STATEMENTS)}
    # What a `for` does at first and in each turn ends without `;`.
    found = {text: node for text, node in found.items() if text.endswith((";", "}", ":"))}
    (again,) = parse(Source("b", f"thread t {{ {' '.join(found)} }}"))
    assert isinstance(again, tree.Thread)

    assert shape(tuple(found.values())) == shape(again.body.body)


@pytest.mark.parametrize("name", TEXTS)
def test_an_expression_is_where_its_parts_are_and_what_joins_them(name: str) -> None:
    """A tree would be built of the right parts in the wrong order."""
    text = TEXTS[name]
    for node in nodes(declarations(name)):
        # Where a `for` asks nothing, the word itself is the condition.
        if not isinstance(node, EXPRESSIONS) or raw(node.span) == "for":
            continue
        inside = parts(node)
        marks = [node.span.start, *(e for p in inside for e in (p.span.start, p.span.end))]
        assert sorted([*marks, node.span.end]) == [*marks, node.span.end]
        gaps = [*marks, node.span.end]
        joins = [bare(text[a:b]).strip("()") for a, b in zip(gaps[::2], gaps[1::2], strict=True)]
        match node:
            case tree.Binary(op):
                assert ["", op, ""] == joins
            case tree.Unary(op):
                assert [op, ""] == joins
            case tree.Member(name=name, arrow=arrow):
                assert ["", f"{'->' if arrow else '.'}{name}"] == [j.strip(")") for j in joins]
            case tree.Subscript():
                assert ["", "[", "]"] == [join.strip("()") for join in joins]
            case tree.Name(word) | tree.Literal(word) if word.isidentifier():
                assert [word] == joins
            case tree.Integer(value):
                assert value == int(raw(node.span))


def test_each_rule_of_the_grammar_is_built_and_nothing_else() -> None:
    """A rule that no text of the tests uses would fail at the first user's."""
    rules = {
        str(rule.alias or rule.origin.name)
        for rule in parser().rules
        if rule.alias or not (rule.options.expand1 or rule.origin.name.startswith("_"))
    }

    assert rules == {name for name in vars(Build) if not name.startswith("_")}
    assert () == parse_as_far_as_possible(Source("rare.bfp", RARE))[1]
    texts = [RARE, *(TEXTS[name] for name in (*MODELS, "base.bfp"))]
    trees = [parser().parse(text) for text in texts]
    assert rules == {str(found.data) for one in trees for found in one.iter_subtrees()}


@pytest.mark.slow
@by_chance(60)
@given(mutants())
def test_a_text_is_refused_if_the_grammar_refuses_it_and_only_then(text: str) -> None:
    """A mistake would be mended in silence, or found where there is none."""
    errors = parse_as_far_as_possible(Source("mutant.bfp", text))[1]
    try:
        parser().parse(text)
    except lark.exceptions.UnexpectedInput:
        assert "BFP002" in {error.code for error in errors}
    else:
        # What the grammar leaves to the tree that is built: very long numbers, and the
        # place of a statement among the alternatives of a primitive.
        assert {"BFP109", "BFP105"} >= {error.code for error in errors}
