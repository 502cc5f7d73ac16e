"""Each part broken on purpose: what is built on it has to notice, or to say that it gave up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from tests.programs.binder import (
    program,
    refutations,
    reuse,
    threads_of,
    verdicts,
)
from verify.certify.proof import DisagreementError
from verify.engine import coverage, judging, problem
from verify.engine import search as search_module
from verify.engine.bounded import check
from verify.engine.prove import prove
from verify.engine.search import Best, Search
from verify.explore import Explored, explore
from verify.interpret import Machine, ReplayError, State, Values
from verify.ir import Program, Thread
from verify.parameterised.views import Closure
from verify.report.text import report
from verify.smt.order import FALSE, TRUE, Event, Order, all_of, any_of
from verify.smt.solver import Session, Yes
from verify.verdicts import Absent, NotEstablished, Refuted, Result


def ask(name: str) -> Result:
    return check(program(name), reuse(program(name)))


@pytest.fixture
def no_scout(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the pre-search finds would hide what the encoding does."""

    def blind(program: Program, threads: Sequence[Thread], *_: object, **__: object) -> Explored:
        return Explored(Machine(program, threads), complete=False)

    monkeypatch.setattr(search_module, "explore", blind)


# ------------------------------------------------------------- the encoding


def test_an_order_in_which_nobody_holds_anything_gives_runs_that_do_not_replay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """If it fails, mutual exclusion could be lost from the encoding and a verdict be given."""
    monkeypatch.setattr(Order, "holds", lambda *_: FALSE)
    with pytest.raises((ReplayError, DisagreementError)):
        ask("v3-balanced")


def test_an_order_that_forgets_wrong_writes_gives_runs_that_do_not_replay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """If it fails, variables could keep values that were overwritten and a verdict be given."""

    def forgetful(self: Order, name: str, wanted: frozenset[int], at: Event) -> str:
        right = [w for w in self._writes[name] if w.value in wanted]
        early = [all_of([w.literal, self.before(w.event, at)]) for w in right]
        return TRUE if self._initial[name] in wanted else any_of(early)

    monkeypatch.setattr(Order, "_value_in", forgetful)
    with pytest.raises((ReplayError, DisagreementError)):
        ask("v3-balanced")


@pytest.mark.usefixtures("no_scout")
def test_an_order_without_runs_finds_nothing_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """If it fails, an encoding that contradicts itself would prove everything."""
    text = Order.text

    def empty(self: Order) -> str:
        return "\n".join([text(self), *(f"(assert (not {edge}))" for edge in self.edges())])

    monkeypatch.setattr(Order, "text", empty)
    monkeypatch.setattr(coverage, "_further", lambda *_: {})
    # With other scenarios beside it, what is not put to the test in this one is only absent.
    alone = replace(program("v2"), scenarios=(reuse(program("v2")),))
    found = verdicts(check(alone, reuse(alone)))

    assert "refuted" not in found.values()
    assert found["vacuity"] == "vacuous"
    assert found["zap-valid"] == "vacuous"


