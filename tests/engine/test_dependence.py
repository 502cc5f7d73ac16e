"""Which lines the claims rest on: what `verify explain` says of v3-balanced."""

from __future__ import annotations

import pytest

from tests.programs.binder import PROGRAMS
from verify.engine.dependence import needs
from verify.syntax.load import Loader
from verify.syntax.resolve import resolve
from verify.verdicts import Need

PROGRESS = ("progress-foreign", "progress-mapped", "progress-unmapped")


@pytest.fixture(scope="module")
def found() -> tuple[Need, ...]:
    return needs(resolve(*Loader().load(PROGRAMS / "v3-balanced.bfp")), "reuse")


def breaks(found: tuple[Need, ...], text: str, change: str = "left out") -> list[tuple[str, ...]]:
    """What each place with a text keeps from breaking, from top to bottom."""
    return [need.breaks for need in found if need.span.text == text and need.change == change]


def test_a_statement_is_not_needed_if_nothing_here_sees_it(found: tuple[Need, ...]) -> None:
    """If it fails, a line is called needed though no claim misses it, or one more is idle."""
    idle = [need.span.text for need in found if not need.breaks and not need.senseless]
    # In `reuse` there is nobody who exits or installs pages.
    expected = [
        "!mmget_not_zero(mm)",
        "goto err_mmget;",
        "binder_set_installed_page(alloc, index, NULL);",
    ]

    assert expected == idle


@pytest.mark.parametrize(
    ("release", "expected"),
    [
        ("spin_unlock(&lru->lock);", [("atomic-sleep", "balance", "stuck")]),
        ("mutex_unlock(&alloc->mutex);", [("balance",), ("balance", *PROGRESS)]),
        ("vma_end_read(vma);", [("balance", "stuck"), ("balance", "stuck")]),
        ("mmput_async(mm);", [("balance",), ("balance",)]),
    ],
)
def test_every_release_is_needed(
    release: str, expected: list[tuple[str, ...]], found: tuple[Need, ...]
) -> None:
    """If it fails, `explain` shows a release as idle that keeps a lock from leaking."""
    assert expected == breaks(found, release)


@pytest.mark.parametrize(
    ("test", "true", "false"),
    [
        ("!mmget_not_zero(mm)", [("balance", *PROGRESS)], [()]),
        ("!mutex_trylock(&alloc->mutex)", [("balance", *PROGRESS)], [("lock-use",)]),
        ("!vma && mapped", [(*PROGRESS, "table")], [("memory", "zap-valid")]),
        (
            "mapped",
            [("memory", "null-is-transient", "progress-unmapped", "table", "zap-valid")],
            [("no-live-mapping", "table")],
        ),
        (
            "vma",
            [("memory", "null-is-transient", "progress-unmapped"), ("memory",)],
            [("balance", "stuck"), ("balance", "stuck")],
        ),
    ],
)
def test_every_test_is_needed_both_ways(
    test: str,
    true: list[tuple[str, ...]],
    false: list[tuple[str, ...]],
    found: tuple[Need, ...],
) -> None:
    """If it fails, `explain` shows a test as idle that some claim rests on."""
    assert true == breaks(found, test, "always true")
    assert false == breaks(found, test, "always false")


def test_what_the_text_cannot_do_without_says_so(found: tuple[Need, ...]) -> None:
    """If it fails, a line without which nothing compiles is shown as idle."""
    senseless = {need.span.text: need.senseless for need in found if need.senseless}

    assert (
        "`vma` may be read before it is set"
        == senseless["vma = lock_vma_under_rcu(mm, page_addr);"]
    )
    assert all(not need.breaks for need in found if need.senseless)
