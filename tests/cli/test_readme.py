"""README.md is what happens: its commands are run, its programs are read, its claims are checked.

A line `[...]` in a block stands for lines left out.
"""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.programs.binder import PROGRAMS, ROOT, refutations, reuse
from verify.cli import app
from verify.engine.bounded import check
from verify.lower.program import lower
from verify.syntax.load import Loader
from verify.syntax.resolve import read

README = (ROOT / "README.md").read_text(encoding="utf-8")
CUT = "[...]"


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def commands(block: str) -> Iterator[tuple[str, list[str]]]:
    """Each command of a console block, with what is shown below it."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, *shown = part.replace("\\\n", " ").rstrip("\n").split("\n")
        yield command, shown


def missing(shown: list[str], printed: list[str]) -> str:
    """What is shown and was not printed, in this order and without gaps but for the cuts."""
    pieces: list[list[str]] = [[]]
    for line in shown:
        if line == CUT:
            pieces.append([])
        else:
            pieces[-1].append(line)
    at, end = 0, len(printed)
    for i, piece in enumerate(pieces):
        starts = range(at, end - len(piece) + 1)
        if i == 0:
            starts = starts[:1]
        if i == len(pieces) - 1:
            starts = starts[-1:] if end - len(piece) in starts else range(0)
        found = next((s for s in starts if printed[s : s + len(piece)] == piece), None)
        if found is None:
            return "\n".join(piece) or "the end of what was printed"
        at = found + len(piece)
    return ""


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the programs to stand in, where evidence may be written."""
    shutil.copytree(PROGRAMS, tmp_path / "programs")
    monkeypatch.chdir(tmp_path)
    return tmp_path


SESSIONS = [[*commands(block)] for block in blocks("console")]


@pytest.mark.usefixtures("checkout")
@pytest.mark.parametrize("session", SESSIONS, ids=lambda session: " ".join(session[0][0].split()))
def test_each_command_prints_what_is_shown_below_it(session: list[tuple[str, list[str]]]) -> None:
    """If it fails, README shows something that nobody will see."""
    status = None
    for command, shown in session:
        name, *args = shlex.split(command)
        if command == "echo $?":
            assert status is not None
            printed = [str(status)]
        else:
            assert name == "verify"
            done = CliRunner().invoke(app, args)
            status, printed = done.exit_code, done.stdout.splitlines()

        assert (command, "") == (command, missing(shown, printed))


def test_each_block_begins_with_a_command_and_there_are_some() -> None:
    """If it fails, the test above looks at nothing, or not from the first line on."""
    assert len(SESSIONS) > 5
    assert all(block.startswith("$ verify ") for block in blocks("console"))


def test_what_is_shown_has_to_be_printed_in_order_and_without_gaps() -> None:
    """If it fails, the test above finds nothing."""
    printed = ["a", "b", "c", "d"]

    for good in (
        printed,
        ["a", "b", CUT],
        [CUT, "b", "c", CUT],
        ["a", CUT, "d"],
        [CUT, "c", "d"],
        [CUT],
    ):
        assert not missing(good, printed)
    for bad in (
        [],
        ["a", "b"],
        ["b", "c", "d"],
        [CUT, "b"],
        [CUT, "b", "d"],
        [CUT, "c", CUT, "b", CUT],
        ["a", CUT, "c"],
        ["a", "b", "c", CUT, "c", "d"],
        [CUT, "x", CUT],
    ):
        assert missing(bad, printed)


def test_each_piece_of_a_program_is_in_the_programs() -> None:
    """If it fails, the tour of the language shows a text that is not there any more."""
    texts = [file.read_text() for file in PROGRAMS.rglob("*.bf[ph]")]
    gone = [block for block in blocks("c") if not any(block in text for text in texts)]

    assert len(blocks("c")) > 5
    assert gone == []


def test_v2_is_refuted_without_a_lookup_that_fails_for_no_reason(checkout: Path) -> None:
    """If it fails, the false alarm that README warns of is all there is to v2."""
    mm = checkout / "programs" / "model" / "vma-6.14.bfh"
    transient = '\ttransient "reader count full, or the VMA was just reused"\n\t\treturn NULL;\n'
    assert transient in mm.read_text()
    mm.write_text(mm.read_text().replace(transient, ""))
    program = lower(read(Path("programs/v2.bfp"), Loader()))
    run = refutations(check(program, reuse(program)))["no-live-mapping"]

    assert len(run.steps) == 20
    assert run.threads == ("shrinker", "munmap")


def test_each_target_of_make_is_one() -> None:
    """If it fails, the first command that a newcomer types does not exist."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"\bmake (\w+)(?=[ `\n])", "\n".join(blocks("sh"))))
    expected = {"prove", "test"}

    assert expected == named
    assert not [target for target in named if not re.search(rf"^{target}:", makefile, re.MULTILINE)]


def test_each_file_that_is_linked_to_is_there() -> None:
    """If it fails, a reader is sent to a page that does not exist."""
    links = re.findall(r"\]\(([^)#:]+)\)", README)

    assert links
    assert not [link for link in links if not (ROOT / link).exists()]
