"""The evidence that is committed: it is what the programs give today."""

from __future__ import annotations

import json
from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.artifact.made import cli
from tests.programs.binder import ROOT
from verify.artifact.check import CheckOptions, check
from verify.engine import coverage, judging, search, turns
from verify.lower import program as lowering
from verify.parameterised.lemmas import LemmaSearch
from verify.parameterised.views import Closure
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


# So much of a difference is shown: more is another proof altogether.
MOST_LINES = 60


def difference(folder: Path) -> str:
    """What the certificate of a folder says and what is found today, line against line.

    Looks for everything again, which may take minutes.
    """
    old = (folder / "proof.json").read_text()
    about = json.loads(old)
    asked = [f"programs/{about['program']}", "--scenario", about["scenario"]]
    if "model" in about:
        asked += ["--model", f"programs/{about['model']}"]
    with TemporaryDirectory() as place:
        done = cli("prove", *asked, "--proofs", place, "--brief")
        fresh = [path.read_text() for path in Path(place).rglob("proof.json")]
    if len(fresh) != 1:
        return f"nothing is found today: {done.stdout}{done.stderr}"
    return told(old, fresh[0], f"{name(folder)}: committed", "found today")


def told(old: str, new: str, one: str, other: str) -> str:
    """The lines in which two texts differ."""
    lines = list(unified_diff(old.splitlines(), new.splitlines(), one, other, lineterm="", n=2))
    if not lines:
        return f"{one} and {other} are the same: it is the check that changed"
    more = [f"... {len(lines) - MOST_LINES} more lines"] if len(lines) > MOST_LINES else []
    return "\n".join(["", *lines[:MOST_LINES], *more])


def test_a_difference_is_told_line_by_line() -> None:
    """Evidence that is rejected would leave the reader with a name."""
    assert ["--- a", "+++ b", "@@ -1,2 +1,2 @@", " x", "-y", "+z"] == told(
        "x\ny\n", "x\nz\n", "a", "b"
    ).splitlines()[1:]
    assert "a and b are the same: it is the check that changed" == told("x", "x", "a", "b")


def test_what_is_compared_is_the_same_program_in_the_same_scenario() -> None:
    """The difference of a rejected certificate would be told to another program's."""
    folder = min(FOLDERS, key=lambda path: (path / "proof.json").stat().st_size)

    assert difference(folder).endswith("found today are the same: it is the check that changed")


@pytest.mark.parametrize("program", ["base", "v1", "v2", "v3", "v3-balanced"])
def test_what_is_found_today_is_what_is_committed(program: str) -> None:
    """A change of the inside alone would change verdicts, runs or lemmas, unseen until evidence
    is made again.  A better search changes them rightly: then commit what `make evidence` gives."""
    assert difference(PROOFS / program / "reuse").endswith(
        "are the same: it is the check that changed"
    )


@pytest.mark.usefixtures("no_search")
@pytest.mark.parametrize("folder", FOLDERS, ids=name)
def test_the_committed_evidence_is_accepted_by_both_solvers(folder: Path) -> None:
    """Verdicts in the repository would be older than the texts they speak of, or a better
    search, or another sentence, would reject them."""
    found = check(folder, CheckOptions(solvers=("z3", "cvc5")))

    assert () == found.wrong, difference(folder)
    assert found.done[1].endswith(" texts are those that were certified")


def test_the_page_of_all_verdicts_says_what_the_evidence_says() -> None:
    """What a reader sees first would be older than what can be checked."""
    done = cli("dashboard", "--out", "programs/README.md", "--check", cwd=ROOT)

    assert 0 == done.returncode, "\n".join((done.stdout, done.stderr, *page_difference()))


def page_difference() -> Iterator[str]:
    """What the page says and what the evidence gives, line against line."""
    done = cli("dashboard", "../proofs", cwd=ROOT / "programs")
    yield told((ROOT / "programs/README.md").read_text(), done.stdout, "committed", "given")
