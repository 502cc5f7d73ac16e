"""A finding as a compiler tells it, and as the lines of a report below a claim."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping

from verify.diagnostics import printable
from verify.report.finding import Aside, AsideKind, Finding, Severity
from verify.report.words import place
from verify.source import TAB, Span

MAX_HEADLINE = 300
LEVELS: Mapping[Severity, str] = {
    Severity.MISTAKE: "error",
    Severity.REFUTED: "error",
    Severity.NOT_ESTABLISHED: "warning",
    Severity.VACUOUS: "warning",
    Severity.BOUNDED: "warning",
    Severity.ABSENT: "note",
    Severity.PROVED: "note",
}


def render(finding: Finding, width: int = 100) -> str:
    """Compiler-style text: headline, place, the line, a mark under the cause."""
    headline = printable(finding.headline)
    if len(headline) > MAX_HEADLINE:
        headline = f"{headline[:MAX_HEADLINE]}..."
    lines = [f"{LEVELS[finding.severity]}[{finding.code}]: {headline}"]
    primary = () if finding.primary is None else (finding.primary,)
    for arrow, some in (("-->", primary), (":::", (*finding.related, *finding.doubts))):
        for one in some:
            if one.span is not None:
                lines += _excerpt(arrow, one.span, printable(one.label), width)
            elif one.label:
                lines.append(f"      = {printable(one.label)}")
    lines += [f"      = {printable(note_line(note))}" for note in finding.notes]
    return "\n".join(lines)


def note_line(note: Aside) -> str:
    """A note by itself."""
    # Whoever looks for CVE-2019-1999 finds it in one line.
    return f"known as {note.text}" if note.kind is AsideKind.KNOWN else note.text


def concise(finding: Finding) -> str:
    """In one line: what, where, and the text there."""
    span = None if finding.primary is None else finding.primary.span
    return finding.headline + ("" if span is None else f": {place(span)}: {span.text}")


def below(finding: Finding) -> Iterator[tuple[str, str]]:
    """What stands below a claim, each with its mark: why it is so (`!`), what a bug is called
    that refutes it (`=`), and what keeps more from being found (`!`)."""
    if finding.primary is not None:
        bounded = finding.severity is Severity.BOUNDED
        why = "as far as the bound; for any number: " if bounded else ""
        yield "!", why + finding.primary.label
    if finding.severity is Severity.REFUTED:
        for note in finding.notes:
            yield "=", note_line(note)
    for one in finding.doubts:
        yield "!", one.label


def _excerpt(arrow: str, span: Span, label: str, width: int) -> list[str]:
    """The place, its line and a mark below; a span of several lines is marked in its first."""
    raw = span.source.line(span.line)
    first = span.column - 1
    last = first + max(0, min(span.end - span.start, len(raw) - first))
    before, upto, shown = (
        printable(text.expandtabs(TAB)) for text in (raw[:first], raw[:last], raw)
    )
    # A long line is cut around the mark, not at its end.
    cut = max(0, len(before) - width // 2) if len(shown) > width else 0
    marked = shown[len(before) : min(len(upto), cut + width)]
    mark = " " * _cells(before[cut:]) + "^" * max(1, _cells(marked))
    return [
        f"  {arrow} {printable(span.where)}",
        f"{span.line:>5} | {shown[cut : cut + width]}".rstrip(),
        f"      | {mark} {label}".rstrip(),
    ]


def _cells(text: str) -> int:
    """How wide a text is on a terminal: some letters take two places, some are put over others."""
    over = sum(unicodedata.category(c) in ("Mn", "Me") for c in text)
    return len(text) - over + sum(unicodedata.east_asian_width(c) in "FW" for c in text)
