"""A run that z3 gave up making shorter is no longer than up to the step that it is about."""

from __future__ import annotations

import pytest

from tests.engine.small import lowered
from verify.certify.proof import DisagreementError
from verify.engine.judging import up_to_breaking
from verify.engine.problem import Problem, silent
from verify.engine.search import Best, Instance, explicit


def search() -> Instance:
    program = lowered(
        """
        bool x;
        bool y;
        primitive void hook(void) { }
        thread one { x = true; hook(); }
        thread two { y = true; y = false; }
        scenario s "s": one, two;
        claim unset "u" before hook: !x;
        """
    )
    return explicit(Problem(program, program.scenarios[0], 1), silent)


def breaking(found: Instance) -> tuple[int, int]:
    """The step of the first thread that breaks the claim."""
    (number,) = (i for i, c in enumerate(found.threads[0].commands) if c.violates == "unset")
    return 0, number


def test_what_comes_behind_the_step_is_left_out_and_the_run_is_not_the_shortest() -> None:
    """If it fails, a bug that is found is reported as a mistake of ours."""
    found = search()
    end = breaking(found)
    (first,) = (
        (0, i)
        for i, c in enumerate(found.threads[0].commands)
        if not c.violates and c.source == found.threads[0].entry
    )

    assert ((first, end), 0) == up_to_breaking(found, Best((first, end, (1, 0)), 0), "unset")
    assert ((first, end), 1) == up_to_breaking(found, Best((first, end), 1), "unset")


def test_a_shortest_run_with_something_behind_is_a_mistake_of_ours() -> None:
    """If it fails, z3 and the interpreter may disagree, and nobody hears of it."""
    found = search()

    with pytest.raises(DisagreementError):
        up_to_breaking(found, Best((breaking(found), (1, 0)), 1), "unset")
    with pytest.raises(DisagreementError):
        up_to_breaking(found, Best(((1, 0),), 0), "unset")
