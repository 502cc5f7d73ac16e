"""What any number of threads may do: the closed views of a scenario."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from verify.certify.system import System, UnsupportedError, system_of
from verify.engine.problem import Problem, Progress, silent
from verify.ir import Command, Thread
from verify.parameterised.cartesian import possible
from verify.parameterised.cube import Cube
from verify.parameterised.encoding import Space, Transition, encoded
from verify.parameterised.reachability import Reachability
from verify.parameterised.views import TooManyViewsError, Views, close
from verify.reasons.limits import Unproved
from verify.reasons.work import Task


@dataclass(frozen=True, slots=True)
class Closed:
    """A system whose views are closed."""

    system: System
    space: Space
    views: Views
    seen: Reachability


@dataclass(frozen=True, slots=True)
class Environment:
    """What any number of threads of a scenario may do: as far as each variable tells by itself
    (`possible`), and as far as the closed views tell; or why there are none."""

    system: System | None
    possible: tuple[Transition, ...]
    closed: Closed | Unproved

    def never(self, among: Callable[[Command], bool]) -> bool:
        """Whether no thread takes any of some commands, however many threads there are."""
        system = self.system
        if system is None:
            return False
        if any(among(command) for thread in system.observers for command in thread.commands):
            # Which of the observers of a claim a step belongs to is not said.
            return False
        replicated = {thread.name: thread for thread in system.replicated}
        left = [step for step in self.possible if among(_command(system, replicated, step))]
        if not left:
            return True
        closed = self.closed
        return isinstance(closed, Closed) and not any(
            closed.seen.happens(_where(step)) for step in left
        )


def environment(problem: Problem, progress: Progress = silent) -> Environment:
    """The views of a scenario with any number of threads, closed."""
    try:
        space = encoded(system_of(problem.program, problem.scenario))
    except UnsupportedError as error:
        return Environment(None, (), error.reason)
    progress(Task.CLOSING)
    closed: Closed | Unproved
    try:
        views = close(space, problem.limits.views)
        closed = Closed(space.system, space, views, Reachability(space, views))
    except TooManyViewsError as error:
        closed = error.reason
    return Environment(space.system, tuple(possible(space)), closed)


def _command(system: System, replicated: dict[str, Thread], step: Transition) -> Command:
    thread = replicated[step.thread] if step.actor == -1 else system.fixed[step.actor]
    return thread.commands[step.command]


def _where(step: Transition) -> Cube:
    """Where a step may be taken, whoever is beside it: more than it needs, never less."""
    return Cube(step.guard, (step.own_guard,) if step.actor == -1 else ())
