"""The search replaced by a liar: whatever is put forward, nothing wrong is proved."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest

from tests.parameterised.tiny import lowered
from tests.programs.binder import program as binder
from verify.certify.lemmas import REPLICATED_STRIDE, Lemma, Literal
from verify.certify.obligations import NAMED, Writer
from verify.certify.places import places
from verify.certify.proof import Grounds, UnfoundedError, confirm, obligations
from verify.certify.system import System, system_of
from verify.ir import Program

# Each of these has claims that a run breaks, or a circle of waiting.
RACE = """
thread a "a" { look(); x = true; x = false; }
scenario s "s": a[*];
claim apart "one at a time" before look: !x;
claim never-x "x stays false" never: x;
claim fine "this is true" before look: true;
"""
CROSSED = """
thread a "a" { mutex_lock(&m); mutex_lock(&n); mutex_unlock(&n); mutex_unlock(&m); }
thread b "b" { mutex_lock(&n); mutex_lock(&m); mutex_unlock(&m); mutex_unlock(&n); }
scenario s "s": a[*], b[*];
"""
FALSE = {"race": {"apart", "never-x"}, "crossed": {"stuck"}}


def parts(name: str) -> tuple[Program, System]:
    program = lowered({"race": RACE, "crossed": CROSSED}[name])
    return program, system_of(program, program.scenarios[0])


def lie(random: Random, system: System) -> Lemma:
    """Any lemma about what there is, and now and then about what there is not."""
    writer = Writer(system, ())
    domains = dict(writer.declared(writer.named()))
    shared: list[Literal] = []
    replicated: list[list[Literal]] = [[] for _ in range(random.randrange(3))]
    for _ in range(random.randint(0, 3)):
        name = random.choice(sorted(domains))
        values = tuple(v for v in domains[name] if random.random() < 0.4)
        who, _, what = name.partition("/")
        if who == "held":
            shared.append(Literal("held", what, -1, values))
        elif not what:
            shared.append(Literal("shared", name, -1, values))
        elif who in NAMED and replicated:
            kind, _, rest = what.partition(" ")
            kind = kind if kind in ("pc", "lock") else "local"
            random.choice(replicated).append(
                Literal(
                    kind, rest if kind == "lock" else what if kind == "local" else "", -1, values
                )
            )
    return Lemma(tuple(shared), tuple(map(tuple, replicated)))


def lies(name: str, count: int) -> Iterator[tuple[Program, System, Grounds]]:
    program, system = parts(name)
    names = [c.name for c in program.claims if c.name != "vacuity"]
    spots = range(len(places(system)))
    for seed in range(count):
        random = Random(seed)
        lemmas = tuple(lie(random, system) for _ in range(random.randrange(5)))
        direct = {
            claim: tuple(i for i in range(len(lemmas)) if random.random() < 0.7)
            for claim in names
            if random.random() < 0.7
        }
        arrows = tuple(
            (one, two)
            for one in spots
            for two in spots
            if "stuck" in direct and random.random() < 0.4
        )
        yield program, system, Grounds(lemmas, direct, arrows)


@pytest.mark.slow
@pytest.mark.parametrize("name", FALSE)
def test_a_liar_proves_nothing_that_is_false(name: str) -> None:
    """If it fails, a fault in the search can make a wrong proof."""
    written = accepted = 0
    for program, system, grounds in lies(name, 120):
        try:
            texts = obligations(program, system, grounds)
        except UnfoundedError:
            continue
        written += 1
        refused = confirm(texts, ("z3",))
        if "" not in refused:
            accepted += 1
            assert not (set(grounds.direct) - set(refused)) & FALSE[name]

    # Else every lie was refused for its form, or for what its lemmas are.
    assert written > 20
    assert accepted > 0


@pytest.mark.slow
def test_each_false_claim_of_binder_stays_unproved_whatever_lemmas_are_put_forward() -> None:
    """If it fails, the lemmas of a right version prove a wrong one."""
    program = binder("v3")
    system = system_of(program, program.scenarios[0])
    false = ("memory", "balance", "table")
    states = Lemma((), ())
    for lemmas in ((), (states,)):
        direct = {claim: tuple(range(len(lemmas))) for claim in false}
        refused = confirm(obligations(program, system, Grounds(lemmas, direct)), ("z3",))

        # That nothing ever happens is a lemma that the first state contradicts.
        assert refused.keys() >= ({""} if lemmas else {"memory"})


BAD: dict[str, Grounds] = {
    "vacuity": Grounds((), {"vacuity": ()}),
    "a claim that there is not": Grounds((), {"nothing": ()}),
    "a lemma that there is not": Grounds((), {"apart": (0,)}),
    "a lemma twice": Grounds((Lemma((), ()),), {"apart": (0, 0)}),
    "arrows for nothing": Grounds((), {"apart": ()}, ((0, 0),)),
    "arrows out of range": Grounds((), {"stuck": ()}, ((0, 99),)),
    "an unknown variable": Grounds(
        (Lemma((Literal("shared", "q", -1, (0,)),), ()),), {"apart": ()}
    ),
    "an unknown kind": Grounds((Lemma((Literal("other", "x", -1, (0,)),), ()),), {"apart": ()}),
    "a thread that there is not": Grounds(
        (Lemma((Literal("pc", "", 7, (0,)),), ()),), {"apart": ()}
    ),
    "a shared literal of a thread": Grounds(
        (Lemma((), ((Literal("shared", "x", -1, (0,)),),)),), {"apart": ()}
    ),
    "a value out of range": Grounds(
        (Lemma((Literal("shared", "x", -1, (7,)),), ()),), {"apart": ()}
    ),
    "a point out of range": Grounds(
        (Lemma((), ((Literal("pc", "", -1, (REPLICATED_STRIDE,)),),)),), {"apart": ()}
    ),
    "three of the replicated threads": Grounds((Lemma((), ((), (), ())),), {"apart": ()}),
}


@pytest.mark.parametrize("name", BAD)
def test_what_proves_nothing_is_refused_before_a_solver_is_asked(name: str) -> None:
    """If it fails, a text about something else is answered `unsat`, and counts."""
    program, system = parts("race")

    with pytest.raises(UnfoundedError):
        obligations(program, system, BAD[name])


def test_a_circle_is_refused_before_a_solver_is_asked() -> None:
    """If it fails, threads that wait for each other are proved to go on."""
    program, system = parts("crossed")
    spots = range(len(places(system)))
    every = tuple((one, two) for one in spots for two in spots)

    with pytest.raises(UnfoundedError, match="CIRCLE"):
        obligations(program, system, Grounds((), {"stuck": ()}, every))
