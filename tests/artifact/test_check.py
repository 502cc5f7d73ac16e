"""Certificates that somebody has tampered with: what they claim wrongly is found, and named."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.artifact.made import copy, edit, said
from tests.hostile import run
from verify.artifact.check import CheckOptions, check
from verify.artifact.form import MAX_BYTES
from verify.artifact.words import lemma_name
from verify.cli import app


@pytest.fixture
def proof(whole: Path, tmp_path: Path) -> Path:
    """A certificate to tamper with."""
    return copy(whole, tmp_path / "copy")


def program(proof: Path) -> Path:
    return proof.parent.parent / "ask.bfp"


def status(*words: Path | str) -> int:
    return CliRunner().invoke(app, ["check", *map(str, words)]).exit_code


# ------------------------------------------------------------------- accepted


def test_a_certificate_that_nobody_has_touched_is_accepted(proof: Path) -> None:
    """If it fails, what verify writes it does not accept itself."""
    found = said(proof)

    assert () == found.wrong
    assert found.done[0].startswith("program ")
    assert found.done[0].endswith("ask.bfp, scenario s")
    assert "2 texts are those that were certified" == found.done[1]
    assert "unsat by cvc5: 7 claims proved" in found.done[2]
    assert ("that no run is shorter",) == found.left
    assert 0 == status(proof)


@pytest.mark.parametrize("solver", ["z3", "cvc5", "both"])
def test_whichever_solver_is_asked_says_so(solver: str, proof: Path) -> None:
    """If it fails, a reader does not know who has confirmed what."""
    done = CliRunner().invoke(app, ["check", str(proof), "--solver", solver])

    assert 0 == done.exit_code
    assert f"unsat by {'z3 and cvc5' if solver == 'both' else solver}" in done.output


def test_with_full_everything_is_looked_for_again(proof: Path) -> None:
    """If it fails, a bounded answer is taken from the folder."""
    found = check(proof, CheckOptions(full=True))

    assert () == found.wrong == found.left
    assert "everything looked for again, with the same verdicts" == found.done[-1]

    edit(proof, lambda d: d["claims"].update(apart={"verdict": "holds"}))

    assert () == check(proof).wrong
    assert ("apart is proved, and not holds",) == check(proof, CheckOptions(full=True)).wrong


def test_a_certificate_for_binder_is_accepted_from_anywhere(binder: Path, tmp_path: Path) -> None:
    """If it fails, a reviewer cannot check what a developer has sent."""
    shutil.copytree(binder, tmp_path / "sent")
    found = said(tmp_path / "sent" / "proofs" / "v3-balanced" / "reuse")

    assert () == found.wrong


def test_the_worst_of_several_counts(proof: Path, whole: Path, tmp_path: Path) -> None:
    """If it fails, a script takes a rejected certificate for an accepted one."""
    good = whole / "proofs" / "ask"
    edit(proof, lambda d: d["claims"].update(first={"verdict": "proved", "by": "", "rests": 0}))

    assert 0 == status(good, good)
    assert 1 == status(good, proof)
    assert 2 == status(good, proof, tmp_path / "nowhere")


COMMENTS = {
    "a comment": ("ask.bfp", "\n", "\n/* nothing,\n   on two lines */\n"),
    "a blank": ("model/locks.bfh", "bool z;", "bool  z;"),
    "other words": ("ask.bfp", '"asks"', '"asks and asks"'),
    "another sentence of an outcome": ("ask.bfp", '"good"', '"all is well"'),
    "another way to write an axis": ("ask.bfp", "axis y = y;", "axis y = y && y;"),
    "another sentence of a claim": ("ask.bfp", '"one at a time"', '"at most one"'),
}


@pytest.mark.parametrize("name", COMMENTS)
def test_words_and_lines_may_change(name: str, proof: Path) -> None:
    """If it fails, a comma rejects every proof in the system."""
    file, old, new = COMMENTS[name]
    path = proof.parent.parent / file
    path.write_text(path.read_text().replace(old, new, 1))
    found = said(proof)

    assert () == found.wrong
    assert f"it means what was certified, though {file} changed" == found.done[1]


# -------------------------------------------------------------------- rejected


def document(change: Callable[[Any], object]) -> Callable[[Path], None]:
    return lambda proof: edit(proof, change)


def source(name: str, old: str, new: str) -> Callable[[Path], None]:
    def tamper(proof: Path) -> None:
        path = proof.parent.parent / name
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new, 1))

    return tamper


def drop(document: Any, name: str) -> None:
    """A lemma less, all else made to fit, as a careful forger would."""
    del document["lemmas"][name]
    for ruling in document["claims"].values():
        if "by" in ruling:
            ruling["by"] = " ".join(one for one in ruling["by"].split() if one != name)


def put(document: Any, old: str, words: dict[str, str]) -> None:
    """Another lemma in the place of one."""
    new = lemma_name(words)
    document["lemmas"] = {
        (new if name == old else name): (words if name == old else lemma)
        for name, lemma in document["lemmas"].items()
    }
    for ruling in document["claims"].values():
        if "by" in ruling:
            ruling["by"] = " ".join(new if one == old else one for one in ruling["by"].split())


def about(document: Any, claim: str) -> str:
    """The first lemma that a claim rests on."""
    name: str = document["claims"][claim]["by"].split()[0]
    return name


def rename(document: Any, old: str) -> None:
    """A lemma under a name that is not its own."""
    text = json.dumps(document).replace(old, "0" * 8)
    document.update(json.loads(text))


def weaker(document: Any) -> None:
    name = about(document, "apart")
    put(document, name, {**document["lemmas"][name], "1 at": "a ask.bfp:9"})


def stronger(document: Any) -> None:
    put(document, about(document, "apart"), {"x": "true"})


def last_run(document: Any, claim: str) -> Any:
    return document["runs"][document["claims"][claim]["run"]]


def proved(by: str = "") -> dict[str, Any]:
    return {"verdict": "proved", "by": by, "rests": 0}


# There is no lock q.
Q = {"held q": "yes"}
REJECTED: dict[str, tuple[Callable[[Path], object], str]] = {
    # Lemmas.
    "a lemma is dropped": (
        document(lambda d: drop(d, about(d, "apart"))),
        "not proved: obligation step-a-named",
    ),
    "a lemma that keeps others is dropped": (
        document(lambda d: drop(d, next(n for n, w in d["lemmas"].items() if "2 at" in w))),
        "not proved: obligation step-a",
    ),
    "a lemma is weaker": (document(weaker), "not proved: obligation"),
    "a lemma is stronger": (document(stronger), "not proved: obligation"),
    "a claim rests on other lemmas": (
        document(lambda d: d["claims"]["apart"].update(by="")),
        "not proved: obligation claim-apart",
    ),
    "lemmas that prove nothing": (
        document(lambda d: [d["claims"].update({n: {"verdict": "holds"}}) for n in d["claims"]]),
        "lemmas, and nothing that they prove",
    ),
    "a lemma about an unknown lock": (
        document(lambda d: d["lemmas"].update({lemma_name(Q): Q})),
        "not proved: a lemma speaks of something that the program does not have",
    ),
    "a place that waits for itself": (
        document(lambda d: d["waits"].append(["a ask.bfp:8", "a ask.bfp:8"])),
        "not proved: who may wait for whom goes in circles",
    ),
    # Verdicts.
    "a refuted claim is proved": (
        document(lambda d: d["claims"].update({"never-y": proved()})),
        "not proved: obligation claim-never-y",
    ),
    "the table is proved": (
        document(lambda d: d["claims"].update(table=proved())),
        "not proved: obligation claim-table",
    ),
    "a proved claim is refuted": (
        document(lambda d: d["claims"].update(apart={"verdict": "refuted", "run": 2})),
        "apart: its run does not end with what breaks it",
    ),
    "a thread waits for ever at the end of no run": (
        document(lambda d: d["claims"].update(stuck={"verdict": "refuted", "run": 2})),
        "stuck: nobody waits for ever",
    ),
    "a claim about states is proved by runs": (
        document(lambda d: d["claims"].update(first={"verdict": "proved"})),
        "first: runs do not prove it",
    ),
    "what happens is proved by lemmas": (
        document(lambda d: d["claims"].update(vacuity=proved())),
        "no claim vacuity that lemmas can prove",
    ),
    "a claim is never put to the test": (
        document(lambda d: d["claims"].update(apart={"verdict": "vacuous"})),
        "apart: its runs put it to the test",
    ),
    "something is never reached": (
        document(lambda d: d["claims"].update(vacuity={"verdict": "vacuous"})),
        "vacuity: what its runs reach is another thing",
    ),
    # Runs.
    "a run goes another way": (
        document(lambda d: last_run(d, "never-y")["steps"].reverse()),
        "a run cannot be followed",
    ),
    "a run is cut off": (
        document(lambda d: last_run(d, "never-y")["steps"][1].__setitem__(1, "entry ask.bfp:8")),
        "never-y: its run does not end with what breaks it",
    ),
    "the runs that reach everything are missing": (
        document(lambda d: d["runs"].__delitem__(slice(3, None))),
        "vacuity: the runs do not reach everything: never reached: line",
    ),
    "a run breaks what is said to be proved": (
        document(lambda d: d["claims"].update(first=proved())),
        "first: run 0 breaks it",
    ),
    # What it is about.
    "the program is changed": (
        source("ask.bfp", "	x = false;\n", ""),
        "the program means another thing than what was certified (ask.bfp changed)",
    ),
    "a lock less": (
        source("ask.bfp", "	mutex_lock(lock);\n", ""),
        "the program means another thing than what was certified (ask.bfp changed)",
    ),
    "an include is changed": (
        source("model/locks.bfh", "release(lock);", ""),
        "than what was certified (model/locks.bfh changed)",
    ),
    "another number": (
        document(lambda d: d.update(lowered="0" * 64)),
        "the program means another thing than what was certified; prove it again",
    ),
    "a program with a very long name": (
        document(lambda d: d.update(program="a" * 5000 + ".bfp")),
        f"it is about {'a' * 80}, which is not what its folder is called",
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
        lambda proof: (proof / "more.txt").symlink_to("proof.json"),
        "more.txt does not belong",
    ),
}


@pytest.mark.parametrize("name", REJECTED)
def test_what_was_tampered_with_is_found_and_named(name: str, proof: Path) -> None:
    """If it fails, somebody can pass off a proof of something else, or none at all."""
    tamper, expected = REJECTED[name]
    tamper(proof)
    found = check(proof)

    assert any(expected in line for line in found.wrong), found
    assert not found.usage
    assert 1 == status(proof)


def bare(text: str | bytes) -> Callable[[Path], None]:
    def replace(proof: Path) -> None:
        data = text if isinstance(text, bytes) else text.encode()
        (proof / "proof.json").write_bytes(data)

    return replace


def more(words: dict[str, str]) -> Callable[[Path], None]:
    """A lemma more."""
    return document(lambda d: d["lemmas"].update({lemma_name(words): words}))


def ruling(claim: str, **said: Any) -> Callable[[Path], None]:
    return document(lambda d: d["claims"].update({claim: said}))


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
    "an empty document": bare(""),
    "half a document": lambda proof: bare((proof / "proof.json").read_text()[:500])(proof),
    "no text": bare(b'{"format": "\xff"}'),
    "no JSON": bare("format: verify-certificate/2"),
    "deep lists": bare("[" * 200_000),
    "deep objects": bare('{"a":' * 200_000),
    "a very long number": bare("1" * 10_000),
    "a list": bare("[]"),
    "null": bare("null"),
    "not a number": bare("NaN"),
    "many small lists": bare("[" + "[]," * (MAX_BYTES // 3 - 2) + "[]]"),
    "too large": bare(" " * (MAX_BYTES + 1)),
    "another format": document(lambda d: d.update(format="verify-certificate/1")),
    "an older format": document(lambda d: d.update(format="verify-proof/1")),
    "a key too many": document(lambda d: d.update(more=1)),
    "a key too few": document(lambda d: d.pop("once")),
    "keys in another order": document(lambda d: d.update(format=d.pop("format"))),
    "a space too many": lambda proof: bare((proof / "proof.json").read_text() + "\n")(proof),
    "a key said twice": lambda proof: bare(
        (proof / "proof.json").read_text().replace('"format"', '"format": "other",\n "format"', 1)
    )(proof),
    "no scenario": document(lambda d: d.update(scenario="t")),
    "a claim too many": ruling("c", verdict="holds"),
    "a claim too few": document(lambda d: d["claims"].pop("absurd")),
    "an unknown verdict": ruling("apart", verdict="right"),
    "a proof without lemmas or runs": ruling("apart", verdict="proved", rests=1),
    "a refutation without a run": ruling("apart", verdict="refuted"),
    "a run that is not there": ruling("apart", verdict="refuted", run=99),
    "a run before the first": ruling("apart", verdict="refuted", run=-1),
    "a half run": ruling("apart", verdict="refuted", run=0.5),
    "a true run": ruling("apart", verdict="refuted", run=True),
    "a lemma that is not there": ruling("apart", verdict="proved", by="0" * 8, rests=1),
    "a lemma that is there twice": document(
        lambda d: d["claims"]["apart"].update(by=f"{about(d, 'apart')} {about(d, 'apart')}")
    ),
    "a lemma by another name": document(
        lambda d: d["lemmas"].update({"00000000": d["lemmas"][about(d, "apart")]})
    ),
    "a lemma renamed wherever it is named": document(lambda d: rename(d, about(d, "apart"))),
    "a lemma about an unknown variable": more({"q": "true"}),
    "a lemma about a value out of range": more({"x": "7"}),
    "a lemma about a value twice": more({"x": "true | true"}),
    "a lemma about a thread that is not there": more({"d at": "entry"}),
    "a lemma about three threads": more({"1 at": "a entry", "2 at": "a end", "3 at": "a end"}),
    "a lemma about a point that is not there": more({"1 at": "a ask.bfp:99"}),
    "a lemma about a range of three": more({"1 at": "a entry..ask.bfp:8..9"}),
    "a lemma about a number": document(lambda d: d["lemmas"].update({"00000000": {"x": 1}})),
    "an arrow to no place": document(lambda d: d["waits"].append(["a entry", "a nowhere"])),
    "an arrow of three": document(lambda d: d["waits"].append(["a entry"] * 3)),
    "a run of a thread that is not there": document(
        lambda d: d["runs"].append({"threads": 1, "steps": [["d", "entry"]]})
    ),
    "a run by a way that is not there": document(
        lambda d: d["runs"].append({"threads": 1, "steps": [["b", "entry/9"]]})
    ),
    "a run by the first of one way": document(
        lambda d: d["runs"].append({"threads": 1, "steps": [["b", "entry/1"]]})
    ),
    "a run that is there twice": document(lambda d: d["runs"].append(d["runs"][0])),
    "a run of thirteen threads": document(lambda d: d["runs"].append({"threads": 13, "steps": []})),
    "points that are not there": document(lambda d: d["points"].update(a="entry end")),
    "a point that is there twice": document(lambda d: d["points"].update(b="entry entry end")),
    "a program elsewhere": document(lambda d: d.update(program="../ask.bfp")),
    "an absolute program": document(lambda d: d.update(program="/etc/passwd")),
    "a program by a detour": document(lambda d: d.update(program="./ask.bfp")),
    "a device as the program": document(lambda d: d.update(program="../" * 30 + "dev/zero")),
    "a folder as the program": document(lambda d: d.update(program="model")),
    "a program with a null in its name": document(lambda d: d.update(program="ask\0.bfp")),
    "a number as the program": document(lambda d: d.update(program=7)),
    "a model that is not there": document(
        lambda d: d.update({k: d.pop(k) for k in list(d)[2:]}, model="model/no.bfh")
    ),
    "texts in a list": document(lambda d: d.update(texts=[])),
    "thirteen threads": document(lambda d: d["asked"].update(threads=13)),
    "no threads": document(lambda d: d["asked"].update(threads=0)),
    "more rounds than there may be": document(lambda d: d["asked"].update(rounds=99)),
    "a claim that is a number": document(lambda d: d["asked"].update(claims=[1])),
    "more solvers than there are": document(lambda d: d["solvers"].append("mine")),
    "a thread that does not run once": document(lambda d: d["once"].update(a=[])),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_no_certificate_is_an_error_and_no_traceback(name: str, proof: Path) -> None:
    """If it fails, a folder from a stranger can stop the tool, or keep it waiting."""
    MALFORMED[name](proof)
    found = check(proof)

    assert found.usage, found
    assert found.wrong
    assert 2 == status(proof)


# ---------------------------------------------------------------- which program


def test_a_second_tree_beside_the_first_is_asked_about(proof: Path) -> None:
    """If it fails, a stranger's copy of a program takes the place of the real one."""
    root = proof.parent.parent
    good, evil = root.parent / "x" / "good", root.parent / "x" / "evil"
    for tree in (good, evil):
        shutil.copytree(root, tree, ignore=shutil.ignore_patterns("proofs"))
    shutil.move(root / "proofs", root.parent / "x" / "proofs")
    moved = root.parent / "x" / "proofs" / "ask"
    found = check(moved)

    assert found.usage
    assert "name one with --program" in found.wrong[0]
    assert () == check(moved, CheckOptions(program=good / "ask.bfp")).wrong
    assert 0 == status(moved, "--program", str(good / "ask.bfp"))


