"""Names of files and folders: whatever a stranger called them, every command takes them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cli.call import Called, call

# Each name as it is, and as it is shown.
NAMES = [
    (b"esc\x1b[31m", "esc\\x1b[31m"),
    (b"two\nlines: accepted", "two\\x0alines: accepted"),
    (b"by\xff", "by\\udcff"),
    ("\u202eback".encode(), "\\u202eback"),
    ("größe „漢字“".encode(), "größe „漢字“"),
]
IDS = [shown for _, shown in NAMES]


def clean(done: Called) -> Called:
    """What was said, if nothing in it moves a terminal."""
    assert "bug of verify" not in done.err
    assert all(line.isprintable() for line in (done.out + done.err).split("\n"))
    return done


@pytest.fixture
def program(small: Path, request: pytest.FixtureRequest) -> Path:
    """A good program of that name, in a folder of that name; we stand beside it."""
    name = os.fsdecode(request.param)
    (small / name).mkdir()
    return Path((small / "good.bfp").rename(small / name / f"{name}.bfp")).relative_to(small)


@pytest.mark.parametrize(("program", "shown"), NAMES, indirect=["program"], ids=IDS)
def test_a_program_of_any_name_is_proved_and_its_evidence_checked(
    program: Path, shown: str
) -> None:
    """If it fails, a name ends in a traceback, or its letters reach the terminal as commands."""
    proofs = program.parent / "proofs"
    proved = clean(call("prove", str(program), "--proofs", str(proofs)))
    checked = clean(call("check", str(proofs / program.stem)))
    page = clean(call("dashboard", str(proofs), "--out", str(program.parent / "page.md")))
    compared = clean(
        call("dashboard", str(proofs), "--out", str(program.parent / "page.md"), "--check")
    )

    assert [0] * 4 == [done.status for done in (proved, checked, page, compared)]
    assert f"{shown}/{shown}.bfp" == proved.lines[0]
    assert f"evidence: {shown}/proofs/{shown}" in proved.lines
    assert f"{shown}/proofs/{shown}: accepted" == checked.lines[0]


@pytest.mark.parametrize(("program", "shown"), NAMES, indirect=["program"], ids=IDS)
@pytest.mark.parametrize(
    ("command", "status"),
    [
        (("prove", "--scenario", "none", "FILE"), 2),
        (("prove", "--model", "FILE", "FILE"), 2),
        (("prove", "--dump", "FILE"), 0),
        (("prove", "--bounded", "--format", "json", "FILE"), 0),
        (("table", "FILE"), 0),
        (("table", "--scenario", "none", "FILE"), 2),
        (("coverage", "--claim", "memory", "FILE"), 0),
        (("coverage", "--claim", "none", "FILE"), 2),
        (("check", "FILE"), 2),
        (("dashboard", "FILE"), 2),
        (("dashboard", "FILE", "--out", "FILE/page.md"), 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_no_command_lets_a_name_move_the_terminal(
    program: Path, shown: str, command: tuple[str, ...], status: int
) -> None:
    """If it fails, whoever names a file can write what they like on somebody's screen."""
    done = clean(call(*(arg.replace("FILE", str(program)) for arg in command)))

    assert status == done.status
    assert "json" in command or "--dump" in command or shown in done.out + done.err
