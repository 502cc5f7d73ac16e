"""One copy of the state for each step: the reading of a program that the fast ones are held to.

Written from `verify.ir` alone, and to be obvious rather than fast.  It knows
nothing of the interpreter, nor of any other encoding.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, assert_never

import z3

from verify.ir import (
    And,
    Arith,
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
)
from verify.locks import FREE, NUMBERS, meets

# z3 has no types of its own.
Term: TypeAlias = Any
# (index of the thread, number of its command)
Step: TypeAlias = tuple[int, int]

MOVER = "mover"
COMMAND = "command"


class UndecidedError(Exception):
    """The solver reached its limit: there may be a run, or none."""


def name_at(variable: str, step: int) -> str:
    """The name of a variable's copy before step `step`, such as `2 pc@7`."""
    return f"{variable}@{step}"


def shared_variable(name: str) -> str:
    return f"shared {name}"


def pc_variable(index: int) -> str:
    return f"{index} pc"


def local_variable(index: int, name: str) -> str:
    return f"{index} local {name}"


def lock_variable(index: int, name: str) -> str:
    return f"{index} lock {name}"


@dataclass(frozen=True, slots=True)
class View:
    """A state as thread `index` of `threads` many sees it."""

    state: Mapping[str, Term]
    index: int
    threads: int

    def holds(self, index: int, lock: str, mode: str) -> Term:
        stored = self.state[lock_variable(index, lock)]
        return z3.Or([stored == each for each in NUMBERS if meets(each, mode)])


def truth(expr: Expr, view: View) -> Term:
    """Boolean term: whether `expr` is anything but 0."""
    match expr:
        case Mine(lock, mode):
            return view.holds(view.index, lock, mode)
        case Others(lock, mode):
            others = (i for i in range(view.threads) if i != view.index)
            return z3.Or([view.holds(i, lock, mode) for i in others])
        case Not(arg):
            return z3.Not(truth(arg, view))
        case And(args):
            return z3.And([truth(arg, view) for arg in args])
        case Or(args):
            return z3.Or([truth(arg, view) for arg in args])
        case Compare("==", left, right):
            return value(left, view) == value(right, view)
        case Compare("<", left, right):
            return value(left, view) < value(right, view)
        case Compare(op):
            raise AssertionError(f"unknown comparison {op!r}")
        case Const() | Shared() | Local() | Arith() | Ite():
            return value(expr, view) != 0
        case _:
            assert_never(expr)


def value(expr: Expr, view: View) -> Term:
    """Integer term for `expr`; a condition is 1 where it is true and 0 elsewhere."""
    match expr:
        case Const(number):
            return z3.IntVal(number)
        case Shared(name):
            return view.state[shared_variable(name)]
        case Local(name):
            return view.state[local_variable(view.index, name)]
        case Arith("+", left, right):
            return value(left, view) + value(right, view)
        case Arith("-", left, right):
            return value(left, view) - value(right, view)
        case Arith("*", left, right):
            return value(left, view) * value(right, view)
        case Arith(op):
            raise AssertionError(f"unknown operator {op!r}")
        case Ite(condition, then, otherwise):
            return z3.If(truth(condition, view), value(then, view), value(otherwise, view))
        case Mine() | Others() | Not() | And() | Or() | Compare():
            return z3.If(truth(expr, view), z3.IntVal(1), z3.IntVal(0))
        case _:
            assert_never(expr)


