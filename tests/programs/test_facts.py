"""What the models say of the kernel, fact by fact: a model that changes one is caught by name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests.programs.binder import PROGRAMS
from verify.engine.prove import prove
from verify.explore import explore
from verify.ir import Program, Scenario, instance
from verify.lower.program import lower
from verify.syntax.load import Loader
from verify.syntax.resolve import read
from verify.verdicts import word

FACTS = PROGRAMS / "facts"
MODEL = PROGRAMS / "model"


@dataclass(frozen=True)
class Fact:
    """A program, in the surroundings that it names or in others, and what becomes of its claims.

    `possible` are claims that something never happens, which are refuted; `impossible` are
    those that hold.  Both may name claims that are built in or come with the model.
    """

    program: str
    surroundings: str = ""
    possible: str = ""
    impossible: str = ""

    @property
    def name(self) -> str:
        return f"{self.program} in {self.surroundings}" if self.surroundings else self.program


def alike(program: str, *surroundings: str, possible: str = "", impossible: str = "") -> list[Fact]:
    """One fact in several surroundings that makes no difference between them."""
    return [Fact(program, each, possible, impossible) for each in surroundings]


TABLE = (
    # munmap() and who may look meanwhile.
    Fact(
        "munmap-readers",
        possible="none-at-unmap none-at-close none-at-free no-window none-before",
        impossible="out-of-tree detached lock-use balance",
    ),
    Fact(
        "munmap-readers",
        "epoch-4.14",
        possible="none-before",
        impossible=(
            "none-at-unmap none-at-close none-at-free no-window out-of-tree detached lock-use"
        ),
    ),
    Fact(
        "downgrade-order",
        possible="ptes-gone closed window none-at-close none-at-unmap",
        impossible="out-of-tree detached",
    ),
    Fact(
        "ptes-before-close",
        possible="no-gap no-gap-in-exit",
        impossible="ptes-gone closed-first detached",
    ),
    Fact(
        "map-fixed",
        possible="never-seen never-held",
        impossible="closed-first no-gap no-reader new-locked closed-when-held freed-last",
    ),
    Fact(
        "foreign-after-close",
        possible="never-there never-held",
        impossible="closed-first ptes-gone freed-first new-locked one-writer",
    ),
    # The lock of a VMA.
    Fact(
        "vma-lock-keeps-vma",
        possible="no-waiting",
        impossible="no-detach no-close no-write stays-attached",
    ),
    Fact("vma-lock-beside-writer", possible="never-locked never-refused no-wait"),
    Fact("vma-lock-beside-fork", possible="never-tried never-later", impossible="never-locked"),
    Fact(
        "vma-lock-waiting-writer",
        possible="never-tried never-finished",
        impossible="never-locked flag-ends",
    ),
    Fact(
        "vma-lock-without-vma",
        possible="never-window never-after",
        impossible="never-locked no-wait",
    ),
    Fact("vma-lock-leaked", possible="never-waiting balance stuck", impossible="never-written"),
    Fact(
        "downgrade-ends-vma-locks",
        possible="none-at-close never-freed",
        impossible="none-before detached locked-till-then unlocked-at-close",
    ),
    Fact(
        "start-write-twice",
        possible="never-done never-later",
        impossible="nothing-left stuck lock-use",
    ),
    Fact("start-write-sleeps", possible="atomic-sleep"),
    # Two pieces.
    Fact(
        "close-of-any-piece",
        possible="never-cleared no-survivor no-sibling mapped-in-two",
        impossible="once-closed split-closes",
    ),
    # As it would be with two repairs that have been thought of, and without -EBUSY.
    Fact(
        "close-of-any-piece",
        "epoch-6.14-count",
        possible="never-cleared mapped-in-two",
        impossible="once-closed split-closes no-survivor no-sibling",
    ),
    Fact("may-split", possible="never-two never-survivor never-closed"),
    Fact("may-split", "epoch-6.14-whole", impossible="never-two never-survivor never-closed"),
    Fact("second-mapping", possible="right-place right-lock", impossible="no-pte"),
    Fact("insert-other-piece", possible="never-right", impossible="never-wrong"),
    Fact("split-either-piece", possible="old new", impossible="kept attached distinct live"),
    Fact("split-locks", possible="never-later", impossible="both-locked no-reader"),
    Fact("zap-other-piece", possible="never-right", impossible="never-wrong"),
    # Addresses.
    *alike(
        "zap-address",
        "",
        "epoch-6.13",
        "epoch-4.14",
        possible="never-right zap-valid",
        impossible="never-wrong",
    ),
    *alike(
        "insert-address",
        "",
        "epoch-6.13",
        "epoch-4.14",
        possible="never-right zap-valid",
        impossible="never-wrong",
    ),
    Fact("lookup-address", possible="never-other never-none", impossible="never-found"),
    # Other locks.
    Fact(
        "mutex-trylock",
        possible="never-failed never-had never-in-vain",
        impossible="never-twice progress no-wait lock-use stuck",
    ),
    Fact("mutex-under-spinlock", possible="never-done", impossible="atomic-sleep stuck"),
    Fact("mutex-lock-sleeps", possible="atomic-sleep"),
    Fact("rwsem-sleeps", possible="atomic-sleep"),
    Fact("write-lock-sleeps", possible="atomic-sleep"),
    Fact(
        "write-trylock",
        possible="never-failed never-had never-in-vain",
        impossible="never-twice no-wait lock-use",
    ),
    Fact(
        "read-trylock",
        possible="never-refused never-beside-reader never-in-vain",
        impossible="never-beside-writer no-wait",
    ),
    Fact(
        "spin-trylock",
        possible="never-had never-failed",
        impossible="never-in-vain progress atomic-sleep lock-use",
    ),
    Fact(
        "reclaim-takes-no-nap",
        possible="never-done",
        impossible="atomic-sleep no-blocking balance stuck",
    ),
    # The end of a process, and of the file.
    Fact(
        "mmget-after-exit", possible="never-had never-fails", impossible="never-early never-again"
    ),
    Fact(
        "exit-waits",
        possible="no-reader-at-unmap never-closed",
        impossible=(
            "no-user no-user-at-unmap no-reader-at-close no-reader-at-free write-locked stuck"
        ),
    ),
    Fact(
        "release-last",
        possible="never-goes",
        impossible="no-vma no-ioctl no-page none-later",
    ),
    Fact("mmput-tears-down", possible="never-done no-blocking"),
    Fact("mmput-async", possible="never-done", impossible="no-blocking"),
    Fact("mmput-not-last", possible="never-done", impossible="no-blocking"),
    # The list.
    Fact("lru-retry-locked", possible="never-isolated", impossible="isolated-once balance stuck"),
    Fact(
        "lru-retry-locked",
        "lru-6.13",
        possible="never-isolated balance stuck",
        impossible="isolated-once",
    ),
    Fact(
        "lru-retry-unlocked",
        possible="never-isolated balance lock-use",
        impossible="isolated-once",
    ),
    Fact(
        "lru-retry-unlocked",
        "lru-6.13",
        possible="never-isolated",
        impossible="isolated-once balance lock-use stuck",
    ),
    *alike(
        "lru-removed",
        "",
        "lru-6.13",
        possible="never-isolated",
        impossible="isolated-once balance stuck",
    ),
    Fact(
        "lru-add-locked", possible="never-off", impossible="add-locked del-locked in-reclaim stuck"
    ),
    # Pages.
    Fact("metadata-freed", possible="never-done use-after-free", impossible="memory"),
    Fact("isolate-live-item", possible="never-done use-after-free", impossible="freed-once"),
    *alike(
        "isolate-live-item",
        "epoch-6.13",
        "epoch-4.14",
        possible="never-done",
        impossible="use-after-free freed-once",
    ),
    Fact("relink-live-item", possible="never-deleted use-after-free"),
    *alike(
        "relink-live-item",
        "epoch-6.13",
        "epoch-4.14",
        possible="never-deleted",
        impossible="use-after-free",
    ),
    *alike(
        "slot-outlives-page",
        "",
        "epoch-4.14",
        possible="never-done",
        impossible="use-after-free",
    ),
    *alike("slot-freed", "", "epoch-4.14", possible="never-done use-after-free"),
    Fact("zap-sleeps", possible="atomic-sleep"),
    Fact("insert-page-busy", possible="never-refused never-old never-inserted never-new"),
    Fact(
        "page-alloc-mapped",
        possible="never-other never-later still-mapped",
        impossible="never-again",
    ),
    Fact("busy-finds-freed-page", possible="never-busy on-list use-after-free"),
    *alike(
        "busy-finds-freed-page",
        "epoch-6.8",
        "epoch-4.14",
        possible="never-busy",
        impossible="on-list use-after-free",
    ),
    # The allocator.
    Fact("vma-pointer-kept", possible="never-found never-stale never-none"),
    *alike(
        "vma-pointer-kept",
        "epoch-4.14",
        "epoch-6.0",
        possible="never-found never-none",
        impossible="never-stale",
    ),
    *alike(
        "vma-pointer-cleared",
        "",
        "epoch-6.0",
        "epoch-6.8",
        possible="never-none",
        impossible="none-early",
    ),
    Fact("alloc-lock-spins", possible="atomic-sleep"),
    *alike("alloc-lock-spins", "epoch-6.8-mutex", "epoch-6.14", impossible="atomic-sleep"),
    Fact("install-locks", possible="write-locked with-alloc", impossible="live"),
    Fact("install-locks", "epoch-4.20", impossible="write-locked with-alloc live"),
    Fact("install-locks", "epoch-6.8-mutex", possible="with-alloc", impossible="write-locked live"),
    *alike(
        "install-locks-6.8",
        "",
        "epoch-6.13",
        possible="with-alloc",
        impossible="write-locked live",
    ),
    Fact("close-takes-no-mutex", possible="never-changes"),
    Fact(
        "install-not-in-foreign",
        possible="never-locked never-otherwise",
        impossible="not-in-foreign",
    ),
    Fact("install-beside-munmap", possible="no-writer", impossible="open live"),
    Fact("install-beside-part", possible="no-writer open", impossible="live"),
    # What is no part of binder's surroundings.
    Fact("rcu-later-readers", possible="nobody-inside", impossible="old-ones-left lock-use stuck"),
    Fact("irq-flags-restored", possible="never-off", impossible="still-off on-again balance"),
)
# One parse of each file for all facts in one surroundings.
LOADERS = {"": Loader()}


def path(fact: Fact) -> Path:
    return FACTS / f"{fact.program}.bfp"


@cache
def loaded(fact: Fact) -> tuple[Program, Scenario]:
    model = FACTS / f"{fact.surroundings}.bfh" if fact.surroundings else None
    loader = LOADERS.setdefault(fact.surroundings, Loader(model=model))
    program = lower(read(path(fact), loader))
    return program, next(s for s in program.scenarios if s.name == "fact")


def own_claims(fact: Fact) -> set[str]:
    return set(re.findall(r"^claim (\S+)", path(fact).read_text(), re.MULTILINE))


@pytest.mark.parametrize("fact", TABLE, ids=lambda fact: fact.name)
def test_what_can_happen_happens_and_nothing_else(fact: Fact) -> None:
    """If it fails, a model says something else of the kernel than it did."""
    program, scenario = loaded(fact)
    solos = [thread for thread in program.threads if thread.kind == "solo"]
    seen = explore(program, instance(program, scenario, 2), solos=solos)
    broken = {*seen.broken, *seen.alone, *(["stuck"] if seen.stuck is not None else [])}
    asked = {*fact.possible.split(), *fact.impossible.split()}

    assert seen.complete
    assert set(fact.possible.split()) == broken & asked
    # Whatever it says of itself, the table says too.
    assert own_claims(fact) <= asked


@pytest.mark.parametrize(
    "fact", [fact for fact in TABLE if fact.impossible], ids=lambda fact: fact.name
)
def test_what_cannot_happen_is_proved(fact: Fact) -> None:
    """If it fails, a fact holds for a few threads and is not known to hold for more."""
    program, scenario = loaded(fact)
    asked = fact.impossible.split()
    answers = prove(program, scenario, only=asked)[0].answers

    assert dict.fromkeys(asked, "proved") == {a.claim: word(a.verdict) for a in answers}


def test_each_fact_is_in_the_table() -> None:
    """If it fails, a fact is written down and nobody looks whether it is one."""
    assert {file.stem for file in FACTS.glob("*.bfp")} == {fact.program for fact in TABLE}


def included(file: Path, seen: set[Path]) -> set[Path]:
    """A text and what it includes, directly or not."""
    if file not in seen:
        seen.add(file)
        for name in re.findall(r'^#include "([^"]*)"', file.read_text(), re.MULTILINE):
            beside = file.parent / name
            included(beside if beside.is_file() else PROGRAMS / name, seen)
    return seen


def test_each_file_of_the_models_has_a_fact() -> None:
    """If it fails, a model may say what it likes: no fact is about it."""
    seen: set[Path] = set()
    for fact in TABLE:
        included(path(fact), seen)
        if fact.surroundings:
            included(FACTS / f"{fact.surroundings}.bfh", seen)

    assert set() == {file.name for file in MODEL.glob("*.bfh")} - {file.name for file in seen}
