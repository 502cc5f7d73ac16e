"""Evidence is the same whoever writes it, whole or not there at all."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.artifact.made import cli, copy, files, lay_out
from verify.artifact import write as writing
from verify.artifact.write import NotOursError, write


def texts(folder: Path) -> dict[str, str]:
    """What is in a folder, as `write` takes it."""
    return {name: data.decode() for name, data in files(folder).items()}


@pytest.fixture
def mine(whole: Path, tmp_path: Path) -> Path:
    """Evidence that may be changed, with its program two folders above."""
    return copy(whole, tmp_path / "copy")


@contextmanager
def fails_and_leaves(folder: Path, match: str) -> Iterator[None]:
    """What goes on within ends in an error, with the folder as it was and nothing beside it."""
    before = files(folder)
    with pytest.raises(OSError, match=match):
        yield

    assert before == files(folder)
    assert ["ask"] == sorted(os.listdir(folder.parent))


def test_two_runs_from_different_places_write_the_same_bytes(whole: Path, tmp_path: Path) -> None:
    """If it fails, `git diff proofs/` shows changes where nothing has changed."""
    here = tmp_path / "another place"
    lay_out(here)
    relative = cli("prove", "ask.bfp", cwd=here, seed=1)
    again = cli("prove", here / "ask.bfp", "--proofs", "more/proofs", cwd=here, seed=2)
    expected = files(whole / "proofs" / "ask")

    assert 1 == relative.returncode == again.returncode
    assert expected == files(here / "proofs" / "ask")
    deeper = files(here / "more" / "proofs" / "ask")
    deeper["proof.json"] = deeper["proof.json"].replace(b"../../../ask.bfp", b"../../ask.bfp")
    assert expected == deeper


def test_the_evidence_for_binder_is_the_same_whatever_the_hashes(
    binder: Path, tmp_path: Path
) -> None:
    """If it fails, a set is written in the order of its hashes."""
    shutil.copytree(binder / "programs", tmp_path / "programs")
    program = tmp_path / "programs" / "v3-balanced.bfp"
    mine = tmp_path / "proofs"
    done = cli("prove", program, "--scenario", "reuse", "--proofs", mine, seed=2)
    expected = files(binder / "proofs" / "v3-balanced" / "reuse")

    assert 0 == done.returncode
    assert expected
    assert expected == files(mine / "v3-balanced" / "reuse")


def test_evidence_names_no_machine_no_place_and_no_time(whole: Path) -> None:
    """If it fails, evidence tells where it was made, and differs from machine to machine."""
    text = b"\n".join(files(whole / "proofs" / "ask").values()).decode("ascii")
    strange = [
        word
        for word in (str(whole), "/tmp", "/home", "/work", socket.gethostname(), "2026-", "UTC")
        if word in text
    ]

    assert [] == strange


def test_writing_that_fails_leaves_the_old_folder(
    mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If it fails, a full disk leaves half of a proof."""
    plain = Path.write_bytes
    written: list[str] = []

    def full(self: Path, data: bytes) -> int:
        written.append(self.name)
        if len(written) == 1:
            raise OSError(28, "No space left on device")
        return plain(self, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    content = {name: text + "\n" for name, text in texts(mine).items()}
    with fails_and_leaves(mine, "No space"):
        write(mine, content)


def test_a_folder_that_cannot_be_put_in_place_leaves_the_old_one(
    mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If it fails, what goes wrong between two renames loses the old proof."""
    replace = os.replace

    def once(source: Path, target: Path) -> None:
        if Path(target) == mine and "old" not in Path(source).parent.name:
            raise OSError(5, "Input/output error")
        replace(source, target)

    monkeypatch.setattr(writing, "_swap", lambda *_: False)
    monkeypatch.setattr(writing.os, "replace", once)
    with fails_and_leaves(mine, "Input/output"):
        write(mine, {"proof.json": "{}\n"})


class Killed(BaseException):
    """What ends a process at once, as far as Python has a say in it."""


OPERATIONS = (
    (writing.tempfile, "mkdtemp"),
    (Path, "write_bytes"),
    (Path, "chmod"),
    (Path, "mkdir"),
    (writing, "_swap"),
    (os, "replace"),
    (shutil, "rmtree"),
)


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("after", [True, False])
def test_who_is_ended_at_any_operation_leaves_one_whole_proof(
    at_once: bool, after: bool, whole: Path, tmp_path: Path
) -> None:
    """If it fails, Ctrl-C between two renames loses a proof."""
    for number in range(40):
        mine = copy(whole, tmp_path / str(number))
        before = files(mine)
        content = {name: text + "\n" for name, text in texts(mine).items()}
        new = {name: text.encode() for name, text in content.items()}
        with pytest.MonkeyPatch.context() as patch:
            if not at_once:
                patch.setattr(writing, "_swap", lambda *_: False)
            done = _ends_at(number, after, patch)
            try:
                write(mine, content)
            except Killed:
                assert files(mine) in (before, new), number
                continue
        assert done[0] <= number
        assert files(mine) == new
        assert ["ask"] == sorted(os.listdir(mine.parent))
        return
    raise AssertionError("it takes more operations than that")


def _ends_at(number: int, after: bool, patch: pytest.MonkeyPatch) -> list[int]:
    """End what runs before or after its operation of this number, and count them."""
    done = [0]

    def counted(plain: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **named: Any) -> Any:
            done[0] += 1
            ends = done[0] == number + 1
            if ends and not after:
                raise Killed
            found = plain(*args, **named)
            if ends:
                raise Killed
            return found

        return run

    for owner, name in OPERATIONS:
        patch.setattr(owner, name, counted(getattr(owner, name)))
    return done


def test_what_a_killed_process_left_is_removed_by_the_next(mine: Path) -> None:
    """If it fails, each kill leaves a hidden folder for ever."""
    command = [sys.executable, "-c", "import os; print(os.getpid())"]
    child = subprocess.run(command, capture_output=True, text=True, check=True)
    dead, lives = child.stdout.strip(), str(os.getpid())
    for number in (dead, lives, "mine"):
        (mine.parent / f".ask-{number}-x").mkdir()
    write(mine, {name: text + "\n" for name, text in texts(mine).items()})

    assert [f".ask-{lives}-x", ".ask-mine-x", "ask"] == sorted(os.listdir(mine.parent))


@pytest.mark.parametrize("name", ["README.txt", "claim-mine.smt2", "lemmas.txt"])
def test_files_of_a_name_that_an_artifact_has_are_left_alone(name: str, tmp_path: Path) -> None:
    """If it fails, `--proofs` overwrites a README.txt that somebody wrote."""
    (tmp_path / "ask").mkdir()
    (tmp_path / "ask" / name).write_text("mine")
    with pytest.raises(NotOursError, match=f"{name}, and no proof.json"):
        write(tmp_path / "ask", {"proof.json": "{}\n"})

    assert "mine" == (tmp_path / "ask" / name).read_text()


def test_a_text_for_another_solver_is_left_alone(mine: Path) -> None:
    """If it fails, whatever ends in .smt2 is taken for ours and deleted."""
    (mine / "mine.smt2").write_text("(mine)")
    with pytest.raises(NotOursError, match=r"mine\.smt2"):
        write(mine, {"proof.json": "{}\n"})

    assert "(mine)" == (mine / "mine.smt2").read_text()


@pytest.mark.skipif(os.name != "posix", reason="umask")
def test_the_folder_is_for_whom_the_umask_says(whole: Path, tmp_path: Path) -> None:
    """If it fails, evidence that was to be nobody else's is everybody's."""
    before = os.umask(0o077)
    try:
        write(tmp_path / "ask", texts(whole / "proofs" / "ask"))
    finally:
        os.umask(before)

    assert 0o700 == (tmp_path / "ask").stat().st_mode & 0o777


@pytest.mark.parametrize("kind", ["file", "folder", "link", "link to a text"])
def test_a_folder_with_something_else_in_it_is_left_alone(kind: str, mine: Path) -> None:
    """If it fails, `--proofs ~` empties a home directory."""
    strange = mine / ("mine.smt2" if kind == "link to a text" else "mine.txt")
    match kind:
        case "file":
            strange.write_text("mine")
        case "folder":
            strange.mkdir()
        case _:
            strange.symlink_to(mine.parent.parent / "ask.bfp")
    before = sorted(os.listdir(mine))
    with pytest.raises(NotOursError, match="mine"):
        write(mine, {"proof.json": "{}\n"})

    assert before == sorted(os.listdir(mine))


def test_a_file_where_the_folder_should_be_is_left_alone(tmp_path: Path) -> None:
    """If it fails, a file of the same name is lost."""
    place = tmp_path / "ask"
    place.write_text("mine")
    with pytest.raises(NotOursError):
        write(place, {"proof.json": "{}\n"})

    assert "mine" == place.read_text()


def test_the_same_evidence_again_is_not_written_again(mine: Path) -> None:
    """If it fails, each run touches files that have not changed."""
    content = texts(mine)

    assert not write(mine, content)
    assert write(mine, {**content, "lemmas.txt": "none\n"})
    assert b"none\n" == (mine / "lemmas.txt").read_bytes()


def test_the_command_says_that_it_leaves_a_folder_alone(mine: Path) -> None:
    """If it fails, evidence that could not be written looks written."""
    (mine / "mine.txt").write_text("mine")
    done = cli("prove", mine.parent.parent / "ask.bfp", "--proofs", mine.parent)

    assert 2 == done.returncode
    assert "mine.txt, which is no part of an artifact" in done.stderr
    assert (mine / "mine.txt").exists()


def test_an_older_proof_is_replaced_as_a_whole(whole: Path, mine: Path) -> None:
    """If it fails, obligations of an older proof stay behind."""
    for name in ("claim-older.smt2", "step-older.smt2", "init.smt2", "README.txt", "lemmas.txt"):
        (mine / name).write_text("of an older version\n")

    assert write(mine, texts(whole / "proofs" / "ask"))
    assert files(whole / "proofs" / "ask") == files(mine)
