"""What the engines are asked: one scenario of a program, and how far to look."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from verify.ir import Claim, Program, Scenario
from verify.reasons.work import Work

Progress: TypeAlias = Callable[[Work], None]


def silent(_: Work) -> None:
    """Progress that nobody wants to see."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How far the engines look, in states, threads, views and the solver's own units.

    `presearch_states` are explored before anything else; more would cost more than they save.
    `all_states` are looked at where somebody may wait for a condition, `turn_states` in runs
    with further turns. What is not reached by as many threads as were asked for is looked for
    with `more_threads` more, as far as `more_states` go. `shorter_effort` is what z3 may spend
    on one step towards a shorter run. `views` are kept at most, `more_views` where it is asked
    whether it counts that a thread runs once; `lemmas` are found at most.
    """

    presearch_states: int = 30_000
    all_states: int = 200_000
    turn_states: int = 60_000
    more_threads: int = 2
    more_states: int = 60_000
    shorter_effort: int = 40_000_000
    views: int = 8_000_000
    more_views: int = 50_000
    lemmas: int = 3_000


DEFAULT_LIMITS = Limits()


def _default_limits() -> Limits:
    return DEFAULT_LIMITS


@dataclass(frozen=True, slots=True)
class Problem:
    """A scenario with `threads` threads for each [*], loops entered again `rounds` times.

    `only` are names of claims; none means all.
    """

    program: Program
    scenario: Scenario
    threads: int = 2
    rounds: int = 1
    only: tuple[str, ...] = ()
    limits: Limits = field(default_factory=_default_limits)

    @property
    def asked(self) -> tuple[Claim, ...]:
        """The claims that are asked, in the order of the program."""
        return tuple(c for c in self.program.claims if not self.only or c.name in self.only)
