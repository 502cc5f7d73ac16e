"""Cubes against what they stand for: combinations of values, one by one."""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial
from itertools import permutations
from random import Random

import pytest

from tests.programs.binder import program, reuse
from verify.certify.system import system_of
from verify.ir import (
    Atom,
    Const,
    Expr,
    Local,
    Mine,
    Others,
    Shared,
    compare,
    conj,
    disj,
    equal,
    negate,
    rebuild,
)
from verify.locks import EXCLUSIVE
from verify.parameterised.alternatives import Alternative, distinct, meet
from verify.parameterised.cartesian import possible
from verify.parameterised.cube import Cube, subsumes
from verify.parameterised.encoding import Space, Transition, encoded
from verify.parameterised.guards import alternatives
from verify.parameterised.layout import Bits, Layout, Role
from verify.parameterised.lemmas import LemmaSearch
from verify.parameterised.minimise import choose
from verify.parameterised.reachability import Reachability
from verify.parameterised.views import Views, close

# A few of them for every save.
# Each asks about a shipped program, which takes seconds to be encoded.
SEEDS = [pytest.param(n, marks=pytest.mark.slow) for n in range(20)]


@cache
def space() -> Space:
    base = program("base")
    return encoded(system_of(base, reuse(base)))


@cache
def views() -> Views:
    return close(space())


def some_of(random: Random, layout: Layout, wide: float = 0.6) -> Bits:
    """A set of values for each field, not empty; all of them for many."""
    found = 0
    for f in layout.fields:
        if random.random() < wide:
            found |= f.full
            continue
        values = random.sample(f.values, random.randint(1, len(f.values)))
        found |= sum(f.bit(v) for v in values)
    return found


def one_of(random: Random, layout: Layout, bits: Bits) -> Bits:
    """A combination of values, one for each field."""
    return sum(
        f.bit(random.choice([v for v in f.values if bits & f.bit(v)])) for f in layout.fields
    )


def cube(random: Random, replicated: int, wide: float = 0.6) -> Cube:
    found = (some_of(random, space().replicated, wide) for _ in range(replicated))
    return Cube(some_of(random, space().shared, wide), tuple(sorted(found)))


def near(random: Random, lemma: Cube) -> Cube:
    """A cube that a lemma may or may not cover: of threads like those that it speaks of."""
    both = [lemma.replicated[0] & lemma.replicated[-1]] if lemma.replicated else []
    likely = [*lemma.replicated, *both, space().replicated.full]
    few = (random.choice(likely) for _ in range(random.randint(0, 3)))
    replicated = (bits & some_of(random, space().replicated, 0.9) for bits in few)
    full = (bits for bits in replicated if not space().replicated.lacks(bits))
    shared = lemma.shared & some_of(random, space().shared, 0.97)
    return Cube(lemma.shared if space().shared.lacks(shared) else shared, tuple(sorted(full)))