class Relation:
    """What threads side by side may do in one step, as a relation between two states.

    Shape:
        `variables` are the shared ones in the program's order, then for each
        thread its pc, its locals and its mode on each lock, in theirs.
    Assumes:
        none of the threads is a solo one: those do not run beside others.
    """

    def __init__(self, program: Program, threads: Sequence[Thread]) -> None:
        self.program = program
        self.threads = tuple(threads)
        self.start: dict[str, int] = {shared_variable(v.name): v.initial for v in program.shared}
        for i, thread in enumerate(self.threads):
            self.start[pc_variable(i)] = thread.entry
            self.start |= {local_variable(i, v.name): v.initial for v in thread.locals}
            self.start |= {lock_variable(i, lock.name): FREE for lock in program.locks}
        self.variables = tuple(self.start)

    def state(self, k: int) -> dict[str, Term]:
        """The copy of each variable before step `k`."""
        return {variable: z3.Int(name_at(variable, k)) for variable in self.variables}

    def choice(self, k: int) -> tuple[Term, Term]:
        """The thread that takes step `k`, and the number of the command it takes."""
        return z3.Int(name_at(MOVER, k)), z3.Int(name_at(COMMAND, k))

    def initial(self, k: int = 0) -> Term:
        """The state before step `k` is the one in which all threads begin."""
        state = self.state(k)
        return z3.And([state[variable] == number for variable, number in self.start.items()])

    def step(self, k: int) -> Term:
        """Step `k` takes a command that breaks no claim, and leads to the state after it."""
        now, after = self.state(k), self.state(k + 1)
        kept = {variable: after[variable] == now[variable] for variable in self.variables}
        ways = []
        for i, number, command in self._commands():
            if not command.violates:
                new = self._new(now, i, command)
                # The frame rule: what the command does not name stays as it is.
                effect = [
                    after[variable] == new[variable] if variable in new else kept[variable]
                    for variable in self.variables
                ]
                ways.append(z3.And(self._taken(k, now, i, number), *effect))
        return z3.Or(ways)

    def breaks(self, claim: str, k: int) -> Term:
        """Step `k` takes a command that breaks `claim`: there is no state after it."""
        now = self.state(k)
        return z3.Or(
            [
                self._taken(k, now, i, number)
                for i, number, command in self._commands()
                if command.violates == claim
            ]
        )

    def _commands(self) -> Iterator[tuple[int, int, Command]]:
        for i, thread in enumerate(self.threads):
            for number, command in enumerate(thread.commands):
                yield i, number, command

    def _taken(self, k: int, now: Mapping[str, Term], index: int, number: int) -> Term:
        """Thread `index` chooses its command `number` for step `k`, and may take it."""
        mover, chosen = self.choice(k)
        command = self.threads[index].commands[number]
        return z3.And(
            mover == index,
            chosen == number,
            now[pc_variable(index)] == command.source,
            truth(command.guard, View(now, index, len(self.threads))),
        )

    def _new(self, now: Mapping[str, Term], index: int, command: Command) -> dict[str, Term]:
        """The values of the variables that `command` names, if thread `index` takes it."""
        view = View(now, index, len(self.threads))
        initial = {v.name: v.initial for v in self.threads[index].locals}
        new = {pc_variable(index): z3.IntVal(command.target)}
        for target, expr in command.updates:
            if isinstance(target, Shared):
                new[shared_variable(target.name)] = value(expr, view)
            elif target.name in initial:
                # What nobody ever reads may have been dropped from the locals.
                new[local_variable(index, target.name)] = value(expr, view)
        for name in command.forget:
            new[local_variable(index, name)] = z3.IntVal(initial[name])
        for lock, mode in command.locks:
            new[lock_variable(index, lock)] = z3.IntVal(mode)
        return new


def shortest(
    program: Program, threads: Sequence[Thread], claim: str, depth: int, rlimit: int = 0
) -> tuple[Step, ...] | None:
    """A run that breaks `claim`, none shorter; None if none has `depth` steps or fewer.

    Shape:
        the last step is the one that breaks the claim; all before break none.
    Units:
        depth counts commands taken by any thread; rlimit is z3's own, for
        each length asked about, 0 for no limit.
    Raises:
        Undecided: z3 reached `rlimit`.
    Source:
        Biere, Cimatti, Clarke, Zhu, "Symbolic Model Checking without BDDs", 1999.
    """
    relation = Relation(program, threads)
    solver = z3.Solver()
    solver.set("rlimit", rlimit)
    solver.add(relation.initial())
    for k in range(depth):
        solver.push()
        solver.add(relation.breaks(claim, k))
        answer = solver.check()
        if answer == z3.sat:
            return run_in(relation, solver.model(), k + 1)
        if answer == z3.unknown:
            raise UndecidedError(f"{claim} in {k + 1} steps: {solver.reason_unknown()}")
        solver.pop()
        solver.add(relation.step(k))
    return None


def run_in(relation: Relation, model: Term, length: int) -> tuple[Step, ...]:
    """The first `length` steps of the run that a model of the relation describes."""
    steps = []
    for k in range(length):
        mover, command = (model.eval(c, model_completion=True) for c in relation.choice(k))
        steps.append((mover.as_long(), command.as_long()))
    return tuple(steps)
