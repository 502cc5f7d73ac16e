"""The report as text: what each option leaves in it, and that it fits a mail."""

from __future__ import annotations

import os
import string

import pytest

from tests.cli.call import FEW, FILES, REUSE, V3, call, declare, told

PRINTABLE = set(string.printable) - set("\t\v\f\r")


@pytest.mark.parametrize(
    "args",
    [
        ("prove", *FILES, *REUSE),
        ("prove", "--threads", "3", V3, *REUSE),
        ("table", *FILES, *REUSE),
        ("table", V3, *REUSE),
    ],
    ids=lambda args: f"{args[0]} {len(args) - 3}",
)
def test_every_line_fits_a_mail(args: tuple[str, ...]) -> None:
    """If it fails, a report pasted into a reply is broken up or garbled on the list."""
    done = told(*args)
    wide = [line for line in done.lines if len(line) > 72 or line != line.rstrip()]
    odd = sorted(set(done.out) - PRINTABLE)

    assert not wide
    assert not odd
    assert not done.err


def test_only_the_claims_asked_for_are_answered() -> None:
    """If it fails, --claim answers something else than was asked."""
    done = told("prove", V3, *REUSE, "--claim", "stuck", "--claim", "zap-valid", "--brief")
    said = [line.split()[:2] for line in done.lines if line.startswith(("  proved", "  REFUTED"))]
    expected = [["proved", "zap-valid"], ["REFUTED", "stuck"]]

    assert expected == said


def test_the_number_of_threads_is_said_with_the_answer() -> None:
    """If it fails, nobody knows how far a verdict reaches."""
    for number in (1, 3):
        done = told("prove", "--threads", str(number), V3, *REUSE)

        assert f"  runs: {number} of each [*] thread, every thread once" in done.lines


@pytest.mark.usefixtures("small")
def test_a_scenario_by_name_gives_the_report_that_all_of_them_give() -> None:
    """If it fails, --scenario changes more than which scenario is looked at."""
    declare("bad.bfp", FEW)
    asked = ("prove", "bad.bfp", "--bounded", "--claim", "balance")
    everything = call(*asked).out
    alone = call(*asked, "--scenario", "many").out
    report = alone.rsplit("\n\n", 1)[0]

    assert "  scenario many: " in report
    assert "--- balance" in report
    assert everything.startswith(report)
    assert "  scenario few: " in everything
    assert "  scenario few: " not in alone


def test_a_brief_report_is_the_long_one_without_its_runs() -> None:
    """If it fails, --brief hides a verdict."""
    long = told("prove", V3, *REUSE).out
    brief = told("prove", V3, *REUSE, "--brief").out
    report, end = brief.rsplit("\n\n", 1)

    assert long.startswith(report)
    assert long.endswith(end)
    assert "--- balance" in long
    assert "--- " not in brief


def test_several_programs_end_in_a_line_for_each() -> None:
    """If it fails, the answer on five programs has to be picked out of five reports."""
    tail = told("prove", *FILES, *REUSE).out.rsplit("\n\n", 1)[1]
    expected = {
        "programs/base.bfp": "17 proved, 1 refuted, 3 absent: progress-foreign",
        "programs/v1.bfp": "16 proved, 2 refuted, 3 absent: progress-unmapped, progress-foreign",
        "programs/v2.bfp": (
            "15 proved, 3 refuted, 3 absent: table, no-live-mapping, progress-foreign"
        ),
        "programs/v3.bfp": "15 proved, 3 refuted, 3 absent: table, balance, stuck",
        "programs/v3-balanced.bfp": "18 proved, 3 absent",
    }
    said = "what is absent was not looked for in whole, split"
    found: dict[str, list[str]] = {}
    last: list[str] = []
    for line in tail.splitlines():
        words = line.split()
        if not line.startswith(" "):
            file = words.pop(0)
            if file in found:
                assert said.startswith(" ".join(words))
            last = found.setdefault(file, []) if file not in found else []
        last += words

    assert expected == {file: " ".join(words).replace("- ", "-") for file, words in found.items()}


def test_the_same_call_prints_the_same_text() -> None:
    """If it fails, two people who look at one program see two runs."""
    assert call("prove", V3, *REUSE).out == told("prove", V3, *REUSE).out


def test_a_dump_shows_every_thread_and_proves_nothing() -> None:
    """If it fails, what the engines read cannot be looked at."""
    done = told("prove", V3, "--dump")

    assert done.status == 0
    for line in (
        "lock foreign_vma.vm_lock: rwsem",
        "shared alloc0.mapped in {false, true} = true",
        "thread shrinker: 0 to",
        "thread fork: 0 to",
        "solo progress-foreign: 0 to",
        "observer (right-vma): 0 to",
    ):
        assert any(each.startswith(line) for each in done.lines)
    assert "REFUTED" not in done.out


def test_a_table_of_one_program_is_its_report_on_the_table() -> None:
    """If it fails, `table` and `prove` disagree about a cell."""
    alone = told("table", V3, *REUSE)

    assert alone.status == 1
    assert alone.out == told("prove", V3, *REUSE, "--claim", "table", "--brief").out


def test_tables_side_by_side_have_the_status_of_their_claims() -> None:
    """If it fails, a wrong cell in one of several versions goes by."""
    assert told("table", "programs/base.bfp", "programs/v1.bfp", *REUSE).status == 0
    assert told("table", *FILES, *REUSE).status == 1


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("name", ["esc\x1b[31m.bfp", "by\udcff.bfp", "gr\xf6\xdfe.bfp"])
@pytest.mark.parametrize(
    "args",
    [
        ("prove", "--proofs", "es"),
        ("prove", "--scenario", "none"),
        ("prove", "--claim", "none"),
        ("table",),
        ("table", "--scenario", "none"),
        ("coverage",),
        ("check",),
        ("prove", "--dump"),
    ],
    ids=" ".join,
)
def test_a_name_of_a_file_does_nothing_to_the_terminal(name: str, args: tuple[str, ...]) -> None:
    """If it fails, a name changes what the terminal shows, or is called a bug of verify."""
    os.rename("good.bfp", name)
    command, *more = args
    done = call(command, name, *more)
    said = done.out + done.err

    assert done.status in (0, 1, 2, 3)
    assert all(c.isprintable() or c == "\n" for c in said)
    assert "a bug of verify" not in said
    # What is printed of a program that is good names it, but for its commands.
    if name.startswith("gr") and "--dump" not in args:
        assert name in said
