"""Every verdict of the table that this project was asked for, from the program texts alone."""

from __future__ import annotations

import pytest

from tests.programs.binder import (
    NAMES,
    Cell,
    broken,
    cells,
    explored,
    machine_for,
    program,
    reasons,
    refutations,
    result,
    shared,
    verdicts,
)
from verify.engine.runs import replay
from verify.locks import EXCLUSIVE, FREE, SHARED
from verify.reasons.steps import Spurious
from verify.report.ends import cause
from verify.verdicts import Run

CLAIMS = {
    "table",
    "balance",
    "no-live-mapping",
    "zap-valid",
    "freed-once",
    "no-blocking",
    "use-after-free",
    "progress-mapped",
    "progress-unmapped",
    "progress-foreign",
    "stable-mapped",
    "right-vma",
    "null-is-transient",
    "unmapped-is-gone",
    "lock-use",
    "atomic-sleep",
    "memory",
    "stuck",
}
# Not put to the test here but in another scenario: nobody splits the mapping, and nobody
# exits, so that mmget_not_zero() never fails and `goto err_mmget` is not reached.
ABSENT = {"progress-split", "progress-survivor", "vacuity"}

# What is refuted; every other of CLAIMS holds.  That v3 leaks where it makes progress is for
# `balance` to say: a page that is reclaimed is progress.
REFUTED: dict[str, set[str]] = {
    "base": {"progress-foreign"},
    "v1": {"progress-unmapped", "progress-foreign"},
    "v2": {"table", "no-live-mapping", "progress-foreign"},
    "v3": {"table", "balance", "stuck"},
    "v3-balanced": set(),
}
# How, where the words name the case, the lock or the thread.
SAID = {
    ("v2", "table"): "!vma, mapped: reclaim, no zap; its author says: it never occurs",
    ("v3", "table"): "vma, !mapped: reclaim, no zap; its author says: skip",
    ("v3", "balance"): "returns with foreign_vma.vm_lock still held",
    ("v3", "stuck"): "fork waits for ever",
}

SKIP = ("skip", ())
ZAP = ("reclaim_zap", ())
NO_ZAP = ("reclaim", ())
LEAK = ("reclaim", ("foreign_vma.vm_lock",))
# Each cell occurs; what the code does there, and what it leaves held.
TABLE: dict[str, dict[str, Cell]] = {
    "base": {
        "!vma !mapped": (True, (NO_ZAP,)),
        "!vma mapped": (True, (NO_ZAP,)),
        "vma !mapped": (True, (SKIP,)),
        "vma mapped": (True, (ZAP,)),
    },
    "v1": {
        "!vma !mapped": (True, (SKIP,)),
        "!vma mapped": (True, (SKIP,)),
        "vma !mapped": (True, (SKIP,)),
        "vma mapped": (True, (SKIP, ZAP)),
    },
    "v2": {
        "!vma !mapped": (True, (NO_ZAP,)),
        "!vma mapped": (True, (NO_ZAP,)),
        "vma !mapped": (True, (SKIP,)),
        "vma mapped": (True, (ZAP,)),
    },
    "v3": {
        "!vma !mapped": (True, (NO_ZAP,)),
        "!vma mapped": (True, (SKIP,)),
        "vma !mapped": (True, (LEAK,)),
        "vma mapped": (True, (ZAP,)),
    },
    "v3-balanced": {
        "!vma !mapped": (True, (NO_ZAP,)),
        "!vma mapped": (True, (SKIP,)),
        "vma !mapped": (True, (NO_ZAP,)),
        "vma mapped": (True, (ZAP,)),
    },
}

EACH_REFUTATION = [(name, claim) for name in NAMES for claim in sorted(REFUTED[name])]


@pytest.mark.parametrize("name", NAMES)
def test_two_shrinkers_give_the_verdicts_of_the_issue(name: str) -> None:
    """If it fails, a version of the patch gets an answer that nobody has argued for."""
    expected = {
        **{claim: "refuted" if claim in REFUTED[name] else "bounded" for claim in CLAIMS},
        **dict.fromkeys(ABSENT, "absent"),
    }

    assert expected == verdicts(result(name))


@pytest.mark.parametrize(("name", "claim"), SAID)
def test_what_is_refuted_is_said_in_words_that_name_the_cause(name: str, claim: str) -> None:
    """If it fails, a right verdict comes with a wrong reason."""
    assert SAID[name, claim] == reasons(result(name))[claim]


