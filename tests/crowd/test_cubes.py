"""Cubes against what they stand for: combinations of values, one by one."""

from __future__ import annotations

from functools import cache
from itertools import permutations
from random import Random

import pytest

from tests.programs.binder import program, reuse
from verify.certify.world import world
from verify.crowd.apart import possible
from verify.crowd.choice import choose
from verify.crowd.lemmas import Search
from verify.crowd.seen import Seen
from verify.crowd.space import Bits, Cube, Scope, Space, Step, covers
from verify.crowd.views import Views
from verify.ir import EXCLUSIVE, Others, Shared, conj, negate

SEEDS = range(20)


@cache
def space() -> Space:
    base = program("base")
    return Space(world(base, reuse(base)))


@cache
def views() -> Views:
    found = Views(space())
    found.close()
    return found


def some_of(random: Random, scope: Scope, wide: float = 0.6) -> Bits:
    """A set of values for each field, not empty; all of them for many."""
    found = 0
    for f in scope.fields:
        if random.random() < wide:
            found |= f.full
            continue
        values = random.sample(f.values, random.randint(1, len(f.values)))
        found |= sum(f.bit(v) for v in values)
    return found


def one_of(random: Random, scope: Scope, bits: Bits) -> Bits:
    """A combination of values, one for each field."""
    return sum(f.bit(random.choice([v for v in f.values if bits & f.bit(v)])) for f in scope.fields)


def cube(random: Random, crowd: int, wide: float = 0.6) -> Cube:
    found = (some_of(random, space().crowd, wide) for _ in range(crowd))
    return Cube(some_of(random, space().shared, wide), tuple(sorted(found)))


def near(random: Random, lemma: Cube) -> Cube:
    """A cube that a lemma may or may not cover: of threads like those that it speaks of."""
    both = [lemma.crowd[0] & lemma.crowd[-1]] if lemma.crowd else []
    likely = [*lemma.crowd, *both, space().crowd.full]
    few = (random.choice(likely) for _ in range(random.randint(0, 3)))
    crowd = (bits & some_of(random, space().crowd, 0.9) for bits in few)
    full = (bits for bits in crowd if not space().crowd.lacks(bits))
    shared = lemma.shared & some_of(random, space().shared, 0.97)
    return Cube(lemma.shared if space().shared.lacks(shared) else shared, tuple(sorted(full)))


def inside(whole: Cube, point: Cube) -> bool:
    """Whether a point is in a cube, threads matched as it fits; written without `covers`."""
    return not point.shared & ~whole.shared and any(
        all(not bits & ~one for bits, one in zip(order, whole.crowd, strict=True))
        for order in permutations(point.crowd, len(whole.crowd))
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_a_cube_lacks_a_value_if_one_of_its_fields_is_empty(seed: int) -> None:
    """If carries ran over, steps would be taken that cannot, or others be overlooked."""
    random = Random(seed)
    for scope in (space().shared, space().crowd):
        bits = some_of(random, scope)
        for f in scope.fields:
            assert not scope.lacks(bits)
            assert scope.lacks(bits & ~f.full)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_lemma_covers_what_has_all_its_points_in_it(seed: int) -> None:
    """A cube that is taken to be forbidden and is not leaves a gap in the invariant."""
    random = Random(seed)
    shared, crowd = space().shared, space().crowd
    answers = set()
    for _ in range(200):
        lemma = cube(random, random.randint(0, 2), 0.95)
        one = near(random, lemma)
        point = Cube(
            one_of(random, shared, one.shared),
            tuple(sorted(one_of(random, crowd, bits) for bits in one.crowd)),
        )
        assert covers(lemma, point) == inside(lemma, point)
        if covers(lemma, one):
            assert inside(lemma, point)
        answers.add(covers(lemma, one))
    assert {True, False} == answers


@pytest.mark.parametrize("seed", SEEDS)
def test_a_lemma_is_found_for_a_cube_if_there_is_one(seed: int) -> None:
    """All lemmas at once have to say what each says by itself."""
    random = Random(seed)
    for _ in range(40):
        pool = [cube(random, random.randint(0, 2), 0.95) for _ in range(3)]
        one = near(random, random.choice(pool))
        found = choose(space(), {lemma: [] for lemma in pool}, {"it": [one]})

        assert bool(found.direct["it"]) == any(covers(lemma, one) for lemma in pool)
        assert all(covers(lemma, one) for lemma in found.direct["it"])


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_chosen_forbids_what_is_wanted_and_what_it_needs(seed: int) -> None:
    """A lemma whose needs are not met makes a proof that both solvers refuse."""
    random = Random(seed)
    pool = [cube(random, random.randint(0, 2), 0.97) for _ in range(40)]
    within = [Cube(c.shared & some_of(random, space().shared, 0.9), c.crowd) for c in pool]
    needs = {lemma: random.sample(within, random.randint(0, 2)) for lemma in pool}
    wanted = {"some": random.sample(within, 3), "others": random.sample(within, 3)}

    found = choose(space(), needs, wanted)

    assert set(found.lemmas) >= {lemma for some in found.shares.values() for lemma in some}
    for claim, cubes in wanted.items():
        asked = cubes + [c for lemma in found.shares[claim] for c in needs[lemma]]
        assert all(any(covers(x, c) for x in found.shares[claim]) for c in asked)
        assert all(any(covers(x, c) for x in found.direct[claim]) for c in cubes)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_cut_off_is_forbidden_and_the_rest_is_left(seed: int) -> None:
    """A point that is neither cut off by a lemma nor left would be forgotten."""
    random = Random(seed)
    search = Search(space(), Seen(space(), views()))
    lemmas = [cube(random, random.randint(0, 2), 0.98) for _ in range(20)]
    search.lemmas = lemmas
    search._outside = [(~lemma.shared, lemma) for lemma in lemmas]
    shared, crowd = space().shared, space().crowd
    cuts = 0
    for _ in range(40):
        whole = cube(random, random.randint(0, 2), 0.98)
        parts: dict[Cube, None] = {}
        left = search._cut(whole, parts)
        cuts += len(parts)
        assert all(any(covers(lemma, part) for lemma in lemmas) for part in parts)
        for _ in range(20):
            point = Cube(
                one_of(random, shared, whole.shared),
                tuple(sorted(one_of(random, crowd, bits) for bits in whole.crowd)),
            )
            assert any(inside(part, point) for part in parts) or (
                left is not None and inside(left, point)
            )
    assert cuts


def test_who_holds_a_lock_may_be_the_one_who_asks() -> None:
    """If an alternative were lost, what the holder of a lock does would be seen by nobody."""
    nobody_else = negate(Others("alloc0.mutex", "exclusive"))
    held, own = (
        space().shared.find("held", "alloc0.mutex"),
        space().crowd.find("lock", "alloc0.mutex"),
    )

    for guard in (nobody_else, conj([Shared("alloc0.mapped"), nobody_else])):
        found = space().cubes(guard, -1, 0, False)

        assert any(one.shared & held.full == held.bit(0) for one in found)
        assert any(one.own & own.full == own.bit(EXCLUSIVE) for one in found)


def test_what_is_ruled_out_by_each_variable_alone_is_in_no_view() -> None:
    """If it were, a statement that is reached would be reported as never reached."""
    allowed = {id(step) for step in possible(space())}
    seen = Seen(space(), views())
    ruled_out = [s for s in space().steps if s.actor >= -1 and id(s) not in allowed]

    assert ruled_out
    assert not [s for s in ruled_out if seen.happens(where(s))]


def where(step: Step) -> Cube:
    return Cube(step.guard, (step.own_guard,) if step.actor == -1 else ())
