"""Which lines the claims rest on: what `verify coverage` says of v3-balanced."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.programs.binder import PROGRAMS
from verify.engine import dependence
from verify.engine.dependence import needs
from verify.parallel import Workers
from verify.report.text import needs_text
from verify.syntax.checked import Checked
from verify.syntax.load import Loader
from verify.syntax.resolve import resolve
from verify.verdicts import Need

PROGRESS = ("progress-foreign", "progress-mapped", "progress-unmapped")


@pytest.fixture(scope="module")
def found() -> tuple[Need, ...]:
    program = resolve(*Loader().load(PROGRAMS / "v3-balanced.bfp"))
    return tuple(need for (need,) in needs(program, ["reuse"]))


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
        ("spin_unlock(&lru->lock);", [("atomic-sleep", "balance", "null-is-transient", "stuck")]),
        ("mutex_unlock(&alloc->mutex);", [("balance",), ("balance", *PROGRESS)]),
        ("vma_end_read(vma);", [("balance", "stuck"), ("balance", "stuck")]),
        ("mmput_async(mm);", [("balance",), ("balance",)]),
    ],
)
def test_every_release_is_needed(
    release: str, expected: list[tuple[str, ...]], found: tuple[Need, ...]
) -> None:
    """If it fails, `coverage` shows a release as idle that keeps a lock from leaking."""
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
    """If it fails, `coverage` shows a test as idle that some claim rests on."""
    assert true == breaks(found, test, "always true")
    assert false == breaks(found, test, "always false")


def test_what_the_text_cannot_do_without_says_so(found: tuple[Need, ...]) -> None:
    """If it fails, a line without which nothing compiles is shown as idle."""
    senseless = {n.span.text: n.senseless.headline for n in found if n.senseless}

    assert (
        "`vma` may be read before it is set"
        == senseless["vma = lock_vma_under_rcu(mm, page_addr);"]
    )
    assert all(not need.breaks for need in found if need.senseless)


SMALL = """
struct mutex m;
bool done;
int count;
range int = 0..9;
primitive void mutex_lock(struct mutex *lock) { acquire(lock); }
primitive void mutex_unlock(struct mutex *lock) { release(lock); }
void work(void)
{
	mutex_lock(&m);
	done = true;
	mutex_unlock(&m);
}
contract work { }
thread worker { work(); }
thread clock { while (true) if (count < 9) count = count + 1; else count = 0; }
scenario one "a worker": worker[*], clock;
scenario two "the same": worker[*], clock;
"""


@pytest.fixture
def small(tmp_path: Path) -> Checked:
    (tmp_path / "small.bfp").write_text(SMALL)
    return resolve(*Loader().load(tmp_path / "small.bfp"))


def said(program: Checked, *claims: str, jobs: int = 1) -> list[tuple[str, ...]]:
    """What is said of each statement in each scenario, without its place."""
    return [
        tuple(" ".join(" ".join(list(needs_text("", [need]))[2:-2]).split()) for need in some)
        for some in needs(program, ["one", "two"], claims, Workers(jobs=jobs))
    ]


def test_what_a_search_has_not_seen_to_its_end_is_not_established(
    small: Checked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If it fails, a line is called idle of which nobody knows whether it is."""
    lock, idle, unlock = said(small)

    assert ("left out: needed: lock-use",) * 2 == lock
    assert ("left out: NOT NEEDED by any claim",) * 2 == idle
    assert ("left out: needed: balance, stuck",) * 2 == unlock

    monkeypatch.setattr(dependence, "STATES", 5)
    monkeypatch.setattr(dependence, "ENOUGH", 5)
    lock, idle, unlock = said(small)

    assert all("not established: none breaks with one caller, as far as" in one for one in idle)
    assert all("needed: at least lock-use" in one for one in lock)


def test_who_is_not_seen_with_two_callers_is_not_established(
    small: Checked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If it fails, a line that only a second caller needs is called idle."""
    monkeypatch.setattr(dependence, "SMALL", 5)

    assert (
        "left out: not established: none breaks with one caller; two were not looked at",
    ) * 2 == said(small)[1]


def test_only_the_claims_that_are_asked_count(small: Checked) -> None:
    """If it fails, `--claim` tells of other claims."""
    assert [
        ("left out: NOT NEEDED by any claim",) * 2,
        ("left out: NOT NEEDED by any claim",) * 2,
        ("left out: needed: balance",) * 2,
    ] == said(small, "balance")


def test_several_processes_say_the_same_in_the_same_order(small: Checked) -> None:
    """If it fails, what is said depends on how many cores there are."""
    assert said(small) == said(small, jobs=2)


def test_what_is_known_is_told_before_the_rest_is_looked_at(
    small: Checked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If it fails, a reader waits a minute for the first line."""
    looked = []

    def look(*args: object) -> dependence.Looked:
        looked.append(args)
        return dependence.Looked(frozenset())

    monkeypatch.setattr(dependence, "look", look)
    told = needs_text("title", (need for (need,) in needs(small, ["one"])))

    assert ["title", "   10  mutex_lock(&m);"] == [next(told), next(told)]
    assert 2 == len(looked)
