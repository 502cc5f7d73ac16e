"""What z3 answers, in a process that has asked it before."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.programs.binder import program, reuse
from verify.engine import search as engine_search
from verify.engine.plan import planned
from verify.engine.problem import Problem, silent
from verify.engine.search import explicit
from verify.smt.solver import No, Reply, Session, Yes


def answers(text: str, questions: Sequence[str]) -> list[Reply]:
    session = Session(text, questions)
    return [session.ask([number]) for number in range(len(questions))]


def test_a_question_has_the_same_answer_whatever_was_asked_before() -> None:
    """Evidence that one process has written would be rejected by another, which finds a run
    as good that differs."""
    v2 = program("v2")
    search = planned(explicit(Problem(v2, reuse(v2)), silent)).search
    text = search.instance.order.text()

    first = answers(text, search.questions)

    assert any(isinstance(answer, Yes) for answer in first)
    assert first == answers(text, search.questions)


def test_no_question_is_answered_without_z3(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing is left to be asked, verify would end as by a bug of its own."""
    v2 = program("v2")
    search = planned(explicit(Problem(v2, reuse(v2)), silent)).search
    monkeypatch.delattr(engine_search, "Session")

    assert isinstance(search.ask([]), No)
    assert search.shortest([], None) is None
