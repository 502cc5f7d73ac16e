"""Checks a certificate: trusts nothing in it, and looks for nothing.

From the program's text and the lemmas every obligation is written again and put to
a solver other than the one that answered first; every run is followed again, and
what is said to be reached is reached by them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from verify.artifact.certificate import Certificate, meaning, spelled
from verify.artifact.find import folder_name, model_of, program_of, said_in
from verify.artifact.form import CERTIFICATE, MalformedError, MisplacedError
from verify.artifact.lowered import digest
from verify.artifact.names import FileNames, hashed, lies_in, names_of, near
from verify.certify.isolated import TooManyPathsError
from verify.certify.obligations import Obligation
from verify.certify.proof import LoopsError, UnfoundedError, confirm, obligations
from verify.certify.solvers import SECOND
from verify.certify.system import UnsupportedError, system_of
from verify.diagnostics import Diagnostic, InputError, printable
from verify.engine.judging import Judgement
from verify.engine.problem import Problem, Progress, silent
from verify.engine.prove import prove
from verify.engine.review import Certified, Refutation, Review, reviewed
from verify.interpret import ReplayError
from verify.ir import FATAL, Program, Scenario
from verify.lower.program import lower
from verify.reasons.objections import Objection
from verify.reasons.work import Confirming, Task
from verify.report.limits import unproved_text
from verify.report.objections import objection_text
from verify.source import Source
from verify.syntax.load import Loader
from verify.syntax.resolve import resolve
from verify.verdicts import Refuted

# The committed ones have a tenth of it.
MAX_TEXT = 60_000_000


@dataclass(frozen=True)
class Findings:
    """What was done, what was `left` unchecked, and everything that is wrong; nothing wrong
    means accepted.  `diagnostics` are the mistakes in the program, where these are what is."""

    folder: str
    done: tuple[str, ...]
    wrong: tuple[str, ...]
    left: tuple[str, ...] = ()
    usage: bool = False
    diagnostics: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True)
class CheckOptions:
    """How to check: where programs may be, the one that is meant, which solvers are asked, and
    whether all is looked for again."""

    folders: tuple[Path, ...] = ()
    program: Path | None = None
    solvers: tuple[str, ...] = (SECOND,)
    full: bool = False


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A certificate with the program that it is about."""

    folder: Path
    said: Mapping[str, Any]
    path: Path
    model: Path | None
    sources: tuple[Source, ...]
    program: Program
    scenario: Scenario
    names: FileNames

    def about(self) -> str:
        """What it is about, as it was resolved."""
        other = "" if self.model is None else f", model {near(self.model)}"
        return f"program {near(self.path)}{other}, scenario {self.scenario.name}"

    def changed(self) -> list[str]:
        """The texts that are not what they were."""
        texts, said = self.names.texts, self.said["texts"]
        return sorted(
            name
            for name in {*texts, *said}
            if name not in texts or hashed(texts[name]) != said.get(name)
        )

    def fitting(self) -> str:
        """Why the certificate is not one of this program as it is now, or nothing."""
        if digest(self.program, self.scenario) == self.said["lowered"]:
            return ""
        changed = ", ".join(self.changed())
        why = f" ({changed} changed)" if changed else ""
        return f"the program means another thing than what was certified{why}; prove it again"


# The program that was lowered last, by its texts.
_lowered: dict[tuple[tuple[str, str], ...], tuple[tuple[Source, ...], Program]] = {}


def _loaded(path: Path, loader: Loader) -> tuple[tuple[Source, ...], Program]:
    """A program with its texts; the scenarios of one are lowered together."""
    sources, declarations = loader.load(path)
    key = tuple((source.path, source.text) for source in sources)
    if key not in _lowered:
        _lowered.clear()
        _lowered[key] = sources, lower(resolve(sources, declarations))
    return _lowered[key]


def opened(
    folder: Path, asked: CheckOptions, loader: Callable[[Path | None], Loader] | None = None
) -> Opened:
    """The certificate in a folder, and what it is about; `loader` reads programs with a model.

    Raises:
        Malformed: it is none, or is about nothing that can be found.
        InputError: the program has mistakes.
        OSError: something cannot be read.
    """
    said = said_in(folder)
    path = program_of(folder, said, asked.folders, asked.program)
    model = model_of(path, said, asked.folders)
    reading = Loader(asked.folders, model) if loader is None else loader(model)
    sources, program = _loaded(path, reading)
    names = names_of(sources, model)
    scenario = next((s for s in program.scenarios if s.name == said["scenario"]), None)
    if scenario is None:
        raise MalformedError("the program has no such scenario")
    name = folder_name(program, scenario, names.title)
    if not lies_in(folder, name):
        raise MisplacedError(f"it is about {name}, which is not what its folder is called")
    return Opened(
        folder=folder,
        said=said,
        path=path,
        model=model,
        sources=sources,
        program=program,
        scenario=scenario,
        names=names,
    )


def check(folder: Path, asked: CheckOptions | None = None, progress: Progress = silent) -> Findings:
    """Check the certificate in a folder.

    Raises:
        Disagreement: solvers, or a proof and a run, contradict each other.
    """
    try:
        found = _check(folder, asked or CheckOptions(), progress)
    except MalformedError as error:
        usage = not isinstance(error, MisplacedError)
        found = Findings(str(folder), (), (f"{CERTIFICATE}: {error}",), usage=usage)
    except InputError as error:
        said = tuple(d.headline for d in error.diagnostics)
        found = Findings(str(folder), (), said, usage=True, diagnostics=error.diagnostics)
    except OSError as error:
        name = error.filename or folder
        found = Findings(str(folder), (), (f"{name}: {error.strerror or error}",), usage=True)
    # Names and words out of the folder may hold anything.
    return replace(
        found,
        done=tuple(map(printable, found.done)),
        wrong=tuple(map(printable, found.wrong)),
        left=tuple(map(printable, found.left)),
    )


