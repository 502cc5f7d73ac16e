"""Obligations of programs of a few lines: which lemmas are a proof, and what says that others
are none."""

from __future__ import annotations

import pytest

from tests.ir.text import ir
from verify.certify.lemmas import Lemma, Literal
from verify.certify.obligations import Obligation
from verify.certify.proof import Grounds, LoopsError, UnfoundedError, confirm, obligations
from verify.certify.system import UnsupportedError, system_of
from verify.reasons.limits import ArithmeticLimit

HEAD = """
shared x: bool = 0
shared y: bool = 0
shared n: 0..3 = 1
lock m: mutex
lock r: rwsem
claim c
claim stuck built in
"""


def shared(name: str, *values: int) -> Literal:
    return Literal("shared", name, -1, values)


def bit(lock: str, value: int) -> Literal:
    """Whether somebody of any number holds a lock exclusively."""
    return Literal("held", lock, -1, (value,))


def at(*pcs: int, thread: int = -1) -> Literal:
    return Literal("pc", "", thread, pcs)


def holds(lock: str, *modes: int, thread: int = -1) -> Literal:
    return Literal("lock", lock, thread, modes)


def never(*literals: Literal) -> Lemma:
    """Of shared state and of threads that are there once."""
    return Lemma(literals, ())


def nobody(*part: Literal, beside: tuple[Literal, ...] = ()) -> Lemma:
    """No thread of any number is so."""
    return Lemma(beside, (part,))


def no_two(part: Literal, other: Literal) -> Lemma:
    return Lemma((), ((part,), (other,)))


def written(
    text: str, lemmas: tuple[Lemma, ...], claim: str = "c", direct: tuple[int, ...] | None = None
) -> tuple[Obligation, ...]:
    """The obligations for one claim, which rests on all lemmas if it is not said on which."""
    program = ir(HEAD + text)
    rests = tuple(range(len(lemmas))) if direct is None else direct
    return obligations(
        program, system_of(program, program.scenarios[0]), Grounds(lemmas, {claim: rests})
    )


def refused(*asked: object) -> set[str]:
    """The obligations that both solvers find satisfiable."""
    found = confirm(written(*asked)).values()  # type: ignore[arg-type]
    assert all((("z3", "sat"), ("cvc5", "sat")) == reason.answers for reason in found)
    return {reason.obligation for reason in found}


