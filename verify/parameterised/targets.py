"""What the claims forbid, as cubes: where the search for lemmas starts."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from verify.certify.lemmas import REPLICATED_STRIDE, Lemma, Literal
from verify.certify.places import (
    Arrow,
    Meeting,
    at_rest_with_a_lock,
    meetings,
    places,
    stands_still,
)
from verify.ir import Expr
from verify.locks import EXCLUSIVE
from verify.parameterised.cube import Cube
from verify.parameterised.encoding import Space
from verify.parameterised.guards import alternatives
from verify.parameterised.layout import OBSERVER, Bits, Role, narrow
from verify.parameterised.reachability import Reachability
from verify.parameterised.translate import cube_of


def arrows_seen(space: Space, seen: Reachability) -> tuple[Meeting, ...]:
    """Who is seen, in some view, to wait for whom."""
    found = []
    for holding, here in meetings(places(space.system)):
        if seen.happens(cube_of(space.layouts, holding)):
            found += [one for one in here if seen.happens(cube_of(space.layouts, one.lemma))]
    return tuple(found)


def stuck_cubes(space: Space, seen: Reachability, arrows: Collection[Arrow]) -> Iterator[Cube]:
    """What keeps `stuck` from being proved with these arrows between places."""
    for lemma in at_rest_with_a_lock(space.system):
        yield cube_of(space.layouts, lemma)
    for holding, here in meetings(places(space.system)):
        open_ = [one for one in here if one.arrow not in arrows]
        alone = cube_of(space.layouts, holding)
        if open_ and not seen.happens(alone):
            # What one thread never does says more, and covers all that two would do.
            yield alone
        else:
            yield from (cube_of(space.layouts, one.lemma) for one in open_)
    for i, thread in enumerate(space.system.fixed):
        for pc, still in stands_still(thread).items():
            for start in alternatives(space.layouts, still, Role(single=i)):
                bits = narrow(start.shared, space.shared.find("pc", "", i), pc)
                if bits is not None:
                    yield Cube(bits, ())
    for k, thread in enumerate(space.system.replicated):
        for pc, still in stands_still(thread).items():
            for start in alternatives(space.layouts, still, Role(kind=k)):
                own = narrow(start.own, space.replicated.fields[0], k * REPLICATED_STRIDE + pc)
                if own is not None:
                    yield Cube(start.shared, (own,))


def alone_cubes(space: Space, failing: Expr) -> Iterator[Cube]:
    """All threads at rest in a state from which a lonely thread fails."""
    rest = Lemma(
        tuple(
            Literal("pc", "", i, tuple(sorted({t.entry, t.end})))
            for i, t in enumerate(space.system.fixed)
        ),
        (),
    )
    at_rest = cube_of(space.layouts, rest).shared
    locks = [lock.name for lock in space.system.program.locks]
    for start in alternatives(space.layouts, failing, OBSERVER):
        shared = start.shared & at_rest
        if any(not shared & f.full for f in space.shared.fields):
            continue
        if not space.system.replicated:
            yield Cube(shared, ())
            continue
        entries = {
            k * REPLICATED_STRIDE + e
            for k, t in enumerate(space.system.replicated)
            for e in (t.entry, t.end)
        }
        idle = cube_of(
            space.layouts, Lemma((), ((Literal("pc", "", -1, tuple(sorted(entries))),),))
        ).replicated[0]
        bits = {lock: space.shared.find("held", lock) for lock in locks}
        free = shared
        for f in bits.values():
            free &= ~f.bit(1)
        if all(free & f.full for f in bits.values()):
            yield Cube(free, (idle, idle))
        for lock, f in bits.items():
            own = space.replicated.find("lock", lock)
            holder = idle & ~own.full | own.bit(EXCLUSIVE)
            if shared & f.bit(1):
                yield Cube(shared & ~f.full | f.bit(1), tuple(sorted((holder, idle))))


def bad_cubes(space: Space, claim: str) -> list[Cube]:
    """What a claim forbids: the states from which a command may break it."""
    found = []
    for step in space.steps:
        if step.violates != claim:
            continue
        replicated: tuple[Bits, ...] = (step.own_guard,) if step.actor == -1 else ()
        replicated += tuple(bits & step.beside for bits in step.witnesses)
        found.append(Cube(step.guard, tuple(sorted(replicated))))
    return found
