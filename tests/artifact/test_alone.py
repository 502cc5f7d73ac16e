"""Certificates on runs alone and on several scenarios, tampered with."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.artifact.made import cli, edit
from tests.cli.call import FEW
from tests.cli.conftest import SMALL
from verify.artifact import check as checking
from verify.artifact.check import check

MORE = """
bool told;
thread crier "who says it twice" { told = true; told = true; }
claim late "it is ready" alone worker finally: ready;
claim calm "it has not been told" alone worker finally: !told;
claim quick "it has been told" alone worker when (told) finally: told;
claim never-hooked "nobody" before boss_says: false;
primitive void boss_says(void) { }
"""
MANY = 'scenario many "any number of workers": worker[*], boss;'


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program with runs alone and two scenarios, and its evidence, which nobody may change."""
    folder = tmp_path_factory.mktemp("alone")
    text = (SMALL % "").replace(MANY, MANY.replace("boss;", "crier;"))
    (folder / "bad.bfp").write_text(text + FEW + MORE)
    done = cli("prove", "bad.bfp", "--proofs", "proofs", cwd=folder)

    assert done.returncode == 1, done.stderr
    return folder


@pytest.fixture
def many(made: Path, tmp_path: Path) -> Path:
    """Its evidence in the scenario `many`, to tamper with."""
    shutil.copytree(made, tmp_path / "copy")
    return tmp_path / "copy" / "proofs" / "bad" / "many"


def run_of(document: Any, claim: str) -> Any:
    return document["runs"][document["claims"][claim]["run"]]


def on_the_way(run: Any) -> None:
    """The crier is stopped between its two steps."""
    assert [["crier", "entry bad.bfp:34"]] == run["steps"]
    run["steps"] = [["crier", "entry"]]


def begun_early(document: Any) -> None:
    """All runs that show where `quick` may start end before everybody rests."""
    for run in document["runs"]:
        if run.get("alone", [""])[0] == "quick":
            on_the_way(run)


def cut(run: Any) -> None:
    """The run alone ends before it comes to anything."""
    run["alone"][1] = ""


def test_it_is_accepted_as_it_was_made(many: Path) -> None:
    """If it fails, the forgeries below are refused for another reason."""
    document = json.loads((many / "proof.json").read_text())

    assert {"calm": "refuted", "late": "refuted", "quick": "proved", "unlocks": "absent"} == {
        name: document["claims"][name]["verdict"] for name in ("calm", "late", "quick", "unlocks")
    }
    assert () == check(many).wrong


REJECTED: dict[str, tuple[Callable[[Any], object], str]] = {
    "the run alone is one for another claim": (
        lambda d: d["claims"]["late"].update(run=d["claims"]["calm"]["run"]),
        "late: its run is one for another claim",
    ),
    "the run alone is cut off": (
        lambda d: cut(run_of(d, "calm")),
        "calm: its run alone is not one that breaks it",
    ),
    "it runs alone while somebody is under way": (
        lambda d: on_the_way(run_of(d, "calm")),
        "calm: somebody is under way where its thread begins to run alone",
    ),
    "it is put to the test while somebody is under way": (
        begun_early,
        "quick: no run puts it to the test: no state at rest is as it says",
    ),
    "nothing puts it to the test": (
        lambda d: d.update(runs=[r for r in d["runs"] if r.get("alone", [""])[0] != "quick"]),
        "quick: no run puts it to the test: no state at rest is as it says",
    ),
    "a claim about steps is refuted by a run alone": (
        lambda d: d["claims"].update(memory={"verdict": "refuted", "run": 1}),
        "memory: its run is one for another claim",
    ),
    "what is absent is vacuous": (
        lambda d: d["claims"].update(unlocks={"verdict": "vacuous"}),
        "unlocks: what other scenarios put to the test is another thing",
    ),
}


@pytest.mark.parametrize("name", REJECTED)
def test_what_is_said_of_a_run_alone_has_to_be_so(name: str, many: Path) -> None:
    """If it fails, a thread alone fails, or is tried, where it cannot even begin."""
    tamper, expected = REJECTED[name]
    edit(many, tamper)
    found = check(many)

    assert expected in found.wrong, found
    assert not found.usage


def test_the_folder_has_to_name_the_scenario(many: Path) -> None:
    """If it fails, evidence on one scenario is taken for evidence on all."""
    bare = many.parent.parent.parent / "other" / "bad"
    bare.parent.mkdir()
    shutil.copytree(many, bare)

    assert check(bare).wrong == (
        "proof.json: it is about bad/many, which is not what its folder is called",
    )


def test_a_limit_on_what_is_written_is_met_by_name(
    many: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If it fails, a small folder has a solver read for hours."""
    monkeypatch.setattr(checking, "MAX_TEXT", 1_000)

    assert check(many).wrong == ("its obligations have more than 1,000 characters",)
