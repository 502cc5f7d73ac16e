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
        match node:
            case checked.Field(base, name, index):
                inside = sum(self.reads(n) for n in (base, index) if n is not None)
                struct = "" if base is None else base.type.name
                return inside + ((struct, name) in self.mutable)
            case checked.Binary(_, left, right):
                return self.reads(left) + self.reads(right)
            case checked.Not(arg) | checked.Inner(arg) | checked.Container(arg):
                return self.reads(arg)
            case checked.LockAddress(base) if base is not None:
                return self.reads(base)
            case checked.LockTest(word, lock):
                return self.reads(lock) + (not word.startswith("held"))
            case _:
                return 0

    def looks(self, node: checked.Expr) -> bool:
        """Whether evaluating an expression is an access: it reads what others may change, or
        follows a pointer to what a claim watches."""
        return self.reads(node) > 0 or not self.structs.isdisjoint(followed(node))

    def may_skip(self, node: checked.Expr) -> bool:
        """Whether an expression has an access that `&&` or `||` may keep from being made."""
        match node:
            case checked.Binary("&&" | "||", left, right):
                return self.looks(right) or self.may_skip(left) or self.may_skip(right)
            case checked.Binary(_, left, right):
                return self.may_skip(left) or self.may_skip(right)
            case checked.Field(base, _, index):
                return any(self.may_skip(n) for n in (base, index) if n is not None)
            case checked.Not(arg) | checked.Inner(arg) | checked.Container(arg):
                return self.may_skip(arg)
            case checked.LockAddress(base) if base is not None:
                return self.may_skip(base)
            case _:
                return False


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
        or any(_touches(shared, node) for node in _statements(primitive))
        or any(a.guard is not None and shared.looks(a.guard) for a in primitive.alternatives)
    }
    calls = {
        name: {call.callee for node in _statements(primitive) for call in _calls(node)}
        for name, primitive in program.primitives.items()
    }
    while more := {name for name, callees in calls.items() if callees & found} - found:
        found |= more
    return Accesses(mutable, shared.structs, frozenset(found))


def followed(node: checked.Expr) -> Iterator[str]:
    """The structs of the objects that evaluating an expression follows a pointer to."""
    match node:
        case checked.Field(base, _, index):
            for part in (base, index):
                if part is not None:
                    yield from followed(part)
            if base is not None and not named(base):
                yield base.type.name
        case checked.Inner(base, _) | checked.LockAddress(base, _) if base is not None:
            yield from followed(base)
            if not named(base):
                yield base.type.name
        case checked.Container(arg, _) | checked.Not(arg) | checked.LockTest(_, arg):
            yield from followed(arg)
        case checked.Binary(_, left, right):
            yield from followed(left)
            yield from followed(right)
        case _:
            return


def named(pointer: checked.Expr) -> bool:
    """Whether a pointer is the address of an object that the text names."""
    while isinstance(pointer, checked.Inner):
        pointer = pointer.base
    return isinstance(pointer, checked.Const)


def _touches(shared: Accesses, node: checked.Statement) -> bool:
    match node:
        case checked.LockStatement():
            return True
        case checked.Assign(target, new, _):
            return isinstance(target, checked.Field) or shared.looks(new)
        case checked.If(condition, _, _, _):
            return shared.looks(condition)
        case checked.Do(call, _) | checked.Return(checked.Call() as call, _):
            return any(shared.looks(arg) for arg in call.args)
        case checked.Return(result, _) if result is not None:
            return shared.looks(result)
        case _:
            return False


def _calls(node: checked.Statement) -> Iterator[checked.Call]:
    match node:
        case checked.Do(call, _) | checked.Return(checked.Call() as call, _):
            yield call
        case _:
            return


def _statements(primitive: checked.Primitive) -> Iterator[checked.Statement]:
    todo = [*primitive.before, *(a.body for a in primitive.alternatives)]
    while todo:
        node = todo.pop()
        yield node
        match node:
            case checked.Block(body, _):
                todo += body
            case checked.If(_, then, otherwise, _):
                todo += [then] if otherwise is None else [then, otherwise]
            case _:
                pass


def _mutable(program: Checked) -> frozenset[tuple[str, str]]:
    """The fields, as (struct, field), that some statement assigns."""
    found: set[tuple[str, str]] = set()
    todo: list[checked.Statement] = [
        *(f.body for f in program.functions.values()),
        *(t.body for t in program.threads.values()),
    ]
    for primitive in program.primitives.values():
        todo += [*primitive.before, *(a.body for a in primitive.alternatives)]
    while todo:
        match todo.pop():
            case checked.Assign(checked.Field(base, name), _):
                found.add(("" if base is None else base.type.name, name))
            case checked.Block(body, _):
                todo += body
            case checked.If(_, then, otherwise, _):
                todo += [then] if otherwise is None else [then, otherwise]
            case checked.While(_, inside, _):
                todo.append(inside)
            case _:
                pass
    return frozenset(found)
