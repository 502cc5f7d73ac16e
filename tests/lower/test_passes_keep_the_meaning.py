"""Each pass on random threads: what others see, what is broken and who waits stays the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, note

from tests.chance import LARGE, by_chance
from tests.ir.text import text
from tests.randomised import programs, threads_of
from verify.explore import explore
from verify.ir import Command, Local, Program, Shared, Thread, atoms
from verify.lower.constants import propagate_constants
from verify.lower.flow import flow
from verify.lower.fuse import fuse_local_steps
from verify.lower.renumber import renumber
from verify.lower.reset import reset_dead_locals

# Random programs, each explored before and behind a pass: seconds.
pytestmark = pytest.mark.slow

Pass = Callable[[Program, Thread], Thread]


def flowed(program: Program, thread: Thread) -> Thread:
    return flow(thread, tuple(lock.name for lock in program.locks))


def all_of_them(program: Program, thread: Thread) -> Thread:
    """As `lower` has them one after the other."""
    once = flowed(program, fuse_local_steps(flowed(program, propagate_constants(thread, ())[0])))
    return renumber(reset_dead_locals(once))


PASSES: dict[str, Pass] = {
    "fuse local steps": lambda _, thread: fuse_local_steps(thread),
    "reset dead locals": lambda _, thread: reset_dead_locals(thread),
    "propagate constants": lambda _, thread: propagate_constants(thread, ())[0],
    # It numbers what can be reached, which `propagate_constants` leaves.
    "renumber": lambda _, thread: renumber(propagate_constants(thread, ())[0]),
    "flow": flowed,
    "all": all_of_them,
}


def affair(command: Command) -> bool:
    """Whether a command is about the thread alone."""
    news = [new for _, new in command.updates]
    looked_at = {atom for expr in (command.guard, *news) for atom in atoms(expr)}
    stored = {target for target, _ in command.updates}
    return not command.locks and all(isinstance(a, Local) for a in looked_at | stored)


def told(program: Program) -> Program:
    """The program as it is before the passes: nothing is set back, and what is a thread's own
    affair is told to be."""

    def thread(one: Thread) -> Thread:
        if one.kind != "thread":
            return one
        # Where one way is an access, looking which one is open is.
        looking = {c.source for c in one.commands if not affair(c)}
        return replace(
            one,
            commands=tuple(
                replace(c, forget=(), own=c.source not in looking) for c in one.commands
            ),
        )

    return replace(program, threads=tuple(map(thread, program.threads)))


def seen(program: Program) -> tuple[object, ...]:
    """What others can tell of a program: shared state and locks, reached and waited in, and
    the claims that are broken."""
    found = explore(program, threads_of(program))
    assert found.complete
    locks = len(program.locks)

    def outside(state: tuple[tuple[int, ...], tuple[tuple[int, ...], ...]]) -> object:
        shared, threads = state
        # The explorer sorts threads alike, by what they have inside.
        return shared, tuple(sorted(values[len(values) - locks :] for values in threads))

    return (
        {outside(state) for state in found.parents},
        {outside(state) for state in found.parents if found.machine.quiet(state)},
        set(found.broken),
    )


@pytest.mark.parametrize("name", PASSES)
@by_chance(20, LARGE)
@given(programs().map(told))
def test_a_pass_changes_nothing_that_others_can_see(name: str, program: Program) -> None:
    """A bug would be gone before any engine looks for it, or be put in."""
    changed = replace(
        program,
        threads=tuple(
            PASSES[name](program, t) if t.kind == "thread" else t for t in program.threads
        ),
    )
    note(f"{text(program)}\n{text(changed)}")

    assert seen(program) == seen(changed)


def test_own_steps_are_among_those_that_are_tried() -> None:
    """The passes would be tried on threads that leave them nothing to do."""
    command = Command(source=0, target=1, guard=Local("x"), updates=((Local("y"), Local("x")),))

    assert affair(command)
    assert not affair(replace(command, guard=Shared("a")))
    assert not affair(replace(command, locks=(("m", 2),)))
