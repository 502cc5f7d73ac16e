"""A sign of life where it was asked for, and nothing besides the report where it was not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.call import FEW, call, declare
from tests.programs.binder import ROOT

STAGES = [
    "exploring one thread of each kind",
    "writing the runs as formulas",
    "closing the views",
    "asking z3 what is reached",
    "looking for lemmas",
    "asking two solvers",
    "asking z3",
]


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_each_stage_of_each_scenario_is_a_line(jobs: str) -> None:
    """A job that takes minutes would look like one that hangs, and a log be full of repeats."""
    declare("good.bfp", FEW)
    command = ("prove", "good.bfp", "--no-proofs", "--progress", "--jobs", jobs)
    done = subprocess.run(
        [sys.executable, "-m", "verify.cli", *command],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    told = done.stderr.splitlines()

    for name in "many", "few":
        of = f"... good.bfp: {name}: "
        assert STAGES == [line.removeprefix(of) for line in told if line.startswith(of)]
    assert 2 * len(STAGES) == len(told)
    assert done.stdout == call("prove", "good.bfp").out


@pytest.mark.usefixtures("small")
def test_a_pipe_is_told_nothing_that_was_not_asked_for() -> None:
    """Scripts that take a line on stderr for a complaint would break."""
    assert "" == call("prove", "good.bfp").err


@pytest.mark.usefixtures("small")
def test_the_other_slow_commands_say_so_too() -> None:
    """Checking evidence takes as long as making it."""
    call("prove", "good.bfp", "--proofs", "proofs")

    checked = call("check", "proofs/good", "--progress").err.splitlines()
    assert "... proofs/good: asking for init" in checked
    assert "... proofs/good: following the runs again" in checked
    assert len(checked) == len(set(checked))
    assert "... good.bfp: many: asking z3" in call("table", "good.bfp", "--progress").err


def test_a_name_brings_no_control_characters_along(small: Path) -> None:
    """A file name would move the cursor of whoever reads the log."""
    (small / "a\x1b[31m.bfp").write_text((small / "good.bfp").read_text())

    told = call("prove", "a\x1b[31m.bfp", "--progress").err
    assert "... a\\x1b[31m.bfp: many: asking z3" in told
    assert "\x1b" not in told
