"""The short text of guarded commands, which the tests of passes are written in."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from lark import LarkError

from tests.chance import LARGE, by_chance
from tests.ir.text import expression, ir, text, thread
from tests.randomised import programs
from verify.ir import (
    And,
    Arith,
    Claim,
    Command,
    Compare,
    Const,
    Ite,
    Local,
    Mine,
    Not,
    Or,
    Others,
    Program,
    Scenario,
    Shared,
    Thread,
)
from verify.locks import FREE, SHARED
from verify.lower.program import lower
from verify.reasons.steps import Spurious
from verify.syntax.load import Loader
from verify.syntax.resolve import read

ROOT = Path(__file__).parents[2]
PATHS = [
    pytest.param(path, id=path.stem, marks=marks)
    for folder, marks in (("programs", pytest.mark.slow), ("tests/findings", ()))
    for path in sorted((ROOT / folder).glob("*.bfp"))
]

# What the text says of a command.
SAID = (
    "source target guard updates locks forget transient violates outcome called used cases own"
    " case passing"
).split()


def bare(program: Program) -> Program:
    """A program without what its text does not say: places, sentences, words."""
    return Program(
        path="",
        texts=(),
        shared=program.shared,
        locks=program.locks,
        threads=tuple(
            replace(t, sentence="", commands=tuple(map(_bare, t.commands))) for t in program.threads
        ),
        claims=tuple(
            Claim(name=c.name, sentence="", built_in=c.built_in, span=None, solo=c.solo)
            for c in program.claims
        ),
        scenarios=tuple(
            Scenario(name=s.name, sentence="", members=s.members, forever=s.forever)
            for s in program.scenarios
        ),
        outcomes=(),
        table=None,
        subjects=(),
        statements=(),
    )


def _bare(command: Command) -> Command:
    return Command(**{name: getattr(command, name) for name in SAID})


@cache
def _loader() -> Loader:
    return Loader()


@pytest.mark.parametrize("path", PATHS)
def test_a_program_reads_as_it_is_written(path: Path) -> None:
    """A pass would be tested on another program than the one that its test shows."""
    assert_read_back(bare(lower(read(path, _loader()))))


@by_chance(25, LARGE)
@given(programs())
def test_any_program_reads_as_it_is_written(program: Program) -> None:
    """Forms that no program of the kernel has would be read as others."""
    assert_read_back(bare(program))


def assert_read_back(program: Program) -> None:
    found = ir(text(program))

    assert text(program).splitlines() == text(found).splitlines()
    assert program == found


@pytest.mark.parametrize("name", sorted({f.name for f in fields(Command)} - set(SAID)))
def test_what_the_text_does_not_say_of_a_command_is_known(name: str) -> None:
    """A new field that passes have to keep would be dropped unseen in all their tests."""
    assert name in {"places", "violation", "main", "fault", "asked", "inside", "about"}


SMALL = """
shared x: bool = 0
shared n: 'unsigned int' from -1 {none, '&box'} = 0
lock m: rwsem
claim odd alone
claim stuck built in
scenario s: t*, u x 2 forever
thread t: 0 to 2   # from here to there
    local i as j: 1..3 = 1 ghost lasting
    0 -> 1 own transient 'bad luck' when x && i >= 2 do n = i - 1; hold m; hold x.m free forget i
    1 breaks odd passing when x
solo odd of odd: 3 to 2 when
"""


def test_a_command_has_what_its_line_says() -> None:
    """Reader and printer could agree on a mistake."""
    program = ir(SMALL)
    first, second = program.threads[0].commands

    assert first == Command(
        source=0,
        target=1,
        guard=And((Shared("x"), Not(Compare("<", Local("i"), Const(2))))),
        updates=((Shared("n"), Arith("-", Local("i"), Const(1))),),
        locks=(("m", 2), ("x.m", FREE)),
        forget=("i",),
        transient=Spurious("bad luck"),
        own=True,
    )
    assert second == Command(source=1, target=1, guard=Shared("x"), violates="odd", passing=True)
    assert [("x", range(2)), ("n", range(-1, 1))] == [
        (v.name, v.domain.values) for v in program.shared
    ]
    (local,) = program.threads[0].locals
    assert ("i", "j", range(1, 4), True, True) == (
        local.name,
        local.shown,
        local.domain.values,
        local.ghost,
        local.lasting,
    )
    assert (("t", None), ("u", 2)) == program.scenarios[0].members
    assert {"u"} == program.scenarios[0].forever
    assert [(True, False), (False, True)] == [(c.solo, c.built_in) for c in program.claims]
    assert ("solo", "odd", 3, 2, True) == (
        program.threads[1].kind,
        program.threads[1].claim,
        program.threads[1].entry,
        program.threads[1].end,
        program.threads[1].when,
    )


EXPRESSIONS = {
    "a && (b && c)": And((Shared("a"), And((Shared("b"), Shared("c"))))),
    "a && b && c": And((Shared("a"), Shared("b"), Shared("c"))),
    "a || b && !i": Or((Shared("a"), And((Shared("b"), Not(Local("i")))))),
    "n != -1": Not(Compare("==", Shared("n"), Const(-1))),
    "%n < i": Compare("<", Local("n"), Local("i")),
    "n + 1 * 2": Arith("*", Arith("+", Shared("n"), Const(1)), Const(2)),
    "a ? i : b ? 1 : 2": Ite(Shared("a"), Local("i"), Ite(Shared("b"), Const(1), Const(2))),
    "held(m) || others(m, shared)": Or((Mine("m", "any"), Others("m", "shared"))),
    "!!'f/x%1'": Not(Not(Shared("f/x%1"))),
}


@pytest.mark.parametrize("written", EXPRESSIONS)
def test_an_expression_is_read_as_it_stands(written: str) -> None:
    """What a pass folds would be folded by the reader already."""
    assert EXPRESSIONS[written] == expression(written, {"i"})


@pytest.mark.parametrize(
    "wrong", ["thread t: 0 to 1 0 -> 1 when", "lock m", "thread t: 0 to 1 0 -> 1 do x", "nothing"]
)
def test_what_is_no_text_is_refused(wrong: str) -> None:
    """A test with a slip of the pen would pass by saying nothing."""
    with pytest.raises(LarkError):
        ir(wrong)


def test_one_thread_is_asked_for_by_itself() -> None:
    """A test would be about the first of two threads, and say nothing of the other."""
    with pytest.raises(ValueError, match="unpack"):
        thread("thread t: 0 to 1 thread u: 0 to 1")
    assert Thread(
        name="t",
        sentence="",
        kind="thread",
        claim="",
        locals=(),
        commands=(Command(source=0, target=1, guard=Const(1), locks=(("m", SHARED),)),),
        entry=0,
        end=1,
    ) == thread("thread t: 0 to 1 0 -> 1 do hold m shared")
