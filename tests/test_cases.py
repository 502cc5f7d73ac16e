"""An expression by cases, against what it comes to for each value of its variables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from random import Random

import pytest

from verify.cases import by_cases, chosen, split
from verify.ir import (
    FALSE,
    TRUE,
    Atom,
    Const,
    Expr,
    Local,
    Others,
    Shared,
    arith,
    atoms,
    compare,
    conj,
    disj,
    equal,
    ite,
    negate,
    rebuild,
)

DOMAINS: Mapping[Atom, tuple[int, ...]] = {
    Shared("a"): (0, 1, 2),
    Shared("b"): (0, 1),
    Local("c"): (0, 1, 2),
    Others("m", "any"): (1, 0),
}
SEEDS = range(20)


def values(atom: Atom) -> tuple[int, ...]:
    return DOMAINS[atom]


def number(random: Random, depth: int) -> Expr:
    if not depth or random.random() < 0.2:
        return random.choice([Const(random.randrange(3)), Shared("a"), Local("c")])
    match random.randrange(2):
        case 0:
            return arith(random.choice("+-"), number(random, depth - 1), number(random, depth - 1))
        case _:
            parts = number(random, depth - 1), number(random, depth - 1)
            return ite(condition(random, depth - 1), *parts)


def condition(random: Random, depth: int) -> Expr:
    if not depth or random.random() < 0.2:
        return random.choice([equal(Shared("b"), Const(1)), Others("m", "any")])
    match random.randrange(4):
        case 0:
            return negate(condition(random, depth - 1))
        case 1:
            return conj(condition(random, depth - 1) for _ in range(2))
        case 2:
            return disj(condition(random, depth - 1) for _ in range(2))
        case _:
            return compare("==", number(random, depth - 1), number(random, depth - 1))


def states() -> Iterator[dict[Atom, int]]:
    for combination in product(*DOMAINS.values()):
        yield dict(zip(DOMAINS, combination, strict=True))


def at(state: Mapping[Atom, int], expr: Expr) -> int:
    found = rebuild(expr, lambda atom: Const(state[atom]))
    assert isinstance(found, Const)
    return int(found.value)


@pytest.mark.parametrize("seed", SEEDS)
def test_each_state_is_in_one_case_that_knows_what_is_computed(seed: int) -> None:
    """A step would be lost or taken twice, or would store what the text does not say."""
    random = Random(seed)
    guard = condition(random, 2)
    exprs = [number(random, 3), condition(random, 3)]
    cases = list(by_cases(guard, exprs, values))

    for when, news in cases:
        assert all(isinstance(new, Const) for new in news)
        assert when != FALSE
    for state in states():
        here = [news for when, news in cases if at(state, when)]
        assert at(state, guard) == len(here)
        assert all([Const(at(state, e)) for e in exprs] == list(news) for news in here)


def test_what_is_not_to_be_split_on_stays() -> None:
    """A question about others' locks would be asked of all shared state besides."""
    expr = ite(Others("m", "any"), Shared("a"), Const(0))
    cases = by_cases(TRUE, [expr], lambda atom: (1, 0) if isinstance(atom, Others) else ())

    taken = Others("m", "any")
    assert [(taken, (Shared("a"),)), (negate(taken), (Const(0),))] == list(cases)


def test_the_first_by_name_of_the_first_that_is_open_comes_first() -> None:
    """The same text would come to other certificates each time."""
    exprs = [Const(1), arith("+", Shared("b"), Shared("a")), Local("c")]

    assert Shared("a") == chosen(exprs, values)
    assert None is chosen([Const(1)], values)


def test_a_split_leaves_nothing_of_what_it_splits_on() -> None:
    """Splitting would go on for ever."""
    expr = arith("+", Shared("a"), Local("c"))

    for value, (condition_, (left,)) in zip(
        (0, 1, 2), split(Shared("a"), (0, 1, 2), [expr]), strict=True
    ):
        assert equal(Shared("a"), Const(value)) == condition_
        assert {Local("c")} == atoms(left)
