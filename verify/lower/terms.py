"""What an expression is made of, and how large it may get."""

from __future__ import annotations

from verify.ir import Atom, Command, Expr, atoms, children

# The largest expression of the kernel's programs has 24 parts, 5 levels deep.  The
# second bound is what lets expressions be walked by recursion.
MAX_PARTS = 1000
MAX_LEVELS = 100


def read(command: Command) -> frozenset[Atom]:
    """The variables and lock tests that a command looks at."""
    return atoms(command.guard, *(new for _, new in command.updates))


def large(expr: Expr) -> bool:
    """Whether an expression has more parts, or more levels of them, than a sensible one."""
    level, levels, parts = children(expr), 1, 1
    while level:
        levels, parts = levels + 1, parts + len(level)
        if levels > MAX_LEVELS or parts > MAX_PARTS:
            return True
        level = tuple(inner for part in level for inner in children(part))
    return False
