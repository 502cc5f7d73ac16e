"""States, lemmas and who may wait for whom, in the words of the language and the reader."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Sequence

from verify import locks
from verify.reasons.limits import Circle
from verify.reasons.states import HeldByReplicated, LockModes, Points, Somebody, States, Values
from verify.report.violations import spurious_text
from verify.verdicts import Member, SpuriousFailure, WordedLemma


def lemma_text(states: States) -> str:
    """A lemma as a sentence: `never: page0.freed and a shrinker at v3.bfp:56-58`."""
    return f"never: {states_text(states)}"


def lemmas_text(lemmas: Sequence[WordedLemma]) -> Iterator[str]:
    """Each lemma by its name, and below it what it is for."""
    if not lemmas:
        yield "none"
    for one in lemmas:
        yield f"{one.name}  {one.text}"
        yield f"          for {', '.join(one.claims) or 'other lemmas'}"


def states_text(states: States) -> str:
    """What is so in some states: `page0.freed, and a shrinker at v3.bfp:56-58`."""
    return ", and ".join(map(_part, states))


def _part(part: Values | HeldByReplicated | Somebody) -> str:
    match part:
        case Values():
            return _is(part)
        case HeldByReplicated(lock, held):
            return f"{lock} {'held' if held else 'not held'} by one of the crowd"
        case Somebody():
            return " ".join([_who(part), " ".join(map(_so, part.so))])


def _is(one: Values) -> str:
    name = _whose(one)
    if one.every == ("false", "true"):
        return name if one.words == ("true",) else f"!{name}"
    rest = [word for word in one.every if word not in one.words]
    if len(rest) == 1:
        return f"{name} != {rest[0]}"
    return f"{name} == {' or '.join(one.words)}"


def _whose(one: Values) -> str:
    """`vma`, or as much more as it takes to tell it from others: `vma of f#2 in shrinker`."""
    if one.whose is None:
        return one.name
    number = f"#{one.whose.number}" if one.whose.number else ""
    name = one.name if one.whose.function else f"{one.name}{number}"
    function = f" of {one.whose.function}{number}" if one.whose.function else ""
    return f"{name}{function}" + (f" in {one.whose.thread}" if one.whose.thread else "")


def _who(one: Somebody) -> str:
    if one.position is None:
        return one.names[0] + (f" {one.number}" if one.number else "")
    name = one.names[0] if len(one.names) == 1 else f"thread ({' or '.join(one.names)})"
    return f"{'another' if one.position else 'a'} {name}"


def _so(one: Points | LockModes | Values) -> str:
    match one:
        case Points():
            return f"at {points_text(one)}"
        case LockModes():
            return _modes(one)
        case Values():
            return f"with {_is(one)}"


def _modes(one: LockModes) -> str:
    match one.modes:
        case (locks.FREE,):
            return f"without {one.lock}"
        case (locks.EXCLUSIVE,):
            return f"holding {one.lock}"
        case (locks.SHARED, locks.EXCLUSIVE):
            return f"holding {one.lock} somehow"
        case (locks.FREE, locks.SHARED):
            return f"not holding {one.lock} exclusively"
        case (locks.FREE, locks.EXCLUSIVE):
            return f"not holding {one.lock} shared"
        case _:
            # Any other set of modes, of a lock with levels too, is told one by one.
            held = " or ".join(locks.exact_name(mode) for mode in one.modes if mode)
            return f"{'without or ' if 0 in one.modes else ''}holding {one.lock} {held}"


def points_text(points: Points) -> str:
    """Program points as places in the texts: `v3.bfp:36,43,53`."""
    places: dict[str, list[int]] = {}
    for span in points.spans:
        places.setdefault(posixpath.basename(span.source.path), []).append(span.line)
    said = [f"{path}:{','.join(map(str, sorted(set(some))))}" for path, some in places.items()]
    return " or ".join([*(["rest"] if points.rest else []), *said]) or "no place"


def circle_text(circle: Circle) -> str:
    """Threads that may wait for each other: locks, lines, who holds what."""
    said = "; ".join(
        f"{one.waiter} at {points_text(one.at)} may wait for {one.lock}, which "
        f"{'another ' if one.alike else ''}{one.holder} holds at {points_text(one.holds_at)}"
        for one in circle.waits
    )
    return f"by twos, threads are seen that wait in a circle: {said}"


def members_text(members: Iterable[Member]) -> Iterator[str]:
    """How many of each thread there are, and how often each runs."""
    for one in members:
        if one.count is None:
            yield f"any number of {one.thread}s, each called again and again"
            continue
        many = one.thread if one.count == 1 else f"{one.count} of {one.thread}"
        often = "again and again" if one.cyclic else "once"
        if one.rests is not None:
            needs = ", ".join(one.rests)
            often += f" (used: else {needs} may break)" if needs else " (not used)"
        yield f"{many} {often}"


def failure_text(one: SpuriousFailure) -> str:
    """`mutex_trylock (lost the race)`."""
    return f"{one.callee} ({spurious_text(one.why)})"
