"""What each kernel's version gets in the fast scenario; the others are in the evidence."""

from __future__ import annotations

from functools import cache

import pytest

from tests.programs.binder import PROGRAMS, reasons, reuse, verdicts
from verify.engine.bounded import check
from verify.ir import Program
from verify.lower.program import lower
from verify.syntax.load import Loader
from verify.syntax.resolve import read
from verify.verdicts import Refuted, Result

NAMES = (
    "4.14-rc1",
    "4.14",
    "4.19",
    "5.1",
    "5.2",
    "5.8",
    "6.0",
    "6.4",
    "6.7",
    "6.8-mutex",
    "6.8",
    "6.13",
    "6.14-dev",
)
STALE_VMA = {"table", "zap-valid", "use-after-free"}
LOST = {"progress-foreign"}
# What is refuted, each version among its own surroundings and then among others; nothing else is.
REFUTED: dict[tuple[str, str], set[str]] = {
    ("4.14-rc1", ""): {"zap-valid", "atomic-sleep", "memory"},
    # CVE-2019-1999: the VMA is read before mmap_sem is held.
    ("4.14", ""): STALE_VMA,
    ("4.19", ""): STALE_VMA,
    ("4.19", "4.20"): STALE_VMA,
    ("5.1", ""): set(),
    ("5.1", "4.14"): set(),
    # CVE-2023-52438: held for read, which keeps munmap() away only where it holds for write.
    ("5.2", "4.14"): set(),
    ("5.2", ""): STALE_VMA,
    ("5.8", "4.14"): set(),
    ("5.8", ""): STALE_VMA,
    ("6.0", ""): set(),
    ("6.4", ""): STALE_VMA,
    # Fixed, and skipped for ever under a foreign VMA from here on.
    ("6.7", ""): LOST,
    ("6.8-mutex", ""): LOST,
    ("6.8", ""): LOST,
    ("6.13", ""): LOST,
    ("6.14-dev", ""): LOST,
}
USED = "uses binder_vma in `vma->vm_mm` while `!vm_area_struct->freed` is false"
SAID = {
    ("4.14-rc1", "", "atomic-sleep"): "may sleep while it holds lru0.lock",
    ("4.14", "", "use-after-free"): USED,
    ("4.14", "", "table"): "vma, !open: reclaim, with zap; its author says: it never occurs",
    ("5.2", "", "use-after-free"): USED,
    ("6.4", "", "use-after-free"): USED,
    ("6.7", "", "progress-foreign"): "alone, it ends without !lru0.first",
}


@cache
def program(name: str, model: str) -> Program:
    loader = Loader((), PROGRAMS / f"model/{model}.bfh") if model else Loader()
    return lower(read(PROGRAMS / f"history/{name}.bfp", loader))


@cache
def result(name: str, model: str) -> Result:
    found = program(name, model)
    return check(found, reuse(found), 2)


def test_each_version_is_asked_about() -> None:
    """If it fails, a version was added and nobody says what is expected of it."""
    expected = {path.stem for path in (PROGRAMS / "history").glob("*.bfp")}

    assert expected == set(NAMES)
    assert expected == {name for name, model in REFUTED if not model}


@pytest.mark.parametrize(("name", "model"), REFUTED)
def test_a_version_gets_the_verdicts_that_history_gave_it(name: str, model: str) -> None:
    """If it fails, a bug that was there is not found, or one is that nobody has seen."""
    found = verdicts(result(name, model))
    refuted = {claim for claim, said in found.items() if said == "refuted"}

    assert REFUTED[name, model] == refuted
    # A call that dies has no row of the table: whether it would keep to it is not known.
    open_ = {claim for claim, said in found.items() if said == "not established"}
    assert open_ == ({"table"} if name == "4.14-rc1" else set())
    assert set(found.values()) <= {"refuted", "bounded", "vacuous", "absent", "not established"}


@pytest.mark.parametrize(("name", "model", "claim"), SAID)
def test_what_is_refuted_is_what_was_fixed(name: str, model: str, claim: str) -> None:
    """If it fails, a right verdict comes with a wrong reason."""
    assert SAID[name, model, claim] == reasons(result(name, model))[claim]


@pytest.mark.parametrize("name", NAMES)
def test_each_bug_that_is_found_has_its_name(name: str) -> None:
    """If it fails, a bug that was fixed years ago is shown as a new one."""
    nameless = {
        answer.claim
        for answer in result(name, "").answers
        if isinstance(answer.verdict, Refuted) and not answer.known
    }

    assert nameless == set()