def test_a_link_to_a_program_is_not_followed(proof: Path, tmp_path: Path) -> None:
    """If it fails, evidence about a file that somebody else has put there is accepted."""
    os.rename(program(proof), tmp_path / "real.bfp")
    program(proof).symlink_to(tmp_path / "real.bfp")

    assert check(proof).usage


def test_a_folder_called_something_else_is_refused(proof: Path) -> None:
    """If it fails, evidence about a right program can be laid where that of a wrong one is."""
    os.rename(proof, proof.with_name("other"))
    found = check(proof.with_name("other"))

    assert not found.usage
    assert found.wrong == ("proof.json: it is about ask, which is not what its folder is called",)


def test_a_program_that_is_named_has_to_be_the_one(proof: Path, tmp_path: Path) -> None:
    """If it fails, --program makes evidence count for a program that it is not about."""
    other = tmp_path / "other.bfp"
    shutil.copy(program(proof), other)
    found = check(proof, CheckOptions(program=other))

    assert found.usage
    assert found.wrong[0].startswith("proof.json: it is about ask.bfp, and not about ")


def test_names_that_would_speak_to_a_terminal_are_escaped(proof: Path) -> None:
    """If it fails, a file name can clear the screen, or end in a traceback."""
    (proof / "\x1b[2J.smt2").write_text("")
    (proof / os.fsdecode(b"\xff.smt2")).write_text("")
    (proof / "line\nbreak").write_text("")
    found = check(proof)

    assert 3 == len(found.wrong)
    assert all(line.isprintable() for line in found.wrong)
    assert 1 == status(proof)


