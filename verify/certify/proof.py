"""What a proof for any number of threads is, and when it is one.

Lemmas are put forward, with those by which each claim is excluded; from the
commands and these alone everything is written that has to be unsatisfiable, and
solvers answer.  Whoever puts them forward need not be right: what is wrong about
them is refused here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from verify.certify.isolated import failing
from verify.certify.lemmas import Lemma
from verify.certify.obligations import Actor, Obligation, Writer, fits
from verify.certify.places import Arrow, circle, must_not_be, places
from verify.certify.solvers import SOLVERS, decide
from verify.certify.system import System
from verify.certify.unfold import unfold
from verify.ir import Expr, Program
from verify.reasons.limits import (
    NoSuchClaim,
    NoSuchLemma,
    Plain,
    Refused,
    Ungrounded,
    UnprovedError,
)

# What is no claim about states, and so is never proved by lemmas.
BY_RUNS = "vacuity"


class DisagreementError(Exception):
    """Two engines answer differently: our bug, never a verdict."""


class LoopsError(UnprovedError):
    """A thread alone may go through a loop more often than it was unfolded."""


class UnfoundedError(UnprovedError):
    """What is put forward is no proof of anything, whatever a solver would say, and why."""


@dataclass(frozen=True)
class Grounds:
    """What claims are said to rest on.

    `direct` has, for each claim, the positions of the lemmas that exclude what breaks it;
    all lemmas keep each other true.  `arrows` are the pairs of places, of one that waits and
    one that it may wait for, that the proof of `stuck` allows.
    """

    lemmas: tuple[Lemma, ...]
    direct: Mapping[str, tuple[int, ...]]
    arrows: tuple[Arrow, ...] = ()


def obligations(program: Program, system: System, grounds: Grounds) -> tuple[Obligation, ...]:
    """Everything that has to be `unsat` for the claims of `direct` to be proved.

    Raises:
        Unfounded: a lemma or an arrow speaks of what there is not, a claim cannot be proved
            so, or who may wait for whom goes in circles.
        Unsupported, TooManyPaths, Loops: what the program does cannot be written.
    """
    _founded(program, system, grounds)
    return tuple(_written(program, system, grounds))


def _founded(program: Program, system: System, grounds: Grounds) -> None:
    names = {claim.name for claim in program.claims} - {BY_RUNS}
    strange = sorted(set(grounds.direct) - names)
    if strange:
        raise UnfoundedError(NoSuchClaim(strange[0]))
    for name, found in grounds.direct.items():
        if len(set(found)) < len(found) or not all(0 <= n < len(grounds.lemmas) for n in found):
            raise UnfoundedError(NoSuchLemma(name))
    if grounds.arrows and "stuck" not in grounds.direct:
        raise UnfoundedError(Ungrounded.WAITS_WITHOUT_CLAIM)
    count = len(places(system)) if grounds.arrows else 0
    if not all(0 <= end < count for arrow in grounds.arrows for end in arrow):
        raise UnfoundedError(Ungrounded.NO_SUCH_PLACE)
    if circle(grounds.arrows):
        raise UnfoundedError(Ungrounded.CIRCLE)
    if not all(map(fits(system), grounds.lemmas)):
        raise UnfoundedError(Ungrounded.NO_SUCH_FIELD)


def _written(program: Program, system: System, grounds: Grounds) -> Iterator[Obligation]:
    lemmas = grounds.lemmas
    direct = {name: [lemmas[i] for i in some] for name, some in grounds.direct.items()}
    writer = Writer(system, lemmas, direct)
    yield Obligation("init", "", writer.init())
    yield from writer.steps()
    for claim in program.claims:
        if claim.name not in direct:
            continue
        solo = next((t for t in system.solos if t.claim == claim.name), None)
        if claim.name == "stuck":
            yield writer.stuck(must_not_be(system, grounds.arrows))
        elif solo is not None:
            condition = failing_alone(program, system, claim.name)
            yield writer.alone(claim.name, condition, Actor(solo))
        else:
            yield writer.breaks(claim.name)


def failing_alone(program: Program, system: System, claim: str) -> Expr:
    """The states at rest from which the thread that a claim runs alone fails.

    Raises:
        Loops, TooManyPaths: that cannot be written down.
    """
    thread = next(t for t in system.solos if t.claim == claim)
    condition = failing(program, thread)
    if unfold(program, thread).cut:
        raise LoopsError(Plain.ISOLATED_LOOPS)
    return condition


def confirm(
    texts: Collection[Obligation],
    solvers: Sequence[str] = tuple(SOLVERS),
    asking: Callable[[str], None] | None = None,
) -> dict[str, Refused]:
    """For each claim that is not confirmed, why; "" stands for all of them.

    `asking` is told of each text before the solvers are.

    Raises:
        Disagreement: one solver says sat, another unsat.
    """
    refused: dict[str, Refused] = {}
    for obligation in texts:
        if asking is not None:
            asking(obligation.name)
        answers = {name: decide(name, obligation.text) for name in solvers}
        said = set(answers.values())
        if "sat" in said and "unsat" in said:
            raise DisagreementError(f"{obligation.name}: {answers}")
        if said != {"unsat"}:
            refused[obligation.claim] = Refused(obligation.name, tuple(answers.items()))
        if "" in refused:
            # Where lemmas do not keep each other, nothing is proved by them.
            break
    return refused
