"""The search for lemmas where it has to give up."""

from __future__ import annotations

import pytest

from tests.programs.binder import program, reuse
from verify.engine import problem
from verify.engine.unbounded import prove
from verify.reasons.limits import Count, CountLimit

# A shipped program.
pytestmark = pytest.mark.slow


def test_a_search_that_meets_its_limit_keeps_what_it_has_proved(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """If it fails, one claim that is too hard takes the others with it, or ends in an error."""
    monkeypatch.setattr(problem, "DEFAULT_LIMITS", problem.Limits(lemmas=40))
    found = prove(program("v3-balanced"), reuse(program("v3-balanced")), ("table", "stuck"))

    assert {"table"} == set(found.shares)
    assert {"stuck": CountLimit(Count.LEMMAS, 40)} == found.open
