"""What any number of threads may do: the closed views of a scenario."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from verify.certify.world import Unsupported, World, world
from verify.crowd.apart import possible
from verify.crowd.cube import Cube
from verify.crowd.seen import Seen
from verify.crowd.space import Space, Transition, encoded
from verify.crowd.views import TooManyViews, Views, close
from verify.engine.problem import Problem, Progress, silent
from verify.ir import Command, Thread
from verify.reasons.limits import Unproved
from verify.reasons.work import Task


@dataclass(frozen=True, slots=True)
class Closed:
    """A world whose views are closed."""

    scene: World
    space: Space
    views: Views
    seen: Seen


@dataclass(frozen=True, slots=True)
class Environment:
    """What any number of threads of a scenario may do: as far as each variable tells by itself
    (`possible`), and as far as the closed views tell; or why there are none."""

    scene: World | None
    possible: tuple[Transition, ...]
    closed: Closed | Unproved

    def never(self, among: Callable[[Command], bool]) -> bool:
        """Whether no thread takes any of some commands, however many threads there are."""
        scene = self.scene
        if scene is None:
            return False
        if any(among(command) for thread in scene.observers for command in thread.commands):
            # Which of the observers of a claim a step belongs to is not said.
            return False
        crowd = {thread.name: thread for thread in scene.crowd}
        left = [step for step in self.possible if among(_command(scene, crowd, step))]
        if not left:
            return True
        closed = self.closed
        return isinstance(closed, Closed) and not any(
            closed.seen.happens(_where(step)) for step in left
        )


def environment(problem: Problem, progress: Progress = silent) -> Environment:
    """The views of a scenario with any number of threads, closed."""
    try:
        space = encoded(world(problem.program, problem.scenario))
    except Unsupported as error:
        return Environment(None, (), error.reason)
    progress(Task.CLOSING)
    closed: Closed | Unproved
    try:
        views = close(space, problem.limits.views)
        closed = Closed(space.world, space, views, Seen(space, views))
    except TooManyViews as error:
        closed = error.reason
    return Environment(space.world, tuple(possible(space)), closed)


def _command(scene: World, crowd: dict[str, Thread], step: Transition) -> Command:
    thread = crowd[step.thread] if step.actor == -1 else scene.singles[step.actor]
    return thread.commands[step.command]


def _where(step: Transition) -> Cube:
    """Where a step may be taken, whoever is beside it: more than it needs, never less."""
    return Cube(step.guard, (step.own_guard,) if step.actor == -1 else ())
