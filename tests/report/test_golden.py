"""What a reader is shown, word by word.

`UPDATE_GOLDEN=1 pytest tests/report` writes the texts anew; read the diff before it goes in.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.programs.binder import NAMES, PROGRAMS, ROOT, result, reuse
from verify.engine.bounded import check
from verify.lower.program import lower
from verify.report.text import report, side_by_side
from verify.syntax.load import Loader
from verify.syntax.resolve import read
from verify.verdicts import Result

# Shipped programs.
pytestmark = pytest.mark.slow

GOLDEN = Path(__file__).resolve().parent / "golden"


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def asked(name: str, claim: str) -> Result:
    """A program under the name that somebody at the root of the checkout would give it."""
    program = lower(read((PROGRAMS / f"{name}.bfp").relative_to(ROOT), Loader()))
    return check(program, reuse(program), only=(claim,))


def expected(name: str, lines: Iterator[str]) -> tuple[str, str]:
    """The text that is kept under a name, and the one there is now."""
    now = "".join(f"{line}\n" for line in lines)
    file = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(now)
    return file.read_text(), now


def test_the_run_into_the_leak_of_v3_reads_as_it_did() -> None:
    """If it fails, what people paste into a reply has changed; see whether for the better."""
    kept, now = expected("v3-balance.txt", report(asked("v3", "balance")))

    assert kept == now


def test_the_run_alone_of_base_reads_as_it_did() -> None:
    """If it fails, the run behind "it skips for ever" has changed."""
    kept, now = expected("base-progress-foreign.txt", report(asked("base", "progress-foreign")))

    assert kept == now


def test_the_tables_of_five_versions_read_as_they_did() -> None:
    """If it fails, the table that reviewers compare versions by has changed."""
    tables = [result(name) for name in NAMES]
    kept, now = expected("five-tables.txt", side_by_side(tables))

    assert kept == now
