"""Expressions drawn by chance, well typed, and what each comes to, written down once more."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

from hypothesis import strategies as st

from verify.ir import (
    And,
    Arith,
    Atom,
    Compare,
    Const,
    Expr,
    Ite,
    Local,
    Mine,
    Not,
    Or,
    Others,
    Shared,
)
from verify.locks import EXCLUSIVE, FREE, SHARED

BOOLS: tuple[Shared | Local, ...] = (Shared("a"), Shared("b"), Local("p"))
INTS: tuple[Shared | Local, ...] = (Shared("n"), Local("i"))
VALUES = range(3)
LOCKS = ("m", "r")
MODES = {"shared": (SHARED,), "exclusive": (EXCLUSIVE,), "any": (SHARED, EXCLUSIVE)}
TESTS: tuple[Atom, ...] = tuple(
    kind(lock, mode) for kind in (Mine, Others) for lock in LOCKS for mode in MODES
)

# Enough to tell what an expression does, few enough to try thousands.
numbers = st.integers(-1, 3).map(Const)


def _conditions(
    inner: st.SearchStrategy[Expr], ints: st.SearchStrategy[Expr]
) -> st.SearchStrategy[Expr]:
    some = st.lists(inner, min_size=2, max_size=3).map(tuple)
    values = st.one_of(ints, inner)
    return st.one_of(
        inner.map(Not),
        some.map(And),
        some.map(Or),
        st.builds(Compare, st.sampled_from(("==", "<")), values, values),
        st.builds(Ite, inner, inner, inner),
    )


def _grown(depth: int) -> tuple[st.SearchStrategy[Expr], st.SearchStrategy[Expr]]:
    conditions: st.SearchStrategy[Expr] = st.sampled_from((*BOOLS, *TESTS, Const(0), Const(1)))
    ints: st.SearchStrategy[Expr] = st.one_of(st.sampled_from(INTS), numbers)
    for _ in range(depth):
        conditions, ints = (
            st.one_of(conditions, _conditions(conditions, ints)),
            st.one_of(
                ints,
                st.builds(Arith, st.sampled_from(("+", "-", "*")), ints, ints),
                st.builds(Ite, conditions, ints, ints),
            ),
        )
    return conditions, ints


# A condition is 0 or 1; only such stand where a truth is asked for, as checking sees to.
conditions, integers = _grown(3)
expressions = st.one_of(conditions, integers)

# The values of the variables, and what the thread itself and the others do with each lock.
State = Mapping[Atom, int]


def _states() -> list[State]:
    found: list[State] = []
    modes = (FREE, SHARED, EXCLUSIVE)
    for values in product((0, 1), repeat=len(BOOLS)):
        for n, i in product(VALUES, repeat=len(INTS)):
            # Locks go through all their modes beside that, not multiplied with it.
            held = [modes[(len(found) + k) % 3] for k in range(2 * len(LOCKS))]
            state = dict(zip(BOOLS, values, strict=True)) | dict(zip(INTS, (n, i), strict=True))
            for k, lock in enumerate(LOCKS):
                for mode, meant in MODES.items():
                    state[Mine(lock, mode)] = int(held[2 * k] in meant)
                    state[Others(lock, mode)] = int(held[2 * k + 1] in meant)
            found.append(state)
    return found


STATES = _states()


def worth(expr: Expr, state: State) -> int:
    """What an expression comes to, by the definition of each operator and nothing else.

    Raises:
        KeyError: the state does not say what one of its variables is.
    """
    match expr:
        case Const(value):
            return value
        case Not(arg):
            return 0 if worth(arg, state) else 1
        case And(args):
            return 1 if all(worth(arg, state) for arg in args) else 0
        case Or(args):
            return 1 if any(worth(arg, state) for arg in args) else 0
        case Compare("==", left, right):
            return 1 if worth(left, state) == worth(right, state) else 0
        case Compare(_, left, right):
            return 1 if worth(left, state) < worth(right, state) else 0
        case Arith("+", left, right):
            return worth(left, state) + worth(right, state)
        case Arith("-", left, right):
            return worth(left, state) - worth(right, state)
        case Arith(_, left, right):
            return worth(left, state) * worth(right, state)
        case Ite(condition, then, otherwise):
            return worth(then if worth(condition, state) else otherwise, state)
        case _:
            return state[expr]


def everywhere(expr: Expr) -> list[int]:
    """What it comes to in each state."""
    return [worth(expr, state) for state in STATES]
