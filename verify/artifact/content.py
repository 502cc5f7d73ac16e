"""What a folder of evidence holds: the same text for the same program, everywhere.

    proof.json         what is claimed of which text, the lemmas and the runs, as values
    README.txt         the report, as `verify prove` prints it
    lemmas.txt         the lemmas in words
    NAME.smt2          one text for each obligation, to be answered `unsat`

No times, no machine paths, no host names: a second run writes the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from verify.artifact.names import Names
from verify.crowd.invariant import Lemma, Literal
from verify.engine.unbounded import Proof
from verify.ir import Program, Scenario
from verify.report import values
from verify.report.text import report
from verify.smt.obligations import Obligation
from verify.syntax.parse import grammar_text
from verify.verdicts import Refuted, Result
from verify.wording import lemma_text

FORMAT = "verify-proof/1"
PROOF = "proof.json"
README = "README.txt"
LEMMAS = "lemmas.txt"


class Malformed(Exception):
    """An artifact that is not what this version writes, and where."""


@dataclass(frozen=True)
class Options:
    """What was asked for: threads for each [*] in runs, rounds of a loop there, claims.

    `lean`: each obligation is kept as a digest; its text can be written again.
    """

    threads: int
    rounds: int
    claims: tuple[str, ...]
    lean: bool = False


def folder_name(program: Program, scenario: Scenario, names: Names) -> str:
    """`v3` for the only scenario of v3.bfp, else `v3/reuse`; `v3@old` with the model old.bfh."""
    several = len(program.scenarios) > 1
    return f"{names.title}/{scenario.name}" if several else names.title


def files(
    program: Program,
    scenario: Scenario,
    options: Options,
    result: Result,
    proof: Proof,
    names: Names,
    place: str,
) -> dict[str, str]:
    """The texts of an artifact by file name.

    `names` are those of the program and its includes in their tree; `place` is
    the path from the artifact to the program.
    """
    content = {
        PROOF: _canonical(_document(scenario, options, result, proof, names, place)),
        README: "\n".join(report(replace(result, path=names.program, model=names.model))) + "\n",
        LEMMAS: _lemmas(program, scenario, proof),
    }
    if not options.lean:
        content |= {f"{o.name}.smt2": _obligation(o) for o in proof.obligations}
    return content


def _obligation(obligation: Obligation) -> str:
    return _heading(obligation.name) + obligation.text


def _heading(name: str) -> str:
    kind, _, rest = name.partition("-")
    said = {
        "init": "The first state satisfies every lemma.",
        "step": f"A step of {rest} keeps every lemma.",
        "claim": f"Where the lemmas hold, `{rest}` is not broken.",
    }[kind]
    return f"; {said}\n; The expected answer is unsat.\n"


def _canonical(value: Any) -> str:
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=True) + "\n"


def digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _document(
    scenario: Scenario,
    options: Options,
    result: Result,
    proof: Proof,
    names: Names,
    place: str,
) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "program": place,
        **({"model": names.model_place} if names.model else {}),
        "scenario": scenario.name,
        "inputs": {name: digest(text) for name, text in sorted(names.texts.items())},
        "grammar": digest(grammar_text()),
        "options": {
            "threads": options.threads,
            "rounds": options.rounds,
            "claims": list(options.claims),
            **({"lean": True} if options.lean else {}),
        },
        "evidence": None
        if result.proof is None
        else {
            "threads": list(result.proof.threads),
            "transient": list(result.proof.transient),
            "solvers": list(result.proof.solvers),
        },
        "verdicts": _portable(values.program("", 0, [result])["verdicts"], names),
        "table": _portable(values.program("", 0, [result])["table"], names),
        "runs": {
            answer.claim: {
                "moves": [[step.index, step.command] for step in answer.verdict.run.steps],
                "alone": answer.verdict.run.alone,
            }
            for answer in result.answers
            if isinstance(answer.verdict, Refuted)
        },
        "lemmas": [lemma_value(lemma) for lemma in proof.lemmas],
        "shares": {name: list(share) for name, share in sorted(proof.shares.items())},
        "direct": {name: list(share) for name, share in sorted(proof.direct.items())},
        "waits_for": [list(arrow) for arrow in proof.arrows],
        "obligations": {o.name: digest(_obligation(o)) for o in proof.obligations}
        if options.lean
        else [o.name for o in proof.obligations],
    }


def _portable(value: Any, names: Names) -> Any:
    """`value` with each file by its name in the tree."""
    if isinstance(value, dict):
        return {
            k: names.of(v) if k == "file" and isinstance(v, str) else _portable(v, names)
            for k, v in value.items()
        }
    if isinstance(value, list):
        return [_portable(v, names) for v in value]
    return value


def _lemmas(program: Program, scenario: Scenario, proof: Proof) -> str:
    lines = []
    for i, lemma in enumerate(proof.lemmas):
        users = [name for name, share in sorted(proof.shares.items()) if i in share]
        lines.append(f"{i:>3}  {lemma_text(program, scenario, lemma)}")
        lines.append(f"     for {', '.join(users) or 'nothing'}")
    return "\n".join(lines) + "\n" if lines else "none\n"


# ------------------------------------------------------------------- reading


def lemma_value(lemma: Lemma) -> dict[str, Any]:
    return {
        "shared": [_literal_value(one) for one in lemma.shared],
        "crowd": [[_literal_value(one) for one in part] for part in lemma.crowd],
    }


def _literal_value(one: Literal) -> list[Any]:
    return [one.kind, one.name, one.thread, list(one.values)]


def lemma_from(value: Any) -> Lemma:
    """The lemma that `lemma_value` wrote.

    Raises:
        Malformed: it did not.
    """
    if not isinstance(value, dict) or set(value) != {"shared", "crowd"}:
        raise Malformed("a lemma has `shared` and `crowd`")
    crowd = _list(value["crowd"], "crowd")
    if len(crowd) > 2:
        raise Malformed("a lemma speaks of two threads of the crowd at most")
    return Lemma(
        tuple(_literal(one) for one in _list(value["shared"], "shared")),
        tuple(tuple(_literal(one) for one in _list(part, "crowd")) for part in crowd),
    )


def _literal(value: Any) -> Literal:
    parts = _list(value, "literal")
    if len(parts) != 4:
        raise Malformed("a literal has four parts")
    kind, name, thread, found = parts
    if kind not in ("shared", "pc", "local", "lock", "held") or not isinstance(name, str):
        raise Malformed("a literal has a kind and a name")
    if not whole(thread) or not all(whole(v) for v in _list(found, "values")):
        raise Malformed("a literal has whole numbers")
    return Literal(kind, name, thread, tuple(found))


def whole(value: Any) -> bool:
    """A whole number; bool does not count, although Python says so."""
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**9


def _list(value: Any, what: str) -> Sequence[Any]:
    if not isinstance(value, list) or len(value) > 100_000:
        raise Malformed(f"`{what}` is a list")
    return value
