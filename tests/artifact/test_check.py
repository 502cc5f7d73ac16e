"""Evidence that somebody has tampered with: each change is found, and named."""

from __future__ import annotations

import copy as copying
import json
import math
import os
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from tests.artifact.made import copy, edit, said
from verify.artifact import check as checking
from verify.artifact.check import check
from verify.cli import app
from verify.engine.unbounded import confirm
from verify.ir import Program, Scenario


@pytest.fixture
def proof(whole: Path, tmp_path: Path) -> Path:
    """Evidence to tamper with."""
    return copy(whole, tmp_path / "copy")


def program(proof: Path) -> Path:
    return proof.parent.parent / "ask.bfp"


def status(*folders: Path) -> int:
    return CliRunner().invoke(app, ["check", *map(str, folders)]).exit_code


# ------------------------------------------------------------------- accepted


def test_evidence_that_nobody_has_touched_is_accepted(proof: Path) -> None:
    """If it fails, what verify writes it does not accept itself."""
    found = said(proof)

    assert () == found.wrong
    assert found.done[0].startswith("program ")
    assert found.done[0].endswith("ask.bfp, scenario s")
    assert "2 texts and the grammar are those that were proved" == found.done[1]
    assert 0 == status(proof)


def test_evidence_for_binder_is_accepted_from_anywhere(binder: Path, tmp_path: Path) -> None:
    """If it fails, a reviewer cannot check what a developer has sent."""
    shutil.copytree(binder, tmp_path / "sent")
    found = said(tmp_path / "sent" / "proofs" / "v3-balanced" / "reuse")

    assert () == found.wrong


def test_the_worst_of_several_counts(proof: Path, whole: Path, tmp_path: Path) -> None:
    """If it fails, a script takes rejected evidence for accepted."""
    good = whole / "proofs" / "ask"
    (proof / "init.smt2").write_text("")

    assert 0 == status(good, good)
    assert 1 == status(good, proof)
    assert 2 == status(good, proof, tmp_path / "nowhere")


# -------------------------------------------------------------------- rejected


def document(change: Callable[[Any], object]) -> Callable[[Path], None]:
    return lambda proof: edit(proof, change)


def text(name: str, change: Callable[[str], str]) -> Callable[[Path], None]:
    def tamper(proof: Path) -> None:
        path = proof / name
        new = change(path.read_text())
        assert new != path.read_text()
        path.write_text(new)

    return tamper


def source(name: str, old: str, new: str) -> Callable[[Path], None]:
    return text(f"../../{name}", lambda said: said.replace(old, new, 1))


def verdict(claim: str, word: str) -> Callable[[Any], None]:
    def flip(document: Any) -> None:
        one = next(v for v in document["verdicts"] if v["claim"] == claim)
        assert one["verdict"] != word
        one["verdict"] = word

    return flip


def without(document: Any, claim: str) -> None:
    document["verdicts"] = [v for v in document["verdicts"] if v["claim"] != claim]
    for key in ("shares", "direct"):
        document[key].pop(claim, None)
    name = f"claim-{claim}"
    document["obligations"] = [o for o in document["obligations"] if o != name]


def drop_lemma(document: Any, position: int) -> None:
    """Without a lemma, all else counted anew, as a careful forger would."""
    position %= len(document["lemmas"])
    del document["lemmas"][position]
    for key in ("shares", "direct"):
        for claim, some in document[key].items():
            document[key][claim] = [i - (i > position) for i in some if i != position]


def first_pcs(document: Any) -> list[int]:
    for lemma in document["lemmas"]:
        for part in lemma["crowd"]:
            for literal in part:
                if literal[0] == "pc" and len(literal[3]) > 1:
                    found: list[int] = literal[3]
                    return found
    raise AssertionError


def stronger(document: Any) -> None:
    """A lemma that forbids more than it should."""
    lemma = next(one for one in document["lemmas"] if one["shared"] and one["crowd"])
    lemma["shared"] = []


