"""Reads what evidence says, and takes nothing in it for granted but its form."""

from __future__ import annotations

import json
import os
import posixpath
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from verify.artifact.content import FORMAT, PROOF, Malformed, whole
from verify.artifact.names import MODEL, PROGRAM
from verify.artifact.write import MAX_FILE, belongs
from verify.report.dashboard import Evidence, Said
from verify.report.ends import last_line
from verify.report.text import WORDS

KEYS = {
    "format",
    "program",
    "scenario",
    "inputs",
    "grammar",
    "options",
    "evidence",
    "verdicts",
    "table",
    "runs",
    "lemmas",
    "shares",
    "direct",
    "waits_for",
    "obligations",
}
# Only where another model took the place of the program's own.
OPTIONAL = {"model"}
VERDICT = {"claim", "sentence", "scenario", "verdict", "bound", "lemmas", "reason"}
REFUTED = {"threads", "switches", "start", "cause", "end", "run"}


def document_in(folder: Path) -> dict[str, Any]:
    """What proof.json says, with all its keys and no other.

    Raises:
        Malformed: it is not what this version writes.
        OSError: it cannot be read.
    """
    path = folder / PROOF
    if path.exists() and not belongs(path):
        # What is no file could keep whoever opens it waiting.
        raise Malformed("not a regular file")
    with open(path, "rb") as stream:
        data = stream.read(MAX_FILE + 1)
    if len(data) > MAX_FILE:
        raise Malformed("too large")
    try:
        document = json.loads(data.decode("utf-8"))
    except ValueError as error:
        # Among them: no UTF-8, no JSON, a number of more digits than Python reads.
        raise Malformed(f"no JSON: {error}") from None
    except RecursionError:
        raise Malformed("nested too deep") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise Malformed(f"the format is not {FORMAT}")
    if set(document) - OPTIONAL != KEYS:
        strange = min((set(document) - OPTIONAL) ^ KEYS)
        raise Malformed(f"`{strange}` is missing or has no place here")
    return document


def place_in(document: Mapping[str, Any], key: str, where: str) -> str:
    """A path in a document."""
    place = document[key]
    if not isinstance(place, str) or place.startswith("/") or posixpath.normpath(place) != place:
        raise Malformed(f"`{key}` is a path relative to {where}")
    return place


# ------------------------------------------------------------------ the page


def folders_below(root: Path) -> Iterator[Path]:
    """Each folder that holds evidence; what is hidden was being written.

    Raises:
        OSError: a folder cannot be read.
    """

    def give_up(error: OSError) -> None:
        raise error

    for place, folders, names in os.walk(root, onerror=give_up):
        if PROOF in (*folders, *names):
            yield Path(place)
        folders[:] = sorted(name for name in folders if not name.startswith("."))


def evidence_in(folder: Path, link: str) -> Evidence:
    """What the evidence in a folder says of each claim.

    Raises:
        Malformed: it is not what this version writes.
        OSError: it cannot be read.
    """
    document = document_in(folder)
    model = place_in(document, "model", "the program's tree") if "model" in document else ""
    scenario = document["scenario"]
    verdicts = document["verdicts"]
    if not isinstance(scenario, str) or not scenario:
        raise Malformed("`scenario` is a name")
    if not isinstance(verdicts, list):
        raise Malformed("`verdicts` is a list")
    said = tuple(_said(one, document) for one in verdicts)
    if len({one.claim for one in said}) < len(said):
        raise Malformed("`verdicts` has a claim twice")
    program = _program(document).removesuffix(PROGRAM)
    return Evidence(link, program, model.removesuffix(MODEL), scenario, said)


def _program(document: Mapping[str, Any]) -> str:
    """The program's place in its tree: it is among the texts."""
    place = place_in(document, "program", "this folder")
    inputs = document["inputs"]
    if not isinstance(inputs, dict):
        raise Malformed("`inputs` maps names to hashes")
    fitting = [name for name in inputs if name and f"/{place}".endswith(f"/{name}")]
    if not fitting:
        raise Malformed("`program` is none of the `inputs`")
    return str(max(fitting, key=len))


def _said(value: Any, document: Mapping[str, Any]) -> Said:
    if not isinstance(value, dict) or value.get("verdict") not in WORDS:
        raise Malformed("a verdict has one of six words")
    word = value["verdict"]
    extra = {"known", "beside", "least", "turns"} if word == "refuted" else {"known", "cut_short"}
    if set(value) - extra != VERDICT | (REFUTED if word == "refuted" else set()):
        raise Malformed("a verdict has its keys and no other")
    words = ("claim", "sentence", "reason", *sorted({"known", "beside"} & set(value)))
    if not all(isinstance(value[key], str) for key in words) or not value["claim"]:
        raise Malformed("a verdict has a claim, a sentence and a reason")
    if value["scenario"] != document["scenario"]:
        raise Malformed("a verdict is about another scenario")
    how, why = "", value["reason"]
    match word:
        case "proved":
            how = _proved(value, document)
        case "holds":
            how = f"{_threads(value)} of each"
        case "refuted":
            how, why = _run(value, document)
        case _:
            pass
    if "cut_short" in value:
        how += ", cut short"
    known = value.get("known") or value.get("beside", "")
    return Said(value["claim"], value["sentence"], word, how, why, known)


def _proved(value: Mapping[str, Any], document: Mapping[str, Any]) -> str:
    lemmas, shares = value["lemmas"], document["shares"]
    if not whole(lemmas) or lemmas < 0 or not isinstance(shares, dict):
        raise Malformed("what is proved rests on a number of lemmas")
    if value["claim"] not in shares:
        return "by runs"
    return "1 lemma" if lemmas == 1 else f"{lemmas} lemmas"


def _threads(value: Mapping[str, Any]) -> int:
    bound = value["bound"]
    threads = bound.get("threads") if isinstance(bound, dict) else None
    if not isinstance(threads, int) or not whole(threads) or threads < 1:
        raise Malformed("a bound has a number of threads")
    return threads


def _run(value: Mapping[str, Any], document: Mapping[str, Any]) -> tuple[str, str]:
    """How long a run is, and its last line."""
    threads, steps, runs = value["threads"], value["run"], document["runs"]
    if not isinstance(threads, list) or not all(isinstance(name, str) for name in threads):
        raise Malformed("a run has the names of its threads")
    if not isinstance(steps, list) or not all(
        isinstance(step, dict) and isinstance(step.get("thread"), str) for step in steps
    ):
        raise Malformed("a run has steps, each of a thread")
    replayed = runs.get(value["claim"]) if isinstance(runs, dict) else None
    if not isinstance(replayed, dict) or not whole(replayed.get("alone")):
        raise Malformed("what is refuted has a run")
    end = value["end"]
    if not isinstance(end, dict) or not isinstance(end.get("thread"), str):
        raise Malformed("a run has an end, which is about a thread")
    step, thread = ("" if len(some) == 1 else "s" for some in (steps, threads))
    return (
        f"{len(steps)} step{step}, {len(threads)} thread{thread}",
        last_line(end["thread"], value["reason"]),
    )
