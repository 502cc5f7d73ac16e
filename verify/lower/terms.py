"""What an expression is made of, and how large it may get."""

from __future__ import annotations

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
    Shared,
)

# A tuple, since asking for a union takes three times as long.
_ATOMS = (Shared, Local, Mine, Others)

# The largest expression of the kernel's programs has 24 parts, 5 levels deep.  The
# second bound is what lets expressions be walked by recursion.
MAX_PARTS = 1000
MAX_LEVELS = 100


def _inside(expr: Expr) -> tuple[Expr, ...]:
    match expr:
        case And(args) | Or(args):
            return args
        case Compare(_, left, right) | Arith(_, left, right):
            return left, right
        case Not(arg):
            return (arg,)
        case Ite(condition, then, otherwise):
            return condition, then, otherwise
        case _:
            return ()


def read(command: Command) -> set[Atom]:
    """The variables and lock tests that a command looks at."""
    found: set[Atom] = set()
    todo: list[Expr] = [command.guard, *(new for _, new in command.updates)]
    while todo:
        expr = todo.pop()
        if isinstance(expr, _ATOMS):
            found.add(expr)
        elif not isinstance(expr, Const):
            todo += _inside(expr)
    return found


def large(expr: Expr) -> bool:
    """Whether an expression has more parts, or more levels of them, than a sensible one."""
    level, levels, parts = _inside(expr), 1, 1
    while level:
        levels, parts = levels + 1, parts + len(level)
        if levels > MAX_LEVELS or parts > MAX_PARTS:
            return True
        level = tuple(inner for part in level for inner in _inside(part))
    return False
