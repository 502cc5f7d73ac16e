"""All evidence on one page: Markdown for GitHub that can be read as it is, on 100 columns."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from verify.diagnostics import printable

# Only a name or a link that is longer makes a line longer: neither can be broken.
WIDTH = 100
# A reason is told in so many characters: the whole of it is in the evidence.
FEW = 120
# From the worst to the best.
WORDS = ("refuted", "not established", "vacuous", "bounded", "proved")
# What another scenario of the program has to answer.
ABSENT = "absent"
RANK = {word: i for i, word in enumerate((*WORDS, ABSENT))}
LEGEND = """\
* proved: for any number of callers, each calling again and again.
* REFUTED: a run breaks it, and ends as is said behind. All of it is in the evidence, to which
  the name of the scenario leads.
* known: the program has a name for that bug. Other ways to break the claim count by themselves.
* open: neither. Bounded: no run of so many of each thread breaks it, for more it is not known;
  it is vacuous: never put to the test; or it is not established, and why.
* cut short: a thread dies there, and more might be broken if it did not.
"""


@dataclass(frozen=True, slots=True)
class Said:
    """What evidence says of one claim.

    `word` is the word for the verdict, `how` what stands behind it and `why`
    the last line of the run, or the reason.  `known` is what the bug is called,
    `beside` what there is to say besides: that it is another one, or may not be the only one.
    """

    claim: str
    sentence: str
    word: str
    how: str
    why: str
    known: str
    beside: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One folder of evidence: `link` leads to it from the page.

    `program` and `model` are places in the tree, without suffix; `model` is
    empty where it is the program's own.
    """

    link: str
    program: str
    model: str
    scenario: str
    said: tuple[Said, ...]


def page(evidence: Iterable[Entry], command: str) -> str:
    """The page on all of it; `command` is what made it."""
    some = sorted(evidence, key=_order)
    programs: dict[tuple[str, str], list[Entry]] = {}
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
        *LEGEND.splitlines(),
        "",
        *_overview(some),
    ]
    for (program, model), own in programs.items():
        lines += ["", f"## {_plain(_title(program, model))}", *_program(own)]
    lines += ["", "## Claims", "", *_sentences(some)]
    missing = list(_not_found(programs))
    if missing:
        lines += ["", "## Known, but not found", "", *missing]
    return "\n".join([*lines, "", *_links(some)]) + "\n"


def _order(one: Entry) -> tuple[object, ...]:
    """By place, numbers as numbers: 4.4 comes before 4.14, and a program's own model first."""
    return (*map(_natural, (one.program, one.model, one.scenario)),)


def _natural(text: str) -> tuple[tuple[int, str], ...]:
    parts = re.split(r"([0-9]{1,18})", text)
    return (*((int(p), "") if i % 2 else (-1, p) for i, p in enumerate(parts)),)


def _title(program: str, model: str) -> str:
    return f"{program} with {model}" if model else program


# ------------------------------------------------------------------ overview


def _overview(some: Sequence[Entry]) -> Iterator[str]:
    """A row for each scenario of each program."""
    rows = [
        [
            _plain(_title(one.program, one.model)),
            f"[{_plain(one.scenario)}][{number}]",
            _in_short(one.said),
        ]
        for number, one in enumerate(some, start=1)
    ]
    yield from _table(["program", "scenario", "verdicts"], rows)


def _links(some: Sequence[Entry]) -> Iterator[str]:
    for number, one in enumerate(some, start=1):
        yield f"[{number}]: {quote(one.link, safe='/@~+', errors='surrogateescape')}"


def _in_short(said: Sequence[Said]) -> str:
    """How many claims are refuted, open and proved."""
    refuted = [one for one in said if one.word == "refuted"]
    proved = sum(one.word == "proved" for one in said)
    open_ = sum(one.word not in ("refuted", "proved", ABSENT) for one in said)
    known = sum(map(_has_name, refuted))
    named = f" ({'known' if known == len(refuted) else f'{known} known'})" if known else ""
    told = [
        *([f"{len(refuted)} REFUTED{named}"] if refuted else []),
        *([f"{open_} open"] if open_ else []),
        *([f"{proved} proved"] if proved else []),
    ]
    if not told:
        return "none put to the test" if said else "nothing asked"
    return f"all {told[0]}" if len(told) == 1 else ", ".join(told)


def _has_name(said: Said) -> bool:
    return bool(said.known)


def _shown(word: str) -> str:
    return word.upper() if word == "refuted" else word


# --------------------------------------------------------------- one program


