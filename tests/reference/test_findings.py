"""Programs on which an engine once said something wrong, and what is true of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reference.small import texts
from verify.reference import Opinion, explored
from verify.syntax.resolve import read

FOLDER = Path(__file__).parents[1] / "findings"


def of(name: str, scenario: str = "s", number: int = 1, again: bool = True) -> Opinion:
    return explored(read(FOLDER / f"{name}.bfp"), scenario, number, again)


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize(
    ("name", "scenario", "expected"),
    [
        ("again-with-lock", "s", {"balance": 3, "lock-use": 4}),
        ("contract-helper", "s", {}),
        ("did-in-loop-1", "s", {}),
        ("did-in-loop-2", "s", {"ret": 1}),
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
        ("thread-local-before-call", "s", {}),
        ("unwatched-function", "s", {}),
    ],
)
def test_what_is_true(name: str, scenario: str, number: int, expected: dict[str, int]) -> None:
    """[T4, W2, W6, R2, C2, C3, C5, E2] The second opinion would be wrong where the first was."""
    found = of(name, scenario, number)

    assert found.complete
    assert expected == dict(found.broken)


def test_who_left_a_mutex_keeps_the_other_out() -> None:
    """[W4, R2] A leaked lock would not be in the way of who comes next."""
    found = of("again-with-lock", "n", 2)

    assert {"balance": 3, "lock-use": 4, "stuck": 3} == dict(found.broken)


def test_a_claim_does_not_change_who_is_stuck() -> None:
    """[B5] `stuck` would depend on whether somebody asks for uses after a free."""
    path = FOLDER / "stuck-masked-3.bfp"
    with_claim = explored(read(path), "s")
    claims = [line for line in path.read_text().splitlines() if line.startswith("claim ")]

    assert 1 == len(claims)
    assert 2 == with_claim.broken["stuck"]


def test_a_case_is_that_of_its_call() -> None:
    """[E2] The second call of the loop would have the case of the first."""
    assert {(0, "idle"), (2, "worked")} == of("table-in-loop").returns


def test_a_branch_that_is_never_taken_is_not_reached() -> None:
    """[V1] `goto out` would pass for reached, since `out` is."""
    found = texts(of("unwatched-function"))

    assert "goto out;" not in found
    assert "o->x = 0;" not in found
    assert "return err;" in found


def test_a_call_of_a_function_is_reached() -> None:
    """[V2] A call that is no access would have no place to be reached at."""
    assert {"lock_it(kind);", "unlock_it(kind);", "work(kind);"} <= texts(of("false-vacuity"))
