"""Lemmas against concrete states: whether an instance ever gets into one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import permutations

from verify.certify.lemmas import REPLICATED_STRIDE, Lemma, Literal
from verify.certify.system import System
from verify.explore import explore
from verify.interpret import State
from verify.ir import Thread
from verify.locks import EXCLUSIVE


def members(system: System, number: int) -> list[Thread]:
    """The threads of an instance, the fixed threads first."""
    return [*system.fixed, *(t for t in system.replicated for _ in range(number))]


def reached(system: System, lemmas: Sequence[Lemma], number: int) -> list[Lemma]:
    """The lemmas that some state of an instance with `number` of each kind contradicts."""
    threads = members(system, number)
    seen = explore(system.program, threads, 60_000)
    return [
        one for one in lemmas if any(contradicts(system, threads, s, one) for s in seen.parents)
    ]


def contradicts(system: System, threads: Sequence[Thread], state: State, lemma: Lemma) -> bool:
    """The literals of a lemma hold together in a state, for some choice of threads."""
    fixed = len(system.fixed)
    replicated = range(fixed, len(threads))
    if not all(_holds(system, threads, state, one, one.thread) for one in lemma.shared):
        return False
    return any(
        all(
            _holds(system, threads, state, one, index)
            for index, part in zip(chosen, lemma.replicated, strict=True)
            for one in part
        )
        for chosen in permutations(replicated, len(lemma.replicated))
    )


def _holds(
    system: System, threads: Sequence[Thread], state: State, one: Literal, index: int
) -> bool:
    program = system.program
    shared, values = state
    locks = {lock.name: i - len(program.locks) for i, lock in enumerate(program.locks)}
    match one.kind:
        case "shared":
            position = next(i for i, v in enumerate(program.shared) if v.name == one.name)
            return shared[position] in one.values
        case "held":
            replicated = range(len(system.fixed), len(threads))
            held = any(values[i][locks[one.name]] == EXCLUSIVE for i in replicated)
            return int(held) in one.values
        case "lock":
            return values[index][locks[one.name]] in one.values
    thread = threads[index]
    if index < len(system.fixed):
        return _own(thread, values[index], one.name or "pc") in one.values
    kind = next(k for k, t in enumerate(system.replicated) if t is thread)
    if one.kind == "pc":
        return kind * REPLICATED_STRIDE + values[index][0] in one.values
    owner, _, name = one.name.partition(":")
    if int(owner) != kind:
        # A thread of another kind has the initial value for ever.
        other = system.replicated[int(owner)]
        return next(v.initial for v in other.locals if v.name == name) in one.values
    return _own(thread, values[index], name) in one.values


def _own(thread: Thread, values: Iterable[int], name: str) -> int:
    names = ["pc", *(v.name for v in thread.locals)]
    return dict(zip(names, values, strict=False))[name]
