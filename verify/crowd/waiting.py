"""Who may wait for whom: the part of a guard that only locks decide, and the order of locks.

No thread waits for ever if nobody rests with a lock in hand, nobody waits for
anything but locks, and the locks can be put in an order in which each is only
waited for by threads that hold earlier ones: then whoever is waited for last
can go on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from verify.ir import (
    FALSE,
    TRUE,
    And,
    Const,
    Expr,
    Not,
    Or,
    Others,
    Shared,
    Thread,
    atoms,
    conj,
    disj,
    negate,
    rebuild,
)

# (held, waited for)
Edge: TypeAlias = tuple[str, str]


def lock_part(expr: Expr, wanted: bool = True) -> Expr:
    """`expr` as far as locks and the thread itself decide it; what it says of shared
    state is taken as `wanted`."""
    match expr:
        case Const() | Others():
            return expr
        case Not(arg):
            return negate(lock_part(arg, not wanted))
        case And(args):
            return conj(lock_part(arg, wanted) for arg in args)
        case Or(args):
            return disj(lock_part(arg, wanted) for arg in args)
        case _:
            # What only the thread itself decides stays: nobody else can change it.
            shared = any(isinstance(a, Shared) for a in atoms(expr))
            return Const(int(wanted)) if shared else expr


def unlocked(expr: Expr) -> Expr:
    """`expr` if nobody else held any lock."""
    return rebuild(expr, lambda a: FALSE if isinstance(a, Others) else a)


def waits(thread: Thread) -> Mapping[int, frozenset[str]]:
    """The locks that a thread may have to wait for, by pc."""
    found: dict[int, frozenset[str]] = {}
    for pc, guards in _guards(thread).items():
        open_ = disj(guards)
        asked = {a.lock for a in atoms(open_) if isinstance(a, Others)}
        if asked:
            found[pc] = frozenset(asked)
    return found


def stands_still(thread: Thread) -> Mapping[int, Expr]:
    """When a thread could not move even if nobody else held any lock, by pc.

    Where it rests it may stand still.  Pcs at which it cannot, by the form of
    the guards alone, are left out.
    """
    found = {}
    for pc, guards in _guards(thread).items():
        if pc in (thread.entry, thread.end):
            continue
        open_ = unlocked(disj(guards))
        if open_ != TRUE:
            found[pc] = negate(open_)
    return found


def _guards(thread: Thread) -> dict[int, list[Expr]]:
    """The guards at each pc; a pc without commands has none."""
    guards: dict[int, list[Expr]] = {}
    for command in thread.commands:
        guards.setdefault(command.source, []).append(command.guard)
        if not command.violates:
            guards.setdefault(command.target, [])
    return guards


def is_order(edges: Iterable[Edge]) -> bool:
    """Whether no lock comes, over any number of edges, before itself."""
    after: dict[str, set[str]] = {}
    for held, wanted in edges:
        after.setdefault(held, set()).add(wanted)
    while after:
        last = [lock for lock, ways in after.items() if not ways & set(after)]
        if not last:
            return False
        for lock in last:
            del after[lock]
    return True