def _check(folder: Path, asked: CheckOptions, progress: Progress) -> Findings:
    one = opened(folder, asked)
    unfit = one.fitting()
    if unfit:
        return Findings(str(folder), (one.about(),), (unfit,))
    certificate = meaning(one.said, one.program, one.scenario)
    done, wrong = [one.about()], _strangers(folder)
    changed = one.changed()
    done.append(
        f"it means what was certified, though {', '.join(changed)} changed"
        if changed
        else f"{len(one.names.texts)} texts are those that were certified"
    )
    if certificate.options.claims:
        done.append(f"only {', '.join(certificate.options.claims)} asked for")
    refused, said = _proofs(one, certificate, asked.solvers, progress)
    wrong += refused
    done += said
    progress(Task.FOLLOWING)
    judged, refuting = _judged(one, certificate)
    refuted = 0
    for finding in judged.values():
        if isinstance(finding, Objection):
            wrong.append(objection_text(finding))
        elif isinstance(finding.verdict, Refuted):
            refuted += 1
    done.append(f"{len(certificate.runs)} runs followed again, {refuted} claims refuted by one")
    wrong += refuting
    left = _unchecked(certificate, one.said)
    if asked.full and not wrong:
        wrong = _again(one, certificate, progress)
        left = ()
        if not wrong:
            done.append("everything looked for again, with the same verdicts")
    return Findings(str(folder), tuple(done), tuple(wrong), left)


def _proofs(
    one: Opened, certificate: Certificate, solvers: tuple[str, ...], progress: Progress
) -> tuple[list[str], list[str]]:
    """What is wrong with the proofs, and what was done."""
    grounds = certificate.grounds
    if not grounds.direct:
        if grounds.lemmas or grounds.arrows:
            return ["there are lemmas, and nothing that they prove"], []
        return [], []
    progress(Task.REWRITING)
    try:
        texts = written(one, certificate)
    except (UnfoundedError, UnsupportedError, LoopsError, TooManyPathsError) as error:
        return [f"not proved: {unproved_text(error.reason)}"], []
    if sum(len(text.text) for text in texts) > MAX_TEXT:
        return [f"its obligations have more than {MAX_TEXT:,} characters"], []
    refused = confirm(texts, solvers, lambda name: progress(Confirming(name)))
    by = " and ".join(solvers)
    return (
        [f"not proved: {unproved_text(reason)}" for reason in refused.values()],
        [
            f"{len(texts)} obligations written again from the program and {len(grounds.lemmas)} "
            f"lemmas, unsat by {by}: {len(grounds.direct)} claims proved"
        ]
        if not refused
        else [],
    )


def written(one: Opened, certificate: Certificate) -> tuple[Obligation, ...]:
    """The obligations of a certificate.

    Raises:
        Unfounded, Unsupported, Loops, TooManyPaths: there are none.
    """
    return obligations(one.program, system_of(one.program, one.scenario), certificate.grounds)


def review_of(one: Opened, certificate: Certificate) -> Review:
    """The runs of a certificate, followed.

    Raises:
        ReplayError: one cannot be.
    """
    options = certificate.options
    problem = Problem(one.program, one.scenario, options.threads, options.rounds)
    return reviewed(problem, certificate.runs)


def _judged(
    one: Opened, certificate: Certificate
) -> tuple[dict[str, Judgement | Objection], list[str]]:
    """What each ruling comes to by the runs, and what is wrong beside."""
    try:
        review = review_of(one, certificate)
    except ReplayError as error:
        return {}, [f"a run cannot be followed: {error}"]
    rulings = certificate.rulings
    judged = {name: review.judged(name, ruling) for name, ruling in rulings.items()}
    contradicted = [
        f"{name}: run {number} breaks it"
        for name, number in review.broken().items()
        if isinstance(rulings.get(name), Certified)
    ]
    return judged, contradicted


def _unchecked(certificate: Certificate, said: Mapping[str, Any]) -> tuple[str, ...]:
    """What is said and can only be looked for again: nothing in a certificate shows it."""
    left = [
        f"{name} ({one['verdict']})"
        for name, one in said["claims"].items()
        if one["verdict"] not in ("proved", "refuted")
    ]
    proved = {name for name, one in certificate.rulings.items() if isinstance(one, Certified)}
    if "table" in proved and not proved.issuperset(FATAL):
        left.append("that no call dies in a case of the table")
    if any(isinstance(one, Refutation) and one.least for one in certificate.rulings.values()):
        left.append("that no run is shorter")
    if certificate.once:
        left.append(f"what it means that {', '.join(certificate.once)} runs once")
    return tuple(left)


def _again(one: Opened, certificate: Certificate, progress: Progress) -> list[str]:
    """What comes out differently if all is looked for again."""
    options = certificate.options
    result, _ = prove(
        one.program, one.scenario, options.threads, options.rounds, options.claims, progress
    )
    return [
        f"{answer.claim} is {spelled(answer.verdict)}, and not {said}"
        for answer in result.answers
        if (said := one.said["claims"][answer.claim]["verdict"]) != spelled(answer.verdict)
    ]


def _strangers(folder: Path) -> list[str]:
    names = sorted(path.name for path in folder.iterdir() if path.name != CERTIFICATE)
    return [f"{name} does not belong here" for name in names]
