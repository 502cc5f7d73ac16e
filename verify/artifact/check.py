"""Re-checks a folder of evidence and trusts nothing in it.

From the program's text and the lemmas alone every obligation is written again
and given to a solver other than the one that helped to find the proof; every
run is followed again; and every file is made again and compared byte by byte.
So an edited obligation, a flipped verdict or a lemma that was dropped shows up
as what it is.
"""

from __future__ import annotations

import codecs
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from verify.artifact.content import (
    PROOF,
    Malformed,
    Options,
    digest,
    files,
    folder_name,
    lemma_from,
    whole,
)
from verify.artifact.names import Names, lies_in, names_of, tree_of
from verify.artifact.read import document_in, place_in
from verify.artifact.write import MAX_FILE, belongs
from verify.crowd.waiting import circle, places
from verify.crowd.world import Unsupported, world
from verify.diagnostics import InputError, printable
from verify.engine.prove import combined, rest
from verify.engine.search import Progress, silent
from verify.engine.unbounded import Loops, Proof, confirm, written
from verify.ir import Program, Scenario
from verify.lower.program import lower
from verify.smt.alone import TooManyPaths
from verify.smt.obligations import fits
from verify.syntax.load import Loader
from verify.syntax.parse import grammar_text
from verify.syntax.resolve import resolve
from verify.verdicts import Refuted

CHECKER = "cvc5"


@dataclass(frozen=True)
class Report:
    """What was done, and everything that is wrong; nothing wrong means accepted."""

    folder: str
    done: tuple[str, ...]
    wrong: tuple[str, ...]
    usage: bool = False


def check(folder: Path, folders: tuple[Path, ...] = (), progress: Progress = silent) -> Report:
    """Re-check one artifact."""
    try:
        found = _check(folder, folders, progress)
    except Malformed as error:
        found = Report(str(folder), (), (f"{PROOF}: {error}",), True)
    except InputError as error:
        said = tuple(d.headline for d in error.diagnostics)
        found = Report(str(folder), (), said, True)
    except OSError as error:
        name = error.filename or folder
        found = Report(str(folder), (), (f"{name}: {error.strerror or error}",), True)
    # Names and words out of the folder may hold anything.
    return replace(found, wrong=tuple(map(printable, found.wrong)))


def _check(folder: Path, folders: tuple[Path, ...], progress: Progress) -> Report:
    document = document_in(folder)
    path = _path(folder, document)
    wrong = _changed(document, path)
    if wrong:
        return Report(str(folder), (), tuple(wrong))
    model = _model(document, path, folders)
    program, names = _program(path, folders, model)
    wrong = _inputs(document, names.texts)
    if wrong:
        return Report(str(folder), (), tuple(wrong))
    scenario = _scenario(document, program)
    wrong = _elsewhere(folder, path, folders, folder_name(program, scenario, names))
    if wrong:
        return Report(str(folder), (), tuple(wrong))
    options = _options(document)
    lemmas = tuple(lemma_from(value) for value in _list(document, "lemmas"))
    arrows = tuple(_arrow(value) for value in _list(document, "waits_for"))
    shares = _positions(document, "shares", len(lemmas))
    direct = _positions(document, "direct", len(lemmas))
    if set(shares) != set(direct):
        raise Malformed("`shares` and `direct` are about different claims")
    if arrows and "stuck" not in shares:
        raise Malformed("`waits_for` is for the claim stuck, which is not proved")
    if circle(arrows):
        return Report(str(folder), (), ("who may wait for whom goes in circles",))
    try:
        scene = world(program, scenario)
        if arrows and max(max(arrow) for arrow in arrows) >= len(places(scene)):
            raise Malformed("`waits_for` has a place that the program does not have")
        if not all(fits(scene, lemma) for lemma in lemmas):
            raise Malformed("a lemma speaks of something that the program does not have")
        claims = [c.name for c in program.claims if c.name in shares]
        unknown = sorted(set(shares) - set(claims))
        if unknown:
            raise Malformed(f"there is no claim {unknown[0]}")
        obligations = (
            tuple(written(program, scene, lemmas, direct, arrows, claims)) if shares else ()
        )
    except (Unsupported, Loops, TooManyPaths) as error:
        return Report(str(folder), (), (str(error),))
    progress("asking the other solver")
    refused = confirm(obligations, (CHECKER,))
    wrong += [f"not proved: {reason}" for reason in refused.values()]
    progress("following the runs again")
    # What the other solver has confirmed need not be asked for two threads; what the folder
    # says is proved, and is not, is asked like all the rest.
    proved = () if "" in refused else tuple(c for c in claims if c not in refused)
    result = rest(
        program, scenario, options.threads, options.rounds, options.claims, proved, progress
    )
    proof = Proof(lemmas, shares, direct, arrows, obligations, _open(document), 0)
    expected = files(
        program,
        scenario,
        options,
        replace(combined(program, scenario, result, proof), model=names.model),
        proof,
        names,
        document["program"],
    )
    wrong += _compare(folder, expected)
    runs = sum(isinstance(a.verdict, Refuted) for a in result.answers)
    return Report(
        str(folder),
        (
            _about(path, scenario, model),
            f"{len(names.texts)} texts and the grammar are those that were proved",
            f"{len(obligations)} obligations written again from the program, unsat by {CHECKER}",
            f"{len(lemmas)} lemmas, {len(shares)} claims proved, {runs} refuted by a run "
            "that was followed again",
            f"{len(expected)} files compared byte by byte",
        ),
        tuple(wrong),
    )


