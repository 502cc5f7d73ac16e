"""The passes beside `fuse`: constants, locals that nobody reads, numbers of pcs."""

from __future__ import annotations

import pytest

from tests.ir.text import expression, ir
from tests.lower.passes import as_read, by, lines, locals_, made
from verify.ir import Const, Expr, Local, Shared, Thread
from verify.lower.constants import propagate_constants, substitute, written
from verify.lower.renumber import renumber
from verify.lower.reset import reset_dead_locals
from verify.lower.unset import unset_reads

# Before; behind; the locals that are gone.
FOLDED = {
    "the one value that a fresh local ever has stands for it": (
        "0 -> 1 do i = 2 1 -> 9 when i == 2 do x = i",
        "0 -> 1 1 -> 9 do x = 2",
        "i",
    ),
    "what is computed from constants is one": (
        "0 -> 1 do i = 1 1 -> 2 do j = i + 1 2 -> 9 do x = j",
        "0 -> 1 1 -> 2 2 -> 9 do x = 2",
        "ij",
    ),
    "a way that is never open is gone, and what is stored there": (
        "0 -> 1 do i = 1 1 -> 2 when i == 2 do j = 3 1 -> 9 do j = 1 2 -> 9 do x = j",
        "0 -> 1 1 -> 9",
        "ij",
    ),
    "a local that is not fresh may still have its first value": (
        "0 -> 9 when p do p = 1",
        "0 -> 9 when p do p = 1",
        "",
    ),
    "a local that is not fresh but never leaves its first value": (
        "0 -> 1 do p = 0 1 -> 9 when !p",
        "0 -> 1 1 -> 9",
        "p",
    ),
    "two values are no constant": (
        "0 -> 1 when x do i = 1 0 -> 1 when !x do i = 2 1 -> 9 do n = i",
        "0 -> 1 when x do i = 1 0 -> 1 when !x do i = 2 1 -> 9 do n = i",
        "",
    ),
    "what is read is no constant": (
        "0 -> 1 do i = n 1 -> 9 do x = i",
        "0 -> 1 do i = n 1 -> 9 do x = i",
        "",
    ),
    "behind a broken claim nothing follows": (
        "0 breaks odd do i = 1 0 -> 9 do i = 1",
        "0 breaks odd 0 -> 9",
        "i",
    ),
}


@pytest.mark.parametrize(("before", "after", "gone"), FOLDED.values(), ids=FOLDED.keys())
def test_a_local_with_one_value_is_that_value(before: str, after: str, gone: str) -> None:
    """A value would be taken for granted that a local may not have, or states be multiplied."""
    found, values = propagate_constants(made(before), ("i", "j"))
    stored = {target.name for c in made(before).commands for target, _ in c.updates}

    assert as_read(after) == lines(found)
    assert set(gone) == {atom.name for atom in values if isinstance(atom, Local)} & stored
    assert set(gone).isdisjoint(locals_(found))


FORGOTTEN = {
    "a local dies with its last read": (
        "0 -> 1 do i = n 1 -> 2 do x = i 2 -> 9 do y = 1",
        "0 -> 1 do i = n 1 -> 2 do x = i forget i 2 -> 9 do y = 1",
    ),
    "what nobody reads is not stored": ("0 -> 9 do i = 1; x = 1", "0 -> 9 do x = 1"),
    "on the way on which nobody reads it, it dies at once": (
        "0 -> 1 do i = n 1 -> 2 when x 1 -> 9 when !x 2 -> 9 do n = i",
        "0 -> 1 do i = n 1 -> 2 when x 1 -> 9 when !x forget i 2 -> 9 do n = i forget i",
    ),
    "what is stored again before it is read is dead till then": (
        "0 -> 1 when i < 2 1 -> 2 do i = 1 2 -> 9 do n = i",
        "0 -> 1 when i < 2 forget i 1 -> 2 do i = 1 2 -> 9 do n = i forget i",
    ),
    "a claim that is broken reads, and changes nothing": (
        "0 -> 1 do i = n 1 breaks odd when i == 1 do i = 2 1 -> 9",
        "0 -> 1 do i = n 1 breaks odd when i == 1 do i = 2 1 -> 9 forget i",
    ),
    "a loop keeps what it reads again": (
        "0 -> 1 do i = n 1 -> 1 do i = i + 1 1 -> 9 when 2 < i",
        "0 -> 1 do i = n 1 -> 1 do i = i + 1 1 -> 9 when 2 < i forget i",
    ),
    "what lasts is alive at the end, if it is read in the next turn": (
        "0 -> 1 when k 0 -> 1 when !k 1 -> 9 do k = 1",
        "0 -> 1 when k forget k 0 -> 1 when !k forget k 1 -> 9 do k = 1",
    ),
    "what lasts and is not read in the next turn dies": (
        "0 -> 1 do k = 1 1 -> 9 when k",
        "0 -> 1 do k = 1 1 -> 9 when k forget k",
    ),
    "a return reads the case of the table": (
        "0 -> 1 do case = 1 1 -> 9 outcome o",
        "0 -> 1 do case = 1 1 -> 9 outcome o forget case",
    ),
}