def inside(whole: Cube, point: Cube) -> bool:
    """Whether a point is in a cube, threads matched as it fits; written without `subsumes`."""
    return not point.shared & ~whole.shared and any(
        all(not bits & ~one for bits, one in zip(order, whole.replicated, strict=True))
        for order in permutations(point.replicated, len(whole.replicated))
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_a_cube_lacks_a_value_if_one_of_its_fields_is_empty(seed: int) -> None:
    """If carries ran over, steps would be taken that cannot, or others be overlooked."""
    random = Random(seed)
    for layout in (space().shared, space().replicated):
        bits = some_of(random, layout)
        for f in layout.fields:
            assert not layout.lacks(bits)
            assert layout.lacks(bits & ~f.full)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_lemma_covers_what_has_all_its_points_in_it(seed: int) -> None:
    """A cube that is taken to be forbidden and is not leaves a gap in the invariant."""
    random = Random(seed)
    shared, replicated = space().shared, space().replicated
    answers = set()
    for _ in range(200):
        lemma = cube(random, random.randint(0, 2), 0.95)
        one = near(random, lemma)
        point = Cube(
            one_of(random, shared, one.shared),
            tuple(sorted(one_of(random, replicated, bits) for bits in one.replicated)),
        )
        assert subsumes(lemma, point) == inside(lemma, point)
        if subsumes(lemma, one):
            assert inside(lemma, point)
        answers.add(subsumes(lemma, one))
    assert {True, False} == answers


@pytest.mark.parametrize("seed", SEEDS)
def test_a_lemma_is_found_for_a_cube_if_there_is_one(seed: int) -> None:
    """All lemmas at once have to say what each says by itself."""
    random = Random(seed)
    for _ in range(40):
        pool = [cube(random, random.randint(0, 2), 0.95) for _ in range(3)]
        one = near(random, random.choice(pool))
        found = choose(space(), {lemma: [] for lemma in pool}, {"it": [one]})

        assert bool(found.direct["it"]) == any(subsumes(lemma, one) for lemma in pool)
        assert all(subsumes(lemma, one) for lemma in found.direct["it"])


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_chosen_forbids_what_is_wanted_and_what_it_needs(seed: int) -> None:
    """A lemma whose needs are not met makes a proof that both solvers refuse."""
    random = Random(seed)
    pool = [cube(random, random.randint(0, 2), 0.97) for _ in range(40)]
    within = [Cube(c.shared & some_of(random, space().shared, 0.9), c.replicated) for c in pool]
    needs = {lemma: random.sample(within, random.randint(0, 2)) for lemma in pool}
    wanted = {"some": random.sample(within, 3), "others": random.sample(within, 3)}

    found = choose(space(), needs, wanted)

    assert set(found.lemmas) >= {lemma for some in found.shares.values() for lemma in some}
    for claim, cubes in wanted.items():
        asked = cubes + [c for lemma in found.shares[claim] for c in needs[lemma]]
        assert all(any(subsumes(x, c) for x in found.shares[claim]) for c in asked)
        assert all(any(subsumes(x, c) for x in found.direct[claim]) for c in cubes)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_cut_off_is_forbidden_and_the_rest_is_left(seed: int) -> None:
    """A point that is neither cut off by a lemma nor left would be forgotten."""
    random = Random(seed)
    search = LemmaSearch(space(), Reachability(space(), views()))
    lemmas = [cube(random, random.randint(0, 2), 0.98) for _ in range(20)]
    search.lemmas = lemmas
    search._outside = [(~lemma.shared, lemma) for lemma in lemmas]
    shared, replicated = space().shared, space().replicated
    cuts = 0
    for _ in range(40):
        whole = cube(random, random.randint(0, 2), 0.98)
        parts: dict[Cube, None] = {}
        left = search._cut(whole, parts)
        cuts += len(parts)
        assert all(any(subsumes(lemma, part) for lemma in lemmas) for part in parts)
        for _ in range(20):
            point = Cube(
                one_of(random, shared, whole.shared),
                tuple(sorted(one_of(random, replicated, bits) for bits in whole.replicated)),
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
        space().replicated.find("lock", "alloc0.mutex"),
    )

    for guard in (nobody_else, conj([Shared("alloc0.mapped"), nobody_else])):
        found = alternatives(space().layouts, guard, Role(kind=0))

        assert any(one.shared & held.full == held.bit(0) for one in found)
        assert any(one.own & own.full == own.bit(EXCLUSIVE) for one in found)


def test_what_is_ruled_out_by_each_variable_alone_is_in_no_view() -> None:
    """If it were, a statement that is reached would be reported as never reached."""
    allowed = {id(step) for step in possible(space())}
    seen = Reachability(space(), views())
    ruled_out = [s for s in space().steps if s.actor >= -1 and id(s) not in allowed]

    assert ruled_out
    assert not [s for s in ruled_out if seen.happens(where(s))]


def where(step: Transition) -> Cube:
    return Cube(step.guard, (step.own_guard,) if step.actor == -1 else ())


def alternative(random: Random) -> Alternative:
    whole = space()
    own = some_of(random, whole.replicated, 0.85)
    return Alternative(
        some_of(random, whole.shared, 0.94), own, some_of(random, whole.replicated), ()
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_two_alternatives_meet_in_what_is_in_both(seed: int) -> None:
    """A guard of two parts would be taken where only one is true, or not where both are."""
    random = Random(seed)
    whole = space()
    found = set()
    for _ in range(100):
        one, other = alternative(random), alternative(random)
        both = meet(whole.layouts, one, other, 0)
        found.add(both is None)
        narrower = one if both is None else both
        shared = one_of(random, whole.shared, random.choice([one, narrower]).shared)
        own = one_of(random, whole.replicated, random.choice([one, narrower]).own)

        def holds(some: Alternative, shared: Bits = shared, own: Bits = own) -> bool:
            return not shared & ~some.shared and not own & ~some.own

        assert (holds(one) and holds(other)) == (both is not None and holds(both))
        assert both is None or both.beside == one.beside & other.beside
    assert {True, False} == found


def test_who_has_to_be_there_has_to_be_for_both() -> None:
    """Two readers of two locks would be taken for one, or one that was given counted twice."""
    full = space().replicated.full
    whole = Alternative(space().shared.full, full, full, (1,))

    def together(one: tuple[Bits, ...], other: tuple[Bits, ...]) -> tuple[Bits, ...] | None:
        parts = replace(whole, witnesses=one), replace(whole, witnesses=other)
        found = meet(space().layouts, *parts, 1)
        return None if found is None else found.witnesses

    assert (1,) == together((1,), (1,))
    assert (1, 4) == together((1,), (1, 4))
    # There is no third: more than two are taken to be there.
    assert (1, 2) == together((1, 2), (1, 4))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_guard_is_true_where_one_of_its_alternatives_is(seed: int) -> None:
    """A step would be taken where its guard is false, or be overlooked where it is true."""
    random = Random(seed)
    whole = space()
    thread = whole.system.replicated[0]
    leaves: list[Expr] = [
        equal(Shared(v.name), Const(random.choice(v.domain.values)))
        for v in random.sample(whole.system.program.shared, 3)
    ]
    leaves += [
        compare("<", Shared(v.name), Const(v.domain.values[-1]))
        for v in random.sample(whole.system.program.shared, 2)
    ]
    leaves += [equal(Local(v.name), Const(v.domain.values[0])) for v in thread.locals[:2]]
    leaves += [Mine(lock.name, "any") for lock in whole.system.program.locks[:2]]

    def some(depth: int) -> Expr:
        if not depth:
            return random.choice(leaves)
        join = random.choice([conj, disj])
        made = join(some(depth - 1) for _ in range(2))
        return random.choice([made, negate(made)])

    def value(shared: Bits, own: Bits, atom: Atom) -> Expr:
        if isinstance(atom, Mine):
            f = whole.replicated.find("lock", atom.lock)
            return Const(int(not own & f.bit(0) & f.full))
        assert isinstance(atom, Shared | Local)
        f = whole.layouts.variable(atom, Role(kind=0))
        bits = own if isinstance(atom, Local) else shared
        return Const(next(v for v in f.values if bits & f.bit(v)))

    answers = set()
    for _ in range(20):
        guard = some(3)
        found = alternatives(whole.layouts, guard, Role(kind=0))
        assert found == distinct(found)
        for _ in range(20):
            shared = one_of(random, whole.shared, whole.shared.full)
            own = one_of(random, whole.replicated, whole.replicated.full)
            there = any(not shared & ~one.shared and not own & ~one.own for one in found)
            true = rebuild(guard, partial(value, shared, own))
            assert Const(int(there)) == true
            answers.add(there)
    assert {True, False} == answers
