"""Pieces of SMT-LIB text, folded as they are put together."""

from __future__ import annotations

from collections.abc import Iterable

TRUE, FALSE = "true", "false"


def all_of(parts: Iterable[str]) -> str:
    kept = [part for part in parts if part != TRUE]
    if FALSE in kept:
        return FALSE
    return TRUE if not kept else kept[0] if len(kept) == 1 else f"(and {' '.join(kept)})"


def any_of(parts: Iterable[str]) -> str:
    kept = [part for part in parts if part != FALSE]
    if TRUE in kept:
        return TRUE
    return FALSE if not kept else kept[0] if len(kept) == 1 else f"(or {' '.join(kept)})"


def no(part: str) -> str:
    return TRUE if part == FALSE else FALSE if part == TRUE else f"(not {part})"
