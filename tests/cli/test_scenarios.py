"""Programs with several scenarios: what each reaches, what none does, and many at a time."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from tests.cli.call import call
from verify.application import settling
from verify.parallel import Workers

TEXT = """
bool x;
primitive void first(void) { x = true; }
primitive void second(void) { x = false; }
primitive void third(void) { x = false; }
thread a "a" { first(); }
thread b "b" { second(); }
%s
claim at-first "at first" before first: x || !x;
claim at-second "at second" before second: x || !x;
scenario one "one": a[*];
scenario two "two": b[*];
"""
NOWHERE = 'thread c "c" { third(); } claim at-third "at third" before third: x || !x;'


@pytest.fixture
def both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a program that reaches everything, and one that does not."""
    (tmp_path / "all.bfp").write_text(TEXT % "")
    (tmp_path / "some.bfp").write_text(TEXT % NOWHERE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("both")
@pytest.mark.parametrize(
    ("args", "status", "nowhere", "said"),
    [
        (("all.bfp",), 0, [], "all.bfp  what is absent in a scenario is reached in another"),
        (
            ("some.bfp",),
            3,
            ["third is never called", "thread c never runs"],
            "some.bfp  vacuous in every scenario: third is never called; thread c never runs",
        ),
        (("some.bfp", "--claim", "at-first"), 0, [], "reached in another"),
        (("some.bfp", "--claim", "at-third"), 3, ["third is never called"], "in every scenario"),
        (("some.bfp", "--scenario", "one"), 0, None, "what is absent was not looked for in two"),
        (
            ("some.bfp", "--bounded"),
            3,
            ["third is never called", "thread c never runs"],
            "in every scenario",
        ),
    ],
)
def test_only_what_no_scenario_reaches_is_a_defect(
    args: tuple[str, ...], status: int, nowhere: list[str] | None, said: str
) -> None:
    """If it fails, every scenario has to do everything, or nobody has to."""
    done = call("prove", *args)
    document = call("prove", *args, "--format", "json").json()

    assert status == done.status
    # It is the last thing that is said, in as many lines as it takes.
    last = done.out.rpartition("\n\n")[2]
    assert " ".join(said.split()) in " ".join(last.split())
    assert nowhere == document["programs"][0]["uncovered"]
    assert status == document["status"]


@pytest.mark.usefixtures("both")
def test_evidence_on_one_scenario_says_the_same_whatever_else_was_asked() -> None:
    """If it fails, evidence that was written beside other evidence cannot be checked alone."""
    call("prove", "some.bfp", "--proofs", "together")
    call("prove", "some.bfp", "--scenario", "two", "--proofs", "alone")
    files = sorted(path.name for path in Path("alone/some/two").iterdir())

    assert files == sorted(path.name for path in Path("together/some/two").iterdir())
    assert all(
        Path("alone/some/two", name).read_bytes() == Path("together/some/two", name).read_bytes()
        for name in files
    )
    said = json.loads(Path("alone/some/two/proof.json").read_text())["claims"]
    words = {claim: one["verdict"] for claim, one in said.items()}
    assert words["at-first"] == words["at-third"] == words["vacuity"] == "absent"
    assert words["at-second"] == "proved"
    assert call("check", "alone/some/two", "together/some/one").status == 0
    page = call("dashboard", "together").lines
    assert any(line.startswith("Put to the test in no scenario alone: at-third") for line in page)


@pytest.mark.usefixtures("both")
def test_many_at_a_time_say_what_one_after_the_other_says() -> None:
    """If it fails, a report depends on how many cores there are."""
    args = ("prove", "all.bfp", "none.bfp", "some.bfp")

    assert call(*args, "--jobs", "1") == call(*args, "--jobs", "3")


def _killed(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.usefixtures("both")
def test_a_process_that_is_ended_is_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    """If it fails, a call waits for ever for a process that is no more, or ends in a traceback."""
    monkeypatch.setattr(settling, "settle", _killed)
    done = call("prove", "all.bfp", "--jobs", "2")

    assert (3, "") == (done.status, done.err)
    assert "out of memory in scenario" in done.out


def test_what_is_made_comes_in_the_order_of_what_was_given() -> None:
    """If it fails, verdicts go to the wrong scenario."""
    assert [str(n) for n in range(20)] == list(Workers(jobs=3).each(str, range(20)))
