"""Unbounded verdicts: any number of threads, loops without end, a certificate.

Finds lemmas, writes what has to be true for them to prove the claims, and asks
two solvers.  Nothing counts as proved before both have answered.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from verify.certify.isolated import TooManyPathsError
from verify.certify.lemmas import Lemma
from verify.certify.obligations import Obligation
from verify.certify.places import Arrow, circle, places
from verify.certify.proof import (
    DisagreementError,
    Grounds,
    LoopsError,
    UnfoundedError,
    confirm,
    failing_alone,
    obligations,
)
from verify.certify.system import UnsupportedError, system_of
from verify.engine.environment import Closed, Environment, environment
from verify.engine.problem import Problem, Progress, silent
from verify.engine.states import circle_of, states_of
from verify.ir import Program, Scenario
from verify.parameterised.cube import Cube
from verify.parameterised.encoding import encoded
from verify.parameterised.lemmas import LemmaSearch, NotProvableError, SearchLimitError
from verify.parameterised.minimise import choose
from verify.parameterised.targets import (
    alone_cubes,
    arrows_seen,
    bad_cubes,
    stuck_cubes,
)
from verify.parameterised.translate import lemma_of
from verify.parameterised.views import TooManyViewsError, close
from verify.reasons.limits import Suspect, Unproved
from verify.reasons.work import Task


@dataclass(frozen=True, kw_only=True)
class Proof:
    """Lemmas, and for each claim which of them it rests on (by position): `direct` are
    those that exclude what breaks it, `shares` these and what they need in turn.

    `arrows` are the pairs of places, of one that waits and one that it may wait for, that
    the proof of `stuck` allows;
    `open` are the claims that are not proved, and why; `broken` those that some view
    breaks, None where views were not asked; `once` has, for each thread that runs once, the
    claims that might break if it did not.
    """

    lemmas: tuple[Lemma, ...]
    shares: Mapping[str, tuple[int, ...]]
    direct: Mapping[str, tuple[int, ...]]
    arrows: tuple[Arrow, ...]
    obligations: tuple[Obligation, ...]
    open: Mapping[str, Unproved]
    views: int
    broken: frozenset[str] | None = None
    once: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def agree(self, program: Program, refuted: Collection[str]) -> None:
        """See that what a run breaks is broken by the views as well.

        Raises:
            Disagreement: it is not.
        """
        if self.broken is None:
            return
        stepwise = {c.name for c in program.claims if not c.solo} - {"stuck", "vacuity"}
        missed = sorted(set(refuted) & stepwise - self.broken)
        if missed:
            raise DisagreementError(
                f"{missed[0]}: a run breaks it, and no view of two threads does"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundLemmas:
    """Lemmas that are thought to prove claims, before any solver is asked.

    `shares` and `direct` are as in `Proof`; `open` are the claims that were not to be proved
    so, and why; `closed` is what they were found in, or why there is none.
    """

    closed: Closed | Unproved
    lemmas: tuple[Lemma, ...] = ()
    shares: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    direct: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    arrows: tuple[Arrow, ...] = ()
    open: Mapping[str, Unproved] = field(default_factory=dict)

    @property
    def proved(self) -> dict[str, tuple[int, ...]]:
        """The claims that they are thought to prove, and by which."""
        return {name: some for name, some in self.direct.items() if name not in self.open}


def lemmas(
    problem: Problem, claims: Collection[str], environment: Environment, progress: Progress = silent
) -> FoundLemmas:
    """Lemmas that prove as many of the claims as can be for any number of threads."""
    wanted = [c.name for c in problem.program.claims if c.name in claims and c.name != "vacuity"]
    closed = environment.closed
    if not isinstance(closed, Closed):
        return FoundLemmas(closed=closed, open=dict.fromkeys(wanted, closed))
    progress(Task.SEARCHING)
    space = closed.space
    search = LemmaSearch(space, closed.seen, problem.limits.lemmas)
    open_: dict[str, Unproved] = {}
    arrows: tuple[Arrow, ...] = ()
    if "stuck" in wanted:
        found = arrows_seen(space, closed.seen)
        round_ = circle(one.arrow for one in found)
        if round_:
            open_["stuck"] = circle_of(places(closed.system), found, round_)
        arrows = tuple(sorted({one.arrow for one in found}))
    for name in wanted:
        if name in open_:
            continue
        try:
            search.forbid(name, _target(problem.program, closed, name, arrows))
        except NotProvableError as error:
            lemma = lemma_of(space.layouts, error.cube)
            open_[name] = Suspect(states_of(problem.program, problem.scenario, lemma))
        except (SearchLimitError, TooManyPathsError, LoopsError) as error:
            open_[name] = error.reason
    choice = choose(space, search.needs, search.wanted)
    # In the order of their texts, so that the same proof reads the same everywhere.
    kept = sorted(choice.lemmas, key=lambda cube: lemma_of(space.layouts, cube))
    place = {lemma: i for i, lemma in enumerate(kept)}
    direct = _positions(choice.direct, place)
    return FoundLemmas(
        closed=closed,
        lemmas=tuple(lemma_of(space.layouts, cube) for cube in kept),
        shares=_positions(choice.shares, place),
        direct={name: direct[name] for name in wanted if name in direct},
        arrows=() if "stuck" in open_ else arrows,
        open=open_,
    )


def _target(
    program: Program, closed: Closed, claim: str, arrows: Collection[Arrow]
) -> Iterable[Cube]:
    """What must not happen so that a claim is not broken."""
    if claim == "stuck":
        return stuck_cubes(closed.space, closed.seen, arrows)
    if any(t.claim == claim for t in closed.system.solos):
        return alone_cubes(closed.space, failing_alone(program, closed.system, claim))
    return bad_cubes(closed.space, claim)


def written(program: Program, found: FoundLemmas) -> tuple[Obligation, ...] | Unproved:
    """What has to be unsatisfiable so that these lemmas prove what they are thought to, or why
    that cannot be written."""
    if not isinstance(found.closed, Closed):
        return found.closed
    grounds = Grounds(found.lemmas, found.proved, found.arrows)
    try:
        return obligations(program, found.closed.system, grounds)
    except (UnsupportedError, UnfoundedError) as error:
        return error.reason


def certificate(program: Program, found: FoundLemmas, progress: Progress = silent) -> Proof:
    """What of it two solvers confirm.

    Raises:
        Disagreement: two solvers answer differently.
    """
    texts = written(program, found)
    broken = found.closed.views.broken if isinstance(found.closed, Closed) else None
    if not isinstance(texts, tuple):
        open_ = dict.fromkeys((*found.direct, *found.open), texts)
        return Proof(
            lemmas=(),
            shares={},
            direct={},
            arrows=(),
            obligations=(),
            open=open_,
            views=0,
            broken=broken,
        )
    assert isinstance(found.closed, Closed)
    progress(Task.CONFIRMING)
    refused = confirm(texts)
    open_ = dict(found.open)
    for name in found.proved:
        if "" in refused or name in refused:
            open_[name] = refused.get(name) or refused[""]
    shares = {name: share for name, share in found.shares.items() if name not in open_}
    if not shares:
        # Lemmas that keep each other true and prove nothing are no evidence of anything.
        return Proof(
            lemmas=(),
            shares={},
            direct={},
            arrows=(),
            obligations=(),
            open=open_,
            views=found.closed.views.count,
            broken=broken,
        )
    return Proof(
        lemmas=found.lemmas,
        shares=shares,
        direct={name: share for name, share in found.direct.items() if name not in open_},
        arrows=() if "stuck" in open_ else found.arrows,
        obligations=tuple(o for o in texts if o.claim not in open_),
        open=open_,
        views=found.closed.views.count,
        broken=broken,
    )


def prove(
    program: Program,
    scenario: Scenario,
    claims: Collection[str],
    progress: Progress = silent,
) -> Proof:
    """A proof of as many of the claims as can be proved for any number of threads.

    Raises:
        Disagreement: two solvers answer differently.
    """
    problem = Problem(program, scenario)
    found = lemmas(problem, claims, environment(problem, progress), progress)
    return certificate(program, found, progress)


def if_again_and_again(problem: Problem, claims: Collection[str]) -> dict[str, tuple[str, ...]]:
    """For each thread that runs once: which claims might break if it ran for ever.

    What might break is what a view breaks; claims about a thread alone and about
    waiting are not looked at, nor are threads with which there are too many views.
    """
    found = {}
    scenario = problem.scenario
    for name, count in scenario.members:
        if count is None or name in scenario.forever:
            continue
        longer = replace(scenario, forever=scenario.forever | {name})
        try:
            views = close(encoded(system_of(problem.program, longer)), problem.limits.more_views)
        except TooManyViewsError:
            continue
        found[name] = tuple(sorted(views.broken & set(claims)))
    return found


def _positions(
    cubes: Mapping[str, Sequence[Cube]], place: Mapping[Cube, int]
) -> dict[str, tuple[int, ...]]:
    return {name: tuple(sorted(place[one] for one in some)) for name, some in cubes.items()}
