"""Any number of threads, seen at once by all who ask: the closed views of a scenario."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from verify.crowd.seen import Seen
from verify.crowd.space import Cube, Space, Step
from verify.crowd.views import TooManyViews, Views
from verify.crowd.world import Unsupported, World, world
from verify.engine.search import Progress, silent
from verify.ir import Command, Program, Scenario, Thread


@dataclass(frozen=True)
class Closed:
    """A world whose views are closed."""

    scene: World
    space: Space
    views: Views
    seen: Seen


@dataclass
class Crowd:
    """The views of a scenario, closed when somebody asks for them first."""

    program: Program
    scenario: Scenario
    progress: Progress = silent

    @cached_property
    def closed(self) -> Closed | str:
        """The views, or why there are none."""
        try:
            scene = world(self.program, self.scenario)
            space = Space(scene)
            views = Views(space)
            self.progress("closing the views")
            views.close()
        except (Unsupported, TooManyViews) as reason:
            return str(reason)
        return Closed(scene, space, views, Seen(space, views))

    def never(self, among: Callable[[Command], bool]) -> bool:
        """Whether no thread takes any of some commands, however many threads there are."""
        closed = self.closed
        if isinstance(closed, str):
            return False
        if any(among(command) for thread in closed.scene.observers for command in thread.commands):
            # Which of the observers of a claim a step belongs to is not said.
            return False
        crowd = {thread.name: thread for thread in closed.scene.crowd}
        return not any(
            closed.seen.happens(_where(step))
            for step in closed.space.steps
            if step.actor >= -1 and among(_command(closed.scene, crowd, step))
        )


def _command(scene: World, crowd: dict[str, Thread], step: Step) -> Command:
    thread = crowd[step.thread] if step.actor == -1 else scene.singles[step.actor]
    return thread.commands[step.command]


def _where(step: Step) -> Cube:
    """Where a step may be taken, whoever is beside it: more than it needs, never less."""
    return Cube(step.guard, (step.own_guard,) if step.actor == -1 else ())
