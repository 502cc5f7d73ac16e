"""Pieces of SMT-LIB text put together, and what the two solvers say of one."""

from __future__ import annotations

from itertools import product

import pytest

from verify.certify.solvers import SOLVERS, decide, version
from verify.certify.text import all_of, any_of, no

VALUES = {"true": True, "false": False}


@pytest.mark.parametrize("parts", [p for n in range(4) for p in product(VALUES, repeat=n)])
def test_constants_are_folded_into_what_they_come_to(parts: tuple[str, ...]) -> None:
    """An obligation would say something else than its parts."""
    truths = [VALUES[part] for part in parts]

    assert all(truths) == VALUES[all_of(parts)]
    assert any(truths) == VALUES[any_of(parts)]
    assert [not truth for truth in truths] == [VALUES[no(part)] for part in parts]


def test_what_is_no_constant_stays() -> None:
    """A condition would be dropped from an obligation."""
    assert "(and a b)" == all_of(["a", "true", "b"])
    assert "(or a b)" == any_of(["a", "false", "b"])
    assert ("a", "a", "(not a)") == (all_of(["a"]), any_of(["a"]), no("a"))
    assert ("false", "true") == (all_of(["a", "false"]), any_of(["a", "true"]))


TEXT = """(set-logic QF_BV)
(declare-const |a b| (_ BitVec 8))
(assert (bvslt |a b| #x00))
(assert (= |a b| {value}))
(check-sat)
"""


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize(("value", "answer"), [("#xff", "sat"), ("#x01", "unsat")])
def test_each_solver_answers_a_text(solver: str, value: str, answer: str) -> None:
    """Both would agree on what neither has read."""
    assert answer == decide(solver, TEXT.format(value=value))
    assert version(solver)
