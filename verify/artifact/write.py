"""Writes a folder of evidence, whole or not at all."""

from __future__ import annotations

import ctypes
import glob
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from verify.artifact.form import CERTIFICATE

# What an older version has left is ours, too: it kept what a certificate gives beside it.
OLD = re.compile(r"README\.txt|lemmas\.txt|init\.smt2|(step|claim)-[^/]+\.smt2")
FORMAT_LINE = re.compile(rb'^ "format": "verify-(proof|certificate)/[0-9]+"', re.MULTILINE)
MAX_FILE = 20_000_000
# <fcntl.h>, <linux/fs.h>
AT_FDCWD = -100
RENAME_EXCHANGE = 2


class NotOursError(Exception):
    """The folder holds something that an artifact does not: nothing is touched."""


def write(folder: Path, content: Mapping[str, str]) -> bool:
    """Make `folder` hold these texts and nothing else; whether anything has changed.

    Raises:
        NotOurs: there is something in it that is no part of an artifact.
        OSError: it cannot be written.
    """
    if folder.exists():
        _ours(folder)
        if _same(folder, content):
            return False
    folder.parent.mkdir(parents=True, exist_ok=True)
    _clear(folder)
    # Whose it is can be read off its name, should this process be killed.
    prefix = f".{folder.name}-{os.getpid()}-"
    fresh = Path(tempfile.mkdtemp(prefix=prefix, dir=folder.parent))
    try:
        for name, text in content.items():
            (fresh / name).write_bytes(text.encode("utf-8"))
        fresh.chmod(_usual(fresh / "probe"))
        if folder.exists():
            _exchange(folder, fresh)
        else:
            os.replace(fresh, folder)
    finally:
        if fresh.exists():
            shutil.rmtree(fresh)
    return True


def _ours(folder: Path) -> None:
    """Complain unless a folder is empty, or holds an artifact and nothing else."""
    if not folder.is_dir():
        raise NotOursError(f"{folder} is no folder")
    names = sorted(p.name for p in folder.iterdir())
    strange = [name for name in names if not belongs(folder / name)]
    if strange:
        raise NotOursError(f"{folder} holds {strange[0]}, which is no part of an artifact")
    if names and not _is_artifact(folder):
        raise NotOursError(f"{folder} holds {names[0]}, and no {CERTIFICATE} of verify's")


def _is_artifact(folder: Path) -> bool:
    try:
        with open(folder / CERTIFICATE, "rb") as stream:
            return FORMAT_LINE.search(stream.read(MAX_FILE)) is not None
    except OSError:
        return False


def _clear(folder: Path) -> None:
    """Remove what a process that was killed has left beside a folder."""
    for left in folder.parent.glob(f".{glob.escape(folder.name)}-*-*"):
        number = left.name.removeprefix(f".{folder.name}-").partition("-")[0]
        if number.isdecimal() and left.is_dir() and not left.is_symlink() and not _lives(number):
            shutil.rmtree(left)


def _lives(number: str) -> bool:
    try:
        os.kill(int(number), 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _usual(probe: Path) -> int:
    """The mode of a new folder. The umask cannot be read without setting it for a moment, and
    that for all threads of a process that may not be ours."""
    probe.mkdir()
    mode = probe.stat().st_mode & 0o777
    probe.rmdir()
    return mode


def _exchange(folder: Path, fresh: Path) -> None:
    """Put `fresh` in the place of `folder`, at once where the system can do that."""
    if not _swap(folder, fresh):
        _one_after_the_other(folder, fresh)


def _swap(one: Path, two: Path) -> bool:
    """Exchange two folders in one operation; whether that could be done."""
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError):
        return False
    names = os.fsencode(one), os.fsencode(two)
    return bool(rename(AT_FDCWD, names[0], AT_FDCWD, names[1], RENAME_EXCHANGE) == 0)


def _one_after_the_other(folder: Path, fresh: Path) -> None:
    """Put `fresh` in the place of `folder`, or leave `folder` where it was."""
    prefix = f".{folder.name}-{os.getpid()}-old-"
    old = Path(tempfile.mkdtemp(prefix=prefix, dir=folder.parent))
    try:
        os.replace(folder, old / folder.name)
        os.replace(fresh, folder)
    except BaseException:
        if not folder.exists():
            os.replace(old / folder.name, folder)
        shutil.rmtree(old)
        raise
    shutil.rmtree(old)


def belongs(path: Path) -> bool:
    """Whether a file may be part of an artifact, by its name."""
    named = path.name == CERTIFICATE or OLD.fullmatch(path.name) is not None
    return named and path.is_file() and not path.is_symlink()


def _same(folder: Path, content: Mapping[str, str]) -> bool:
    present = {p.name for p in folder.iterdir()}
    return present == set(content) and all(
        (folder / name).read_bytes() == text.encode("utf-8") for name, text in content.items()
    )