ORDERED = """
scenario s: t
thread t: 0 to 9 0 -> 1 do x = 1 1 -> 9 do y = 1
observer o of c: 0 to 0 0 breaks c when y && !x
"""
MUTEX = """
scenario s: t*
thread t: 0 to 9 0 -> 1 when !others(m) do hold m 1 -> 9 do hold m free
    1 breaks c when others(m)
"""
OF_MUTEX = (nobody(at(1), holds("m", 0, 1)),)
READERS = """
scenario s: t*, u
thread t: 0 to 9 0 -> 1 when !others(r, exclusive) do hold r shared 1 -> 9 do hold r free
    1 breaks c when x
thread u: 0 to 9 0 -> 1 when !others(r) do hold r 1 -> 2 do x = 1 2 -> 3 do x = 0
    3 -> 9 do hold r free
"""
OF_READERS = (
    Lemma((holds("r", 2, thread=0),), ((holds("r", 1, 2),),)),
    nobody(at(1), holds("r", 0)),
    never(at(0, 1, 3, 9, thread=0), shared("x", 1)),
    never(at(1, 2, 3, thread=0), holds("r", 0, 1, thread=0)),
)
SUMS = """
scenario s: t
thread t: 0 to 9 0 -> 1 when n == 1 do n = x ? 3 : n + 1
    1 breaks c when n * 2 < n + 2 1 breaks c when (n - 3) < -1 1 -> 9 do n = n - 1
"""
# What nobody reads any more may still be stored.
TRUTHS = """
scenario s: t
thread t: 0 to 9 0 -> 1 when !held(m) do n = !held(m); %gone = 1
    1 breaks c when n != (0 < n) 1 -> 9 do n = 0
"""
FORGETS = """
scenario s: t*
thread t: 0 to 9 local i: 0..2 = 1
    0 -> 1 do i = 2 1 -> 2 forget i 2 breaks c when i != 1 2 -> 9
"""
FLAGGED = """
scenario s: t*
thread t: 0 to 9 0 -> 1 when !others(m) do hold m; x = 1 1 -> 9 do hold m free; x = 0
"""
UPGRADES = """
scenario s: t*
thread t: 0 to 9 0 -> 1 when !others(r, exclusive) do hold r shared
    1 -> 2 when !others(r) do hold r 2 breaks c
"""
THREE = """
lock s: rwsem
lock q: rwsem
scenario s: i*, j*, k*, u
thread i: 0 to 9 0 -> 1 when !others(r, exclusive) do hold r shared
thread j: 0 to 9 0 -> 1 when !others(s, exclusive) do hold s shared
thread k: 0 to 9 0 -> 1 when !others(q, exclusive) do hold q shared
thread u: 0 to 9 0 -> 1 when others(r, shared) && others(s, shared) && others(q, shared)
    do x = 1 1 breaks c
"""
# Each kind takes its own lock and no other.
OF_THREE = tuple(
    nobody(at(1000 * kind, 1000 * kind + 1), holds(lock, 1, 2))
    for kind, own in enumerate("rsq")
    for lock in "rsq"
    if lock != own
)
BOTH = """
scenario s: t*, u*
thread t: 0 to 9 0 -> 1 do x = 1 1 -> 9
thread u: 0 to 9 0 -> 1 when !x do y = 1 1 -> 9 do y = 0 1 breaks c when x && !y
"""
HOLDS: dict[str, tuple[str, tuple[Lemma, ...]]] = {
    "one after the other": (
        ORDERED,
        (never(shared("x", 0), shared("y", 1)), never(at(1, thread=0), shared("x", 0))),
    ),
    "a mutex and any number": (MUTEX, OF_MUTEX),
    "any number of readers and a writer": (READERS, OF_READERS),
    "arithmetic": (SUMS, (never(at(1, thread=0), shared("n", 0, 1)),)),
    "a truth is a number": (TRUTHS, (never(at(1, thread=0), shared("n", 0, 2, 3)),)),
    "what is forgotten is as at first": (
        FORGETS,
        (nobody(at(0, 2), Literal("local", "0:i", -1, (0, 2))),),
    ),
    "who holds a lock exclusively has set its bit": (
        MUTEX,
        (
            *OF_MUTEX,
            no_two(holds("m", 2), holds("m", 2)),
            nobody(holds("m", 2), beside=(bit("m", 0),)),
        ),
    ),
    "who gives a lock up has cleared its bit": (
        FLAGGED,
        (
            no_two(holds("m", 2), holds("m", 2)),
            nobody(holds("m", 2), beside=(bit("m", 0),)),
            nobody(at(1), holds("m", 0, 1)),
            never(bit("m", 1), shared("x", 0)),
        ),
    ),
    "nobody sets the bit of a lock that is taken shared": (
        READERS,
        (*OF_READERS, nobody(holds("r", 2)), never(bit("r", 1))),
    ),
    "each takes its own": (THREE.replace("1 breaks c", ""), OF_THREE),
    "nothing can break it": ("scenario s: t thread t: 0 to 9 0 -> 9 do x = 1", ()),
}


@pytest.mark.parametrize(("text", "lemmas"), HOLDS.values(), ids=HOLDS.keys())
def test_lemmas_that_keep_each_other_are_a_proof(text: str, lemmas: tuple[Lemma, ...]) -> None:
    """What is true for any number of threads could not be proved."""
    assert set() == refused(text, lemmas)


@pytest.mark.parametrize(("text", "lemmas"), list(HOLDS.values())[:6], ids=list(HOLDS)[:6])
def test_no_lemma_can_be_left_out(text: str, lemmas: tuple[Lemma, ...]) -> None:
    """A lemma that is assumed and not shown would prove anything."""
    for i in range(len(lemmas)):
        assert set() != refused(text, (*lemmas[:i], *lemmas[i + 1 :]))


# What is false, or does not follow; and the first obligation that says so.
FAILS: dict[str, tuple[tuple[object, ...], str]] = {
    "the first state contradicts it": ((ORDERED, (never(shared("x", 0)),)), "init"),
    "the first state of any number contradicts it": ((MUTEX, (nobody(at(0)),)), "init"),
    "a step of a thread that is there once": ((ORDERED, (never(shared("y", 1)),)), "step-t"),
    "a step of one that is named": ((MUTEX, (nobody(holds("m", 2)),)), "step-t-named"),
    "a step of a third": (
        (BOTH, (Lemma((shared("x", 1),), ((at(1001),), (at(1001),))),)),
        "step-t-other",
    ),
    "it does not exclude what breaks the claim": ((ORDERED, ()), "claim-c"),
    "it is not among those that the claim rests on": (
        (ORDERED, HOLDS["one after the other"][1], "c", (1,)),
        "claim-c",
    ),
    "two readers are together": (
        (READERS, (no_two(holds("r", 1), holds("r", 1)),)),
        "step-t-named",
    ),
    "who holds it itself is not among the others": (
        (UPGRADES, (nobody(at(1), holds("r", 0)), nobody(at(2)))),
        "step-t-named",
    ),
    "it takes more to hold the locks than are named": (
        (THREE, (*OF_THREE, never(shared("x", 1)))),
        "step-u",
    ),
    "a lock is given up": ((MUTEX, (nobody(holds("m", 0)),)), "init"),
}


