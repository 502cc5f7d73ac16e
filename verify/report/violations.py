"""How a claim is broken and what a step did, in words."""

from __future__ import annotations

from collections.abc import Mapping

from verify.reasons.steps import Because, Came, Note, Returned, Spurious
from verify.reasons.violations import (
    Act,
    Calls,
    CallsInState,
    Doing,
    EndsUnfinished,
    EndsWithoutValue,
    FollowsNull,
    GivesUpUnheld,
    InconsistentUse,
    LeavesRange,
    LockLacking,
    LockLeft,
    LockNowhere,
    OtherOutcome,
    ReturnsInState,
    SamplesInState,
    SleepsAtomic,
    SleepsInInterrupt,
    StateForbidden,
    TakesHeld,
    TakesTooDeep,
    UsesObject,
    Violation,
)

ACTS: Mapping[Doing, str] = {
    Doing.RETURNS: "returns",
    Doing.ENDS: "ends",
    Doing.SLEEPS: "may sleep",
    Doing.TAKES: "takes",
    Doing.RELEASES: "releases",
    Doing.DOWNGRADES: "downgrades",
}


def act_text(act: Act) -> str:
    """What a thread is doing: `returns`."""
    return f"calls {act.function}()" if isinstance(act, Calls) else ACTS[act]


def violation_text(one: Violation) -> str:
    """How a claim is broken, behind the name of the thread: `follows NULL in `p->x``."""
    match one:
        case LockLeft(act, lock):
            return f"{act_text(act)} with {lock} still held"
        case LockLacking(act, lock):
            return f"{act_text(act)} without {lock}"
        case LockNowhere(function, address):
            return f"calls {function}() without a lock: NULL in `{address.text}`"
        case TakesHeld(lock):
            return f"takes {lock}, which it already holds"
        case SleepsInInterrupt():
            return "may sleep in an interrupt"
        case InconsistentUse(lock, interrupt):
            if interrupt:
                return f"takes {lock} in an interrupt, taken elsewhere with interrupts on"
            return f"takes {lock} with interrupts on, taken in an interrupt elsewhere"
        case TakesTooDeep(lock, levels):
            return f"takes {lock} more than {levels} deep"
        case GivesUpUnheld():
            how = " for read" if one.reading else ""
            return f"{act_text(one.act)} {one.lock}, which it does not hold{how}"
        case SleepsAtomic(lock):
            return f"may sleep while it holds {lock}"
        case FollowsNull(expression):
            return f"follows NULL in `{expression.text}`"
        case LeavesRange(low, high):
            return f"the value leaves the range {low}..{high}"
        case EndsWithoutValue():
            return "ends without a return value"
        case UsesObject():
            where = f"`{one.expression.text}` while `{one.condition.text}` is false"
            return f"uses {one.name} in {where}"
        case CallsInState(callee):
            return f"calls {callee}() in this state"
        case ReturnsInState(function):
            return f"returns from {function}()"
        case SamplesInState():
            return "samples the table in this case"
        case StateForbidden():
            return "the state is one that the claim forbids"
        case EndsUnfinished(condition):
            return f"alone, it ends without {condition.text}"
        case OtherOutcome():
            case = ", ".join(name if value else f"!{name}" for name, value in one.axes)
            allowed = " or ".join(map(_outcome, one.allowed)) or "it never occurs"
            return f"{case}: {_outcome(one.outcome)}; its author says: {allowed}"


def _outcome(sentence: str | None) -> str:
    return "something else" if sentence is None else sentence


CAME: Mapping[Came, str] = {
    Came.TRUE: "true",
    Came.FALSE: "false",
    Came.NULL: "NULL",
    Came.NOT_NULL: "not NULL",
    Came.ZERO: "0",
    Came.NOT_ZERO: "not 0",
    Came.DIES: "it dies",
}


def note_text(note: Note | None) -> str:
    """What came of a step, by itself: `true`, `-> NULL: no memory`."""
    match note:
        case None:
            return ""
        case Came():
            return CAME[note]
        case Returned(value, because):
            return f"-> {value}" + (f": {because}" if because else "")
        case Because(text):
            return text


def noted(text: str, note: Note | None) -> str:
    """A piece of text with what came of it behind."""
    match note:
        case None:
            return text
        case Came.DIES | Because():
            return f"{text}  ({note_text(note)})"
        case Came():
            return f"{text}  is {note_text(note)}"
        case Returned():
            return f"{text}  {note_text(note)}"


def spurious_text(one: Spurious | None) -> str:
    """Why something may fail at any time; empty if it may not."""
    return "" if one is None else one.because or "for a moment"
