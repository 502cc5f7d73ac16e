"""Every statement, test, label target and argument of two versions, wrong one at a time.

`mutants-NAME.txt` says of each what catches it, on all states of one and of
two shrinkers in scenario `reuse`.  What nothing catches there is looked for in
scenario `whole`, with one thread of each kind, up to where the first claim
breaks.  What nothing catches is in SURVIVORS, with the reason.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.programs.binder import PROGRAMS, program, reuse, solos
from verify.diagnostics import InputError
from verify.explore import Explored, explore
from verify.ir import Program, Scenario, instance
from verify.lower.program import lower
from verify.syntax.load import Loader
from verify.syntax.resolve import read

PROGRAMS_LISTED = ("base", "v3-balanced")
# Another value of the same sort for an argument, where there is one.
INSTEAD = {
    "vma": "NULL",
    "page_to_free": "NULL",
    "mm": "NULL",
    "alloc": "NULL",
    "item": "NULL",
    "lru": "NULL",
    "&alloc->mutex": "&lru->lock",
    "&lru->lock": "&alloc->mutex",
    "page_addr": "0",
    "index": "0",
    "PAGE_SIZE": "0",
    "NULL": "page_to_free",
}
# Of scenario `whole`, nearest first: all that is found there is found among half as many.
STATES = 30_000
DECLARES = ("struct ", "unsigned ", "size_t ", "bool ", "int ")

SURVIVORS: dict[str, str] = {}


def listed(name: str) -> dict[str, str]:
    """What catches each mutant of a program, `-` for nothing, as the list has it."""
    lines = (Path(__file__).parent / f"mutants-{name}.txt").read_text().splitlines()
    return dict(line.rsplit(": ", 1) for line in lines)


def mutants(text: str) -> Iterator[tuple[str, str]]:
    """Each mutant of the function in a text: what is wrong with it, and the whole text."""
    start, end = text.index("\n{\n"), text.index("\n}\n")
    body = text[start:end]
    seen: Counter[str] = Counter()

    def put(match: re.Match[str], group: int, new: str) -> str:
        return body[: match.start(group)] + new + body[match.end(group) :]

    def numbered(what: str) -> str:
        seen[what] += 1
        return what if seen[what] == 1 else f"{what} no. {seen[what]}"

    def found() -> Iterator[tuple[str, str]]:
        for match in re.finditer(r"^\t+([^\n;]*);$", body, re.M):
            if not match[1].startswith(("goto ", "return ", *DECLARES)):
                yield numbered(f"without {match[1]}"), put(match, 1, "")
        for match in re.finditer(r"if \((.*)\)(?: \{)?$", body, re.M):
            which = numbered(f"if ({match[1]})")
            yield f"{which} always", put(match, 1, f"({match[1]}) || true")
            yield f"{which} never", put(match, 1, f"({match[1]}) && false")
        labels = re.findall(r"^(\w+):$", body, re.M)
        for match in re.finditer(r"goto (\w+);", body):
            for label in labels:
                if label != match[1]:
                    changed = put(match, 1, label)
                    if f"goto {match[1]};" not in changed:
                        # A label that nobody goes to is an error by itself.
                        changed = changed.replace(f"\n{match[1]}:\n", "\n")
                    yield numbered(f"to {label}, not {match[1]}"), changed
        for match in re.finditer(r"(\w+)\(([^()]*)\)", body):
            if match[1] in ("if", "container_of", "typeof"):
                continue
            which = numbered(f"{match[1]}()")
            parts = [part.strip() for part in match[2].split(",")]
            for i, part in enumerate(parts):
                if part in INSTEAD:
                    changed = ", ".join((*parts[:i], INSTEAD[part], *parts[i + 1 :]))
                    yield f"{which} with {INSTEAD[part]} for {part}", put(match, 2, changed)

    for what, changed in found():
        yield what, text[:start] + changed + text[end:]


def whole(changed: Program, before: frozenset[str]) -> set[str]:
    """The first claims that break where a process can exit and pages are installed."""

    def broken(seen: Explored) -> set[str]:
        return {*seen.broken, *seen.alone} - before

    scenario = next(s for s in changed.scenarios if s.name == "whole")
    threads = instance(changed, scenario, 1)
    return broken(explore(changed, threads, STATES, solos(changed), stop=lambda s: bool(broken(s))))


ALL_OF_REUSE = 60_000


def _broken(code: Program, scenario: Scenario) -> frozenset[str]:
    """The claims that break with one thread of each kind, or with two of the replicated threads."""
    found: set[str] = set()
    solos = [thread for thread in code.threads if thread.kind == "solo"]
    for number in (1, 2):
        threads = instance(code, scenario, number)
        seen = explore(code, threads, ALL_OF_REUSE, solos, again=scenario.again)
        found |= set(seen.broken) | set(seen.alone)
        if seen.stuck is not None:
            found.add("stuck")
    return frozenset(found)


@cache
def before(name: str) -> frozenset[str]:
    """The claims that break in a program as it is."""
    return _broken(program(name), reuse(program(name)))


def caught(path: Path, known: frozenset[str]) -> str:
    """The claims that break and did not before, or `input error`."""
    try:
        changed = lower(read(path, LOADER))
    except InputError:
        return "input error"
    if found := _broken(changed, reuse(changed)) - known:
        return " ".join(sorted(found))
    return " ".join(f"{claim} (whole)" for claim in sorted(whole(changed, known))) or "-"


TEXTS = {name: dict(mutants((PROGRAMS / f"{name}.bfp").read_text())) for name in PROGRAMS_LISTED}
# One parse of the models for all mutants.
LOADER = Loader(folders=(PROGRAMS,))


@pytest.mark.parametrize("name", PROGRAMS_LISTED)
def test_every_mutant_is_in_the_list(name: str) -> None:
    """If it fails, the function has grown a statement: add what catches its mutants."""
    assert set(listed(name)) == set(TEXTS[name])


@pytest.mark.parametrize(
    ("name", "what"), [(name, what) for name in PROGRAMS_LISTED for what in TEXTS[name]]
)
def test_every_mutant_is_caught_by_what_the_list_says(name: str, what: str, tmp_path: Path) -> None:
    """If it fails, a mistake that was seen is not seen any more, or another way round."""
    path = tmp_path / f"{name}.bfp"
    path.write_text(TEXTS[name][what])

    assert listed(name)[what] == caught(path, before(name))


def test_every_mutant_that_nothing_catches_is_explained() -> None:
    """If it fails, nobody knows whether a mutant survives because it is right."""
    found = {what for name in PROGRAMS_LISTED for what, by in listed(name).items() if by == "-"}

    assert set(SURVIVORS) == found
