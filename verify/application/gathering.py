"""What all certificates below a folder say, for the page that lays them out."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from verify.artifact.check import CheckOptions, opened
from verify.artifact.form import CERTIFICATE, MalformedError
from verify.artifact.names import tree_of
from verify.artifact.read import evidence_of, folders_below
from verify.diagnostics import InputError
from verify.interpret import ReplayError
from verify.report.dashboard import Entry
from verify.syntax.load import Loader


class BadEvidenceError(Exception):
    """Evidence that is malformed, or none at all; a line for each."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__("; ".join(lines))
        self.lines = tuple(lines)


def gathered(proofs: Path, beside: Path) -> list[Entry]:
    """What all certificates below a folder say; links lead there from `beside`.

    Raises:
        BadEvidenceError: something is wrong with one of them, or there is none.
        OSError: a folder cannot be read.
    """

    @cache
    def loader(model: Path | None) -> Loader:
        return Loader((), model)

    found: dict[tuple[str, str, str], Path] = {}
    trees: dict[Path, Path] = {}
    evidence, wrong = [], []
    for folder in folders_below(proofs):
        link = Path(os.path.relpath(folder.resolve(), beside.resolve())).as_posix()
        try:
            one = opened(folder, CheckOptions(), loader)
            said = evidence_of(one, link)
        except (MalformedError, ReplayError) as error:
            wrong.append(f"{folder / CERTIFICATE}: {error}")
            continue
        except InputError as error:
            wrong += (f"{folder}: {d.headline}" for d in error.diagnostics)
            continue
        except OSError as error:
            wrong.append(f"{error.filename or folder}: {error.strerror or error}")
            continue
        trees.setdefault(tree_of(one.path), folder)
        other = found.setdefault((said.program, said.model, said.scenario), folder)
        if other != folder:
            wrong.append(f"{other} and {folder} are about the same")
        evidence.append(said)
    if len(trees) > 1:
        (one_tree, here), (other_tree, there) = list(trees.items())[:2]
        wrong.append(f"{here} is about a program in {one_tree}, {there} about one in {other_tree}")
    if not evidence and not wrong:
        wrong.append(f"{proofs} holds no evidence")
    if wrong:
        raise BadEvidenceError(wrong)
    return evidence
