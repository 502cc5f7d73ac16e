"""What the operations on expressions have in common: they keep what an expression comes to."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.chance import by_chance
from tests.ir.expressions import (
    BOOLS,
    STATES,
    conditions,
    everywhere,
    expressions,
    integers,
    numbers,
    worth,
)
from tests.ir.text import expression, text
from verify.ir import (
    FALSE,
    TRUE,
    And,
    Arith,
    Atom,
    Command,
    Compare,
    Const,
    Domain,
    Expr,
    Ite,
    Local,
    Mine,
    Not,
    Or,
    Others,
    Shared,
    arith,
    atoms,
    compare,
    conj,
    disj,
    equal,
    is_condition,
    ite,
    modes,
    negate,
    rebuild,
)
from verify.lower.terms import large, read
from verify.simplify import sharpen

tried = by_chance(30)
lists = st.lists(conditions, max_size=4)
LOCALS = ("p", "i")


def itself(atom: Atom) -> Expr:
    return atom


@tried
@given(expressions)
def test_an_expression_is_worth_what_it_is_worth_rebuilt(expr: Expr) -> None:
    """Every pass folds expressions this way: all of them would answer for another program."""
    assert everywhere(expr) == everywhere(rebuild(expr, itself))


@tried
@given(expressions)
def test_what_is_rebuilt_once_is_rebuilt(expr: Expr) -> None:
    """Passes compare what they made with what was there to see whether they are through."""
    once = rebuild(expr, itself)

    assert once == rebuild(once, itself)


@tried
@given(expressions)
def test_an_expression_with_constants_for_variables_is_their_constant(expr: Expr) -> None:
    """The interpreter's replay, the unfolding and the flow analysis ask for exactly this."""
    for state in STATES[::7]:
        known = {atom: Const(value) for atom, value in state.items()}

        assert Const(worth(expr, state)) == rebuild(expr, known.__getitem__)


@tried
@given(expressions, integers, conditions)
def test_putting_an_expression_for_a_variable_is_evaluating_it_first(
    expr: Expr, number: Expr, condition: Expr
) -> None:
    """Two steps taken together would not be what the two are one after the other."""
    put: dict[Atom, Expr] = {Shared("n"): number, Local("p"): condition}
    found = rebuild(expr, lambda atom: put.get(atom, atom))

    for state in STATES[::5]:
        after = {**state, **{atom: worth(new, state) for atom, new in put.items()}}
        assert worth(expr, after) == worth(found, state)


@tried
@given(expressions)
def test_an_expression_depends_on_its_atoms_at_most(expr: Expr) -> None:
    """A pass would leave alone what reads a variable that it changes."""
    for state in STATES[::7]:
        known = {atom: state[atom] for atom in atoms(expr)}

        # A KeyError if it is not enough to know these.
        assert worth(expr, state) == worth(expr, known)


@tried
@given(conditions, expressions)
def test_a_command_reads_the_atoms_of_its_guard_and_of_what_it_stores(
    guard: Expr, new: Expr
) -> None:
    """A local would be taken for dead, or a constant not be put where it is read."""
    command = Command(source=0, target=1, guard=guard, updates=((Shared("n"), new),))

    assert atoms(guard) | atoms(new) == read(command)


LISTED: dict[str, tuple[Callable[[list[Expr]], Expr], Callable[[tuple[Expr, ...]], Expr]]] = {
    "conj": (conj, And),
    "disj": (disj, Or),
}


@pytest.mark.parametrize(("made", "plain"), LISTED.values(), ids=LISTED.keys())
@tried
@given(args=lists)
def test_a_list_of_conditions_is_worth_what_all_or_any_of_them_is(
    made: Callable[[list[Expr]], Expr], plain: Callable[[tuple[Expr, ...]], Expr], args: list[Expr]
) -> None:
    """A guard would lose a part of what it asks for, or gain one."""
    assert everywhere(plain(tuple(args))) == everywhere(made(args))


@tried
@given(conditions)
def test_the_negation_is_true_where_the_condition_is_not(arg: Expr) -> None:
    """One arm of a branch would be taken with the other, or neither would."""
    assert [1 - value for value in everywhere(arg)] == everywhere(negate(arg))


@tried
@given(st.sampled_from(("==", "<")), expressions, st.one_of(numbers, expressions))
def test_a_comparison_is_worth_what_it_says(op: str, left: Expr, right: Expr) -> None:
    """Choices, conditions and constants are compared in forms of their own."""
    plain, turned = Compare(op, left, right), Compare(op, right, left)

    assert everywhere(plain) == everywhere(compare(op, left, right))
    assert everywhere(turned) == everywhere(compare(op, right, left))


@tried
@given(st.sampled_from(("+", "-", "*")), integers, integers)
def test_arithmetic_is_worth_what_it_says(op: str, left: Expr, right: Expr) -> None:
    """A counter would be wrong by what was folded."""
    assert everywhere(Arith(op, left, right)) == everywhere(arith(op, left, right))


@tried
@given(conditions, st.one_of(st.tuples(conditions, conditions), st.tuples(integers, integers)))
def test_a_choice_is_worth_the_arm_that_its_condition_names(
    condition: Expr, arms: tuple[Expr, Expr]
) -> None:
    """A value that depends on a pointer would be that of another object."""
    assert everywhere(Ite(condition, *arms)) == everywhere(ite(condition, *arms))


