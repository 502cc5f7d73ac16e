"""What one part of a conjunction says of a variable, put into the others."""

from __future__ import annotations

from dataclasses import dataclass

from verify.ir import (
    FALSE,
    TRUE,
    And,
    Arith,
    Atom,
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
    conj,
    map_children,
    rebuild,
)


@dataclass
class Literals:
    """What the parts of a conjunction say of single variables."""

    values: dict[Shared | Local, int]
    excluded: dict[Shared | Local, set[int]]

    def leaf(self, atom: Atom) -> Expr:
        if isinstance(atom, Shared | Local) and atom in self.values:
            return Const(self.values[atom])
        return atom


def literals(parts: tuple[Expr, ...]) -> Literals:
    """What the parts of a conjunction say of single variables."""
    found = Literals({}, {})
    for part in parts:
        match part:
            case Compare("==", (Shared() | Local()) as atom, Const(value)):
                found.values[atom] = value
            case Not(Compare("==", (Shared() | Local()) as atom, Const(value))):
                found.excluded.setdefault(atom, set()).add(value)
            case Shared() | Local():
                found.values[part] = 1
            case Not((Shared() | Local()) as atom):
                found.values[atom] = 0
            case _:
                # No other part is about one variable.
                pass
    return found


def sharpen(expr: Expr) -> Expr:
    """A conjunction with what one part says of a variable used in the others."""
    while isinstance(expr, And):
        said = literals(expr.args)
        parts: list[Expr] = []
        for part in expr.args:
            match part:
                case Compare("==", (Shared() | Local()) as atom, Const(value)):
                    clash = said.values[atom] != value
                    parts.append(FALSE if clash or _out(said, atom, value) else part)
                case Not(Compare("==", (Shared() | Local()) as atom, Const(value))):
                    # Said already by a part that knows the value.
                    known = said.values.get(atom)
                    parts.append(part if known is None else TRUE if known != value else FALSE)
                case Shared() | Local() | Not(Shared() | Local()):
                    parts.append(part)
                case _:
                    # All others are about several variables, or about locks.
                    parts.append(_without(rebuild(part, said.leaf), said))
        after = conj(parts)
        if after == expr:
            return expr
        expr = after
    return expr


def _out(literals: Literals, atom: Shared | Local, value: int) -> bool:
    return value in literals.excluded.get(atom, ())


def _without(expr: Expr, literals: Literals) -> Expr:
    """`expr` with each comparison that the literals exclude taken as false."""
    match expr:
        case Compare("==", (Shared() | Local()) as atom, Const(value)):
            return FALSE if _out(literals, atom, value) else expr
        case Not() | And() | Or() | Ite():
            return map_children(expr, lambda part: _without(part, literals))
        case Const() | Shared() | Local() | Mine() | Others() | Compare() | Arith():
            # What is compared is a number, and no comparison can be excluded in it.
            return expr
