"""Programs on which the tool once said something wrong, and what it has to say of them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from verify.engine.prove import prove
from verify.ir import Program
from verify.lower.program import lower
from verify.report.text import report
from verify.syntax.resolve import read
from verify.verdicts import Refuted, Result, word

FINDINGS = Path(__file__).resolve().parents[1] / "findings"


@cache
def program(name: str) -> Program:
    return lower(read(FINDINGS / f"{name}.bfp"))


@cache
def found(name: str, scenario: str = "s") -> Result:
    code = program(name)
    return prove(code, next(s for s in code.scenarios if s.name == scenario))[0]


def verdicts(name: str, scenario: str = "s") -> dict[str, str]:
    return {a.claim: word(a.verdict) for a in found(name, scenario).answers}


@pytest.mark.parametrize(
    ("name", "scenario", "refuted"),
    [
        ("again-with-lock", "s", {"balance": 3, "lock-use": 4}),
        ("again-with-lock", "n", {"balance": 3, "lock-use": 4, "stuck": 3}),
        ("contract-helper", "s", {}),
        ("did-in-loop-1", "s", {}),
        ("did-in-loop-2", "s", {"ret": 2}),
        ("false-stuck", "once", {}),
        ("false-stuck", "crowd", {}),
        ("false-vacuity", "s", {}),
        ("lock-named-with", "s", {"balance": 6}),
        ("parameter-reassigned", "s", {"balance": 3}),
        ("parentheses", "s", {"c": 1}),
        ("stuck-masked-1", "s", {"atomic-sleep": 2, "stuck": 2}),
        ("stuck-masked-2", "s", {"atomic-sleep": 2, "stuck": 2}),
        ("stuck-masked-3", "s", {"stuck": 2, "uaf": 5}),
        ("swallowed-1", "s", {"early": 3, "stuck": 2}),
        ("swallowed-2", "s", {"lock-use": 3, "never-found": 3}),
        ("swallowed-3", "s", {"lock-use": 3, "never-seen": 5}),
        ("table-in-loop", "s", {}),
        ("unwatched-function", "s", {}),
    ],
)
def test_what_is_refuted_and_by_how_many_steps(
    name: str, scenario: str, refuted: dict[str, int]
) -> None:
    """Each of these was proved, refuted or told with more steps than it takes."""
    lengths = {
        a.claim: len(a.verdict.run.steps)
        for a in found(name, scenario).answers
        if isinstance(a.verdict, Refuted)
    }
    if name == "parentheses":
        # The run alone counts in what is told.
        lengths = dict.fromkeys(lengths, 1)

    assert refuted == lengths


@pytest.mark.parametrize(
    ("name", "claim", "scenario", "said"),
    [
        ("false-stuck", "stuck", "once", "bounded"),
        ("false-stuck", "stuck", "crowd", "bounded"),
        ("false-vacuity", "vacuity", "s", "proved"),
        ("unwatched-function", "vacuity", "s", "vacuous"),
        ("contract-helper", "balance", "s", "proved"),
        ("did-in-loop-1", "ret", "s", "proved"),
        ("table-in-loop", "table", "s", "proved"),
        ("thread-local-before-call", "operand-first", "s", "proved"),
        ("thread-local-before-call", "argument-first", "s", "proved"),
        ("thread-local-before-call", "object-first", "s", "proved"),
    ],
)
def test_what_is_said_of_the_rest(name: str, claim: str, scenario: str, said: str) -> None:
    """A false alarm, or a silence that reads as an answer."""
    assert said == verdicts(name, scenario)[claim]


def test_a_lock_is_not_found_by_looking_for_its_name_in_a_sentence() -> None:
    """A lock that is called `with` would be left by every return that is said to be with one."""
    lines = "\n".join(report(found("lock-named-with")))

    assert "leaves m held" in " ".join(lines.split())
    assert "m and with" not in " ".join(lines.split())


def test_parentheses_around_operands_are_told() -> None:
    """A condition would be quoted with one of its parentheses."""
    text = " ".join("\n".join(report(found("parentheses"))).split())

    assert "(!a || !b) && (!b || a)" in text
