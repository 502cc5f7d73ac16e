"""Runs that are followed again: what happens in them, and what they reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from verify.explore import Move, Return, lonely_from, may_start, returned
from verify.interpret import Machine, ReplayError, State
from verify.ir import Program, Scenario, Thread, instance
from verify.verdicts import Refuted, Schedule


@dataclass(frozen=True)
class Followed:
    """A schedule that the interpreter has followed; `states` are those before and after each
    move."""

    schedule: Schedule
    machine: Machine
    solo: Thread | None
    states: tuple[State, ...]

    @property
    def last(self) -> State:
        return self.states[-1]

    @cached_property
    def at_rest(self) -> bool:
        """Whether every thread rests at the end."""
        return self.machine.at_rest(self.last)

    @cached_property
    def fired(self) -> frozenset[tuple[str, int]]:
        """The commands that are taken, by the names of their threads."""
        threads = self.machine.threads
        return frozenset((threads[i].name, number) for i, number in self.schedule.moves)

    @cached_property
    def starts(self) -> bool:
        """Whether the lonely thread may start at the end."""
        solo = self.solo
        return solo is not None and self.at_rest and may_start(self.machine, solo, self.last)

    @cached_property
    def lonely(self) -> frozenset[tuple[str, int]]:
        """The commands that the lonely thread may take from the end on."""
        if self.solo is None:
            return frozenset()
        return frozenset(lonely_from(self.machine, [self.last], [self.solo]))

    def returns(self) -> list[tuple[int, Return]]:
        """What each move shows of the function with the table, by position."""
        found = []
        for position, (index, number) in enumerate(self.schedule.moves):
            command = self.machine.threads[index].commands[number]
            if command.outcome:
                shown = returned(self.machine, self.states[position], index, command)
                found.append((position, shown))
        return found


@dataclass
class Follower:
    """Follows the schedules of one scenario; the code of its threads is made once."""

    program: Program
    scenario: Scenario
    _machines: dict[tuple[int, bool], Machine] = field(default_factory=dict)

    def machine(self, threads: int, turning: bool) -> Machine:
        """The instance with so many threads for each [*]."""
        key = threads, turning
        if key not in self._machines:
            known = next(iter(self._machines.values()), None)
            code = instance(self.program, self.scenario, threads, turning)
            self._machines[key] = Machine(self.program, code, known, self.scenario.again)
        return self._machines[key]

    def solo(self, name: str) -> Thread | None:
        """The lonely thread of that name."""
        if not name:
            return None
        for thread in self.program.threads:
            if thread.kind == "solo" and thread.name == name:
                return thread
        raise ReplayError(f"there is no thread {name} that runs alone")

    def follow(self, schedule: Schedule) -> Followed:
        """The schedule, followed.

        Raises:
            ReplayError: it cannot be.
        """
        machine = self.machine(schedule.threads, schedule.turning)
        state = machine.initial()
        states = [state]
        for index, number in schedule.moves:
            state = machine.take(state, index, number)
            states.append(state)
        return Followed(schedule, machine, self.solo(schedule.solo), tuple(states))


def itself(schedule: Schedule) -> Schedule:
    """The schedule, where one is made only when it is asked for."""
    return schedule


def of_moves(moves: Sequence[Move], threads: int, turning: bool = False) -> Schedule:
    """A schedule without a thread that runs alone."""
    return Schedule(threads=threads, turning=turning, moves=tuple(moves))


def of_run(claim: str, verdict: Refuted) -> Schedule:
    """The run that refutes a claim."""
    run = verdict.run
    end = run.alone - 1 if run.alone else len(run.steps)
    return Schedule(
        threads=verdict.bound.threads,
        turning=verdict.turns,
        moves=tuple((step.index, step.command) for step in run.steps[:end]),
        # A lonely thread is called as the claim that it answers for.
        solo=claim if run.alone else "",
        alone=tuple(step.command for step in run.steps[end:]),
    )
