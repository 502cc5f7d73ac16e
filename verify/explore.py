"""Every state of a small instance, breadth first: what can happen, and the shortest way there.

Threads alike are interchangeable, so states that differ only in which of them
is where count as one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from verify.certify.waiting import goes_on
from verify.interpret import Machine, State, UnsureError, Values, kept_by_locks
from verify.ir import (
    CASE,
    SAMPLED_BEFORE,
    Command,
    Death,
    Fault,
    Program,
    Thread,
    lonely_topics,
    topics,
)

# (index of the thread, number of its command)
Move: TypeAlias = tuple[int, int]
# What a return or a death showed: case of the table (0 none), outcome, what is amiss.
Return: TypeAlias = tuple[int, str, Fault | Death | None]
# Whether a way to break a claim, by what it is about, is one that is known.
IsNamed: TypeAlias = Callable[[str, frozenset[str]], bool]


# A state of more threads, or of more values, than these counts as several: up to so many, all
# states of the kernel's programs cost about the same.  They have 18 threads at most, and 400
# values; with twelve for each [*] it is 40 and 1,000.
THREADS_OF_ONE = 40
VALUES_OF_ONE = 1_000


@dataclass
class Explored:
    """All that was seen; `complete` unless the limit on states was met.

    `parents` leads back from each state to the first one.  `broken` has, for
    each claim, the state before the first command that breaks it, and that
    command; `fired` the first use of each command (by thread name);
    `returns` the first return for each case and outcome; `starts` the first state at
    rest from which each lonely thread may start, `alone` the first from which it fails;
    `unsure` the first of which it could not be told whether it is stuck.
    `new` and `new_alone` are the same as `broken` and `alone`, of ways that are not known.
    """

    machine: Machine
    complete: bool = True
    parents: dict[State, tuple[State, Move] | None] = field(default_factory=dict)
    depth: dict[State, int] = field(default_factory=dict)
    broken: dict[str, tuple[State, Move]] = field(default_factory=dict)
    fired: dict[tuple[str, int], tuple[State, Move]] = field(default_factory=dict)
    returns: dict[Return, tuple[State, Move]] = field(default_factory=dict)
    stuck: State | None = None
    unsure: State | None = None
    starts: dict[str, State] = field(default_factory=dict)
    alone: dict[str, tuple[State, tuple[int, ...]]] = field(default_factory=dict)
    new: dict[str, tuple[State, Move]] = field(default_factory=dict)
    new_alone: dict[str, tuple[State, tuple[int, ...]]] = field(default_factory=dict)

    def run(self, end: tuple[State, Move]) -> tuple[Move, ...]:
        """The steps from the initial state to the end of a step, of real threads.

        States are kept sorted; which of the threads alike moves is found by
        following the run again.
        """
        state, step = end
        path = [(state, step)]
        while (parent := self.parents[state]) is not None:
            path.append(parent)
            state = parent[0]
        real = self.machine.initial()
        steps = []
        for canonical, (index, number) in reversed(path):
            mover = canonical[1][index]
            found = next(
                i
                for i, values in enumerate(real[1])
                if values == mover and self.machine.threads[i] is self.machine.threads[index]
            )
            steps.append((found, number))
            real = self.machine.take(real, found, number)
        return tuple(steps)

    def way_to(self, state: State) -> tuple[Move, ...]:
        """The steps from the initial state to `state`."""
        parent = self.parents[state]
        return () if parent is None else self.run(parent)


def explore(
    program: Program,
    threads: Sequence[Thread],
    limit: int = 2_000_000,
    solos: Sequence[Thread] = (),
    stop: Callable[[Explored], bool] | None = None,
    again: Collection[str] = (),
    named: IsNamed | None = None,
    known: Machine | None = None,
) -> Explored:
    """All states of some threads side by side, nearest first; at most `limit` of them, less
    if they are large.

    Each runs once; those of `again` might begin another turn, which counts for
    who waits for ever.  `named` says which ways to break a claim are known; without it
    none are looked for that are not.  `known` is a machine that has made the code of these
    threads before.
    """
    machine = Machine(program, threads, known, again)
    limit //= _weight(machine)
    seen = Explored(machine)
    groups = _groups(threads)
    first = _sorted(machine.initial(), groups)
    seen.parents[first] = None
    layer = [first]
    rests: set[tuple[Values, Values]] = set()
    while layer:
        following: list[State] = []
        for state in layer:
            moved = _follow(seen, state, groups, following, named)
            # Where somebody who does not rest can move, nobody waits for ever.
            if seen.stuck is None and not moved:
                try:
                    if machine.stuck(state):
                        seen.stuck = state
                except UnsureError:
                    seen.unsure = seen.unsure or state
            if solos and machine.at_rest(state):
                key = (state[0], machine.others(state, -1))
                if key not in rests:
                    rests.add(key)
                    for solo in solos:
                        _run_alone(seen, solo, state, named)
        if len(seen.parents) > limit or (stop is not None and stop(seen)):
            seen.complete = False
            return seen
        layer = following
    return seen


def _follow(
    seen: Explored,
    state: State,
    groups: list[tuple[int, int]],
    following: list[State],
    named: IsNamed | None,
) -> bool:
    """Take each step from a state, note what it shows, and add the states that are new to
    those `following`; whether somebody who does not rest can move."""
    machine = seen.machine
    last: tuple[Thread, Values] | None = None
    moved = False
    for index, thread in enumerate(machine.threads):
        # A twin in the same place can do nothing new.
        if last is not None and last[0] is thread and last[1] == state[1][index]:
            continue
        last = (thread, state[1][index])
        resting = thread.kind != "thread" or machine.resting(state, index)
        for number, after in machine.steps(state, index):
            command = thread.commands[number]
            moved = moved or (not resting and goes_on(command))
            step = (state, (index, number))
            seen.fired.setdefault((thread.name, number), step)
            if command.outcome:
                seen.returns.setdefault(returned(machine, state, index, command), step)
            if command.violates:
                _note_broken(seen, command, step, named)
                continue
            after = _sorted(after, groups)
            if after not in seen.parents:
                seen.parents[after] = step
                following.append(after)
    return moved


def _note_broken(
    seen: Explored, command: Command, step: tuple[State, Move], named: IsNamed | None
) -> None:
    """A step that breaks a claim, and whether that is in a way that is not known."""
    seen.broken.setdefault(command.violates, step)
    if named is not None and command.violates not in seen.new:
        state, (index, _) = step
        about = topics(command, seen.machine.local(state, index, CASE))
        if not named(command.violates, about):
            seen.new[command.violates] = step


def _run_alone(seen: Explored, solo: Thread, state: State, named: IsNamed | None) -> None:
    """What a lonely thread does from a state at rest, as far as nothing is known of that."""
    machine = seen.machine
    if solo.name not in seen.starts and may_start(machine, solo, state):
        seen.starts[solo.name] = state
    if solo.name not in seen.alone:
        bad = alone(machine, solo, state)
        if bad is not None:
            seen.alone[solo.name] = (state, bad)
    if named is not None and solo.name in seen.alone and solo.name not in seen.new_alone:
        bad = alone(machine, solo, state, named)
        if bad is not None:
            seen.new_alone[solo.name] = (state, bad)


def _weight(machine: Machine) -> int:
    """For how many a state of these threads counts."""
    values = sum(len(code.start) for code in machine.codes)
    return max(1, len(machine.codes) // THREADS_OF_ONE, values // VALUES_OF_ONE)


def returned(machine: Machine, state: State, index: int, command: Command) -> Return:
    """What a command of a thread shows that returns from the function with the table, or dies
    in it."""
    case = command.case
    if case == SAMPLED_BEFORE:
        case = machine.local(state, index, CASE)
    return case, command.outcome, command.amiss


def may_start(machine: Machine, solo: Thread, state: State) -> bool:
    """Whether a lonely thread has a run to begin where all others rest: the claim says so, or
    it has a first step, or locks alone keep it from that."""
    code = machine.code(solo)
    others = machine.others(state, -1)
    going = code.going.get(code.start[0], ())
    if any(guard(state[0], code.start, others) for guard in going):
        return True
    return not solo.when and kept_by_locks(code, state[0], code.start, others)


def alone(
    machine: Machine, solo: Thread, state: State, named: IsNamed | None = None
) -> tuple[int, ...] | None:
    """The commands of a lonely run from `state` that breaks its claim, if there is one.

    It breaks it by a command that says so, by waiting (there is nobody to wait
    for), or by going in circles.  A run that may not start breaks nothing.  With `named` only
    what is not known counts.
    """
    code = machine.code(solo)
    others = machine.others(state, -1)

    def walk(
        shared: Values, mine: Values, path: tuple[int, ...], seen: frozenset[tuple[Values, Values]]
    ) -> Iterator[tuple[int, ...]]:
        if (shared, mine) in seen:
            yield path
            return
        moved = False
        for number, guard, effect in code.commands.get(mine[0], ()):
            if guard(shared, mine, others):
                moved = True
                if solo.commands[number].violates:
                    yield (*path, number)
                else:
                    after = effect(shared, mine, others)
                    yield from walk(*after, (*path, number), seen | {(shared, mine)})
        if not moved and mine[0] != solo.end:
            yield path

    if not may_start(machine, solo, state):
        return None
    for path in walk(state[0], code.start, (), frozenset()):
        if named is None or not named(solo.claim, lonely_topics(solo, path)):
            return path
    return None


def lonely(seen: Explored, solos: Sequence[Thread]) -> dict[tuple[str, int], State]:
    """The commands that lonely threads take from the states at rest that were seen, and the
    first of these for each."""
    return lonely_from(seen.machine, seen.parents, solos)


def lonely_from(
    machine: Machine, states: Iterable[State], solos: Sequence[Thread]
) -> dict[tuple[str, int], State]:
    """The same, of some states."""
    fired: dict[tuple[str, int], State] = {}
    done: set[tuple[str, Values, Values, Values]] = set()
    for state in states:
        if not machine.at_rest(state):
            continue
        others = machine.others(state, -1)
        for solo in solos:
            code = machine.code(solo)
            todo = [(state[0], code.start)]
            while todo:
                shared, mine = todo.pop()
                if (solo.name, shared, mine, others) in done:
                    continue
                done.add((solo.name, shared, mine, others))
                for number, guard, effect in code.commands.get(mine[0], ()):
                    if guard(shared, mine, others):
                        fired.setdefault((solo.name, number), state)
                        if not solo.commands[number].violates:
                            todo.append(effect(shared, mine, others))
    return fired


def _groups(threads: Sequence[Thread]) -> list[tuple[int, int]]:
    """Ranges of neighbouring threads alike, longer than one."""
    groups, start = [], 0
    for i in range(1, len(threads) + 1):
        if i == len(threads) or threads[i] is not threads[start]:
            if i - start > 1:
                groups.append((start, i))
            start = i
    return groups


def _sorted(state: State, groups: list[tuple[int, int]]) -> State:
    if not groups:
        return state
    threads = list(state[1])
    for start, end in groups:
        threads[start:end] = sorted(threads[start:end])
    return state[0], tuple(threads)