def run(document: Any) -> Any:
    return document["runs"]["never-y"]


def link(proof: Path) -> None:
    os.rename(proof / "init.smt2", proof.parent.parent / "elsewhere.smt2")
    os.symlink("../../elsewhere.smt2", proof / "init.smt2")


REJECTED: dict[str, tuple[Callable[[Path], object], str]] = {
    # Lemmas.
    "a lemma is dropped": (document(lambda d: drop_lemma(d, 1)), "not proved|is not what"),
    "the last lemma is dropped": (document(lambda d: drop_lemma(d, -1)), "not proved|is not what"),
    "a lemma is weaker": (document(lambda d: first_pcs(d).pop()), "not proved"),
    "a lemma is stronger": (document(stronger), "not proved"),
    "lemmas change places": (document(lambda d: d["lemmas"].reverse()), "lemmas.txt is not what"),
    "lemmas.txt says more": (text("lemmas.txt", lambda t: t + "and more\n"), "lemmas.txt is not"),
    "a claim rests on other lemmas": (
        document(lambda d: d["direct"].update(apart=[])),
        "not proved: obligation claim-apart",
    ),
    "a share is shorter": (document(lambda d: d["shares"]["apart"].pop()), "proof.json is not"),
    # Obligations.
    "an obligation is edited": (
        text("claim-apart.smt2", lambda t: t.replace("(check-sat)", "(assert false)\n(check-sat)")),
        "claim-apart.smt2 is not what",
    ),
    "an obligation is empty": (text("init.smt2", lambda _: ""), "init.smt2 is not what"),
    "an obligation is cut off": (
        text("step-b.smt2", lambda t: t[: len(t) // 2]),
        "step-b.smt2 is not what",
    ),
    "an obligation is missing": (
        lambda proof: (proof / "step-a-other.smt2").unlink(),
        "step-a-other.smt2 is missing",
    ),
    "an obligation is not listed": (
        document(lambda d: d["obligations"].pop()),
        "proof.json is not what",
    ),
    "the readme says something else": (
        text("README.txt", lambda t: t.replace("REFUTED", "proved ")),
        "README.txt is not what",
    ),
    # Files.
    "a file too many": (
        lambda proof: (proof / "more.smt2").write_text("(check-sat)\n"),
        "more.smt2 does not belong",
    ),
    "a hidden file too many": (
        lambda proof: (proof / ".hidden").write_text(""),
        ".hidden does not belong",
    ),
    "a folder too many": (lambda proof: (proof / "more").mkdir(), "more does not belong"),
    "a link too many": (
        lambda proof: (proof / "more.smt2").symlink_to("init.smt2"),
        "more.smt2 does not belong",
    ),
    "a link in the place of a file": (link, "init.smt2 is no file of an artifact"),
    "a pipe in the place of a file": (
        lambda proof: ((proof / "init.smt2").unlink(), os.mkfifo(proof / "init.smt2")),
        "init.smt2 is no file of an artifact",
    ),
    # Verdicts.
    "a refuted claim is proved": (document(verdict("never-y", "proved")), "proof.json is not"),
    "an open claim is proved": (document(verdict("first", "proved")), "proof.json is not"),
    "a proved claim is refuted": (document(verdict("apart", "refuted")), "proof.json is not"),
    "a claim is left out": (document(lambda d: without(d, "apart")), "is not what|does not belong"),
    "a refuted claim is left out": (
        document(lambda d: without(d, "never-y")),
        "proof.json is not what",
    ),
    "an open claim is said to rest on lemmas": (
        document(lambda d: (d["shares"].update(first=[0]), d["direct"].update(first=[0]))),
        "not proved: obligation claim-first",
    ),
    "a refuted claim is said to rest on lemmas": (
        document(
            lambda d: (d["shares"].update({"never-y": []}), d["direct"].update({"never-y": []}))
        ),
        "not proved: obligation claim-never-y",
    ),
    "the table says something else": (
        document(lambda d: d["table"].reverse()),
        "proof.json is not what",
    ),
    # Runs.
    "a run goes another way": (
        document(lambda d: run(d)["moves"][0].__setitem__(0, 0)),
        "proof.json is not what",
    ),
    "a run is cut off": (document(lambda d: run(d)["moves"].pop()), "proof.json is not what"),
    "a run is missing": (document(lambda d: d["runs"].pop("never-y")), "proof.json is not what"),
    # What it is about.
    "another program": (
        document(lambda d: d["inputs"].update({"ask.bfp": "0" * 64})),
        "ask.bfp is not the text that was proved",
    ),
    "another include": (
        document(lambda d: d["inputs"].update({"model/locks.bfh": "0" * 64})),
        "model/locks.bfh is not the text that was proved",
    ),
    "another grammar": (
        document(lambda d: d.update(grammar="0" * 64)),
        "the grammar is not the one that was used",
    ),
    "one include more": (
        document(lambda d: d["inputs"].update({"more.bfh": "0" * 64})),
        "more.bfh is not included any more",
    ),
    "the program is changed": (
        source("ask.bfp", "	x = false;\n", ""),
        "ask.bfp is not the text that was proved",
    ),
    "the program has another comment": (
        source("ask.bfp", "\n", "\n/* nothing */\n"),
        "ask.bfp is not the text that was proved",
    ),
    "the program is no text any more": (
        lambda proof: program(proof).write_bytes(b"\xff\xfe"),
        "ask.bfp is not the text that was proved",
    ),
    "an include is changed": (
        source("model/locks.bfh", "bool z;", "bool z; "),
        "model/locks.bfh is not the text that was proved",
    ),
    "more solvers than there were": (
        document(lambda d: d["evidence"]["solvers"].append("mine 1.0")),
        "proof.json is not what",
    ),
    "one thread only": (
        document(lambda d: d["evidence"]["threads"].pop()),
        "proof.json is not what",
    ),
    "a place that waits for itself": (
        document(lambda d: d.update(waits_for=[[0, 0]])),
        "circles",
    ),
}


@pytest.mark.parametrize("name", REJECTED)
def test_what_was_tampered_with_is_found_and_named(name: str, proof: Path) -> None:
    """If it fails, somebody can pass off a proof of something else, or none at all."""
    tamper, expected = REJECTED[name]
    tamper(proof)
    found = check(proof)

    assert not found.usage
    assert any(word in line for word in expected.split("|") for line in found.wrong), found.wrong
    assert 1 == status(proof)


MALFORMED: dict[str, Callable[[Path], object]] = {
    "nothing": shutil.rmtree,
    "a file": lambda proof: (shutil.rmtree(proof), proof.write_text("{}")),
    "no document": lambda proof: (proof / "proof.json").unlink(),
    "a folder as the document": lambda proof: (
        (proof / "proof.json").unlink(),
        (proof / "proof.json").mkdir(),
    ),
    "a pipe as the document": lambda proof: (
        (proof / "proof.json").unlink(),
        os.mkfifo(proof / "proof.json"),
    ),
    "a link as the document": lambda proof: (
        os.rename(proof / "proof.json", proof.parent / "elsewhere.json"),
        (proof / "proof.json").symlink_to("../elsewhere.json"),
    ),
    "a device as the document": lambda proof: (
        (proof / "proof.json").unlink(),
        (proof / "proof.json").symlink_to("/dev/zero"),
    ),
    "an empty document": lambda proof: (proof / "proof.json").write_text(""),
    "half a document": lambda proof: (proof / "proof.json").write_text(
        (proof / "proof.json").read_text()[:500]
    ),
    "no text": lambda proof: (proof / "proof.json").write_bytes(b'{"format": "\xff"}'),
    "no JSON": lambda proof: (proof / "proof.json").write_text("format: verify-proof/1"),
    "deep lists": lambda proof: (proof / "proof.json").write_text("[" * 200_000),
    "deep objects": lambda proof: (proof / "proof.json").write_text('{"a":' * 200_000),
    "a very long number": lambda proof: (proof / "proof.json").write_text("1" * 10_000),
    "a list": lambda proof: (proof / "proof.json").write_text("[]"),
    "null": lambda proof: (proof / "proof.json").write_text("null"),
    "not a number": lambda proof: (proof / "proof.json").write_text("NaN"),
    "another format": document(lambda d: d.update(format="verify-proof/2")),
    "a key too many": document(lambda d: d.update(more=1)),
    "a key too few": document(lambda d: d.pop("evidence")),
    "no scenario": document(lambda d: d.update(scenario="t")),
    "no claim": document(lambda d: (d["shares"].update(c=[]), d["direct"].update(c=[]))),
    "a claim in direct only": document(lambda d: d["direct"].update(first=[])),
    "a claim in shares only": document(lambda d: d["shares"].update(first=[])),
    "a lemma that is not there": document(lambda d: d["direct"].update(apart=[99])),
    "a lemma before the first": document(lambda d: d["direct"].update(apart=[-1])),
    "a half lemma": document(lambda d: d["shares"].update(apart=[0.5])),
    "a true lemma": document(lambda d: d["shares"].update(apart=[True])),
    "an arrow to no place": document(lambda d: d.update(waits_for=[[0, 99]])),
    "an arrow from before the first": document(lambda d: d.update(waits_for=[[-1, 0]])),
    "an arrow of three": document(lambda d: d.update(waits_for=[[0, 1, 2]])),
    "an arrow between locks": document(lambda d: d.update(waits_for=[["m", "n"]])),
    "a lemma about an unknown variable": document(
        lambda d: d["lemmas"].append({"shared": [["shared", "q", -1, [1]]], "crowd": []})
    ),
    "a lemma about a value out of range": document(
        lambda d: d["lemmas"].append({"shared": [["shared", "x", -1, [7]]], "crowd": []})
    ),
    "a lemma about no value": document(
        lambda d: d["lemmas"].append({"shared": [["shared", "x", -1, []]], "crowd": []})
    ),
    "a lemma about a thread that is not there": document(
        lambda d: d["lemmas"].append({"shared": [["pc", "", 9, [0]]], "crowd": []})
    ),
    "a lemma about three threads": document(
        lambda d: d["lemmas"].append({"shared": [], "crowd": [[], [], []]})
    ),
    "a lemma with a shared variable as a thread's": document(
        lambda d: d["lemmas"].append({"shared": [], "crowd": [[["shared", "x", -1, [1]]]]})
    ),
    "a program elsewhere": document(lambda d: d.update(program="../../../elsewhere.bfp")),
    "an absolute program": document(lambda d: d.update(program="/etc/passwd")),
    "a program by a detour": document(lambda d: d.update(program="../../../copy/./ask.bfp")),
    "a device as the program": document(lambda d: d.update(program="../" * 30 + "dev/zero")),
    "a folder as the program": document(lambda d: d.update(program="../..")),
    "a program with a null in its name": document(lambda d: d.update(program="../../ask\0.bfp")),
    "a program with a very long name": document(lambda d: d.update(program="a" * 5000)),
    "a number as the program": document(lambda d: d.update(program=7)),
    "inputs in a list": document(lambda d: d.update(inputs=[])),
    "thirteen threads": document(lambda d: d["options"].update(threads=13)),
    "no threads": document(lambda d: d["options"].update(threads=0)),
    "more rounds than there may be": document(lambda d: d["options"].update(rounds=99)),
    "a claim that is a number": document(lambda d: d["options"].update(claims=[1])),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_no_evidence_is_an_error_and_no_traceback(name: str, proof: Path) -> None:
    """If it fails, a folder from a stranger can stop the tool, or keep it waiting."""
    MALFORMED[name](proof)
    found = check(proof)

    assert found.usage
    assert found.wrong
    assert 2 == status(proof)


def test_a_file_of_somebody_else_is_not_quoted(proof: Path) -> None:
    """If it fails, a folder from a stranger makes the tool print what it should not read."""
    secret = proof.parent.parent.parent / "secret.txt"
    secret.write_text("password hunter2\n")
    edit(proof, lambda d: d.update(program="../../../secret.txt"))
    found = check(proof)

    assert ("secret.txt is not the text that was proved",) == found.wrong


def test_names_that_would_speak_to_a_terminal_are_escaped(proof: Path) -> None:
    """If it fails, a file name can clear the screen, or end in a traceback."""
    (proof / "\x1b[2J.smt2").write_text("")
    (proof / os.fsdecode(b"\xff.smt2")).write_text("")
    (proof / "line\nbreak").write_text("")
    found = check(proof)

    assert 3 == len(found.wrong)
    assert all(line.isprintable() for line in found.wrong)
    assert 1 == status(proof)


def test_a_key_said_twice_and_a_space_too_many_are_found(proof: Path) -> None:
    """If it fails, what a person reads in the document is not what was checked."""
    path = proof / "proof.json"
    plain = path.read_text()
    for changed in (
        plain.replace('{\n "direct"', '{\n "format": "other",\n "direct"', 1),
        plain + "\n",
        plain.replace("  ", "   ", 1),
        plain.replace('"s"', '"\\u0073"', 1),
        "\ufeff" + plain,
    ):
        assert changed != plain
        path.write_text(changed)

        assert check(proof).wrong


# ---------------------------------------------------------------------- anything

JUNK = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-3, 12),
        st.just(10**30),
        st.floats(),
        st.sampled_from(
            ("", "m", "x", "stuck", "apart", "proved", "\ud800", "\0", "../" * 9, "\n")
        ),
        st.text(max_size=5),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(("a", "shared", "crowd", "claim")), inner, max_size=3),
    ),
    max_leaves=6,
)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a document: the list or object it is in, and where."""
    keys = value.keys() if isinstance(value, dict) else range(len(value))
    for key in keys:
        yield value, key
        if isinstance(value[key], dict | list):
            yield from places(value[key])


@pytest.fixture(scope="module")
def quick() -> Iterator[None]:
    """The runs of a program are looked for once: what is tampered with does not change them."""
    plain = checking.rest

    @cache
    def once(
        program: str, texts: Any, scenario: Scenario, threads: int, rounds: int, *asked: Any
    ) -> Any:
        assert texts
        return plain(known[program], scenario, threads, rounds, *asked)

    known: dict[str, Program] = {}

    def again(program: Program, scenario: Scenario, *asked: Any) -> Any:
        known[program.path] = program
        return once(program.path, program.texts, scenario, *asked[:-1])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checking, "rest", again)
        patch.setattr(checking, "confirm", cache(lambda texts, _: confirm(texts, ("z3",))))
        yield


@settings(
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=160,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
@pytest.mark.usefixtures("quick")
def test_no_value_in_any_place_is_accepted_or_ends_in_a_traceback(
    whole: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """If it fails, some part of the document is neither compared nor made again.

    The options are what was asked for: with others, the same folder may be right as well.
    """
    folder = tmp_path_factory.getbasetemp() / "anything"
    shutil.rmtree(folder, ignore_errors=True)
    proof = copy(whole, folder)
    path = proof / "proof.json"
    plain = json.loads(path.read_text())
    changed = copying.deepcopy(plain)
    options = copying.deepcopy(plain["options"])
    there = [*places(changed)]
    inside, key = data.draw(st.sampled_from(there))
    inside[key] = data.draw(JUNK)
    path.write_text(json.dumps(changed, indent=1, sort_keys=True) + "\n")
    found = check(proof)

    same = {**changed, "options": options}
    if json.dumps(same, sort_keys=True) != json.dumps(plain, sort_keys=True):
        assert found.wrong
    assert all(line.isprintable() for line in found.wrong)
    assert not any(isinstance(line, float) and math.isnan(line) for line in found.wrong)
