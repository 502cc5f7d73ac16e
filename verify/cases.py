"""An expression by cases: split on the values of one variable after the other.

In each case a variable is a constant, and what is computed from it is simpler; in the
end what is asked for is a constant itself, or a condition that can be written down.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import TypeAlias

from verify.ir import (
    FALSE,
    Atom,
    Const,
    Expr,
    Local,
    Shared,
    atoms,
    conj,
    equal,
    negate,
    rebuild,
)

# The values that an atom may have, in the order of the cases; none if it is left as it is.
Values: TypeAlias = Callable[[Atom], Collection[int]]


def is_value(atom: Atom, value: int) -> Expr:
    """The condition that an atom has a value; that of a lock test is 0 or 1."""
    if isinstance(atom, Shared | Local):
        return equal(atom, Const(value))
    return atom if value else negate(atom)


def chosen(exprs: Sequence[Expr], values: Values) -> Atom | None:
    """What to split on: of the first expression that has any, the atom that is first by name."""
    for expr in exprs:
        open_ = [atom for atom in atoms(expr) if values(atom)]
        if open_:
            return min(open_, key=repr)
    return None


def split(
    atom: Atom, values: Iterable[int], exprs: Sequence[Expr]
) -> Iterator[tuple[Expr, tuple[Expr, ...]]]:
    """For each value of an atom, the condition that it has it and the expressions if it does."""
    for value in values:

        def leaf(other: Atom, value: int = value) -> Expr:
            return Const(value) if other == atom else other

        yield is_value(atom, value), tuple(rebuild(expr, leaf) for expr in exprs)


def by_cases(
    guard: Expr, exprs: Sequence[Expr], values: Values
) -> Iterator[tuple[Expr, tuple[Expr, ...]]]:
    """The cases of `guard` in which no expression has anything left to split on.

    Each is a condition and the expressions as they are under it. The conditions exclude each
    other, and one of them is true where `guard` is; those that are plainly false are left out.
    """
    atom = chosen(exprs, values)
    if atom is None:
        yield guard, tuple(exprs)
        return
    for condition, (when, *news) in split(atom, values(atom), (guard, *exprs)):
        case = conj([condition, when])
        if case != FALSE:
            yield from by_cases(case, news, values)
