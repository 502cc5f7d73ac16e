"""What counts as an access to shared state, and so is a step: by the text alone.

Which steps there are must not depend on what later passes find out, so it is
read off the text: a field that no statement assigns is a constant, and a
primitive that only works on its arguments is the calling thread's own affair.
Where a claim looks at what others may change, looking is an access as well:
it matters when it is done.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from verify.syntax import checked
from verify.syntax.checked import Checked


@dataclass(frozen=True)
class Accesses:
    """`mutable` are the fields, as (struct, field), that some statement assigns, with
    "" for the struct of a variable at file scope; `structs` those that a claim watches the
    uses of, by what others may change; `primitives` those whose call is an access."""

    mutable: frozenset[tuple[str, str]]
    structs: frozenset[str] = frozenset()
    primitives: frozenset[str] = frozenset()

    def reads(self, node: checked.Expr) -> int:
        """How often evaluating an expression looks at what others may change."""
        return sum(map(self._reads, checked.walk(node)))

    def _reads(self, node: checked.Expr) -> bool:
        match node:
            case checked.Field(base, name, _):
                return ("" if base is None else base.type.name, name) in self.mutable
            case checked.LockTest(word, _):
                return not word.startswith("held")
            case _:
                # Nothing else is shared; the parts of others are met by themselves.
                return False

    def looks(self, node: checked.Expr) -> bool:
        """Whether evaluating an expression is an access: it reads what others may change, or
        follows a pointer to what a claim watches."""
        return self.reads(node) > 0 or not self.structs.isdisjoint(followed(node))

    def may_skip(self, node: checked.Expr) -> bool:
        """Whether an expression has an access that `&&` or `||` may keep from being made."""
        return any(
            isinstance(part, checked.Binary) and part.op in ("&&", "||") and self.looks(part.right)
            for part in checked.walk(node)
        )


def accesses(program: Checked) -> Accesses:
    """The accesses of a program, whoever makes them."""
    mutable = _mutable(program)
    plain = Accesses(mutable)
    hooks = [
        (clause.kind, clause.hook)
        for claim in program.claims
        for clause in claim.clauses
        # What only a lonely run answers for is looked at in that run.
        if claim.alone is None and plain.reads(clause.condition)
    ]
    shared = Accesses(mutable, frozenset(hook for kind, hook in hooks if kind == "use"))
    found = {hook for kind, hook in hooks if kind == "before"}
    for table in program.tables:
        if ("table", "") in hooks or any(plain.reads(axis.value) for axis in table.axes):
            found.add(table.sampled_at)
    found |= {
        name
        for name, primitive in program.primitives.items()
        if any(a.transient for a in primitive.alternatives)
        or any(_touches(shared, node) for node in _nodes(primitive))
        or any(a.guard is not None and shared.looks(a.guard) for a in primitive.alternatives)
    }
    calls = {
        name: {node.callee for node in _nodes(primitive) if isinstance(node, checked.Call)}
        for name, primitive in program.primitives.items()
    }
    while more := {name for name, callees in calls.items() if callees & found} - found:
        found |= more
    return Accesses(mutable, shared.structs, frozenset(found))


def followed(node: checked.Expr) -> Iterator[str]:
    """The structs of the objects that evaluating an expression follows a pointer to."""
    for part in checked.walk(node):
        match part:
            case checked.Field(base) | checked.Inner(base) | checked.LockAddress(base):
                if base is not None and not named(base):
                    yield base.type.name
            case _:
                # Nothing else follows a pointer; its parts are met by themselves.
                continue


def named(pointer: checked.Expr) -> bool:
    """Whether a pointer is the address of an object that the text names."""
    while isinstance(pointer, checked.Inner):
        pointer = pointer.base
    return isinstance(pointer, checked.Const)


def _touches(shared: Accesses, node: checked.Node) -> bool:
    """Whether a piece of a primitive makes its call an access; its parts are met by themselves."""
    match node:
        case checked.LockStatement():
            return True
        case checked.Assign(target, _, _):
            return isinstance(target, checked.Field)
        case checked.Field() | checked.Inner() | checked.LockAddress() | checked.LockTest():
            return shared.looks(node)
        case _:
            # What neither assigns, follows nor asks for a lock touches nothing by itself.
            return False


def _nodes(primitive: checked.Primitive) -> Iterator[checked.Node]:
    return (node for body in primitive.bodies for node in checked.walk(body))


def _mutable(program: Checked) -> frozenset[tuple[str, str]]:
    """The fields, as (struct, field), that some statement assigns."""
    bodies: list[checked.Statement] = [
        *(f.body for f in program.functions.values()),
        *(t.body for t in program.threads.values()),
        *(body for primitive in program.primitives.values() for body in primitive.bodies),
    ]
    return frozenset(
        ("" if node.target.base is None else node.target.base.type.name, node.target.field)
        for body in bodies
        for node in checked.walk(body)
        if isinstance(node, checked.Assign) and isinstance(node.target, checked.Field)
    )