@pytest.mark.parametrize(("before", "after"), FORGOTTEN.values(), ids=FORGOTTEN.keys())
def test_a_local_is_set_back_once_nobody_reads_it(before: str, after: str) -> None:
    """A value that is still read would be gone, or states that differ in nothing be two."""
    assert as_read(after) == by(reset_dead_locals, before)


def test_a_local_that_nobody_reads_is_none() -> None:
    """States would be multiplied by the values of what nobody looks at."""
    assert ["i"] == locals_(reset_dead_locals(made("0 -> 1 do i = n; j = 1 1 -> 9 do x = i")))


RENUMBERED = {
    "from the entry, as they are reached": (
        "0 -> 7 7 -> 3 when x 7 -> 5 when !x 3 -> 9 5 -> 9",
        "0 -> 1 1 -> 2 when x 1 -> 3 when !x 2 -> 4 3 -> 4",
        4,
    ),
    "the end last, wherever it is reached": (
        "0 -> 9 when x 0 -> 4 when !x 4 -> 9",
        "0 -> 2 when x 0 -> 1 when !x 1 -> 2",
        2,
    ),
    "what breaks a claim before the ways on": (
        "0 -> 9 0 breaks odd when x",
        "0 breaks odd when x 0 -> 1",
        1,
    ),
    "an end that is never reached": ("0 -> 4 4 -> 4", "0 -> 1 1 -> 1", 2),
}


@pytest.mark.parametrize(("before", "after", "end"), RENUMBERED.values(), ids=RENUMBERED.keys())
def test_pcs_are_counted_as_they_are_reached(before: str, after: str, end: int) -> None:
    """Two lowerings of one text would have different numbers, and so different certificates."""
    found = renumber(made(before))

    assert (as_read(after), 0, end) == (lines(found), found.entry, found.end)


def test_an_entry_of_any_number_becomes_0() -> None:
    """The condition that a lonely thread starts from stands behind all others."""
    found = renumber(made("8 -> 0 when x 0 -> 9", "solo t: 8 to 9 when\n"))

    assert (["0 -> 1 when x", "1 -> 2"], 0, 2) == (lines(found), found.entry, found.end)


PUT: dict[str, tuple[str, str]] = {
    "in guards and in what is stored": (
        "0 -> 9 when x && n < 2 do i = n + 1",
        "0 -> 9 when x do i = 2",
    ),
    "not in what is stored to": ("0 -> 9 do n = i", "0 -> 9 do n = i"),
    "a guard that is false for it stays": ("0 -> 9 when n == 2", "0 -> 9 when 0"),
    "nothing of it is read": ("0 -> 9 when x do i = j", "0 -> 9 when x do i = j"),
}


@pytest.mark.parametrize(("before", "after"), PUT.values(), ids=PUT.keys())
def test_a_value_stands_for_a_variable(before: str, after: str) -> None:
    """A field that no statement assigns would be another in some of its reads."""
    known: dict[Shared | Local, Expr] = {Shared("n"): Const(1)}

    assert as_read(after) == by(lambda thread: substitute(thread, known), before)


UNSET = {
    "0 -> 1 do x = i 1 -> 9": ["i"],
    "0 -> 1 do i = 1 1 -> 9 do x = i": [],
    "0 -> 1 when x do i = 1 0 -> 1 when !x 1 -> 9 do x = i": ["i"],
    "0 -> 1 when x do i = 1 0 -> 1 when !x do i = 2 1 -> 9 do x = i": [],
    "0 -> 1 do i = j 1 -> 9": ["j"],
    "0 -> 1 do x = 1 1 breaks odd when i == 1 1 -> 9": ["i"],
    "0 -> 9 2 -> 9 do x = i": [],
    "0 -> 1 do p = 1 1 -> 0 when x do i = 1 1 -> 9 when i == 1": ["i"],
    "0 -> 1 when p 1 -> 9": [],
}


@pytest.mark.parametrize(("commands", "found"), UNSET.items(), ids=UNSET.keys())
def test_a_read_that_may_come_first_is_found(commands: str, found: list[str]) -> None:
    """A value that no text has given would decide what a program does."""
    assert found == [name for name, _ in unset_reads(made(commands), ("i", "j"))]


def test_what_some_command_stores_may_change() -> None:
    """A variable would be taken for a constant while one thread assigns it."""
    program = ir(
        """
        shared x: bool = 0
        shared y: bool = 0
        thread t: 0 to 1 local i: bool = 0 0 -> 1 when y do i = 1
        thread u: 0 to 1 0 -> 1 do x = y
        """
    )

    assert {"x"} == written(program.threads)


def test_a_pass_leaves_the_rest_of_a_thread_alone() -> None:
    """A lonely thread would run with others, or an observer take steps."""
    thread = made("0 -> 1 do x = 1 1 -> 2", "solo t of odd: 0 to 2 when\n")
    passes = (
        reset_dead_locals,
        renumber,
        lambda t: propagate_constants(t, ())[0],
        lambda t: substitute(t, {Shared("n"): expression("1")}),
    )

    def rest(found: Thread) -> tuple[object, ...]:
        return found.name, found.kind, found.claim, found.when, found.entry, found.end

    assert [rest(thread)] * len(passes) == [rest(change(thread)) for change in passes]
