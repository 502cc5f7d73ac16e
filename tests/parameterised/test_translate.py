"""Lemmas and cubes: the same, said twice."""

from __future__ import annotations

from itertools import product

import pytest

from tests.ir.text import ir
from verify.certify.lemmas import Lemma, Literal
from verify.certify.system import system_of
from verify.parameterised.encoding import encoded
from verify.parameterised.layout import Layouts
from verify.parameterised.translate import cube_of, lemma_of

TEXT = """
shared x: bool = 0
shared n: 0..2 = 0
lock m: mutex
claim c
scenario s: t*, u
thread t: 0 to 2 local i: 0..2 = 0
    0 -> 1 when !others(m) do hold m; i = n 1 -> 2 when i == 1 do hold m free; x = 1
thread u: 0 to 1 0 -> 1 do n = 2 0 breaks c when x
"""
X, N = Literal("shared", "x", -1, (1,)), Literal("shared", "n", -1, (0, 2))
U = Literal("pc", "", 0, (1,))
T, I0 = Literal("pc", "", -1, (1,)), Literal("local", "0:i", -1, (0, 1))
M = Literal("lock", "m", -1, (2,))


def layouts() -> Layouts:
    program = ir(TEXT)
    return encoded(system_of(program, program.scenarios[0])).layouts


LEMMAS = {
    "shared state": Lemma((N, X), ()),
    "a thread that is there once": Lemma((X, U), ()),
    "one of any number": Lemma((X,), ((T, I0),)),
    "two of any number": Lemma((), ((T,), (T, M))),
    "nothing at all": Lemma((), ()),
}


@pytest.mark.parametrize("name", LEMMAS)
def test_a_lemma_is_its_cube_and_the_cube_the_lemma(name: str) -> None:
    """What is certified would be another lemma than the one that was found."""
    fields = layouts()
    lemma = LEMMAS[name]
    again = lemma_of(fields, cube_of(fields, lemma))

    assert cube_of(fields, lemma) == cube_of(fields, again)
    assert set(lemma.shared) == set(again.shared)
    assert sorted(map(sorted, lemma.replicated)) == sorted(map(sorted, again.replicated))


def test_what_a_lemma_does_not_speak_of_may_be_anything() -> None:
    """It would forbid less than it says."""
    fields = layouts()
    whole, part = cube_of(fields, Lemma((), ())), cube_of(fields, Lemma((X,), ()))

    assert whole.shared == fields.shared.full
    assert part.shared & whole.shared == part.shared != whole.shared


def test_two_literals_of_one_variable_hold_together() -> None:
    """A lemma of both would be that of one."""
    fields = layouts()
    both = cube_of(fields, Lemma((N, Literal("shared", "n", -1, (1, 2))), ()))

    assert cube_of(fields, Lemma((Literal("shared", "n", -1, (2,)),), ())) == both


def test_different_lemmas_are_different_cubes() -> None:
    """One of them would be left out as said already."""
    fields = layouts()

    for one, other in product(LEMMAS.values(), repeat=2):
        assert (one == other) == (cube_of(fields, one) == cube_of(fields, other))
