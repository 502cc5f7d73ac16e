"""Lemmas as sentences: no two of a certificate may be said alike."""

from __future__ import annotations

from pathlib import Path

import pytest

import verify
from tests.programs.binder import ROOT
from verify.artifact.views import told_apart
from verify.certify.lemmas import Lemma, Literal
from verify.engine.states import states_of
from verify.ir import Program
from verify.lower.program import lower
from verify.report.states import lemma_text
from verify.syntax.load import Loader
from verify.syntax.resolve import resolve

TEXT = """
range int = 0..2;
int x;
int y;
void copy(int n) { int n2 = x; x = n; y = n2; x = n2; y = n; }
void move(int n) { x = n; y = n; x = n; }
thread one { int n = x; copy(n); copy(y); move(y); x = n; }
thread two { int n = x; move(y); x = n; y = n; }
scenario both "two kinds": one[*], two[*];
scenario single "one of each": one, two;
"""


@pytest.fixture
def program(tmp_path: Path) -> Program:
    (tmp_path / "some.bfp").write_text(TEXT)
    return lower(resolve(*Loader().load(tmp_path / "some.bfp")))


def replicated(k: int, name: str) -> Lemma:
    return Lemma((), ((Literal("local", f"{k}:{name}", -1, (1,)),),))


def fixed(k: int, name: str) -> Lemma:
    return Lemma((Literal("local", name, k, (1,)),), ())


@pytest.mark.parametrize(("scenario", "about"), [(0, replicated), (1, fixed)])
def test_locals_of_one_name_are_told_apart(scenario: int, about: type, program: Program) -> None:
    """If it fails, a reader sees the same lemma twice, and not which of two variables it means."""
    threads = [thread for thread in program.threads if thread.name in ("one", "two")]
    texts = [
        lemma_text(states_of(program, program.scenarios[scenario], about(k, variable.name)))
        for k, thread in enumerate(threads)
        for variable in thread.locals
    ]

    assert len(texts) > 5
    assert len(texts) == len(set(texts))


def test_a_local_is_called_as_shortly_as_it_may_be(program: Program) -> None:
    """If it fails, a reader has to tell variables apart by more than it takes."""
    locals_ = {v.name: v for t in program.threads if t.name == "one" for v in t.locals}
    both, single = program.scenarios
    said = {
        name: [
            lemma_text(states_of(program, scenario, about(0, name)))
            .removeprefix("never: a thread (one or two) with ")
            .removeprefix("never: one with ")
            .removesuffix(" == 1")
            for scenario, about in ((both, replicated), (single, fixed))
        ]
        for name in locals_
    }

    assert ["n in one", "n"] == said["n"]
    calls = [said[name] for name, v in locals_.items() if v.function == "copy" and v.shown == "n"]
    assert [["n of copy#1 in one", "n of copy#1"], ["n of copy#2 in one", "n of copy#2"]] == calls
    other = [said[name] for name, v in locals_.items() if v.function == "move"]
    assert [["n of move in one", "n of move"]] == other


def test_lemmas_that_are_said_alike_are_told_apart_by_what_they_differ_in() -> None:
    """If it fails, lemmas about two points of one line look as if they were one."""
    words = [{"1 at": "a a.bfp:3", "x": "1"}, {"1 at": "a a.bfp:3.2", "x": "1"}, {"x": "2"}]

    assert ["same (1 at: a a.bfp:3)", "same (1 at: a a.bfp:3.2)", "else"] == told_apart(
        ["same", "same", "else"], words
    )


def test_no_two_lemmas_of_a_certificate_are_said_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same, of what is committed: a caller and what it calls have a `vma` each."""
    monkeypatch.chdir(ROOT)
    lemmas = verify.show("proofs/v3/reuse").lemmas()
    texts = [one.text for one in lemmas]

    assert len(lemmas) > 90
    assert len(texts) == len(set(texts))
    assert "never: munmap with vma of vma_start_write == &piece_vma or &foreign_vma" in texts
