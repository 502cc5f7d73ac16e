"""One name for one thing: no class of `verify` is called as another that it may meet."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import combinations
from pathlib import Path

import pytest

# The text of the whole package is read.
pytestmark = pytest.mark.slow

VERIFY = Path(__file__).resolve().parents[1] / "verify"
# Three forms of one program, node by node: where two of them meet, all but one are qualified.
MIRRORED = {"verify.syntax.tree", "verify.syntax.checked", "verify.ir"}


@cache
def modules() -> Mapping[str, ast.Module]:
    found = {}
    for path in VERIFY.rglob("*.py"):
        parts = path.relative_to(VERIFY.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = ast.parse(path.read_text(encoding="utf-8"))
    return found


def room(module: str) -> str:
    """The package that a module is in, or itself beside the packages."""
    return ".".join(module.split(".")[:2])


def classes(tree: ast.Module) -> Iterator[str]:
    """The classes of a module, and the types that it gives a name."""
    for node in tree.body:
        match node:
            case ast.ClassDef(name):
                yield name
            case ast.AnnAssign(ast.Name(name), ast.Name("TypeAlias")):
                yield name


def imported(tree: ast.Module) -> Iterator[tuple[str, ast.alias]]:
    """What a module imports of `verify`, with where from."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "verify":
            for alias in node.names:
                yield node.module or "", alias


def meetings() -> set[tuple[str, str]]:
    """The rooms of which one imports the other."""
    found = set()
    for name, tree in modules().items():
        for source, alias in imported(tree):
            other = room(f"{source}.{alias.name}" if source == "verify" else source)
            found |= {(room(name), other), (other, room(name))}
    return found


def test_no_two_classes_that_may_meet_have_one_name() -> None:
    """A reader would take one for the other, and an import would have to rename it."""
    where = defaultdict(list)
    for module, tree in modules().items():
        for name in classes(tree):
            where[name].append(module)
    near = meetings()
    alike = {
        f"{name}: {one}, {other}"
        for name, found in where.items()
        for one, other in combinations(sorted(found), 2)
        if not {one, other} <= MIRRORED
        and (room(one) == room(other) or (room(one), room(other)) in near)
    }

    assert set() == alike


def test_nothing_is_imported_by_another_name_than_its_own() -> None:
    """An alias is how two things of one name are told apart: it admits that they clash."""
    found = {
        f"{name}: {alias.name} as {alias.asname}"
        for name, tree in modules().items()
        for source, alias in imported(tree)
        if alias.asname not in (None, alias.name)
    }

    assert set() == found
