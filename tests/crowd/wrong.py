"""Wrong lemmas: those of a proof, one of them left out or made to say too much."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random

import pytest

from tests.campaign import MAKERS
from tests.crowd.facts import reached
from verify.certify.lemmas import Lemma
from verify.certify.proof import Grounds, confirm, obligations
from verify.certify.world import World, world
from verify.engine import unbounded
from verify.engine.unbounded import prove
from verify.ir import Program


def changed(random: Random, lemmas: Sequence[Lemma]) -> tuple[Lemma, ...]:
    """The lemmas with one left out, or without one of its literals or threads."""
    kept = list(lemmas)
    position = random.randrange(len(kept))
    one = kept[position]
    how = random.choice(("drop", "thread", "literal", "literal", "literal"))
    if how == "drop":
        del kept[position]
    elif how == "thread" and one.crowd:
        kept[position] = replace(one, crowd=one.crowd[1:])
    else:
        parts = [list(one.shared), *map(list, one.crowd)]
        full = [part for part in parts if part]
        if full:
            part = random.choice(full)
            del part[random.randrange(len(part))]
        shared, *crowd = (tuple(part) for part in parts)
        kept[position] = Lemma(shared, tuple(sorted(crowd)))
    return tuple(kept)


def accepted(program: Program, scene: World, lemmas: Sequence[Lemma]) -> bool:
    """The obligations say that the lemmas are kept for ever, whatever anybody does."""
    return not confirm(obligations(program, scene, Grounds(tuple(lemmas), {})), ("z3",))


def contradictions(kind: str, seeds: range) -> Iterator[str]:
    """The seeds in which changed lemmas are accepted, and an instance contradicts one."""
    for seed in seeds:
        case = MAKERS[kind](seed)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(unbounded, "confirm", lambda *_: {})
            proof = prove(case.program, case.scenario, case.claims)
        if not proof.lemmas:
            continue
        scene = world(case.program, case.scenario)
        number = 3 if len(scene.crowd) == 1 and len(scene.singles) < 2 else 1
        random = Random(seed)
        for _ in range(2):
            lemmas = changed(random, proof.lemmas)
            if accepted(case.program, scene, lemmas):
                for one in reached(scene, lemmas, number):
                    yield f"{kind} {seed}: {one}"
