"""However a call ends, its status says so: a crash, a full disk, a closed pipe, a signal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.call import FEW, call, declare
from tests.programs.binder import ROOT
from verify import parallel, signals
from verify.artifact import check as check_module
from verify.engine import dependence
from verify.engine import prove as prove_module
from verify.engine.problem import Problem
from verify.lower import program as program_module
from verify.report import dashboard as dashboard_module
from verify.report import dump as dump_module
from verify.report import text as text_module
from verify.syntax.load import Loader

FULL = Path("/dev/full")
CLI = (sys.executable, "-m", "verify.cli")
# Each command with something to print, in the folder of `small`.
PRINTING = [
    ("prove", "good.bfp", "--no-proofs"),
    ("prove", "good.bfp", "--no-proofs", "--format", "json"),
    ("prove", "good.bfp", "--dump"),
    ("table", "good.bfp"),
    ("coverage", "good.bfp"),
    ("check", "none"),
    ("--help",),
    ("prove", "--help"),
    ("--version",),
]


def to(stdout: int | None, *args: str, stderr: int = subprocess.PIPE) -> tuple[int, str]:
    """`verify ARGS` in a process whose output goes there: its status and what it complains of."""
    done = subprocess.run(
        [*CLI, *args],
        stdout=stdout,
        stderr=stderr,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    return done.returncode, (done.stderr or b"").decode()


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("args", PRINTING, ids=" ".join)
def test_a_closed_pipe_ends_a_call_as_it_ends_yes(args: tuple[str, ...]) -> None:
    """If it fails, `verify prove ... | head` says of a good program that it is refuted."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        assert (128 + signal.SIGPIPE, "") == to(writer, *args)
    finally:
        os.close(writer)


@pytest.mark.usefixtures("small")
@pytest.mark.skipif(not FULL.exists(), reason="no device that is always full")
@pytest.mark.parametrize("args", PRINTING, ids=" ".join)
def test_an_output_that_cannot_be_written_is_said_in_one_line(args: tuple[str, ...]) -> None:
    """If it fails, a full disk looks like a verdict, or like success."""
    with FULL.open("w") as full:
        status, said = to(full.fileno(), *args)

    assert 4 == status
    assert "error: the output cannot be written: No space left on device\n" == said


@pytest.mark.usefixtures("small")
def test_an_output_that_is_closed_from_the_beginning_is_not_written_either() -> None:
    """If it fails, `verify prove ... >&-` says 0 though nobody was told anything."""
    shell = f'exec "$0" -m verify.cli {" ".join(PRINTING[0])} >&-'
    done = subprocess.run(
        ["sh", "-c", shell, sys.executable],
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )

    assert 4 == done.returncode
    assert b"error: the output cannot be written: Bad file descriptor\n" == done.stderr


@pytest.mark.usefixtures("small")
@pytest.mark.skipif(not FULL.exists(), reason="no device that is always full")
@pytest.mark.parametrize(
    "args", [("prove", "none.bfp"), ("prove", "--nonsense"), ("coverage", "wrong.bfp"), ()]
)
def test_a_complaint_that_cannot_be_written_changes_no_status(args: tuple[str, ...]) -> None:
    """If it fails, a misspelt name is told as a refutation where nobody sees the complaint."""
    with FULL.open("w") as full:
        assert 2 == to(subprocess.DEVNULL, *args, stderr=full.fileno())[0]


def _fail(*_: object, **__: object) -> None:
    raise RuntimeError("out of luck")


def _exhaust(*_: object, **__: object) -> None:
    raise MemoryError


