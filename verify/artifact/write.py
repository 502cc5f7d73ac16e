"""Writes a folder of evidence, whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from verify.artifact.content import LEMMAS, PROOF, README


class NotOurs(Exception):
    """The folder holds something that an artifact does not: nothing is touched."""


def write(folder: Path, content: Mapping[str, str]) -> bool:
    """Make `folder` hold these texts and nothing else; whether anything has changed.

    Raises:
        NotOurs: there is something in it that is no part of an artifact.
        OSError: it cannot be written.
    """
    if folder.exists():
        if not folder.is_dir():
            raise NotOurs(f"{folder} is no folder")
        strange = [p.name for p in folder.iterdir() if not belongs(p)]
        if strange:
            raise NotOurs(f"{folder} holds {min(strange)}, which is no part of an artifact")
        if _same(folder, content):
            return False
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        for name, text in content.items():
            (fresh / name).write_bytes(text.encode("utf-8"))
        fresh.chmod(0o755)
        if folder.exists():
            _exchange(folder, fresh)
        else:
            os.replace(fresh, folder)
    finally:
        if fresh.exists():
            shutil.rmtree(fresh)
    return True


def _exchange(folder: Path, fresh: Path) -> None:
    """Put `fresh` in the place of `folder`, or leave `folder` where it was."""
    old = Path(tempfile.mkdtemp(prefix=f".{folder.name}-old-", dir=folder.parent))
    try:
        os.replace(folder, old / folder.name)
        os.replace(fresh, folder)
    except OSError:
        if (old / folder.name).exists():
            os.replace(old / folder.name, folder)
        old.rmdir()
        raise
    shutil.rmtree(old)


def belongs(path: Path) -> bool:
    """Whether a file may be part of an artifact, by its name."""
    named = path.name in (PROOF, README, LEMMAS) or path.suffix == ".smt2"
    return named and path.is_file() and not path.is_symlink()


def _same(folder: Path, content: Mapping[str, str]) -> bool:
    present = {p.name for p in folder.iterdir()}
    return present == set(content) and all(
        (folder / name).read_bytes() == text.encode("utf-8") for name, text in content.items()
    )
