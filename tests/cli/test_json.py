"""The report as JSON: it follows its schema, agrees with the exit status and with the text."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jsonschema
import pytest

from tests.cli.call import FILES, REUSE, SCHEMA, V3, VALIDATOR, Called, call, told
from tests.programs.binder import ROOT
from verify.engine import search as search_module
from verify.interpret import Machine, ReplayError, State
from verify.smt.solver import Session

BY_WORD = {"absent": 0, "bounded": 3, "proved": 0, "refuted": 1, "not established": 3, "vacuous": 3}


def ask(*args: str) -> Called:
    return call("prove", "--format", "json", *args)


def of(file: str) -> Any:
    """What is printed for one of the five programs: a document of one's own each time."""
    return told("prove", "--format", "json", file, *REUSE).document()


def the_program(document: Any, path: str) -> Any:
    return next(program for program in document["programs"] if program["path"] == path)


def test_the_schema_is_one() -> None:
    """If it fails, validating against it shows nothing."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("file", FILES)
def test_a_program_follows_the_schema_and_agrees_with_the_text(file: str) -> None:
    """If it fails, whoever reads the JSON is told something else than whoever reads the text."""
    document = of(file)
    by_text: dict[str, list[str]] = {}
    for line in told("prove", *FILES, *REUSE).lines:
        if line in FILES:
            by_text[line] = last = []
        elif line.startswith(("  proved", "  REFUTED", "  absent")):
            said, claim, *_ = line.split()
            last.append(f"{claim} {said.lower()}")
    (program,) = document["programs"]

    assert file == program["path"]
    assert by_text[file] == [f"{each['claim']} {each['verdict']}" for each in program["verdicts"]]


def agree(done: Called) -> Any:
    """The document, if it follows the schema and says the status that the shell was told."""
    document = done.document()
    gravity = [4, 2, 1, 3, 0]
    statuses = [program["status"] for program in document["programs"]]

    assert done.status == document["status"]
    assert done.status == min(statuses, key=gravity.index)
    assert not done.err
    for program in document["programs"]:
        found = [BY_WORD[each["verdict"]] for each in program["verdicts"]]
        if program["errors"]:
            assert program["status"] in (2, 4)
            assert not found
        else:
            assert program["status"] == min(found, key=gravity.index)
    return document


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (("good.bfp",), 0),
        (("bad.bfp",), 1),
        (("good.bfp", "bad.bfp"), 1),
        (("bad.bfp", "--claim", "stuck"), 0),
        (("bad.bfp", "--claim", "unlocks"), 3),
        (("bad.bfp", "--brief"), 1),
        (("none.bfp",), 2),
        (("bad.bfp", "none.bfp"), 2),
        (("bad.bfp", "--claim", "balence"), 2),
        (("bad.bfp", "--scenario", "may"), 2),
    ],
)
def test_the_status_in_the_document_is_the_status_of_the_process(
    args: tuple[str, ...], expected: int
) -> None:
    """If it fails, a script that reads one of the two is misled."""
    done = ask(*args)
    document = agree(done)

    assert expected == done.status
    assert [arg for arg in args if arg.endswith(".bfp")] == [
        program["path"] for program in document["programs"]
    ]


@pytest.mark.usefixtures("small")
def test_errors_come_with_their_places() -> None:
    """If it fails, an editor cannot jump to what is wrong."""
    document = agree(ask("bad.bfp", "wrong.bfp"))
    errors = the_program(document, "wrong.bfp")["errors"]

    assert document["status"] == 2
    assert the_program(document, "bad.bfp")["status"] == 1
    assert errors
    assert {each["code"] for each in errors} == {"BFP002"}
    assert {each["file"] for each in errors} == {"wrong.bfp"}
    assert {each["line"] for each in errors} <= {2, 3}


@pytest.mark.usefixtures("small")
def test_a_misspelt_claim_comes_with_its_hint() -> None:
    """If it fails, the hint is on the terminal alone."""
    (error,) = the_program(agree(ask("bad.bfp", "--claim", "balence")), "bad.bfp")["errors"]

    assert "did you mean `balance`?" in error["message"]


@pytest.mark.usefixtures("small")
def test_what_is_not_established_has_status_3(monkeypatch: pytest.MonkeyPatch) -> None:
    """If it fails, a script takes "I do not know" for an answer."""
    monkeypatch.setattr(search_module, "Session", partial(Session, effort=1))
    done = ask("good.bfp", "--bounded")
    document = agree(done)

    assert done.status == 3
    assert "z3 gave up" in " ".join(each["reason"] for each in document["programs"][0]["verdicts"])


@pytest.mark.usefixtures("small")
def test_our_own_bug_has_status_4(monkeypatch: pytest.MonkeyPatch) -> None:
    """If it fails, a run that does not replay is in the document, or a traceback is."""

    def refuse(*_: object) -> State:
        raise ReplayError("no")

    monkeypatch.setattr(Machine, "take", refuse)
    done = ask("bad.bfp")
    (error,) = agree(done)["programs"][0]["errors"]

    assert done.status == 4
    assert "a bug of verify" in error["message"]


@pytest.mark.parametrize("file", FILES)
def test_a_run_shows_the_lines_that_are_in_the_files(file: str) -> None:
    """If it fails, a reader is sent to a line that has nothing to do with the step."""
    folded = {
        path: [" ".join(line.split()) for line in (ROOT / path).read_text().splitlines()]
        for path in (file, *(str(p.relative_to(ROOT)) for p in ROOT.glob("programs/model/*")))
    }
    for program in of(file)["programs"]:
        for verdict in program["verdicts"]:
            for number, step in enumerate(verdict.get("run", ()), start=1):
                line = folded[step["file"]][step["line"] - 1]

                assert number == step["step"]
                assert step["text"] in line
                assert step["thread"] in verdict["threads"]


@pytest.mark.parametrize("file", FILES)
def test_a_step_that_takes_a_lock_shows_the_call_that_takes_it(file: str) -> None:
    """If it fails, a lock seems to be taken by a line that only sets a local."""
    for program in of(file)["programs"]:
        for verdict in program["verdicts"]:
            for step in verdict.get("run", ()):
                if any(lock["does"] != "releases" for lock in step["locks"]):
                    assert "(" in step["text"]


def test_the_document_says_who_holds_what_at_the_end() -> None:
    """If it fails, the leak is in the words of the report alone."""
    document = of(V3)
    balance = next(e for e in the_program(document, V3)["verdicts"] if e["claim"] == "balance")
    expected = [{"thread": "shrinker", "lock": "foreign_vma.vm_lock", "mode": "shared"}]
    cause = balance["run"][balance["cause"]["step"] - 1]

    assert expected == balance["run"][-1]["held"]
    assert {"lock": "foreign_vma.vm_lock", "does": "takes shared"} in cause["locks"]


def test_the_document_has_the_table() -> None:
    """If it fails, what the code does in each case cannot be read by a program."""
    document = of(V3)
    rows = the_program(document, V3)["table"]
    wrong = [row for row in rows if row["verdict"] == "refuted"]

    assert len(rows) == 4
    assert [row["axes"] for row in wrong] == [{"vma": True, "mapped": False}]
    assert wrong[0]["outcomes"][0]["left_held"] == ["foreign_vma.vm_lock"]
    assert wrong[0]["claimed"] == ["skip"]
    assert all(row["run"] for row in rows)


def without_verdict(document: Any) -> None:
    del document["programs"][0]["verdicts"][0]["verdict"]


def with_another_word(document: Any) -> None:
    document["programs"][0]["verdicts"][0]["verdict"] = "probably"


def with_more(document: Any) -> None:
    document["programs"][0]["time"] = 1


def refuted_without_a_run(document: Any) -> None:
    refuted = next(e for e in document["programs"][0]["verdicts"] if e["verdict"] == "refuted")
    del refuted["run"]


def with_a_status_of_its_own(document: Any) -> None:
    document["status"] = 7


def with_a_line_that_is_no_number(document: Any) -> None:
    refuted = next(e for e in document["programs"][0]["verdicts"] if e["verdict"] == "refuted")
    refuted["run"][0]["line"] = "28"


@pytest.mark.parametrize(
    "change",
    [
        without_verdict,
        with_another_word,
        with_more,
        refuted_without_a_run,
        with_a_status_of_its_own,
        with_a_line_that_is_no_number,
    ],
)
def test_the_schema_refuses_what_the_tool_never_prints(change: Callable[[Any], None]) -> None:
    """If it fails, the schema is so loose that following it says nothing."""
    changed = of(V3)
    change(changed)

    assert VALIDATOR.is_valid(of(V3))
    assert not VALIDATOR.is_valid(changed)
