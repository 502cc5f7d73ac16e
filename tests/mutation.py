"""Faults put into shipped programs and their models, one at a time, on the checked tree.

Only in code that some scenario runs: elsewhere a fault changes nothing.  The order is
that of the texts, so the n-th mutant of a program is the same one every time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from verify.locks import BY_TYPE
from verify.source import Source, Span
from verify.syntax import checked
from verify.syntax.checked import Checked, Type
from verify.syntax.load import Loader
from verify.syntax.resolve import read

PROGRAMS = Path(__file__).resolve().parents[1] / "programs"
FOLDERS = ("", "history", "examples")
# What a lock operation may be taken for, where its lock can do that.
INSTEAD = {
    "acquire": ("acquire_shared",),
    "acquire_shared": ("acquire",),
    "release": ("release_shared", "downgrade"),
    "release_shared": ("release",),
    "downgrade": ("release",),
}


@dataclass(frozen=True)
class Mutant:
    """A program with one fault: what was done, where, and what came of it."""

    kind: str
    what: str
    where: Span
    program: Checked

    def __str__(self) -> str:
        return f"{self.what} at {self.where.where}"


@dataclass(frozen=True)
class _Change:
    """A node in place of another one."""

    kind: str
    what: str
    where: Span
    node: Any


def shipped() -> tuple[str, ...]:
    """The programs of the repository, by their paths below `programs/`."""
    return tuple(
        str(path.relative_to(PROGRAMS))
        for folder in FOLDERS
        for path in sorted((PROGRAMS / folder).glob("*.bfp"))
    )


@cache
def _loader() -> Loader:
    return Loader(folders=(PROGRAMS,))


@cache
def program(name: str) -> Checked:
    """A shipped program, read."""
    return read(PROGRAMS / name, _loader())


def mutants(program: Checked) -> Iterator[Mutant]:
    """Each fault that can be put into what the scenarios of a program run."""
    run = _run(program)
    yield from _of(program, "primitives", program.primitives, run)
    yield from _of(program, "functions", program.functions, run)
    yield from _of(program, "threads", program.threads, run)


def sample(seed: int, count: int) -> Iterator[tuple[str, Mutant]]:
    """Mutants of all shipped programs, each with its program's name.

    Evenly over programs, in each over files, in each file over kinds of fault; a
    longer sample begins like a shorter one.
    """
    sources = [(name, _spread(name, Random(f"{seed} {name}"))) for name in shipped()]
    Random(seed).shuffle(sources)
    while count > 0 and sources:
        left = []
        for name, source in sources:
            mutant = next(source, None)
            if mutant is None or count == 0:
                continue
            count -= 1
            yield name, mutant
            left.append((name, source))
        sources = left


def _spread(name: str, random: Random) -> Iterator[Mutant]:
    """The mutants of one program, file by file and kind by kind in turn."""
    groups: dict[str, dict[str, list[Mutant]]] = defaultdict(lambda: defaultdict(list))
    for mutant in mutants(program(name)):
        groups[mutant.where.source.path][mutant.kind].append(mutant)
    for kinds in groups.values():
        for some in kinds.values():
            random.shuffle(some)
    files = sorted(groups)
    random.shuffle(files)
    kinds = sorted({kind for kinds in groups.values() for kind in kinds})
    random.shuffle(kinds)
    taken = dict.fromkeys(kinds, 0)
    while files:
        for file in list(files):
            # The kind that was least often taken, of those that the file still has.
            kind = min((k for k in kinds if k in groups[file]), key=taken.__getitem__)
            taken[kind] += 1
            yield groups[file][kind].pop()
            if not groups[file][kind]:
                del groups[file][kind]
            if not groups[file]:
                files.remove(file)


# ------------------------------------------------------------------- what is changed


def _run(program: Checked) -> frozenset[str]:
    """The threads of all scenarios and what they call in turn."""
    found: set[str] = set()
    todo = [name for scenario in program.scenarios for name, _ in scenario.members]
    todo += [claim.alone for claim in program.claims if claim.alone is not None]
    while todo:
        name = todo.pop()
        if name in found:
            continue
        found.add(name)
        for kind in (program.threads, program.functions, program.primitives):
            if name in kind:
                todo += [n.callee for n in _inside(kind[name]) if isinstance(n, checked.Call)]
    return frozenset(found)


def _inside(node: object) -> Iterator[object]:
    if is_dataclass(node) and not isinstance(node, Span | Source | Type):
        yield node
        for part in fields(node):
            yield from _inside(getattr(node, part.name))
    elif isinstance(node, tuple):
        for part in node:
            yield from _inside(part)


def _of(
    program: Checked, part: str, bodies: Mapping[str, Any], run: frozenset[str]
) -> Iterator[Mutant]:
    for name, body in bodies.items():
        if name not in run:
            continue
        for change in _Changes(program, body).of(body):
            changed = replace(program, **{part: {**bodies, name: change.node}})
            yield Mutant(change.kind, change.what, change.where, changed)


class _Changes:
    """The faults of one function, thread or primitive."""

    def __init__(self, program: Checked, body: Any) -> None:
        self.program = program
        self.labels = [n.name for n in _inside(body) if isinstance(n, checked.Label)]
        self.gives = isinstance(body, checked.Primitive) and body.result != checked.VOID

    def of(self, node: Any) -> Iterator[_Change]:
        """What can be made of a node: itself changed, or something inside it."""
        yield from self._itself(node)
        for part in fields(node):
            inside = getattr(node, part.name)
            if isinstance(inside, tuple):
                yield from self._row(node, part.name, inside)
            elif _is_node(inside) and not _implied(node, part.name):
                for change in self.of(inside):
                    # An object that the text names is there: another one may be, none is not.
                    if part.name != "base" or change.node != _null(inside):
                        yield replace(change, node=replace(node, **{part.name: change.node}))

    def _row(self, node: Any, part: str, row: tuple[Any, ...]) -> Iterator[_Change]:
        """One statement, alternative or argument of several changed, dropped or swapped."""

        def put(new: tuple[Any, ...]) -> Any:
            return replace(node, **{part: new})

        for i, one in enumerate(row):
            if not _is_node(one):
                continue
            for change in self.of(one):
                yield replace(change, node=put((*row[:i], change.node, *row[i + 1 :])))
            if isinstance(one, checked.Alternative) and len(row) > 1:
                what = f"drops `{_short(one.span)}`"
                yield _Change("alternative", what, one.span, put((*row[:i], *row[i + 1 :])))
            if not isinstance(one, checked.Statement) or part in ("args", "must_hold"):
                continue
            if self._may_go(one):
                what = f"drops `{_short(one.span)}`"
                yield _Change("drop", what, one.span, put((*row[:i], *row[i + 1 :])))
            if i + 1 < len(row) and self._may_move(one):
                after = row[i + 1]
                what = f"swaps `{_short(one.span)}` and `{_short(after.span)}`"
                yield _Change("swap", what, one.span, put((*row[:i], after, one, *row[i + 2 :])))

    def _may_go(self, node: checked.Statement) -> bool:
        """Whether what is left without a statement still has its labels and its value."""
        if node == checked.Block((), node.span):
            return False
        inside = list(_inside(node))
        if any(isinstance(one, checked.Label) for one in inside):
            return False
        return not (self.gives and any(isinstance(one, checked.Return) for one in inside))

    def _may_move(self, node: checked.Statement) -> bool:
        # Behind a return nothing is done, and the primitive still returns.
        return not isinstance(node, checked.Label)

    def _itself(self, node: Any) -> Iterator[_Change]:
        match node:
            case checked.If(condition) | checked.While(condition):
                what = f"`{_short(condition.span)}` negated"
                new = replace(node, condition=_negated(condition))
                yield _Change("negate", what, condition.span, new)
            case checked.Alternative(guard, transient, _, _, span):
                if guard is not None:
                    new = replace(node, guard=_negated(guard))
                    yield _Change("negate", f"`{_short(guard.span)}` negated", guard.span, new)
                if transient:
                    what = f"makes `{_short(span)}` a plain one"
                    yield _Change("transient", what, span, replace(node, transient=False))
            case checked.Goto(label, span):
                for other in self.labels:
                    if other != label:
                        what = f"goes to {other}, not {label}"
                        yield _Change("goto", what, span, replace(node, label=other))
            case checked.LockStatement(word, lock, span):
                for other in INSTEAD[word]:
                    if BY_TYPE[lock.type.name].refuses(other):
                        continue
                    what = f"{other} for {word}"
                    yield _Change("lock", what, span, replace(node, word=other))
            case checked.Const(value, type_, span):
                for other in self._others(value, type_):
                    what = f"{other} for `{_short(span)}`"
                    yield _Change("constant", what, span, replace(node, value=other))
            case _:
                return

    def _others(self, value: int, type_: Type) -> Iterator[int]:
        """Another value of the same type, if there is one: the next, and NULL for a pointer."""
        match type_.kind:
            case "bool":
                yield 1 - value
            case "int":
                yield value + 1
            case "pointer" if type_.name != "void":
                number = len(self.program.objects.get(type_.name, ()))
                if number > 1:
                    yield value % number + 1
                if value:
                    yield 0
            case "enum":
                number = len(self.program.labels[type_])
                if number > 1:
                    yield (value + 1) % number


def _is_node(value: object) -> bool:
    return is_dataclass(value) and not isinstance(value, Span | Source | Type)


def _implied(node: object, part: str) -> bool:
    """Whether a part is the 0 that a number or pointer as a condition is compared with."""
    implied = isinstance(node, checked.Binary) and node.span == node.left.span
    return implied and part == "right"


def _null(node: object) -> object:
    """The node with NULL for an object's address, if it is one."""
    return replace(node, value=0) if isinstance(node, checked.Const) else None


def _negated(node: checked.Expr) -> checked.Expr:
    return checked.Not(node, checked.BOOL, node.span)


def _short(span: Span) -> str:
    text = span.text
    return text if len(text) <= 40 else f"{text[:37]}..."
