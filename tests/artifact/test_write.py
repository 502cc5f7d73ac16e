"""Evidence is the same whoever writes it, whole or not there at all."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

import pytest

from tests.artifact.made import cli, copy, files, lay_out
from verify.artifact import write as writing
from verify.artifact.write import NotOurs, write


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
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If it fails, a full disk leaves half of a proof."""
    folder = copy(whole, tmp_path / "copy")
    before = files(folder)
    plain = Path.write_bytes
    written: list[str] = []

    def full(self: Path, data: bytes) -> int:
        written.append(self.name)
        if len(written) == 3:
            raise OSError(28, "No space left on device")
        return plain(self, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    content = {name: data.decode() + "\n" for name, data in before.items()}
    with pytest.raises(OSError, match="No space"):
        write(folder, content)

    assert before == files(folder)
    assert ["ask"] == sorted(os.listdir(folder.parent))


def test_a_folder_that_cannot_be_put_in_place_leaves_the_old_one(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If it fails, what goes wrong between two renames loses the old proof."""
    folder = copy(whole, tmp_path / "copy")
    before = files(folder)
    replace = os.replace

    def once(source: Path, target: Path) -> None:
        if Path(target) == folder and "old" not in Path(source).parent.name:
            raise OSError(5, "Input/output error")
        replace(source, target)

    monkeypatch.setattr(writing.os, "replace", once)
    with pytest.raises(OSError, match="Input/output"):
        write(folder, {"proof.json": "{}\n"})

    assert before == files(folder)
    assert ["ask"] == sorted(os.listdir(folder.parent))


@pytest.mark.parametrize("kind", ["file", "folder", "link", "link to a text"])
def test_a_folder_with_something_else_in_it_is_left_alone(
    kind: str, whole: Path, tmp_path: Path
) -> None:
    """If it fails, `--proofs ~` empties a home directory."""
    folder = copy(whole, tmp_path / "copy")
    strange = folder / "mine.smt2" if kind == "link to a text" else folder / "mine.txt"
    match kind:
        case "file":
            strange.write_text("mine")
        case "folder":
            strange.mkdir()
        case _:
            strange.symlink_to(tmp_path / "copy" / "ask.bfp")
    before = sorted(os.listdir(folder))
    with pytest.raises(NotOurs, match="mine"):
        write(folder, {"proof.json": "{}\n"})

    assert before == sorted(os.listdir(folder))


def test_a_file_where_the_folder_should_be_is_left_alone(tmp_path: Path) -> None:
    """If it fails, a file of the same name is lost."""
    place = tmp_path / "ask"
    place.write_text("mine")
    with pytest.raises(NotOurs):
        write(place, {"proof.json": "{}\n"})

    assert "mine" == place.read_text()


def test_the_same_evidence_again_is_not_written_again(whole: Path, tmp_path: Path) -> None:
    """If it fails, each run touches files that have not changed."""
    folder = copy(whole, tmp_path / "copy")
    content = {name: data.decode() for name, data in files(folder).items()}

    assert not write(folder, content)
    assert write(folder, {**content, "lemmas.txt": "none\n"})
    assert b"none\n" == (folder / "lemmas.txt").read_bytes()


def test_the_command_says_that_it_leaves_a_folder_alone(whole: Path, tmp_path: Path) -> None:
    """If it fails, evidence that could not be written looks written."""
    folder = copy(whole, tmp_path / "copy")
    (folder / "mine.txt").write_text("mine")
    done = cli("prove", tmp_path / "copy" / "ask.bfp", "--proofs", folder.parent)

    assert 2 == done.returncode
    assert "mine.txt, which is no part of an artifact" in done.stderr
    assert (folder / "mine.txt").exists()


def test_an_older_proof_is_replaced_as_a_whole(whole: Path, tmp_path: Path) -> None:
    """If it fails, obligations of an older proof stay behind."""
    folder = copy(whole, tmp_path / "copy")
    (folder / "claim-older.smt2").write_text("(check-sat)\n")
    shutil.copy(folder / "init.smt2", folder / "step-older.smt2")
    content = {name: data.decode() for name, data in files(whole / "proofs" / "ask").items()}

    assert write(folder, content)
    assert files(whole / "proofs" / "ask") == files(folder)
