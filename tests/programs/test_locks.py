"""Kinds of locks, each with programs that keep its rules and programs that break them."""

from __future__ import annotations

from functools import cache

import pytest

from tests.programs.binder import ROOT
from tests.second import Report, compare
from verify.engine.prove import prove
from verify.ir import Program
from verify.lower.program import lower
from verify.syntax.resolve import read
from verify.verdicts import word

LOCKS = ROOT / "programs" / "locks"
# What is refuted in each scenario.
REFUTED = {
    ("rcu", "kept"): {"no-reader"},
    ("rcu", "deferred"): {"no-reader"},
    ("rcu", "hasty"): {"use-after-free", "no-reader"},
    ("rcu", "early"): {"use-after-free", "no-reader"},
    ("rcu", "sleeps"): {"atomic-sleep", "no-reader"},
    ("rcu", "within"): {"lock-use", "atomic-sleep"},
    ("rcu", "leaving"): {"lock-use"},
    ("rcu", "deep"): {"lock-use"},
    ("irq", "kept"): set(),
    ("irq", "open"): {"irq-safe"},
    ("irq", "early"): {"irq-safe"},
    ("irq", "quiet"): set(),
    ("irq", "sleeper"): {"atomic-sleep"},
    ("irq", "unbalanced"): {"balance"},
    ("irq", "sleeps"): {"atomic-sleep"},
    ("rcu", "unbalanced"): {"balance", "no-reader", "stuck"},
}


@cache
def _program(name: str) -> Program:
    return lower(read(LOCKS / f"{name}.bfp"))


def test_every_scenario_of_every_program_is_here() -> None:
    """A program would be shipped of which nobody knows what is to come out."""
    found = {
        (path.stem, scenario.name)
        for path in LOCKS.glob("*.bfp")
        for scenario in _program(path.stem).scenarios
    }

    assert set(REFUTED) == found


@pytest.mark.parametrize(("name", "scenario"), sorted(REFUTED))
def test_a_rule_is_broken_where_it_is_and_nowhere_else(name: str, scenario: str) -> None:
    """A rule of a kind of lock would not be looked at, or what keeps it would be blamed."""
    program = _program(name)
    asked = next(one for one in program.scenarios if one.name == scenario)
    answers = {a.claim: word(a.verdict) for a in prove(program, asked)[0].answers}
    refuted = {claim for claim, said in answers.items() if said == "refuted"}

    assert REFUTED[name, scenario] == refuted
    assert set() == set(answers.values()) - {"refuted", "proved", "absent", "vacuous"}


@pytest.mark.parametrize(("name", "scenario"), sorted(REFUTED))
def test_the_text_read_by_itself_says_the_same(name: str, scenario: str) -> None:
    """Lowering would give a kind of lock another meaning than docs/language.md does."""
    report = Report(name)
    compare(read(LOCKS / f"{name}.bfp"), scenario, report)

    assert [] == report.differences
    assert 1 == report.counts["programs"]
    assert not report.counts["given up for size"]
