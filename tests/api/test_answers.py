"""What comes of a question is a value, whatever a program does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import referencing

import verify
from tests.cli.call import call
from tests.programs.binder import ROOT
from verify.engine import dependence

pytestmark = pytest.mark.usefixtures("here")
SCHEMAS = {p.name: json.loads(p.read_text()) for p in (ROOT / "verify/report").glob("*.json")}


def validated(text: str, schema: str) -> Any:
    """A document, if it follows its schema."""
    store = referencing.Registry().with_resources(
        (name, referencing.Resource.from_contents(one)) for name, one in SCHEMAS.items()
    )
    document = json.loads(text)
    jsonschema.Draft202012Validator(SCHEMAS[schema], registry=store).validate(document)
    return document


def test_a_good_program_is_proved() -> None:
    """Whoever asks the library would be told something else than whoever asks the command."""
    report = verify.prove("good.bfp")

    assert report.established
    assert verify.Status.ESTABLISHED == report.status
    assert {"many"} == {answer.scenario for answer in report.answers}
    assert all(isinstance(answer.verdict, verify.Proved) for answer in report.answers)
    assert (None, (), (), ()) == (
        report.failure,
        report.diagnostics,
        report.written,
        report.cancelled,
    )


def test_a_bad_program_is_refuted_by_a_run() -> None:
    """A bot could say that something is wrong, and not where."""
    report = verify.prove("bad.bfp", verify.Question(claims=("balance",)))
    (answer,) = report.answers

    assert verify.Status.REFUTED == report.status
    assert isinstance(answer.verdict, verify.Refuted)
    spans = [line.span for step in answer.verdict.run.steps for line in step.lines]
    assert {"bad.bfp"} == {span.source.path for span in spans}
    assert "return DONE;" in [span.source.line(span.line).strip() for span in spans]


def test_a_bounded_question_has_a_bounded_answer() -> None:
    """What holds for two threads would pass for proved."""
    report = verify.prove("good.bfp", verify.Question(bounded=True, threads=3, unwind=0))

    assert report.established
    held = [a.verdict for a in report.answers if isinstance(a.verdict, verify.Bounded)]
    assert {(3, 0)} == {(one.bound.threads, one.bound.rounds) for one in held}


def test_mistakes_in_a_text_are_diagnostics_with_their_places() -> None:
    """An editor would have to read them out of a text that was made for people."""
    report = verify.prove("wrong.bfp")
    first = report.diagnostics[0]

    assert verify.Status.INPUT == report.status
    assert "BFP002" == first.code
    assert first.span is not None
    assert ("wrong.bfp", 2) == (first.span.source.path, first.span.line)
    assert report.diagnostics == verify.coverage("wrong.bfp").diagnostics
    with pytest.raises(verify.InputError) as caught:
        verify.load("wrong.bfp")
    assert report.diagnostics == caught.value.diagnostics
    with pytest.raises(verify.InputError):
        list(verify.iter_results("wrong.bfp"))


@pytest.mark.parametrize(
    ("question", "kind", "name"),
    [
        (verify.Question(scenario="may"), "scenario", "may"),
        (verify.Question(claims=("balance", "balence")), "claim", "balence"),
    ],
)
def test_a_name_that_the_program_does_not_have_is_a_value(
    question: verify.Question, kind: str, name: str
) -> None:
    """A bot could not say which name was wrong, nor which ones there are."""
    for answer in verify.prove("good.bfp", question), verify.coverage("good.bfp", question):
        failure = answer.failure

        assert verify.Status.INPUT == answer.status
        assert isinstance(failure, verify.UnknownName)
        assert ("good.bfp", kind, name) == (failure.path, failure.kind, failure.name)
        assert {"scenario": "many", "claim": "balance"}[kind] in failure.known
    with pytest.raises(verify.FailedError) as caught:
        list(verify.iter_results("good.bfp", question))
    assert verify.prove("good.bfp", question).failure == caught.value.failure


def test_a_bug_of_verify_is_in_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """One program would cost whoever asks about many the answers on the others."""

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("out of luck")

    monkeypatch.setattr("verify.engine.prove.explicit", fail)
    monkeypatch.setattr(dependence, "explore", fail)
    for answer in verify.prove("good.bfp"), verify.coverage("good.bfp"):
        failure = answer.failure

        assert verify.Status.BUG == answer.status
        assert isinstance(failure, verify.Bug)
        assert ("RuntimeError", "out of luck") == (failure.name, failure.message)
        assert failure.place.startswith("test_answers.py:")


@pytest.mark.parametrize("jobs", [1, 2])
def test_several_programs_come_in_order_with_what_is_wrong_with_each(jobs: int) -> None:
    """A bad file among five would cost the verdicts on four, or be told of another."""
    paths = ["wrong.bfp", "good.bfp", "none.bfp", "two.bfp"]
    reports = list(verify.prove_all(paths, verify.Question(jobs=jobs)))

    assert paths == [report.path for report in reports]
    assert [2, 0, 2, 0] == [report.status for report in reports]
    assert [0, 1, 0, 2] == [len(report.results) for report in reports]
    assert 2 == verify.worst([report.status for report in reports])


@pytest.mark.parametrize("jobs", [1, 2])
def test_results_can_be_had_as_they_come(jobs: int) -> None:
    """A page would stay empty until the last scenario is through."""
    stages: list[str] = []
    control = verify.Control(progress=lambda stage: stages.append(stage.scenario))
    results = verify.iter_results("two.bfp", verify.Question(jobs=jobs), control)
    first = next(results)
    told = list(stages)

    assert "many" == first.scenario
    if jobs == 1:
        assert {"many"} == set(told)
    assert ["few"] == [result.scenario for result in results]
    assert {"many", "few"} == set(stages)


def test_the_table_is_asked_for_without_a_proof() -> None:
    """Whoever wants the table would wait for proofs."""
    report = verify.table("bad.bfp", verify.Question(proofs="proofs", claims=("stuck",)))

    assert {"table"} == {answer.claim for answer in report.answers}
    assert 2 == len(report.results[0].table)
    assert not Path("proofs").exists()


def test_coverage_says_what_each_statement_keeps_from_breaking() -> None:
    """A line that nothing needs could not be told from one that all rests on."""
    whole = verify.coverage("two.bfp", verify.Question(claims=("balance", "stuck")))
    by_text = {some[0].span.text: some for some in whole.changes if some[0].change == "left out"}

    assert ("many", "few") == whole.scenarios
    assert all(2 == len(some) for some in whole.changes)
    assert "balance" in by_text["mutex_unlock(lock);"][0].breaks
    assert list(whole.changes) == list(
        verify.iter_coverage("two.bfp", verify.Question(claims=("balance", "stuck")))
    )


def test_evidence_is_written_checked_and_shown() -> None:
    """The library could make certificates that the command does not take, or the reverse."""
    report = verify.prove("good.bfp", verify.Question(proofs="proofs"))

    assert ("proofs/good",) == report.written
    found = verify.check("proofs/good")
    assert found.accepted
    assert verify.Status.ESTABLISHED == found.status
    shown = verify.show("proofs/good")
    assert report.answers == shown.result().answers
    assert "init.smt2" in shown.obligations()
    printed = call("show", "proofs/good", "--lemmas").lines
    assert printed == [
        line
        for one in shown.lemmas()
        for line in (
            f"{one.name}  {one.text}",
            f"          for {', '.join(one.claims) or 'other lemmas'}",
        )
    ]
    assert [] != printed
    assert 0 == call("check", "proofs/good").status

    Path("good.bfp").write_text(Path("bad.bfp").read_text())
    assert not verify.check("proofs/good").accepted
    with pytest.raises(verify.FailedError) as caught:
        verify.show("proofs/good")
    assert isinstance(caught.value.failure, verify.BadCertificate)


def test_a_folder_of_certificates_is_no_certificate() -> None:
    """One of them would pass for all."""
    verify.prove("two.bfp", verify.Question(proofs="proofs"))

    with pytest.raises(ValueError, match="2 certificates"):
        verify.check("proofs")
    every = list(verify.check_all(["proofs"]))
    assert ["proofs/two/few", "proofs/two/many"] == [one.folder for one in every]
    assert all(one.accepted for one in every)


def test_two_programs_for_one_folder_are_refused_before_any_work() -> None:
    """The evidence on one would be replaced by that on the other."""
    paths = [Path("good.bfp"), Path("good.bfp").resolve()]
    reports = list(verify.prove_all(paths, verify.Question(proofs="proofs")))

    assert all(isinstance(report.failure, verify.SharedFolder) for report in reports)
    assert not Path("proofs").exists()


@pytest.mark.parametrize("name", ["good.bfp", "bad.bfp", "wrong.bfp", "none.bfp"])
@pytest.mark.parametrize("form", ["text", "json"])
def test_an_answer_is_rendered_as_the_command_prints_it(name: str, form: str) -> None:
    """A bot would tell a maintainer something else than the maintainer sees."""
    said = call("prove", name, "--format", form)

    assert said.err + said.out == verify.rendered(verify.prove(name), form) + "\n"


@pytest.mark.parametrize("name", ["two.bfp", "wrong.bfp", "none.bfp"])
def test_coverage_follows_its_schema(name: str) -> None:
    """Whoever reads the document by its schema would meet something that is not in it."""
    claims = () if name != "two.bfp" else ("--claim", "balance")
    said = call("coverage", name, "--format", "json", *claims)
    document = validated(said.out, "coverage.schema.json")

    assert said.status == document["status"]
    assert (name == "two.bfp") == bool(document["changes"])
    assert (name == "two.bfp") != bool(document["errors"])


def test_what_came_of_checking_follows_its_schema() -> None:
    """The same."""
    verify.prove("good.bfp", verify.Question(proofs="proofs"))
    said = call("check", "proofs/good", "none", "--format", "json")
    document = validated(said.out, "check.schema.json")

    assert said.status == document["status"] == 2
    assert [True, False] == [one["accepted"] for one in document["certificates"]]


def test_a_table_is_printed_as_the_verdicts_are() -> None:
    """Whoever reads one document would have to learn another for the table."""
    said = call("table", "good.bfp", "--format", "json")
    document = validated(said.out, "schema.json")

    assert 2 == len(document["programs"][0]["table"])


def test_mistakes_in_the_program_of_a_certificate_are_diagnostics() -> None:
    """A reviewer would be told that something is wrong, and not at which line."""
    verify.prove("good.bfp", verify.Question(proofs="proofs"))
    Path("good.bfp").write_text(Path("wrong.bfp").read_text())
    report = verify.check("proofs/good")
    span = report.diagnostics[0].span

    assert (False, verify.Status.INPUT) == (report.accepted, report.status)
    assert span is not None
    assert 2 == span.line
    with pytest.raises(verify.InputError):
        verify.show("proofs/good")
