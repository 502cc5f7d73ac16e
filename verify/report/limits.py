"""Why it is not known whether a claim holds, in words."""

from __future__ import annotations

from collections.abc import Mapping

from verify.reasons.limits import (
    ArithmeticLimit,
    Circle,
    ComputesWithLock,
    Count,
    CountLimit,
    EffortLimit,
    MemoryLimit,
    MoreWaysUnknown,
    NewWay,
    NoSuchClaim,
    NoSuchLemma,
    Plain,
    Refused,
    Remark,
    Reported,
    SolverLimit,
    Suspect,
    TakesUnasked,
    ThreadLimit,
    Ungrounded,
    Unproved,
)
from verify.report.states import circle_text, states_text
from verify.report.violations import violation_text
from verify.report.words import place
from verify.verdicts import Crash

PLAIN: Mapping[Plain | Ungrounded, str] = {
    Plain.NOT_ATTEMPTED: "not attempted",
    Plain.ISOLATED_LOOPS: "a run alone has loops",
    Plain.ISOLATED_TRUNCATED: "a run alone goes through a loop more often than the bound",
    Plain.WAITS_FOR_CONDITION: "somebody waits for a condition, and whether others always let it "
    "go on takes more states to tell than the limit allows",
    Plain.CANCELLED: "it was cancelled",
    Plain.LATE: "the deadline has passed",
    Ungrounded.WAITS_WITHOUT_CLAIM: "who may wait for whom is said for the claim stuck, which is "
    "not proved",
    Ungrounded.NO_SUCH_PLACE: "somebody waits at a place that the program does not have",
    Ungrounded.CIRCLE: "who may wait for whom goes in circles",
    Ungrounded.NO_SUCH_FIELD: "a lemma speaks of something that the program does not have",
}
COUNTED: Mapping[Count, str] = {
    Count.COMPARISONS: "runs come to more than {} comparisons of two events",
    Count.ISOLATED_PATHS: "a run alone has more than {} paths",
    Count.LEMMAS: "more than {} lemmas",
    Count.VIEWS: "more than {} views",
    Count.LOOKS: "views take more than {} looks",
}


def unproved_text(reason: Unproved | Crash) -> str:
    """Why a claim is not proved, or not established; a crash keeps more from being found."""
    match reason:
        case Plain() | Ungrounded():
            return PLAIN[reason]
        case CountLimit(what, most):
            return COUNTED[what].format(most)
        case ThreadLimit(thread, most):
            return f"thread {thread} has more than {most} states by itself"
        case EffortLimit(units):
            return f"z3 gave up: {units} units of effort are spent"
        case SolverLimit(said):
            return f"z3 gave up: {said}"
        case MemoryLimit(scenario):
            return f"out of memory in scenario {scenario}"
        case ComputesWithLock(thread):
            return f"{thread} computes with the state of a lock"
        case TakesUnasked(thread, lock):
            return f"{thread} takes {lock} without asking whether it is free"
        case ArithmeticLimit(largest):
            return f"arithmetic may come to {largest}"
        case NoSuchClaim(claim):
            return f"there is no claim {claim} that lemmas can prove"
        case NoSuchLemma(claim):
            return f"{claim} rests on a lemma twice, or on one that there is not"
        case Refused(obligation, answers):
            words = ", ".join(f"{name}: {answer}" for name, answer in answers)
            return f"obligation {obligation} ({words})"
        case Suspect(states):
            return (
                "by twos, threads can be seen where it may break, though no run within the bound "
                f"gets there ({states_text(states)})"
            )
        case Circle():
            return circle_text(reason)
        case Reported(words):
            return words
        case Crash():
            return cut_short(reason)


def cut_short(crash: Crash) -> str:
    """Why nothing more is found: somebody dies first."""
    return f"cut short by {crash.claim}: {violation_text(crash.violation)} at {place(crash.span)}"


def remark_text(remark: Remark | None) -> str:
    """What there is to say besides, where a bug has a name."""
    match remark:
        case None:
            return ""
        case MoreWaysUnknown():
            return "z3 gave up looking for another way"
        case NewWay(known):
            return f"new: not the known {' or '.join(known)}"
        case Reported(words):
            return words