CRASHES = [
    (("prove", "good.bfp"), text_module, "report"),
    (("prove", "good.bfp"), program_module, "accesses"),
    (("prove", "good.bfp", "--dump"), dump_module, "dump"),
    (("table", "good.bfp"), text_module, "report"),
    (("coverage", "good.bfp"), dependence, "explore"),
    (("check", "proofs/good"), check_module, "check"),
    (("dashboard", "proofs"), dashboard_module, "page"),
]


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(("args", "module", "name"), CRASHES)
@pytest.mark.parametrize(
    ("how", "said"),
    [
        (_fail, "a bug of verify: RuntimeError in test_ends.py:"),
        (_exhaust, "too little memory"),
    ],
)
def test_whatever_happens_inside_is_neither_a_verdict_nor_a_traceback(
    monkeypatch: pytest.MonkeyPatch,
    args: tuple[str, ...],
    module: object,
    name: str,
    how: Callable[..., None],
    said: str,
) -> None:
    """If it fails, a crash leaves with 1, or too little memory is reported as a bug."""
    call("prove", "good.bfp", "--proofs", "proofs")
    monkeypatch.setattr(module, name, how)
    done = call(*args)

    assert 4 == done.status
    assert said in done.err
    assert 1 == len(done.err.splitlines())
    assert ("a bug" in said) == ("a bug" in done.err)


def _no_memory(text: str) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise ImportError(text)

    return fail


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize(
    "how", [_exhaust, _no_memory("z3.so: failed to map segment from shared object")]
)
def test_a_scenario_that_takes_too_much_memory_is_not_established(
    monkeypatch: pytest.MonkeyPatch, how: Callable[..., None], jobs: str
) -> None:
    """It would be reported as a bug of verify, and nobody would know what to leave out."""
    real = prove_module.explicit

    def explicit(problem: Problem, *rest: Any) -> object:
        if problem.scenario.name == "few":
            how()
        return real(problem, *rest)

    declare("good.bfp", FEW)
    monkeypatch.setattr(prove_module, "explicit", explicit)
    done = call("prove", "good.bfp", "--proofs", "proofs", "--jobs", jobs)

    assert (3, "") == (done.status, done.err)
    assert "! out of memory in scenario few" in done.out
    assert ["many"] == os.listdir("proofs/good")
    assert "reached in another" not in done.out


@pytest.mark.usefixtures("small")
def test_another_failure_of_a_scenario_is_still_a_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    """A crash would be taken for a lack of memory."""
    monkeypatch.setattr(prove_module, "explicit", _fail)
    done = call("prove", "good.bfp")

    assert 4 == done.status
    assert "a bug of verify: RuntimeError" in done.err


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("command", ["prove", "table", "coverage", "check", "dashboard"])
@pytest.mark.parametrize(
    ("error", "number"),
    [
        (KeyboardInterrupt(), signal.SIGINT),
        (signals.Ended(signal.SIGTERM), signal.SIGTERM),
        (signals.Ended(signal.SIGHUP), signal.SIGHUP),
    ],
)
def test_a_signal_is_told_as_a_shell_tells_it(
    monkeypatch: pytest.MonkeyPatch, command: str, error: BaseException, number: int
) -> None:
    """If it fails, a job that was cancelled is taken for one with a verdict."""

    def end(*_: object, **__: object) -> None:
        raise error

    call("prove", "good.bfp", "--proofs", "proofs")
    for place in (Loader, "load"), (check_module, "check"), (dashboard_module, "page"):
        monkeypatch.setattr(*place, end)
    done = call(command, "proofs" if command == "dashboard" else "good.bfp")

    assert (128 + number, "", "") == (done.status, done.out, done.err)


