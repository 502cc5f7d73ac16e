"""Any number of threads, seen at once by all who ask: the closed views of a scenario."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from verify.certify.world import Unsupported, World, world
from verify.crowd.apart import possible
from verify.crowd.cube import Cube
from verify.crowd.seen import Seen
from verify.crowd.space import Space, Transition, encoded
from verify.crowd.views import TooManyViews, Views
from verify.engine.search import Progress, silent
from verify.ir import Command, Program, Scenario, Thread
from verify.reasons.limits import Unproved


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
    def space(self) -> Space | Unproved:
        """What there is to close, or why nothing."""
        try:
            return encoded(world(self.program, self.scenario))
        except Unsupported as error:
            return error.reason

    @cached_property
    def closed(self) -> Closed | Unproved:
        """The views, or why there are none."""
        space = self.space
        if not isinstance(space, Space):
            return space
        views = Views(space)
        self.progress("closing the views")
        try:
            views.close()
        except TooManyViews as error:
            return error.reason
        return Closed(space.world, space, views, Seen(space, views))

    @cached_property
    def _possible(self) -> list[Transition]:
        """The steps that any thread may take, as far as is seen without the views."""
        return possible(self.space) if isinstance(self.space, Space) else []

    def never(self, among: Callable[[Command], bool]) -> bool:
        """Whether no thread takes any of some commands, however many threads there are."""
        if not isinstance(self.space, Space):
            return False
        scene = self.space.world
        if any(among(command) for thread in scene.observers for command in thread.commands):
            # Which of the observers of a claim a step belongs to is not said.
            return False
        crowd = {thread.name: thread for thread in scene.crowd}
        left = [step for step in self._possible if among(_command(scene, crowd, step))]
        if not left:
            return True
        closed = self.closed
        return isinstance(closed, Closed) and not any(
            closed.seen.happens(_where(step)) for step in left
        )


def _command(scene: World, crowd: dict[str, Thread], step: Transition) -> Command:
    thread = crowd[step.thread] if step.actor == -1 else scene.singles[step.actor]
    return thread.commands[step.command]


def _where(step: Transition) -> Cube:
    """Where a step may be taken, whoever is beside it: more than it needs, never less."""
    return Cube(step.guard, (step.own_guard,) if step.actor == -1 else ())
