"""What whoever asks hears meanwhile, and how they end it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest

import verify
from verify.application import settling
from verify.parallel import Tell, Workers
from verify.reasons.limits import Plain
from verify.reasons.work import Task

pytestmark = pytest.mark.usefixtures("here")
# A time of `time.monotonic()` that has passed.
LONG_AGO = 0.0


@pytest.mark.parametrize("jobs", [1, 2])
def test_progress_is_heard_in_the_process_that_asks(jobs: int) -> None:
    """A notebook would show nothing, or only what is not done by other processes."""
    heard: list[tuple[int, verify.Stage]] = []
    control = verify.Control(progress=lambda stage: heard.append((os.getpid(), stage)))
    verify.prove("two.bfp", verify.Question(jobs=jobs), control)

    assert {os.getpid()} == {pid for pid, _ in heard}
    assert {("two.bfp", "many"), ("two.bfp", "few")} == {(s.path, s.scenario) for _, s in heard}
    assert Task.CONFIRMING in {stage.work for _, stage in heard}


class BoredError(Exception):
    """Raised by whoever listens."""


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_a_listener_throws_comes_out_as_it_is(jobs: int) -> None:
    """A mistake in a callback would be told as a bug of verify."""

    def listen(_: verify.Stage) -> None:
        raise BoredError

    control = verify.Control(progress=listen)
    with pytest.raises(BoredError):
        verify.prove("two.bfp", verify.Question(jobs=jobs), control)
    assert [] == multiprocessing.active_children()


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize(
    ("control", "late"),
    [
        (verify.Control(cancelled=lambda: True), False),
        (verify.Control(deadline=LONG_AGO), True),
    ],
)
def test_what_is_ended_at_once_is_not_established(
    control: verify.Control, late: bool, jobs: int
) -> None:
    """What was never looked at would pass for proved, or for refuted."""
    report = verify.prove("two.bfp", verify.Question(jobs=jobs), control)

    assert ("many", "few") == report.cancelled
    assert verify.Status.OPEN == report.status
    why = {a.verdict.reason for a in report.answers if isinstance(a.verdict, verify.NotEstablished)}
    assert {Plain.LATE if late else Plain.CANCELLED} == why
    assert all(isinstance(a.verdict, verify.NotEstablished) for a in report.answers)
    assert "balance" in {answer.claim for answer in report.answers}
    for some in (
        verify.iter_results("two.bfp", verify.Question(jobs=jobs), control),
        verify.iter_coverage("two.bfp", verify.Question(jobs=jobs), control),
        verify.check_all(["proofs"], verify.CheckQuestion(jobs=jobs), control),
    ):
        with pytest.raises(verify.CancelledError) as caught:
            list(some)
        assert late == caught.value.late


def test_what_was_known_before_the_end_stays_known() -> None:
    """Whoever has an hour would have nothing after it."""
    scenarios: list[str] = []
    control = verify.Control(
        progress=lambda stage: scenarios.append(stage.scenario),
        cancelled=lambda: "few" in scenarios,
    )
    report = verify.prove("two.bfp", verify.Question(proofs="proofs"), control)

    assert ("few",) == report.cancelled
    known = {a.claim: a.verdict for a in report.answers if a.scenario == "many"}
    assert isinstance(known["balance"], verify.Proved)
    assert verify.Status.OPEN == report.status
    assert ("proofs/two/many",) == report.written
    assert ["many"] == os.listdir("proofs/two")


def test_a_refutation_counts_though_the_rest_was_ended() -> None:
    """A bug that was found would be lost with the time that was left."""
    Path("two.bfp").write_text(Path("bad.bfp").read_text() + 'scenario few "one worker": worker;\n')
    scenarios: list[str] = []
    control = verify.Control(
        progress=lambda stage: scenarios.append(stage.scenario),
        cancelled=lambda: "few" in scenarios,
    )
    report = verify.prove("two.bfp", verify.Question(), control)

    assert (("few",), verify.Status.REFUTED) == (report.cancelled, report.status)


def test_coverage_keeps_what_it_has_seen() -> None:
    """The same of statements."""
    asked: list[bool] = []

    def cancelled() -> bool:
        asked.append(True)
        return len(asked) > 2

    whole = verify.coverage("good.bfp")
    some = verify.coverage("good.bfp", control=verify.Control(cancelled=cancelled))

    assert some.cancelled
    assert verify.Status.OPEN == some.status
    assert 0 < len(some.changes) < len(whole.changes)
    assert whole.changes[: len(some.changes)] == some.changes


def test_a_deadline_that_is_not_met_changes_nothing() -> None:
    """The same text would have another answer wherever somebody has a deadline."""
    control = verify.Control(deadline=time.monotonic() + 3600, cancelled=lambda: False)

    assert verify.prove("two.bfp") == verify.prove("two.bfp", control=control)


def _for_ever(number: int, tell: Tell) -> int:
    tell(number)
    while True:
        signal.pause()


def test_work_that_says_nothing_is_ended_with_its_processes() -> None:
    """Whoever cancels would wait for z3 to be done, or leave processes behind."""
    begun: set[int] = set()

    def halt() -> None:
        if begun == {1, 2}:
            raise BoredError

    workers = Workers(jobs=2, hear=begun.add, halt=halt)
    with pytest.raises(BoredError):
        list(workers.as_made(_for_ever, [1, 2]))
    assert [] == multiprocessing.active_children()


def test_one_scenario_alone_can_be_ended_at_any_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """With one scenario there would be no process that can be ended."""

    def settle(_writing: object, _task: object, tell: Tell) -> None:
        tell(verify.Stage("good.bfp", "many", Task.EXPLORING))
        while True:
            signal.pause()

    monkeypatch.setattr(settling, "settle", settle)
    begun: list[verify.Stage] = []
    control = verify.Control(progress=begun.append, cancelled=lambda: bool(begun))
    report = verify.prove("good.bfp", verify.Question(jobs=2), control)

    assert ("many",) == report.cancelled
    assert [] == multiprocessing.active_children()


def test_whoever_does_not_read_on_ends_the_processes() -> None:
    """An answer that nobody waits for would go on being looked for."""
    workers = Workers(jobs=2)
    some = workers.as_made(_first_only, [1, 2])

    assert (0, 1) == next(some)
    some.close()
    assert [] == multiprocessing.active_children()


def _first_only(number: int, _: Tell) -> int:
    while number != 1:
        signal.pause()
    return number
