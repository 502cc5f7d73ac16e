"""What the certificates below a folder say, for the page that lays them out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from verify.artifact.certificate import meaning
from verify.artifact.check import Opened
from verify.artifact.form import CERTIFICATE, MalformedError
from verify.artifact.names import MODEL, PROGRAM
from verify.artifact.views import result_of
from verify.report.coverage import untested_text
from verify.report.dashboard import Entry, Said
from verify.report.ends import last_line
from verify.report.limits import remark_text, unproved_text
from verify.report.words import several
from verify.verdicts import Absent, Answer, Bounded, NotEstablished, Proved, Refuted, Vacuous, word


def folders_below(root: Path) -> Iterator[Path]:
    """Each folder that holds a certificate; what is hidden was being written.

    Raises:
        OSError: a folder cannot be read.
    """

    def give_up(error: OSError) -> None:
        raise error

    for place, folders, names in os.walk(root, onerror=give_up):
        if CERTIFICATE in (*folders, *names):
            yield Path(place)
        folders[:] = sorted(name for name in folders if not name.startswith("."))


def evidence_of(one: Opened, link: str) -> Entry:
    """What a certificate says of each claim.

    Raises:
        Malformed: it is not one of the program as it is now, or its runs do not show it.
        ReplayError: a run cannot be followed.
    """
    if unfit := one.fitting():
        raise MalformedError(unfit)
    certificate = meaning(one.said, one.program, one.scenario)
    result = result_of(one, certificate, whole=False)
    return Entry(
        link,
        str(one.said["program"]).removesuffix(PROGRAM),
        str(one.said.get("model", "")).removesuffix(MODEL),
        one.scenario.name,
        tuple(map(_said, result.answers)),
    )


def _said(answer: Answer) -> Said:
    how, why = _resting_on(answer)
    if answer.cut_short is not None:
        how += ", cut short"
    verdict = word(answer.verdict)
    return Said(
        answer.claim, answer.sentence, verdict, how, why, answer.known, remark_text(answer.beside)
    )


def _resting_on(answer: Answer) -> tuple[str, str]:
    """What stands behind a verdict, and why it is so, in a few words."""
    match answer.verdict:
        case Proved(_, True):
            return "by runs", ""
        case Proved(lemmas):
            return several(lemmas, "lemma"), ""
        case Bounded(bound, unproved):
            return f"{bound.threads} of each", "" if unproved is None else unproved_text(unproved)
        case Refuted(run):
            how = f"{several(len(run.steps), 'step')}, {several(len(run.threads), 'thread')}"
            return how, last_line(run)
        case NotEstablished(why):
            return "", unproved_text(why)
        case Vacuous(missing) | Absent(missing):
            return "", untested_text(answer.claim, missing)
