"""Texts that mean the same: the verdicts may not depend on names, order or layout."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.programs.binder import (
    MODEL,
    PROGRAMS,
    Cell,
    broken,
    cells,
    refutations,
    result,
    reuse,
    variant,
    verdicts,
)
from verify.engine.bounded import check
from verify.verdicts import Result

# All that is said of a program but for the words: verdicts, lengths of runs, the table.
Said: TypeAlias = tuple[dict[str, str], dict[str, int], dict[str, Cell]]

# Not `vma`: the model speaks of it by name, in null-is-transient.
LOCALS = ("mdata", "alloc", "mm", "page_to_free", "page_addr", "mm_locked", "mapped", "index")
THREADS = ("shrinker", "munmap", "mmap_foreign", "fork")
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


def said(found: Result) -> Said:
    lengths = {claim: len(run.steps) for claim, run in refutations(found).items()}
    return verdicts(found), lengths, cells(found)


def renamed_locals(text: str) -> str:
    """Other names for the locals; fields keep theirs, and so do the axes, which reports show."""
    start, end = text.index("\n{\n"), text.index("case ")
    names = "|".join(LOCALS)
    inside = re.sub(rf"(?<![\w.>])({names})\b", r"its_\1", text[start:end])
    return text[:start] + re.sub(r"axis its_(\w+)", r"axis \1", inside) + text[end:]


def renamed_labels(text: str) -> str:
    return re.sub(r"\berr_(\w+)", r"out_of_\1", text)


def with_a_dead_store(text: str) -> str:
    declared = text.replace("\tsize_t index;\n", "\tsize_t index;\n\tbool nobody_reads_it;\n")
    stored = "\tlist_lru_isolate(lru, item);\n"
    assert stored in declared
    return declared.replace(stored, f"\tnobody_reads_it = true;\n{stored}")


def without_comments_and_layout(text: str) -> str:
    """Everything that can stand on one line does."""
    bare = COMMENT.sub("", text)
    include = next(line for line in bare.splitlines() if line.startswith("#include"))
    return f"{include}\n{' '.join(bare.replace(include, '').split())}\n"


def with_more_comments_and_layout(text: str) -> str:
    spaced = re.sub(r"([;{}])\n", r"\1   /* a; comment { */\n\n\t // another }\n", text)
    return spaced.replace("\t", "  \t ").replace("\n", "\r\n")


@pytest.mark.parametrize(
    "change",
    [
        renamed_locals,
        renamed_labels,
        with_a_dead_store,
        without_comments_and_layout,
        with_more_comments_and_layout,
    ],
)
@pytest.mark.parametrize("name", ["base", "v3"])
def test_what_does_not_change_the_meaning_changes_no_verdict(
    name: str, change: Callable[[str], str], tmp_path: Path
) -> None:
    """If it fails, a verdict hangs on how a text is written."""
    text = (PROGRAMS / f"{name}.bfp").read_text()
    program = variant(tmp_path, change(text))

    assert change(text) != text
    assert said(result(name)) == said(check(program, reuse(program)))


def in_one_text(path: Path, seen: set[Path]) -> str:
    """A model with what it includes in the place of its includes."""
    if path in seen:
        return ""
    seen.add(path)
    return re.sub(
        r'#include "([^"]*)"\n',
        lambda found: in_one_text(path.parent / found.group(1), seen),
        path.read_text(),
    )


def declarations_of_threads(model: str) -> list[str]:
    """The threads of the model, each with its braces."""
    return [re.search(rf"thread {t} .*?\n}}\n", model, re.DOTALL).group() for t in THREADS]  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["v2", "v3"])
def test_the_order_of_threads_changes_no_verdict(name: str, tmp_path: Path) -> None:
    """If it fails, a verdict hangs on which thread is declared or listed first."""
    model = in_one_text(PROGRAMS / MODEL, set())
    there = declarations_of_threads(model)
    for i, declaration in enumerate(there):
        model = model.replace(declaration, f"<{i}>")
    for i, declaration in enumerate(reversed(there)):
        model = model.replace(f"<{i}>", declaration)
    listed = "shrinker[*], munmap, mmap_foreign forever, fork forever"
    assert listed in model
    model = model.replace(listed, "fork forever, mmap_foreign forever, munmap, shrinker[*]")
    program = variant(tmp_path, (PROGRAMS / f"{name}.bfp").read_text(), model)
    expected_threads = ["mmap_foreign", "munmap", "shrinker", "fork"]
    threads = [t.name for t in program.threads if t.kind == "thread"]

    assert expected_threads == [name for name in threads if name in expected_threads]
    assert said(result(name)) == said(check(program, reuse(program)))


def test_a_statement_that_is_never_reached_is_told_and_spoils_nothing(tmp_path: Path) -> None:
    """If it fails, dead code goes unnoticed or spoils the other answers."""
    text = (PROGRAMS / "v3-balanced.bfp").read_text()
    behind = "\treturn LRU_SKIP;\n"
    program = variant(tmp_path, text.replace(behind, f"{behind}\tmmput_async(mm);\n"))
    found = check(program, reuse(program))
    absent = ("progress-split", "progress-survivor", "vacuity")
    expected = dict.fromkeys(absent, "absent")
    expected_unreached = ["goto err_mmget;", "mmput_async(mm);"]

    assert expected == broken(found)
    assert expected_unreached == [line.span.text for line in found.unreached]
