"""What it means to wait: one definition, for whoever runs, encodes or proves a program.

A thread that is under way waits if it can take no step: none of its normal
commands can be taken, and none of the fatal ones either, which would end it.
A command that breaks a watched claim is no way to go on; the normal command
that it watches stands beside it.

A thread that has not begun waits if it is locks alone that keep it from its
first step: whatever unlocked shared state were, it could not take it while the
locks are held as they are, and it could now if nobody else held any.

A state is quiet if each thread rests or waits and at least one waits.  It is
stuck if one of those that wait can take no step whatever the others do from
there, who may begin, or begin again.
"""

from __future__ import annotations

from collections.abc import Iterable

from verify.ir import (
    FALSE,
    FATAL,
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
    Shared,
    atoms,
    conj,
    disj,
    is_phase,
    negate,
    rebuild,
)


def goes_on(command: Command) -> bool:
    """Whether taking a command is a way to go on, be it to the end of the thread."""
    return not command.violates or command.violates in FATAL


def way_on(commands: Iterable[Command]) -> Expr:
    """When a thread can take a step, of the commands at its pc."""
    return disj(c.guard for c in commands if goes_on(c))


def lock_part(expr: Expr, wanted: bool = True) -> Expr:
    """`expr` as far as locks and the thread itself decide it; what it says of shared
    state is taken as `wanted`."""
    match expr:
        case Const() | Others():
            return expr
        case Shared(name) if is_phase(name):
            # Part of the state of a lock: it stays while somebody waits for readers of it.
            return expr
        case Not(arg):
            return negate(lock_part(arg, not wanted))
        case And(args):
            return conj(lock_part(arg, wanted) for arg in args)
        case Or(args):
            return disj(lock_part(arg, wanted) for arg in args)
        case Shared() | Local() | Mine() | Compare() | Arith() | Ite():
            # What only the thread itself decides stays: nobody else can change it.
            shared = any(isinstance(a, Shared) for a in atoms(expr))
            return Const(int(wanted)) if shared else expr


def at_best(expr: Expr, wanted: bool = True) -> Expr:
    """`lock_part`, where locks may be taken besides, but those that are held stay held."""
    match expr:
        case Others():
            return Const(1) if wanted else expr
        case Not(arg):
            return negate(at_best(arg, not wanted))
        case And(args):
            return conj(at_best(arg, wanted) for arg in args)
        case Or(args):
            return disj(at_best(arg, wanted) for arg in args)
        case Const() | Shared() | Local() | Mine() | Compare() | Arith() | Ite():
            return lock_part(expr, wanted)


def unlocked(expr: Expr) -> Expr:
    """`expr` if nobody else held any lock."""
    return rebuild(expr, lambda a: FALSE if isinstance(a, Others) else a)
