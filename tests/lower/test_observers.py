"""Threads that only look: one for each `never`."""

from __future__ import annotations

from tests.randomised import lowered
from verify.explore import explore
from verify.ir import instance

TWO = """
bool a;
bool b = true;
thread t { a = true; }
scenario all "all": t;
claim both "a sentence" never: false && a; never: b;
"""


def test_two_clauses_of_one_claim_are_two_threads() -> None:
    """What one of them sees would be put down to the other, or not be seen at all."""
    program = lowered(TWO)
    names = [thread.name for thread in program.threads if thread.kind == "observer"]
    seen = explore(program, instance(program, program.scenarios[0], 1))

    assert len(names) == len(set(names))
    assert "both" in seen.broken
