"""Which of the lemmas that were found are enough together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from verify.parameterised.cube import Cube
from verify.parameterised.encoding import Space
from verify.parameterised.layout import Bits, Layout

# A set of lemmas, one bit for each position.
Lemmas = int


@dataclass(frozen=True)
class Choice:
    """A few lemmas; for each claim its share of them, and those that exclude what the claim
    itself forbids."""

    lemmas: tuple[Cube, ...]
    shares: Mapping[str, tuple[Cube, ...]]
    direct: Mapping[str, tuple[Cube, ...]]


def choose(
    space: Space, needs: Mapping[Cube, Sequence[Cube]], wanted: Mapping[str, Sequence[Cube]]
) -> Choice:
    """Lemmas that are enough together to forbid what is `wanted` for each claim, and what
    each lemma among them `needs` forbidden in turn.

    A lemma is left out if what it forbids for others is forbidden by the rest as well; the
    narrow ones are tried first.
    """
    pool = sorted(needs, key=lambda lemma: (_width(lemma), lemma))
    covering = _Covering(space, pool)
    tops = {claim: _once(map(covering.of, cubes)) for claim, cubes in wanted.items()}
    top = _once(able for some in tops.values() for able in some)
    below = [_once(map(covering.of, needs[lemma])) for lemma in pool]
    kept = _closure(_self_supporting((1 << len(pool)) - 1, below), top, below)
    fixed = _indispensable(kept, top, below)
    for i in range(len(pool)):
        if (kept & ~fixed) >> i & 1:
            kept = _closure(kept & ~(1 << i), top, below)
            fixed = _indispensable(kept, top, below)

    def lemmas(some: Lemmas) -> tuple[Cube, ...]:
        return tuple(pool[i] for i in _members(some))

    return Choice(
        lemmas(kept),
        {claim: lemmas(_closure(kept, able, below)) for claim, able in tops.items()},
        {claim: lemmas(_closure(kept, able, None)) for claim, able in tops.items()},
    )


class _Covering:
    """Which lemmas forbid all of a cube: asked of all of them at once."""

    def __init__(self, space: Space, pool: Sequence[Cube]) -> None:
        # A lemma speaks of two replicated threads at most, one after the other.
        full = space.replicated.full
        pairs = [(*lemma.replicated, full, full)[:2] for lemma in pool]
        self._shared = _containing(space.shared, [lemma.shared for lemma in pool])
        self._first = _containing(space.replicated, [first for first, _ in pairs])
        self._second = _containing(space.replicated, [second for _, second in pairs])
        sizes = [len(lemma.replicated) for lemma in pool]
        self._of_size = [sum(1 << i for i, n in enumerate(sizes) if n == size) for size in range(3)]

    def of(self, cube: Cube) -> Lemmas:
        replicated = cube.replicated
        nobody, one, two = self._of_size
        able = nobody
        for i, bits in enumerate(replicated):
            first = self._first(bits)
            able |= one & first
            for j, other in enumerate(replicated):
                if i != j:
                    able |= two & first & self._second(other)
        return able & self._shared(cube.shared)


def _containing(layout: Layout, sets: Sequence[Bits]) -> Callable[[Bits], Lemmas]:
    """Which of some sets of values contain another, as a function of that."""
    everyone = (1 << len(sets)) - 1
    fields = [f.full for f in layout.fields if any(f.full & ~bits for bits in sets)]

    @cache
    def allowing(part: Bits) -> Lemmas:
        return sum(1 << i for i, bits in enumerate(sets) if not part & ~bits)

    @cache
    def of(bits: Bits) -> Lemmas:
        found = everyone
        for full in fields:
            found &= allowing(bits & full)
        return found

    return of


def _width(lemma: Cube) -> tuple[int, int]:
    """How much a lemma forbids: few threads, many values."""
    return -len(lemma.replicated), lemma.shared.bit_count() + sum(
        b.bit_count() for b in lemma.replicated
    )


def _members(some: Lemmas) -> list[int]:
    return [i for i in range(some.bit_length()) if some >> i & 1]


def _once(some: Iterable[Lemmas]) -> list[Lemmas]:
    """Each but once, where it comes last: `_closure` begins at the end."""
    return list(dict.fromkeys(reversed(list(some))))[::-1]


def _indispensable(kept: Lemmas, top: list[Lemmas], below: list[list[Lemmas]]) -> Lemmas:
    """Those of `kept` that alone forbid something that is wanted, or that another needs."""

    def alone(some: list[Lemmas]) -> Lemmas:
        found = 0
        for able in some:
            able &= kept
            if not able:
                return kept
            if not able & (able - 1):
                found |= able
        return found

    found = alone(top)
    for i in _members(kept):
        found |= alone(below[i]) & ~(1 << i)
    return found


def _self_supporting(kept: Lemmas, below: list[list[Lemmas]]) -> Lemmas:
    """Those of `kept` that others of them forbid what they need."""
    while True:
        left = sum(1 << i for i in _members(kept) if all(able & kept for able in below[i]))
        if left == kept:
            return kept
        kept = left


def _closure(kept: Lemmas, top: list[Lemmas], below: list[list[Lemmas]] | None) -> Lemmas:
    """Those of `kept` that something wanted rests on: the widest that will do each time.

    Without `below` only what is wanted itself counts, not what that needs in turn.
    """
    chosen = 0
    todo = list(top)
    while todo:
        able = todo.pop() & kept
        if able & chosen or not able:
            continue
        best = able.bit_length() - 1
        chosen |= 1 << best
        if below is not None:
            todo += below[best]
    return chosen
