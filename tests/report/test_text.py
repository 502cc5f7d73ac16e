"""Text that stays readable when names are long, odd or many."""

from __future__ import annotations

import dataclasses

import pytest

from tests.engine.small import LOCKS, checked
from tests.programs.binder import NAMES, result
from verify.reasons.coverage import CallGoal
from verify.reasons.limits import SolverLimit
from verify.report import values
from verify.report.ends import wrong
from verify.report.text import report, side_by_side, summary
from verify.verdicts import NotEstablished, Refuted, Result, Vacuous

# Shipped programs.
pytestmark = pytest.mark.slow

FAR_AWAY = f"{'a-folder/' * 9}mine.bfp"


def moved(found: Result, path: str) -> Result:
    return dataclasses.replace(found, path=path)


def test_a_long_path_leaves_the_words_beside_it_whole() -> None:
    """If it fails, the summary of a program in a deep folder comes one letter to a line."""
    lines = list(summary([moved(result("v3"), FAR_AWAY), result("base")]))

    assert lines[0] == FAR_AWAY
    assert lines[1].strip() == "15 bounded, 3 refuted, 3 absent: table, balance, stuck"
    assert len(lines) == 4


def test_several_scenarios_of_one_program_are_told_apart() -> None:
    """If it fails, two lines of the summary are the same but for their verdicts."""
    other = dataclasses.replace(result("base"), path="p.bfp", scenario="exit")
    lines = list(summary([moved(result("v3-balanced"), "p.bfp"), other]))

    assert lines[0].startswith("p.bfp reuse  18 bounded")
    assert lines[1].startswith("p.bfp exit   17 bounded")


@pytest.mark.parametrize("count", [2, 5, 6, 13])
def test_any_number_of_tables_fits_side_by_side(count: int) -> None:
    """If it fails, columns become too narrow for a word, or lines too wide for a mail."""
    tables = [result(name) for name in NAMES * 3][:count]
    lines = list(side_by_side(tables))
    words = " ".join(lines).split()

    assert max(map(len, lines)) <= 72
    # One `skip` for each cell that skips: none is broken over two lines.
    assert sum(word == "skip" for word in words) == sum(
        one.outcome == "skip" for found in tables for row in found.table for one in row.behaviours
    )


def test_a_case_that_one_version_does_not_have_is_said_to_be_missing() -> None:
    """If it fails, a table over other axes lends its cells to its neighbour."""
    found = result("v3")
    less = dataclasses.replace(found, table=found.table[:3])
    cells = [
        line
        for line in side_by_side([less, found])
        if line.startswith(" vma &&  mapped") and "no such case" in line
    ]

    assert len(cells) == 1


def test_control_characters_do_not_reach_the_terminal_and_letters_do() -> None:
    """If it fails, a text out of a stranger's mail can move the cursor."""
    odd = moved(dataclasses.replace(result("v3"), sentence="gr\u00fcn \x1b[31m"), "m\u00fc\x1b.bfp")
    text = "\n".join([*report(odd), *side_by_side([odd, odd]), *summary([odd])])

    assert not [c for c in text if c != "\n" and not c.isprintable()]
    assert "gr\xfcn \\x1b[31m" in text
    assert "\\x1b[31m" in text


def test_why_something_is_not_established_stands_below_it() -> None:
    """If it fails, a verdict that is none comes without its reason."""
    found = result("v3-balanced")
    answers = (
        dataclasses.replace(found.answers[0], verdict=NotEstablished(SolverLimit("canceled"))),
        dataclasses.replace(found.answers[1], verdict=Vacuous((CallGoal("f"),))),
    )
    lines = list(report(dataclasses.replace(found, answers=answers)))

    assert any(line.strip() == "! z3 gave up: canceled" for line in lines)
    assert any(line.strip() == "! f is never called" for line in lines)


def test_a_run_that_another_one_begins_with_is_told_once() -> None:
    """If it fails, three refutations of one run fill three screens."""
    lines = list(report(result("v3")))

    assert any("the run is that of table" in line for line in lines)
    assert any("as in the run of balance" in line for line in lines)
    assert sum("unmap_vmas(vma)" in line for line in lines) == 1


def test_who_runs_alone_is_said_once() -> None:
    """If it fails, the last line says `alone` twice."""
    lines = [line.strip() for line in report(result("base"))]

    assert "==> shrinker, alone: it ends without !lru0.first" in lines


def test_lanes_show_who_is_under_way() -> None:
    """If it fails, a reader cannot see which threads a step happens beside."""
    found = checked(
        f"""{LOCKS}
        struct mutex m;
        bool x;
        thread one {{ mutex_lock(&m); mutex_unlock(&m); x = x; }}
        thread two {{ mutex_lock(&m); x = true; mutex_unlock(&m); }}
        scenario s "s": one, two;
        claim free "nobody holds it once x is set" never: x && is_locked(&m);
        """
    )
    lines = list(report(found))
    start = next(i for i, line in enumerate(lines) if line.strip() == "two")
    lanes = [line[6:9] for line in lines[start:] if line[:4].strip().isdigit()]

    assert lanes[:2] == ["* .", "* ."]


def test_a_step_of_the_document_is_named_after_what_it_does_to_others() -> None:
    """If it fails, the step that takes the LRU lock is called `in_reclaim = true`."""
    found = result("v2")
    document = values.program(found.path, 1, [found])
    refuted = [answer for answer in found.answers if isinstance(answer.verdict, Refuted)]
    (table, *_) = [each for each in document["verdicts"] if each["verdict"] == "refuted"]
    first = table["run"][0]

    assert len(refuted) == 3
    assert first["text"] == "spin_lock(&lru0.lock)"
    assert [each["text"] for each in first["also"]] == ["in_reclaim = true;"]


def test_a_run_of_twelve_threads_fits_the_page() -> None:
    """If it fails, a run of a large scenario is wrapped by whoever's mail reader it is read in."""
    found = result("v3")
    more = tuple(f"somebody_{i}" for i in range(9))
    answers = tuple(
        dataclasses.replace(
            answer,
            verdict=dataclasses.replace(
                answer.verdict,
                run=dataclasses.replace(
                    answer.verdict.run, threads=(*more, *answer.verdict.run.threads)
                ),
            ),
        )
        if isinstance(answer.verdict, Refuted)
        else answer
        for answer in found.answers
    )
    lines = list(report(dataclasses.replace(found, answers=answers)))

    assert any(line.strip().startswith(". . . . . . . . . ") for line in lines)
    assert 72 >= max(map(len, lines[1:]))


def test_only_who_moves_or_waits_has_a_column() -> None:
    """If it fails, a scenario of nine threads has nine columns whatever happens."""
    runs = [a.verdict.run for a in result("v3").answers if isinstance(a.verdict, Refuted)]

    assert runs
    for run in runs:
        moves = {step.thread for step in run.steps}
        waiting = {name for name in run.threads if name in wrong(run)}
        assert set(run.threads) == moves | waiting
