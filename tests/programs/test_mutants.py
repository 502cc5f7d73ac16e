"""The one version without a fault, with one fault put in: each has to be found."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.programs.binder import PROGRAMS, reuse, variant, verdicts
from verify.engine.bounded import check
from verify.explore import explore
from verify.ir import Program, instance

TEXT = (PROGRAMS / "v3-balanced.bfp").read_text()

PROGRESS = ("progress-foreign", "progress-mapped", "progress-unmapped")


@dataclass(frozen=True)
class Mutant:
    """`old`, at its nth place in the text, becomes `new`; `refuted` are the claims that notice.

    Those of scenario `reuse`: all of them.  In `whole`, which has too many states to see
    them all, the ones that the nearest state breaks that breaks any.
    """

    name: str
    old: str
    new: str
    refuted: tuple[str, ...]
    nth: int = 1
    scenario: str = "reuse"

    def text(self) -> str:
        pieces = TEXT.split(self.old)
        assert len(pieces) > self.nth, f"{self.old!r} is not there {self.nth} times"
        return self.old.join(pieces[: self.nth]) + self.new + self.old.join(pieces[self.nth :])


def dropped(call: str, refuted: tuple[str, ...], nth: int = 1) -> Mutant:
    return Mutant(f"without {call} no. {nth}", f"{call};", ";", refuted, nth)


def weakened(test: str, new: str, refuted: tuple[str, ...], nth: int = 1) -> Mutant:
    return Mutant(f"{test} no. {nth} as {new.splitlines()[-1].strip()}", test, new, refuted, nth)


MUTANTS = (
    # On the way out with the page.
    dropped("spin_unlock(&lru->lock)", ("atomic-sleep", "balance", "null-is-transient", "stuck")),
    dropped("mutex_unlock(&alloc->mutex)", ("balance",)),
    dropped("vma_end_read(vma)", ("balance", "stuck")),
    dropped("mmput_async(mm)", ("balance",)),
    # On the way out without it.
    dropped("mutex_unlock(&alloc->mutex)", ("balance", *PROGRESS), 2),
    dropped("vma_end_read(vma)", ("balance", "stuck"), 2),
    dropped("mmput_async(mm)", ("balance",), 2),
    # The answers of the two functions that may fail, not looked at or taken for failure.
    # The first one fails only once the process is gone, and it exits in `whole` alone.
    replace(
        weakened("if (!mmget_not_zero(mm))", "mmget_not_zero(mm);\n\tif (false)", ("lock-use",)),
        scenario="whole",
    ),
    weakened(
        "if (!mmget_not_zero(mm))", "mmget_not_zero(mm);\n\tif (true)", ("balance", *PROGRESS)
    ),
    weakened(
        "if (!mutex_trylock(&alloc->mutex))",
        "mutex_trylock(&alloc->mutex);\n\tif (false)",
        ("lock-use",),
    ),
    weakened(
        "if (!mutex_trylock(&alloc->mutex))",
        "mutex_trylock(&alloc->mutex);\n\tif (true)",
        ("balance", *PROGRESS),
    ),
    # Whether what was found fits together.
    weakened("if (!vma && mapped)", "if (true)", (*PROGRESS, "table")),
    weakened("if (!vma && mapped)", "if (false)", ("memory", "zap-valid")),
    weakened("if (!vma && mapped)", "if (!vma)", ("progress-unmapped", "table")),
    weakened("if (!vma && mapped)", "if (mapped)", ("progress-mapped", "table")),
    # Whether to zap.
    weakened(
        "if (mapped)",
        "if (true)",
        ("memory", "null-is-transient", "progress-unmapped", "table", "zap-valid"),
    ),
    weakened("if (mapped)", "if (false)", ("no-live-mapping", "table")),
    weakened("if (mapped)", "if (vma)", ("table", "zap-valid")),
    # Whether there is a lock to release, with the page and without.
    weakened("if (vma)", "if (true)", ("memory", "null-is-transient", "progress-unmapped")),
    weakened("if (vma)", "if (false)", ("balance", "stuck")),
    weakened("if (vma)", "if (true)", ("memory",), 2),
    weakened("if (vma)", "if (false)", ("balance", "stuck"), 2),
)


def refuted(program: Program, scenario: str) -> set[str]:
    """What breaks in `reuse`; in another scenario, what breaks first with one thread of each."""
    if scenario == "reuse":
        found = verdicts(check(program, reuse(program)))
        return {claim for claim, word in found.items() if word == "refuted"}
    chosen = next(s for s in program.scenarios if s.name == scenario)
    seen = explore(program, instance(program, chosen, 1), stop=lambda so_far: bool(so_far.broken))
    return set(seen.broken)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_one_fault_in_a_correct_function_is_refuted(mutant: Mutant, tmp_path: Path) -> None:
    """If it fails, somebody can drop a release or a test and be told that all is well."""
    program = variant(tmp_path, mutant.text())

    assert set(mutant.refuted) == refuted(program, mutant.scenario)


def test_every_release_and_every_test_has_a_mutant() -> None:
    """If it fails, the function has grown a line that no mutant takes away."""
    body = TEXT[TEXT.index("\n{\n") : TEXT.index("\n}\n")]
    releases = ("spin_unlock(", "mutex_unlock(", "vma_end_read(", "mmput_async(")
    expected = sum(body.count(release) for release in releases)
    without = [mutant for mutant in MUTANTS if mutant.new == ";"]
    tests = {(mutant.old, mutant.nth) for mutant in MUTANTS if mutant.old.startswith("if (")}

    assert expected == len({(mutant.old, mutant.nth) for mutant in without})
    assert body.count("if (") == len(tests)
