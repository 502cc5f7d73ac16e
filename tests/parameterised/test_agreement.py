"""What is proved for any number of threads, held against every state of small instances."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.campaign import campaign

# Random programs, with all that they can do.
pytestmark = pytest.mark.slow


def looked_at(kind: str, seeds: range, solvers: bool) -> Counter[str]:
    """The figures of a campaign; fails with the seeds if something is wrong."""
    seen: list[str] = []
    count = campaign(kind, seeds, solvers, seen.append)

    assert [] == seen
    assert count["proved"] > 0
    assert count["broken"] > 0
    return count


@pytest.mark.parametrize("kind", ["programs", "texts"])
def test_nothing_that_an_instance_breaks_is_found_to_be_proved(kind: str) -> None:
    """If it fails, the search for lemmas has a soundness bug: see the seeds it prints."""
    seeds = range(110) if kind == "programs" else range(40)
    count = looked_at(kind, seeds, solvers=False)

    assert len(seeds) == count["programs"]


@pytest.mark.parametrize("kind", ["programs", "texts"])
def test_what_the_search_proves_both_solvers_confirm(kind: str) -> None:
    """If it fails, search and obligations have come to mean different things."""
    seeds = range(500, 550) if kind == "programs" else range(500, 515)
    count = looked_at(kind, seeds, solvers=True)

    assert len(seeds) == count["programs"]


def test_little_that_no_instance_breaks_stays_open() -> None:
    """If it fails, views of two threads tell much less than they did."""
    count = looked_at("programs", range(1000, 1060), solvers=False)
    standing = 2 * count["programs"] - (count["broken"] - count["broken stuck"])

    assert count["open p"] + count["open q"] <= standing // 20
