"""What `prove --dump` shows of each stage on the way to an answer."""

from __future__ import annotations

import re

import pytest

from tests.cli.call import call
from verify.certify.solvers import SOLVERS, decide
from verify.cli.prove import STAGES, with_stage

CALLS = [
    (("prove", "--dump", "a.bfp"), ("prove", "--dump=merged", "a.bfp")),
    (("prove", "a.bfp", "--dump"), ("prove", "a.bfp", "--dump=merged")),
    (("prove", "a.bfp", "--dump", "--brief"), ("prove", "a.bfp", "--dump=merged", "--brief")),
    (("prove", "--dump", "lemmas", "a.bfp"), ("prove", "--dump=lemmas", "a.bfp")),
    (("prove", "--dump=lemmas", "merged"), ("prove", "--dump=lemmas", "merged")),
    (("prove", "--", "--dump"), ("prove", "--", "--dump")),
]


@pytest.mark.parametrize(("given", "meant"), CALLS)
def test_a_dump_without_a_stage_is_the_one_that_it_has_always_meant(
    given: tuple[str, ...], meant: tuple[str, ...]
) -> None:
    """The file behind `--dump` would be taken for a stage, and scripts would break."""
    assert list(meant) == with_stage(given)


def commands(text: str) -> int:
    return len(re.findall(r"^    \d+ -> ", text, re.MULTILINE))


@pytest.mark.usefixtures("small")
def test_what_is_merged_has_fewer_commands_than_what_is_lowered() -> None:
    """Nobody could see what fusing does to a program."""
    lowered, merged = (call("prove", "good.bfp", f"--dump={stage}") for stage in STAGES[:2])

    assert merged.out == call("prove", "good.bfp", "--dump").out
    assert commands(lowered.out) > commands(merged.out) > 0


@pytest.mark.usefixtures("small")
def test_each_line_that_is_covered_is_named_with_a_run() -> None:
    """Nobody could see what a claim was put to the test by."""
    done = call("prove", "good.bfp", "--dump=coverage", "--scenario", "many")

    assert 0 == done.status
    assert "; scenario many" == done.out.splitlines()[0]
    said = re.findall(r"^    covered +(.*)\n +by a run of (\d+) steps?: ", done.out, re.MULTILINE)
    assert said
    assert len(said) == done.out.count("    covered ")
    assert any(goal.startswith("line ") and int(steps) for goal, steps in said)


@pytest.mark.usefixtures("small")
def test_each_obligation_is_a_text_that_solvers_refute() -> None:
    """Who asks a solver of their own would ask something else than we do."""
    done = call("prove", "good.bfp", "--dump=obligations", "--scenario", "many")
    texts = done.out.split("(set-logic")[1:]

    assert 0 == done.status
    assert len(texts) == done.out.count(": the expected answer is unsat")
    assert texts
    for text in texts:
        assert {"unsat"} == {decide(name, f"(set-logic{text}") for name in SOLVERS}


@pytest.mark.usefixtures("small")
def test_each_lemma_is_a_sentence_and_says_what_it_is_for() -> None:
    """Nobody could see what a proof rests on before it is written."""
    done = call("prove", "good.bfp", "--dump=lemmas", "--scenario", "many")
    lines = done.out.splitlines()

    assert 0 == done.status
    assert done.out.count("    never: ") == done.out.count("        for ") > 0
    assert all(line.startswith(("; scenario", "    ")) for line in lines)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("args", [("--dump=all",), ("--dump=lemmas", "--format", "json")])
def test_a_stage_that_there_is_not_is_refused(args: tuple[str, ...]) -> None:
    """It would be proved instead, and nobody would know why nothing is printed."""
    done = call("prove", "good.bfp", *args)

    assert 2 == done.status
    assert "--dump" in done.err
    assert not done.out
