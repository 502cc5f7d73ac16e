"""What comes of a question: values, with all there is to say in diagnostics, verdicts and spans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from verify.application.failures import Failure, status_of
from verify.application.question import CheckQuestion, Question
from verify.diagnostics import Diagnostic
from verify.ends import Status
from verify.verdicts import Absent, Answer, Bounded, Need, Proved, Refuted, Result, nowhere


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What came of a program: `results`, one for each scenario, or what is wrong with it.

    That is either mistakes in the text, `diagnostics`, or a `failure`. `written` are the folders
    of the certificates. `cancelled` are the scenarios that whoever asked has ended before there
    was an answer: in these each claim is not established.
    """

    path: str
    question: Question
    status: Status
    results: tuple[Result, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    failure: Failure | None = None
    written: tuple[str, ...] = ()
    cancelled: tuple[str, ...] = ()

    @property
    def established(self) -> bool:
        """Whether all that was asked is: proved, or with `bounded` not broken within the bound."""
        return self.status == Status.ESTABLISHED

    @property
    def answers(self) -> tuple[Answer, ...]:
        """The verdict on each claim in each scenario."""
        return tuple(answer for result in self.results for answer in result.answers)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """What came of a certificate: it is accepted if nothing is `wrong`.

    `done` is what was checked and `left` what was not, in words. `usage`: what is wrong is which
    program or folder was meant, so that the certificate is neither accepted nor rejected;
    `diagnostics` are the mistakes in that program. So it is with a `failure`.
    """

    folder: str
    question: CheckQuestion
    done: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    usage: bool = False
    diagnostics: tuple[Diagnostic, ...] = ()
    failure: Failure | None = None

    @property
    def accepted(self) -> bool:
        """Whether everything that was checked is as the certificate says."""
        return self.failure is None and not self.wrong

    @property
    def status(self) -> Status:
        """Accepted is ESTABLISHED, rejected REFUTED."""
        if self.failure is not None:
            return status_of(self.failure)
        if not self.wrong:
            return Status.ESTABLISHED
        return Status.INPUT if self.usage else Status.REFUTED


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Which statements of a program the claims rest on, or what is wrong with it.

    `changes` are the statements, each with what leaving it out breaks in each of `scenarios`, in
    that order. `cancelled`: whoever asked has ended it before all statements were looked at.
    """

    path: str
    question: Question
    scenarios: tuple[str, ...] = ()
    changes: tuple[tuple[Need, ...], ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    failure: Failure | None = None
    cancelled: bool = False

    @property
    def status(self) -> Status:
        """OPEN if of a statement that no claim misses it is not known that none does."""
        if self.failure is not None:
            return status_of(self.failure)
        if self.diagnostics:
            return Status.INPUT
        return Status.OPEN if self.cancelled else status_of_changes(self.changes)


def status_of_results(results: Sequence[Result], bounded: bool) -> Status:
    """What all verdicts on a program come to; `bounded` if more was not asked for."""
    verdicts = [answer.verdict for result in results for answer in result.answers]
    if any(isinstance(verdict, Refuted) for verdict in verdicts):
        return Status.REFUTED
    # What one scenario does not put to the test is for the others to do.
    enough = (Proved, Bounded, Absent) if bounded else (Proved, Absent)
    open_ = not all(isinstance(verdict, enough) for verdict in verdicts) or nowhere(results)
    return Status.OPEN if open_ else Status.ESTABLISHED


def status_of_changes(changes: Sequence[Sequence[Need]]) -> Status:
    """What was seen of all statements comes to."""
    open_ = any(one.open and one.idle for some in changes for one in some)
    return Status.OPEN if open_ else Status.ESTABLISHED
