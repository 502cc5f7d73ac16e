"""The step relation and the interpreter are each other's second opinion: they have to agree."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest
import z3
from hypothesis import given, note

from tests.agree.steps import Relation, Step, UndecidedError, name_at, shortest
from tests.chance import LARGE, by_chance
from tests.randomised import FLAG, lowered, program_of, programs, randoms, texts, threads_of
from verify.explore import explore
from verify.interpret import Machine, State
from verify.ir import FALSE, TRUE, Command, Local, Program, Shared, Thread, Variable, conj, negate
from verify.lower.program import lower
from verify.report.dump import dump
from verify.syntax.resolve import read

PROGRAMS = Path(__file__).resolve().parents[2] / "programs"
# z3's own unit of effort; the hardest question here takes a tenth of it.
RLIMIT = 20_000_000


def walk(machine: Machine, random: Random, most: int) -> list[State]:
    """The states along a random run of at most `most` steps, with no command twice."""
    states = [machine.initial()]
    taken: set[Step] = set()
    for _ in range(most):
        following = [
            ((index, number), after)
            for index, thread in enumerate(machine.threads)
            for number, after in machine.steps(states[-1], index)
            if not thread.commands[number].violates and (index, number) not in taken
        ]
        if not following:
            break
        step, state = random.choice(following)
        taken.add(step)
        states.append(state)
    return states


def flat(state: State) -> tuple[int, ...]:
    """A state of the interpreter in the order of the relation's variables."""
    shared, threads = state
    return (*shared, *(each for own in threads for each in own))


def fixed(relation: Relation, state: State, k: int) -> list[z3.BoolRef]:
    return [
        term == number for term, number in zip(relation.state(k).values(), flat(state), strict=True)
    ]


def solutions(
    solver: z3.Solver, fixed: Sequence[z3.BoolRef], terms: Sequence[z3.ArithRef], most: int
) -> set[tuple[int, ...]]:
    """All values that `terms` may have together; it gives up after `most` of them."""
    found: set[tuple[int, ...]] = set()
    solver.push()
    solver.add(*fixed)
    while len(found) < most and (answer := solver.check()) != z3.unsat:
        assert answer == z3.sat, solver.reason_unknown()
        model = solver.model()
        values = tuple(model.eval(term, model_completion=True).as_long() for term in terms)
        found.add(values)
        solver.add(z3.Or([term != each for term, each in zip(terms, values, strict=True)]))
    solver.pop()
    return found


def asked(constraint: z3.BoolRef) -> z3.Solver:
    solver = z3.Solver()
    solver.set("rlimit", RLIMIT)
    solver.add(constraint)
    return solver


def assert_same_steps(program: Program, threads: Sequence[Thread], states: Sequence[State]) -> None:
    """From each of `states` the relation allows the machine's steps and no other."""
    machine = Machine(program, threads)
    relation = Relation(program, threads)
    step = asked(relation.step(0))
    breaks = {claim.name: asked(relation.breaks(claim.name, 0)) for claim in program.claims}
    choice = relation.choice(0)
    terms = [*choice, *relation.state(1).values()]
    for state in states:
        expected: set[tuple[int, ...]] = set()
        broken: dict[str, set[tuple[int, ...]]] = {name: set() for name in breaks}
        for index, thread in enumerate(threads):
            for number, after in machine.steps(state, index):
                claim = thread.commands[number].violates
                if claim:
                    broken[claim].add((index, number))
                else:
                    expected.add((index, number, *flat(after)))

        before = fixed(relation, state, 0)
        assert expected == solutions(step, before, terms, len(expected) + 1)
        for name, solver in breaks.items():
            assert broken[name] == solutions(solver, before, choice, len(broken[name]) + 1)


def assert_breaks(
    program: Program, threads: Sequence[Thread], claim: str, run: Sequence[Step]
) -> None:
    """The interpreter can follow `run`, and its last step is the first to break a claim."""
    machine = Machine(program, threads)
    state = machine.initial()
    for index, number in run:
        assert not threads[index].commands[number].violates or (index, number) == run[-1]
        state = machine.take(state, index, number)
    index, number = run[-1]
    assert claim == threads[index].commands[number].violates


def assert_same_shortest(program: Program, threads: Sequence[Thread], depth: int) -> None:
    """For each claim, exploring and asking z3 give runs of the same length, if not too long."""
    seen = explore(program, threads)
    assert seen.complete
    for claim in program.claims:
        length = len(seen.run(seen.broken[claim.name])) if claim.name in seen.broken else None
        if length is None or length > depth:
            assert shortest(program, threads, claim.name, depth, RLIMIT) is None
            continue

        run = shortest(program, threads, claim.name, length, RLIMIT)
        assert run is not None
        assert length == len(run)
        assert_breaks(program, threads, claim.name, run)
        assert shortest(program, threads, claim.name, length - 1, RLIMIT) is None


