"""The tool against the reference interpreter, with which it shares the checked tree alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from tests.opinions import engine_view
from tests.second import Report, compare, keep_mutants, mutant_report, text_report
from tests.whole import checked_text, random_program
from verify import interpret
from verify.certify import places as crowd_waiting
from verify.ir import CASE, FALSE, Const, Local
from verify.lower import contracts, fuse, program, threads
from verify.lower.accesses import accesses
from verify.lower.program import lower
from verify.lower.values import choices
from verify.smt import order
from verify.syntax.checked import Checked
from verify.syntax.resolve import read

FINDINGS = Path(__file__).resolve().parents[1] / "findings"
MUTANTS = 16


@pytest.mark.parametrize("first", range(1000, 1200, 10))
def test_random_texts_in_the_whole_language_mean_the_same_to_both(first: int) -> None:
    """What lowering or the definition of waiting gets wrong, every engine gets wrong alike."""
    for seed in range(first, first + 10):
        assert [] == text_report(seed).differences, seed


@pytest.mark.parametrize("index", range(MUTANTS))
def test_mutants_of_the_shipped_programs_and_models_mean_the_same_to_both(index: int) -> None:
    """A fault in a program or a model would be taken for another one."""
    keep_mutants(MUTANTS)
    report = mutant_report(index)

    assert [] == report.differences, report.name


def finding(name: str) -> Checked:
    return read(FINDINGS / f"{name}.bfp")


def differences(name: str, whole: bool = False) -> list[str]:
    """What the two say differently of a program on which the tool was once wrong."""
    checked = finding(name)
    report = Report(name)
    for scenario in checked.scenarios:
        compare(checked, scenario.name, report, whole)
    return [difference.text for difference in report.differences]


@pytest.mark.parametrize(
    "name",
    [
        "dies-in-another-turn",
        "kept-by-a-condition",
        "lasting-store",
        "negative-range",
        "not-by-locks-alone",
        "when-about-a-lock",
    ],
)
def test_what_the_campaign_found_stays_mended(name: str) -> None:
    """One text in two thousand was read in two ways, or crashed the tool."""
    assert [] == differences(name, whole=True)


def a_broken_claim_is_a_way_on(patch: pytest.MonkeyPatch) -> None:
    for module in (interpret, order, crowd_waiting):
        patch.setattr(module, "goes_on", lambda _: True)
    patch.setattr(interpret, "way_on", lambda commands: order.disj(c.guard for c in commands))
    patch.setattr("verify.explore.goes_on", lambda _: True)


def another_turn_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    plain = interpret.Machine.__init__

    def init(self: interpret.Machine, *args: object, **named: object) -> None:
        plain(self, *args, **named)  # type: ignore[arg-type]
        self.again = frozenset()

    patch.setattr(interpret.Machine, "__init__", init)


def a_step_is_swallowed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(fuse, "_closed", lambda *_: None)


def a_call_begins_with_what_the_last_one_did(patch: pytest.MonkeyPatch) -> None:
    plain = threads.Threads.emit

    def emit(
        self: threads.Threads, source: int, target: int, *args: object, **named: object
    ) -> None:
        if len(args) > 1:
            guard, updates, *rest = args
            kept = [
                (place, new)
                for place, new in updates  # type: ignore[attr-defined]
                if not (place == Local(CASE) and new == Const(0))
                and not (isinstance(place, Local) and ".did." in place.name and new == FALSE)
            ]
            args = (guard, kept, *rest)
        plain(self, source, target, *args, **named)  # type: ignore[arg-type]

    patch.setattr(threads.Threads, "emit", emit)


def a_contract_reads_at_the_return(patch: pytest.MonkeyPatch) -> None:
    plain = contracts.Contracts._balance

    def balance(self: contracts.Contracts, function: object, frame: object, *rest: object) -> None:
        names = self.names()
        addresses = [
            address
            for promise in self.program.contracts.get(function.name, ())  # type: ignore[attr-defined]
            for _, address in promise.effects
        ]
        frame.promised = {a.span: choices(a, names) for a in addresses}  # type: ignore[attr-defined]
        plain(self, function, frame, *rest)  # type: ignore[arg-type]

    patch.setattr(contracts.Contracts, "_balance", balance)


def every_turn_begins_with_nothing_held(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(program, "ends_as_it_began", lambda *_: True)


RELEASES_LATE = """
struct lru { spinlock_t lock; };
struct lru a;
struct lru b;
enum st { NO, YES };
primitive void spin_lock(spinlock_t *l) { acquire(l); }
primitive void spin_unlock(spinlock_t *l) { release(l); }
enum st f(struct lru *lru)
{
	spin_unlock(&lru->lock);
	lru = &b;
	return NO;
}
contract f { NO, YES: releases(&lru->lock); }
thread t { enum st r; spin_lock(&a.lock); r = f(&a); }
scenario s "s": t;
"""


@pytest.mark.parametrize(
    ("sabotage", "name", "whole"),
    [
        (a_broken_claim_is_a_way_on, "stuck-masked-1", False),
        (another_turn_is_forgotten, "false-stuck", False),
        (a_step_is_swallowed, "swallowed-1", False),
        (a_call_begins_with_what_the_last_one_did, "did-in-loop-2", False),
        (a_call_begins_with_what_the_last_one_did, "table-in-loop", False),
        (every_turn_begins_with_nothing_held, "again-with-lock", True),
    ],
)
def test_each_cause_put_back_is_noticed(
    sabotage: Callable[[pytest.MonkeyPatch], None],
    name: str,
    whole: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A second opinion that would not have found the wrong verdicts is none."""
    assert [] == differences(name, whole)

    sabotage(monkeypatch)

    assert differences(name, whole)


def test_a_contract_that_reads_at_the_return_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A function that leaves with another lock than it promised would be balanced."""
    before, after = Report(""), Report("")
    compare(checked_text(RELEASES_LATE), "s", before)
    a_contract_reads_at_the_return(monkeypatch)
    compare(checked_text(RELEASES_LATE), "s", after)

    assert [] == before.differences
    assert after.differences


@pytest.mark.parametrize("first", range(0, 120, 12))
def test_a_claim_more_makes_no_other_verdict_better_and_no_run_longer(first: int) -> None:
    """A claim would change what the program can do: a deadlock was once gone for it."""
    for seed in range(first, first + 12):
        checked = checked_text(random_program(Random(seed)), f"{seed}.bfp")
        scenario = checked.scenarios[0].name
        with_all = engine_view(lower(checked), scenario, 1)
        for claim in checked.claims:
            fewer = replace(checked, claims=tuple(c for c in checked.claims if c is not claim))
            without = engine_view(lower(fewer), scenario, 1)
            if not (with_all.complete and without.complete):
                continue
            assert set(without.broken) == set(with_all.broken) - {claim.name}, (seed, claim.name)
            # Where the claim looks at what others may change, looking is a step [T13].
            looks = accesses(checked) != accesses(fewer) or any(
                clause.kind == "after" for clause in claim.clauses
            )
            for name, steps in without.broken.items():
                assert steps <= with_all.broken[name], (seed, claim.name, name)
                assert looks or steps == with_all.broken[name], (seed, claim.name, name)


def test_what_is_told_of_a_deadlock_does_not_depend_on_a_lifetime() -> None:
    """The very case in which a claim more hid a deadlock of two threads."""
    checked = finding("stuck-masked-3")
    bare = replace(checked, claims=())

    assert 2 == engine_view(lower(checked), "s", 1).broken["stuck"]
    assert 2 == engine_view(lower(bare), "s", 1).broken["stuck"]
