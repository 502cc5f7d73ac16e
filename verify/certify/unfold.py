"""A thread as an automaton: its locals and its own locks multiplied out.

A node is a pc with values of the locals and modes of the locks; an edge is a
command there, its guard left over as a condition on shared state and on other
threads' locks, its effect as constants to store.  In this form no local is
left to encode, and what a thread holds is known at each node.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from verify.cases import by_cases
from verify.ir import (
    FALSE,
    Atom,
    Command,
    Const,
    Expr,
    Local,
    Mine,
    Others,
    Program,
    Shared,
    Thread,
    Variable,
    rebuild,
)
from verify.locks import FREE, meets
from verify.reasons.limits import ThreadLimit, UnprovedError

# (pc, values of the locals, modes of the locks, times that a loop was entered again)
Node: TypeAlias = tuple[int, tuple[int, ...], tuple[int, ...], int]

# States of a thread by itself; a thread of the kernel's programs comes to 463.
MAX_STATES = 10_000


class TooLargeError(UnprovedError):
    """A limit on what is written out in full was met; which one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """Command number `command` of the thread, taken at node `source`.

    `target` is None where a claim is broken: the thread goes no further.
    `level` is that of `source`: edges on one path have rising levels.
    """

    number: int
    source: int
    target: int | None
    guard: Expr
    writes: tuple[tuple[str, int], ...]
    command: int
    level: int


@dataclass(frozen=True, kw_only=True)
class Automaton:
    """Node 0 is the entry; `leaving[n]` and `entering[n]` are edges of node n.

    Acyclic: a loop is gone through `rounds` times more at most.  `beyond[n]` are
    guards of the edges of node n that were cut off for that: a thread for which one
    of them holds can go on, if not within the bound.
    """

    thread: Thread
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    leaving: tuple[tuple[Edge, ...], ...]
    entering: tuple[tuple[Edge, ...], ...]
    depth: int
    beyond: tuple[tuple[Expr, ...], ...]

    @property
    def cut(self) -> bool:
        """Whether a longer run was cut off."""
        return any(self.beyond)


def unfold(program: Program, thread: Thread, rounds: int = 1) -> Automaton:
    """The automaton of a thread, loops entered again at most `rounds` times.

    Raises:
        TooLarge: the thread has more than MAX_STATES states by itself.
    """
    shared = {v.name: v for v in program.shared}
    raw = _States(program, thread, shared)
    back = raw.back_edges()
    first = (raw.initial, 0)
    number: dict[tuple[_State, int], int] = {first: 0}
    order = [first]
    drafts: list[tuple[int, int | None, Expr, tuple[tuple[str, int], ...], int]] = []
    beyond: dict[int, list[Expr]] = {}
    for state, loops in order:
        for guard, writes, command, after in raw.steps(state):
            if after is None:
                drafts.append((number[state, loops], None, guard, writes, command))
                continue
            again = loops + ((state, after) in back)
            if again > rounds:
                beyond.setdefault(number[state, loops], []).append(guard)
                continue
            if (after, again) not in number:
                number[after, again] = len(order)
                order.append((after, again))
            drafts.append((number[state, loops], number[after, again], guard, writes, command))
    levels = _levels(len(order), [(s, t) for s, t, *_ in drafts if t is not None])
    edges = tuple(
        Edge(
            number=i,
            source=source,
            target=target,
            guard=guard,
            writes=writes,
            command=command,
            level=levels[source],
        )
        for i, (source, target, guard, writes, command) in enumerate(drafts)
    )
    leaving: list[list[Edge]] = [[] for _ in order]
    entering: list[list[Edge]] = [[] for _ in order]
    for edge in edges:
        leaving[edge.source].append(edge)
        if edge.target is not None:
            entering[edge.target].append(edge)
    return Automaton(
        thread=thread,
        nodes=tuple((*state, loops) for state, loops in order),
        edges=edges,
        leaving=tuple(map(tuple, leaving)),
        entering=tuple(map(tuple, entering)),
        depth=max((edge.level for edge in edges), default=-1) + 1,
        beyond=tuple(tuple(beyond.get(node, ())) for node in range(len(order))),
    )


def still(program: Program, thread: Thread) -> Automaton:
    """The automaton of a thread that stays where it begins."""
    first = (*_States(program, thread, {}).initial, 0)
    return Automaton(
        thread=thread,
        nodes=(first,),
        edges=(),
        leaving=((),),
        entering=((),),
        depth=0,
        beyond=((),),
    )


