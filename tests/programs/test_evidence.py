"""The evidence that is committed: it is what the programs give today."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.artifact.made import cli
from tests.programs.binder import ROOT

PROOFS = ROOT / "proofs"
FOLDERS = sorted(path.parent for path in PROOFS.rglob("proof.json"))


def name(folder: Path) -> str:
    return folder.relative_to(PROOFS).as_posix()


def test_each_program_has_its_evidence() -> None:
    """A program would be talked about without anything to check."""
    programs = [*(ROOT / "programs").glob("*.bfp"), *(ROOT / "programs/history").glob("*.bfp")]
    expected = {path.relative_to(ROOT / "programs").with_suffix("").as_posix() for path in programs}

    assert expected == {name(folder.parent) for folder in FOLDERS if "@" not in name(folder)}


@pytest.mark.parametrize("folder", FOLDERS, ids=name)
def test_the_committed_evidence_is_accepted(folder: Path) -> None:
    """Verdicts in the repository would be older than the texts they speak of.

    A process for each: what a solver has answered before must not count.
    """
    done = cli("check", folder, cwd=ROOT)

    assert 0 == done.returncode, done.stdout + done.stderr


def test_the_page_of_all_verdicts_says_what_the_evidence_says() -> None:
    """What a reader sees first would be older than what can be checked."""
    done = cli("dashboard", "--out", "programs/README.md", "--check", cwd=ROOT)

    assert 0 == done.returncode, done.stdout + done.stderr
