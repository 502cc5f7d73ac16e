"""The certificate as a format: what is written is what was meant, and nothing else changes it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.artifact.made import copy, files, lay_out
from tests.cli.call import call
from tests.programs.binder import ROOT
from verify.artifact.certificate import meaning
from verify.artifact.check import CheckOptions, check, opened
from verify.artifact.form import KEYS, RULING, VERDICTS, dumped
from verify.artifact.words import CertificateWords, PointNames, lemma_name, listed, unlisted
from verify.certify.places import places
from verify.certify.system import system_of
from verify.engine import unbounded
from verify.parameterised.minimise import Choice, choose

SCHEMA = json.loads((ROOT / "verify/artifact/schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
COMMITTED = sorted((ROOT / "proofs").rglob("proof.json"))


def evidence(whole: Path, binder: Path) -> list[Path]:
    return [whole / "proofs/ask", binder / "proofs/v3-balanced/reuse"]


def test_what_is_written_is_what_was_meant(whole: Path, binder: Path) -> None:
    """If it fails, a lemma or a run is another one after it was written and read."""
    for folder in evidence(whole, binder):
        one = opened(folder, CheckOptions())
        certificate = meaning(one.said, one.program, one.scenario)
        words = CertificateWords(one.program, one.scenario)
        system = system_of(one.program, one.scenario)
        spots = words.places(system, places(system))
        grounds = certificate.grounds

        assert one.said["points"] == words.all_points()
        assert [*one.said["lemmas"].values()] == [words.lemma(system, x) for x in grounds.lemmas]
        assert one.said["runs"] == [words.run(run) for run in certificate.runs]
        assert one.said["waits"] == [[spots[a], spots[b]] for a, b in grounds.arrows]
        assert len(spots) == len(set(spots))


def test_the_schema_says_what_is_read() -> None:
    """If it fails, another tool is told of another format."""
    assert list(KEYS) == [*SCHEMA["properties"]]
    told = {
        word: (set(one["required"]), set(one["properties"]) - set(one["required"]))
        for one in SCHEMA["$defs"]["ruling"]["oneOf"]
        for word in one["properties"]["verdict"].get(
            "enum", [one["properties"]["verdict"].get("const")]
        )
    }
    assert told == RULING
    assert told.keys() == set(VERDICTS)


@pytest.mark.parametrize("path", COMMITTED, ids=lambda p: p.parent.relative_to(ROOT).as_posix())
def test_what_is_committed_follows_the_schema(path: Path) -> None:
    """If it fails, the schema is about certificates that nobody writes."""
    document = json.loads(path.read_text())
    VALIDATOR.validate(document)

    assert dumped(document) == path.read_text()


def test_all_that_is_committed_is_small() -> None:
    """If it fails, the evidence has grown beyond what somebody can look through."""
    assert COMMITTED
    assert sum(path.stat().st_size for path in COMMITTED) <= 3_000_000


def test_it_names_no_machine_no_time_and_no_version(whole: Path, binder: Path) -> None:
    """If it fails, two machines write two certificates of one proof."""
    for folder in evidence(whole, binder):
        text = (folder / "proof.json").read_text()

        assert not re.search(r"/tmp|/home|20\d\d-\d\d|\d+\.\d+\.\d+", text)


def test_another_order_of_the_search_is_accepted_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If it fails, a better heuristic rejects proofs that were right."""

    def everything(space: Any, needs: Any, wanted: Any) -> Any:
        # All that was found, and all of it for each claim.
        every = tuple(needs)
        some = dict.fromkeys(choose(space, needs, wanted).shares, every)
        return Choice(every, some, some)

    lay_out(tmp_path)
    monkeypatch.chdir(tmp_path)
    call("prove", "ask.bfp", "--proofs", "one")
    monkeypatch.setattr(unbounded, "choose", everything)
    call("prove", "ask.bfp", "--proofs", "two")

    assert files(tmp_path / "one/ask") != files(tmp_path / "two/ask")
    assert () == check(tmp_path / "one/ask").wrong == check(tmp_path / "two/ask").wrong


def test_other_words_of_the_tool_change_nothing(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If it fails, a better sentence rejects every proof in the system."""
    from verify.lower import program as lowering

    folder = copy(whole, tmp_path / "copy")
    monkeypatch.setattr(
        lowering, "BUILT_IN", {name: f"{said}, indeed" for name, said in lowering.BUILT_IN.items()}
    )

    assert () == check(folder).wrong


@pytest.mark.parametrize(
    "names",
    [
        ["entry", "a.bfp:1", "a.bfp:2", "a.bfp:2.2", "b.bfh:7", "end"],
        ["a.bfp:1"],
        ["entry", "nowhere", "4.14.bfh:3", "4.14.bfh:4", "entry.2"],
    ],
)
def test_points_are_listed_and_ranges_are_read_back(names: list[str]) -> None:
    """If it fails, a lemma speaks of other lines than it did."""
    points = PointNames(tuple(names))

    assert names == [*unlisted(listed(names))]
    for mask in range(1, 1 << len(names)):
        pcs = [i for i in range(len(names)) if mask >> i & 1]
        assert pcs == points.meant(points.said(pcs))


def test_a_lemma_keeps_its_name_wherever_it_stands() -> None:
    """If it fails, one more lemma changes every line of a diff."""
    assert lemma_name({"x": "1", "y": "2"}) == lemma_name({"y": "2", "x": "1"})


def test_show_prints_what_prove_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If it fails, a view says something else than the proof did."""
    lay_out(tmp_path)
    monkeypatch.chdir(tmp_path)
    proved = call("prove", "ask.bfp", "--proofs", "proofs").lines
    shown = call("show", "proofs/ask").lines

    assert "evidence: proofs/ask" == proved.pop()
    proved.pop()
    joined = re.sub(r"(z3|cvc5)\s+[\d.]+\d", r"\1", " ".join(" ".join(proved).split()))
    assert joined == " ".join(" ".join(shown).split())


def test_obligations_are_written_for_any_solver(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If it fails, nobody can ask a solver of their own."""
    from verify.certify.solvers import decide

    monkeypatch.chdir(tmp_path)
    done = call("show", str(whole / "proofs/ask"), "--obligations", "texts")
    again = call("show", str(whole / "proofs/ask"), "--obligations", "texts")
    texts = files(tmp_path / "texts")

    assert done.status == 0
    assert done.lines == ["12 obligations: texts"]
    assert len(texts) == 12
    assert all(decide("z3", text.decode()) == "unsat" for text in texts.values())
    # What is there already is nobody's to overwrite.
    assert again.status == 2
    assert "File exists" in again.err
