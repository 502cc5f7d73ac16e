"""What must not change a verdict, nor the shortest length: names, order, saying a thing twice."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from random import Random
from typing import Any, TypeAlias

import pytest
from hypothesis import given, note

from tests.chance import LARGE, by_chance
from tests.randomised import lowered, programs, randoms, texts, threads_of
from verify.explore import explore
from verify.ir import (
    FALSE,
    Atom,
    Command,
    Const,
    Expr,
    Local,
    Mine,
    Others,
    Program,
    Shared,
    Thread,
    atoms,
    conj,
    equal,
    negate,
    rebuild,
)
from verify.lower.program import lower
from verify.report.dump import dump
from verify.source import Source
from verify.syntax import tree
from verify.syntax.load import Loader
from verify.syntax.parse import parse
from verify.syntax.resolve import resolve

PROGRAMS = Path(__file__).resolve().parents[2] / "programs"

# For each claim the length of the shortest run that breaks it; None if it holds.
Lengths: TypeAlias = dict[str, int | None]
Engine: TypeAlias = Callable[[Program, Sequence[Thread]], Lengths]


def exploring(program: Program, threads: Sequence[Thread]) -> Lengths:
    seen = explore(program, threads)
    assert seen.complete
    return {
        claim.name: len(seen.run(seen.broken[claim.name])) if claim.name in seen.broken else None
        for claim in program.claims
    }


each_engine = pytest.mark.parametrize("engine", [exploring])


def assert_same(
    engine: Engine, program: Program, changed: Program, instance: Sequence[Thread] | None = None
) -> None:
    """`changed` keeps verdicts and lengths; `instance` are its threads if not the scenario's."""
    threads = threads_of(changed) if instance is None else instance

    expected, actual = engine(program, threads_of(program)), engine(changed, threads)
    if expected != actual:
        note("\n".join((*dump(program), "", "changed to", "", *dump(changed))))
    assert expected == actual


def with_threads(program: Program, change: Callable[[Thread], Thread]) -> Program:
    return replace(program, threads=tuple(map(change, program.threads)))


def with_commands(
    program: Program, change: Callable[[Thread, Sequence[Command]], Sequence[Command]]
) -> Program:
    return with_threads(
        program, lambda thread: replace(thread, commands=tuple(change(thread, thread.commands)))
    )


# ----------------------------------------------------------- guarded commands


def renamed(program: Program, new: Callable[[str], str]) -> Program:
    """The program with new names for variables, locks and threads; claims keep theirs."""

    def leaf(atom: Atom) -> Expr:
        match atom:
            case Shared(name):
                return Shared(new(name))
            case Local(name):
                return Local(new(name))
            case Mine(lock, mode):
                return Mine(new(lock), mode)
            case Others(lock, mode):
                return Others(new(lock), mode)

    def command(old: Command) -> Command:
        return replace(
            old,
            guard=rebuild(old.guard, leaf),
            updates=tuple(
                (type(target)(new(target.name)), rebuild(value, leaf))
                for target, value in old.updates
            ),
            locks=tuple((new(lock), mode) for lock, mode in old.locks),
            forget=tuple(map(new, old.forget)),
        )

    return replace(
        program,
        shared=tuple(replace(v, name=new(v.name)) for v in program.shared),
        locks=tuple(replace(lock, name=new(lock.name)) for lock in program.locks),
        threads=tuple(
            replace(
                thread,
                name=new(thread.name),
                locals=tuple(replace(v, name=new(v.name)) for v in thread.locals),
                commands=tuple(map(command, thread.commands)),
            )
            for thread in program.threads
        ),
        scenarios=tuple(
            replace(s, members=tuple((new(name), count) for name, count in s.members))
            for s in program.scenarios
        ),
    )


