"""The event order and the explorer answer the same questions without knowing of each other.

One reads runs as ordered events and asks z3; the other visits every state with the
interpreter.  Here the engine goes without its pre-search, so that z3 finds each run by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from random import Random

import pytest

from tests.programs.binder import NAMES, explored, program, reuse, solos, threads_of
from verify.certify.isolated import failing
from verify.engine import search as search_module
from verify.engine.bounded import check
from verify.engine.plan import Plan, planned
from verify.engine.problem import Problem, silent
from verify.engine.table import cases
from verify.explore import Explored, alone
from verify.interpret import Machine, State, Values
from verify.ir import (
    And,
    Compare,
    Const,
    Expr,
    Ite,
    Not,
    Or,
    Others,
    Program,
    Shared,
    Thread,
)
from verify.verdicts import Absent, Bounded, Refuted, Result

INSTANCES = [(name, shrinkers) for name in NAMES for shrinkers in (1, 2)]


def blind(program: Program, threads: tuple[Thread, ...], *_: object, **__: object) -> Explored:
    """A pre-search that sees nothing."""
    return Explored(Machine(program, threads), complete=False)


@pytest.fixture(autouse=True)
def _no_scout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_module, "explore", blind)


@cache
def searched(name: str, shrinkers: int) -> tuple[Plan, Result]:
    found = program(name)
    plan = planned(search_module.explicit(Problem(found, reuse(found), shrinkers), silent))
    return plan, check(found, reuse(found), shrinkers)


def lengths(seen: Explored) -> dict[str, int]:
    """For each claim that some state breaks, the steps of a shortest run up to there."""
    found = {claim: len(seen.run(end)) for claim, end in seen.broken.items()}
    found |= {claim: len(seen.way_to(state)) for claim, (state, _) in seen.alone.items()}
    if seen.stuck is not None:
        found["stuck"] = len(seen.way_to(seen.stuck))
    return found


@pytest.mark.parametrize(("name", "shrinkers"), INSTANCES)
def test_z3_refutes_what_the_explorer_breaks_in_as_many_steps(name: str, shrinkers: int) -> None:
    """If it fails, one of the two readings of a program is wrong, and so is a verdict."""
    _, found = searched(name, shrinkers)
    ours = {}
    absent = set()
    for answer in found.answers:
        if isinstance(answer.verdict, Refuted):
            run = answer.verdict.run
            ours[answer.claim] = run.alone - 1 if run.alone else len(run.steps)
        elif isinstance(answer.verdict, Absent):
            absent.add(answer.claim)
        else:
            assert isinstance(answer.verdict, Bounded)

    assert lengths(explored(name, shrinkers)) == ours
    # Nobody splits the mapping in this scenario, or exits: `goto err_mmget` is not reached.
    assert {"progress-split", "progress-survivor", "vacuity"} == absent


@pytest.mark.parametrize(("name", "shrinkers"), INSTANCES)
def test_z3_finds_the_returns_that_the_explorer_sees(name: str, shrinkers: int) -> None:
    """If it fails, a cell of the case table lacks something or has too much."""
    plan, _ = searched(name, shrinkers)
    seen = explored(name, shrinkers)
    shown = cases(plan.search, plan.returns)
    expected = {
        (case, outcome, reason): len(seen.run(end))
        for (case, outcome, reason), end in seen.returns.items()
        if _violated(seen, end) in ("", "balance")
    }

    assert not shown.gave_up
    assert expected == {key: len(run.steps) for key, run in shown.found.items() if run}
    # What the code would do by itself includes all that it does.
    assert set(expected) <= set(shown.returns)


def _violated(seen: Explored, end: tuple[object, tuple[int, int]]) -> str:
    _, (index, number) = end
    return seen.machine.threads[index].commands[number].violates


@pytest.mark.parametrize("name", NAMES)
def test_the_condition_for_a_run_alone_to_fail_is_what_the_run_alone_does(name: str) -> None:
    """If it fails, progress is decided by a formula that is not about the thread's own runs."""
    found = program(name)
    machine = explored(name).machine
    states = [*_rests(explored(name)), *_anything(machine, 300)]
    for solo in solos(found):
        condition = failing(found, solo)
        by_running = [alone(machine, solo, state) is not None for state in states]
        by_formula = [
            holds(condition, found, state[0], machine.others(state, -1)) for state in states
        ]

        assert by_running == by_formula
        assert {True, False} == set(by_formula)


def _rests(seen: Explored) -> Iterator[State]:
    """The states in which all threads rest."""
    normal = [i for i, thread in enumerate(seen.machine.threads) if thread.kind == "thread"]
    for state in seen.parents:
        if all(seen.machine.resting(state, i) for i in normal):
            yield state


def _anything(machine: Machine, count: int) -> Iterator[State]:
    """States with any values at all, a thread holding any locks, reachable or not."""
    random = Random(0)
    first, *others = machine.initial()[1]
    locks = len(machine.program.locks)
    for _ in range(count):
        shared = tuple(random.choice(v.domain.values) for v in machine.program.shared)
        modes = random.choices((0, 1, 2), (8, 1, 1), k=locks)
        yield shared, ((*first[: len(first) - locks], *modes), *others)


def holds(expr: Expr, program: Program, shared: Values, locks: Values) -> bool:
    """A condition on the shared variables and on who holds what, looked up."""
    at = {variable.name: value for variable, value in zip(program.shared, shared, strict=True)}
    held = {lock.name: modes for lock, modes in zip(program.locks, locks, strict=True)}
    bits = {"shared": 1, "exclusive": 2, "any": 3}

    def value(expr: Expr) -> int:
        match expr:
            case Const(number):
                return number
            case Shared(name):
                return at[name]
            case Others(lock, mode):
                return int(held[lock] & bits[mode] != 0)
            case Not(arg):
                return int(not value(arg))
            case And(args):
                return int(all(map(value, args)))
            case Or(args):
                return int(any(map(value, args)))
            case Compare("==", left, right):
                return int(value(left) == value(right))
            case Ite(condition, then, otherwise):
                return value(then) if value(condition) else value(otherwise)
            case _:
                raise AssertionError(f"{type(expr).__name__} in a condition on a state")

    return bool(value(expr))


@pytest.mark.parametrize("name", NAMES)
def test_states_in_which_somebody_waits_for_ever_are_the_ones_from_which_nobody_moves_on(
    name: str,
) -> None:
    """If it fails, `stuck` means something else than that a thread never gets its lock."""
    seen = explored(name, 1)
    machine = seen.machine
    normal = [i for i, t in enumerate(machine.threads) if t.kind == "thread"]
    found = [state for state in seen.parents if machine.stuck(state)]
    last = [
        state
        for state in seen.parents
        if not any(True for i in normal for _ in machine.steps(state, i))
        and not all(machine.resting(state, i) for i in normal)
    ]

    assert set(last) <= set(found)
    assert (name == "v3") == bool(found)
    for state in found:
        for i in machine.stuck(state):
            assert not machine.resting(state, i)
            assert not list(machine.steps(state, i))
    assert threads_of(program(name), 1) == machine.threads