# ---------------------------------------------------------------------- limits


def test_limits_are_met_by_name(proof: Path) -> None:
    """If it fails, a small folder keeps the tool busy for a long time."""
    many = {lemma_name(one): one for one in ({"x": "true", f"q{i}": "1"} for i in range(2_100))}
    steps = " ".join(["entry"] * 12_000)
    plain = (proof / "proof.json").read_text()
    for change, name in (
        (lambda d: d["lemmas"].update(many), "`lemmas` maps at most 2,000"),
        (
            lambda d: d["runs"].append({"threads": 1, "steps": [["b", steps]]}),
            "`runs` has more than 10,000 steps",
        ),
        (
            lambda d: d["runs"].extend({"threads": 1, "steps": []} for _ in range(1_000)),
            "`runs` is a list of at most 500",
        ),
    ):
        edit(proof, change)
        found = check(proof)

        assert found.usage
        assert name in found.wrong[0]
        (proof / "proof.json").write_text(plain)


# -------------------------------------------------------------------- anything


def test_whatever_is_accepted_is_true(whole: Path, tmp_path: Path) -> None:
    """If it fails, a certificate that is wrong somewhere is accepted, or ends in a traceback."""
    wrong, said = run(copy(whole, tmp_path / "copy"), range(400))

    assert [] == wrong
    # Else nothing was put to the test.
    assert all(said[word] > 10 for word in ("accepted", "rejected", "malformed")), said


