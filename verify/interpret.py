"""The meaning of guarded commands on concrete states, without any solver.

A state is the values of the shared variables and, for each thread, its pc,
its locals and its mode on each lock, all as one tuple of integers.  Guards and
updates are turned into Python once, so that exploring a state costs
microseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import or_
from typing import Any, TypeAlias

from verify.certify.waiting import at_best, goes_on, lock_part, way_on
from verify.ir import (
    And,
    Arith,
    Atom,
    Command,
    Compare,
    Const,
    Expr,
    Ite,
    Local,
    Mine,
    Not,
    Or,
    Others,
    Program,
    Shared,
    Thread,
    rebuild,
    repeated,
)
from verify.locks import BITS, meets

Values: TypeAlias = tuple[int, ...]
State: TypeAlias = tuple[Values, tuple[Values, ...]]


class UnsureError(Exception):
    """Whether somebody waits for ever could not be told within the limit."""


class ReplayError(Exception):
    """A run that the interpreter cannot follow: a bug of ours, never of the input."""


@dataclass(frozen=True)
class Code:
    """A thread as Python: what each of its commands does with concrete values.

    `commands[pc]` are (number, guard, effect) triples; a guard takes the shared
    values, the thread's own and the others' lock modes; of the same an effect
    makes the new shared and own values.  `going[pc]` are the guards of those that are a
    way to go on; `locks[pc]` is that as far as only locks decide it, `best[pc]` where locks
    that are free may be taken besides.  `may[pc]` are for when it is not known who holds what: the
    guards take the modes that others are sure to hold, and those that they may hold,
    and are true if they may be true.
    """

    thread: Thread
    start: Values
    pcs: frozenset[int]
    commands: dict[int, tuple[tuple[int, Guard, Effect], ...]]
    going: dict[int, tuple[Guard, ...]]
    _may: Callable[[], dict[str, Any]]
    _waiting: Callable[[], dict[str, Any]]

    @cached_property
    def locks(self) -> dict[int, Guard]:
        made = self._waiting()
        return {pc: made[f"locks_{pc}"] for pc in self.commands}

    @cached_property
    def best(self) -> dict[int, Guard]:
        made = self._waiting()
        return {pc: made[f"best_{pc}"] for pc in self.commands}

    @cached_property
    def may(self) -> dict[int, tuple[tuple[int, May, Effect], ...]]:
        made = self._may()
        return {
            pc: tuple((number, made[f"may_{number}"], effect) for number, _, effect in commands)
            for pc, commands in self.commands.items()
        }


May: TypeAlias = Callable[[Values, Values, Values, Values], int]
Guard: TypeAlias = Callable[[Values, Values, Values], int]
Effect: TypeAlias = Callable[[Values, Values, Values], tuple[Values, Values]]


class Machine:
    """Threads running a program side by side; the same thread may be there more than once.

    Those named in `again` may begin another turn when they are through, which
    counts only for who waits for ever.
    """

    def __init__(
        self,
        program: Program,
        threads: Sequence[Thread],
        known: Machine | None = None,
        again: Collection[str] = (),
    ) -> None:
        """`known` is a machine with the same variables and locks, whose code is taken over."""
        self.program = program
        self.threads = tuple(threads)
        self.again = frozenset(again)
        # By identity: two observers of one claim have the same name.
        self._codes: dict[int, Code] = {} if known is None else known._codes
        self.codes = tuple(self.code(thread) for thread in threads)
        self._normal = tuple(i for i, t in enumerate(self.threads) if t.kind == "thread")
        self.lock_at = {lock.name: i for i, lock in enumerate(program.locks)}
        self._free: Values = (0,) * len(program.locks)

    def code(self, thread: Thread) -> Code:
        """The thread as Python, made once."""
        if id(thread) not in self._codes:
            self._codes[id(thread)] = _compile(self.program, thread)
        return self._codes[id(thread)]

    def initial(self) -> State:
        return (
            tuple(v.initial for v in self.program.shared),
            tuple(code.start for code in self.codes),
        )

    def others(self, state: State, index: int) -> Values:
        """For each lock the modes in which threads other than `index` hold it, as bits."""
        free = self._free
        if not free:
            return free
        first = -len(free)
        found = free
        for i, values in enumerate(state[1]):
            # Most threads hold nothing, and most locks are held by one thread at most.
            if i != index and (held := values[first:]) != free:
                found = held if found is free else tuple(map(or_, found, held))
        return found

    def steps(self, state: State, index: int) -> Iterable[tuple[int, State]]:
        """What thread `index` can do: (number of the command, state after)."""
        shared, threads = state
        mine = threads[index]
        todo = self.codes[index].commands.get(mine[0])
        if not todo:
            return
        others = self.others(state, index)
        for number, guard, effect in todo:
            if guard(shared, mine, others):
                new_shared, new_mine = effect(shared, mine, others)
                yield number, (new_shared, (*threads[:index], new_mine, *threads[index + 1 :]))

    def steps_of(self, state: State, index: int) -> tuple[int, ...]:
        """The commands that a thread can take."""
        return tuple(number for number, _ in self.steps(state, index))

    def resting(self, state: State, index: int) -> bool:
        """Whether a thread is between calls: not started, or at its end."""
        thread = self.threads[index]
        return state[1][index][0] in (thread.entry, thread.end)

    def at_rest(self, state: State) -> bool:
        """Whether every thread is between calls."""
        return all(self.resting(state, i) for i in self._normal)

    def moves(self, state: State, index: int) -> bool:
        """Whether a thread can take a step, even if it dies of it."""
        mine = state[1][index]
        going = self.codes[index].going.get(mine[0], ())
        if not going:
            return False
        others = self.others(state, index)
        return any(guard(state[0], mine, others) for guard in going)

    def waits(self, state: State, index: int) -> bool:
        """Whether a thread waits: under way, it can take no step; before, locks alone keep
        it from its first."""
        thread, code, mine = self.threads[index], self.codes[index], state[1][index]
        if mine[0] == thread.end and thread.end != thread.entry:
            return False
        if mine[0] != thread.entry:
            return not self.moves(state, index)
        return kept_by_locks(code, state[0], mine, self.others(state, index))

    def quiet(self, state: State) -> tuple[int, ...]:
        """The threads that wait, if all others rest; else none."""
        waiting = []
        for i, thread in enumerate(self.threads):
            if thread.kind != "thread":
                continue
            if self.waits(state, i):
                waiting.append(i)
            elif not self.resting(state, i):
                return ()
        return tuple(waiting)

    def stuck(self, state: State, limit: int = 20_000) -> tuple[int, ...]:
        """The threads that wait for ever in this state, if it is a quiet one.

        Raises:
            Unsure: so many states were not enough to tell.
        """
        waiting = self.quiet(state)
        if not waiting:
            return ()
        tied = self._tied(state, waiting)
        if tied:
            return tied
        return tuple(i for i in waiting if self._for_ever(state, i, limit))

    def _tied(self, state: State, waiting: Sequence[int]) -> tuple[int, ...]:
        """Those that wait by locks alone, for locks that only each other hold, or threads
        that are through for good: the largest such set."""
        through = {
            i
            for i, thread in enumerate(self.threads)
            if thread.kind == "thread"
            and state[1][i][0] == thread.end != thread.entry
            and thread.name not in self.again
        }
        tied = set(waiting)
        while tied:
            held = tied | through
            free = {
                i
                for i in tied
                if (best := self.codes[i].best.get(state[1][i][0])) is not None
                and best(state[0], state[1][i], self._held_by(state, held - {i}))
            }
            if not free:
                break
            tied -= free
        return tuple(sorted(tied))

    def _held_by(self, state: State, some: Collection[int]) -> Values:
        found = self._free
        if found:
            for i in some:
                found = tuple(map(or_, found, state[1][i][-len(found) :]))
        return found

    def _for_ever(self, state: State, waiter: int, limit: int) -> bool:
        """Whether a thread can take no step whatever the others do, it standing still."""
        turning = self._turning
        first = (
            state[0],
            tuple(self._next_turn(i, own) for i, own in enumerate(state[1])),
        )
        seen = {first}
        todo = [first]
        movers = [i for i, t in enumerate(self.threads) if t.kind == "thread" and i != waiter]
        for here in todo:
            if turning.moves(here, waiter):
                return False
            for i in movers:
                for number, after in turning.steps(here, i):
                    if not turning.threads[i].commands[number].violates and after not in seen:
                        seen.add(after)
                        todo.append(after)
            if len(seen) > limit:
                raise UnsureError(limit)
        return True

    @cached_property
    def _turning(self) -> Machine:
        """The same threads, those that may going on with another turn when they are through."""
        made: dict[int, Thread] = {}
        for thread in self.threads:
            if id(thread) not in made:
                made[id(thread)] = repeated(thread) if thread.name in self.again else thread
        return Machine(self.program, [made[id(thread)] for thread in self.threads])

    def _next_turn(self, index: int, own: Values) -> Values:
        """A thread at the beginning of its next turn, if it is through and may have one."""
        thread = self.threads[index]
        if own[0] != thread.end or thread.name not in self.again:
            return own
        fresh = tuple(
            value if v.lasting else v.initial
            for v, value in zip(thread.locals, own[1:], strict=False)
        )
        return (thread.entry, *fresh, *own[1 + len(fresh) :])

    def take(self, state: State, index: int, number: int) -> State:
        """The state after thread `index` takes its command `number`.

        Raises:
            ReplayError: its guard is false or it is elsewhere.
        """
        for found, after in self.steps(state, index):
            if found == number:
                return after
        thread = self.threads[index]
        raise ReplayError(f"{thread.name} cannot take its command {number} here")

    def held(self, state: State, index: int) -> dict[str, int]:
        """The locks a thread holds, with their modes."""
        modes = state[1][index][-len(self.program.locks) :] if self.program.locks else ()
        return {
            lock.name: mode for lock, mode in zip(self.program.locks, modes, strict=True) if mode
        }

    def local(self, state: State, index: int, name: str) -> int:
        """The value of a local of a thread; its initial one if it has no such local."""
        for position, variable in enumerate(self.threads[index].locals):
            if variable.name == name:
                return state[1][index][1 + position]
        return 0

    def value(self, state: State, index: int, expr: Expr, nobody: bool = False) -> int:
        """What an expression comes to for a thread; `nobody`: if nobody else held any lock.

        Raises:
            KeyError: it is about a local or a variable that there is not.
        """
        thread = self.threads[index]
        held = self.held(state, index)
        others = self.others(state, index)

        def shown(atom: Atom) -> Const:
            match atom:
                case Shared(name):
                    at = {v.name: i for i, v in enumerate(self.program.shared)}
                    return Const(state[0][at[name]])
                case Local(name):
                    at = {v.name: 1 + i for i, v in enumerate(thread.locals)}
                    return Const(state[1][index][at[name]])
                case Mine(lock, mode):
                    return Const(int(meets(held.get(lock, 0), mode)))
                case Others(lock, mode):
                    found = meets(others[self.lock_at[lock]], mode)
                    return Const(int(found and not nobody))

        folded = rebuild(expr, shown)
        assert isinstance(folded, Const)
        return folded.value


def kept_by_locks(code: Code, shared: Values, mine: Values, others: Values) -> bool:
    """Whether locks alone keep a thread from its next step: it could take it if nobody else
    held any, and cannot as they are held, whatever else changes."""
    locks = code.locks.get(mine[0])
    if locks is None or locks(shared, mine, others):
        return False
    free = (0,) * len(others)
    return any(guard(shared, mine, free) for guard in code.going.get(mine[0], ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Slots:
    """Where Python finds what a thread of that name reads: `shared` in the tuple g, `local`
    and `mine`, its locks, in m; `locks` are the places of the modes of others, in o and w."""

    thread: str
    shared: Mapping[str, int]
    local: Mapping[str, int]
    mine: Mapping[str, int]
    locks: Mapping[str, int]

    def text(self, expr: Expr) -> str:
        """An expression in Python."""
        match expr:
            case Const(value):
                return repr(value)
            case Shared(name):
                return f"g[{self.shared[name]}]"
            case Local(name):
                if name not in self.local:
                    raise KeyError(f"{self.thread} has no local {name}")
                return f"m[{self.local[name]}]"
            case Mine(lock, mode):
                return f"(m[{self.mine[lock]}] & {BITS[mode]} != 0)"
            case Others(lock, mode):
                return f"(o[{self.locks[lock]}] & {BITS[mode]} != 0)"
            case Not(arg):
                return f"(not {self.text(arg)})"
            case And(args):
                return "(" + " and ".join(map(self.text, args)) + ")"
            case Or(args):
                return "(" + " or ".join(map(self.text, args)) + ")"
            case Compare(op, left, right):
                return f"({self.text(left)} {op} {self.text(right)})"
            case Arith(op, left, right):
                return f"({self.text(left)} {op} {self.text(right)})"
            case Ite(condition, then, otherwise):
                return f"({self.text(then)} if {self.text(condition)} else {self.text(otherwise)})"

    def possible(self, expr: Expr, wanted: bool) -> str:
        """`expr` with a lock taken to be held as it suits, where it is not known."""
        match expr:
            case Others(lock, mode) if wanted:
                return f"(w[{self.locks[lock]}] & {BITS[mode]} != 0)"
            case Not(arg):
                return f"(not {self.possible(arg, not wanted)})"
            case And(args):
                return "(" + " and ".join(self.possible(arg, wanted) for arg in args) + ")"
            case Or(args):
                return "(" + " or ".join(self.possible(arg, wanted) for arg in args) + ")"
            case Const() | Shared() | Local() | Mine() | Others() | Compare() | Arith() | Ite():
                return self.text(expr)

    def effect(self, command: Command, initial: Mapping[str, int]) -> str:
        """What is shared and what is the thread's own after a command, in Python."""
        own = {0: str(command.source if command.violates else command.target)}
        new = {}
        for target, expr in command.updates:
            if isinstance(target, Shared):
                new[self.shared[target.name]] = f"int({self.text(expr)})"
            elif target.name in self.local:
                own[self.local[target.name]] = f"int({self.text(expr)})"
        own |= {self.local[name]: str(initial[name]) for name in command.forget}
        own |= {self.mine[lock]: str(mode) for lock, mode in command.locks}
        size = 1 + len(self.local) + len(self.mine)
        return f"{_tuple('g', len(self.shared), new)}, {_tuple('m', size, own)}"


