"""Each part of the package has tests that point at it."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import SLOW_ROOMS

ROOT = Path(__file__).parents[1]

# Modules that no test imports, each with the face through which it is tested.
FACES = {
    "verify.application": "verify.api, and the command line in tests/cli",
    "verify.artifact.find": "`verify check` and its kin, in tests/artifact and tests/cli",
    "verify.artifact.read": "the page of all verdicts, in tests/cli",
    "verify.cli": "what it prints and its status, in tests/cli",
    "verify.engine": "what is answered, in tests/engine, artifact and report: asked as a whole",
    "verify.lower.atomic": "verify.lower.program: the commands of a primitive, in tests/lower",
    "verify.lower.builder": "verify.lower.program, in tests/lower",
    "verify.lower.clauses": "what is said of a broken claim, in tests/report",
    "verify.lower.copies": "verify.lower.program: isolated copies and observers, in tests/lower",
    "verify.lower.graph": "the passes that walk it, in tests/lower",
    "verify.lower.watched": "verify.lower.program: what is not covered, in tests/engine",
    "verify.reasons": "values: made in the engines, worded in the reports, and tested there",
    "verify.reference": "verify.reference, in tests/reference: it is asked as a whole",
    "verify.report": "the reports as they are printed, in tests/report and tests/cli",
    "verify.syntax": "what is read or refused, in tests/syntax: parse and resolve",
    "verify.version": "`verify --version`, in tests/cli",
}


def modules() -> list[str]:
    """Every module, by its full name; a package is its `__init__`."""
    found = []
    for path in sorted((ROOT / "verify").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return found


@cache
def imported() -> set[str]:
    """What the tests import, and what they import it from."""
    found: set[str] = set()
    for path in (ROOT / "tests").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found |= {node.module, *(f"{node.module}.{a.name}" for a in node.names)}
    return found


def face(module: str) -> str | None:
    """The entry of `FACES` that a module stands behind."""
    return next((f for f in FACES if module == f or module.startswith(f"{f}.")), None)


@pytest.mark.slow
def test_each_module_is_pointed_at_by_a_test_or_stands_behind_a_face() -> None:
    """A part would be tested by chance alone, by whole programs that happen to need it."""
    missing = {module for module in modules() if module.count(".") > 1} - imported()

    assert [] == sorted(module for module in missing if face(module) is None)


@pytest.mark.parametrize("name", FACES)
def test_what_stands_behind_a_face_is_still_there(name: str) -> None:
    """The list would excuse what is tested by itself now, or gone."""
    missing = set(modules()) - imported()

    assert any(face(module) == name for module in missing)


@pytest.mark.parametrize("room", SLOW_ROOMS)
def test_what_stays_out_of_the_quick_ring_is_still_there(room: str) -> None:
    """A room with another name would be in it, and take minutes at every save."""
    assert list((ROOT / "tests" / room).glob("test_*.py"))


def test_each_package_has_a_room() -> None:
    """Where the tests of a package are would have to be searched for."""
    packages = {p.parent.name for p in (ROOT / "verify").glob("*/__init__.py")}
    rooms = {p.parent.name for p in (ROOT / "tests").glob("*/test_*.py")}

    # `application` is behind verify.api, `reasons` are values and worded in the report.
    assert {"application", "reasons"} == packages - rooms
