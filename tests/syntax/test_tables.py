"""The tables of the grammar that are kept beside the bytecode."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from verify.source import Source
from verify.syntax import grammar as module
from verify.syntax.grammar import keep_tables
from verify.syntax.parse import parse

# Tables are made, written and read again.
pytestmark = pytest.mark.slow

SOURCE = Source("test.bfp", "bool a;\n")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A place of its own for the tables, and a parser that is not made yet."""
    place = tmp_path / "kept" / "bfp.tables"
    monkeypatch.setattr(module, "_tables", lambda: place)
    module.parser.cache_clear()
    yield place
    module.parser.cache_clear()


def test_kept_tables_read_a_text_as_fresh_ones_do(place: Path) -> None:
    """A text would mean something else on the second call."""
    fresh = parse(SOURCE)
    keep_tables()
    module.parser.cache_clear()

    assert place.is_file()
    assert fresh == parse(SOURCE)


@pytest.mark.parametrize("content", [b"", b"\x80\x04K\x01.", b"no tables", b"\0" * 100])
def test_tables_that_are_cut_short_are_made_again(place: Path, content: bytes) -> None:
    """One interrupted call would break every later one."""
    place.parent.mkdir()
    place.write_bytes(content)

    assert 1 == len(parse(SOURCE))


def test_a_folder_that_cannot_be_written_is_no_harm(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An installation for all users could not be used by any of them."""
    monkeypatch.setattr(module, "_tables", lambda: Path("/proc/none/bfp.tables"))
    keep_tables()

    assert 1 == len(parse(SOURCE))
    assert not place.exists()