def _slots(program: Program, thread: Thread) -> _Slots:
    locks = {lock.name: i for i, lock in enumerate(program.locks)}
    return _Slots(
        thread=thread.name,
        shared={v.name: i for i, v in enumerate(program.shared)},
        local={v.name: 1 + i for i, v in enumerate(thread.locals)},
        mine={lock: 1 + len(thread.locals) + i for lock, i in locks.items()},
        locks=locks,
    )


def _compile(program: Program, thread: Thread) -> Code:
    slots = _slots(program, thread)
    lines: list[str] = []
    unsure: list[str] = []
    waiting: list[str] = []
    by_pc: dict[int, list[int]] = {}
    initial = {v.name: v.initial for v in thread.locals}
    for number, command in enumerate(thread.commands):
        by_pc.setdefault(command.source, []).append(number)
        lines.append(f"def guard_{number}(g, m, o): return {slots.text(command.guard)}")
        unsure.append(f"def may_{number}(g, m, o, w): return {slots.possible(command.guard, True)}")
        lines.append(f"def effect_{number}(g, m, o): return {slots.effect(command, initial)}")
    for pc, numbers in by_pc.items():
        way = way_on(thread.commands[n] for n in numbers)
        waiting.append(f"def locks_{pc}(g, m, o): return {slots.text(lock_part(way))}")
        waiting.append(f"def best_{pc}(g, m, o): return {slots.text(at_best(way))}")
    # The text is made of numbers and operators alone; no name of the program gets into it.
    made = _made(lines, thread.name)
    return Code(
        thread,
        (thread.entry, *initial.values(), *(0 for _ in slots.locks)),
        frozenset(by_pc),
        {
            pc: tuple((n, made[f"guard_{n}"], made[f"effect_{n}"]) for n in numbers)
            for pc, numbers in by_pc.items()
        },
        {
            pc: tuple(made[f"guard_{n}"] for n in numbers if goes_on(thread.commands[n]))
            for pc, numbers in by_pc.items()
        },
        lambda: _made(unsure, thread.name),
        lambda: _made(waiting, thread.name),
    )


def _made(lines: Sequence[str], name: str) -> dict[str, Any]:
    """The functions that some lines of Python define."""
    made: dict[str, Any] = {}
    code = compile("\n".join(lines), f"<{name}>", "exec")
    exec(code, {"__builtins__": {"int": int}}, made)  # noqa: S102
    return made


# So many neighbours that stay as they are are named one by one: for fewer that is faster.
FEW = 16


def _tuple(name: str, size: int, new: dict[int, str]) -> str:
    """Python for a tuple like `name` but for some places."""
    if not new:
        return name
    parts: list[str] = []
    done = 0
    for place in [*sorted(new), size]:
        if place - done > FEW:
            # Else the text would be as long as a thread has commands times locals.
            parts.append(f"*{name}[{done}:{place}]")
        else:
            parts += [f"{name}[{i}]" for i in range(done, place)]
        parts += [new[i] for i in (place,) if i < size]
        done = place + 1
    return "(" + "".join(f"{part}, " for part in parts) + ")"