@pytest.mark.parametrize(("asked", "name"), FAILS.values(), ids=FAILS.keys())
def test_what_does_not_follow_is_refused_by_name(asked: tuple[object, ...], name: str) -> None:
    """What is false would be proved, for ever and for any number of threads."""
    assert {name} == refused(*asked)


def test_each_thread_moves_in_an_obligation_of_its_own() -> None:
    """Steps of one thread would not be looked at."""
    program = "scenario s: t*, u x 2, v thread t: 0 to 1 thread u: 0 to 1 thread v: 0 to 1"
    names = ["init", "step-u", "step-u-1", "step-v", "step-t-named", "step-t-other", "claim-c"]

    assert names == [obligation.name for obligation in written(program, ())]
    assert [""] * 6 + ["c"] == [obligation.claim for obligation in written(program, ())]


RESTS = """
claim last alone
scenario s: t
thread t: 0 to 9 0 -> 1 do x = 1 1 -> 9 do x = 0
solo last of last: 0 to 9 0 -> 1 1 breaks last when x 1 -> 9 when !x
"""


def test_a_run_alone_starts_where_all_rest() -> None:
    """Progress would be denied for a state in the midst of things, or proved for none."""
    at_rest = never(at(0, 9, thread=0), shared("x", 1))

    assert set() == refused(RESTS, (at_rest,), "last")
    assert {"claim-last"} == refused(RESTS, (), "last")
    # The lonely thread is not one of those that move.
    assert ["init", "step-t", "claim-last"] == [o.name for o in written(RESTS, (), "last")]


def test_a_run_alone_with_loops_is_not_written() -> None:
    """A run that was cut off would be proved to succeed."""
    text = "claim last alone scenario s: t thread t: 0 to 9 solo last of last: 0 to 9 0 -> 0 when x"

    with pytest.raises(LoopsError):
        written(text, (), "last")


ONE_LOCK = """
scenario s: t*
thread t: 0 to 9 0 -> 1 do x = 1 1 -> 2 when !others(m) do hold m 2 -> 9 do hold m free
"""


def test_who_waits_for_one_lock_waits_for_somebody_who_goes_on() -> None:
    """A deadlock would be proved away, or the simplest section be open."""
    resting = nobody(at(0), holds("m", 1, 2))
    again = nobody(at(1), holds("m", 1, 2))

    assert set() == refused(ONE_LOCK, (resting, again), "stuck")
    assert {"claim-stuck"} == refused(ONE_LOCK, (), "stuck")


def test_who_waits_for_a_value_is_not_proved_to_go_on() -> None:
    """Nobody need ever store it."""
    text = "scenario s: t thread t: 0 to 9 0 -> 1 1 -> 9 when x"

    assert {"claim-stuck"} == refused(text, (), "stuck")


def test_numbers_that_fit_no_width_are_refused() -> None:
    """They would wrap around, and a claim hold of what they come to then."""
    product = " * ".join(["n"] * 60)
    text = f"scenario s: t thread t: 0 to 9 0 breaks c when {product} < 0"

    with pytest.raises(UnsupportedError) as raised:
        written(text, ())
    assert ArithmeticLimit(9**60) == raised.value.reason


@pytest.mark.parametrize("count", [1, 4, 6, 12, 18])
def test_numbers_have_room_for_what_is_computed(count: int) -> None:
    """3 * 3 * ... would be negative where the width is too small."""
    product = " * ".join(["n"] * count)
    text = f"scenario s: t thread t: 0 to 9 0 -> 1 do n = 3 1 breaks c when {product} < 3 1 -> 9"

    assert set() == refused(text, (never(at(1, thread=0), shared("n", 0, 1, 2)),))


def test_a_lemma_about_three_of_any_number_is_refused() -> None:
    """With three named and one that moves, the texts would speak of too few."""
    three = Lemma((), ((at(1),), (at(1),), (at(1),)))

    with pytest.raises(UnfoundedError):
        written(MUTEX, (three,))


def test_a_run_alone_begins_with_no_lock() -> None:
    """It would begin with what some other thread holds."""
    text = RESTS.replace("0 -> 1 1 breaks last when x", "0 -> 1 when !held(m) 1 breaks last when x")
    mine = RESTS.replace("0 -> 1 1 breaks last when x", "0 -> 1 1 breaks last when held(m)")
    at_rest = never(at(0, 9, thread=0), shared("x", 1))

    assert set() == refused(text, (at_rest,), "last")
    assert set() == refused(mine.replace("when !x", ""), (), "last")


def test_whoever_waits_is_told_what_is_asked() -> None:
    """A check of minutes would look like one that hangs."""
    told: list[str] = []
    confirm(written(ORDERED, ()), ("z3",), told.append)

    assert ["init", "step-t", "claim-c"] == told
