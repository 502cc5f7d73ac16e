"""The evidence that is committed: it is what the programs give today."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.artifact.made import cli
from tests.programs.binder import ROOT
from verify.artifact.check import Asked, check
from verify.crowd.lemmas import LemmaSearch
from verify.crowd.views import Closure
from verify.engine import coverage, judging, search, turns
from verify.lower import program as lowering
from verify.smt.solver import Session

PROOFS = ROOT / "proofs"
FOLDERS = sorted(path.parent for path in PROOFS.rglob("proof.json"))


def name(folder: Path) -> str:
    return folder.relative_to(PROOFS).as_posix()


def test_each_program_has_its_evidence() -> None:
    """A program would be talked about without anything to check."""
    programs = [*(ROOT / "programs").glob("*.bfp"), *(ROOT / "programs/history").glob("*.bfp")]
    expected = {path.relative_to(ROOT / "programs").with_suffix("").as_posix() for path in programs}

    assert expected == {name(folder.parent) for folder in FOLDERS if "@" not in name(folder)}


@pytest.fixture
def no_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing can be looked for, and the tool's own sentences are other ones."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("something is looked for")

    monkeypatch.setattr(Closure, "close", refuse)
    monkeypatch.setattr(LemmaSearch, "forbid", refuse)
    monkeypatch.setattr(Session, "ask", refuse)
    for module in (coverage, judging, search, turns):
        monkeypatch.setattr(module, "explore", refuse)
    said = {name: f"{sentence}, indeed" for name, sentence in lowering.BUILT_IN.items()}
    monkeypatch.setattr(lowering, "BUILT_IN", said)


@pytest.mark.usefixtures("no_search")
@pytest.mark.parametrize("folder", FOLDERS, ids=name)
def test_the_committed_evidence_is_accepted_by_both_solvers(folder: Path) -> None:
    """Verdicts in the repository would be older than the texts they speak of, or a better
    search, or another sentence, would reject them."""
    found = check(folder, Asked(solvers=("z3", "cvc5")))

    assert () == found.wrong
    assert found.done[1].endswith(" texts are those that were certified")


def test_the_page_of_all_verdicts_says_what_the_evidence_says() -> None:
    """What a reader sees first would be older than what can be checked."""
    done = cli("dashboard", "--out", "programs/README.md", "--check", cwd=ROOT)

    assert 0 == done.returncode, done.stdout + done.stderr
