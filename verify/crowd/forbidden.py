"""What the claims forbid, as cubes: where the search for lemmas starts."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from verify.crowd.invariant import CROWD_STRIDE, Lemma, Literal
from verify.crowd.seen import Seen
from verify.crowd.space import Bits, Cube, Space, cube_of, narrow
from verify.crowd.waiting import Edge, stands_still, waits
from verify.crowd.world import World
from verify.ir import (
    EXCLUSIVE,
    SHARED,
    Expr,
)


def lock_order(space: Space, seen: Seen) -> tuple[Edge, ...]:
    """What is held, in some view, where something else may be waited for."""
    edges: set[Edge] = set()
    for lemma, edge in waiting_with(space.world):
        if edge not in edges and seen.happens(cube_of(space, lemma)):
            edges.add(edge)
    return tuple(sorted(edges))


def waiting_with(world: World) -> Iterator[tuple[Lemma, Edge]]:
    """For each place where a lock may be waited for and each lock: being there with it."""
    for i, thread in enumerate(world.singles):
        for pc, wanted in sorted(waits(thread).items()):
            for lock in world.program.locks:
                at = Literal("pc", "", i, (pc,))
                holds = Literal("lock", lock.name, i, (SHARED, EXCLUSIVE))
                for other in sorted(wanted):
                    yield Lemma((at, holds), ()), (lock.name, other)
    for k, thread in enumerate(world.crowd):
        for pc, wanted in sorted(waits(thread).items()):
            for lock in world.program.locks:
                at = Literal("pc", "", -1, (k * CROWD_STRIDE + pc,))
                holds = Literal("lock", lock.name, -1, (SHARED, EXCLUSIVE))
                for other in sorted(wanted):
                    yield Lemma((), ((at, holds),)), (lock.name, other)


def must_not_wait(world: World, order: Collection[Edge]) -> Iterator[Lemma]:
    """What may not happen if the locks are waited for in this order: resting with a lock
    in hand, and waiting for a lock that does not come later."""
    for i, thread in enumerate(world.singles):
        rest = Literal("pc", "", i, tuple(sorted({thread.entry, thread.end})))
        for lock in world.program.locks:
            yield Lemma((rest, Literal("lock", lock.name, i, (SHARED, EXCLUSIVE))), ())
    if world.crowd:
        entries = {k * CROWD_STRIDE + t.entry for k, t in enumerate(world.crowd)}
        entries |= {k * CROWD_STRIDE + t.end for k, t in enumerate(world.crowd)}
        rest = Literal("pc", "", -1, tuple(sorted(entries)))
        for lock in world.program.locks:
            yield Lemma((), ((rest, Literal("lock", lock.name, -1, (SHARED, EXCLUSIVE))),))
    for lemma, edge in waiting_with(world):
        if edge not in order:
            yield lemma


def stuck_cubes(space: Space, order: Collection[Edge]) -> Iterator[Cube]:
    """What keeps `stuck` from being proved with this order of locks."""
    for lemma in must_not_wait(space.world, order):
        yield cube_of(space, lemma)
    for i, thread in enumerate(space.world.singles):
        for pc, still in stands_still(thread).items():
            for start in space.cubes(still, i, -1, False):
                bits = narrow(start.shared, space.shared.find("pc", "", i), pc)
                if bits is not None:
                    yield Cube(bits, ())
    for k, thread in enumerate(space.world.crowd):
        for pc, still in stands_still(thread).items():
            for start in space.cubes(still, -1, k, False):
                own = narrow(start.own, space.crowd.fields[0], k * CROWD_STRIDE + pc)
                if own is not None:
                    yield Cube(start.shared, (own,))


def alone_cubes(space: Space, failing: Expr) -> Iterator[Cube]:
    """All threads at rest in a state from which a lonely thread fails."""
    rest = Lemma(
        tuple(
            Literal("pc", "", i, tuple(sorted({t.entry, t.end})))
            for i, t in enumerate(space.world.singles)
        ),
        (),
    )
    at_rest = cube_of(space, rest).shared
    locks = [lock.name for lock in space.world.program.locks]
    for start in space.cubes(failing, -2, -1, False):
        shared = start.shared & at_rest
        if any(not shared & f.full for f in space.shared.fields):
            continue
        if not space.world.crowd:
            yield Cube(shared, ())
            continue
        entries = {
            k * CROWD_STRIDE + e for k, t in enumerate(space.world.crowd) for e in (t.entry, t.end)
        }
        idle = cube_of(space, Lemma((), ((Literal("pc", "", -1, tuple(sorted(entries))),),))).crowd[
            0
        ]
        bits = {lock: space.shared.find("held", lock) for lock in locks}
        free = shared
        for f in bits.values():
            free &= ~f.bit(1)
        if all(free & f.full for f in bits.values()):
            yield Cube(free, (idle, idle))
        for lock, f in bits.items():
            own = space.crowd.find("lock", lock)
            holder = idle & ~own.full | own.bit(EXCLUSIVE)
            if shared & f.bit(1):
                yield Cube(shared & ~f.full | f.bit(1), tuple(sorted((holder, idle))))


def bad_cubes(space: Space, claim: str) -> list[Cube]:
    """What a claim forbids: the states from which a command may break it."""
    found = []
    for step in space.steps:
        if step.violates != claim:
            continue
        crowd: tuple[Bits, ...] = (step.own_guard,) if step.actor == -1 else ()
        crowd += tuple(bits & step.beside for bits in step.witnesses)
        found.append(Cube(step.guard, tuple(sorted(crowd))))
    return found