def _levels(count: int, arrows: list[tuple[int, int]]) -> list[int]:
    """The longest way to each node of an acyclic graph."""
    incoming = [0] * count
    following: list[list[int]] = [[] for _ in range(count)]
    for source, target in arrows:
        incoming[target] += 1
        following[source].append(target)
    level = [0] * count
    ready = [node for node in range(count) if not incoming[node]]
    for node in ready:
        for target in following[node]:
            level[target] = max(level[target], level[node] + 1)
            incoming[target] -= 1
            if not incoming[target]:
                ready.append(target)
    return level


_State: TypeAlias = tuple[int, tuple[int, ...], tuple[int, ...]]
_Step: TypeAlias = tuple[Expr, tuple[tuple[str, int], ...], int, "_State | None"]


class _States:
    """The local states of a thread and the steps between them, made when asked for."""

    def __init__(self, program: Program, thread: Thread, shared: Mapping[str, Variable]) -> None:
        self.thread = thread
        self.shared = shared
        self.local_at = {v.name: i for i, v in enumerate(thread.locals)}
        self.lock_at = {lock.name: i for i, lock in enumerate(program.locks)}
        self.initial: _State = (
            thread.entry,
            tuple(v.initial for v in thread.locals),
            tuple(FREE for _ in program.locks),
        )
        self.by_pc: dict[int, list[tuple[int, Command]]] = {}
        for i, command in enumerate(thread.commands):
            self.by_pc.setdefault(command.source, []).append((i, command))
        self._known: dict[_State, list[_Step]] = {}

    def steps(self, state: _State) -> list[_Step]:
        if state not in self._known:
            if len(self._known) >= MAX_STATES:
                raise TooLargeError(ThreadLimit(self.thread.name, MAX_STATES))
            self._known[state] = [
                step
                for i, command in self.by_pc.get(state[0], ())
                for step in self._taken(state, i, command)
            ]
        return self._known[state]

    def _taken(self, state: _State, number: int, command: Command) -> Iterator[_Step]:
        _, values, modes = state

        def leaf(atom: Atom) -> Expr:
            match atom:
                case Local(name):
                    return Const(values[self.local_at[name]])
                case Mine(lock, mode):
                    return Const(int(meets(modes[self.lock_at[lock]], mode)))
                case Shared() | Others():
                    return atom

        guard = rebuild(command.guard, leaf)
        if guard == FALSE:
            return
        if command.violates:
            yield guard, (), number, None
            return
        updates = [(target, rebuild(new, leaf)) for target, new in command.updates]
        for condition, news in by_cases(guard, [new for _, new in updates], self._values):
            new_values = list(values)
            writes = []
            fixed = [new.value for new in news if isinstance(new, Const)]
            for (target, _), value in zip(updates, fixed, strict=True):
                if isinstance(target, Shared):
                    writes.append((target.name, value))
                elif target.name in self.local_at:
                    new_values[self.local_at[target.name]] = value
            for name in command.forget:
                new_values[self.local_at[name]] = self.initial[1][self.local_at[name]]
            new_modes = list(modes)
            for lock, mode in command.locks:
                new_modes[self.lock_at[lock]] = mode
            after = (command.target, tuple(new_values), tuple(new_modes))
            yield condition, tuple(writes), number, after

    def _values(self, atom: Atom) -> Sequence[int]:
        """The values of what is left where locals and the thread's own locks are known."""
        return self.shared[atom.name].domain.values if isinstance(atom, Shared) else (1, 0)

    def back_edges(self) -> set[tuple[_State, _State]]:
        """Arrows to a state that is still being explored, depth first: each closes a loop."""
        found: set[tuple[_State, _State]] = set()
        open_: set[_State] = {self.initial}
        done: set[_State] = set()
        stack = [(self.initial, iter(self.steps(self.initial)))]
        while stack:
            state, rest = stack[-1]
            for *_, after in rest:
                if after is None or after in done:
                    continue
                if after in open_:
                    found.add((state, after))
                    continue
                open_.add(after)
                stack.append((after, iter(self.steps(after))))
                break
            else:
                stack.pop()
                open_.discard(state)
                done.add(state)
        return found
