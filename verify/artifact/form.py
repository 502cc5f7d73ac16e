"""The form of a certificate: JSON with these keys, these types and these limits, and no more.

`schema.json` beside this file says the same to other tools.  Nothing here knows a
program: what the words mean is looked up in `words`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

FORMAT = "verify-certificate/2"
CERTIFICATE = "proof.json"
# The largest committed ones have a fifth of the lemmas and their parts, and less of the rest.
MAX_BYTES = 1_000_000
MAX_LEMMAS = 2_000
MAX_LITERALS = 4_000
MAX_RUNS = 500
MAX_STEPS = 10_000
MAX_WORDS = 10_000
WIDTH = 100

KEYS = (
    "format",
    "program",
    "model",
    "scenario",
    "texts",
    "lowered",
    "asked",
    "claims",
    "once",
    "solvers",
    "gave_up",
    "points",
    "lemmas",
    "waits",
    "runs",
)
# Left out where there is nothing to say.
OPTIONAL = {"model", "gave_up"}
RULING = {
    "proved": ({"verdict"}, {"by", "rests"}),
    "holds": ({"verdict"}, {"why"}),
    "refuted": ({"verdict", "run"}, {"least", "others"}),
    "not established": ({"verdict", "why"}, set[str]()),
    "vacuous": ({"verdict"}, set[str]()),
    "absent": ({"verdict"}, set[str]()),
}
VERDICTS = tuple(RULING)


class MalformedError(Exception):
    """A certificate that is none of this version's, and what is wrong with it."""


class MisplacedError(MalformedError):
    """A certificate that lies where one about something else belongs."""


def dumped(document: Mapping[str, Any]) -> str:
    """The one text of a document: what fits on a line is on one."""
    return _dumped(document, "") + "\n"


def _dumped(value: Any, indent: str) -> str:
    flat = json.dumps(value, ensure_ascii=True)
    if not isinstance(value, dict | list) or not value or len(indent) + len(flat) <= WIDTH:
        return flat
    inner = indent + " "
    if isinstance(value, dict):
        parts = [f"{json.dumps(k)}: {_dumped(v, inner)}" for k, v in value.items()]
    else:
        parts = [_dumped(v, inner) for v in value]
    opening, closing = ("{", "}") if isinstance(value, dict) else ("[", "]")
    body = ",\n".join(inner + part for part in parts)
    return f"{opening}\n{body}\n{indent}{closing}"


def parsed(data: bytes) -> dict[str, Any]:
    """What the bytes of a certificate say, with all its keys and no other, each as it should be.

    Raises:
        Malformed: they are none.
    """
    if len(data) > MAX_BYTES:
        raise MalformedError(f"larger than {MAX_BYTES:,} bytes")
    try:
        document = json.loads(data.decode("utf-8"))
    except ValueError as error:
        # Among them: no UTF-8, no JSON, a number of more digits than Python reads.
        raise MalformedError(f"no JSON: {error}") from None
    except RecursionError:
        raise MalformedError("nested too deep") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise MalformedError(f"the format is not {FORMAT}")
    if set(document) - OPTIONAL != set(KEYS) - OPTIONAL:
        strange = min((set(document) - OPTIONAL) ^ (set(KEYS) - OPTIONAL))
        raise MalformedError(f"`{strange}` is missing or has no place here")
    for key in ("program", "scenario", "lowered", "model", "gave_up"):
        if key in document:
            _text(document[key], key)
    for key in ("texts", "points"):
        _mapping(document[key], key, _text)
    _mapping(document["once"], "once", lambda value, key: _each(value, key, _text))
    _each(document["solvers"], "solvers", _text)
    _asked(document["asked"])
    _mapping(document["claims"], "claims", _ruling)
    _lemmas(document["lemmas"])
    _each(document["waits"], "waits", _arrow)
    _runs(document["runs"])
    if list(document) != [key for key in KEYS if key in document] or not _is_canonical(
        data, document
    ):
        raise MalformedError("not in the one form that it is written in")
    return document


