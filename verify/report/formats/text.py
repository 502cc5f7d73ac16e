"""Answers as text for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from verify.application.answer import CheckReport, Coverage, Report
from verify.application.failures import Failure
from verify.diagnostics import Diagnostic
from verify.report import text
from verify.report.failures import headline, line
from verify.report.findings import of_diagnostic
from verify.report.formats import Lines, View
from verify.report.render import render
from verify.verdicts import Need


def prove(reports: Sequence[Report], view: View) -> Iterator[Lines]:
    yield from _complaints(reports)
    results = [result for one in reports for result in one.results]
    blocks = [list(text.report(result, runs=not view.brief)) for result in results]
    for one in reports:
        if one.written:
            blocks.append([f"evidence: {', '.join(one.written)}"])
    last = list(text.summary(results)) if len(results) > 1 else []
    last += [line for one in reports for line in text.across(one.results)]
    if last:
        blocks.append(last)
    if blocks:
        yield Lines(_one_by_one(blocks))


def table(reports: Sequence[Report], view: View) -> Iterator[Lines]:
    del view
    yield from _complaints(reports)
    results = [result for one in reports for result in one.results]
    if len(results) == 1:
        yield Lines(tuple(text.report(results[0], runs=False)))
    elif results:
        yield Lines(tuple(text.side_by_side(results)))


def coverage(about: Coverage, changes: Iterator[tuple[Need, ...]], view: View) -> Iterator[Lines]:
    del view
    yield from _complaint(about.diagnostics, about.failure)
    # Those of the first scenario are told as they come, those of the others are kept.
    kept: list[tuple[Need, ...]] = []

    def first() -> Iterator[Need]:
        for some in changes:
            kept.append(some)
            yield some[0]

    model = about.question.model_name
    for i, name in enumerate(about.scenarios):
        title = f"{about.path}, scenario {name}" + (f", model {model}" if model else "")
        some = first() if i == 0 else (one[i] for one in kept)
        for one in text.needs_text(title, some, about.question.claims):
            yield Lines((one,))


def check(reports: Iterator[CheckReport], view: View) -> Iterator[Lines]:
    del view
    for one in reports:
        if one.failure is not None:
            yield Lines((f"{one.folder}: {headline(one.failure)}",), aside=True)
            continue
        said = [f"{one.folder}: {'REJECTED' if one.wrong else 'accepted'}"]
        wrong = [f"! {what}" for what in one.wrong]
        said += [f"  {what}" for what in (*one.done[:1], *wrong, *one.done[1:])]
        if one.left and not one.wrong:
            said.append(f"  not checked, only --full does: {', '.join(one.left)}")
        yield Lines(tuple(said))


def mistakes(diagnostics: Sequence[Diagnostic]) -> tuple[str, ...]:
    """What is wrong with a text, in lines."""
    return _one_by_one([render(of_diagnostic(one)).split("\n") for one in diagnostics])


def _complaints(reports: Sequence[Report]) -> Iterator[Lines]:
    for one in reports:
        yield from _complaint(one.diagnostics, one.failure)


def _complaint(diagnostics: Sequence[Diagnostic], failure: Failure | None) -> Iterator[Lines]:
    if diagnostics:
        yield Lines(mistakes(diagnostics), aside=True)
    if failure is not None:
        yield Lines((f"error: {line(failure)}",), aside=True)


def _one_by_one(blocks: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """The lines of some blocks, with an empty line between two."""
    return tuple(line for block in blocks for line in ("", *block))[1:]
