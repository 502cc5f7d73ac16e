"""Guarded commands as text, one to a line: what every engine reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from verify.ir import (
    And,
    Arith,
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
    Program,
    Shared,
    Thread,
    Variable,
)
from verify.locks import EXCLUSIVE, FREE, exact_name


def show(expr: Expr, variables: Mapping[str, Variable], loose: bool = False) -> str:
    """An expression in the language's own words; `loose` leaves outer parentheses out."""
    match expr:
        case Const(value):
            return "true" if loose and value == 1 else str(value)
        case Shared(name) | Local(name):
            return _shown(name, variables)
        case Mine(lock, mode):
            return f"{_test('held', mode)}({lock})"
        case Others(lock, mode):
            return f"others_{_test('hold', mode)}({lock})"
        case Not(Compare("==", left, right)):
            return _wrap(_compared("!=", left, right, variables), loose)
        case Not(Compare("<", left, right)):
            return _wrap(_compared(">=", left, right, variables), loose)
        case Not(arg):
            return f"!{show(arg, variables)}"
        case And(args):
            return _wrap(" && ".join(show(arg, variables) for arg in args), loose)
        case Or(args):
            return _wrap(" || ".join(show(arg, variables) for arg in args), loose)
        case Compare(op, left, right):
            return _wrap(_compared(op, left, right, variables), loose)
        case Arith(op, left, right):
            return _wrap(f"{show(left, variables)} {op} {show(right, variables)}", loose)
        case Ite(condition, then, otherwise):
            parts = [show(part, variables) for part in (condition, then, otherwise)]
            return _wrap(f"{parts[0]} ? {parts[1]} : {parts[2]}", loose)


def _test(word: str, mode: str) -> str:
    return word + {"shared": "_read", "exclusive": "_write", "any": ""}.get(mode, f"_{mode}")


def _hold(mode: int) -> str:
    if mode in (FREE, EXCLUSIVE):
        return "hold" if mode else "release"
    return f"hold {exact_name(mode)}"


def _compared(op: str, left: Expr, right: Expr, variables: Mapping[str, Variable]) -> str:
    ways = ((left, right),) if op in ("<", ">=") else ((left, right), (right, left))
    for one, other in ways:
        if isinstance(one, Shared | Local) and isinstance(other, Const):
            variable = variables.get(one.name)
            if variable is not None and other.value in variable.domain.values:
                return f"{variable.shown} {op} {variable.domain.word(other.value)}"
    return f"{show(left, variables)} {op} {show(right, variables)}"


def _shown(name: str, variables: Mapping[str, Variable]) -> str:
    return variables[name].shown if name in variables else name


def _wrap(text: str, loose: bool) -> str:
    return text if loose else f"({text})"


def variables_of(program: Program, thread: Thread) -> dict[str, Variable]:
    """Each variable that a thread's commands may name."""
    return {v.name: v for v in (*program.shared, *thread.locals)}


def effects(command: Command, variables: Mapping[str, Variable]) -> list[str]:
    """What a command does, piece by piece."""
    parts = []
    for target, new in command.updates:
        variable = variables.get(target.name)
        if isinstance(new, Const) and variable and new.value in variable.domain.values:
            word = variable.domain.word(new.value)
        else:
            word = show(new, variables, loose=True)
        parts.append(f"{_shown(target.name, variables)} = {word}")
    parts += [f"{_hold(mode)} {lock}" for lock, mode in command.locks]
    return parts


def dump(program: Program) -> Iterator[str]:
    """The lines of the whole program."""
    for variable in program.shared:
        words = ", ".join(variable.domain.labels)
        yield f"shared {variable.name} in {{{words}}} = {variable.domain.word(variable.initial)}"
    for lock in program.locks:
        yield f"lock {lock.name}: {lock.kind}"
    for thread in program.threads:
        yield ""
        yield f"{thread.kind} {thread.name}: {thread.entry} to {thread.end}"
        variables = variables_of(program, thread)
        for variable in thread.locals:
            words = ", ".join(variable.domain.labels)
            yield f"    local {variable.shown} in {{{words}}}"
        for command in thread.commands:
            yield from _command(command, variables)


def _command(command: Command, variables: Mapping[str, Variable]) -> Iterator[str]:
    where = command.places[0].span.where if command.places else ""
    head = "transient " if command.transient is not None else ""
    target = f"breaks {command.violates}" if command.violates else str(command.target)
    yield f"    {command.source} -> {target}  {head}{where}"
    yield f"        when {show(command.guard, variables, loose=True)}"
    parts = effects(command, variables)
    if parts:
        yield f"        do {'; '.join(parts)}"
    if command.forget:
        yield f"        forget {', '.join(_shown(n, variables) for n in command.forget)}"
    if command.outcome:
        yield f"        outcome {command.outcome}"