@pytest.mark.parametrize("shrinkers", [1, 3])
@pytest.mark.parametrize("name", NAMES)
def test_one_and_three_shrinkers_give_the_same_verdicts(name: str, shrinkers: int) -> None:
    """If it fails, the answer depends on the bound, and the bound of two is too small."""
    found = result(name, shrinkers)

    expected = dict.fromkeys(REFUTED[name], "refuted") | dict.fromkeys(ABSENT, "absent")

    assert expected == broken(found)
    assert TABLE[name] == cells(found)
    assert shrinkers == found.bound.threads


@pytest.mark.parametrize("name", NAMES)
def test_each_case_does_what_the_table_says(name: str) -> None:
    """If it fails, the case table shown to a reviewer is wrong."""
    found = result(name)

    # The mutex may be busy before the case is looked at; in v1 that comes after it.
    expected_outside = [] if name == "v1" else [SKIP]

    assert TABLE[name] == cells(found)
    assert expected_outside == [(one.outcome, one.left) for one in found.outside]


def test_each_case_that_is_not_as_claimed_is_marked_and_no_other() -> None:
    """If it fails, the mark in the table and the verdict on `table` disagree."""
    expected: dict[str, list[str]] = {
        "base": [],
        "v1": [],
        "v2": ["!vma mapped"],
        "v3": ["vma !mapped"],
        "v3-balanced": [],
    }
    marked = {
        name: [
            " ".join(axis if value else f"!{axis}" for axis, value in row.axes)
            for row in result(name).table
            if row.verdict == "refuted"
        ]
        for name in NAMES
    }

    assert expected == marked


@pytest.mark.parametrize("name", NAMES)
def test_a_case_comes_with_a_run_that_reaches_it(name: str) -> None:
    """If it fails, "this case occurs" is said without anything to show for it."""
    found = program(name)
    for row in result(name).table:
        assert row.witness is not None
        machine = machine_for(found, "", row.witness)
        states = replay(machine, moves(row.witness))
        last = row.witness.steps[-1]

        assert len(row.witness.steps) + 1 == len(states)
        outcome = machine.threads[last.index].commands[last.command].outcome
        assert outcome in [one.outcome for one in row.behaviours]


@pytest.mark.parametrize(("name", "claim"), EACH_REFUTATION)
def test_each_refutation_replays_in_a_fresh_machine(name: str, claim: str) -> None:
    """If it fails, a run is shown that the program does not have."""
    run = refutations(result(name))[claim]
    machine = machine_for(program(name), claim, run)
    state = machine.initial()
    for step in run.steps:
        possible = [number for number, _ in machine.steps(state, step.index)]
        rest = [
            machine.resting(state, i) for i, t in enumerate(machine.threads) if t.kind == "thread"
        ]
        state = machine.take(state, step.index, step.command)
        told = {lock for thread, lock, _ in step.holds if thread == step.thread}

        assert step.command in possible
        assert told == set(machine.held(state, step.index))
        # Only who is alone from here on may count on nobody else being under way.
        assert step.number != run.alone or all(rest)


@pytest.mark.parametrize(("name", "claim"), EACH_REFUTATION)
def test_each_refutation_ends_in_what_it_is_about(name: str, claim: str) -> None:
    """If it fails, the run shown does not break the claim that it is shown for."""
    run = refutations(result(name))[claim]
    machine = machine_for(program(name), claim, run)
    violated = [machine.threads[i].commands[number].violates for i, number in moves(run)]
    waiting = machine.stuck(replay(machine, moves(run))[-1]) if claim == "stuck" else ()
    expected_waiting = ["fork"] if claim == "stuck" else []
    expected_end = "" if claim == "stuck" else claim

    assert expected_end == violated[-1]
    assert not any(violated[:-1])
    assert expected_waiting == [machine.threads[i].name for i in waiting]


@pytest.mark.parametrize(("name", "claim"), EACH_REFUTATION)
def test_no_run_of_the_explorer_is_shorter(name: str, claim: str) -> None:
    """If it fails, a run called the shortest is not: breadth first finds a shorter one."""
    run = refutations(result(name))[claim]
    seen = explored(name)
    if claim == "stuck":
        assert seen.stuck is not None
        shortest = len(seen.way_to(seen.stuck))
        ours = len(run.steps)
    elif run.alone:
        shortest = len(seen.way_to(seen.alone[claim][0]))
        ours = run.alone - 1
    else:
        shortest = len(seen.run(seen.broken[claim]))
        ours = len(run.steps)

    assert shortest == ours


