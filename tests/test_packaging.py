"""What an installed wheel has to carry."""

from __future__ import annotations

import tomllib
from pathlib import Path

from verify.syntax.grammar import grammar_text

ROOT = Path(__file__).parents[1]


def test_every_package_is_named() -> None:
    """The installed tool would fail to import what works in the checkout."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    folders = {path.parent for path in (ROOT / "verify").rglob("*.py")}
    here = {".".join(folder.relative_to(ROOT).parts) for folder in folders}

    assert sorted({*here, "verify.grammar"}) == project["tool"]["setuptools"]["packages"]


def test_the_grammar_is_the_one_of_the_checkout() -> None:
    """Proofs would name the hash of another grammar."""
    assert (ROOT / "grammar" / "bfp.lark").read_text(encoding="utf-8") == grammar_text()
