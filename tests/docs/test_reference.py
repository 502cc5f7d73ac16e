"""The pages of reference name what there is, all of it and nothing else."""

from __future__ import annotations

import json
import re
from typing import Any, get_args

import pytest

from tests.programs.binder import ROOT
from verify import verdicts
from verify.artifact.form import FORMAT
from verify.diagnostics import CODES
from verify.ends import Status
from verify.locks import BY_TYPE
from verify.syntax.claims import BUILT_IN_CLAIMS

LIMITS = (
    "syntax/limits.py:MAX_TEXT",
    "syntax/limits.py:MAX_TOKENS",
    "syntax/declare.py:MAX_OBJECTS",
    "syntax/declare.py:MAX_DOMAIN",
    "syntax/resolve.py:MAX_QUESTIONS",
    "lower/atomic.py:MAX_WAYS",
    "lower/builder.py:MAX_COMMANDS",
    "engine/problem.py:presearch_states",
    "engine/problem.py:turn_states",
    "engine/problem.py:all_states",
    "engine/problem.py:views",
    "engine/problem.py:lemmas",
    "smt/order.py:MAX_COMPARISONS",
    "certify/unfold.py:MAX_STATES",
    "parameterised/views.py:MAX_LOOKS",
)


def schema(name: str) -> dict[str, Any]:
    text: dict[str, Any] = json.loads((ROOT / "verify/report" / name).read_text())
    return text


SCHEMA = schema("schema.json")
COVERAGE = schema("coverage.schema.json")
CHECK = schema("check.schema.json")
# Rows of the table on the page, and where the schema has what they are about.
PARTS = {
    "the report": SCHEMA,
    "a program": SCHEMA["$defs"]["program"],
    "an error": SCHEMA["$defs"]["error"],
    "a verdict": SCHEMA["$defs"]["verdict"],
    "a step of a run": SCHEMA["$defs"]["step"],
    "the end of a run": SCHEMA["$defs"]["end"],
    "a row of the table": SCHEMA["$defs"]["row"],
    "what the code does in a row": SCHEMA["$defs"]["behaviour"],
    "mutation coverage": COVERAGE,
    "a changed statement": COVERAGE["$defs"]["change"],
    "an answer of `check`": CHECK,
    "a checked certificate": CHECK["$defs"]["certificate"],
}


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def cells(text: str) -> dict[str, str]:
    """The second column of each table of a page, by the first."""
    return {
        first.strip(): rest.strip()
        for first, rest in re.findall(r"^\| ([^|\n]+) \| (.+) \|$", text, re.MULTILINE)
    }


def named(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def test_the_fields_of_the_json_are_those_of_its_schema() -> None:
    """If it fails, whoever writes a script from the page misses a field, or waits for one."""
    rows = cells(page("json-and-statuses.md"))
    found = {part: set(named(rows[part])) for part in PARTS}

    assert {part: set(form["properties"]) for part, form in PARTS.items()} == found


def test_the_versions_of_the_json_are_those_of_the_schemas() -> None:
    """If it fails, a reader refuses each report, or misreads one."""
    said = set(re.findall(r"`(verify-[a-z]+/\d+)`", page("json-and-statuses.md")))
    forms = {form["properties"]["format"]["const"] for form in (SCHEMA, COVERAGE, CHECK)}

    assert forms | {FORMAT} == said


def test_the_closed_sets_of_the_json_are_those_of_its_schema() -> None:
    """If it fails, a script meets a verdict that the page does not have."""
    text = " ".join(page("json-and-statuses.md").split())
    for field, part in (("verdict", "verdict"), ("kind", "end")):
        said = re.search(rf"\* `{field}` is one of ([^.]+)\.", text)

        assert said
        assert SCHEMA["$defs"][part]["properties"][field]["enum"] == named(said[1])


def test_each_status_is_explained() -> None:
    """If it fails, a script meets a status that the page does not have."""
    rows = cells(page("json-and-statuses.md"))

    assert {str(int(status)) for status in Status} == {row for row in rows if row in "01234"}


def test_each_code_is_explained() -> None:
    """If it fails, a mistake in a text has a code that no page has, or another meaning."""
    rows = cells(page("json-and-statuses.md"))

    assert {f"`{code}`": meaning for code, meaning in CODES.items()} == {
        code: meaning for code, meaning in rows.items() if code.startswith("`BFP")
    }


def test_each_verdict_and_each_built_in_claim_is_explained() -> None:
    """If it fails, a reader of a report meets a word that no page explains."""
    rows = cells(page("verdicts.md"))
    glossary = page("glossary.md")
    words = {"REFUTED", "proved", "bounded", "not established", "vacuous", "absent"}

    assert len(words) == len(get_args(verdicts.Verdict))
    assert {f"`{word}`" for word in words} <= set(rows)
    assert {f"`{claim}`" for claim in BUILT_IN_CLAIMS} <= set(rows)
    assert [] == [
        word
        for word in (*(word.lower() for word in words), *BUILT_IN_CLAIMS)
        if f"**{word}**" not in glossary and f"**{word}," not in glossary
    ]


def test_each_kind_of_lock_is_explained() -> None:
    """If it fails, whoever writes a model does not know that there is such a lock."""
    _, _, below = page("language-by-example.md").partition("## Locks")
    rows = cells(below.partition("## ")[0])

    assert set(BY_TYPE) == {named(row)[0] for row in rows if row.startswith("`")}


@pytest.mark.parametrize("limit", LIMITS)
def test_each_limit_is_as_large_as_the_page_says(limit: str) -> None:
    """If it fails, a reader looks for the cause of an open verdict in the wrong place."""
    file, constant = limit.split(":")
    code = (ROOT / "verify" / file).read_text(encoding="utf-8")
    found = re.search(rf"^ *{constant}(?:: int)? = ([\d_]+)$", code, re.MULTILINE)
    _, _, limits = page("verdicts.md").partition("## Where `not established`")
    numbers = set(re.findall(r"\d[\d,]*\d|\d", limits.partition("## ")[0]))

    assert found
    assert f"{int(found[1]):,}" in numbers
