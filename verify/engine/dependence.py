"""Which statements the claims rest on: each is left out or weakened in turn.

A statement without which some claim breaks is needed; one that no claim misses
is worth a look: either the claims are too weak to see it, or it does nothing
that matters in the surroundings that were modelled.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from verify.diagnostics import InputError
from verify.engine.search import Progress, silent
from verify.explore import explore
from verify.ir import Program, Scenario, instance
from verify.lower.program import lower
from verify.source import Span
from verify.syntax import checked
from verify.syntax.checked import BOOL, Checked
from verify.verdicts import Need

STATES = 60_000


@dataclass(frozen=True)
class Variant:
    """The program with one statement changed, and how."""

    span: Span
    change: str
    program: Checked


def needs(program: Checked, scenario: str, progress: Progress = silent) -> tuple[Need, ...]:
    """For each statement of the functions in question, which claims it keeps from breaking."""
    base = lower(program)
    before = _broken(base, _named(base, scenario))
    found = []
    for variant in variants(program, base.subjects):
        progress(f"line {variant.span.line}: {variant.change}")
        try:
            changed = lower(variant.program)
            broken = _broken(changed, _named(changed, scenario)) - before
            found.append(Need(variant.span, variant.change, tuple(sorted(broken)), ""))
        except InputError as error:
            why = error.diagnostics[0].headline
            found.append(Need(variant.span, variant.change, (), why))
    return tuple(found)


def _named(program: Program, scenario: str) -> Scenario:
    return next(s for s in program.scenarios if s.name == scenario)


def _broken(program: Program, scenario: Scenario) -> frozenset[str]:
    """The claims that break with one thread of each kind, or with two of the crowd."""
    found: set[str] = set()
    solos = [thread for thread in program.threads if thread.kind == "solo"]
    for number in (1, 2):
        threads = instance(program, scenario, number)
        seen = explore(program, threads, STATES, solos, again=scenario.again)
        found |= set(seen.broken) | set(seen.alone)
        if seen.stuck is not None:
            found.add("stuck")
    return frozenset(found)


def variants(program: Checked, subjects: tuple[str, ...]) -> Iterator[Variant]:
    """The program with each statement of some functions left out, each test made trivial."""
    for name in subjects:
        function = program.functions[name]
        for target in _statements(function.body):
            for change, new in _changes(target):
                body = _replaced(function.body, target, new)
                assert isinstance(body, checked.Block)
                functions = {**program.functions, name: replace(function, body=body)}
                where = (
                    target.condition.span
                    if isinstance(target, checked.If | checked.While)
                    else target.span
                )
                yield Variant(where, change, replace(program, functions=functions))


def _changes(node: checked.Statement) -> Iterator[tuple[str, checked.Statement]]:
    empty = checked.Block((), node.span)
    match node:
        case checked.If(condition, _, _, _):
            for word, value in (("always true", 1), ("always false", 0)):
                # What the test calls is still called: only its answer is ignored.
                constant = checked.Const(value, BOOL, condition.span)
                op = "||" if value else "&&"
                test = checked.Binary(op, condition, constant, BOOL, condition.span)
                yield word, replace(node, condition=test)
        case checked.While(condition, _, _):
            yield "never entered", empty
        case checked.Return():
            return
        case _:
            yield "left out", empty


def _statements(node: checked.Statement) -> Iterator[checked.Statement]:
    match node:
        case checked.Block(body, _):
            for part in body:
                yield from _statements(part)
        case checked.If(_, then, otherwise, _):
            yield node
            yield from _statements(then)
            if otherwise is not None:
                yield from _statements(otherwise)
        case checked.While(_, inside, _):
            yield node
            yield from _statements(inside)
        case checked.Label():
            return
        case _:
            yield node


def _replaced(
    node: checked.Statement, target: checked.Statement, new: checked.Statement
) -> checked.Statement:
    if node is target:
        return new
    match node:
        case checked.Block(body, span):
            return checked.Block(tuple(_replaced(part, target, new) for part in body), span)
        case checked.If(condition, then, otherwise, span):
            return checked.If(
                condition,
                _replaced(then, target, new),
                None if otherwise is None else _replaced(otherwise, target, new),
                span,
            )
        case checked.While(condition, inside, span):
            return checked.While(condition, _replaced(inside, target, new), span)
        case _:
            return node
