"""The five versions for any number of shrinkers: what is proved, and by which obligations."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from tests.parameterised.facts import reached
from tests.programs.binder import NAMES, program, result, reuse, verdicts
from verify.certify.proof import confirm
from verify.certify.system import system_of
from verify.engine.prove import combined
from verify.engine.unbounded import Proof, prove
from verify.ir import Scenario
from verify.verdicts import Bounded, Refuted, Result

REFUTED = {
    "base": {"progress-foreign"},
    "v1": {"progress-foreign", "progress-unmapped"},
    "v2": {"no-live-mapping", "progress-foreign", "table"},
    "v3": {"balance", "stuck", "table"},
    "v3-balanced": set(),
}
# Nobody splits the mapping in this scenario, or exits: `goto err_mmget` is not reached.
ABSENT = {"progress-split", "progress-survivor", "vacuity"}


@cache
def proof(name: str) -> Proof:
    standing = [a.claim for a in result(name).answers if isinstance(a.verdict, Bounded)]
    return prove(program(name), reuse(program(name)), standing)


@cache
def whole(name: str) -> Result:
    return combined(program(name), reuse(program(name)), result(name), proof(name))


def every_claim(name: str) -> set[str]:
    return {claim.name for claim in program(name).claims}


@pytest.mark.parametrize("name", NAMES)
def test_what_no_run_refutes_is_proved_for_any_number(name: str) -> None:
    """If it fails, a claim of one of the five versions has lost its proof, or its run."""
    found = verdicts(whole(name))
    expected = {
        claim: "refuted" if claim in REFUTED[name] else "proved" for claim in every_claim(name)
    } | dict.fromkeys(ABSENT, "absent")

    assert expected == found
    assert {} == proof(name).open


@pytest.mark.parametrize("name", NAMES)
def test_what_is_refuted_keeps_its_run(name: str) -> None:
    """If it fails, the proof of other claims has overwritten a refutation."""
    runs = {a.claim: a.verdict.run for a in whole(name).answers if isinstance(a.verdict, Refuted)}

    assert REFUTED[name] == set(runs)
    assert all(run.steps and run.end for run in runs.values())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("solver", ["z3", "cvc5"])
def test_each_solver_alone_finds_every_obligation_unsat(name: str, solver: str) -> None:
    """If it fails, a proof rests on the word of one solver."""
    found = proof(name).obligations

    assert {"init", "step-shrinker-named", "step-shrinker-other"} <= {o.name for o in found}
    assert {} == confirm(found, (solver,))


@pytest.mark.parametrize("name", NAMES)
def test_there_is_an_obligation_for_each_claim_and_each_thread(name: str) -> None:
    """If it fails, something is proved by leaving out what would have to be shown."""
    found = [o.name for o in proof(name).obligations]
    expected = {"init", "step-munmap", "step-mmap_foreign", "step-fork"}
    expected |= {"step-shrinker-named", "step-shrinker-other"}
    expected |= {f"claim-{c}" for c in every_claim(name) - REFUTED[name] - ABSENT}

    assert expected == set(found)
    assert len(found) == len(set(found))


@pytest.mark.parametrize("name", ["base", "v3-balanced"])
def test_no_state_of_a_small_instance_contradicts_a_lemma(name: str) -> None:
    """If it fails, both solvers agree on something that the interpreter sees happen."""
    system = system_of(program(name), reuse(program(name)))

    assert [] == reached(system, proof(name).lemmas, 1)


def two_of_each(scenario: Scenario, forever: frozenset[str] = frozenset()) -> Scenario:
    """The scenario with two of those that are there any number of times."""
    members = tuple((name, 2 if count is None else count) for name, count in scenario.members)
    return Scenario("two", "two shrinkers", members, scenario.forever | forever)


def test_a_fixed_number_of_shrinkers_is_proved_with_loops() -> None:
    """If it fails, only [*] is proved, and two callers called again and again are not."""
    found = program("v3-balanced")
    fixed = two_of_each(reuse(found), frozenset({"shrinker"}))
    standing = sorted(every_claim("v3-balanced") - {"vacuity"})
    shown = prove(replace(found, scenarios=(fixed,)), fixed, standing)
    steps = [o.name for o in shown.obligations if "shrinker" in o.name]

    assert {} == shown.open
    assert set(standing) == set(shown.shares)
    assert all(lemma.replicated == () for lemma in shown.lemmas)
    assert ["step-shrinker", "step-shrinker-1"] == steps


def test_what_is_wrong_with_a_fixed_number_is_not_proved() -> None:
    """If it fails, two shrinkers are proved to be what one is shown not to be."""
    found = program("v3")
    fixed = two_of_each(reuse(found))
    shown = prove(found, fixed, sorted(every_claim("v3") - {"vacuity"}))

    assert REFUTED["v3"] == set(shown.open)


@pytest.mark.parametrize("name", NAMES)
def test_a_refuted_claim_is_not_proved_even_if_nobody_says_that_it_is_refuted(name: str) -> None:
    """If it fails, only the bounded engine keeps a wrong claim from being proved."""
    wrong = sorted(REFUTED[name])
    shown = prove(program(name), reuse(program(name)), wrong)

    assert set(wrong) == set(shown.open)
    assert {} == shown.shares
