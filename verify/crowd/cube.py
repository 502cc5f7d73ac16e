"""Cubes: combinations of values of what is shared and of a few threads of the crowd.

A cube stands for every configuration whose shared part is one of its, and that has as many
different threads of the crowd as it has parts, each in another one of them.
"""

from __future__ import annotations

from dataclasses import dataclass

from verify.crowd.layout import Bits


@dataclass(frozen=True, order=True)
class Cube:
    """A combination: the shared part, and up to three threads of the crowd."""

    shared: Bits
    crowd: tuple[Bits, ...]


def subsumes(lemma: Cube, cube: Cube) -> bool:
    """Whether every configuration in `cube` is in `lemma`, of two threads of the crowd at
    most, matched as it fits."""
    if cube.shared & ~lemma.shared or len(lemma.crowd) > len(cube.crowd):
        return False
    match lemma.crowd:
        case ():
            return True
        case (one,):
            rest = ~one
            return any(not bits & rest for bits in cube.crowd)
        case (one, other):
            rest, last = ~one, ~other
            for i, bits in enumerate(cube.crowd):
                if bits & rest:
                    continue
                for j, more in enumerate(cube.crowd):
                    if i != j and not more & last:
                        return True
    return False
