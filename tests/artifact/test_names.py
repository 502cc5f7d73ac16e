"""Evidence on programs in folders: named by their place in the tree, found again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.artifact.made import LOCKS, TEXT, cli, files, said
from verify.artifact.names import names_of
from verify.source import Source


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tree with a program in a folder, and its evidence beside the tree."""
    place = tmp_path_factory.mktemp("tree")
    (place / "programs/model").mkdir(parents=True)
    (place / "programs/history").mkdir()
    (place / "programs/model/locks.bfh").write_text(LOCKS)
    (place / "programs/history/5.2.bfp").write_text(TEXT)
    done = cli("prove", "programs/history/5.2.bfp", cwd=place)

    assert done.returncode == 1, done.stderr
    return place


EVIDENCE = Path("proofs/history/5.2")


def test_texts_are_named_by_their_place_in_the_tree(tree: Path) -> None:
    """If it fails, two programs of one name in two folders are filed under one name."""
    document = json.loads((tree / EVIDENCE / "proof.json").read_text())

    assert ["history/5.2.bfp", "model/locks.bfh"] == [*document["texts"]]
    assert "history/5.2.bfp" == document["program"]
    assert "5.2.bfp:8" in document["points"]["a"]
    assert str(tree) not in json.dumps(document)


def test_it_is_accepted_where_it_lies_and_where_it_is_sent(tree: Path, tmp_path: Path) -> None:
    """If it fails, the evidence on a program in a folder cannot be checked."""
    shutil.copytree(tree, tmp_path / "sent")

    assert () == said(tree / EVIDENCE).wrong
    assert () == said(tmp_path / "sent" / EVIDENCE).wrong


@pytest.mark.parametrize("place", ["programs", "programs/history", "programs/model"])
def test_it_is_the_same_wherever_somebody_stands(place: str, tree: Path, tmp_path: Path) -> None:
    """If it fails, the evidence says from which folder it was made."""
    shutil.copytree(tree, tmp_path / "here")
    before = files(tmp_path / "here" / EVIDENCE)
    shutil.rmtree(tmp_path / "here" / EVIDENCE)
    program = Path(*[".."] * len(Path(place).parts), "programs/history/5.2.bfp")
    proofs = Path(*[".."] * len(Path(place).parts), "proofs")
    done = cli("prove", program, "--proofs", proofs, cwd=tmp_path / "here" / place)

    assert done.returncode == 1, done.stderr
    assert before == files(tmp_path / "here" / EVIDENCE)


def test_another_text_in_the_folder_is_not_the_one_that_was_proved(
    tree: Path, tmp_path: Path
) -> None:
    """If it fails, evidence on one program is taken for evidence on its namesake."""
    shutil.copytree(tree, tmp_path / "sent")
    program = tmp_path / "sent/programs/history/5.2.bfp"
    program.write_text(program.read_text().replace("	x = false;\n", ""))

    (wrong,) = said(tmp_path / "sent" / EVIDENCE).wrong
    assert "than what was certified (history/5.2.bfp changed)" in wrong


def test_texts_from_elsewhere_that_share_a_name_are_kept_apart(tmp_path: Path) -> None:
    """If it fails, the hash of one text stands for two."""
    paths = [tmp_path / name for name in ("t/a.bfp", "one/world.bfh", "two/world.bfh")]
    for path in paths:
        path.parent.mkdir()
        path.write_text("")
    names = names_of([Source(str(path), path.parent.name) for path in paths])

    assert {"a.bfp": "t", "world.bfh": "one", "world.bfh~": "two"} == names.texts
    assert "a" == names.title


def test_a_linked_folder_of_another_tree_is_not_followed(tree: Path, tmp_path: Path) -> None:
    """If it fails, a stranger's program is checked in the place of the one that is here."""
    shutil.copytree(tree, tmp_path / "sent")
    real, evil = tmp_path / "sent/programs", tmp_path / "evil"
    shutil.copytree(real, evil)
    shutil.rmtree(real / "history")
    (real / "history").symlink_to(evil / "history")
    found = said(tmp_path / "sent" / EVIDENCE)

    assert found.usage
    assert "there is no history/5.2.bfp beside it" in found.wrong[0]
