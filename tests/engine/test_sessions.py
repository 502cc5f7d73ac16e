"""What z3 answers, in a process that has asked it before."""

from __future__ import annotations

from collections.abc import Sequence

from tests.programs.binder import program, reuse
from verify.engine.plan import planned
from verify.engine.problem import Problem, silent
from verify.engine.search import explicit
from verify.smt.solver import Reply, Session, Yes


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
