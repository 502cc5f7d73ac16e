"""A bug that has a name: it is told with the refutation, and changes no verdict."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.artifact.made import edit
from tests.cli.call import FEW, call, declare

NAME = "CVE-2019-1999, fixed by 5cec2d2e5839 (binder: fix race between munmap() and direct reclaim)"


def verdicts(*args: str) -> dict[tuple[str, str], Any]:
    """Each verdict of the document by claim and scenario."""
    (program,) = call("prove", *args, "--format", "json").document()["programs"]
    return {(one["claim"], one["scenario"]): one for one in program["verdicts"]}


@pytest.mark.usefixtures("small")
def test_the_name_stands_below_what_is_wrong() -> None:
    """If it fails, a reader takes a bug that is known for a new one."""
    declare("bad.bfp", f'known balance "{NAME}";')
    lines = call("prove", "bad.bfp", "--brief").lines
    at = next(i for i, line in enumerate(lines) if "= known as CVE-2019-1999" in line)

    assert "! returns with m still held" in lines[at - 1]
    assert lines[at].index("=") == lines[at - 1].index("!")
    assert NAME in " ".join(" ".join(lines[at : at + 4]).split())
    assert max(map(len, lines)) <= 72


@pytest.mark.usefixtures("small")
def test_it_changes_no_verdict() -> None:
    """If it fails, who names a bug makes it go away, or makes one."""
    before = {path: verdicts(path) for path in ("good.bfp", "bad.bfp")}
    status = call("prove", "bad.bfp", "--brief").status
    for path, found in before.items():
        declare(path, *(f'known {claim} "a name";' for claim, _ in found))
        now = verdicts(path)

        assert {"a name"} == {one.pop("known") for one in now.values()}
        # The declarations move no line that a run goes through.
        assert found == now
    assert status == call("prove", "bad.bfp", "--brief").status == 1
    assert "known as" not in call("prove", "good.bfp").out


@pytest.mark.usefixtures("small")
def test_a_name_for_one_scenario_is_for_that_one_alone() -> None:
    """If it fails, another bug in another scenario goes by the name of a known one."""
    declare("bad.bfp", FEW, f'known balance in few "{NAME}";', 'known stuck in many "x";')
    found = {key: one.get("known") for key, one in verdicts("bad.bfp").items()}

    assert {("balance", "few"), ("stuck", "many")} == {k for k, name in found.items() if name}
    assert found["balance", "few"] == NAME


@pytest.mark.usefixtures("small")
def test_it_is_in_the_evidence_and_cannot_be_made_up() -> None:
    """If it fails, evidence gives a bug a name that the program does not."""
    declare("bad.bfp", f'known balance "{NAME}";')
    call("prove", "bad.bfp", "--proofs", "proofs")
    folder = Path("proofs/bad")
    document = json.loads((folder / "proof.json").read_text())

    assert {"balance": NAME} == {
        one["claim"]: one["known"] for one in document["verdicts"] if "known" in one
    }
    assert "= known as" in (folder / "README.txt").read_text()
    assert 0 == call("check", str(folder)).status
    edit(folder, lambda d: d["verdicts"][0].update(known="a feature"))
    assert 1 == call("check", str(folder)).status


@pytest.mark.usefixtures("small")
def test_a_name_for_nothing_is_refused() -> None:
    """If it fails, a misspelt claim leaves its bug without the name."""
    declare("bad.bfp", 'known balence "x";')
    done = call("prove", "bad.bfp")

    assert 2 == done.status
    assert "error[BFP101]: claim `balence` is not declared" in done.err
    assert "did you mean `balance`?" in done.err
