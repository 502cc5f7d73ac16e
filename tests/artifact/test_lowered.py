"""The number of a program: what changes it, and what does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.ir.text import ir
from verify.artifact.lowered import digest
from verify.ir import Place, Program, Scenario, Thread
from verify.source import Source, Span

TEXT = """
shared x: bool = 0
lock m: mutex
claim c
scenario s: t*, u
scenario other: u
thread t: 0 to 2
    local i: 0..3 = 0
    0 -> 1 transient why when !others(m) && i < 2 do i = 1; x = 1; hold m
    1 -> 2 calls f do hold m free forget i
thread u: 0 to 1
    0 breaks c when x
"""

# Another text, and another meaning.
CHANGED = {
    "a guard": ("i < 2", "i < 3"),
    "what is stored": ("x = 1", "x = 0"),
    "what is stored in": ("do i = 1; x = 1", "do x = 1"),
    "a lock that is taken": ("hold m\n", "hold m shared\n"),
    "a lock that is given up": ("hold m free ", "x = 0 "),
    "what is forgotten": ("forget i", ""),
    "where a step leads": ("1 -> 2", "1 -> 0"),
    "that it happens for a moment only": ("transient why ", ""),
    "what it calls": ("calls f", "calls g"),
    "the claim that is broken": ("breaks c", "breaks d"),
    "a first value": ("x: bool = 0", "x: bool = 1"),
    "the values of a variable": ("i: 0..3", "i: 0..2"),
    "the kind of a lock": ("mutex", "spinlock"),
    "how many run": ("s: t*, u", "s: t*, u x 2"),
    "who runs for ever": ("s: t*, u", "s: t*, u forever"),
    "where a thread ends": ("thread u: 0 to 1", "thread u: 0 to 2"),
    "the order of two steps": ("thread u", "    1 -> 2\nthread u"),
}


def number(program: Program) -> str:
    (scenario,) = (s for s in program.scenarios if s.name == "s")
    return digest(program, scenario)


@pytest.mark.parametrize("name", CHANGED)
def test_another_meaning_is_another_number(name: str) -> None:
    """What was certified of one program would be taken for what is certified of another."""
    old, new = CHANGED[name]
    assert TEXT.count(old) == 1

    assert number(ir(TEXT)) != number(ir(TEXT.replace(old, new)))


def worded(program: Program) -> Program:
    """The same program in other words, and from other places."""
    place = Place(span=Span(Source("elsewhere.bfp", "text"), 1, 3), note="as it happens")

    def thread(one: Thread) -> Thread:
        commands = tuple(
            replace(c, places=(place,), transient=c.transient and "else") for c in one.commands
        )
        return replace(one, sentence="somebody", commands=commands)

    def scenario(one: Scenario) -> Scenario:
        return replace(one, sentence="together")

    return replace(
        program,
        path="elsewhere.bfp",
        texts=("elsewhere.bfp",),
        threads=tuple(map(thread, program.threads)),
        claims=tuple(replace(c, sentence="always") for c in program.claims),
        scenarios=tuple(map(scenario, program.scenarios)),
        assumptions=(("nobody else runs", "misses"),),
    )


def test_other_words_are_the_same_number() -> None:
    """A comment in a model would make every proof over it void."""
    assert number(ir(TEXT)) == number(worded(ir(TEXT)))


def test_what_is_not_in_the_scenario_is_not_in_its_number() -> None:
    """A new scenario would make the proofs of all others void."""
    assert number(ir(TEXT)) == number(ir(TEXT.replace("scenario other: u", "")))
