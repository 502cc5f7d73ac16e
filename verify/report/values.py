"""Verdicts as plain values for JSON; `schema.json` beside this file describes them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from verify.diagnostics import Diagnostic
from verify.locks import mode_name, verb
from verify.report.coverage import in_short, never
from verify.report.ends import cause, value_text, who
from verify.report.finding import Annotation, AsideKind
from verify.report.findings import of_answer, of_diagnostic
from verify.report.text import behaviour
from verify.report.violations import note_text, spurious_text, violation_text
from verify.source import Span
from verify.verdicts import (
    Answer,
    Behaviour,
    Bound,
    Bounded,
    Broken,
    Condition,
    Crash,
    Endless,
    Held,
    Proved,
    Refuted,
    Result,
    Row,
    Run,
    Step,
    Unbalanced,
    Wait,
    Waiting,
    nowhere,
    word,
)
from verify.version import __version__

FORMAT = "verify-report/2"


def document(programs: Sequence[dict[str, Any]], status: int) -> dict[str, Any]:
    """The whole answer of one call."""
    return {
        "format": FORMAT,
        "version": __version__,
        "status": status,
        "programs": list(programs),
    }


def program(
    path: str, status: int, results: Sequence[Result], model: str | None = None
) -> dict[str, Any]:
    """What was found out about one program, in each scenario."""
    missing = nowhere(results)
    return {
        "path": path,
        "model": model,
        "status": status,
        "errors": [],
        "uncovered": None if missing is None else [*map(never, in_short(missing))],
        "watched": dataclasses.asdict(results[0].watched) if results else None,
        "verdicts": [_answer(a, r) for r in results for a in r.answers],
        "table": [_row(row, r) for r in results for row in r.table],
    }


def failed(
    path: str, status: int, errors: Sequence[dict[str, Any]], model: str | None = None
) -> dict[str, Any]:
    """A program of which nothing can be said, and why."""
    return {
        "path": path,
        "model": model,
        "status": status,
        "errors": list(errors),
        "uncovered": None,
        "watched": None,
        "verdicts": [],
        "table": [],
    }


def error(diagnostic: Diagnostic) -> dict[str, Any]:
    """A mistake in the input."""
    found = of_diagnostic(diagnostic)
    primary = found.primary or Annotation(None, "")
    span = primary.span
    return {
        "code": found.code,
        "message": found.headline,
        "file": None if span is None else span.source.path,
        "line": None if span is None else span.line,
        "column": None if span is None else span.column,
        "notes": [*filter(None, [primary.label]), *(note.text for note in found.notes)],
    }


def _answer(answer: Answer, result: Result) -> dict[str, Any]:
    verdict = answer.verdict
    found = of_answer(answer)
    notes = {note.kind: note.text for note in found.notes}
    return {
        "claim": found.code,
        "description": found.headline,
        "scenario": answer.scenario,
        "verdict": word(verdict),
        "bound": None
        if isinstance(verdict, Proved)
        else _bound(verdict.bound if isinstance(verdict, Bounded | Refuted) else result.bound),
        "lemmas": verdict.lemmas if isinstance(verdict, Proved) else None,
        "reason": "" if found.primary is None else found.primary.label,
        **({"known": notes[AsideKind.KNOWN]} if AsideKind.KNOWN in notes else {}),
        **({"cut_short": _crash(answer.cut_short)} if answer.cut_short is not None else {}),
        **({"beside": notes[AsideKind.BESIDE]} if AsideKind.BESIDE in notes else {}),
        **(_run(verdict.run) if isinstance(verdict, Refuted) else {}),
        **(
            {"least": verdict.least}
            if isinstance(verdict, Refuted) and verdict.least < verdict.bound.threads
            else {}
        ),
        **({"turns": True} if isinstance(verdict, Refuted) and verdict.turns else {}),
    }


def _bound(bound: Bound) -> dict[str, Any]:
    return {"threads": bound.threads, "unwind": bound.rounds, "truncated": bound.cut}


def _crash(crash: Crash) -> dict[str, Any]:
    return {"claim": crash.claim, "reason": violation_text(crash.violation), **_place(crash.span)}


def _end(run: Run) -> dict[str, Any]:
    """What is wrong at the end of a run, in all its parts; what has no place is empty."""
    conditions: tuple[Condition, ...] = ()
    locks: tuple[Held, ...] = ()
    waits: tuple[Wait, ...] = ()
    dies: Crash | None = None
    match run.end:
        case Broken(_, _, conditions, locks):
            kind = "broken"
        case Unbalanced(_, _, left, lacking):
            kind, locks = "locks", (*left, *lacking)
        case Crash(_, _, _, _, locks) as dies:
            kind = "crash"
        case Waiting(waits):
            kind = "waiting"
        case Endless() | None:
            kind = "endless"
    return {
        "kind": kind,
        "thread": who(run),
        "conditions": [
            {
                **_place(one.span),
                "is": one.forbidden,
                "values": [{"name": v.name, "value": value_text(v)} for v in one.values],
            }
            for one in conditions
        ],
        "locks": [_held(one) for one in locks],
        "waiting": [
            {
                "thread": one.thread,
                **({"file": "", "line": 0, "text": ""} if one.span is None else _place(one.span)),
                "held": [_held(lock) for lock in one.locks],
                "values": [{"name": name, "value": value} for name, value in one.values],
            }
            for one in waits
        ],
        "crash": None if dies is None else _crash(dies),
    }


def _held(one: Held) -> dict[str, Any]:
    return {"thread": one.thread, "lock": one.lock, "mode": mode_name(one.mode), "step": one.step}


def _run(run: Run) -> dict[str, Any]:
    blamed = cause(run)
    return {
        "threads": list(run.threads),
        "switches": run.switches,
        "start": dict(run.start),
        "cause": None if blamed is None else {"step": blamed[0], "text": blamed[1]},
        "end": _end(run),
        "run": [_step(step) for step in run.steps],
    }


def _step(step: Step) -> dict[str, Any]:
    main = next((line for line in step.lines if line.main), None)
    also = [line for line in step.lines if line is not main]
    return {
        "step": step.number,
        "thread": step.thread,
        **(_place(main.span) if main else {"file": "", "line": 0, "text": ""}),
        "note": note_text(main.note) if main else "",
        "also": [{**_place(line.span), "note": note_text(line.note)} for line in also],
        "transient": spurious_text(step.transient),
        "locks": [{"lock": lock, "does": verb(held, then)} for lock, held, then in step.locks],
        "changed": [
            {"name": c.name, "thread": c.owner, "before": c.before, "after": c.after}
            for c in step.changes
        ],
        "held": [
            {"thread": thread, "lock": lock, "mode": mode_name(mode)}
            for thread, lock, mode in step.holds
        ],
    }


def _place(span: Span) -> dict[str, Any]:
    return {"file": span.source.path, "line": span.line, "text": span.text}


def _row(row: Row, result: Result) -> dict[str, Any]:
    return {
        "scenario": result.scenario,
        "axes": dict(row.axes),
        "reachable": row.reachable,
        "sampled": row.sampled,
        "outcomes": [_behaviour(one) for one in row.behaviours],
        "alone": [_behaviour(one) for one in row.alone],
        "claimed": list(row.claimed),
        "verdict": row.verdict,
        "run": [] if row.witness is None else [_step(step) for step in row.witness.steps],
    }


def _behaviour(one: Behaviour) -> dict[str, Any]:
    return {
        "outcome": one.outcome,
        "text": one.sentence if one.crash is None else behaviour(one),
        "left_held": list(one.left),
        **({"lacking": list(one.lacking)} if one.lacking else {}),
        **({"crash": _crash(one.crash)} if one.crash is not None else {}),
        **({"run": [_step(step) for step in one.run.steps]} if one.run is not None else {}),
    }
