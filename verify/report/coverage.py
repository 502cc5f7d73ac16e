"""Coverage goals that no run reaches, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from verify.reasons.coverage import (
    CallGoal,
    CaseGoal,
    Goal,
    LockGoal,
    Owner,
    OwnerGoal,
    SampleGoal,
    StartGoal,
    StatementGoal,
    UseGoal,
)
from verify.report.words import place


def in_short(missing: Iterable[Goal]) -> list[Goal]:
    """What is never reached without what goes without saying: the lines of a function
    that is never called, the cases of a table that is never sampled."""
    some = list(missing)
    idle = {one.owner for one in some if isinstance(one, OwnerGoal)}
    sampled = not any(isinstance(one, SampleGoal) for one in some)
    return [
        one
        for one in some
        if not (isinstance(one, StatementGoal) and one.owner in idle)
        and (sampled or not isinstance(one, CaseGoal))
    ]


def unreached_text(missing: Iterable[Goal]) -> str:
    """What is never reached, as one sentence: lines first, each once."""
    some = in_short(missing)
    lines = dict.fromkeys(_line(one) for one in some if isinstance(one, StatementGoal))
    said = [never(one) for one in some if not isinstance(one, StatementGoal)]
    return "; ".join([*([f"never reached: line {', '.join(lines)}"] if lines else []), *said])


def untested_text(claim: str, missing: Sequence[Goal]) -> str:
    """Why a claim is not put to the test, beside its name."""
    if claim == "vacuity":
        return unreached_text(missing)
    return "; ".join(_untested(claim, missing))


def _untested(claim: str, missing: Sequence[Goal]) -> Iterator[str]:
    calls = [one.callee for one in missing if isinstance(one, CallGoal)]
    if calls:
        yield f"{', '.join(calls)} is never called"
    for one in missing:
        match one:
            case CallGoal():
                pass
            case StartGoal():
                yield NO_START
            case SampleGoal(point) if claim == "table":
                yield f"its {_sample(point)}"
            case StatementGoal() | OwnerGoal() | UseGoal() | LockGoal() | SampleGoal() | CaseGoal():
                yield never(one)


NO_START = "no state at rest is as it says"


def never(goal: Goal) -> str:
    """That a goal is not reached, wherever it is told."""
    match goal:
        case StatementGoal():
            return f"line {_line(goal)}"
        case OwnerGoal(Owner("function", name)):
            return f"function {name} is never called"
        case OwnerGoal(Owner(kind, name)):
            return f"{kind} {name} never runs"
        case CallGoal(callee):
            return f"{callee} is never called"
        case UseGoal(struct):
            return f"no object of struct {struct} is ever used"
        case LockGoal(lock):
            return f"{lock} is never held"
        case SampleGoal(point):
            return f"the table's {_sample(point)}"
        case CaseGoal(_, text):
            return f"case {text} is never sampled"
        case StartGoal(claim):
            return f"{claim}: {NO_START}"


def goal_text(goal: Goal) -> str:
    """What a goal asks for: `line 14`, `f is called`."""
    match goal:
        case StatementGoal():
            return f"line {_line(goal)}"
        case OwnerGoal(Owner("function", name)) | CallGoal(name):
            return f"{name} is called"
        case OwnerGoal(Owner(kind, name)):
            return f"{kind} {name} runs"
        case UseGoal(struct):
            return f"an object of struct {struct} is used"
        case LockGoal(lock):
            return f"{lock} is held"
        case SampleGoal(point):
            return f"the table's sample point, {point}, is reached"
        case CaseGoal(_, text):
            return f"case {text} is sampled"
        case StartGoal(claim):
            return f"{claim}: some state at rest is as it says"


def _sample(point: str) -> str:
    return f"sample point, {point}, is never reached"


def _line(one: StatementGoal) -> str:
    """A line of the program itself, or of another file by its name."""
    return place(one.span) if one.included else str(one.span.line)
