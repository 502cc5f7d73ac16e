"""Verdicts as plain values for JSON; `schema.json` beside this file describes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from verify import __version__
from verify.diagnostics import Diagnostic
from verify.source import Span
from verify.verdicts import (
    Absent,
    Answer,
    Behaviour,
    Bound,
    Holds,
    NotEstablished,
    Proved,
    Refuted,
    Result,
    Row,
    Run,
    Step,
    Vacuous,
    nowhere,
    word,
)

FORMAT = "verify-report/1"


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
        "nowhere": None if missing is None else [said for _, said in missing],
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
        "nowhere": None,
        "verdicts": [],
        "table": [],
    }


def error(diagnostic: Diagnostic) -> dict[str, Any]:
    """A mistake in the input."""
    span = diagnostic.span
    return {
        "code": diagnostic.code,
        "message": diagnostic.headline,
        "file": None if span is None else span.source.path,
        "line": None if span is None else span.line,
        "column": None if span is None else span.column,
        "notes": [diagnostic.label, *diagnostic.notes] if diagnostic.label else [*diagnostic.notes],
    }


def _answer(answer: Answer, result: Result) -> dict[str, Any]:
    verdict = answer.verdict
    return {
        "claim": answer.claim,
        "sentence": answer.sentence,
        "scenario": answer.scenario,
        "verdict": word(verdict),
        "bound": None
        if isinstance(verdict, Proved)
        else _bound(verdict.bound if isinstance(verdict, Holds | Refuted) else result.bound),
        "lemmas": verdict.lemmas if isinstance(verdict, Proved) else None,
        "reason": verdict.reason
        if isinstance(verdict, NotEstablished | Vacuous | Absent)
        else verdict.run.wrong
        if isinstance(verdict, Refuted)
        else verdict.unproved
        if isinstance(verdict, Holds)
        else "",
        **({"known": answer.known} if answer.known else {}),
        **({"beside": answer.beside} if answer.beside else {}),
        **(_run(verdict.run) if isinstance(verdict, Refuted) else {}),
        **(
            {"least": verdict.least}
            if isinstance(verdict, Refuted) and verdict.least < verdict.bound.threads
            else {}
        ),
    }


def _bound(bound: Bound) -> dict[str, Any]:
    return {"threads": bound.threads, "rounds": bound.rounds, "cut": bound.cut}


def _run(run: Run) -> dict[str, Any]:
    return {
        "threads": list(run.threads),
        "switches": run.switches,
        "start": dict(run.start),
        "cause": None if run.cause is None else {"step": run.cause[0], "text": run.cause[1]},
        "run": [_step(step) for step in run.steps],
    }


def _step(step: Step) -> dict[str, Any]:
    main = next((line for line in step.lines if line.main), None)
    also = [line for line in step.lines if line is not main]
    return {
        "step": step.number,
        "thread": step.thread,
        **(_place(main.span) if main else {"file": "", "line": 0, "text": ""}),
        "note": main.note if main else "",
        "also": [{**_place(line.span), "note": line.note} for line in also],
        "transient": step.transient,
        "locks": [{"lock": lock, "does": verb} for lock, verb in step.locks],
        "changed": [
            {"name": c.name, "thread": c.owner, "before": c.before, "after": c.after}
            for c in step.changes
        ],
        "held": [
            {"thread": thread, "lock": lock, "mode": mode} for thread, lock, mode in step.holds
        ],
    }


def _place(span: Span) -> dict[str, Any]:
    return {"file": span.source.path, "line": span.line, "text": span.text}


def _row(row: Row, result: Result) -> dict[str, Any]:
    return {
        "scenario": result.scenario,
        "axes": dict(row.axes),
        "reachable": row.reachable,
        "outcomes": [_behaviour(one) for one in row.behaviours],
        "alone": [_behaviour(one) for one in row.alone],
        "claimed": list(row.claimed),
        "verdict": row.verdict,
        "run": [] if row.witness is None else [_step(step) for step in row.witness.steps],
    }


def _behaviour(one: Behaviour) -> dict[str, Any]:
    return {"outcome": one.outcome, "text": one.sentence, "left_held": list(one.left)}