def _is_canonical(data: bytes, document: Mapping[str, Any]) -> bool:
    try:
        return dumped(document).encode() == data
    except RecursionError:
        return False


def _text(value: Any, key: str) -> None:
    if not isinstance(value, str) or not value:
        raise MalformedError(f"`{key}` has words")


def _whole(value: Any, key: str, least: int, most: int) -> None:
    """A whole number; bool does not count, although Python says so."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise MalformedError(f"`{key}` has a whole number, {least} to {most}")


def _mapping(value: Any, key: str, each: Callable[[Any, str], None]) -> None:
    if not isinstance(value, dict):
        raise MalformedError(f"`{key}` maps names to what belongs to them")
    for inner in value.values():
        each(inner, key)


def _each(value: Any, key: str, each: Callable[[Any, str], None]) -> None:
    if not isinstance(value, list) or len(value) > MAX_WORDS:
        raise MalformedError(f"`{key}` is a list")
    for inner in value:
        each(inner, key)


def _asked(value: Any) -> None:
    if not isinstance(value, dict) or set(value) != {"threads", "rounds", "claims"}:
        raise MalformedError("`asked` has threads, rounds and claims")
    _whole(value["threads"], "asked", 1, 12)
    _whole(value["rounds"], "asked", 0, 8)
    _each(value["claims"], "asked", _text)


def _ruling(value: Any, key: str) -> None:
    if not isinstance(value, dict) or value.get("verdict") not in VERDICTS:
        raise MalformedError(f"`{key}`: a verdict is one of {', '.join(VERDICTS)}")
    needed, allowed = RULING[value["verdict"]]
    if not needed <= set(value) <= needed | allowed or ("by" in value) != ("rests" in value):
        raise MalformedError(f"`{key}`: what is {value['verdict']} has its keys and no other")
    for name, inner in value.items():
        if name in ("rests", "run", "least"):
            _whole(inner, key, 0, 10**6)
        elif name != "by" or inner != "":
            # A claim may be proved by the commands alone.
            _text(inner, key)


def _lemmas(value: Any) -> None:
    if not isinstance(value, dict) or len(value) > MAX_LEMMAS:
        raise MalformedError(f"`lemmas` maps at most {MAX_LEMMAS:,} names to lemmas")
    for lemma in value.values():
        _mapping(lemma, "lemmas", _text)
    if sum(map(len, value.values())) > MAX_LITERALS:
        raise MalformedError(f"`lemmas` has more than {MAX_LITERALS:,} parts")
    words = sum(len(words) for lemma in value.values() for words in lemma.values())
    if words > MAX_BYTES // 2:
        raise MalformedError("`lemmas` has too many words")


def _arrow(value: Any, key: str) -> None:
    _each(value, key, _text)
    if len(value) != 2:
        raise MalformedError(f"`{key}` has pairs: who waits, and for whom")


def _runs(value: Any) -> None:
    if not isinstance(value, list) or len(value) > MAX_RUNS:
        raise MalformedError(f"`runs` is a list of at most {MAX_RUNS:,}")
    steps = 0
    for run in value:
        if not isinstance(run, dict) or not {"threads", "steps"} <= set(run) <= {
            "threads",
            "again",
            "steps",
            "alone",
        }:
            raise MalformedError("`runs`: a run has threads and steps")
        _whole(run["threads"], "runs", 1, 12)
        if run.get("again", True) is not True:
            raise MalformedError("`runs`: `again` is true or left out")
        _each(run["steps"], "runs", _stretch)
        if "alone" in run:
            _stretch(run["alone"], "runs")
        alone = [run["alone"]] if "alone" in run else []
        steps += sum(part[1].count(" ") + 1 for part in (*run["steps"], *alone))
    if steps > MAX_STEPS:
        raise MalformedError(f"`runs` has more than {MAX_STEPS:,} steps")


def _stretch(value: Any, key: str) -> None:
    _each(value, key, lambda inner, key: None if isinstance(inner, str) else _text(inner, key))
    if len(value) != 2 or not value[0]:
        raise MalformedError(f"`{key}`: steps are of a thread, and at places")
