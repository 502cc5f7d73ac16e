"""The fast encoding, events in order, against the explorer and the step relation."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest

from tests.agree.steps import shortest as by_steps
from tests.randomised import lowered, random_program, random_text, threads_of
from verify.engine.runs import replay
from verify.explore import Move, explore
from verify.interpret import Machine
from verify.ir import Program, Thread
from verify.smt.order import Order
from verify.smt.solver import No, Session, Yes

# Every loop of a random program is gone through this often, at least, in a shortest run.
ROUNDS = 3


def by_order(program: Program, threads: Sequence[Thread]) -> dict[str, tuple[Move, ...] | None]:
    """For each claim the shortest run that breaks it by the event order; and the shortest
    into a quiet state, which is what every stuck one is."""
    order = Order(program, threads, ROUNDS)
    names = [*(claim.name for claim in program.claims), "quiet"]
    questions = [*(order.breaks(c.name) for c in program.claims), order.quiet()]
    session = Session(order.text(), questions)
    found: dict[str, tuple[Move, ...] | None] = {}
    for i, name in enumerate(names):
        best: tuple[Move, ...] | None = None
        while best is None or best:
            most = None if best is None else (order.edges(), len(best) - 1)
            answer = session.ask([i], most)
            if isinstance(answer, No):
                break
            assert isinstance(answer, Yes)
            best = _moves(order, answer)
        found[name] = best
    return found


def _moves(order: Order, answer: Yes) -> tuple[Move, ...]:
    taken = [
        (answer.numbers.get(order.clock(t, edge.level), 0), t, edge.command)
        for t, automaton in enumerate(order.automata)
        for edge in automaton.edges
        if order.edge(t, edge) in answer.true
    ]
    return tuple((t, command) for _, t, command in sorted(taken))


def assert_agree(program: Program, threads: Sequence[Thread]) -> None:
    """Same verdicts, same shortest lengths, and each run of the encoding can be followed."""
    seen = explore(program, threads)
    machine = Machine(program, threads)
    for name, moves in by_order(program, threads).items():
        if name == "quiet":
            calm = [len(seen.way_to(state)) for state in seen.parents if machine.quiet(state)]
            expected = min(calm, default=None)
        else:
            expected = len(seen.run(seen.broken[name])) if name in seen.broken else None

        assert expected == (None if moves is None else len(moves)), name
        if moves is not None:
            end = replay(machine, moves)[-1]
            index, number = moves[-1] if moves else (0, 0)
            assert name != "quiet" or machine.quiet(end)
            assert name == "quiet" or threads[index].commands[number].violates == name


@pytest.mark.parametrize("first", range(0, 200, 20))
def test_on_random_commands_both_give_the_same_shortest_run(first: int) -> None:
    """A wrong `holds`, or a run that is not the shortest, would go unnoticed."""
    for seed in range(first, first + 20):
        program = random_program(Random(seed))
        for number in (1, 2):
            assert_agree(program, threads_of(program, number))


def test_on_random_texts_both_give_the_same_shortest_run() -> None:
    """What lowering makes of a text has shapes that random commands have not."""
    for seed in range(40):
        program = lowered(random_text(Random(seed)))

        assert_agree(program, threads_of(program, 2))


def test_the_step_relation_gives_the_same_lengths() -> None:
    """The reference is there to be compared with; a third opinion on a part of the above."""
    for seed in range(25):
        program = random_program(Random(seed))
        threads = threads_of(program)
        found = by_order(program, threads)
        for claim in program.claims:
            moves = found[claim.name]
            if moves is not None and len(moves) > 8:
                continue
            other = by_steps(program, threads, claim.name, 8)

            assert (None if moves is None else len(moves)) == (
                None if other is None else len(other)
            )
