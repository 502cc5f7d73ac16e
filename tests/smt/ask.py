"""One question to each way of looking for a run, about a program of a few lines."""

from __future__ import annotations

from collections.abc import Callable

from tests.ir.text import ir
from verify.explore import explore
from verify.ir import Program, Thread, instance
from verify.smt.order import Order
from verify.smt.solver import No, Session, Yes

HEAD = """
shared x: bool = 0
shared y: bool = 0
shared n: 0..3 = 0
lock m: mutex
lock r: rwsem
"""
# Longer than any run of these programs.
MOST = 8


def program(text: str) -> Program:
    return ir(HEAD + text)


def threads(found: Program) -> tuple[Thread, ...]:
    """The threads of its only scenario, two for each `*`, and the observers."""
    (scenario,) = found.scenarios
    return instance(found, scenario, 2)


def shortest(text: str, rounds: int, question: Callable[[Order], str]) -> int | None:
    """The fewest steps of a run at whose end a condition is true; None if there is no run."""
    found = program(text)
    order = Order(found, threads(found), rounds)
    asked = question(order)
    assert not order.limit
    session = Session(order.text(), [asked])
    for length in range(MOST):
        answer = session.ask([0], (order.edges(), length))
        if isinstance(answer, Yes):
            return length
        assert isinstance(answer, No)
    assert isinstance(session.ask([0]), No), "a run is longer than these are said to be"
    return None


def by_order(text: str, claim: str = "c", rounds: int = 1) -> int | None:
    """The steps of a shortest run that breaks a claim, as ordered events."""
    return shortest(text, rounds, lambda order: order.breaks(claim))


def by_states(text: str, claim: str = "c") -> int | None:
    """The same, by every state, without a solver."""
    found = program(text)
    seen = explore(found, threads(found))
    assert seen.complete
    return len(seen.run(seen.broken[claim])) if claim in seen.broken else None
