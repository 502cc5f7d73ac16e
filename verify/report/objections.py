"""Why what a certificate says of a claim is refused, in words."""

from __future__ import annotations

from collections.abc import Mapping

from verify.reasons.objections import Contradiction, Objection
from verify.report.coverage import unreached_text, untested_text

SAID: Mapping[Contradiction, str] = {
    Contradiction.NO_STEPS: "its run has no steps",
    Contradiction.ENDS_OTHERWISE: "its run does not end with what breaks it",
    Contradiction.ISOLATED: "its run is one of a thread alone",
    Contradiction.NOBODY_WAITS: "nobody waits for ever at the end of its run",
    Contradiction.FOR_ANOTHER_CLAIM: "its run is one for another claim",
    Contradiction.NOT_QUIESCENT: "somebody is under way where its thread begins to run alone",
    Contradiction.NOT_BREAKING: "its run alone is not one that breaks it",
    Contradiction.NO_PROOF: "runs do not prove it",
    Contradiction.TESTED: "its runs put it to the test",
    Contradiction.UNTESTED: "no run puts it to the test",
    Contradiction.DIES_IN_A_CASE: "a call dies in one of its cases",
    Contradiction.NOT_ALL_REACHED: "the runs do not reach everything",
    Contradiction.REACHES_OTHERWISE: "what its runs reach is another thing",
    Contradiction.TESTED_OTHERWISE: "what other scenarios put to the test is another thing",
}


def objection_text(one: Objection) -> str:
    """`table: a call dies in one of its cases`."""
    said = f"{one.claim}: {SAID[one.what]}"
    match one.what:
        case Contradiction.UNTESTED:
            return f"{said}: {untested_text(one.claim, one.missing)}"
        case Contradiction.NOT_ALL_REACHED:
            return f"{said}: {unreached_text(one.missing)}"
        case _:
            # The others are about the claim alone.
            return said