@tried
@given(expressions)
def test_what_is_called_a_condition_is_0_or_1(expr: Expr) -> None:
    """Comparing it with 1 would be folded to itself where it is 2."""
    assert not is_condition(expr) or {0, 1} >= set(everywhere(expr))


@tried
@given(lists.map(conj))
def test_a_sharpened_conjunction_is_worth_the_same(expr: Expr) -> None:
    """The condition from which a lonely run fails would be another: progress proved or denied."""
    assert everywhere(expr) == everywhere(sharpen(expr))


@tried
@given(lists.map(conj))
def test_sharpening_sharpens_as_far_as_it_goes(expr: Expr) -> None:
    """Of two conditions that are one the engines would make two."""
    assert sharpen(expr) == sharpen(sharpen(expr))


@tried
@given(expressions)
def test_an_expression_reads_as_it_is_written(expr: Expr) -> None:
    """A test of a pass would be about another expression than the one that stands in it."""
    assert expr == expression(text(expr, LOCALS), LOCALS)


FOLDED = {
    "a && a": "a",
    "a && 1": "a",
    "a && 0": "0",
    "a && !a": "0",
    "(a && b) && p": "a && b && p",
    "a || 0": "a",
    "a || !a": "1",
    "(a || b) || a": "a || b",
    "!!a": "a",
    "!(n == 1)": "n != 1",
    "a == 1": "a == 1",
    "held(m) == 1": "held(m)",
    "held(m) == 0": "!held(m)",
    "held(m) == 2": "0",
    "n == n": "1",
    "n < n": "n < n",
    "1 + 2": "3",
    "2 < 1": "0",
    "n + 0": "n + 0",
    "a ? n : n": "n",
    "a ? 1 : 0": "a",
    "a ? 0 : 1": "!a",
    "a ? (n == 1) : 0": "a && (n == 1)",
    "a ? (n == 1) : (n == 2)": "(a && (n == 1)) || (!a && (n == 2))",
    "1 ? n : i": "n",
    "(a ? 1 : 2) == 2": "!a",
    "(a ? n : 2) < 2": "a && (n < 2)",
    "others(m) && others(m, shared)": "others(m) && others(m, shared)",
}


@pytest.mark.parametrize(("plain", "folded"), FOLDED.items(), ids=FOLDED.keys())
def test_an_expression_is_folded_so_far_and_no_further(plain: str, folded: str) -> None:
    """Engines would meet forms that none of them has a case for, or larger ones than need be."""
    assert folded == text(rebuild(expression(plain, LOCALS), itself), LOCALS)


SHARPENED = {
    "a && (!a || b)": "a && b",
    "a && (a == 1)": "a && (a == 1)",
    "(n == 1) && (n == 2)": "0",
    "(n == 1) && (n != 2)": "n == 1",
    "(n == 1) && (n != 1)": "0",
    "(n != 1) && ((n == 1) || a)": "(n != 1) && a",
    "(n == 2) && (n < 3)": "n == 2",
    "(n == 2) && (i == n)": "(n == 2) && (i == 2)",
    "a || (n == 1)": "a || (n == 1)",
    "held(m) && (held(m) || b)": "held(m) && (held(m) || b)",
}


@pytest.mark.parametrize(("plain", "found"), SHARPENED.items(), ids=SHARPENED.keys())
def test_what_one_part_says_of_a_variable_is_put_into_the_others(plain: str, found: str) -> None:
    """Conditions would grow with each step backwards, and the engines come to their limits."""
    assert found == text(sharpen(expression(plain, LOCALS)), LOCALS)


def test_a_lock_that_is_held_answers_for_each_mode_that_means_it() -> None:
    """A release would be refused, or a lock be taken twice, by what a thread knows of itself."""
    found = {
        Mine("m", "shared"): 0,
        Mine("m", "exclusive"): 1,
        Mine("m", "any"): 1,
        Mine("r", "shared"): 0,
        Mine("r", "exclusive"): 0,
        Mine("r", "any"): 0,
    }

    known = modes({"m": 2, "r": 0})

    assert {atom: Const(value) for atom, value in found.items()} == {a: known[a] for a in found}
    assert {Const(0), Const(1)} == set(known.values())


@pytest.mark.parametrize("low", [-2, 0, 3])
def test_each_value_of_a_domain_has_its_word(low: int) -> None:
    """A run would be told with the word of the neighbouring value."""
    domain = Domain(name="d", low=low, labels=("x", "y", "z"))

    assert {low: "x", low + 1: "y", low + 2: "z"} == {v: domain.word(v) for v in domain.values}


def test_an_expression_is_large_by_its_parts_or_by_their_levels() -> None:
    """What is walked by recursion would end in a traceback."""
    deep: Expr = Shared("n")
    for _ in range(100):
        deep = Arith("+", deep, Const(1))
    wide = And(tuple(Compare("==", Shared("n"), Const(k)) for k in range(400)))

    assert [False, False, True, True] == [large(e) for e in (BOOLS[0], deep.left, deep, wide)]


def test_constants_stand_for_the_empty_list() -> None:
    """A thread without a way on would be free to move, or a claim without commands be broken."""
    assert (TRUE, FALSE) == (conj([]), disj([]))
    assert (Not(Others("m", "any")), Or((BOOLS[0], BOOLS[1]))) == (
        negate(Others("m", "any")),
        disj([BOOLS[0], BOOLS[1]]),
    )
    assert TRUE == equal(Shared("n"), Shared("n"))
