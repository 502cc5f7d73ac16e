"""Where a command may be taken, as cubes with conditions on who is beside it.

A guard comes to a list of them, one of which has to be the case.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from verify.parameterised.layout import Bits, Layouts


@dataclass(frozen=True, slots=True)
class Alternative:
    """Where a command may be taken: shared part, the actor, anybody beside it, and
    threads of the replicated threads that have to be there."""

    shared: Bits
    own: Bits
    beside: Bits
    witnesses: tuple[Bits, ...]


def meet(layouts: Layouts, one: Alternative, other: Alternative, given: int) -> Alternative | None:
    """What two alternatives have in common, if there is anything; both were `given` so many
    witnesses before they parted."""
    shared, own = one.shared & other.shared, one.own & other.own
    if layouts.shared.lacks(shared) or layouts.replicated.lacks(own):
        return None
    # Two are looked at, and more are taken to be there.
    witnesses = (*one.witnesses, *other.witnesses[given:])[:2]
    return Alternative(shared, own, one.beside & other.beside, witnesses)


def distinct(alternatives: Iterable[Alternative]) -> list[Alternative]:
    """The alternatives without those that others contain; else negations multiply."""
    found = list(dict.fromkeys(alternatives))
    if len(found) < 2:
        return found
    # What contains another has more bits: each is held against those with more, and not
    # against the hundreds with as many that a comparison of two variables has.
    kept: dict[tuple[Bits, ...], list[tuple[Bits, Bits, Bits]]] = {}
    maximal = set[int]()
    sizes = [_size(one) for one in found]
    for _, alike in groupby(sorted(range(len(found)), key=lambda n: -sizes[n]), sizes.__getitem__):
        outermost = [
            number
            for number in alike
            if all(
                found[number].shared & shared
                or found[number].own & own
                or found[number].beside & others
                for shared, own, others in kept.get(found[number].witnesses, ())
            )
        ]
        maximal.update(outermost)
        for number in outermost:
            one = found[number]
            outside = (~one.shared, ~one.own, ~one.beside)
            kept.setdefault(one.witnesses, []).append(outside)
    return [one for number, one in enumerate(found) if number in maximal]


def _size(one: Alternative) -> int:
    return one.shared.bit_count() + one.own.bit_count() + one.beside.bit_count()