def _about(path: Path, scenario: Scenario, model: Path | None) -> str:
    """What the evidence is about, as it was resolved."""
    other = "" if model is None else f", model {_near(model)}"
    return f"program {_near(path)}{other}, scenario {scenario.name}"


def _near(path: Path) -> str:
    return os.path.relpath(path.resolve())


def _elsewhere(folder: Path, path: Path, folders: tuple[Path, ...], name: str) -> list[str]:
    """Whether the evidence lies where that on another program belongs, or is about a program
    that lies outside the tree in which the evidence does."""
    if not lies_in(folder, name):
        return [f"it is about {name}, which is not what its folder is called"]
    tree = folder.resolve().parents[name.count("/") + 1]
    if any(path.resolve().is_relative_to(place.resolve()) for place in (tree, *folders)):
        return []
    return [
        f"it is about {_near(path)}, outside the tree that it lies in; name the program's folder "
        "with --include if it is yours"
    ]


def _path(folder: Path, document: Mapping[str, Any]) -> Path:
    """Where the program is."""
    return _file(folder, document, "program", "this folder")


def _model(document: Mapping[str, Any], path: Path, folders: tuple[Path, ...]) -> Path | None:
    """Where the model is that took the place of the program's own, if one did."""
    if "model" not in document:
        return None
    root = tree_of(path)
    model = _file(root, document, "model", "the program's tree").resolve()
    if not any(model.is_relative_to(place) for place in (root, *(f.resolve() for f in folders))):
        # Evidence may come from a stranger: it does not choose what is read.
        raise Malformed(
            "`model` lies outside the program's tree; name its folder with --include if it is yours"
        )
    return model


def _file(folder: Path, document: Mapping[str, Any], key: str, where: str) -> Path:
    path = folder / place_in(document, key, where)
    try:
        regular = path.is_file()
    except ValueError:
        regular = False
    if not regular:
        raise Malformed(f"`{key}` names no file")
    return path


def _changed(document: Mapping[str, Any], path: Path) -> list[str]:
    """Whether the program is another text: then nothing is said of what is in it."""
    said = document["inputs"]
    if not isinstance(said, dict):
        raise Malformed("`inputs` maps names to hashes")
    name = path.resolve().relative_to(tree_of(path)).as_posix()
    with open(path, "rb") as stream:
        data = stream.read(MAX_FILE + 1).removeprefix(codecs.BOM_UTF8)
    if said.get(name) == hashlib.sha256(data).hexdigest():
        return []
    return [f"{name} is not the text that was proved"]


