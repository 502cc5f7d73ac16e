"""Whether a cube happens, asked of the closed set of views."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from verify.parameterised.cube import Cube
from verify.parameterised.encoding import Space
from verify.parameterised.layout import Bits, Layout
from verify.parameterised.views import Some, Views, members

# A set of rows of the views, one bit each: a shared part and one thread under it.
Rows = int

# Shared parts that are read into columns together.
AT_ONCE = 4_096


class Reachability:
    """For each value of each field the rows of the views that have it, as a set.

    A view is a row (a shared part and a thread) and another thread that is seen
    in it; the views being symmetric, either of the two may come first.
    """

    def __init__(self, space: Space, views: Views) -> None:
        self.space = space
        spans = [len(rows) for rows in views.rows]
        total = sum(spans)
        firsts = [p for rows in views.rows for p in rows]
        self._every = (1 << total) - 1
        self._shared = _blocks(space.shared, views.globals, spans)
        self._replicated = _columns(
            space.replicated, views.processes, _places(firsts, views.processes)
        )
        everyone = [1 << i for i in range(len(views.processes))]
        self._kinds = _columns(space.replicated, views.processes, everyone)
        self._everyone = (1 << len(views.processes)) - 1
        self._beside = _beside((row for rows in views.rows for row in rows.values()), total, views)
        self._shared_cache: dict[tuple[int, Bits], Rows] = {}
        self._replicated_cache: dict[tuple[int, Bits], Rows] = {}
        self._kinds_cache: dict[tuple[int, Bits], Some] = {}
        self._beside_cache: dict[Some, Rows] = {}
        self._last: tuple[Bits, Rows] = (space.shared.full, self._every)

    def happens(self, cube: Cube) -> bool:
        """Whether some view is in a cube of two replicated threads at most."""
        if cube.shared != self._last[0]:
            # One question after the other is about the same shared part.
            self._last = (
                cube.shared,
                _matching(
                    self.space.shared, cube.shared, self._shared, self._shared_cache, self._every
                ),
            )
        left = self._last[1]
        if not left or not cube.replicated:
            return bool(left)
        left = _matching(
            self.space.replicated,
            cube.replicated[0],
            self._replicated,
            self._replicated_cache,
            left,
        )
        if not left or len(cube.replicated) == 1:
            return bool(left)
        others = _matching(
            self.space.replicated,
            cube.replicated[1],
            self._kinds,
            self._kinds_cache,
            self._everyone,
        )
        return bool(left & self._rows_with(others))

    def _rows_with(self, others: Some) -> Rows:
        """The rows in which one of some threads is seen beside the first."""
        found = self._beside_cache.get(others)
        if found is None:
            found = 0
            for q in members(others):
                found |= self._beside[q]
            self._beside_cache[others] = found
        return found


def _matching(
    layout: Layout,
    bits: Bits,
    columns: Sequence[Sequence[int]],
    cache: dict[tuple[int, Bits], int],
    left: int,
) -> int:
    """Those of `left` whose value of each field is one of `bits`."""
    for i, f in enumerate(layout.fields):
        part = bits & f.full
        if part == f.full:
            continue
        key = (i, part)
        found = cache.get(key)
        if found is None:
            found = 0
            for j in range(len(f.values)):
                if part >> (f.offset + j) & 1:
                    found |= columns[i][j]
            cache[key] = found
        left &= found
        if not left:
            return 0
    return left


def _columns(layout: Layout, items: Sequence[Bits], sets: Sequence[int]) -> list[list[int]]:
    """For each value of each field, the union of the sets of the items that have it."""
    found = []
    for f in layout.fields:
        column = [0] * len(f.values)
        for bits, some in zip(items, sets, strict=True):
            column[((bits & f.full) >> f.offset).bit_length() - 1] |= some
        found.append(column)
    return found


def _blocks(layout: Layout, items: Sequence[Bits], lengths: Sequence[int]) -> list[list[Rows]]:
    """As `_columns`, where each item has the next so many rows to itself.

    All items are written side by side in binary, each as often as it has rows, and every
    n-th digit read out of that: so no set is added to row by row.
    """
    width = layout.full.bit_length()
    found = [0] * width
    offset = 0
    for start in range(0, len(items), AT_ONCE):
        some = range(start, min(start + AT_ONCE, len(items)))
        digits = "".join(f"{items[i]:0{width}b}" * lengths[i] for i in reversed(some))
        if digits:
            for place in range(width):
                found[place] |= int(digits[width - 1 - place :: width], 2) << offset
        offset += len(digits) // width if width else 0
    return [[found[f.offset + j] for j in range(len(f.values))] for f in layout.fields]


def _places(firsts: Sequence[int], processes: Sequence[Bits]) -> list[int]:
    """For each process the rows that are its own."""
    bits = [bytearray(len(firsts) // 8 + 1) for _ in processes]
    for place, p in enumerate(firsts):
        bits[p][place >> 3] |= 1 << (place & 7)
    return [int.from_bytes(b, "little") for b in bits]


def _beside(rows: Iterable[Some], total: int, views: Views) -> list[Rows]:
    """For each process the rows in which it is seen beside the first."""
    bits = [bytearray(total // 8 + 1) for _ in views.processes]
    for place, row in enumerate(rows):
        at, mark = place >> 3, 1 << (place & 7)
        while row:
            low = row & -row
            bits[low.bit_length() - 1][at] |= mark
            row ^= low
    return [int.from_bytes(b, "little") for b in bits]
