"""From the steps of an engine to a run for readers: the same steps, in a better order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from random import Random

import pytest

from tests.engine.small import LOCKS, checked, lowered
from tests.programs.binder import NAMES, program, threads_of
from verify.engine.runs import fewest_switches, labels, replay
from verify.explore import Move
from verify.interpret import Machine, ReplayError
from verify.ir import instance
from verify.locks import EXCLUSIVE
from verify.report.ends import cause, wrong
from verify.verdicts import Refuted, Run


def walk(machine: Machine, random: Random, most: int) -> tuple[Move, ...]:
    """A run by chance, each thread as likely as the next; ends where a claim breaks, if ever."""
    state, moves = machine.initial(), []
    for _ in range(most):
        ways = [
            (index, number, after)
            for index in range(len(machine.threads))
            for number, after in machine.steps(state, index)
        ]
        if not ways:
            break
        index, number, state = random.choice(ways)
        moves.append((index, number))
        if machine.threads[index].commands[number].violates:
            break
    return tuple(moves)


def switches(moves: Sequence[Move]) -> int:
    return sum(one[0] != two[0] for one, two in pairwise(moves))


def by_thread(moves: Sequence[Move]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for index, number in moves:
        found.setdefault(index, []).append(number)
    return found


def possible_orders(machine: Machine, moves: Sequence[Move]) -> list[tuple[Move, ...]]:
    """Each interleaving of the moves that the interpreter can follow, the last move last."""
    queues = by_thread(moves[:-1])
    found = []

    def go(done: Counter[int], path: tuple[Move, ...]) -> None:
        try:
            replay(machine, path)
        except ReplayError:
            return
        if len(path) == len(moves) - 1:
            try:
                replay(machine, (*path, moves[-1]))
            except ReplayError:
                return
            found.append((*path, moves[-1]))
            return
        for index, queue in queues.items():
            if done[index] < len(queue):
                go(done + Counter([index]), (*path, (index, queue[done[index]])))

    go(Counter(), ())
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_run_in_order_has_the_same_moves_and_no_more_switches(name: str) -> None:
    """If it fails, what a reader is shown is another run than the one that was found."""
    found = program(name)
    machine = Machine(found, threads_of(found, 2))
    random = Random(name)
    for _ in range(40):
        moves = walk(machine, random, random.randint(1, 30))
        ordered = fewest_switches(machine, moves)

        assert by_thread(moves) == by_thread(ordered)
        assert moves[-1] == ordered[-1]
        assert switches(ordered) <= switches(moves)
        assert len(moves) + 1 == len(replay(machine, ordered))


@pytest.mark.parametrize("name", ["base", "v3"])
def test_no_order_of_a_run_has_fewer_switches(name: str) -> None:
    """If it fails, a run is harder to follow than it has to be."""
    found = program(name)
    machine = Machine(found, threads_of(found, 2))
    random = Random(name)
    seen = set()
    for _ in range(60):
        moves = walk(machine, random, 8)
        orders = possible_orders(machine, moves)
        seen.add(switches(moves) - min(map(switches, orders)))

        assert min(map(switches, orders)) == switches(fewest_switches(machine, moves))
    assert max(seen) > 3


def test_moves_that_no_order_makes_possible_are_refused() -> None:
    """If it fails, a run that does not replay passes for a refutation."""
    found = lowered(
        f"""{LOCKS}
        struct mutex m;
        thread a {{ mutex_lock(&m); mutex_unlock(&m); }}
        scenario s "s": a[2];
        """
    )
    machine = Machine(found, instance(found, found.scenarios[0], 2))
    take, give = 0, 1
    both_hold_it = [(0, take), (1, take)]
    backwards = [(0, give), (0, take)]

    assert len(replay(machine, [(0, take), (0, give), (1, take)])) == 4
    for moves in (both_hold_it, backwards):
        with pytest.raises(ReplayError):
            replay(machine, moves)
        with pytest.raises(ReplayError):
            fewest_switches(machine, moves)


def test_threads_alike_get_numbers_only_when_both_move() -> None:
    """If it fails, a reader cannot tell two shrinkers apart, or looks for a second one."""
    found = program("v3")
    threads = threads_of(found, 2)
    rest = ("munmap", "mmap_foreign", "fork", "(right-vma)", "(unmapped-is-gone)")
    both = ("shrinker 1", "shrinker 2", *rest)
    one = ("shrinker", "shrinker", *rest)

    assert both == labels(threads, [0, 1, 2])
    assert one == labels(threads, [1, 2])


def the_run(text: str, claim: str) -> Run:
    verdict = next(a.verdict for a in checked(text).answers if a.claim == claim)
    assert isinstance(verdict, Refuted)
    return verdict.run


def test_two_threads_that_wait_for_each_other_are_both_named() -> None:
    """If it fails, half of a deadlock is left out."""
    run = the_run(
        f"""{LOCKS}
        struct mutex a;
        struct mutex b;
        thread one {{ mutex_lock(&a); mutex_lock(&b); mutex_unlock(&b); mutex_unlock(&a); }}
        thread two {{ mutex_lock(&b); mutex_lock(&a); mutex_unlock(&a); mutex_unlock(&b); }}
        scenario s "s": one, two;
        """,
        "stuck",
    )
    expected_held = {("one", "a", EXCLUSIVE), ("two", "b", EXCLUSIVE)}

    assert "one and two wait for ever" == wrong(run)
    assert expected_held == set(run.steps[-1].holds)
    assert len(run.steps) == 2


def test_the_step_that_let_go_of_a_lock_too_early_is_to_blame() -> None:
    """If it fails, a double release points anywhere but at the first one."""
    run = the_run(
        f"""{LOCKS}
        struct mutex m;
        thread a {{ mutex_lock(&m); mutex_unlock(&m); mutex_unlock(&m); }}
        scenario s "s": a[*];
        """,
        "lock-use",
    )

    assert (2, "m: released in step 2, not held since") == cause(run)
