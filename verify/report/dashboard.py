"""All evidence on one page: Markdown for GitHub, in tables that can be read as they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from verify.diagnostics import printable

WORDS = ("refuted", "not established", "vacuous", "holds", "proved")
# What another scenario of the program has to answer.
ABSENT = "absent"
NOT_ASKED = "-"
LEGEND = """\
* `proved`: for any number of callers, each calling again and again; the lemmas
  that it rests on are counted. By runs: it says that something happens.
* `holds`: no run of so many of each thread breaks it; for more it is not known.
* `REFUTED`: a run breaks it, with so many steps of so many threads.
* `vacuous`: it is never put to the test. `not established`: none of these.
* `-`: not asked, or not put to the test in this scenario; of a bug, it has no name.
"""


@dataclass(frozen=True, slots=True)
class Said:
    """What evidence says of one claim.

    `word` is the word for the verdict, `how` what stands behind it and `why`
    the last line of the run, or the reason.  `known` is what the bug is called.
    """

    claim: str
    sentence: str
    word: str
    how: str
    why: str
    known: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """One folder of evidence: `link` leads to it from the page.

    `program` and `model` are places in the tree, without suffix; `model` is
    empty where it is the program's own.
    """

    link: str
    program: str
    model: str
    scenario: str
    said: tuple[Said, ...]


def page(evidence: Iterable[Evidence], command: str) -> str:
    """The page on all of it; `command` is what made it."""
    some = sorted(evidence, key=_order)
    programs: dict[tuple[str, str], list[Evidence]] = {}
    for one in some:
        programs.setdefault((one.program, one.model), []).append(one)
    lines = [
        "# Verdicts",
        "",
        "Generated, not to be edited; it repeats what the evidence says, and",
        "`verify check` is what checks that. Made by",
        "",
        f"    {printable(command)}",
        "",
        *_overview(programs),
        "",
        *LEGEND.splitlines(),
    ]
    for (program, model), own in programs.items():
        lines += ["", f"## {_plain(_title(program, model))}", "", *_matrix(own)]
        if any(said.word == "refuted" for one in own for said in one.said):
            lines += ["", *_refuted(own)]
    lines += ["", "## Claims", "", *_sentences(some)]
    missing = list(_not_found(programs))
    if missing:
        lines += ["", "## Known, but not found", "", *missing]
    return "\n".join(lines) + "\n"


def _order(one: Evidence) -> tuple[object, ...]:
    """By place, numbers as numbers: 4.4 comes before 4.14, and a program's own model first."""
    return (*map(_natural, (one.program, one.model, one.scenario)),)


def _natural(text: str) -> tuple[tuple[int, str], ...]:
    parts = re.split(r"([0-9]{1,18})", text)
    return (*((int(p), "") if i % 2 else (-1, p) for i, p in enumerate(parts)),)


def _title(program: str, model: str) -> str:
    return f"{program} with {model}" if model else program


def _scenarios(some: Iterable[Evidence]) -> list[str]:
    return sorted({one.scenario for one in some}, key=_natural)


# -------------------------------------------------------------------- tables


def _overview(programs: Mapping[tuple[str, str], Sequence[Evidence]]) -> Iterator[str]:
    """A row for each program, a column for each scenario; where each cell leads to."""
    columns = _scenarios(one for own in programs.values() for one in own)
    links: list[str] = []
    rows = []
    for (program, model), own in programs.items():
        cells = []
        for scenario in columns:
            found = next((one for one in own if one.scenario == scenario), None)
            if found is None:
                cells.append(NOT_ASKED)
            else:
                links.append(found.link)
                cells.append(f"[{_plain(_in_short(found.said))}][{len(links)}]")
        rows.append([_plain(_title(program, model)), *cells])
    yield from _table(["program", *map(_plain, columns)], rows)
    yield ""
    for number, link in enumerate(links, start=1):
        yield f"[{number}]: {quote(link, safe='/@~+', errors='surrogateescape')}"


def _in_short(said: Sequence[Said]) -> str:
    """What is not proved, by name; the worst comes first."""
    words = {one.word for one in said if one.word != ABSENT}
    if not words:
        return "nothing asked" if not said else NOT_ASKED
    if words == {"proved"}:
        return "all proved"
    if words == {"holds"}:
        return "all hold"
    return "; ".join(
        f"{word}: {', '.join(one.claim for one in said if one.word == word)}"
        for word in WORDS
        if word != "proved" and word in words
    )


def _matrix(own: Sequence[Evidence]) -> Iterator[str]:
    """A row for each claim of a program, a column for each scenario."""
    claims = dict.fromkeys(said.claim for one in own for said in one.said)
    found = {(said.claim, one.scenario): said for one in own for said in one.said}
    columns = _scenarios(own)
    rows = [
        [
            _plain(claim),
            *(_verdict(found.get((claim, scenario))) for scenario in columns),
        ]
        for claim in claims
    ]
    yield from _table(["claim", *map(_plain, columns)], rows)


def _verdict(said: Said | None) -> str:
    if said is None or said.word == ABSENT:
        return NOT_ASKED
    word = said.word.upper() if said.word == "refuted" else said.word
    return _plain(f"{word} ({said.how})" if said.how else word)


def _refuted(own: Sequence[Evidence]) -> Iterator[str]:
    rows = [
        [
            _plain(said.claim),
            _plain(one.scenario),
            _plain(said.why),
            _plain(said.known) or NOT_ASKED,
        ]
        for one in own
        for said in one.said
        if said.word == "refuted"
    ]
    yield from _table(["refuted", "scenario", "how it ends", "known as"], rows)


def _sentences(some: Sequence[Evidence]) -> Iterator[str]:
    """What each claim says; one that says two things in two programs is there twice."""
    pairs = dict.fromkeys((said.claim, said.sentence) for one in some for said in one.said)
    yield from _table(["claim", "what it says"], [[_plain(c), _plain(s)] for c, s in pairs])


def _not_found(programs: Mapping[tuple[str, str], Sequence[Evidence]]) -> Iterator[str]:
    """Bugs that have a name and that no run of the program shows, in its own model."""
    for (program, model), own in programs.items():
        if model:
            continue
        named = [(one, said) for one in own for said in one.said if said.known]
        for claim, known in dict.fromkeys((said.claim, said.known) for _, said in named):
            same = [(e, s) for e, s in named if (s.claim, s.known) == (claim, known)]
            if any(said.word == "refuted" for _, said in same):
                continue
            where = ", ".join(f"{said.word} in {one.scenario}" for one, said in same)
            yield f"* {_plain(f'{program}: {claim}, known as {known}: {where}')}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """A table whose columns stand one below the other; the last one is as wide as it has to be."""
    wide = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head) - 1)]
    yield _row(head, wide)
    yield _row(["-" * max(n, 3) for n in [*wide, len(head[-1])]], wide)
    for row in rows:
        yield _row(row, wide)


def _row(cells: Sequence[str], wide: Sequence[int]) -> str:
    *first, last = cells
    padded = [cell.ljust(n) for cell, n in zip(first, wide, strict=True)]
    return f"| {' | '.join([*padded, last])} |"


def _plain(text: str) -> str:
    """Words that mean themselves: a text may hold what Markdown or HTML would make of it."""
    text = re.sub(r"([\\`*\[\]|~$])", r"\\\1", printable(text))
    # Inside a name it is no emphasis, and is left readable.
    text = re.sub(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", r"\\_", text)
    return re.sub(r"&(?=#?[A-Za-z0-9]+;)", "&amp;", text).replace("<", "&lt;")
