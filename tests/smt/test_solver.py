"""The session with z3: what is asked, by position, and what comes back."""

from __future__ import annotations

import pytest

from verify.smt import solver
from verify.smt.solver import No, Session, Unknown, Yes

TEXT = """
(declare-const a Bool)
(declare-const b Bool)
(declare-const i Int)
(declare-const j Int)
(assert (=> a (< i j)))
"""


def test_an_answer_says_what_is_true_and_what_the_numbers_are() -> None:
    """A run would be put together from events that did not happen, or in another order."""
    answer = Session(TEXT, ["(and a (not b) (= i 3) (= j 4))"]).ask([0])

    assert isinstance(answer, Yes)
    assert ({"a", "q0"}, {"i": 3, "j": 4}) == (answer.true, answer.numbers)


def test_one_of_the_questions_is_enough_and_those_not_asked_do_not_count() -> None:
    """A claim would be refuted by the run of another."""
    session = Session(TEXT, ["(and a (= i j))", "(and b (= i j))", "true"])

    assert isinstance(session.ask([0]), No)
    assert isinstance(session.ask([0, 1]), Yes)
    assert isinstance(session.ask([0]), No)


@pytest.mark.parametrize(("most", "answer"), [(0, No), (1, No), (2, Yes)])
def test_so_many_are_true_at_most(most: int, answer: type) -> None:
    """A run would be called shorter that is not, or the shortest where there is a shorter one."""
    session = Session(TEXT, ["(and a b)"])

    assert isinstance(session.ask([0], (["a", "b"], most)), answer)
    assert isinstance(session.ask([0]), Yes)


def test_of_no_questions_none_can_be_true() -> None:
    """Where nothing is left to be asked, verify would end as by a bug of its own."""
    session = Session(TEXT, ["true"])

    assert isinstance(session.ask([]), No)
    assert isinstance(session.ask([], (["a"], 0)), No)
    assert isinstance(session.ask([0]), Yes)


def test_of_no_constants_never_too_many_are_true() -> None:
    """The same, where threads have nothing to do."""
    assert isinstance(Session(TEXT, ["true"]).ask([0], ([], 0)), Yes)


def test_without_effort_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """A question that was not answered would count as one without a run."""
    monkeypatch.setattr(solver, "EFFORT_IN_ALL", 0)
    answer = Session(TEXT, ["true"]).ask([0])

    assert isinstance(answer, Unknown)


def test_a_question_that_is_too_hard_is_left_open() -> None:
    """The limit on effort would be none, or the answer be taken for `there is no run`."""
    pigeons, holes = range(9), range(8)
    names = [[f"p{p}_{h}" for h in holes] for p in pigeons]
    text = "\n".join(f"(declare-const {name} Bool)" for row in names for name in row)
    sits = " ".join(f"(or {' '.join(row)})" for row in names)
    apart = " ".join(
        f"(not (and {names[p][h]} {names[q][h]}))" for h in holes for p in pigeons for q in range(p)
    )
    session = Session(text, [f"(and {sits} {apart})"])

    assert isinstance(session.ask([0], effort=1_000), Unknown)
