"""Expressions of the text: what in them is an access, what they follow, what they come to.

Each is written as a condition over the system of `tests/lower/short.py`, whose other thread
changes every variable, and every field but `box.count`.
"""

from __future__ import annotations

from functools import cache

import pytest

from tests.ir.text import expression, text
from tests.lower.short import WORLD, commands, program
from verify.lower.accesses import Accesses, accesses, followed
from verify.lower.hoist import Hoisting
from verify.lower.uses import uses
from verify.lower.values import Names, faults, layout, value
from verify.source import Source
from verify.syntax import checked
from verify.syntax.parse import parse
from verify.syntax.resolve import resolve


@cache
def read(condition: str, more: str = "") -> checked.Checked:
    source = Source(
        "test.bfp",
        f'{WORLD}thread t {{ if ({condition}) a = true; }}\nscenario s "x": t;\n{more}',
    )
    return resolve((source,), parse(source))


def node(condition: str, more: str = "") -> checked.Expr:
    """The condition as it was checked."""
    (found,) = (
        n for n in read(condition, more).threads["t"].body.body if isinstance(n, checked.If)
    )
    return found.condition


# How often it looks at what others may change; the structs that it follows a pointer to.
READ = {
    "a": (1, []),
    "true": (0, []),
    "a && b": (2, []),
    "a == a": (2, []),
    "box0.full": (1, []),
    "box0.count == 1": (0, []),
    "some->full": (2, ["box"]),
    "some->count == 1": (1, ["box"]),
    "some->next->full": (3, ["box", "box"]),
    "some->lid.shut": (2, ["box", "lid"]),
    "box0.lid.shut": (1, []),
    "row[n] == 1": (2, []),
    "row[0] == 1": (1, []),
    "inside": (0, []),
    "some == &box0": (1, []),
    "!(a || inside)": (1, []),
}


@pytest.mark.parametrize("condition", READ)
def test_each_look_at_what_others_may_change_is_counted(condition: str) -> None:
    """Two looks would be one step, between which nobody can change anything."""
    reads, structs = READ[condition]
    found = node(condition)

    assert reads == accesses(read(condition)).reads(found)
    assert structs == sorted(followed(found))
    assert structs == sorted(use.struct for use in uses(found, names(condition)))


def names(condition: str) -> Names:
    return Names(layout(read(condition)))


SKIPS = {
    "a && b": True,
    "inside && a": True,
    "a && inside": False,
    "(a && b) == c": True,
    "!(inside || a)": True,
    "row[0] == 1": False,
    "inside && box0.count == 1": False,
    "inside && some->count == 1": True,
}


@pytest.mark.parametrize("condition", SKIPS)
def test_what_is_looked_at_only_if_need_be_is_told(condition: str) -> None:
    """What is behind && would be read where it is not reached: a NULL be followed."""
    assert SKIPS[condition] == accesses(read(condition)).may_skip(node(condition))


def test_following_a_pointer_is_a_look_where_a_claim_watches_it() -> None:
    """The claim would be asked of a later state than the one in which the object is used."""
    more = 'claim full "x" before struct box: a;'

    assert not accesses(read("some->count == 1")).structs
    assert frozenset({"box"}) == accesses(read("some->count == 1", more)).structs
    assert accesses(read("inside && box0.next->count == 1", more)).may_skip(
        node("inside && box0.next->count == 1", more)
    )
    assert Accesses(frozenset(), frozenset({"box"})).looks(node("some->count == 1"))
    assert not Accesses(frozenset(), frozenset({"lid"})).looks(node("some->count == 1"))


PRIMITIVES = {
    "primitive void p(void) { }": False,
    "primitive void p(void) { inside = true; }": False,
    "primitive bool p(bool x) { return !x; }": False,
    "primitive void p(void) { a = true; }": True,
    "primitive bool p(void) { return b; }": True,
    "primitive bool p(void) { return box0.count == 1; }": False,
    "primitive void p(void) { acquire(&m); }": True,
    "primitive bool p(void) { when (a) return true; when (!a) return false; }": True,
    "primitive bool p(void) { when (inside) return true; when (!inside) return false; }": False,
    "primitive bool p(void) { when (true) return true; transient return false; }": True,
    "primitive bool p(void) { if (is_locked(&m)) return true; return false; }": True,
    "primitive bool p(void) { if (held(&m)) return true; return false; }": False,
    "primitive void q(void) { a = true; } primitive void p(void) { q(); }": True,
    'primitive void p(void) { } claim c "x" before p: a;': True,
    'primitive void p(void) { } claim c "x" before p: inside;': False,
}


@pytest.mark.parametrize("more", PRIMITIVES)
def test_the_call_of_a_primitive_is_an_access_if_it_touches_what_others_see(more: str) -> None:
    """It would be taken together with the step before, and what others do between be missed."""
    assert PRIMITIVES[more] == ("p" in accesses(read("a", more)).primitives)


# What it comes to; where it makes no sense.
VALUES = {
    "a && !b": ("a && !b", "0"),
    "n < 2": ("n < 2", "0"),
    "n >= 2": ("n >= 2", "0"),
    "n != 2": ("n != 2", "0"),
    "n": ("n != 0", "0"),
    "some": ("some != 0", "0"),
    "some->full": ("(some == 1) ? box0.full : box1.full", "some == 0"),
    "some && some->full": (None, "0"),
    "row[n] == 1": (None, "!((n == 0) || (n == 1))"),
    "row[1] == 1": ("'row[1]' == 1", "0"),
}


@pytest.mark.parametrize("condition", [c for c, (worth, _) in VALUES.items() if worth is not None])
def test_an_expression_is_what_it_comes_to_in_its_slots(condition: str) -> None:
    """Every engine would read other variables than the text does."""
    worth, _ = VALUES[condition]

    assert worth == text(value(node(condition), names(condition)), ("inside",))


@pytest.mark.parametrize("condition", VALUES)
def test_where_an_expression_makes_no_sense_is_told(condition: str) -> None:
    """A NULL would be followed without a word, or one that nobody follows be told of."""
    _, wrong = VALUES[condition]
    found = faults(node(condition), names(condition))

    assert wrong in (text(found), text(expression(text(found))))


WITHIN = {
    "some->full": [("box", "some", "1", "1")],
    "inside && some->full": [("box", "some", "%inside", "1")],
    "inside || some->full": [("box", "some", "!%inside", "1")],
    "some->next->full": [
        ("box", "some", "1", "1"),
        ("box", "(some == 1) ? box0.next : box1.next", "1", "some != 0"),
    ],
}


@pytest.mark.parametrize("condition", WITHIN)
def test_a_use_is_where_c_makes_it(condition: str) -> None:
    """A claim about an object would be asked where the object is not used."""
    assert WITHIN[condition] == [
        (use.struct, *map(text, (use.pointer, use.when, use.sound)))
        for use in uses(node(condition), names(condition))
    ]


def test_one_look_is_left_in_an_expression_and_the_others_come_before() -> None:
    """Two looks would be made at once, by the class that both functions and threads rest on."""
    assert {"hoist", "branch", "guarded"} <= set(vars(Hoisting))
    assert [
        "0 > 1: true / a = a",
        "1 > 2: a != b / - / forget a%1",
        "1 > 3: a == b / - / forget a%1",
        "2 > 3: true / c = true",
    ] == commands(program("if (a != b) c = true;"))
