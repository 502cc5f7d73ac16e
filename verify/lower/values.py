"""Checked expressions to expressions over shared state, locals and locks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from verify.diagnostics import Diagnostic, InputError
from verify.ir import (
    FALSE,
    TRUE,
    Const,
    Expr,
    Local,
    Mine,
    Others,
    Shared,
    arith,
    compare,
    conj,
    disj,
    equal,
    ite,
    negate,
)
from verify.locks import KINDS, TESTS, LockKind, TestWord
from verify.lower.terms import MAX_PARTS, large
from verify.source import Span
from verify.syntax import checked
from verify.syntax.checked import Checked
from verify.syntax.nodes import BinaryOp

# A lock's address: which lock it is, under which condition.
Choices: TypeAlias = tuple[tuple[Expr, str], ...]


@dataclass(frozen=True)
class Layout:
    """Where the objects of a program are: names of slots and locks by pointer value."""

    program: Checked
    slots: frozenset[str]
    locks: Mapping[str, LockKind]

    def names(self, struct: str) -> tuple[str, ...]:
        return self.program.objects.get(struct, ())


def layout(program: Checked) -> Layout:
    return Layout(
        program,
        frozenset(slot.name for slot in program.slots),
        {lock.name: KINDS[lock.kind] for lock in program.locks},
    )


@dataclass(frozen=True)
class Names:
    """What the names of a function stand for where an expression is built."""

    layout: Layout
    values: Mapping[str, Expr] = field(default_factory=dict)
    locks: Mapping[str, Choices] = field(default_factory=dict)
    result: Expr | None = None
    did: Mapping[str, Expr] = field(default_factory=dict)


def value(node: checked.Expr, names: Names) -> Expr:
    """The value of an expression without calls; wrong where `faults` says so.

    Raises:
        InputError: BFP004, the value depends on too much, as it does after a
            long row of `->`, each of which may lead to many objects.
    """
    match node:
        case checked.Const(number):
            return Const(number)
        case checked.Local(name):
            return names.values[name]
        case checked.ThreadLocal(name):
            return Local(name)
        case checked.Field():
            chosen: Expr | None = None
            for condition, slot in reversed(field_slots(node, names)):
                chosen = Shared(slot) if chosen is None else ite(condition, Shared(slot), chosen)
            return FALSE if chosen is None else bounded(chosen, node.span)
        case checked.Inner(base, part, _):
            inner = names.layout.names(node.type.name)
            mapped = _mapped(
                value(base, names),
                [
                    (i + 1, inner.index(f"{outer}.{part}") + 1)
                    for i, outer in enumerate(names.layout.names(base.type.name))
                ],
            )
            return bounded(mapped, node.span)
        case checked.Container(pointer, part, type_):
            outer = names.layout.names(type_.name)
            mapped = _mapped(
                value(pointer, names),
                [
                    (names.layout.names(pointer.type.name).index(f"{name}.{part}") + 1, i + 1)
                    for i, name in enumerate(outer)
                ],
            )
            return bounded(mapped, node.span)
        case checked.Not(arg):
            return negate(value(arg, names))
        case checked.Binary(op, left, right):
            return _binary(op, value(left, names), value(right, names))
        case checked.LockTest(word, lock):
            return disj(
                conj([condition, test(word, name)]) for condition, name in choices(lock, names)
            )
        case checked.Result():
            assert names.result is not None
            return names.result
        case checked.Did(callee):
            return names.did[callee]
        case checked.Call() | checked.LockAddress():
            raise AssertionError(f"{type(node).__name__} is no value")


def bounded(expr: Expr, span: Span) -> Expr:
    """`expr`, if it is not too large."""
    if large(expr):
        headline = f"this comes to more than {MAX_PARTS} comparisons and variables"
        note = "do it in several steps; a pointer may lead to any object of its type"
        raise InputError([Diagnostic("BFP004", headline, span, "", (note,))])
    return expr


def _mapped(pointer: Expr, pairs: Iterable[tuple[int, int]]) -> Expr:
    """`pointer` carried from one object to another; NULL stays NULL."""
    chosen: Expr = FALSE
    for before, after in pairs:
        chosen = ite(equal(pointer, Const(before)), Const(after), chosen)
    return chosen


def _binary(op: BinaryOp, left: Expr, right: Expr) -> Expr:
    match op:
        case "&&":
            return conj([left, right])
        case "||":
            return disj([left, right])
        case "==":
            return equal(left, right)
        case "!=":
            return negate(equal(left, right))
        case "<":
            return compare("<", left, right)
        case ">":
            return compare("<", right, left)
        case "<=":
            return negate(compare("<", right, left))
        case ">=":
            return negate(compare("<", left, right))
        case "+" | "-" | "*":
            return arith(op, left, right)


def test(word: TestWord, lock: str) -> Expr:
    """A lock test of the language on one lock."""
    mode = TESTS[word]
    if word.startswith("held"):
        return Mine(lock, mode)
    return disj([Mine(lock, mode), Others(lock, mode)])


def field_slots(node: checked.Field, names: Names) -> Choices:
    """The slots that a field access may mean, each with its condition."""
    places: Sequence[tuple[Expr, str]]
    if node.base is None:
        places = [(TRUE, node.field)]
    else:
        pointer = value(node.base, names)
        places = [
            (equal(pointer, Const(i + 1)), f"{name}.{node.field}")
            for i, name in enumerate(names.layout.names(node.base.type.name))
        ]
    if node.index is not None:
        index = value(node.index, names)
        places = [
            (conj([condition, equal(index, Const(i))]), f"{place}[{i}]")
            for condition, place in places
            for i in range(_length(place, names.layout))
        ]
    return tuple((condition, place) for condition, place in places if condition != FALSE)


def _length(place: str, layout: Layout) -> int:
    length = 0
    while f"{place}[{length}]" in layout.slots:
        length += 1
    return length


def choices(node: checked.Expr, names: Names) -> Choices:
    """The locks that an address may mean, each with its condition."""
    match node:
        case checked.Local(name):
            return names.locks[name]
        case checked.LockAddress(None, part):
            return ((TRUE, part),)
        case checked.LockAddress(base, part) if base is not None:
            pointer = value(base, names)
            found = (
                (equal(pointer, Const(i + 1)), f"{name}.{part}")
                for i, name in enumerate(names.layout.names(base.type.name))
            )
            return tuple((condition, lock) for condition, lock in found if condition != FALSE)
        case _:
            # No other expression has the type of a pointer to a lock.
            raise AssertionError(f"{type(node).__name__} is no lock")


def faults(node: checked.Expr, names: Names) -> Expr:
    """When evaluating `node` follows NULL or leaves an array; C's order of evaluation."""
    match node:
        case checked.Field(base, _, index):
            found = []
            if base is not None:
                found += [faults(base, names), equal(value(base, names), Const(0))]
            if index is not None:
                covered = disj(condition for condition, _ in field_slots(node, names))
                found += [faults(index, names), negate(covered)]
            return disj(found)
        case checked.Inner() | checked.LockAddress():
            if node.base is None:
                return FALSE
            return disj([faults(node.base, names), equal(value(node.base, names), Const(0))])
        case checked.Container(pointer, _):
            return faults(pointer, names)
        case checked.Not(arg):
            return faults(arg, names)
        case checked.LockTest(_, lock):
            return faults(lock, names)
        case checked.Binary("&&", left, right):
            return disj([faults(left, names), conj([value(left, names), faults(right, names)])])
        case checked.Binary("||", left, right):
            skipped = negate(value(left, names))
            return disj([faults(left, names), conj([skipped, faults(right, names)])])
        case checked.Binary(_, left, right):
            return disj([faults(left, names), faults(right, names)])
        case checked.Const() | checked.Local() | checked.ThreadLocal():
            return FALSE
        case checked.Result() | checked.Did() | checked.Call():
            # What is called is a step of its own, with faults of its own.
            return FALSE


def wrong(condition: checked.Expr, names: Names) -> Expr:
    """When a condition that is claimed does not hold, or makes no sense."""
    return disj([faults(condition, names), negate(value(condition, names))])
