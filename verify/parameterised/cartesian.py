"""Which steps may ever be taken, as far as each variable tells by itself.

The values that a variable comes to have are gathered without regard to the
others; so more may happen here than really can, never less.  That takes no
time, and is enough to see that what belongs to another scenario never happens.

Source: the cartesian abstraction of Cousot and Cousot, "Abstract Interpretation:
A Unified Lattice Model", POPL 1977.
"""

from __future__ import annotations

from verify.parameterised.encoding import Space, Transition
from verify.parameterised.layout import Bits


def possible(space: Space) -> list[Transition]:
    """The steps that no variable rules out by itself; those of observers are not looked at."""
    shared = space.layouts.start
    replicated: dict[Bits, Bits] = {}
    for bits in space.layouts.starts:
        replicated[_pc(space, bits)] = bits
    found: dict[int, Transition] = {}
    known: tuple[Bits, dict[Bits, Bits]] = (0, {})
    while known != (shared, replicated):
        known = (shared, dict(replicated))
        for number, step in enumerate(space.steps):
            if step.actor < -1 or space.shared.lacks(shared & step.guard):
                continue
            if step.actor == -1:
                own = replicated.get(_pc(space, step.own_guard), 0) & step.own_guard
                if space.replicated.lacks(own):
                    continue
                if not step.violates:
                    moved = own & ~step.own_clear | step.own_store
                    replicated[_pc(space, moved)] = replicated.get(_pc(space, moved), 0) | moved
            found[number] = step
            if not step.violates:
                shared |= step.store
    return list(found.values())


def _pc(space: Space, bits: Bits) -> Bits:
    return bits & space.replicated.fields[0].full