def _program(path: Path, folders: tuple[Path, ...], model: Path | None) -> tuple[Program, Names]:
    sources, declarations = Loader(folders, model).load(path)
    return lower(resolve(sources, declarations)), names_of(sources, model)


def _inputs(document: Mapping[str, Any], texts: Mapping[str, str]) -> list[str]:
    said = document["inputs"]
    wrong = [
        f"{name} is not the text that was proved"
        for name, text in sorted(texts.items())
        if said.get(name) != digest(text)
    ]
    wrong += [f"{name} is not included any more" for name in sorted(set(said) - set(texts))]
    if document["grammar"] != digest(grammar_text()):
        wrong.append("the grammar is not the one that was used")
    return wrong


def _scenario(document: Mapping[str, Any], program: Program) -> Scenario:
    for scenario in program.scenarios:
        if scenario.name == document["scenario"]:
            return scenario
    raise Malformed("the program has no such scenario")


def _options(document: Mapping[str, Any]) -> Options:
    value = document["options"]
    if not isinstance(value, dict) or set(value) - {"lean"} != {"threads", "rounds", "claims"}:
        raise Malformed("`options` has threads, rounds and claims")
    if value.get("lean", True) is not True:
        raise Malformed("`lean` is true or left out")
    threads, rounds, claims = value["threads"], value["rounds"], value["claims"]
    if not (whole(threads) and 1 <= threads <= 12 and whole(rounds) and 0 <= rounds <= 8):
        raise Malformed("`options` is out of range")
    if not isinstance(claims, list) or not all(isinstance(c, str) for c in claims):
        raise Malformed("`claims` is a list of names")
    return Options(threads, rounds, tuple(claims), "lean" in value)


def _list(document: Mapping[str, Any], key: str) -> list[Any]:
    value = document[key]
    if not isinstance(value, list) or len(value) > 10_000:
        raise Malformed(f"`{key}` is a list")
    return value


def _arrow(value: Any) -> tuple[int, int]:
    if not isinstance(value, list) or len(value) != 2 or not all(map(_place, value)):
        raise Malformed("`waits_for` has pairs of places")
    return value[0], value[1]


def _place(value: Any) -> bool:
    return whole(value) and value >= 0


def _positions(document: Mapping[str, Any], key: str, count: int) -> dict[str, tuple[int, ...]]:
    value = document[key]
    if not isinstance(value, dict):
        raise Malformed(f"`{key}` maps claims to lemmas")
    for found in value.values():
        if not isinstance(found, list) or not all(whole(v) and 0 <= v < count for v in found):
            raise Malformed(f"`{key}` has numbers of lemmas")
    return {name: tuple(found) for name, found in value.items()}


def _open(document: Mapping[str, Any]) -> dict[str, str]:
    """Why claims that hold are not proved: a remark, which nothing rests on."""
    found = {}
    for verdict in _list(document, "verdicts"):
        if not isinstance(verdict, dict):
            raise Malformed("`verdicts` has values")
        if verdict.get("verdict") == "holds" and isinstance(verdict.get("reason"), str):
            found[str(verdict.get("claim"))] = verdict["reason"]
    return found


def _compare(folder: Path, expected: Mapping[str, str]) -> list[str]:
    wrong = []
    present = {p.name: p for p in sorted(folder.iterdir())}
    for name, text in expected.items():
        if name not in present:
            wrong.append(f"{name} is missing")
        elif not belongs(present[name]) or present[name].stat().st_size > MAX_FILE:
            wrong.append(f"{name} is no file of an artifact")
        elif present[name].read_bytes() != text.encode("utf-8"):
            wrong.append(f"{name} is not what the program and the lemmas give")
    wrong += [f"{name} does not belong here" for name in sorted(set(present) - set(expected))]
    return wrong
