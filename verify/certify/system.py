"""A scenario without bounds: who is there once, who in any number, everybody for ever."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from verify.cases import by_cases
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
    Scenario,
    Shared,
    Thread,
    atoms,
    repeated,
    thread_named,
)
from verify.locks import BITS, EXCLUSIVE
from verify.reasons.limits import ComputesWithLock, TakesUnasked, UnprovedError

# Threads besides the one that breaks a claim that are looked at together with it.
MAX_WITNESSES = 2


class UnsupportedError(UnprovedError):
    """The program uses locks in a way that this view of them does not cover."""


@dataclass(frozen=True)
class System:
    """A scenario without bounds: `fixed` are there once each, of `replicated` any number."""

    program: Program
    fixed: tuple[Thread, ...]
    replicated: tuple[Thread, ...]
    observers: tuple[Thread, ...]
    solos: tuple[Thread, ...]


def system_of(program: Program, scenario: Scenario) -> System:
    """The scenario, with its replicated threads and those that say so called for ever."""
    fixed: list[Thread] = []
    replicated: list[Thread] = []
    for name, count in scenario.members:
        thread = settled(thread_named(program, name))
        if count is None:
            replicated.append(repeated(thread))
        else:
            again = repeated(thread) if name in scenario.forever else thread
            fixed += [again] * count
    return System(
        program,
        tuple(fixed),
        tuple(replicated),
        tuple(settled(t) for t in program.threads if t.kind == "observer"),
        tuple(settled(t) for t in program.threads if t.kind == "solo"),
    )


def settled(thread: Thread) -> Thread:
    """The thread with each question about others' locks in a guard, none in an update.

    Raises:
        Unsupported: a lock is taken without asking whether it is free, or its
            state is used in arithmetic.
    """
    commands: list[Command] = []
    for command in thread.commands:
        _check_taking(thread, command)
        commands += _asked_first(command)
        if not all(_plain(c.guard) for c in commands[-1:]):
            raise UnsupportedError(ComputesWithLock(thread.name))
    found = tuple(commands)
    # Most are so already: then it is the same thread, by which what is known of it is found.
    return thread if found == thread.commands else replace(thread, commands=found)


def _check_taking(thread: Thread, command: Command) -> None:
    parts = command.guard.args if isinstance(command.guard, And) else (command.guard,)
    for lock, mode in command.locks:
        asked = any(Not(Others(lock, word)) in parts for word in ("any", "exclusive"))
        if mode == EXCLUSIVE and not asked:
            raise UnsupportedError(TakesUnasked(thread.name, lock))


def _asked_first(command: Command) -> list[Command]:
    targets = [target for target, _ in command.updates]
    cases = by_cases(command.guard, [new for _, new in command.updates], _answers)
    return [
        replace(command, guard=guard, updates=tuple(zip(targets, news, strict=True)))
        for guard, news in cases
    ]


def _answers(atom: Atom) -> tuple[int, ...]:
    """What a question about others' locks may come to; no other is asked first."""
    return (1, 0) if isinstance(atom, Others) else ()


def witnesses(guard: Expr, shareable: Collection[str], wanted: bool = True) -> int:
    """How many other threads it takes at most to make a guard true by what they hold shared."""
    match guard:
        case Not(arg):
            return witnesses(arg, shareable, not wanted)
        case And(args) | Or(args):
            counts = [witnesses(arg, shareable, wanted) for arg in args]
            return sum(counts) if isinstance(guard, And) == wanted else max(counts)
        case Others(lock, mode):
            return int(wanted and BITS[mode] != EXCLUSIVE and lock in shareable)
        case Const() | Shared() | Local() | Mine() | Compare() | Arith() | Ite():
            return 0


def _plain(expr: Expr) -> bool:
    match expr:
        case Not(arg):
            return _plain(arg)
        case And(args) | Or(args):
            return all(map(_plain, args))
        case Others() | Mine():
            return True
        case Const() | Shared() | Local() | Compare() | Arith() | Ite():
            return not any(isinstance(a, Others) for a in atoms(expr))
