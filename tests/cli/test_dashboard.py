"""`verify dashboard`: what it reads, what it writes, and what it is told to compare."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.artifact.made import edit
from tests.cli.call import FEW, call
from tests.programs.binder import ROOT

PAGE = "pages/README.md"
OUT = ("dashboard", "proofs", "--out", PAGE)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Evidence on three programs of a tree, one of them with two scenarios, made once."""
    from tests.cli.conftest import SMALL

    place = tmp_path_factory.mktemp("made")
    texts = {
        "good.bfp": SMALL % "mutex_unlock(lock);",
        "model/readme": "",
        "old/1.2.bfp": SMALL % "" + FEW + '\nknown balance in few about m "CVE-1";\n',
        "old/1.10.bfp": SMALL % "mutex_unlock(lock);" + 'known balance about m "CVE-1";\n',
    }
    for name, text in texts.items():
        (place / name).parent.mkdir(exist_ok=True)
        (place / name).write_text(text)
    before = Path.cwd()
    os.chdir(place)
    try:
        files = [name for name in texts if name.endswith(".bfp")]
        assert call("prove", *files, "--proofs", "proofs").status == 1
    finally:
        os.chdir(before)
    (place / "pages").mkdir()
    return place


@pytest.fixture
def here(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it to stand in."""
    shutil.copytree(made, tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


@pytest.mark.usefixtures("here")
def test_the_page_has_each_program_in_each_scenario() -> None:
    """If it fails, somebody looks for a verdict in vain."""
    done = call("dashboard")
    table = [line for line in done.lines if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table]

    assert 0 == done.status
    assert ["program", "scenario", "verdicts"] == cells[0]
    assert ["good", "[many][1]", "all 9 proved"] == cells[2]
    assert ["old/1.2", "old/1.2", "old/1.10"] == [row[0] for row in cells[3:]]
    assert ["[few][2]", "[many][3]", "[many][4]"] == [row[1] for row in cells[3:]]
    assert cells[3][2].startswith("2 REFUTED (1 known), ")
    assert "all 9 proved" == cells[5][2]
    assert "    verify dashboard proofs" in done.lines
    assert "    * known as CVE-1" in done.lines
    assert "* old/1.10: balance, known as CVE-1: proved in many" in done.lines
    assert not [line for line in done.lines if str(Path.cwd()) in line]


@pytest.mark.usefixtures("here")
def test_the_last_line_of_a_run_is_that_of_the_report() -> None:
    """If it fails, the page and the report tell two stories."""
    assert "==> worker: returns with m still held" in call("show", "proofs/old/1.2/many").out
    assert "  * REFUTED in many: worker: returns with m still held" in call("dashboard").out


def test_links_lead_from_the_page_to_the_evidence(here: Path) -> None:
    """If it fails, a click in the repository leads nowhere."""
    assert 0 == call(*OUT).status
    text = (here / PAGE).read_text()
    links = [line.split(": ", 1)[1] for line in text.splitlines() if line.startswith("[")]

    assert 4 == len(links)
    assert all((here / "pages" / link / "proof.json").is_file() for link in links)
    assert f"    verify dashboard proofs --out {PAGE}" in text.splitlines()


def test_what_is_committed_can_be_compared(here: Path) -> None:
    """If it fails, a page outlives the evidence that it speaks of."""
    absent = call(*OUT, "--check")
    assert not (here / PAGE).exists()
    call(*OUT)
    same = call(*OUT, "--check")
    elsewhere = call("dashboard", str(here / "proofs"), "--out", str(here / PAGE), "--check")
    (here / PAGE).write_text((here / PAGE).read_text() + "\n")
    before = (here / PAGE).read_bytes()
    differs = call(*OUT, "--check")

    assert [1, 0, 0, 1] == [d.status for d in (absent, same, elsewhere, differs)]
    assert f"{PAGE} is not what the evidence gives" in differs.err
    assert f"verify dashboard proofs --out {PAGE}" in differs.err
    assert "" == same.err == same.out
    assert before == (here / PAGE).read_bytes()


def test_nothing_to_compare_with_is_a_mistake_of_the_call(here: Path) -> None:
    """If it fails, a check that compares nothing succeeds."""
    assert 2 == call("dashboard", "--check").status
    assert not (here / PAGE).exists()


def changed(change: Callable[[Any], object]) -> Callable[[Path], None]:
    return lambda folder: edit(folder, change)


BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "no JSON": (lambda f: (f / "proof.json").write_text("{"), "no JSON"),
    "not UTF-8": (lambda f: (f / "proof.json").write_bytes(b"\xff"), "no JSON"),
    "a list": (lambda f: (f / "proof.json").write_text("[]"), "format"),
    "a folder": (
        lambda f: ((f / "proof.json").unlink(), (f / "proof.json").mkdir()),
        "not a regular file",
    ),
    "a link": (
        lambda f: ((f / "proof.json").rename(f / "x"), (f / "proof.json").symlink_to("x")),
        "not a regular file",
    ),
    "a pipe": (
        lambda f: ((f / "proof.json").unlink(), os.mkfifo(f / "proof.json")),
        "not a regular file",
    ),
    "another format": (changed(lambda d: d.update(format="verify-proof/9")), "format"),
    "a key too many": (changed(lambda d: d.update(more=1)), "`more`"),
    "another program": (changed(lambda d: d.update(lowered="0" * 64)), "means another thing"),
    "a claim too few": (changed(lambda d: d["claims"].popitem()), "`claims`"),
    "a run that does not refute": (
        changed(lambda d: [one.update(steps=[]) for one in d["runs"]]),
        "a run is there twice",
    ),
    "a run that cannot be followed": (
        changed(lambda d: d["runs"][0].update(steps=[["worker", "end"]])),
        "no such way on",
    ),
    "a proof without a run to try it": (changed(lambda d: d["runs"].clear()), "not there"),
}


@pytest.mark.parametrize("name", BAD)
def test_malformed_evidence_is_named_and_nothing_is_written(name: str, here: Path) -> None:
    """If it fails, a page is made of half the evidence, or of what somebody made up."""
    tamper, named = BAD[name]
    (here / PAGE).write_text("as it was\n")
    tamper(here / "proofs/old/1.2/many")
    done = call(*OUT)

    assert 2 == done.status
    assert done.err.startswith("error: proofs/old/1.2/many/proof.json: ")
    assert named in done.err
    assert 1 == len(done.err.splitlines())
    assert "as it was\n" == (here / PAGE).read_text()
    assert 2 == call(*OUT, "--check").status


def test_all_that_is_malformed_is_named_at_once(here: Path) -> None:
    """If it fails, there are as many calls as mistakes."""
    for name in ("good", "old/1.10"):
        (here / "proofs" / name / "proof.json").write_text("")

    assert 2 == len(call("dashboard").err.splitlines())


def test_evidence_on_two_trees_makes_no_page(here: Path) -> None:
    """If it fails, one of two answers to a question is on the page, and nobody knows which."""
    for name in ("good.bfp", "model", "proofs/good"):
        copy = shutil.copytree if (here / name).is_dir() else shutil.copy
        (here / "a/b" / name).parent.mkdir(parents=True, exist_ok=True)
        copy(here / name, here / "a/b" / name)
    done = call("dashboard", ".")

    assert 2 == done.status
    assert "a/b/proofs/good and proofs/good are about the same" in done.err
    assert f"proofs/good is about a program in {here}" in done.err


def test_what_is_being_written_is_left_alone(here: Path) -> None:
    """If it fails, two calls at a time spoil each other."""
    (here / "proofs/.good-x1").mkdir()
    (here / "proofs/.good-x1/proof.json").write_text("")

    assert 0 == call("dashboard").status


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("args", "named"),
    [
        (("nowhere",), "nowhere: No such file"),
        (("good.bfp",), "good.bfp: Not a directory"),
        (("pages",), "pages holds no evidence"),
        (("proofs", "--out", "no/such/folder.md"), "no/such/folder.md: No such file"),
        (("proofs", "--out", "pages"), "pages: Is a directory"),
    ],
)
def test_what_is_not_there_is_named(args: tuple[str, ...], named: str) -> None:
    """If it fails, a misspelt name is a traceback or an empty page."""
    done = call("dashboard", *args)

    assert 2 == done.status
    assert f"error: {named}" in done.err
    assert "" == done.out


def test_another_model_has_a_row_of_its_own(here: Path) -> None:
    """If it fails, verdicts in one model replace those in another."""
    text = (here / "old/1.10.bfp").read_text()
    (here / "model/1.2.bfh").write_text("bool other;\n")
    (here / "model/1.1.bfh").write_text("bool other;\n")
    (here / "old/1.10.bfp").write_text(f'#include "model/1.1.bfh"\n{text}')
    shutil.rmtree(here / "proofs/old/1.10")
    for model in ((), ("--model", "model/1.2.bfh")):
        call("prove", "old/1.10.bfp", *model, "--proofs", "proofs")
    done = call("dashboard")

    assert 0 == done.status
    assert "## old/1.10 with model/1.2" in done.lines


def test_the_evidence_that_is_committed_makes_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """If it fails, a program of this repository has no line on it."""
    monkeypatch.chdir(ROOT)
    done = call("dashboard")
    folders = [path.parent for path in (ROOT / "proofs").rglob("proof.json")]

    assert 0 == done.status
    assert folders
    for folder in folders:
        assert any(line.endswith(f": {folder.relative_to(ROOT)}") for line in done.lines)
