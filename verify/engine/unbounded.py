"""Unbounded verdicts: any number of threads, loops without end, a certificate.

Finds lemmas, writes what has to be true for them to prove the claims, and asks
two solvers.  Nothing counts as proved before both have answered.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from verify.certify.alone import TooManyPaths
from verify.certify.lemmas import Lemma
from verify.certify.obligations import Obligation
from verify.certify.places import Arrow, circle, places
from verify.certify.proof import (
    Disagreement,
    Grounds,
    Loops,
    Unfounded,
    confirm,
    failing_alone,
    obligations,
)
from verify.certify.world import Unsupported, world
from verify.crowd.choice import choose
from verify.crowd.cube import Cube
from verify.crowd.forbidden import (
    alone_cubes,
    arrows_seen,
    bad_cubes,
    stuck_cubes,
)
from verify.crowd.lemmas import NotProvable, Search, SearchLimit
from verify.crowd.space import encoded
from verify.crowd.translate import lemma_of
from verify.crowd.views import TooManyViews, Views
from verify.engine.crowd import Closed, Crowd
from verify.engine.search import Progress, silent
from verify.engine.states import circle_of, states_of
from verify.ir import Program, Scenario
from verify.reasons.limits import Suspect, Unproved


@dataclass(frozen=True)
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
            raise Disagreement(f"{missed[0]}: a run breaks it, and no view of two threads does")


def prove(
    program: Program,
    scenario: Scenario,
    claims: Collection[str],
    progress: Progress = silent,
    crowd: Crowd | None = None,
) -> Proof:
    """A proof of as many of the claims as can be proved for any number of threads.

    Raises:
        Disagreement: two solvers answer differently.
    """
    wanted = [c.name for c in program.claims if c.name in claims and c.name != "vacuity"]

    def nothing(reason: Unproved) -> Proof:
        return Proof((), {}, {}, (), (), dict.fromkeys(wanted, reason), 0)

    closed = (Crowd(program, scenario, progress) if crowd is None else crowd).closed
    if not isinstance(closed, Closed):
        return nothing(closed)
    scene, space, views, seen = closed.scene, closed.space, closed.views, closed.seen
    broken = frozenset(views.broken)
    search = Search(space, seen)
    open_: dict[str, Unproved] = {}
    arrows: tuple[Arrow, ...] = ()
    progress("looking for lemmas")
    for name in wanted:
        try:
            if name == "stuck":
                found = arrows_seen(space, seen)
                round_ = circle(one.arrow for one in found)
                if round_:
                    open_[name] = circle_of(places(scene), found, round_)
                    continue
                arrows = tuple(sorted({one.arrow for one in found}))
                search.forbid(name, stuck_cubes(space, seen, arrows))
            elif any(t.claim == name for t in scene.solos):
                search.forbid(name, alone_cubes(space, failing_alone(program, scene, name)))
            else:
                search.forbid(name, bad_cubes(space, name))
        except NotProvable as error:
            lemma = lemma_of(space.layouts, error.cube)
            open_[name] = Suspect(states_of(program, scenario, lemma))
        except (SearchLimit, TooManyPaths, Loops) as error:
            open_[name] = error.reason
    choice = choose(space, search.needs, search.wanted)
    # In the order of their texts, so that the same proof reads the same everywhere.
    kept = sorted(choice.lemmas, key=lambda cube: lemma_of(space.layouts, cube))
    place = {lemma: i for i, lemma in enumerate(kept)}
    lemmas = tuple(lemma_of(space.layouts, cube) for cube in kept)
    shares = _positions(choice.shares, place)
    direct = _positions(choice.direct, place)
    proved = [name for name in wanted if name not in open_]
    arrows = () if "stuck" in open_ else arrows
    grounds = Grounds(lemmas, {name: direct[name] for name in proved}, arrows)
    try:
        texts = obligations(program, scene, grounds)
    except (Unsupported, Unfounded) as error:
        return replace(nothing(error.reason), broken=broken)
    progress("asking two solvers")
    refused = confirm(texts)
    for name in proved:
        if "" in refused or name in refused:
            open_[name] = refused.get(name) or refused[""]
    shares = {name: share for name, share in shares.items() if name not in open_}
    if not shares:
        # Lemmas that keep each other true and prove nothing are no evidence of anything.
        return Proof((), {}, {}, (), (), open_, views.count, broken)
    return Proof(
        lemmas,
        shares,
        {name: share for name, share in direct.items() if name not in open_},
        () if "stuck" in open_ else arrows,
        tuple(o for o in texts if o.claim not in open_),
        open_,
        views.count,
        broken,
    )


# Enough to say of a small scenario whether it counts that a thread runs once.
MORE_VIEWS = 50_000


def if_again_and_again(
    program: Program, scenario: Scenario, claims: Collection[str]
) -> dict[str, tuple[str, ...]]:
    """For each thread that runs once: which claims might break if it ran for ever.

    What might break is what a view breaks; claims about a thread alone and about
    waiting are not looked at, nor are threads with which there are too many views.
    """
    found = {}
    for name, count in scenario.members:
        if count is None or name in scenario.forever:
            continue
        longer = replace(scenario, forever=scenario.forever | {name})
        views = Views(encoded(world(program, longer)), MORE_VIEWS)
        try:
            views.close()
        except TooManyViews:
            continue
        found[name] = tuple(sorted(views.broken & set(claims)))
    return found


def _positions(
    cubes: Mapping[str, Sequence[Cube]], place: Mapping[Cube, int]
) -> dict[str, tuple[int, ...]]:
    return {name: tuple(sorted(place[one] for one in some)) for name, some in cubes.items()}