@pytest.mark.usefixtures("no_scout")
def test_an_order_in_which_locks_are_never_released_is_not_of_the_explorers_opinion(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """If it fails, holding the two against each other shows nothing."""

    def endless(self: Order, thread: int, lock: str, mode: str, at: Event) -> str:
        begins, _ = self._sections[thread, lock, mode]
        return any_of(
            all_of([begun, self.before(Event(thread, level), at)])
            for level, begun in begins.items()
        )

    expected = set(ask_explorer("v3"))
    monkeypatch.setattr(Order, "holds", endless)
    try:
        found = set(refutations(ask("v3")))
    except ReplayError:
        found = set()

    assert expected
    assert expected != found


# ---------------------------------------------------------- the interpreter


def ask_explorer(name: str) -> set[str]:
    found = program(name)
    return set(explore(found, threads_of(found, 1)).broken)


def test_an_interpreter_without_locks_is_not_of_the_encodings_opinion(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """If it fails, holding the two against each other shows nothing."""
    expected = set(refutations(ask("v3-balanced")))
    nobody: Values = (0,) * len(program("v3-balanced").locks)
    monkeypatch.setattr(Machine, "others", lambda *_: nobody)

    assert expected != ask_explorer("v3-balanced")


def test_an_interpreter_in_which_nobody_waits_cannot_follow_a_run_into_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """If it fails, "waits for ever" is said without a state in which somebody does."""
    monkeypatch.setattr(Machine, "quiet", lambda *_: ())
    with pytest.raises(ReplayError, match="nobody waits"):
        ask("v3")


def test_a_run_alone_that_does_not_fail_is_no_refutation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """If it fails, "makes no progress" is said without a run that makes none."""
    monkeypatch.setattr(judging, "alone", lambda *_: None)
    with pytest.raises(ReplayError, match="does not fail"):
        ask("base")


def test_an_interpreter_that_refuses_a_step_ends_in_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """If it fails, a refutation is printed that was never replayed."""

    def refuse(*_: object) -> State:
        raise ReplayError("no")

    monkeypatch.setattr(Machine, "take", refuse)
    with pytest.raises(ReplayError):
        ask("v2")


# --------------------------------------------------------------- the search


@pytest.mark.usefixtures("no_scout")
def test_a_model_that_breaks_no_claim_ends_in_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """If it fails, a claim is refuted by a model that is about something else."""
    monkeypatch.setattr(Search, "moves", lambda *_: ())
    with pytest.raises(DisagreementError, match="no claim"):
        ask("v2")


@pytest.mark.usefixtures("no_scout")
def test_a_question_with_two_answers_ends_in_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """If it fails, a claim is both refuted and not."""
    monkeypatch.setattr(Search, "shortest", lambda *_: None)
    with pytest.raises(DisagreementError, match="two answers"):
        ask("v2")


def test_a_shorter_run_that_is_longer_ends_in_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """If it fails, the search for a shorter run may go on for ever."""
    found = program("v2")
    instance = search_module.explicit(problem.Problem(found, reuse(found), 1), problem.silent)
    search = Search(instance, (instance.order.breaks("table"),))
    monkeypatch.setattr(Search, "ask", lambda *_: Yes(frozenset(), {}))
    monkeypatch.setattr(Search, "moves", lambda *_: ((0, 0), (0, 1)))
    with pytest.raises(DisagreementError, match="longer"):
        search.shortest([0], ((0, 0),))


@pytest.mark.usefixtures("no_scout")
def test_a_shortest_run_that_ends_with_something_else_ends_in_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """If it fails, the last step of a run may not be the one that the run is about."""
    shortest = Search.shortest

    def with_more(self: Search, *asked: Any) -> Best | None:
        found = shortest(self, *asked)
        return None if found is None else replace(found, moves=(*found.moves, (0, 0)))

    monkeypatch.setattr(Search, "shortest", with_more)
    with pytest.raises(DisagreementError, match="something else"):
        ask("v2")


@pytest.mark.usefixtures("no_scout")
def test_a_solver_that_gives_up_establishes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """If it fails, "I do not know" is taken for "it holds"."""
    monkeypatch.setattr(search_module, "Session", partial(Session, effort=1))
    found = ask("v3-balanced")

    known = {a.claim: a.verdict for a in found.answers if not isinstance(a.verdict, NotEstablished)}

    # That nobody splits the mapping here takes no solver.
    assert {"progress-split", "progress-survivor"} == set(known)
    assert all(isinstance(verdict, Absent) for verdict in known.values())
    assert all(row.verdict == "not established" for row in found.table)


def test_a_solver_that_gives_up_on_shorter_runs_leaves_the_run_and_says_less(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """If it fails, a run is called the shortest of two callers though nobody has looked."""
    whole = {a.claim: a.verdict for a in ask("v3").answers if isinstance(a.verdict, Refuted)}
    monkeypatch.setattr(problem, "DEFAULT_LIMITS", problem.Limits(shorter_effort=1))
    found = {a.claim: a.verdict for a in ask("v3").answers if isinstance(a.verdict, Refuted)}

    assert whole
    assert whole.keys() == found.keys()
    assert {2} == {verdict.least for verdict in whole.values()}
    # All of them are the pre-search's, and breadth first there is none shorter with one of each.
    assert {1} == {verdict.least for verdict in found.values()}
    said = " ".join(" ".join(report(ask("v3"))).split())
    assert "there may be a shorter run: z3 gave up looking for one" in said
    assert "with one thread of each kind there is none" in said


def test_views_that_miss_what_a_run_does_end_in_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """If it fails, a proof stands on views that are known to see too little."""
    found = program("v3")
    monkeypatch.setattr(Closure, "_look_for_broken", lambda *_: None)
    with pytest.raises(DisagreementError, match="no view of two threads does"):
        prove(found, reuse(found))


def test_what_is_proved_is_not_asked_of_z3_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """If it fails, the bounded engine does work that the proof has made superfluous."""
    found = program("base")
    asked = []
    ask_z3 = Search.ask

    def note(self: Search, questions: Sequence[int], most: int | None = None) -> Any:
        asked.extend(self.questions[i] for i in questions)
        return ask_z3(self, questions, most)

    monkeypatch.setattr(Search, "ask", note)
    prove(found, reuse(found))
    order = search_module.explicit(problem.Problem(found, reuse(found)), problem.silent).order
    breaking = {order.breaks(c.name) for c in found.claims if not c.solo} | {order.quiet()}
    # Also the text of other questions: whether the mapping is ever found split, for one.
    breaking.discard(FALSE)

    assert asked
    assert breaking
    assert not breaking & set(asked)
