"""What the documents say of the code is there: folders, files, modules and what is in them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, blocks, name
from tests.programs.binder import ROOT

VERIFY = ROOT / "verify"
# What is told of the past names what is gone.
PRESENT = tuple(page for page in PAGES if page.name != "CHANGELOG.md")
CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
PATH = re.compile(r"(?:verify|tests|docs|grammar|programs|benchmarks)/[\w./-]*[\w/]")
# `smt.order`, `engine.prove.prove`, `Machine.steps`.
DOTTED = re.compile(r"[A-Za-z_]+(?:\.[A-Za-z_]+)+")
PACKAGES = {folder.name for folder in VERIFY.iterdir() if (folder / "__init__.py").exists()}


def quoted(page: Path) -> list[str]:
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    return CODE.findall(text)


def is_there(dotted: str) -> bool:
    """Whether a dotted name of a package leads to a module, and to something in it."""
    place = VERIFY
    parts = dotted.split(".")
    while parts and (place / parts[0]).is_dir():
        place /= parts.pop(0)
    file = place / f"{parts[0]}.py" if parts else place
    if not file.exists():
        return False
    return all(re.search(rf"\b{one}\b", file.read_text(encoding="utf-8")) for one in parts[1:])


@pytest.mark.parametrize("page", PRESENT, ids=name)
def test_each_path_that_is_named_is_there(page: Path) -> None:
    """If it fails, a reader looks for a file that was moved."""
    named = {code for code in quoted(page) if PATH.fullmatch(code) and "NAME" not in code}
    typed = {block.target for block in blocks(page.read_text(encoding="utf-8"))}

    assert set() == {path for path in named - typed if not (ROOT / path).exists()}


@pytest.mark.parametrize("page", PRESENT, ids=name)
def test_each_module_that_is_named_is_there(page: Path) -> None:
    """If it fails, a page explains code that is not so any more."""
    named = {
        code
        for code in quoted(page)
        if DOTTED.fullmatch(code) and code.split(".")[0] in PACKAGES and "json" not in code
    }

    assert set() == {code for code in named if not is_there(code)}


def test_each_package_and_module_has_its_place_in_the_architecture() -> None:
    """If it fails, a newcomer meets a folder that nobody explains."""
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    folders = {f"verify/{package}/" for package in PACKAGES}
    files = {f"verify/{file.name}" for file in VERIFY.glob("*.py") if not file.stem.startswith("_")}
    # What is too small for a sentence.
    small = {"verify/diagnostics.py", "verify/source.py", "verify/version.py"}

    assert set() == {one for one in folders | files - small if f"`{one}`" not in text}