# Two workers that hold the write end of a pipe and would sleep for ever.
SLEEPERS = """
import os, signal, sys, time
from verify.parallel import Workers
from verify.signals import Ended, told_to_end
def sleep(number):
    os.write(int(sys.argv[1]), b"x")
    while True:
        signal.pause()
try:
    list(Workers(jobs=2, around=told_to_end).each(sleep, [1, 2]))
except Ended as end:
    os._exit(128 + end.number)
except KeyboardInterrupt:
    os._exit(130)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere workers see it later")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGKILL])
def test_workers_do_not_outlive_who_started_them(number: signal.Signals) -> None:
    """If it fails, `timeout 60 verify prove ...` leaves workers behind, which go on writing."""
    reader, writer = os.pipe()
    parent = subprocess.Popen(
        [sys.executable, "-c", SLEEPERS, str(writer)], cwd=ROOT, pass_fds=[writer]
    )
    os.close(writer)
    begun = b""
    while len(begun) < 2:
        begun += os.read(reader, 2)
    parent.send_signal(number)
    status = parent.wait()

    # The end of the pipe is there when nobody holds its other end any more.
    assert b"" == os.read(reader, 1)
    os.close(reader)
    assert (-number if number == signal.SIGKILL else 128 + number) == status


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_what_is_ignored_stays_so_and_what_is_not_is_as_before(number: signal.Signals) -> None:
    """If it fails, `nohup verify prove ...` ends with the terminal."""
    before = signal.getsignal(number)
    try:
        for how in (signal.SIG_IGN, signal.SIG_DFL):
            signal.signal(number, how)
            workers = parallel.Workers(jobs=2, around=signals.told_to_end)
            found = list(workers.each(_double, [1, 2]))

            assert [2, 4] == found
            assert how == signal.getsignal(number)
    finally:
        signal.signal(number, before)


def _double(number: int) -> int:
    return 2 * number


def _by_killing(number: int) -> int:
    """Twice the number; of 3 nothing, as its process does not live to tell."""
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return 2 * number


@pytest.mark.skipif(sys.platform != "linux", reason="what a fork has is not there elsewhere")
def test_what_a_killed_process_was_not_through_with_is_done_again_alone() -> None:
    """One scenario that takes too much memory would take all others with it."""
    workers = parallel.Workers(jobs=2)
    found = list(workers.each(_by_killing, [1, 2, 3, 4, 5], lambda number: -number))

    assert [2, 4, -3, 8, 10] == found


def test_signals_wait_for_what_must_not_be_left_half_done() -> None:
    """A folder that is half written would stay behind."""
    seen = []
    before = signal.signal(signal.SIGTERM, lambda *_: seen.append("ended"))
    try:
        with signals.undivided():
            os.kill(os.getpid(), signal.SIGTERM)
            seen.append("written")
    finally:
        signal.signal(signal.SIGTERM, before)

    assert ["written", "ended"] == seen


# Writes evidence for ever, in the folder that is given, each time anew.
WRITERS = """
import os, sys
from pathlib import Path
from verify import parallel, signals
from verify.artifact.write import write
def begin(number):
    for turn in range(10 ** 9):
        proof = ' "format": "verify-proof/1"\\n' + str(turn)
        content = {"proof.json": proof, "README.txt": "x" * 100_000}
        with signals.undivided():
            write(Path(sys.argv[2]) / str(number), content)
        if turn == 3:
            os.write(int(sys.argv[1]), b"x")
try:
    list(parallel.Workers(jobs=2, around=signals.told_to_end).each(begin, [1, 2]))
except signals.Ended as end:
    os._exit(128 + end.number)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere workers see it later")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_workers_that_are_ended_leave_nothing_half_written(
    tmp_path: Path, number: signal.Signals
) -> None:
    """A cancelled job would leave hidden folders beside the evidence."""
    reader, writer = os.pipe()
    parent = subprocess.Popen(
        [sys.executable, "-c", WRITERS, str(writer), str(tmp_path)], cwd=ROOT, pass_fds=[writer]
    )
    os.close(writer)
    begun = b""
    while len(begun) < 2:
        begun += os.read(reader, 2)
    parent.send_signal(number)

    assert 128 + number == parent.wait()
    assert b"" == os.read(reader, 1)
    os.close(reader)
    assert ["1", "2"] == sorted(os.listdir(tmp_path))
    assert all(2 == len(os.listdir(tmp_path / name)) for name in "12")
