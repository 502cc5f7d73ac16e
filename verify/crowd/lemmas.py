"""Lemmas: a few facts that keep each other true, found among all that never happens.

The closed set of views says of every combination of values whether it ever
happens; a lemma is a cube, a combination that never does.  Starting from what
the claims forbid, each cube is widened as far as the views allow, and what
could lead into it is forbidden in turn, until nothing new comes up.  What is
left is an inductive invariant, whether or not the views were right: the
obligations that `smt.obligations` writes do not know how it was found.

Source: Conchon, Goel, Krstic, Mebsout, Zaidi, "Invariants for Finite Instances
and Beyond" (BRAB), FMCAD 2013, for going backwards with approximations; here
the approximation is never wrong, since the views cover every number of threads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import permutations

from verify.crowd.seen import Seen
from verify.crowd.space import Bits, Cube, Field, Scope, Space, Step


class SearchLimit(Exception):
    """More lemmas than the limit allows."""


class NotProvable(Exception):
    """What a claim forbids is in the views: it may happen, as far as they tell."""

    def __init__(self, cube: Cube) -> None:
        super().__init__()
        self.cube = cube


# In which order fields are tried to be left out of a lemma, by their kind.  Of the orders
# tried this one leaves the fewest lemmas; no order makes any of them wrong.
DISPENSABLE: Mapping[str, int] = {"local": 0, "lock": 1, "shared": 2, "held": 3, "pc": 4}


# With more cubes to be forbidden than these the choice among lemmas is made in one go.
MANY_NEEDS = 5_000


@dataclass
class Search:
    """The lemmas found so far, and what each of them needs forbidden in turn.

    `needs[lemma]` are the cubes that one step leads from into the lemma, but
    for those inside it; `wanted[claim]` those that a claim forbids itself.
    """

    space: Space
    seen: Seen
    limit: int = 3_000
    lemmas: list[Cube] = field(default_factory=list)
    needs: dict[Cube, list[Cube]] = field(default_factory=dict)
    wanted: dict[str, list[Cube]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # The lemmas by what they do not allow of the shared part, those that were of use
        # last at the end.
        self._outside: list[tuple[Bits, Cube]] = []
        # With what each step asks of: a value of these fields has to be left.
        shared, crowd = self.space.shared, self.space.crowd
        self._steps = [
            (s, _asked(s.guard, shared), _asked(s.own_guard, crowd), _asked(s.beside, crowd))
            for s in self.space.steps
            if not s.violates
        ]
        # For each bit of either scope the values of its field.
        self._fields = [
            {
                1 << i: f.full
                for f in scope.fields
                for i in range(f.offset, f.offset + len(f.values))
            }
            for scope in (self.space.shared, self.space.crowd)
        ]

    def forbid(self, claim: str, bad: Iterable[Cube]) -> None:
        """Find the lemmas that keep the cubes of `bad` from happening.

        Raises:
            NotProvable: one of them is in the views.
            SearchLimit: it takes too many lemmas.
        """
        wanted: dict[Cube, None] = {}
        try:
            for cube in bad:
                self._block(cube, wanted)
        finally:
            # What was found before it failed serves other claims.
            self._complete()
        self.wanted[claim] = list(wanted)

    def _complete(self) -> None:
        """Forbid what leads into each lemma, until there is nothing new."""
        for lemma in self.lemmas:
            if lemma not in self.needs:
                needs: dict[Cube, None] = {}
                for before in self.into(lemma):
                    if not covers(lemma, before):
                        self._block(before, needs)
                self.needs[lemma] = list(needs)

    def chosen(
        self,
    ) -> tuple[list[Cube], dict[str, list[Cube]], dict[str, list[Cube]]]:
        """A few of the lemmas that are enough together; for each claim its share of
        them, and those that exclude what the claim itself forbids.

        A lemma is left out if what it forbids for others is forbidden by the
        rest as well; the narrow ones are tried first.  Where there is much to be
        forbidden only the widest lemma that forbids it is asked: of 365 lemmas 358
        are left in one way, and 364 in the other.
        """
        if sum(map(len, self.needs.values())) > MANY_NEEDS:
            return self._widest()
        # Without those whose needs were not seen to the end, or not met.
        pool = sorted(self.needs, key=lambda c: (_size(c), c))
        covering: dict[Cube, int] = {}
        outside = [(~lemma.shared, 1 << i, lemma) for i, lemma in enumerate(pool)]
        for cube in {c for cubes in (*self.needs.values(), *self.wanted.values()) for c in cubes}:
            shared = cube.shared
            covering[cube] = sum(
                bit for rest, bit, lemma in outside if not shared & rest and covers(lemma, cube)
            )
        top = _once(covering[c] for cubes in self.wanted.values() for c in cubes)
        below = [_once(covering[c] for c in self.needs[lemma]) for lemma in pool]
        kept = _closure(_self_supporting((1 << len(pool)) - 1, below), top, below)
        fixed = _indispensable(kept, top, below)
        for i in range(len(pool)):
            if (kept & ~fixed) >> i & 1:
                kept = _closure(kept & ~(1 << i), top, below)
                fixed = _indispensable(kept, top, below)
        shares = {
            claim: [pool[i] for i in _bits(_closure(kept, [covering[c] for c in cubes], below))]
            for claim, cubes in self.wanted.items()
        }
        direct = {
            claim: [pool[i] for i in _bits(_closure(kept, [covering[c] for c in cubes], None))]
            for claim, cubes in self.wanted.items()
        }
        return [pool[i] for i in _bits(kept)], shares, direct

    def _widest(self) -> tuple[list[Cube], dict[str, list[Cube]], dict[str, list[Cube]]]:
        """Like `chosen`: for each cube the widest lemma that forbids it."""
        pool = sorted(self.needs, key=lambda c: (_size(c), c), reverse=True)
        outside = [(~lemma.shared, lemma) for lemma in pool]
        known: dict[Cube, Cube | None] = {}

        def widest(cube: Cube) -> Cube | None:
            if cube not in known:
                fitting = (x for rest, x in outside if not cube.shared & rest and covers(x, cube))
                known[cube] = next(fitting, None)
            return known[cube]

        # Without those that rest on a lemma whose own needs were not met.
        while lost := [x for _, x in outside if None in map(widest, self.needs[x])]:
            outside = [(rest, x) for rest, x in outside if x not in lost]
            known = {}

        def rests_on(cubes: Iterable[Cube]) -> dict[Cube, None]:
            found: dict[Cube, None] = {}
            todo = list(cubes)
            while todo:
                lemma = widest(todo.pop())
                if lemma is not None and lemma not in found:
                    found[lemma] = None
                    todo += self.needs[lemma]
            return found

        shares = {claim: list(rests_on(cubes)) for claim, cubes in self.wanted.items()}
        direct = {
            claim: [x for x in dict.fromkeys(map(widest, cubes)) if x is not None]
            for claim, cubes in self.wanted.items()
        }
        return list(rests_on(c for cubes in self.wanted.values() for c in cubes)), shares, direct

    def into(self, cube: Cube) -> Iterator[Cube]:
        """What one step leads into a cube, but for what is in the cube itself."""
        for step, asked, own_asked, beside_asked in self._steps:
            if step.store & ~cube.shared:
                continue
            free = cube.shared | step.clear
            shared = free & step.guard
            if _empty(shared, asked):
                continue
            if step.actor == -1:
                for i, own in enumerate(cube.crowd):
                    if step.own_store & ~own or (
                        free == cube.shared and own | step.own_clear == own
                    ):
                        continue
                    before = (own | step.own_clear) & step.own_guard
                    rest = _beside((*cube.crowd[:i], *cube.crowd[i + 1 :]), step, beside_asked)
                    if rest is not None and not _empty(before, own_asked):
                        yield Cube(shared, tuple(sorted((before, *rest))))
            if free == cube.shared:
                # Somebody else, whose step changes nothing here, was there before.
                continue
            rest = _beside(cube.crowd, step, beside_asked)
            if rest is not None:
                mover = (step.own_guard,) if step.actor == -1 else ()
                yield Cube(shared, tuple(sorted((*mover, *rest))))

    # ---------------------------------------------------------------- widening

    def _block(self, cube: Cube, needs: dict[Cube, None]) -> None:
        """See that some lemma forbids a cube; note the cube, or the parts it is cut into."""
        full = self.space.crowd.full
        cube = Cube(cube.shared, tuple(sorted(bits for bits in cube.crowd if bits != full)))
        if cube in needs:
            return
        if self._covered(cube):
            needs[cube] = None
            return
        if len(cube.crowd) > 2:
            for i in range(len(cube.crowd)):
                part = Cube(cube.shared, (*cube.crowd[:i], *cube.crowd[i + 1 :]))
                if len(part.crowd) > 2 or not self.seen.happens(part):
                    self._block(part, needs)
                    return
            for half in self._halves(cube):
                self._block(half, needs)
            return
        if self.seen.happens(cube):
            raise NotProvable(cube)
        parts = self._parted(cube)
        if parts is not None:
            for part in parts:
                self._block(part, needs)
            return
        lemma = self._widened(cube)
        self.lemmas.append(lemma)
        self._outside.append((~lemma.shared, lemma))
        needs[cube] = None
        if len(self.lemmas) > self.limit:
            raise SearchLimit(f"more than {self.limit} lemmas")

    def _covered(self, cube: Cube) -> bool:
        """Whether a lemma forbids all of a cube."""
        shared = cube.shared
        outside = self._outside
        for i in range(len(outside) - 1, -1, -1):
            rest, lemma = outside[i]
            if not shared & rest and covers(lemma, cube):
                outside.append(outside.pop(i))
                return True
        return False

    def _parted(self, cube: Cube) -> tuple[Cube, Cube] | None:
        """A cube cut in two where a lemma forbids one part of it, and only one field keeps
        the lemma from forbidding all of it."""
        shared = cube.shared
        for lemma in self.lemmas:
            beyond = shared & ~lemma.shared
            if beyond and beyond & ~self._fields[0][beyond & -beyond]:
                continue
            for order in permutations(range(len(cube.crowd)), len(lemma.crowd)):
                over = beyond
                place = -1
                for j, bits in zip(order, lemma.crowd, strict=True):
                    more = cube.crowd[j] & ~bits
                    if more:
                        if over:
                            break
                        over, place = more, j
                else:
                    full = self._fields[place >= 0][over & -over]
                    whole = cube.shared if place < 0 else cube.crowd[place]
                    if over & ~full or not whole & full & ~over:
                        continue
                    return _put(cube, place, whole & ~over), _put(cube, place, whole & ~full | over)
        return None

    def _halves(self, cube: Cube) -> tuple[Cube, Cube]:
        """A cube of three threads cut in two, at the first field that is open."""
        for i, bits in enumerate(cube.crowd):
            for f in self.space.crowd.fields:
                part = bits & f.full
                low = part & -part
                if part != low:
                    rest = (*cube.crowd[:i], *cube.crowd[i + 1 :])
                    return (
                        Cube(cube.shared, tuple(sorted((bits & ~f.full | low, *rest)))),
                        Cube(cube.shared, tuple(sorted((bits & ~low, *rest)))),
                    )
        for f in self.space.shared.fields:
            part = cube.shared & f.full
            low = part & -part
            if part != low:
                return (
                    Cube(cube.shared & ~f.full | low, cube.crowd),
                    Cube(cube.shared & ~low, cube.crowd),
                )
        # Every two of three threads are in the views, but the closed set of views has no
        # step into a cube that does not happen.
        raise NotProvable(cube)

    def _widened(self, cube: Cube) -> Cube:
        """The cube made as large as the views allow: threads are left out, then fields,
        then values are added."""
        happens = self.seen.happens
        for i in range(len(cube.crowd) - 1, -1, -1):
            part = Cube(cube.shared, (*cube.crowd[:i], *cube.crowd[i + 1 :]))
            if not happens(part):
                cube = part
        for f in sorted(self.space.shared.fields, key=_dispensable):
            wide = Cube(cube.shared | f.full, cube.crowd)
            if wide != cube and not happens(wide):
                cube = wide
        for i in range(len(cube.crowd)):
            for f in sorted(self.space.crowd.fields, key=_dispensable):
                wide = _with(cube, i, cube.crowd[i] | f.full)
                if wide != cube and not happens(wide):
                    cube = wide
        for f in self.space.shared.fields:
            for value in f.values:
                wide = Cube(cube.shared | f.bit(value), cube.crowd)
                if wide != cube and not happens(wide):
                    cube = wide
        for i in range(len(cube.crowd)):
            for f in self.space.crowd.fields:
                for value in f.values:
                    wide = _with(cube, i, cube.crowd[i] | f.bit(value))
                    if wide != cube and not happens(wide):
                        cube = wide
        return Cube(cube.shared, tuple(sorted(cube.crowd)))


def _size(cube: Cube) -> tuple[int, int]:
    """How much a cube forbids: few threads, many values."""
    return -len(cube.crowd), cube.shared.bit_count() + sum(b.bit_count() for b in cube.crowd)


def _bits(mask: int) -> list[int]:
    return [i for i in range(mask.bit_length()) if mask >> i & 1]


def _once(some: Iterable[int]) -> list[int]:
    """Each but once, where it comes last: `_closure` begins at the end."""
    return list(dict.fromkeys(reversed(list(some))))[::-1]


def _indispensable(kept: int, top: list[int], below: list[list[int]]) -> int:
    """Those of `kept` that alone forbid something that is wanted, or that another needs."""

    def alone(some: list[int]) -> int:
        found = 0
        for able in some:
            able &= kept
            if not able:
                return kept
            if not able & (able - 1):
                found |= able
        return found

    found = alone(top)
    for i in _bits(kept):
        found |= alone(below[i]) & ~(1 << i)
    return found


def _self_supporting(kept: int, below: list[list[int]]) -> int:
    """Those of `kept` that others of them forbid what they need."""
    while True:
        left = sum(1 << i for i in _bits(kept) if all(c & kept for c in below[i]))
        if left == kept:
            return kept
        kept = left


def _closure(kept: int, top: list[int], below: list[list[int]] | None) -> int:
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


def _asked(bits: Bits, scope: Scope) -> tuple[Bits, ...]:
    """The fields of which not every value is among `bits`."""
    return tuple(f.full for f in scope.fields if f.full & ~bits)


def _empty(bits: Bits, fields: Sequence[Bits]) -> bool:
    # A loop: any() of a generator takes three times as long, and this is asked most of all.
    for full in fields:  # noqa: SIM110
        if not bits & full:
            return True
    return False


def _beside(crowd: Sequence[Bits], step: Step, asked: Sequence[Bits]) -> tuple[Bits, ...] | None:
    rest = tuple(bits & step.beside for bits in crowd)
    for bits in rest:
        if _empty(bits, asked):
            return None
    return rest


def _dispensable(f: Field) -> int:
    return DISPENSABLE[f.kind]


def _with(cube: Cube, position: int, bits: Bits) -> Cube:
    return Cube(cube.shared, (*cube.crowd[:position], bits, *cube.crowd[position + 1 :]))


def _put(cube: Cube, place: int, bits: Bits) -> Cube:
    """The cube with another shared part, or another thread at a place of the crowd."""
    if place < 0:
        return Cube(bits, cube.crowd)
    crowd = (*cube.crowd[:place], bits, *cube.crowd[place + 1 :])
    return Cube(cube.shared, tuple(sorted(crowd)))


def covers(lemma: Cube, cube: Cube) -> bool:
    """Whether every configuration in `cube` is in `lemma`, threads matched as it fits."""
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
        case _:
            return any(
                all(not cube.crowd[j] & ~bits for j, bits in zip(order, lemma.crowd, strict=True))
                for order in permutations(range(len(cube.crowd)), len(lemma.crowd))
            )
