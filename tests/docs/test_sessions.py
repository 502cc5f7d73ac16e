"""What the documents show is what happens: each command is run, each text is read.

The blocks of a page:

* `console`: commands behind `$ `, and what they print; a line `[...]` stands for lines left out.
* `c FILE`, `diff FILE`: a text that the reader types, or changes.  A page that has one is run from
  its first block to its last in one folder; of other pages each session has a folder of its own.
* `c`: a piece of a program or model that is there.
* `sh`: what is not run here, with the reason in a comment above it.
"""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.docs.pages import CUT, Block, blocks, commands, missing, name, patched
from tests.docs.pages import PAGES as ALL_PAGES
from tests.programs.binder import PROGRAMS, ROOT, refutations, reuse
from verify.cli import app
from verify.engine.bounded import check
from verify.lower.program import lower
from verify.syntax.load import Loader
from verify.syntax.resolve import read

# Its examples are Python, and files that are made on the way: tests/api/test_examples.py runs it.
RUN_ELSEWHERE = ROOT / "docs" / "library.md"
PAGES = tuple(page for page in ALL_PAGES if page != RUN_ELSEWHERE)
BLOCKS = {page: tuple(blocks(page.read_text(encoding="utf-8"))) for page in PAGES}
WALKED = tuple(page for page in PAGES if any(block.target for block in BLOCKS[page]))
SESSIONS = tuple(
    pytest.param(
        (block,), id=f"{name(page)}: {' '.join(block.text.partition('$ ')[2].split()[:5])}"
    )
    for page in PAGES
    if page not in WALKED
    for block in BLOCKS[page]
    if block.language == "console" and not block.not_run
)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the programs to stand in, where evidence may be written."""
    shutil.copytree(PROGRAMS, tmp_path / "programs")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def follow(steps: Iterable[Block]) -> None:
    """Do what the blocks say, and hold what is printed against what they show."""
    status: int | None = None
    for block in steps:
        target = Path(block.target)
        if block.not_run or not (block.target or block.language == "console"):
            continue
        if block.language == "diff":
            target.write_text(patched(target.read_text(), block.text))
        elif block.target:
            with target.open("a") as file:
                file.write(block.text)
        for command, shown in commands(block.text) if block.language == "console" else ():
            first, *args = shlex.split(command)
            if command == "echo $?":
                assert status is not None
                printed = [str(status)]
            elif first == "cp":
                shutil.copy(*args)
                printed = []
            else:
                assert "verify" == first
                done = CliRunner().invoke(app, args)
                status, printed = done.exit_code, done.output.splitlines()

            assert (command, "") == (command, missing(shown, printed))


@pytest.mark.slow
@pytest.mark.usefixtures("checkout")
@pytest.mark.parametrize("session", SESSIONS)
def test_each_command_prints_what_is_shown_below_it(session: tuple[Block, ...]) -> None:
    """If it fails, a document shows something that nobody will see."""
    follow(session)


@pytest.mark.slow
@pytest.mark.usefixtures("checkout")
@pytest.mark.parametrize("page", WALKED, ids=name)
def test_a_page_that_is_typed_along_goes_as_it_says(page: Path) -> None:
    """If it fails, a reader who does what the page says sees something else."""
    follow(BLOCKS[page])


def test_there_are_sessions_and_each_begins_with_a_command() -> None:
    """If it fails, the tests above look at nothing, or not from the first line on."""
    shown = [block for page in PAGES for block in BLOCKS[page] if block.language == "console"]

    assert {ROOT / "docs" / "tutorial.md"} <= set(WALKED)
    assert len(SESSIONS) > 5
    assert [] == [block.text for block in shown if not block.text.startswith("$ ")]


def test_the_page_that_is_left_out_here_is_run_elsewhere() -> None:
    """If it fails, nobody runs the examples of the library."""
    elsewhere = (ROOT / "tests" / "api" / "test_examples.py").read_text(encoding="utf-8")

    assert RUN_ELSEWHERE in ALL_PAGES
    assert RUN_ELSEWHERE.name in elsewhere


def test_what_is_no_session_and_no_text_says_why() -> None:
    """If it fails, a block of commands is in the documents that no test runs, without a reason."""
    known = {"console", "c", "diff", "sh", "python", "json", "text", "smt2", ""}
    bare = [
        (name(page), block.text)
        for page in PAGES
        for block in BLOCKS[page]
        if block.language == "sh" and not block.not_run
    ]

    assert [] == bare
    assert set() == {block.language for page in PAGES for block in BLOCKS[page]} - known


def test_what_is_shown_has_to_be_printed_in_order_and_without_gaps() -> None:
    """If it fails, the tests above find nothing."""
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


def test_a_change_applies_where_its_lines_are_there_once() -> None:
    """If it fails, the tutorial changes a place that its reader does not see."""
    assert "a\nc\nd\n" == patched("a\nb\nd\n", " a\n-b\n+c\n")
    with pytest.raises(ValueError, match="not there once"):
        patched("b\nb\n", "-b\n")


def test_each_piece_of_a_program_is_in_the_programs() -> None:
    """If it fails, a page shows a text that is not there any more."""
    texts = [file.read_text() for file in PROGRAMS.rglob("*.bf[ph]")]
    pieces = [
        (name(page), block.text)
        for page in PAGES
        for block in BLOCKS[page]
        if block.language == "c" and not block.target and not block.not_run
    ]

    assert len(pieces) > 5
    assert [] == [piece for piece in pieces if not any(piece[1] in text for text in texts)]


@pytest.mark.slow
def test_v2_is_refuted_without_a_lookup_that_fails_for_no_reason(checkout: Path) -> None:
    """If it fails, the false alarm that docs/verdicts.md warns of is all there is to v2."""
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
    shown = [block.text for page in PAGES for block in BLOCKS[page] if block.language == "sh"]
    named = set(re.findall(r"^\s*make (\w+)", "\n".join(shown), re.MULTILINE))

    assert {"prove", "test"} <= named
    assert set() == {one for one in named if not re.search(rf"^{one}:", makefile, re.MULTILINE)}
