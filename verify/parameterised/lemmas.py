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

from verify.parameterised.cube import Cube, subsumes
from verify.parameterised.encoding import Space, Transition
from verify.parameterised.layout import BitField, Bits
from verify.parameterised.reachability import Reachability
from verify.reasons.limits import Count, CountLimit, UnprovedError


class SearchLimitError(UnprovedError):
    """More lemmas than the limit allows."""


class NotProvableError(Exception):
    """What a claim forbids is in the views: it may happen, as far as they tell."""

    def __init__(self, cube: Cube) -> None:
        super().__init__()
        self.cube = cube


# In which order fields are tried to be left out of a lemma, by their kind.  Of the orders
# tried this one leaves the fewest lemmas; no order makes any of them wrong.
DISPENSABLE: Mapping[str, int] = {"local": 0, "lock": 1, "shared": 2, "held": 3, "pc": 4}


@dataclass
class LemmaSearch:
    """The lemmas found so far, and what each of them needs forbidden in turn.

    `needs[lemma]` are the cubes that one step leads from into the lemma, but
    for those inside it; `wanted[claim]` those that a claim forbids itself.
    """

    space: Space
    seen: Reachability
    limit: int = 3_000
    lemmas: list[Cube] = field(default_factory=list)
    needs: dict[Cube, list[Cube]] = field(default_factory=dict)
    wanted: dict[str, list[Cube]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # The lemmas by what they do not allow of the shared part, those that were of use
        # last at the end.
        self._outside: list[tuple[Bits, Cube]] = []
        self._steps = [step for step in self.space.steps if not step.violates]
        # For each bit of either layout the values of its field.
        self._fields = [
            {
                1 << i: f.full
                for f in layout.fields
                for i in range(f.offset, f.offset + len(f.values))
            }
            for layout in (self.space.shared, self.space.replicated)
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
                    if not subsumes(lemma, before):
                        self._block(before, needs)
                self.needs[lemma] = list(needs)

    def into(self, cube: Cube) -> Iterator[Cube]:
        """What one step leads into a cube, but for what is in the cube itself."""
        none_shared, none = self.space.shared.lacks, self.space.replicated.lacks
        outside = ~cube.shared
        for step in self._steps:
            if step.store & outside:
                continue
            free = cube.shared | step.clear
            shared = free & step.guard
            if none_shared(shared):
                continue
            if step.actor == -1:
                for i, own in enumerate(cube.replicated):
                    if step.own_store & ~own or (
                        free == cube.shared and own | step.own_clear == own
                    ):
                        continue
                    before = (own | step.own_clear) & step.own_guard
                    rest = self._beside((*cube.replicated[:i], *cube.replicated[i + 1 :]), step)
                    if rest is not None and not none(before):
                        yield Cube(shared, tuple(sorted((before, *rest))))
            if free == cube.shared:
                # Somebody else, whose step changes nothing here, was there before.
                continue
            rest = self._beside(cube.replicated, step)
            if rest is not None:
                mover = (step.own_guard,) if step.actor == -1 else ()
                yield Cube(shared, tuple(sorted((*mover, *rest))))

    def _beside(self, replicated: Sequence[Bits], step: Transition) -> tuple[Bits, ...] | None:
        rest = tuple(bits & step.beside for bits in replicated)
        return None if any(map(self.space.replicated.lacks, rest)) else rest

    # ---------------------------------------------------------------- widening

    def _block(self, cube: Cube, needs: dict[Cube, None]) -> None:
        """See that some lemma forbids a cube; note the cube, or the parts it is cut into."""
        full = self.space.replicated.full
        cube = Cube(cube.shared, tuple(sorted(bits for bits in cube.replicated if bits != full)))
        if cube in needs:
            return
        if self._covered(cube):
            needs[cube] = None
            return
        if len(cube.replicated) > 2:
            for i in range(len(cube.replicated)):
                part = Cube(cube.shared, (*cube.replicated[:i], *cube.replicated[i + 1 :]))
                if len(part.replicated) > 2 or not self.seen.happens(part):
                    self._block(part, needs)
                    return
            for half in self._halves(cube):
                self._block(half, needs)
            return
        if self.seen.happens(cube):
            raise NotProvableError(cube)
        left = self._cut(cube, needs)
        if left is None:
            return
        needs[left] = None
        lemma = self._widened(left)
        self.lemmas.append(lemma)
        self._outside.append((~lemma.shared, lemma))
        if len(self.lemmas) > self.limit:
            raise SearchLimitError(CountLimit(Count.LEMMAS, self.limit))

    def _covered(self, cube: Cube) -> bool:
        """Whether a lemma forbids all of a cube."""
        shared = cube.shared
        outside = self._outside
        for i in range(len(outside) - 1, -1, -1):
            rest, lemma = outside[i]
            if not shared & rest and subsumes(lemma, cube):
                outside.append(outside.pop(i))
                return True
        return False

    def _cut(self, cube: Cube, needs: dict[Cube, None]) -> Cube | None:
        """What is left of a cube when each lemma has cut off what it forbids, if only one
        field keeps it from forbidding all; what was cut off is noted.  None if nothing is left.
        """
        fields = self._fields[0]
        whole = None
        while cube != whole:
            whole = cube
            for rest, lemma in self._outside:
                beyond = cube.shared & rest
                if beyond and beyond & ~fields[beyond & -beyond]:
                    continue
                parts = self._parted(cube, lemma, beyond)
                if parts is None:
                    continue
                part, cube = parts
                needs[part] = None
                if part == cube:
                    return None
        return cube

    def _parted(self, cube: Cube, lemma: Cube, beyond: Bits) -> tuple[Cube, Cube] | None:
        """The part of a cube that a lemma forbids, and what is left, if only one field keeps
        it from forbidding all; `beyond` is what it allows of the shared part.  The cube itself
        twice, if it forbids all."""
        for order in permutations(range(len(cube.replicated)), len(lemma.replicated)):
            over = beyond
            place = -1
            for j, bits in zip(order, lemma.replicated, strict=True):
                more = cube.replicated[j] & ~bits
                if more:
                    if over:
                        break
                    over, place = more, j
            else:
                if not over:
                    return cube, cube
                full = self._fields[place >= 0][over & -over]
                whole = cube.shared if place < 0 else cube.replicated[place]
                if over & ~full or not whole & full & ~over:
                    continue
                return _put(cube, place, whole & ~over), _put(cube, place, whole & ~full | over)
        return None

    def _halves(self, cube: Cube) -> tuple[Cube, Cube]:
        """A cube of three threads cut in two, at the first field that is open."""
        for i, bits in enumerate(cube.replicated):
            for f in self.space.replicated.fields:
                part = bits & f.full
                low = part & -part
                if part != low:
                    rest = (*cube.replicated[:i], *cube.replicated[i + 1 :])
                    return (
                        Cube(cube.shared, tuple(sorted((bits & ~f.full | low, *rest)))),
                        Cube(cube.shared, tuple(sorted((bits & ~low, *rest)))),
                    )
        for f in self.space.shared.fields:
            part = cube.shared & f.full
            low = part & -part
            if part != low:
                return (
                    Cube(cube.shared & ~f.full | low, cube.replicated),
                    Cube(cube.shared & ~low, cube.replicated),
                )
        # Every two of three threads are in the views, but the closed set of views has no
        # step into a cube that does not happen.
        raise NotProvableError(cube)

    def _widened(self, cube: Cube) -> Cube:
        """The cube made as large as the views allow: threads are left out, then fields,
        then values are added."""
        happens = self.seen.happens
        for i in range(len(cube.replicated) - 1, -1, -1):
            part = Cube(cube.shared, (*cube.replicated[:i], *cube.replicated[i + 1 :]))
            if not happens(part):
                cube = part
        for f in sorted(self.space.shared.fields, key=_dispensable):
            wide = Cube(cube.shared | f.full, cube.replicated)
            if wide != cube and not happens(wide):
                cube = wide
        for i in range(len(cube.replicated)):
            for f in sorted(self.space.replicated.fields, key=_dispensable):
                wide = _with(cube, i, cube.replicated[i] | f.full)
                if wide != cube and not happens(wide):
                    cube = wide
        for f in self.space.shared.fields:
            for value in f.values:
                wide = Cube(cube.shared | f.bit(value), cube.replicated)
                if wide != cube and not happens(wide):
                    cube = wide
        for i in range(len(cube.replicated)):
            for f in self.space.replicated.fields:
                for value in f.values:
                    wide = _with(cube, i, cube.replicated[i] | f.bit(value))
                    if wide != cube and not happens(wide):
                        cube = wide
        return Cube(cube.shared, tuple(sorted(cube.replicated)))


def _dispensable(f: BitField) -> int:
    return DISPENSABLE[f.kind]


def _with(cube: Cube, position: int, bits: Bits) -> Cube:
    return Cube(cube.shared, (*cube.replicated[:position], bits, *cube.replicated[position + 1 :]))


def _put(cube: Cube, place: int, bits: Bits) -> Cube:
    """The cube with another shared part, or another thread at a place of the replicated threads."""
    if place < 0:
        return Cube(bits, cube.replicated)
    replicated = (*cube.replicated[:place], bits, *cube.replicated[place + 1 :])
    return Cube(cube.shared, tuple(sorted(replicated)))
