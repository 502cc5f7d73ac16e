"""Coverage goals: what some run has to reach, lest a claim holds of nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from verify.source import Span


@dataclass(frozen=True, slots=True)
class Owner:
    """The function or the thread that a statement stands in."""

    kind: Literal["function", "thread"]
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementGoal:
    """A simple statement or condition, by its `position` among those of the program.

    `included`: it stands in another file than the program itself.
    """

    position: int
    owner: Owner
    span: Span
    included: bool


@dataclass(frozen=True, slots=True)
class OwnerGoal:
    """Any statement of a function or a thread."""

    owner: Owner


@dataclass(frozen=True, slots=True)
class CallGoal:
    """A call at which a claim is tested."""

    callee: str


@dataclass(frozen=True, slots=True)
class UseGoal:
    """A use of an object of a struct of which a claim speaks."""

    struct: str


@dataclass(frozen=True, slots=True)
class LockGoal:
    """A lock, held by somebody."""

    lock: str


@dataclass(frozen=True, slots=True)
class SampleGoal:
    """The point where the case table is sampled: `look() returning false`."""

    point: str


@dataclass(frozen=True, slots=True)
class CaseGoal:
    """A case of the table, by its cell and as the text has it: `!vma && mapped`."""

    cell: int
    text: str


@dataclass(frozen=True, slots=True)
class StartGoal:
    """A state from which the isolated run that a claim is about may start."""

    claim: str


Goal: TypeAlias = (
    StatementGoal | OwnerGoal | CallGoal | UseGoal | LockGoal | SampleGoal | CaseGoal | StartGoal
)
