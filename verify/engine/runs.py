"""Steps of an engine to a run for readers: replayed, put in order, put into words."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from verify.engine.ends import Told, ends, waits
from verify.explore import Move
from verify.interpret import Machine, ReplayError, State, Values
from verify.ir import FATAL, Program, Thread, Variable
from verify.locks import FREE
from verify.reasons.steps import Came
from verify.verdicts import Change, Line, Run, Step


def replay(machine: Machine, moves: Sequence[Move]) -> list[State]:
    """The states of a run, the first one included.

    Raises:
        ReplayError: the interpreter cannot follow it.
    """
    state = machine.initial()
    states = [state]
    for index, number in moves:
        state = machine.take(state, index, number)
        states.append(state)
    return states


def fewest_switches(machine: Machine, moves: Sequence[Move]) -> tuple[Move, ...]:
    """The same moves of each thread, interleaved with as few switches as possible.

    The last move stays last: it is the one that the run is about.  Among runs
    with as few switches the one that stays longest with each thread wins.
    """
    if not moves:
        return ()
    last = moves[-1]
    queues: dict[int, list[int]] = {}
    for index, number in moves[:-1]:
        queues.setdefault(index, []).append(number)
    order = sorted(queues)
    goal = tuple(len(queues[i]) for i in order)
    start = tuple(0 for _ in order)
    heap: list[tuple[int, int, tuple[int, ...], State, int, tuple[Move, ...]]] = []
    count = 0
    heapq.heappush(heap, (0, count, start, machine.initial(), -1, ()))
    seen: set[tuple[tuple[int, ...], int, State]] = set()
    while heap:
        switches, _, done, state, current, path = heapq.heappop(heap)
        if (done, current, state) in seen:
            continue
        seen.add((done, current, state))
        if done == goal:
            try:
                machine.take(state, *last)
            except ReplayError:
                continue
            if current in (last[0], -1) or not _better_end(heap, switches):
                return (*path, last)
            heapq.heappush(heap, (switches + 1, count, done, state, last[0], path))
            continue
        for position, index in enumerate(order):
            if done[position] == goal[position]:
                continue
            try:
                after = machine.take(state, index, queues[index][done[position]])
            except ReplayError:
                continue
            count += 1
            step = (index, queues[index][done[position]])
            heapq.heappush(
                heap,
                (
                    switches + (current not in (index, -1)),
                    count,
                    (*done[:position], done[position] + 1, *done[position + 1 :]),
                    after,
                    index,
                    (*path, step),
                ),
            )
    raise ReplayError("the run cannot be followed in any order")


def _better_end(heap: Sequence[tuple[Any, ...]], switches: int) -> bool:
    """Whether another order might still end with fewer switches in all."""
    return any(item[0] <= switches for item in heap)


def told_of(waiting: Sequence[int], moves: Sequence[Move]) -> tuple[int, ...]:
    """Those of the threads that wait for ever whom a run is about.

    Who has not begun waits only for what the others do not let go of.
    """
    moved = {index for index, _ in moves}
    return tuple(i for i in waiting if i in moved) or tuple(waiting)


def labels(threads: Sequence[Thread], used: Sequence[int]) -> tuple[str, ...]:
    """A name for each thread: `shrinker`, or `shrinker 1` if another one is used as well."""
    names = [thread.name for thread in threads]
    shown = [names[i] for i in used]
    return tuple(
        f"{name} {sum(names[j] == name and j <= i for j in used)}"
        if shown.count(name) > 1 and i in used
        else name
        for i, name in enumerate(names)
    )


def tell(
    program: Program,
    threads: Sequence[Thread],
    moves: Sequence[Move],
    solo: tuple[Thread, Sequence[int]] | None = None,
    waiting: Sequence[int] = (),
    known: Machine | None = None,
    in_order: bool = False,
) -> Run:
    """The run as a reader sees it, replayed on the way.

    `solo` is a thread that runs alone afterwards, with its commands; `waiting`
    are threads that wait for ever at the end; `known` is a machine that has made the
    code of these threads before; `in_order` moves are left in their order.

    Raises:
        ReplayError: the interpreter cannot follow it.
    """
    machine = Machine(program, threads, known)
    moves = tuple(moves) if in_order else fewest_switches(machine, moves)
    alone = 0
    if solo is not None:
        threads = (*threads, solo[0])
        machine = Machine(program, threads, known)
        alone = len(moves) + 1
        moves = (*moves, *((len(threads) - 1, number) for number in solo[1]))
    states = replay(machine, moves)
    lonely = set() if solo is None else {len(threads) - 1}
    used = sorted({index for index, _ in moves} | set(waiting) | lonely)
    names = labels(threads, used)
    if solo is not None:
        names = (*names[:-1], f"{_base(program, solo[0])}, alone")
    steps = tuple(
        _step(program, machine, names, i, move, states[i], states[i + 1])
        for i, move in enumerate(moves)
    )
    told = Told(machine, names, moves, states)
    return Run(
        threads=tuple(names[i] for i in used),
        start=tuple((v.shown, v.domain.word(v.initial)) for v in program.shared),
        steps=steps,
        end=waits(told, waiting) if waiting else ends(told, solo is not None),
        switches=sum(one[0] != two[0] for one, two in pairwise(moves)),
        alone=alone,
    )


def _base(program: Program, solo: Thread) -> str:
    for thread in program.threads:
        if thread.kind == "thread" and thread.sentence == solo.sentence:
            return thread.name
    return solo.name


def _step(
    program: Program,
    machine: Machine,
    names: Sequence[str],
    position: int,
    move: Move,
    before: State,
    after: State,
) -> Step:
    index, number = move
    thread = machine.threads[index]
    command = thread.commands[number]
    forgotten = set(command.forget)
    dies = command.violates in FATAL
    changes = _changes(program.shared, "", before[0], after[0]) + _changes(
        tuple(thread.locals),
        names[index],
        before[1][index][1 : 1 + len(thread.locals)],
        after[1][index][1 : 1 + len(thread.locals)],
        forgotten,
    )
    holds = tuple(
        (names[i], lock, mode)
        for i in range(len(machine.threads))
        for lock, mode in machine.held(after, i).items()
    )
    return Step(
        number=position + 1,
        index=index,
        command=number,
        thread=names[index],
        lines=tuple(
            Line(
                place.span,
                place.note or (Came.DIES if dies and i == len(command.places) - 1 else None),
                i == command.main,
                place.jump,
            )
            for i, place in enumerate(command.places)
        ),
        transient=command.transient,
        locks=tuple(
            (lock, machine.held(before, index).get(lock, FREE), mode)
            for lock, mode in command.locks
        ),
        changes=changes,
        holds=holds,
    )


def _changes(
    variables: Sequence[Variable],
    owner: str,
    before: Values,
    after: Values,
    forgotten: set[str] | frozenset[str] = frozenset(),
) -> tuple[Change, ...]:
    return tuple(
        Change(v.shown, owner, v.domain.word(int(one)), v.domain.word(int(two)))
        for v, one, two in zip(variables, before, after, strict=True)
        if one != two and v.name not in forgotten and not v.ghost
    )
