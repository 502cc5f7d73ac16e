"""Answers as JSON for programs; `schema.json` and its neighbours in the package `report` say
what each document holds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from verify.application.answer import CheckReport, Coverage, Report
from verify.application.failures import Failure
from verify.diagnostics import Diagnostic
from verify.ends import worst
from verify.report import values
from verify.report.failures import headline
from verify.report.formats import Lines, View
from verify.report.text import extent_text
from verify.verdicts import Need
from verify.version import __version__

COVERAGE = "verify-coverage/1"
CHECK = "verify-check/1"


def prove(reports: Sequence[Report], view: View) -> Iterator[Lines]:
    del view
    programs = [_program(one) for one in reports]
    yield _dumped(values.document(programs, worst([one.status for one in reports])))


# A table is part of each program's document.
table = prove


def coverage(about: Coverage, changes: Iterator[tuple[Need, ...]], view: View) -> Iterator[Lines]:
    del view
    whole = replace(about, changes=tuple(changes))
    yield _dumped(
        {
            "format": COVERAGE,
            "version": __version__,
            "status": whole.status,
            "path": whole.path,
            "model": whole.question.model_name,
            "errors": _errors(whole.diagnostics, whole.failure),
            "scenarios": list(whole.scenarios),
            "changes": [_change(some, whole.scenarios) for some in whole.changes],
        }
    )


def check(reports: Iterator[CheckReport], view: View) -> Iterator[Lines]:
    del view
    every = list(reports)
    yield _dumped(
        {
            "format": CHECK,
            "version": __version__,
            "status": worst([one.status for one in every]),
            "certificates": [
                {
                    "folder": one.folder,
                    "status": one.status,
                    "accepted": one.accepted,
                    "done": list(one.done),
                    "wrong": list(one.wrong),
                    "left": list(one.left),
                    "errors": _errors(one.diagnostics, one.failure),
                }
                for one in every
            ],
        }
    )


def _program(one: Report) -> dict[str, Any]:
    model = one.question.model_name
    errors = _errors(one.diagnostics, one.failure)
    if errors:
        return values.failed(one.path, one.status, errors, model)
    return values.program(one.path, one.status, one.results, model)


def _errors(diagnostics: Sequence[Diagnostic], failure: Failure | None) -> list[dict[str, Any]]:
    found = [values.error(one) for one in diagnostics]
    if failure is not None:
        nowhere = {"file": None, "line": None, "column": None}
        found.append({"code": "", "message": headline(failure), **nowhere, "notes": []})
    return found


def _change(some: Sequence[Need], scenarios: Sequence[str]) -> dict[str, Any]:
    one = some[0]
    return {
        "file": one.span.source.path,
        "line": one.span.line,
        "column": one.span.column,
        "change": one.change,
        "senseless": "" if one.senseless is None else one.senseless.headline,
        "scenarios": [
            {"scenario": name, "breaks": list(need.breaks), "open": extent_text(need.open)}
            for name, need in zip(scenarios, some, strict=True)
        ],
    }


def _dumped(document: Mapping[str, Any]) -> Lines:
    return Lines(tuple(json.dumps(document, indent=1).split("\n")))
