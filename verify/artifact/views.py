"""What a certificate and its program give: the report, the lemmas in words, the obligations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from verify.artifact.certificate import Certificate
from verify.artifact.check import Opened, review_of, written
from verify.artifact.form import MalformedError
from verify.certify.obligations import Obligation
from verify.engine.states import members, spurious_failures, states_of
from verify.reasons.objections import Objection
from verify.report.objections import objection_text
from verify.report.states import lemma_text
from verify.verdicts import Evidence, Proved, Result, WordedLemma


def result_of(one: Opened, certificate: Certificate, whole: bool = True) -> Result:
    """What the report is about, as `prove` made it; if not `whole`, without what stands behind
    all proofs together.

    Raises:
        Malformed: the runs do not show what is said.
        ReplayError: a run cannot be followed.
    """
    review = review_of(one, certificate)
    judged = {}
    for name, ruling in certificate.rulings.items():
        said = review.judged(name, ruling)
        if isinstance(said, Objection):
            raise MalformedError(objection_text(said))
        judged[name] = said
    result = review.result(judged, certificate.rulings, certificate.gave_up)
    result = replace(result, model=one.names.model)
    verdicts = [one.verdict for one in judged.values()]
    if not whole or not any(isinstance(v, Proved) and not v.by_runs for v in verdicts):
        return result
    program, scenario, lemmas = one.program, one.scenario, certificate.grounds.lemmas
    evidence = Evidence(
        threads=members(scenario, certificate.once),
        transient=spurious_failures(program, scenario),
        assumptions=program.assumptions,
        lemmas=len(lemmas),
        obligations=len(written(one, certificate)),
        solvers=certificate.solvers,
    )
    return replace(result, proof=evidence)


def lemmas_of(one: Opened, certificate: Certificate) -> tuple[WordedLemma, ...]:
    """The lemmas in words, no two alike."""
    grounds = certificate.grounds
    said: dict[str, dict[str, str]] = one.said["lemmas"]
    texts = [lemma_text(states_of(one.program, one.scenario, x)) for x in grounds.lemmas]
    return tuple(
        WordedLemma(
            name,
            text,
            tuple(claim for claim, some in sorted(grounds.direct.items()) if i in some),
        )
        for i, (name, text) in enumerate(
            zip(said, told_apart(texts, [*said.values()]), strict=True)
        )
    )


def told_apart(texts: Sequence[str], words: Sequence[Mapping[str, str]]) -> list[str]:
    """The texts of some lemmas, those that are alike with what their `words` in the certificate
    differ in: it has a name for each of several points of one line."""
    alike: dict[str, list[Mapping[str, str]]] = {}
    for text, said in zip(texts, words, strict=True):
        alike.setdefault(text, []).append(said)
    found = []
    for text, said in zip(texts, words, strict=True):
        others = [other for other in alike[text] if other is not said]
        differ = [f"{k}: {v}" for k, v in said.items() if any(o.get(k) != v for o in others)]
        found.append(f"{text} ({'; '.join(differ)})" if differ else text)
    return found


def texts_of(one: Opened, certificate: Certificate) -> dict[str, str]:
    """Each obligation as a file for any solver, by name."""
    return {f"{o.name}.smt2": _text(o) for o in written(one, certificate)}


def _text(obligation: Obligation) -> str:
    kind, _, rest = obligation.name.partition("-")
    said = {
        "init": "The first state satisfies every lemma.",
        "step": f"A step of {rest} keeps every lemma.",
        "claim": f"Where the lemmas hold, `{rest}` is not broken.",
    }[kind]
    return f"; {said}\n; The expected answer is unsat.\n{obligation.text}"
