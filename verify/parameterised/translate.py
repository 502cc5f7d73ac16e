"""Lemmas as a solver sees them, and cubes as the search does: the same, said twice."""

from __future__ import annotations

from collections.abc import Iterable

from verify.certify.lemmas import Lemma, Literal
from verify.parameterised.cube import Cube
from verify.parameterised.layout import Bits, Layout, Layouts


def lemma_of(layouts: Layouts, cube: Cube) -> Lemma:
    """A cube as the literals that never hold together."""
    return Lemma(
        _literals(layouts.shared, cube.shared),
        tuple(sorted(_literals(layouts.replicated, bits) for bits in cube.replicated)),
    )


def _literals(layout: Layout, bits: Bits) -> tuple[Literal, ...]:
    return tuple(
        Literal(
            f.kind,
            f.name,
            f.thread,
            tuple(v for i, v in enumerate(f.values) if bits >> (f.offset + i) & 1),
        )
        for f in layout.fields
        if bits & f.full != f.full
    )


def cube_of(layouts: Layouts, lemma: Lemma) -> Cube:
    """Literals as a cube; what they do not speak of may be anything."""

    def bits(layout: Layout, literals: Iterable[Literal]) -> Bits:
        found = layout.full
        for one in literals:
            f = layout.find(one.kind, one.name, one.thread)
            found &= ~f.full | sum(f.bit(v) for v in one.values)
        return found

    return Cube(
        bits(layouts.shared, lemma.shared),
        tuple(sorted(bits(layouts.replicated, part) for part in lemma.replicated)),
    )
