"""Lemmas against concrete states: whether an instance ever gets into one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import permutations

from verify.certify.lemmas import CROWD_STRIDE, Lemma, Literal
from verify.certify.world import World
from verify.explore import explore
from verify.interpret import State
from verify.ir import Thread
from verify.locks import EXCLUSIVE


def members(scene: World, number: int) -> list[Thread]:
    """The threads of an instance, the singles first."""
    return [*scene.singles, *(t for t in scene.crowd for _ in range(number))]


def reached(scene: World, lemmas: Sequence[Lemma], number: int) -> list[Lemma]:
    """The lemmas that some state of an instance with `number` of each kind contradicts."""
    threads = members(scene, number)
    seen = explore(scene.program, threads, 60_000)
    return [one for one in lemmas if any(contradicts(scene, threads, s, one) for s in seen.parents)]


def contradicts(scene: World, threads: Sequence[Thread], state: State, lemma: Lemma) -> bool:
    """The literals of a lemma hold together in a state, for some choice of threads."""
    singles = len(scene.singles)
    crowd = range(singles, len(threads))
    if not all(_holds(scene, threads, state, one, one.thread) for one in lemma.shared):
        return False
    return any(
        all(
            _holds(scene, threads, state, one, index)
            for index, part in zip(chosen, lemma.crowd, strict=True)
            for one in part
        )
        for chosen in permutations(crowd, len(lemma.crowd))
    )


def _holds(scene: World, threads: Sequence[Thread], state: State, one: Literal, index: int) -> bool:
    program = scene.program
    shared, values = state
    locks = {lock.name: i - len(program.locks) for i, lock in enumerate(program.locks)}
    match one.kind:
        case "shared":
            position = next(i for i, v in enumerate(program.shared) if v.name == one.name)
            return shared[position] in one.values
        case "held":
            crowd = range(len(scene.singles), len(threads))
            held = any(values[i][locks[one.name]] == EXCLUSIVE for i in crowd)
            return int(held) in one.values
        case "lock":
            return values[index][locks[one.name]] in one.values
    thread = threads[index]
    if index < len(scene.singles):
        return _own(thread, values[index], one.name or "pc") in one.values
    kind = next(k for k, t in enumerate(scene.crowd) if t is thread)
    if one.kind == "pc":
        return kind * CROWD_STRIDE + values[index][0] in one.values
    owner, _, name = one.name.partition(":")
    if int(owner) != kind:
        # A thread of another kind has the initial value for ever.
        other = scene.crowd[int(owner)]
        return next(v.initial for v in other.locals if v.name == name) in one.values
    return _own(thread, values[index], name) in one.values


def _own(thread: Thread, values: Iterable[int], name: str) -> int:
    names = ["pc", *(v.name for v in thread.locals)]
    return dict(zip(names, values, strict=False))[name]
