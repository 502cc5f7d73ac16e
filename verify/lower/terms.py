"""What an expression is made of, and how large it may get."""

from __future__ import annotations

from verify.ir import ATOMS, Atom, Command, Expr, children, walk

# The largest expression of the kernel's programs has 24 parts, 5 levels deep.  The
# second bound is what lets expressions be walked by recursion.
MAX_PARTS = 1000
MAX_LEVELS = 100


def read(command: Command) -> set[Atom]:
    """The variables and lock tests that a command looks at."""
    looked_at = (command.guard, *(new for _, new in command.updates))
    return {part for expr in looked_at for part in walk(expr) if isinstance(part, ATOMS)}


def large(expr: Expr) -> bool:
    """Whether an expression has more parts, or more levels of them, than a sensible one."""
    level, levels, parts = children(expr), 1, 1
    while level:
        levels, parts = levels + 1, parts + len(level)
        if levels > MAX_LEVELS or parts > MAX_PARTS:
            return True
        level = tuple(inner for part in level for inner in children(part))
    return False