@each_engine
@by_chance(60, LARGE)
@given(programs(), randoms())
def test_names_do_not_matter(engine: Engine, program: Program, random: Random) -> None:
    """An engine would take two variables for one, or depend on the order of their names."""
    names = [v.name for v in program.shared] + [lock.name for lock in program.locks]
    for thread in program.threads:
        names += [thread.name, *(v.name for v in thread.locals)]
    new = dict(zip(dict.fromkeys(names), random.sample(range(20), 20), strict=False))

    assert_same(engine, program, renamed(program, lambda name: f"n{new[name]}"))


@each_engine
@by_chance(60, LARGE)
@given(programs())
def test_a_name_may_mean_a_variable_a_lock_and_a_thread(engine: Engine, program: Program) -> None:
    """Names of different sorts would get into each other's way."""
    alike = {"m": "a", "r": "b", "one": "a", "two": "m", "three": "n", "x": "a", "y": "pc"}

    assert_same(engine, program, renamed(program, lambda name: alike.get(name, name)))


@each_engine
@by_chance(60, LARGE)
@given(programs(), randoms())
def test_the_order_of_the_threads_does_not_matter(
    engine: Engine, program: Program, random: Random
) -> None:
    """An engine would only see copies of a thread as alike where they stand side by side."""
    threads = list(threads_of(program))
    random.shuffle(threads)

    assert_same(engine, program, program, threads)


@each_engine
@by_chance(60, LARGE)
@given(programs())
def test_threads_that_only_look_alike_count_as_alike(engine: Engine, program: Program) -> None:
    """Interchangeable copies would be told apart, or different threads taken for copies."""
    apart = [replace(thread, name=f"{i}") for i, thread in enumerate(threads_of(program))]

    assert_same(engine, program, replace(program, threads=tuple(apart)), apart)


