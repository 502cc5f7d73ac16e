"""What is short for something else is known to few, and to nobody behind desugaring."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from tests.syntax.mutants import RARE
from verify.source import Source
from verify.syntax import tree
from verify.syntax.declare import Declared
from verify.syntax.desugar import desugar
from verify.syntax.parse import parse

ROOT = Path(__file__).parents[2]
SUGAR = sorted({*tree.SUGAR_EXPRS, *get_args(tree.SugarStatement)}, key=lambda kind: kind.__name__)


@pytest.mark.parametrize("kind", SUGAR, ids=lambda kind: kind.__name__)
def test_what_is_short_is_known_in_four_files(kind: type) -> None:
    """Breaks if CONTRIBUTING no longer tells all that such a statement touches: whoever adds one
    forgets a place. The fourth file is the grammar, of which each rule is built."""
    word = re.compile(rf"\btree\.{kind.__name__}\b|^class {kind.__name__}\(Sugar\)", re.MULTILINE)
    paths = (ROOT / "verify").rglob("*.py")
    files = {str(p.relative_to(ROOT)) for p in paths if word.search(p.read_text(encoding="utf-8"))}

    written_out = "desugar_choice" if kind in tree.SUGAR_EXPRS else "desugar"
    assert {f"verify/syntax/{name}.py" for name in ("build", written_out, "tree")} == files
    told = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    item = told[told.index("**A statement or an expression**") : told.index("**One of the core**")]
    assert [] == [name for name in files if name not in item]
    assert "`grammar/bfp.lark`" in item


def test_nothing_that_is_short_is_left_behind_desugaring() -> None:
    """Breaks if a stage behind it meets a node that it knows nothing of."""
    bodies = [
        node.body
        for node in desugar(parse(Source("rare.bfp", RARE)), Declared())
        if isinstance(node, tree.Function | tree.Thread)
    ]
    written = [
        node.body
        for node in parse(Source("rare.bfp", RARE))
        if isinstance(node, tree.Function | tree.Thread)
    ]

    assert set(SUGAR) == {type(n) for b in written for n in tree.walk(b)} & set(SUGAR) | {
        tree.Count
    }
    assert [] == [n for body in bodies for n in tree.walk(body) if isinstance(n, tree.Sugar)]
