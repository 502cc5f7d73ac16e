"""A certificate: what is claimed of a program in a scenario, and what each claim rests on.

Lemmas for what is proved, a run for what is refuted, and runs that reach all that
is said to be reached.  What the program and these give anyway, the report, the states
of a run, the obligations, is not in it.  docs/certificate.md describes the format.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from verify.artifact.form import FORMAT, MalformedError
from verify.artifact.lowered import digest
from verify.artifact.names import FileNames, hashed
from verify.artifact.words import CertificateWords, lemma_name
from verify.certify.lemmas import Lemma
from verify.certify.places import Arrow, places
from verify.certify.proof import Grounds
from verify.certify.solvers import SOLVERS
from verify.certify.system import System, UnsupportedError, system_of
from verify.engine.review import Certified, Holding, Idle, Open, Refutation, Ruling
from verify.engine.schedules import of_run
from verify.engine.unbounded import Proof
from verify.ir import Program, Scenario
from verify.report.limits import remark_text, unproved_text
from verify.verdicts import (
    Absent,
    Answer,
    Bounded,
    NotEstablished,
    Proved,
    Refuted,
    Result,
    Schedule,
    Vacuous,
    Verdict,
    word,
)


@dataclass(frozen=True)
class Options:
    """What was asked for: threads for each [*] in runs, rounds of a loop there, claims."""

    threads: int
    rounds: int
    claims: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """What a certificate means of a program.

    `once` has, for each thread that runs once, the claims that might break if it ran
    again and again; `solvers` are those that have confirmed the proofs.
    """

    options: Options
    rulings: Mapping[str, Ruling]
    grounds: Grounds
    runs: tuple[Schedule, ...]
    once: Mapping[str, tuple[str, ...]]
    solvers: tuple[str, ...]
    gave_up: str


def document(
    program: Program,
    scenario: Scenario,
    options: Options,
    result: Result,
    proof: Proof,
    names: FileNames,
) -> dict[str, Any]:
    """What a certificate says, by key, in the one order of keys."""
    words = CertificateWords(program, scenario)
    runs = list(result.shown)
    lemmas, waits = _grounds(program, scenario, words, proof)
    names_of_lemmas = list(lemmas)
    assert len(lemmas) == len(proof.lemmas), "two lemmas have one name"
    claims = {a.claim: _ruling(a, proof, names_of_lemmas, runs) for a in result.answers}
    return {
        "format": FORMAT,
        "program": names.program,
        **({"model": names.model_place} if names.model else {}),
        "scenario": scenario.name,
        "texts": {name: hashed(text) for name, text in sorted(names.texts.items())},
        "lowered": digest(program, scenario),
        "asked": {
            "threads": options.threads,
            "rounds": options.rounds,
            "claims": list(options.claims),
        },
        "claims": claims,
        "once": {name: list(some) for name, some in proof.once.items()},
        "solvers": list(SOLVERS) if proof.shares else [],
        **({"gave_up": unproved_text(result.gave_up)} if result.gave_up is not None else {}),
        "points": words.all_points(),
        "lemmas": lemmas,
        "waits": waits,
        "runs": [words.run(run) for run in runs],
    }


def spelled(verdict: Verdict) -> str:
    """The word of this format for a verdict: `holds` for what is bounded."""
    return "holds" if isinstance(verdict, Bounded) else word(verdict)


def _ruling(
    answer: Answer, proof: Proof, lemmas: Sequence[str], runs: Sequence[Schedule]
) -> dict[str, Any]:
    match answer.verdict:
        case Proved(_, True):
            return {"verdict": "proved"}
        case Proved(count):
            by = " ".join(lemmas[i] for i in proof.direct[answer.claim])
            return {"verdict": "proved", "by": by, "rests": count}
        case Bounded(_, unproved):
            why = {} if unproved is None else {"why": unproved_text(unproved)}
            return {"verdict": spelled(answer.verdict), **why}
        case Refuted() as verdict:
            said: dict[str, Any] = {
                "verdict": "refuted",
                "run": runs.index(of_run(answer.claim, verdict)),
                "least": verdict.least,
            }
            if answer.known and answer.beside is not None:
                said["others"] = remark_text(answer.beside)
            return said
        case NotEstablished(reason):
            return {"verdict": "not established", "why": unproved_text(reason)}
        case Vacuous():
            return {"verdict": "vacuous"}
        case Absent():
            return {"verdict": "absent"}


def _grounds(
    program: Program, scenario: Scenario, words: CertificateWords, proof: Proof
) -> tuple[dict[str, dict[str, str]], list[list[str]]]:
    if not proof.lemmas and not proof.arrows:
        return {}, []
    system = system_of(program, scenario)
    said = [words.lemma(system, lemma) for lemma in proof.lemmas]
    names = words.places(system, places(system)) if proof.arrows else ()
    return (
        {lemma_name(one): one for one in said},
        [[names[one], names[two]] for one, two in proof.arrows],
    )


# ------------------------------------------------------------------- reading


def meaning(said: Mapping[str, Any], program: Program, scenario: Scenario) -> Certificate:
    """What a document, of the right form, means of a program.

    Raises:
        Malformed: it speaks of what the program does not have.
    """
    words = CertificateWords(program, scenario, said["points"])
    options = Options(
        said["asked"]["threads"], said["asked"]["rounds"], tuple(said["asked"]["claims"])
    )
    asked = [c.name for c in program.claims if not options.claims or c.name in options.claims]
    if list(said["claims"]) != asked:
        raise MalformedError(
            "`claims` are not those of the program, or not all that were asked for"
        )
    runs = tuple(words.schedule(run) for run in said["runs"])
    if len(set(runs)) < len(runs):
        raise MalformedError("a run is there twice")
    if not SOLVERS.keys() >= set(said["solvers"]):
        raise MalformedError("`solvers` are not those that can be asked")
    once = {name for name, count in scenario.members if count is not None}
    if not once >= set(said["once"]) or not {c.name for c in program.claims}.issuperset(
        claim for some in said["once"].values() for claim in some
    ):
        raise MalformedError("`once` has no thread that runs once, or no claim")
    return Certificate(
        options=options,
        rulings={name: _meant(ruling, len(runs)) for name, ruling in said["claims"].items()},
        grounds=_grounds_of(said, program, scenario, words),
        runs=runs,
        once={name: tuple(some) for name, some in said["once"].items()},
        solvers=tuple(said["solvers"]),
        gave_up=said.get("gave_up", ""),
    )


def _meant(ruling: Mapping[str, Any], runs: int) -> Ruling:
    match ruling["verdict"]:
        case "proved":
            return Certified(ruling.get("rests", 0), "by" not in ruling)
        case "holds":
            return Holding(ruling.get("why", ""))
        case "refuted":
            if ruling["run"] >= runs:
                raise MalformedError("a claim is refuted by a run that is not there")
            return Refutation(ruling["run"], ruling.get("least", 0), ruling.get("others", ""))
        case "not established":
            return Open(ruling["why"])
        case "vacuous" | "absent" as word:
            return Idle(word == "absent")
        case word:
            raise AssertionError(f"the schema knows no verdict {word}")


def _grounds_of(
    said: Mapping[str, Any], program: Program, scenario: Scenario, words: CertificateWords
) -> Grounds:
    by = {
        name: one["by"].split(" ") if one["by"] else []
        for name, one in said["claims"].items()
        if "by" in one
    }
    if not said["lemmas"] and not said["waits"]:
        return Grounds((), {name: _positions(name, some, {}) for name, some in by.items()})
    try:
        system = system_of(program, scenario)
    except UnsupportedError as error:
        raise MalformedError(unproved_text(error.reason)) from None
    lemmas: dict[Lemma, int] = {}
    for name, one in said["lemmas"].items():
        if lemma_name(one) != name:
            raise MalformedError(f"lemma {name[:80]} is not called so")
        lemmas[words.meant(system, one)] = len(lemmas)
    if len(lemmas) < len(said["lemmas"]):
        raise MalformedError("a lemma is there twice")
    at = {name: i for i, name in enumerate(said["lemmas"])}
    return Grounds(
        tuple(lemmas),
        {name: _positions(name, some, at) for name, some in by.items()},
        _arrows(said, system, words),
    )


def _positions(claim: str, names: list[str], at: Mapping[str, int]) -> tuple[int, ...]:
    if len(set(names)) < len(names) or not at.keys() >= set(names):
        raise MalformedError(f"{claim[:80]} rests on a lemma twice, or on one that there is not")
    return tuple(at[name] for name in names)


def _arrows(said: Mapping[str, Any], system: System, words: CertificateWords) -> tuple[Arrow, ...]:
    if not said["waits"]:
        return ()
    at = {name: i for i, name in enumerate(words.places(system, places(system)))}
    found = [tuple(one) for one in said["waits"]]
    if len(set(found)) < len(found) or not at.keys() >= {name for one in found for name in one}:
        raise MalformedError("`waits` has a pair twice, or a place that there is not")
    return tuple((at[one], at[two]) for one, two in found)