def _program(own: Sequence[Entry]) -> Iterator[str]:
    """Each claim that is not proved everywhere, and in which scenarios; the others by name."""
    claims: dict[str, list[tuple[str, Said]]] = {}
    for one in own:
        for said in one.said:
            claims.setdefault(said.claim, []).append((one.scenario, said))
    worst = {name: _worst(some) for name, some in claims.items()}
    open_ = sorted((n for n in claims if worst[n] in WORDS[:-1]), key=lambda n: RANK[worst[n]])
    if open_:
        yield ""
    for name in open_:
        yield from _claim(claims[name])
    proved = [_plain(n + _remark(some)) for n, some in claims.items() if worst[n] == "proved"]
    absent = [_plain(n) for n in claims if worst[n] == ABSENT]
    if proved:
        yield from ("", *_wrapped(f"Proved wherever asked: {', '.join(proved)}."))
    if absent:
        yield from ("", *_wrapped(f"Put to the test in no scenario alone: {', '.join(absent)}."))
    if not claims:
        yield from ("", "Nothing is asked.")


def _worst(some: Sequence[tuple[str, Said]]) -> str:
    return min((said.word for _, said in some), key=RANK.__getitem__)


def _remark(some: Iterable[tuple[str, Said]]) -> str:
    """What is to be known of a proof: where it ends, and not how many lemmas it takes."""
    remarks = dict.fromkeys(said.how.partition(", ")[2] for _, said in some)
    return "".join(f" ({remark})" for remark in remarks if remark)


def _claim(some: Sequence[tuple[str, Said]]) -> Iterator[str]:
    """What a claim says, and how it came out; scenarios of which the same is said together."""
    said = some[0][1]
    yield from _item(f"{said.claim}: {said.sentence}")
    alike: dict[tuple[str, str, str], list[str]] = {}
    for scenario, said in some:
        if said.word != ABSENT:
            known = _known(said) if said.word == "refuted" else ""
            alike.setdefault((said.word, _why(said), known), []).append(scenario)
    for key in sorted(alike, key=lambda key: RANK[key[0]]):
        word, why, known = key
        yield from _item(f"{_shown(word)} in {', '.join(alike[key])}{why}", depth=1)
        if known:
            yield from _item(known, depth=2)


def _why(said: Said) -> str:
    """What there is to say of a verdict, behind its scenarios."""
    match said.word:
        case "refuted":
            return f": {said.why}"
        case "bounded":
            return f" ({said.how})" + (f"; for any number: {_few(said.why)}" if said.why else "")
        case "proved":
            return _remark([("", said)])
        case _:
            # Every other verdict is none, and says why.
            return f": {_few(said.why)}" if said.why else ""


def _known(said: Said) -> str:
    known = f"known as {said.known}" if said.known else ""
    return "; ".join(part for part in (known, said.beside) if part)


def _few(text: str) -> str:
    """A reason without what it says in parentheses, and without its end, if it is long."""
    if len(text) > FEW:
        text = text.partition(" (")[0]
    return textwrap.shorten(text, FEW, placeholder=" ...")


def _sentences(some: Sequence[Entry]) -> Iterator[str]:
    """What each claim says; one that says two things in two programs is there twice."""
    for claim, says in dict.fromkeys((said.claim, said.sentence) for e in some for said in e.said):
        yield from _item(f"{claim}: {says}")


def _not_found(programs: Mapping[tuple[str, str], Sequence[Entry]]) -> Iterator[str]:
    """Bugs that have a name and that no run of the program shows, in its own model."""
    for (program, model), own in programs.items():
        if model:
            continue
        named = [(one, said) for one in own for said in one.said if _has_name(said)]
        for claim, known in dict.fromkeys((said.claim, said.known) for _, said in named):
            same = [(e, s) for e, s in named if (s.claim, s.known) == (claim, known)]
            if any(said.word == "refuted" for _, said in same):
                continue
            where = ", ".join(f"{said.word} in {one.scenario}" for one, said in same)
            yield from _item(f"{program}: {claim}, known as {known}: {where}")


# ------------------------------------------------------------------ Markdown


def _item(text: str, depth: int = 0) -> Iterator[str]:
    """Words as an item of a list, or of one in another."""
    indent = "  " * depth
    first, *rest = _wrapped(_plain(text), len(indent) + 2)
    yield f"{indent}* {first}"
    yield from (f"{indent}  {line}" for line in rest)


def _wrapped(text: str, indent: int = 0) -> list[str]:
    """Lines of a text that is escaped, none of which begins a list, a heading or a quotation."""
    room = WIDTH - indent - 1
    lines = textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False)
    return [re.sub(r"^(?=[-+#>=])|^([0-9]+)(?=[.)](?:\s|$))", r"\1\\", line) for line in lines]


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
    text = re.sub(r"<(?=[A-Za-z/!?])", r"\\<", text)
    return re.sub(r"&(?=#?[A-Za-z0-9]+;)", "&amp;", text)
