"""Wrong lemmas: those of a proof, one of them left out or made to say too much."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random

import pytest

from tests.campaign import MAKERS
from tests.parameterised.facts import reached
from verify.certify.lemmas import Lemma
from verify.certify.proof import Grounds, confirm, obligations
from verify.certify.system import System, system_of
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
    elif how == "thread" and one.replicated:
        kept[position] = replace(one, replicated=one.replicated[1:])
    else:
        parts = [list(one.shared), *map(list, one.replicated)]
        full = [part for part in parts if part]
        if full:
            part = random.choice(full)
            del part[random.randrange(len(part))]
        shared, *replicated = (tuple(part) for part in parts)
        kept[position] = Lemma(shared, tuple(sorted(replicated)))
    return tuple(kept)


def accepted(program: Program, system: System, lemmas: Sequence[Lemma]) -> bool:
    """The obligations say that the lemmas are kept for ever, whatever anybody does."""
    return not confirm(obligations(program, system, Grounds(tuple(lemmas), {})), ("z3",))


def contradictions(kind: str, seeds: range) -> Iterator[str]:
    """The seeds in which changed lemmas are accepted, and an instance contradicts one."""
    for seed in seeds:
        case = MAKERS[kind](seed)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(unbounded, "confirm", lambda *_: {})
            proof = prove(case.program, case.scenario, case.claims)
        if not proof.lemmas:
            continue
        system = system_of(case.program, case.scenario)
        number = 3 if len(system.replicated) == 1 and len(system.fixed) < 2 else 1
        random = Random(seed)
        for _ in range(2):
            lemmas = changed(random, proof.lemmas)
            if accepted(case.program, system, lemmas):
                for one in reached(system, lemmas, number):
                    yield f"{kind} {seed}: {one}"
