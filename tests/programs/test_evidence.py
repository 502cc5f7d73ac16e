"""The evidence that is committed: it is what the programs give today."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.programs.binder import ROOT
from verify.artifact.check import check

FOLDERS = sorted(path.parent for path in (ROOT / "proofs").rglob("proof.json"))


def test_each_program_has_its_evidence() -> None:
    """A program would be talked about without anything to check."""
    programs = {path.stem for path in (ROOT / "programs").glob("*.bfp")}

    assert programs == {folder.name for folder in FOLDERS}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_committed_evidence_is_accepted(folder: Path) -> None:
    """Verdicts in the repository would be older than the texts they speak of."""
    report = check(folder)

    assert () == report.wrong
    assert report.done
