"""Mistakes, verdicts and what is not covered as findings: the one place where they are worded."""

from __future__ import annotations

from collections.abc import Iterator

from verify.diagnostics import Diagnostic
from verify.reasons.coverage import Goal, StatementGoal
from verify.report.coverage import untested_text
from verify.report.ends import history, wrong
from verify.report.finding import Annotation, Aside, AsideKind, Finding, Severity
from verify.report.limits import cut_short, remark_text, unproved_text
from verify.source import Span
from verify.verdicts import (
    Absent,
    Answer,
    Bounded,
    Crash,
    NotEstablished,
    Proved,
    Refuted,
    Run,
    Vacuous,
    Verdict,
)


def of_diagnostic(one: Diagnostic) -> Finding:
    """A mistake in the text."""
    return Finding(
        code=one.code,
        severity=Severity.MISTAKE,
        headline=one.headline,
        primary=None if one.span is None and not one.label else Annotation(one.span, one.label),
        notes=tuple(Aside(AsideKind.HINT, note) for note in one.notes),
    )


def of_answer(answer: Answer) -> Finding:
    """A verdict on a claim."""
    verdict = answer.verdict
    severity, primary = _verdict(answer.claim, verdict)
    crash = answer.cut_short
    return Finding(
        code=answer.claim,
        severity=severity,
        headline=answer.sentence,
        primary=primary,
        related=tuple(_related(verdict)),
        doubts=() if crash is None else (Annotation(crash.span, cut_short(crash)),),
        notes=tuple(_notes(answer)),
    )


def of_statement(goal: StatementGoal) -> Finding:
    """A statement that no run reaches."""
    return Finding(
        code="vacuity",
        severity=Severity.VACUOUS,
        headline="never reached",
        primary=Annotation(goal.span, ""),
    )


def _verdict(claim: str, verdict: Verdict) -> tuple[Severity, Annotation | None]:
    match verdict:
        case Proved():
            return Severity.PROVED, None
        case Bounded(_, None):
            return Severity.BOUNDED, None
        case Bounded(_, unproved):
            assert unproved is not None
            return Severity.BOUNDED, Annotation(None, unproved_text(unproved))
        case Refuted(run):
            return Severity.REFUTED, Annotation(_last(run), wrong(run))
        case NotEstablished(reason):
            where = reason.span if isinstance(reason, Crash) else None
            return Severity.NOT_ESTABLISHED, Annotation(where, unproved_text(reason))
        case Vacuous(missing):
            said = untested_text(claim, missing)
            return Severity.VACUOUS, Annotation(_first(missing), said)
        case Absent(missing):
            return Severity.ABSENT, Annotation(_first(missing), untested_text(claim, missing))


def _first(missing: tuple[Goal, ...]) -> Span | None:
    return next((goal.span for goal in missing if isinstance(goal, StatementGoal)), None)


def _last(run: Run) -> Span | None:
    """Where a run ends: where its thread dies, else the access of its last step."""
    if isinstance(run.end, Crash):
        return run.end.span
    return _place(run, len(run.steps))


def _place(run: Run, number: int) -> Span | None:
    step = next((step for step in run.steps if step.number == number), None)
    lines = () if step is None else step.lines
    return next((line.span for line in lines if line.main), None)


def _related(verdict: Verdict) -> Iterator[Annotation]:
    match verdict:
        case Refuted(run):
            for number, said in history(run):
                yield Annotation(_place(run, number), said)
        case Vacuous(missing) | Absent(missing):
            for goal in missing:
                if isinstance(goal, StatementGoal):
                    yield Annotation(goal.span, "never reached")
        case Proved() | Bounded() | NotEstablished():
            return


def _notes(answer: Answer) -> Iterator[Aside]:
    if answer.known:
        yield Aside(AsideKind.KNOWN, answer.known)
    if answer.beside is not None:
        yield Aside(AsideKind.BESIDE, remark_text(answer.beside))
