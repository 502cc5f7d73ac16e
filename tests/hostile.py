"""Hostile certificates: `python -m tests.hostile SEED COUNT` says what is wrong with so many.

Some are made from the schema, of words that the program has and of others; most are a
right one with something else in some places.  Whatever is accepted has to be true.
"""

from __future__ import annotations

import copy
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from tests.artifact.made import ROOT, cli, lay_out
from verify.artifact import check as checking
from verify.artifact.check import Findings, check
from verify.artifact.form import KEYS, dumped
from verify.artifact.words import lemma_name
from verify.certify.proof import confirm

SCHEMA = json.loads((ROOT / "verify/artifact/schema.json").read_text())
TRUTH = {
    "table": "refuted",
    "balance": "proved",
    "apart": "proved",
    "never-y": "refuted",
    "first": "refuted",
    "absurd": "proved",
    "lock-use": "proved",
    "atomic-sleep": "proved",
    "memory": "proved",
    "stuck": "proved",
    "vacuity": "proved",
}
JUNK: Sequence[Any] = (
    None,
    True,
    -1,
    0,
    1,
    2,
    7,
    10**30,
    0.5,
    "",
    "m",
    "x",
    "true",
    "false",
    "yes",
    "no | yes",
    "shared | exclusive",
    "entry",
    "a entry..end",
    "a ask.bfp:8..10",
    "ask.bfp:8/1",
    "entry ask.bfp:21",
    "proved",
    "refuted",
    "holds",
    "vacuous",
    "\ud800",
    "\0",
    "\x1b[2J",
    "../../x",
    "\n",
    [],
    {},
    ["a", "entry"],
    {"x": "true"},
    {"1 at": "a entry", "2 at": "a end"},
    {"verdict": "proved", "by": "", "rests": 0},
    {"verdict": "holds"},
    {"threads": 1, "steps": [["b", "entry"]]},
)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a document: the list or object it is in, and where."""
    keys = value.keys() if isinstance(value, dict) else range(len(value))
    for key in keys:
        yield value, key
        if isinstance(value[key], dict | list):
            yield from places(value[key])


def disturbed(random: Random, plain: Any) -> Any:
    """A right document with something else in a few places."""
    changed = copy.deepcopy(plain)
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        there = [*places(changed)]
        if not there:
            return changed
        inside, key = random.choice(there)
        how = random.randrange(5)
        if how == 0:
            del inside[key]
        elif how == 1:
            other, where = random.choice(there)
            inside[key] = copy.deepcopy(other[where])
        elif how == 2 and isinstance(inside[key], str):
            inside[key] = _cut(random, inside[key])
        elif how == 3 and isinstance(inside, list):
            inside.insert(random.randrange(len(inside) + 1), copy.deepcopy(inside[key]))
        else:
            inside[key] = copy.deepcopy(random.choice(JUNK))
    return _renamed(random, changed)


def _cut(random: Random, words: str) -> str:
    parts = words.split(" ")
    if len(parts) > 1 and random.random() < 0.7:
        del parts[random.randrange(len(parts))]
    else:
        parts.insert(random.randrange(len(parts) + 1), random.choice(parts))
    return " ".join(parts)


def _renamed(random: Random, document: Any) -> Any:
    """A careful forger gives each lemma the name that it has to have."""
    lemmas = document.get("lemmas") if isinstance(document, dict) else None
    if isinstance(lemmas, dict) and random.random() < 0.7:
        new = {
            lemma_name(words) if isinstance(words, dict) else name: words
            for name, words in lemmas.items()
        }
        names = dict(zip(lemmas, new, strict=False))
        document["lemmas"] = new
        claims = document.get("claims")
        for ruling in claims.values() if isinstance(claims, dict) else ():
            if isinstance(ruling, dict) and isinstance(ruling.get("by"), str):
                ruling["by"] = " ".join(names.get(one, one) for one in ruling["by"].split(" "))
    return document


def from_schema(random: Random, schema: Any, words: Sequence[str]) -> Any:
    """Something that a schema allows."""
    if "$ref" in schema:
        return from_schema(random, SCHEMA["$defs"][schema["$ref"].rsplit("/", 1)[1]], words)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return random.choice(schema["enum"])
    if "oneOf" in schema:
        return from_schema(random, random.choice(schema["oneOf"]), words)
    match schema["type"]:
        case "object":
            known = schema.get("properties", {})
            needed = schema.get("required", ())
            found = {
                key: from_schema(random, known[key], words)
                for key in known
                if key in needed or random.random() < 0.5
            }
            more = schema.get("additionalProperties")
            if isinstance(more, dict):
                for _ in range(random.randrange(4)):
                    found[random.choice(words)] = from_schema(random, more, words)
            return found
        case "array":
            if "prefixItems" in schema:
                return [from_schema(random, one, words) for one in schema["prefixItems"]]
            count = random.randint(schema.get("minItems", 0), schema.get("maxItems", 5) % 6)
            return [from_schema(random, schema["items"], words) for _ in range(count)]
        case "integer":
            return random.choice((schema["minimum"], 1, 2, 3, schema["maximum"]))
        case _:
            return random.choice(words)


def words_of(plain: Any) -> list[str]:
    """All words of a document, and some others."""
    found = {key for _, key in places(plain) if isinstance(key, str)}
    values = {str(inside[key]) for inside, key in places(plain) if isinstance(inside[key], str)}
    fixed = {part for value in values for part in value.split(" ") if part}
    return sorted(found | values | fixed | {one for one in JUNK if isinstance(one, str) and one})


def hostile(random: Random, plain: Any, words: Sequence[str]) -> Any:
    """A right document with a few places disturbed, or with parts made from the schema."""
    if random.random() < 0.7:
        return disturbed(random, plain)
    plain = copy.deepcopy(plain)
    made = from_schema(random, SCHEMA, words)
    keep = random.random()
    return _renamed(
        random,
        {
            k: plain[k] if k in plain and random.random() < keep else made[k]
            for k in KEYS
            if k in made
        },
    )


def outcome(folder: Path, document: Any) -> Findings:
    """What comes of checking a document, as the evidence in a folder."""
    (folder / "proof.json").write_bytes(dumped(document).encode("utf-8", "surrogatepass"))
    return check(folder)


def untrue(document: Any, found: Findings) -> str:
    """What is accepted and wrong, or printed and should not be."""
    if not all(line.isprintable() for line in (*found.wrong, *found.done, *found.left)):
        return "a line that speaks to the terminal"
    if found.wrong:
        return ""
    told = {name: one["verdict"] for name, one in document["claims"].items()}
    shown = {name: word for name, word in told.items() if word in ("proved", "refuted")}
    if not shown.items() <= TRUTH.items():
        return f"accepted: {sorted(shown.items() - TRUTH.items())}"
    return (
        "" if document["asked"]["claims"] or told.keys() == TRUTH.keys() else "claims are left out"
    )


def run(folder: Path, seeds: range) -> tuple[list[str], Counter[str]]:
    """What is wrong in some seeds, and what came of all of them."""
    plain = json.loads((folder / "proof.json").read_text())
    words = words_of(plain)
    wrong, said = [], Counter[str]()
    asked = cache(lambda texts: confirm(texts, ("z3",)))
    before = checking.confirm
    # What was asked of a solver once is not asked again.
    checking.confirm = lambda texts, *_: asked(texts)
    try:
        for seed in seeds:
            random = Random(seed)
            document = hostile(random, plain, words)
            try:
                found = outcome(folder, document)
            except Exception as error:
                wrong.append(f"{seed}: {type(error).__name__}: {error}")
                continue
            if trouble := untrue(document, found):
                wrong.append(f"{seed}: {trouble}")
            said["accepted" if not found.wrong else "malformed" if found.usage else "rejected"] += 1
    finally:
        checking.confirm = before
    return wrong, said


def main(seed: int, count: int) -> int:
    with tempfile.TemporaryDirectory() as place:
        program = lay_out(Path(place))
        cli("prove", program, "--proofs", f"{place}/proofs")
        wrong, said = run(Path(place) / "proofs/ask", range(seed, seed + count))
    sys.stdout.writelines(f"{line}\n" for line in [*wrong, str(dict(said))])
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:3])))