@by_chance(80, LARGE)
@given(programs(), randoms())
def test_one_step_of_the_relation_is_one_step_of_the_machine(
    program: Program, random: Random
) -> None:
    """A bounded verdict could rest on a step that no thread can take, or miss one that it can."""
    note("\n".join(dump(program)))
    threads = threads_of(program)

    assert_same_steps(program, threads, walk(Machine(program, threads), random, 8))


@by_chance(10, LARGE)
@given(texts(), randoms())
def test_one_step_is_the_same_for_programs_that_were_written(text: str, random: Random) -> None:
    """The same, for forms of commands that only lowering makes."""
    program = lowered(text)
    note("\n".join(dump(program)))
    threads = threads_of(program, 2)

    assert_same_steps(program, threads, walk(Machine(program, threads), random, 8))


@by_chance(40, LARGE)
@given(programs())
def test_the_shortest_run_that_breaks_a_claim_is_as_long_as_the_nearest_broken_state(
    program: Program,
) -> None:
    """Explorer and encoding would disagree on whether a claim holds, or on how it breaks."""
    note("\n".join(dump(program)))

    assert_same_shortest(program, threads_of(program), 7)


@by_chance(8, LARGE)
@given(texts())
def test_the_shortest_run_is_the_same_for_programs_that_were_written(text: str) -> None:
    """The same, for forms of commands that only lowering makes."""
    program = lowered(text)
    note("\n".join(dump(program)))

    assert_same_shortest(program, threads_of(program), 4)


@by_chance(2, LARGE)
@given(randoms())
def test_one_step_is_the_same_in_the_kernels_world(random: Random) -> None:
    """The commands of the real programs would mean something else to z3 than to the interpreter."""
    program = lower(read(PROGRAMS / "v3.bfp"))
    threads = threads_of(program, 2)

    assert_same_steps(program, threads, walk(Machine(program, threads), random, 15))


def test_the_shortest_run_to_a_lost_mapping_in_v2_is_the_same() -> None:
    """The one claim of a real program that is shallow enough to ask about step by step."""
    program = lower(read(PROGRAMS / "v2.bfp"))
    threads = threads_of(program)

    seen = explore(program, threads)
    expected = seen.run(seen.broken["no-live-mapping"])
    run = shortest(program, threads, "no-live-mapping", len(expected), RLIMIT)

    assert run is not None
    assert len(expected) == len(run)
    assert_breaks(program, threads, "no-live-mapping", run)


def test_updates_read_the_state_before_and_what_is_forgotten_is_set_back() -> None:
    """The two rules that random programs seldom depend on would be free to change."""
    a, b, y = (Variable(name, name, FLAG, int(name != "a")) for name in "aby")
    swap = (Shared("a"), Shared("b")), (Shared("b"), Shared("a")), (Local("y"), FALSE)
    wrong = conj([Shared("a"), negate(Shared("b")), Local("y")])
    commands = (
        Command(0, 1, TRUE, swap),
        Command(1, 2, TRUE, forget=("y",)),
        Command(2, 2, wrong, violates="p"),
    )
    thread = Thread(
        name="one",
        sentence="",
        kind="thread",
        claim="",
        locals=(y,),
        commands=commands,
        entry=0,
        end=3,
    )
    program = program_of((a, b), (), (thread,), (("one", 1),))

    assert_same_shortest(program, (thread,), 3)
    expected = ((0, 0), (0, 1), (0, 2))
    assert expected == shortest(program, (thread,), "p", 3)


def test_a_limit_that_is_reached_is_no_verdict() -> None:
    """`None` for a question that z3 gave up on would read as: no such run."""
    program = lower(read(PROGRAMS / "v2.bfp"))

    with pytest.raises(UndecidedError):
        shortest(program, threads_of(program), "no-live-mapping", 12, 1000)


def test_each_copy_of_each_variable_has_a_name_of_its_own() -> None:
    """Two variables of one name would be one variable to z3."""
    program = lower(read(PROGRAMS / "v3.bfp"))
    relation = Relation(program, threads_of(program, 2))
    names = [name_at(variable, k) for variable in relation.variables for k in (0, 1)]

    assert len(names) == len(set(names))
    assert set(names).isdisjoint(str(term) for k in (0, 1) for term in relation.choice(k))