@each_engine
@by_chance(60, LARGE)
@given(programs(), randoms())
def test_the_order_of_declarations_and_commands_does_not_matter(
    engine: Engine, program: Program, random: Random
) -> None:
    """A verdict would depend on which of several ways is looked at first."""

    def shuffled(items: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(random.sample(items, len(items)))

    changed = with_threads(
        replace(program, shared=shuffled(program.shared), locks=shuffled(program.locks)),
        lambda thread: replace(
            thread, commands=shuffled(thread.commands), locals=shuffled(thread.locals)
        ),
    )

    assert_same(engine, program, changed)


@each_engine
@by_chance(60, LARGE)
@given(programs(), randoms())
def test_the_numbers_of_program_counters_do_not_matter(
    engine: Engine, program: Program, random: Random
) -> None:
    """An engine would rely on pcs that rise along the text, or begin with 0."""

    def renumbered(thread: Thread) -> Thread:
        new = random.sample(range(20), 20)
        return replace(
            thread,
            entry=new[thread.entry],
            end=new[thread.end],
            commands=tuple(
                replace(c, source=new[c.source], target=new[c.target]) for c in thread.commands
            ),
        )

    assert_same(engine, program, with_threads(program, renumbered))


@each_engine
@by_chance(60, LARGE)
@given(programs(), randoms())
def test_a_command_that_can_never_be_taken_does_not_matter(
    engine: Engine, program: Program, random: Random
) -> None:
    """A guard would be forgotten on one of the ways through an encoding."""

    def more(thread: Thread, commands: Sequence[Command]) -> Sequence[Command]:
        if not commands:
            return commands
        extra = replace(
            random.choice(commands),
            guard=FALSE,
            source=random.randint(0, thread.end),
            violates=random.choice(("", "p")),
        )
        at = random.randint(0, len(commands))
        return (*commands[:at], extra, *commands[at:])

    assert_same(engine, program, with_commands(program, more))


@each_engine
@by_chance(60, LARGE)
@given(programs())
def test_a_command_that_is_there_twice_does_not_matter(engine: Engine, program: Program) -> None:
    """Two commands that break one claim, or do the same, would be counted as two steps."""
    changed = with_commands(program, lambda _, commands: (*commands, *commands))

    assert_same(engine, program, changed)


@each_engine
@by_chance(60, LARGE)
@given(programs())
def test_a_claim_may_be_tested_twice_in_one_place(engine: Engine, program: Program) -> None:
    """The second of two commands that break a claim would hide the first, or the first it."""

    def twice(_: Thread, commands: Sequence[Command]) -> Sequence[Command]:
        return [c for command in commands for c in (command,) * (1 + bool(command.violates))]

    assert_same(engine, program, with_commands(program, twice))


@each_engine
@by_chance(60, LARGE)
@given(programs(), randoms())
def test_a_command_may_be_split_by_any_condition(
    engine: Engine, program: Program, random: Random
) -> None:
    """Two halves of a guard would leave a gap, or be true of different states."""

    def split(_: Thread, commands: Sequence[Command]) -> Sequence[Command]:
        tests = [
            equal(atom, Const(1)) if isinstance(atom, Shared | Local) else atom
            for command in commands
            for atom in sorted(atoms(command.guard), key=repr)
        ]
        test = random.choice([*tests, *(Mine(lock.name, "any") for lock in program.locks)])
        return [
            replace(command, guard=conj([command.guard, half]))
            for command in commands
            for half in (test, negate(test))
        ]

    assert_same(engine, program, with_commands(program, split))


@each_engine
@by_chance(60, LARGE)
@given(programs())
def test_what_nobody_uses_does_not_matter(engine: Engine, program: Program) -> None:
    """A variable or a lock would have to be used to be encoded."""
    changed = replace(
        program,
        shared=(
            *(replace(v, name=f"{v.name}'", initial=1) for v in program.shared),
            *program.shared,
        ),
        locks=(*(replace(lock, name=f"{lock.name}'") for lock in program.locks), *program.locks),
    )

    assert_same(engine, program, changed)


# ---------------------------------------------------------------------- texts

Change: TypeAlias = Callable[[Any], Any]


def changed_tree(node: Any, change: Change) -> Any:
    """A syntax tree with `change` made to each node, innermost first."""
    if isinstance(node, tuple):
        return tuple(changed_tree(part, change) for part in node)
    if not is_dataclass(node) or isinstance(node, Source):
        return node
    parts = {
        f.name: changed_tree(getattr(node, f.name), change)
        for f in fields(node)
        if f.name != "span"
    }
    return change(replace(node, **parts))  # type: ignore[type-var]


def from_tree(sources: Sequence[Source], declarations: Sequence[tree.Declaration]) -> Program:
    return lower(resolve(sources, declarations))


def assert_same_text(engine: Engine, text: str, change: Change) -> None:
    """The program keeps verdicts and lengths when its tree is changed."""
    note(text)
    source = Source("random.bfp", text)
    declarations = parse(source)

    program = from_tree((source,), declarations)
    changed = from_tree((source,), changed_tree(declarations, change))
    assert engine(program, threads_of(program, 2)) == engine(changed, threads_of(changed, 2))


def flipped(node: Any) -> Any:
    """`if (!c) B else A` for `if (c) A else B`."""
    match node:
        case tree.If(condition, then, otherwise, span):
            other = tree.Block((), span) if otherwise is None else otherwise
            return tree.If(tree.Unary("!", condition, span), other, then, span)
        case _:
            return node


def unwound(node: Any) -> Any:
    """A body by gotos alone, as in the kernel's ladders: `if (!c) goto end; A; end:`."""
    match node:
        case tree.Function() | tree.Thread():
            return replace(node, body=changed_tree(node.body, by_gotos))
        case _:
            return node


def by_gotos(node: Any) -> Any:
    match node:
        case tree.If(condition, then, None, span):
            end = f"end_{span.start}"
            leave = tree.If(tree.Unary("!", condition, span), tree.Goto(end, span), None, span)
            return tree.Block((leave, then, tree.Label(end, span)), span)
        case tree.While(condition, body, span):
            again = f"again_{span.start}"
            inside = tree.Block((body, tree.Goto(again, span)), span)
            return tree.Block(
                (tree.Label(again, span), tree.If(condition, inside, None, span)), span
            )
        case _:
            return node


def reordered(node: Any) -> Any:
    """Alternatives of a primitive, clauses of a claim and members of a scenario turned round."""
    match node:
        case tree.Primitive():
            return replace(node, alternatives=node.alternatives[::-1])
        case tree.Claim():
            return replace(node, clauses=node.clauses[::-1])
        case tree.Scenario():
            return replace(node, members=node.members[::-1])
        case _:
            return node


def said_in_parts(node: Any) -> Any:
    """`never: A; never: B` for `never: A || B`, and both clauses of `before f: A && B`."""
    if not isinstance(node, tree.Claim):
        return node
    clauses = []
    for clause in node.clauses:
        match clause.kind, clause.condition:
            case ("never", tree.Binary("||", one, two)) | (
                "before" | "use" | "after",
                tree.Binary("&&", one, two),
            ):
                clauses += [replace(clause, condition=one), replace(clause, condition=two)]
            case _:
                clauses.append(clause)
    return replace(node, clauses=tuple(clauses))


def said_twice(node: Any) -> Any:
    """Each clause of a claim stated a second time."""
    return replace(node, clauses=node.clauses * 2) if isinstance(node, tree.Claim) else node


def with_idle_ways(node: Any) -> Any:
    """Each primitive with one more alternative, which is never open."""
    match node:
        case tree.Primitive(alternatives=(first, *_)):
            never = tree.Literal("false", node.span)
            return replace(
                node, alternatives=(*node.alternatives, replace(first, guard=never, note=""))
            )
        case _:
            return node


each_change = pytest.mark.parametrize(
    "change", [flipped, unwound, reordered, said_in_parts, said_twice, with_idle_ways]
)


@each_engine
@each_change
@by_chance(12, LARGE)
@given(texts())
def test_another_way_to_write_it_is_the_same_program(
    engine: Engine, change: Change, text: str
) -> None:
    """Lowering would depend on how a thing is said, not on what is said."""
    assert_same_text(engine, text, change)


@each_engine
@each_change
@pytest.mark.parametrize("version", ["v2", "v3"])
def test_another_way_to_write_a_real_program_is_the_same_program(
    engine: Engine, change: Change, version: str
) -> None:
    """A verdict on a posted patch would hang on how somebody transcribed it."""
    sources, declarations = Loader().load(PROGRAMS / f"{version}.bfp")

    program = from_tree(sources, declarations)
    changed = from_tree(sources, changed_tree(declarations, change))
    assert engine(program, threads_of(program)) == engine(changed, threads_of(changed))


@each_engine
@by_chance(12, LARGE)
@given(texts())
def test_names_in_a_text_do_not_matter(engine: Engine, text: str) -> None:
    """Lowering would mistake one name for another, or for one that it makes itself."""
    new: Mapping[str, str] = {
        "a": "zz",
        "b": "a",
        "x": "result_",
        "m": "case_",
        "one": "x",
        "two": "end",
        "lock": "m",
        "new": "pc",
        "mark": "one",
    }
    note(text)
    changed = re.sub(r"\b\w+\b", lambda word: new.get(word.group(), word.group()), text)

    program, other = lowered(text), lowered(changed)
    assert engine(program, threads_of(program, 2)) == engine(other, threads_of(other, 2))


@each_engine
@by_chance(12, LARGE)
@given(texts(), randoms())
def test_layout_and_comments_do_not_matter(engine: Engine, text: str, random: Random) -> None:
    """A text would mean something else once it has been through a mail client."""
    note(text)
    fillers = ("", " ", "\n", "\t", "/* if (a) goto out; */", "// b = true;\n")
    changed = re.sub(r"(?<=[;{}])", lambda _: random.choice(fillers), text)

    program, other = lowered(text), lowered(changed)
    assert engine(program, threads_of(program, 2)) == engine(other, threads_of(other, 2))
