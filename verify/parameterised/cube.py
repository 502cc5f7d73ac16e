"""Cubes: combinations of values of what is shared and of a few threads of the replicated threads.

A cube stands for every configuration whose shared part is one of its, and that has as many
different threads of the replicated threads as it has parts, each in another one of them.
"""

from __future__ import annotations

from dataclasses import dataclass

from verify.parameterised.layout import Bits


@dataclass(frozen=True, order=True)
class Cube:
    """A combination: the shared part, and up to three threads of the replicated threads."""

    shared: Bits
    replicated: tuple[Bits, ...]


def subsumes(lemma: Cube, cube: Cube) -> bool:
    """Whether every configuration in `cube` is in `lemma`, of two replicated threads at
    most, matched as it fits."""
    if cube.shared & ~lemma.shared or len(lemma.replicated) > len(cube.replicated):
        return False
    match lemma.replicated:
        case ():
            return True
        case (one,):
            rest = ~one
            return any(not bits & rest for bits in cube.replicated)
        case (one, other):
            rest, last = ~one, ~other
            for i, bits in enumerate(cube.replicated):
                if bits & rest:
                    continue
                for j, more in enumerate(cube.replicated):
                    if i != j and not more & last:
                        return True
            return False
        case _:
            raise AssertionError("a lemma names two replicated threads at most")
