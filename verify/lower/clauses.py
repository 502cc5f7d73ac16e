"""A claimed condition in its parts, for whoever has to be told which of them is false."""

from __future__ import annotations

from collections.abc import Iterator

from verify.ir import Asked, Domain, Named, Part, conj, negate
from verify.lower.values import Names, choices, faults, value
from verify.syntax import checked


def in_parts(condition: checked.Expr, names: Names, forbidden: bool = False) -> Asked:
    """What has to be true, each for itself; what must not be, if it is forbidden."""
    found = []
    for one in _apart(condition, "||" if forbidden else "&&"):
        fault, true = faults(one, names), value(one, names)
        holds = conj([negate(fault), negate(true) if forbidden else true])
        named = {each.text: each for each in _named(one, names)}
        found.append(Part(one.span, holds, forbidden, tuple(named.values())))
    return Asked(tuple(found))


def _apart(node: checked.Expr, op: str) -> Iterator[checked.Expr]:
    if isinstance(node, checked.Binary) and node.op == op:
        yield from _apart(node.left, op)
        yield from _apart(node.right, op)
    else:
        yield node


def _named(node: checked.Expr, names: Names) -> Iterator[Named]:
    """The variables and lock tests that a condition names, in the order of the text."""
    for part in checked.children(node):
        yield from _named(part, names)
    match node:
        case checked.Local() if node.type.kind == "lock pointer":
            return
        case checked.Local() | checked.ThreadLocal() | checked.Result() | checked.Did():
            yield _one(node, names)
        case checked.Field():
            yield _one(node, names)
        case checked.LockTest(_, lock):
            yield Named(
                node.span.text,
                value(node, names),
                negate(faults(node, names)),
                _domain(node, names),
                choices(lock, names),
            )
        case _:
            # What is made of others is told by them.
            return


def _one(node: checked.Expr, names: Names) -> Named:
    return Named(
        node.span.text, value(node, names), negate(faults(node, names)), _domain(node, names)
    )


def _domain(node: checked.Expr, names: Names) -> Domain:
    program = names.layout.program
    return Domain(str(node.type), program.lows[node.type], program.labels[node.type])
