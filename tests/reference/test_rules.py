"""Each rule of the language is named by a test."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
LANGUAGE = TESTS.parent / "docs" / "language.md"
RULE = re.compile(r"[A-Z][0-9]+")


def test_every_rule_is_named_by_a_test() -> None:
    """A rule that no test knows of may be broken by any change."""
    rules = re.findall(r"^\* \[([A-Z][0-9]+)\]", LANGUAGE.read_text(encoding="utf-8"), re.M)
    brackets = [
        bracket
        for path in TESTS.rglob("test_*.py")
        for bracket in re.findall(r"\[([A-Z0-9, -]+)\]", path.read_text(encoding="utf-8"))
    ]
    named = {rule for bracket in brackets for rule in RULE.findall(bracket)}

    assert len(rules) > 50
    assert [] == [rule for rule in rules if rule not in named]
