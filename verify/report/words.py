"""What texts of several kinds have in common: places, counts, lists."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from verify.source import Span


def several(count: int, what: str) -> str:
    """`1 step`, `2 steps`, `3 switches`."""
    plural = "es" if what.endswith("ch") else "s"
    return f"{count} {what}{'' if count == 1 else plural}"


def place(span: Span) -> str:
    """`v3.bfp:52`."""
    return f"{posixpath.basename(span.source.path)}:{span.line}"


def listed(names: Sequence[str]) -> str:
    """`a, b and c`."""
    *some, last = names
    return f"{', '.join(some)} and {last}" if some else last
