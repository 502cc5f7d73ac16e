"""The same program in other surroundings: `--model`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.artifact.made import edit
from tests.cli.call import Called, call
from tests.cli.conftest import SMALL

WORLD, REST = SMALL.split("enum status work", 1)
# Two surroundings of one program; in the second nothing is ever unlocked.
QUIET = WORLD
BUSY = WORLD.replace("{ release(lock); }", "{ }")
PROGRAM = f'#include "model/quiet.bfh"\nenum status work{REST % "mutex_unlock(lock);"}'
NAME = "programs/history/5.2.bfp"
OTHER = "programs/model/busy.bfh"
EVIDENCE = Path("proofs/history/5.2@busy")


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tree with a program and two models, and a third elsewhere; we stand above it."""
    texts = {
        NAME: PROGRAM,
        OTHER: BUSY,
        "programs/model/quiet.bfh": QUIET,
        "elsewhere/model/far.bfh": '#include "model/more.bfh"\n' + QUIET,
        "elsewhere/model/more.bfh": "bool more;\n",
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def prove(*args: str) -> Called:
    return call("prove", NAME, "--proofs", "proofs", "--brief", *args)


@pytest.mark.usefixtures("tree")
def test_another_model_is_another_answer_and_is_named() -> None:
    """If it fails, verdicts on one model are read as verdicts on another."""
    own, other = prove(), prove("--model", OTHER)

    assert (0, 1) == (own.status, other.status)
    assert "  proved  balance" in own.out
    assert "  REFUTED  balance" in other.out
    assert f"  model {OTHER}" == other.lines[1]
    assert not any(line.startswith("  model ") for line in own.lines)


@pytest.mark.usefixtures("tree")
def test_its_evidence_lies_beside_that_on_the_programs_own() -> None:
    """If it fails, the evidence on one model replaces that on the other."""
    prove()
    prove("--model", OTHER)
    document = json.loads((EVIDENCE / "proof.json").read_text())
    own = json.loads(Path("proofs/history/5.2/proof.json").read_text())

    assert "model/busy.bfh" == document["model"]
    assert ["history/5.2.bfp", "model/busy.bfh"] == [*document["texts"]]
    assert "model" not in own
    assert "  model model/busy.bfh" == call("show", str(EVIDENCE)).lines[1]
    assert 0 == call("check", "proofs/history/5.2", str(EVIDENCE)).status


@pytest.mark.usefixtures("tree")
@pytest.mark.parametrize("model", [None, OTHER])
def test_the_document_says_which_model(model: str | None) -> None:
    """If it fails, whoever reads the JSON takes one model for another."""
    named = ("--model", model) if model else ()
    document = call("prove", NAME, "--format", "json", *named).document()

    assert [model] == [program["model"] for program in document["programs"]]


@pytest.mark.usefixtures("tree")
def test_an_error_in_the_document_says_which_model() -> None:
    """If it fails, a mistake in one model is looked for in another."""
    Path(OTHER).write_text("bool a\n")
    document = call("prove", NAME, "--format", "json", "--model", OTHER).document()
    (program,) = document["programs"]

    assert OTHER == program["model"]
    assert {OTHER} == {error["file"] for error in program["errors"] if error["file"]}


@pytest.mark.usefixtures("tree")
def test_the_table_and_what_is_needed_are_asked_of_the_other_model() -> None:
    """If it fails, two commands answer for the program's own model without a word."""
    table = call("table", NAME, "--model", OTHER)
    both = call("table", NAME, NAME, "--model", OTHER)
    explained = call("coverage", NAME, "--model", OTHER)

    assert f"  model {OTHER}" == table.lines[1]
    assert ["5.2@busy", "5.2@busy"] == both.lines[0].split()
    assert f"{NAME}, scenario many, model {OTHER}" == explained.lines[0]
    assert "#include" not in call("prove", NAME, "--model", OTHER, "--dump").err


@pytest.mark.usefixtures("tree")
@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        (PROGRAM.split("\n", 1)[1], "BFP005", f"{NAME} has no #include"),
        (f'#include "model/quiet.bfh"\n{PROGRAM}', "BFP005", f"another is at {NAME}:2:1"),
    ],
)
def test_a_program_without_one_include_has_no_place_for_it(text: str, code: str, said: str) -> None:
    """If it fails, it is a guess which of the texts another one takes the place of."""
    Path(NAME).write_text(text)
    done = prove("--model", OTHER)

    assert 2 == done.status
    assert f"error[{code}]" in done.err
    assert said in done.err
    assert not Path("proofs").exists()


