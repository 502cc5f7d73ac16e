"""Which statements the claims rest on: each is left out or weakened in turn.

A statement without which some claim breaks is needed; one that no claim misses
is worth a look: either the claims are too weak to see it, or it does nothing
that matters in the surroundings that were modelled.  Where no run comes to a
statement, or where no claim is left to break, nothing was tested and nothing
is said of it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeAlias

from verify.diagnostics import InputError
from verify.explore import Explored, explore, lonely
from verify.interpret import Machine
from verify.ir import Command, Lock, Program, Thread, Variable, instance
from verify.lower.program import lower
from verify.parallel import ALONE, Workers
from verify.reasons.mutations import (
    AlreadyBroken,
    Extent,
    Mutation,
    NotReached,
    OneCaller,
    SomeStates,
    TooLarge,
    Undecided,
)
from verify.source import Span
from verify.syntax import checked
from verify.syntax.checked import BOOL, Checked
from verify.syntax.nodes import BinaryOp
from verify.verdicts import Need

# How many states are looked at: of the program as it is, of it with a statement changed,
# and of that if a claim has broken already, so that what is said is that it is needed.
WHOLE = 60_000
STATES = 12_000
ENOUGH = 6_000
# Two callers are looked at as well where one has no more states than these.
SMALL = 5_000
# The diagnostic of a program that is too large.
TOO_LARGE = "BFP004"


@dataclass(frozen=True)
class Variant:
    """The program with one statement changed, and how."""

    span: Span
    change: Mutation
    program: Checked


# A piece of a text: its path, where it starts and where it ends.
Piece: TypeAlias = tuple[str, int, int]


@dataclass(frozen=True)
class Looked:
    """What a search has seen broken, and what it has left open: nothing, or how far it went.

    `copies` is the most threads for each [*] that it looked at.
    """

    broken: frozenset[str]
    open: Extent | None = None
    copies: int | None = None


@dataclass(frozen=True)
class Unchanged:
    """What a search has seen of the program as it is, and the pieces of text that it came to."""

    looked: Looked
    pieces: frozenset[Piece]

    def reaches(self, span: Span) -> bool:
        """Whether some run came to a part of a statement."""
        return any(
            path == span.source.path and span.start <= start and end <= span.end
            for path, start, end in self.pieces
        )


@dataclass
class Compiled:
    """Threads that were made into Python before: most are the same in each variant."""

    machines: dict[tuple[tuple[Variable, ...], tuple[Lock, ...]], Machine] = field(
        default_factory=dict
    )
    threads: dict[Thread, Thread] = field(default_factory=dict)

    def same(self, program: Program) -> tuple[Program, Machine]:
        """The program with the threads that were there before, and a machine that knows them."""
        threads = tuple(self.threads.setdefault(one, one) for one in program.threads)
        key = program.shared, program.locks
        if key not in self.machines:
            self.machines[key] = Machine(program, ())
        return replace(program, threads=threads), self.machines[key]


# One for each process.
COMPILED = Compiled()


def needs(
    program: Checked,
    scenarios: Sequence[str],
    claims: Collection[str] = (),
    workers: Workers = ALONE,
) -> Generator[tuple[Need, ...], None, None]:
    """For each statement of the functions in question, which claims it keeps from breaking
    in each of some scenarios; one by one, as soon as it is known.

    Without `claims` all of them are asked.
    """
    base = lower(program)
    asked = frozenset(claims or (c.name for c in base.claims if c.name != "vacuity"))
    before = dict(
        zip(scenarios, workers.each(partial(_as_it_is, base, asked), scenarios), strict=True)
    )
    changes = list(variants(program, base.subjects))
    yield from workers.each(partial(_needed, before, asked), changes)


def _as_it_is(program: Program, asked: frozenset[str], scenario: str) -> Unchanged:
    """What breaks with nothing left out, and which statements that tells of."""
    pieces: set[Piece] = set()

    def note(seen: Explored, solos: Sequence[Thread]) -> None:
        code = {thread.name: thread for thread in (*seen.machine.threads, *solos)}
        for name, number in (*seen.fired, *lonely(seen, solos)):
            pieces.update(_pieces(code[name].commands[number]))

    looked = look(program, scenario, asked, frozenset(), WHOLE, WHOLE, note)
    return Unchanged(looked, frozenset(pieces))


def _pieces(command: Command) -> Iterator[Piece]:
    for place in command.places:
        yield place.span.source.path, place.span.start, place.span.end


def _needed(
    before: dict[str, Unchanged], asked: frozenset[str], variant: Variant
) -> tuple[Need, ...]:
    """What becomes of a variant in each scenario."""
    try:
        changed = lower(variant.program)
    except InputError as error:
        why = error.diagnostics[0]
        if why.code == TOO_LARGE:
            return tuple(Need(variant.span, variant.change, (), None, TooLarge()) for _ in before)
        return tuple(Need(variant.span, variant.change, (), why) for _ in before)
    found = []
    for scenario, unchanged in before.items():
        broken = unchanged.looked.broken
        seen = look(changed, scenario, asked, broken, STATES, ENOUGH)
        found.append(
            Need(
                variant.span,
                variant.change,
                tuple(sorted(seen.broken)),
                None,
                seen.open if seen.broken else _open(asked, unchanged, seen, variant.span),
                tuple(sorted(broken)),
                seen.copies,
            )
        )
    return tuple(found)


def _open(asked: frozenset[str], unchanged: Unchanged, seen: Looked, span: Span) -> Extent | None:
    """Why it is not known that no claim needs a statement, where none was seen to break.

    Up to where a run first comes to the statement it is one of the program as it is, so that
    is what tells whether any does.
    """
    base = unchanged.looked
    if asked <= base.broken:
        return AlreadyBroken(tuple(sorted(asked)))
    if unchanged.reaches(span):
        return seen.open
    return NotReached(base.copies) if base.open is None else base.open


def look(
    program: Program,
    scenario: str,
    asked: frozenset[str],
    before: frozenset[str],
    limit: int,
    enough: int,
    note: Callable[[Explored, Sequence[Thread]], None] | None = None,
) -> Looked:
    """Which of some claims break that do not break `before`, with one caller and with two.

    Once one has, no more than `enough` states are looked at.  `note` is given all that was
    seen with so many callers, and the threads that run alone.
    """
    program, known = COMPILED.same(program)
    where = next(s for s in program.scenarios if s.name == scenario)
    solos = [t for t in program.threads if t.kind == "solo" and t.claim in asked]
    broken: set[str] = set()
    states = 0
    unsure = False
    copies = None

    def stop(seen: Explored) -> bool:
        found = {*seen.broken, *seen.alone, *(["stuck"] if seen.stuck is not None else [])}
        broken.update((found & asked) - before)
        return asked <= broken | before or (bool(broken) and len(seen.parents) > enough)

    several = any(count is None for _, count in where.members)
    for callers in (1, 2) if several else (1,):
        if callers == 2 and states > SMALL:
            return Looked(frozenset(broken), OneCaller(), copies)
        copies = callers if several else None
        threads = instance(program, where, callers)
        seen = explore(program, threads, limit, solos, stop, again=where.again, known=known)
        stop(seen)
        if note is not None:
            note(seen, solos)
        states = len(seen.parents)
        unsure = unsure or seen.unsure is not None
        if not seen.complete and not asked <= broken | before:
            return Looked(frozenset(broken), SomeStates(callers, states), copies)
    open_ = Undecided() if unsure and "stuck" in asked - broken - before else None
    return Looked(frozenset(broken), open_, copies)


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


def _changes(node: checked.Statement) -> Iterator[tuple[Mutation, checked.Statement]]:
    empty = checked.Block((), node.span)
    match node:
        case checked.If(condition, _, _, _):
            for change, value in ((Mutation.ALWAYS_TRUE, 1), (Mutation.ALWAYS_FALSE, 0)):
                # What the test calls is still called: only its answer is ignored.
                constant = checked.Const(value, BOOL, condition.span)
                op: BinaryOp = "||" if value else "&&"
                test = checked.Binary(op, condition, constant, BOOL, condition.span)
                yield change, replace(node, condition=test)
        case checked.While(condition, _, _):
            yield Mutation.NEVER_ENTERED, empty
        case checked.Return() | checked.Block() | checked.Label():
            return
        case checked.Assign() | checked.Do() | checked.LockStatement() | checked.MightSleep():
            yield Mutation.LEFT_OUT, empty
        case checked.Goto():
            yield Mutation.LEFT_OUT, empty


def _statements(body: checked.Statement) -> Iterator[checked.Statement]:
    """What can be changed: the simple statements, and what a condition decides."""
    for node in checked.walk(body):
        match node:
            case checked.If() | checked.While() | checked.Goto() | checked.Return():
                yield node
            case checked.Assign() | checked.Do() | checked.LockStatement() | checked.MightSleep():
                yield node
            case _:
                # A block or a label does nothing; an expression changes with its statement.
                continue


def _replaced(
    node: checked.Node, target: checked.Statement, new: checked.Statement
) -> checked.Node:
    if node is target:
        return new
    return checked.map_children(node, lambda part: _replaced(part, target, new))
