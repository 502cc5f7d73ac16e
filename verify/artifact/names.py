"""What the texts of a program are called in evidence: by their place in its tree.

So the same program gives the same bytes, wherever its tree lies and wherever
whoever proves it stands.
"""

from __future__ import annotations

import hashlib
import os
import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from verify.source import Source
from verify.syntax.load import root_of

PROGRAM = ".bfp"
MODEL = ".bfh"


@dataclass(frozen=True)
class FileNames:
    """The texts by name, and which is the program.

    `model` is the text that took the place of the program's own model, if one
    did, and `model_place` its place in its own tree.
    """

    program: str
    texts: Mapping[str, str]
    model: str = ""
    model_place: str = ""

    @property
    def title(self) -> str:
        """`history/5.2`, `history/5.2@4.14`: what the evidence on a program is filed under."""
        return title(self.program, self.model)


def hashed(text: str) -> str:
    """The SHA-256 of a text, in hex."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def title(program: str, model: str) -> str:
    """A program and its model, if that is not its own, in one word."""
    other = posixpath.basename(model).removesuffix(MODEL)
    return program.removesuffix(PROGRAM) + (f"@{other}" if model else "")


def lies_in(folder: Path, name: str) -> bool:
    """Whether a folder is one for evidence that is filed under a name."""
    parts = tuple(name.split("/"))
    return folder.resolve().parts[-len(parts) :] == parts


def near(path: Path) -> str:
    """A path as somebody who stands here may write it, links followed."""
    return os.path.relpath(path.resolve())


def tree_of(path: Path) -> Path:
    """The root of the tree that a program is in."""
    return root_of(path.resolve().parent)


def names_of(sources: Sequence[Source], model: Path | None = None) -> FileNames:
    """What the texts are called, the program first, as they were read."""
    root = tree_of(Path(sources[0].path))
    texts: dict[str, str] = {}
    shown: dict[str, str] = {}
    for source in sources:
        real = Path(source.path).resolve()
        # What lies elsewhere goes by its bare name: an artifact names no folders.
        name = real.relative_to(root).as_posix() if real.is_relative_to(root) else real.name
        while name in texts:
            name += "~"
        texts[name] = source.text
        shown[source.path] = name
    program = shown[sources[0].path]
    if model is None:
        return FileNames(program, texts)
    # Its place in its own tree: whoever reads it has to know where that is.
    place = model.resolve().relative_to(tree_of(model)).as_posix()
    return FileNames(program, texts, shown[str(model)], place)
