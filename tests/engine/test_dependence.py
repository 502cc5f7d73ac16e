"""Which lines the claims rest on: what `verify coverage` says of v3-balanced."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

import pytest

from tests.programs.binder import PROGRAMS
from verify.application.answer import status_of_changes
from verify.diagnostics import Diagnostic, InputError
from verify.ends import Status
from verify.engine import dependence
from verify.engine.dependence import needs
from verify.interpret import Machine, UnsureError
from verify.ir import Program
from verify.parallel import Workers
from verify.reasons.mutations import AlreadyBroken, NotReached
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


def _beside(lines: Iterator[str]) -> list[str]:
    """What is said beside the one line, without the title and what follows at the end."""
    return list(takewhile(bool, list(lines)[2:]))


def said(program: Checked, *claims: str, jobs: int = 1) -> list[tuple[str, ...]]:
    """What is said of each statement in each scenario, without its place."""
    return [
        tuple(" ".join(" ".join(_beside(needs_text("", [need], claims))).split()) for need in some)
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
        ("left out: NOT NEEDED by balance",) * 2,
        ("left out: NOT NEEDED by balance",) * 2,
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


# The first caller clears one flag, the second another; a third would come to the last release.
LATE = """
struct mutex m;
bool first = true;
bool second = true;
primitive void mutex_lock(struct mutex *lock) { acquire(lock); }
primitive void mutex_unlock(struct mutex *lock) { release(lock); }
void work(void)
{
	mutex_lock(&m);
	if (first) {
		first = false;
		mutex_unlock(&m);
		return;
	}
	if (second) {
		second = false;
		mutex_unlock(&m);
		return;
	}
	mutex_unlock(&m);
}
contract work { }
thread worker { work(); }
scenario one "workers": worker[*];
"""


def in_one(tmp_path: Path, text: str, *claims: str) -> list[Need]:
    """What is said of each statement of a program in its scenario `one`."""
    (tmp_path / "some.bfp").write_text(text)
    program = resolve(*Loader().load(tmp_path / "some.bfp"))
    return [need for (need,) in needs(program, ["one"], claims)]


def test_what_no_run_reaches_is_not_called_idle(tmp_path: Path) -> None:
    """If it fails, a release that no run came to is offered as one that nobody needs."""
    found = in_one(tmp_path, LATE)

    assert [NotReached(2)] == [need.open for need in found if need.span.line == 20]
    assert {20} == {n.span.line for n in found if isinstance(n.open, NotReached)}
    lines = list(needs_text("", found))
    assert [
        "   20  mutex_unlock(&m);",
        "           left out: not established: not reached by any run with one",
        "             and two of each [*] thread, every thread once",
    ] == lines[-7:-4]
    assert "  lines that no run reaches: 20" in lines
    assert "  runs looked at: one and two of each [*] thread, every thread once" == lines[-1]
    assert Status.OPEN == status_of_changes([found])


def test_a_scenario_without_any_number_of_threads_says_so_of_its_runs(tmp_path: Path) -> None:
    """If it fails, a reader takes what holds of one thread for what holds of two."""
    found = in_one(tmp_path, LATE.replace("worker[*]", "worker"))

    assert {15, 16, 17, 20} == {n.span.line for n in found if n.open == NotReached(None)}
    assert "  runs looked at: every thread once" == list(needs_text("", found))[-1]


LONELY = """
struct mutex m;
bool done;
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
thread idle { mutex_lock(&m); mutex_unlock(&m); }
scenario one "nobody works": idle;
claim works "who works comes to an end"
	alone worker
	finally: done;
"""


def test_what_is_reached_in_a_run_alone_is_reached(tmp_path: Path) -> None:
    """If it fails, a statement that a claim of progress rests on is called unreached."""
    found = in_one(tmp_path, LONELY)

    assert [("works",)] == breaks(tuple(found), "done = true;")
    assert [] == [n.span.line for n in found if isinstance(n.open, NotReached)]


def test_where_all_claims_break_anyhow_nothing_is_called_idle(tmp_path: Path) -> None:
    """If it fails, a broken claim makes each line look idle that it was asked of."""
    leaking = LATE.replace("\tmutex_unlock(&m);\n}", "}")
    found = in_one(tmp_path, leaking.replace("bool second = true", "bool second"), "balance")

    assert {AlreadyBroken(("balance",))} == {need.open for need in found}
    assert "  claims that break with nothing changed: balance" == list(needs_text("", found))[-1]


def test_a_deadlock_that_is_not_decided_leaves_a_line_open(
    small: Checked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If it fails, a line is called idle though without it all may wait for ever."""

    def unsure(*_: object) -> bool:
        raise UnsureError

    monkeypatch.setattr(Machine, "stuck", unsure)

    assert all("whether it is a deadlock" in one for one in said(small)[1])
    assert ("left out: NOT NEEDED by balance",) * 2 == said(small, "balance")[1]


def test_a_program_that_is_too_large_without_a_line_leaves_it_open(
    small: Checked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If it fails, a limit of the tool is told as a need of the program."""
    lower = dependence.lower

    def too_large(program: Checked) -> Program:
        if program is not small:
            raise InputError([Diagnostic("BFP004", "too many", small.functions["work"].span, "")])
        return lower(program)

    monkeypatch.setattr(dependence, "lower", too_large)

    assert all("too large to be looked at" in one for some in said(small) for one in some)