def followed(name: str, claim: str) -> tuple[Run, list[dict[str, str]]]:
    """A refutation, with the shared variables before it and after each of its steps."""
    run = refutations(result(name))[claim]
    states = replay(machine_for(program(name), claim, run), moves(run))
    return run, [shared(program(name), state) for state in states]


def moves(run: Run) -> list[tuple[int, int]]:
    return [(step.index, step.command) for step in run.steps]


def test_v3_leaks_one_per_vma_read_lock_of_the_foreign_vma() -> None:
    """If it fails, the leak of the patch in question is not the one that the mail has."""
    run, (*_, state) = followed("v3", "balance")
    expected = {
        "the_mm.tree": "&foreign_vma",
        "alloc0.mapped": "false",
        "page0.freed": "true",
    }
    expected_held = (("shrinker", "foreign_vma.vm_lock", SHARED),)
    blamed = cause(run)
    assert blamed is not None
    taken = run.steps[blamed[0] - 1]

    assert expected == {name: state[name] for name in expected}
    assert expected_held == run.steps[-1].holds
    assert ("foreign_vma.vm_lock", FREE, SHARED) in taken.locks
    assert any("lock_vma_under_rcu" in line.span.text for line in taken.lines)


def test_v3_makes_fork_wait_for_the_lock_that_a_finished_shrinker_holds() -> None:
    """If it fails, what the leak does to others (a hang in D state) is not shown."""
    run, (*_, state) = followed("v3", "stuck")
    expected_held = {
        ("shrinker", "foreign_vma.vm_lock", SHARED),
        ("fork", "the_mm.mmap_lock", EXCLUSIVE),
        ("fork", "the_mm.mm_users", SHARED),
    }
    blamed = cause(run)
    assert blamed is not None

    assert expected_held == set(run.steps[-1].holds)
    assert state["foreign_vma.exclude"] == "true"
    assert run.steps[-1].thread == "fork"
    assert run.steps[blamed[0] - 1].thread == "shrinker"
    assert blamed[1].startswith("foreign_vma.vm_lock: taken in step")


@pytest.mark.parametrize("claim", ["table", "no-live-mapping"])
def test_v2_frees_a_page_that_a_live_vma_still_maps(claim: str) -> None:
    """If it fails, the objection to v2 (the page hangs around) is not what is shown."""
    run, (*_, state) = followed("v2", claim)
    transient = [step.transient for step in run.steps if step.transient]
    expected = {
        "page0.freed": "true",
        "binder_vma.attached": "true",
        "the_mm.pte": "&page0",
        "the_mm.tree": "&binder_vma",
    }
    # One shrinker and a lookup that fails once: nobody else is needed.
    expected_transient = [Spurious("reader count full, or the VMA was just reused")]

    assert expected == {name: state[name] for name in expected}
    assert expected_transient == transient
    assert run.threads == ("shrinker",)


@pytest.mark.parametrize(
    ("name", "claim", "tree"),
    [
        ("base", "progress-foreign", "&foreign_vma"),
        ("v1", "progress-unmapped", "NULL"),
        ("v1", "progress-foreign", "&foreign_vma"),
        ("v2", "progress-foreign", "&foreign_vma"),
    ],
)
def test_a_call_that_makes_no_progress_skips_and_so_would_every_other(
    name: str, claim: str, tree: str
) -> None:
    """If it fails, "skips for ever" is said of a run that does something else."""
    run, states = followed(name, claim)
    machine = machine_for(program(name), claim, run)
    lonely = [step for step in run.steps if step.number >= run.alone]
    outcomes = [machine.threads[step.index].commands[step.command].outcome for step in lonely]
    before, after = states[run.alone - 1], states[-1]
    expected = {"the_mm.tree": tree, "alloc0.mapped": "false", "page0.freed": "false"}
    expected_outcomes = ["skip"]

    assert expected == {name: after[name] for name in expected}
    assert expected_outcomes == [outcome for outcome in outcomes if outcome]
    assert not any(step.transient for step in lonely)
    # The call has changed nothing, so that the next one finds what this one found.
    assert before == after