@pytest.mark.usefixtures("tree")
@pytest.mark.parametrize(
    ("model", "code", "said"),
    [
        ("programs/model/none.bfh", "BFP001", "programs/model/none.bfh: No such file"),
        ("programs/model", "BFP001", "programs/model is no regular file"),
        ("n" * 260, "BFP001", "too long"),
        (NAME, "BFP003", "includes itself"),
    ],
)
def test_what_is_no_model_is_refused(model: str, code: str, said: str) -> None:
    """If it fails, a misspelt name is a traceback, or the program's own model without a word."""
    done = prove("--model", model)

    assert 2 == done.status
    assert f"error[{code}]" in done.err
    assert said in done.err


@pytest.mark.usefixtures("tree")
def test_a_model_of_another_tree_brings_its_own_texts() -> None:
    """If it fails, it gets those of the program's tree, or none."""
    far = "elsewhere/model/far.bfh"
    Path("programs/model/more.bfh").write_text("this is not the one\n")

    assert 0 == prove("--model", far).status
    document = json.loads(Path("proofs/history/5.2@far/proof.json").read_text())
    assert "model/far.bfh" == document["model"]
    assert ["far.bfh", "history/5.2.bfp", "more.bfh"] == [*document["texts"]]


@pytest.mark.usefixtures("tree")
def test_evidence_does_not_choose_what_is_read_outside_the_tree() -> None:
    """If it fails, a stranger's evidence has any file of the machine read and complained of."""
    prove("--model", "elsewhere/model/far.bfh")
    alone = call("check", "proofs/history/5.2@far")

    assert 2 == alone.status
    assert "there is no model/far.bfh in the program's tree" in alone.out
    assert 0 == call("check", "proofs/history/5.2@far", "-I", "elsewhere").status


def says(model: object) -> Callable[[Any], None]:
    return lambda document: document.update(model=model)


@pytest.mark.usefixtures("tree")
@pytest.mark.parametrize(
    ("change", "status"),
    [
        (says("model/quiet.bfh"), 1),
        (lambda document: document.pop("model"), 1),
        (says("model/none.bfh"), 1),
        (says("model"), 2),
        (says("model/./busy.bfh"), 2),
        (says("/etc/hostname"), 2),
        (says("../programs/model/busy.bfh"), 2),
        (says("n\0"), 2),
        (says(None), 2),
        (says(7), 2),
        (lambda document: document.update(models="model/busy.bfh"), 2),
    ],
)
def test_evidence_about_another_model_than_it_says_is_rejected(
    change: Callable[[Any], None], status: int
) -> None:
    """If it fails, a proof in one model passes for a proof in another."""
    prove("--model", OTHER)
    edit(EVIDENCE, change)
    done = call("check", str(EVIDENCE))

    assert status == done.status
    assert f"{EVIDENCE}: REJECTED" == done.lines[0]


@pytest.mark.usefixtures("tree")
def test_a_model_that_was_changed_is_not_the_one_that_was_proved() -> None:
    """If it fails, evidence outlives the model that it speaks of."""
    prove("--model", OTHER)
    Path(OTHER).write_text(QUIET)
    done = call("check", str(EVIDENCE))

    assert 1 == done.status
    assert "than what was certified (model/busy.bfh changed)" in done.out
