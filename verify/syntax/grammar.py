"""The grammar, and lark's parser of it."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from functools import cache
from pathlib import Path

import lark

GRAMMAR_PLACES = (
    Path(__file__).resolve().parent.parent.parent / "grammar" / "bfp.lark",
    Path(__file__).resolve().parent.parent / "grammar" / "bfp.lark",
)


@cache
def grammar_text() -> str:
    """The grammar, from the checkout or from beside the installed package."""
    for place in GRAMMAR_PLACES:
        if place.is_file():
            return place.read_text(encoding="utf-8")
    raise FileNotFoundError("bfp.lark")


@cache
def parser() -> lark.Lark:
    """The parser of the grammar; its tables are kept beside the bytecode of this module.

    Making them takes 0.12 s, reading them 0.02 s.  As with bytecode, what is kept is
    trusted as far as the folder that the program itself is in.
    """
    place = _tables()
    try:
        with open(place, "rb") as stream:
            return lark.Lark.load(stream)
    except Exception:
        # Not there, not readable, cut short: whatever it is, the grammar is.
        made = lark.Lark(
            grammar_text(), parser="lalr", propagate_positions=True, maybe_placeholders=True
        )
    if not sys.dont_write_bytecode:
        _keep(made, place)
    return made


def keep_tables() -> None:
    """Make the tables now, so that no later call has to."""
    _keep(parser(), _tables())


def _tables() -> Path:
    what = f"{lark.__version__} {sys.version} {grammar_text()}"
    name = hashlib.sha256(what.encode("utf-8")).hexdigest()[:16]
    return Path(__file__).parent / "__pycache__" / f"bfp-{name}.tables"


def _keep(made: lark.Lark, place: Path) -> None:
    """Write the tables, whole or not at all; a folder that cannot be written is no harm."""
    try:
        place.parent.mkdir(exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=place.parent, delete=False) as stream:
            made.save(stream)
        os.replace(stream.name, place)
    except OSError:
        return
