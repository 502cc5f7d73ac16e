"""Which program a certificate is about: the one that its folder belongs to, or that is named.

The certificate says only what the program is called in its tree.  So a stranger's
folder does not choose what is read.
"""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from verify.artifact.form import CERTIFICATE, MAX_BYTES, MalformedError, MisplacedError, parsed
from verify.artifact.names import MODEL, PROGRAM, lies_in, near, title, tree_of
from verify.ir import Program, Scenario

# A tree is looked for where evidence lies and beside it, among so many folders.
LEVELS = 2
MAX_FOLDERS = 10_000


def folder_name(program: Program, scenario: Scenario, called: str) -> str:
    """`v3` for the only scenario of v3.bfp, else `v3/reuse`; `v3@old` with the model old.bfh."""
    return f"{called}/{scenario.name}" if len(program.scenarios) > 1 else called


def said_in(folder: Path) -> dict[str, Any]:
    """What the certificate in a folder says.

    Raises:
        Malformed: it is none of this version's.
        OSError: it cannot be read.
    """
    # What is no file could keep whoever opens it waiting, and a link leads elsewhere.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    path = folder / CERTIFICATE
    if not stat.S_ISREG(os.lstat(path).st_mode):
        raise MalformedError("not a regular file")
    with open(os.open(path, flags), "rb") as stream:
        data = stream.read(MAX_BYTES + 1)
    document = parsed(data)
    for key, ending in (("program", PROGRAM), ("model", MODEL)):
        if key in document:
            _place(document[key], key, ending)
    return document


def _place(place: str, key: str, ending: str) -> None:
    plain = posixpath.normpath(place) == place and "\0" not in place
    if not plain or place.startswith(("/", "..")) or not place.endswith(ending):
        raise MalformedError(f"`{key}` is a path in the tree of the program, to a {ending} file")


def program_of(
    folder: Path, said: Mapping[str, Any], folders: Sequence[Path], named: Path | None
) -> Path:
    """The program that the certificate in a folder is about.

    It is the one of that name in the tree beside the evidence, in one of `folders`, or the
    one that is `named`.

    Raises:
        Malformed: there is none, or there are several.
    """
    place = str(said["program"])
    called = title(place, said.get("model", ""))
    name = next((n for n in (f"{called}/{said['scenario']}", called) if lies_in(folder, n)), None)
    if name is None:
        raise MisplacedError(f"it is about {called[:80]}, which is not what its folder is called")
    if named is not None:
        if not named.resolve().is_relative_to(tree_of(named)) or _called(named) != place:
            raise MalformedError(f"it is about {place}, and not about {near(named)}")
        return named
    for root in folders:
        if _is_program(root, place):
            return root / place
    base = folder.resolve().parents[name.count("/")]
    for above in (base, *base.parents)[:LEVELS]:
        found = [root for root in (above, *_below(above)) if _is_program(root, place)]
        if len(found) > 1:
            some = " or ".join(near(root / place) for root in found[:2])
            raise MalformedError(f"is it about {some}? name one with --program")
        if found:
            return Path(near(found[0])) / place
    raise MalformedError(f"there is no {place} beside it; name the program with --program")


def _called(path: Path) -> str:
    return path.resolve().relative_to(tree_of(path)).as_posix()


def _is_program(root: Path, place: str) -> bool:
    """Whether a tree has a program of that name: a file, and no link to one."""
    path = root / place
    try:
        regular = stat.S_ISREG(os.lstat(path).st_mode)
        return regular and path.resolve() == root.resolve() / place and _called(path) == place
    except (OSError, ValueError):
        return False


def _below(folder: Path) -> Iterator[Path]:
    try:
        with os.scandir(folder) as entries:
            for _, entry in zip(range(MAX_FOLDERS), entries, strict=False):
                if entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."):
                    yield Path(entry.path)
    except OSError:
        return


def model_of(path: Path, said: Mapping[str, Any], folders: Sequence[Path]) -> Path | None:
    """The model that took the place of the program's own, if one did: in the program's tree,
    or in one of `folders`.

    Raises:
        Malformed: there is none.
    """
    if "model" not in said:
        return None
    for root in (tree_of(path), *folders):
        model: Path = root / said["model"]
        try:
            if stat.S_ISREG(os.lstat(model).st_mode):
                return model
        except (OSError, ValueError):
            continue
    raise MalformedError(f"there is no {said['model']} in the program's tree")
