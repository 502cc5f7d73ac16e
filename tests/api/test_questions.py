"""A question is a value that can be trusted to make sense."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

import verify


def test_a_question_is_a_value() -> None:
    """One that was handed on could change under whoever answers it, or could be no key."""
    question = verify.Question(scenario="reuse", claims=("balance",))

    assert question == dataclasses.replace(question)
    assert 1 == len({question, dataclasses.replace(question)})
    with pytest.raises(dataclasses.FrozenInstanceError):
        question.threads = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"threads": 0}, "threads is 1 to 12, not 0"),
        ({"threads": 13}, "threads is 1 to 12, not 13"),
        ({"unwind": -1}, "unwind is 0 to 8, not -1"),
        ({"unwind": 9}, "unwind is 0 to 8, not 9"),
        ({"jobs": 0}, "jobs is at least 1, not 0"),
        ({"claims": "stuck"}, "claims is a tuple of names, not the name 'stuck'"),
        ({"include": "model"}, "include is a tuple of names, not the name 'model'"),
        ({"bounded": True, "proofs": "proofs"}, "without a proof"),
    ],
)
def test_a_question_that_makes_no_sense_cannot_be_asked(wrong: dict[str, Any], said: str) -> None:
    """A misspelt number would be answered minutes later, by something else than was meant."""
    with pytest.raises(ValueError, match=said):
        verify.Question(**wrong)


@pytest.mark.parametrize("solvers", [(), ("yices",), ("z3", "yices")])
def test_only_solvers_that_there_are_can_be_asked(solvers: tuple[str, ...]) -> None:
    """A certificate would be accepted that nobody was asked about."""
    with pytest.raises(ValueError, match="z3, cvc5"):
        verify.check("proofs/none", verify.CheckQuestion(solvers=solvers))