DIES = """\
#include "model/locks.bfh"
struct thing { bool used; };
struct thing one;

enum answer ask(struct mutex *lock)
{
	struct thing *it;

	mutex_lock(lock);
	look();
	it = NULL;
	if (y)
		it = &one;
	it->used = true;
	mutex_unlock(lock);
	return GOOD;
}

thread a "asks" { enum answer got; got = ask(&m); }
thread b "changes its mind" { y = true; y = false; }
scenario s "any number ask": a[*], b forever;
contract ask { GOOD, BAD: same; }
outcome good "good" = result == GOOD;
outcome bad "bad" = result == BAD;
table ask {
	at look;
	axis x = x;
	case !x: good;
	case x: never;
}
"""


def test_a_table_is_not_proved_where_calls_die(
    proof: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If it fails, a function that crashes does in each case what its author says."""
    monkeypatch.chdir(proof.parent.parent)
    program(proof).write_text(DIES)
    shutil.rmtree(proof)
    CliRunner().invoke(app, ["prove", "ask.bfp", "--proofs", "proofs", "--brief"])
    before = json.loads((proof / "proof.json").read_text())["claims"]

    assert "not established" == before["table"]["verdict"], before
    assert () == check(proof).wrong

    edit(proof, lambda d: d["claims"].update(table=proved()))

    assert ("table: a call dies in one of its cases",) == check(proof).wrong
