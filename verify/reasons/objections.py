"""What the runs of a certificate say against what it says of a claim."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from verify.reasons.coverage import Goal


class Contradiction(Enum):
    """In which way a run, or all runs together, do not show what is said."""

    NO_STEPS = auto()
    ENDS_OTHERWISE = auto()
    ISOLATED = auto()
    NOBODY_WAITS = auto()
    FOR_ANOTHER_CLAIM = auto()
    NOT_QUIESCENT = auto()
    NOT_BREAKING = auto()
    NO_PROOF = auto()
    TESTED = auto()
    UNTESTED = auto()
    DIES_IN_A_CASE = auto()
    NOT_ALL_REACHED = auto()
    REACHES_OTHERWISE = auto()
    TESTED_OTHERWISE = auto()


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a ruling on a claim is refused; `missing` are goals that no run reaches."""

    claim: str
    what: Contradiction
    missing: tuple[Goal, ...] = ()
