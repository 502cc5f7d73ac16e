"""A thread unfolded: its locals and its own locks multiplied out, its loops so often."""

from __future__ import annotations

import pytest

from tests.ir.text import ir, text
from verify.certify import unfold as module
from verify.certify.unfold import Automaton, TooLargeError, still, unfold
from verify.ir import Program
from verify.reasons.limits import ThreadLimit

HEAD = """
shared x: bool = 0
shared n: 0..2 = 0
lock m: mutex
thread t: 0 to 9
    local i: 0..2 = 0
"""


def program(commands: str) -> Program:
    return ir(HEAD + commands)


def unfolded(commands: str, rounds: int = 1) -> Automaton:
    found = program(commands)
    return unfold(found, found.threads[0], rounds)


def node(automaton: Automaton, number: int | None) -> str:
    """A node as its pc, the value of i and the mode of m."""
    if number is None:
        return "!"
    pc, (i,), (m,), _ = automaton.nodes[number]
    return f"{pc}/{i}{'*' if m else ''}"


def edges(automaton: Automaton) -> list[str]:
    """Each edge as `source > target when guard do writes`."""
    found = []
    for edge in automaton.edges:
        line = f"{node(automaton, edge.source)} > {node(automaton, edge.target)}"
        line += f" when {text(edge.guard)}" if text(edge.guard) != "1" else ""
        writes = "; ".join(f"{name} = {value}" for name, value in edge.writes)
        found.append(f"{line} do {writes}" if writes else line)
    return found


UNFOLDED = {
    "a local is a part of the node": (
        "0 -> 1 do i = 2 1 -> 9 when i == 2 do n = i",
        ["0/0 > 1/2", "1/2 > 9/2 do n = 2"],
    ),
    "what a local rules out is no edge": (
        "0 -> 1 do i = 1 1 -> 9 when i == 2 1 -> 2 when i == 1",
        ["0/0 > 1/1", "1/1 > 2/1"],
    ),
    "what is read is split by its values": (
        "0 -> 9 do i = n",
        ["0/0 > 9/0 when n == 0", "0/0 > 9/1 when n == 1", "0/0 > 9/2 when n == 2"],
    ),
    "a guard that fixes it leaves one": (
        "0 -> 9 when n == 1 do i = n",
        ["0/0 > 9/1 when n == 1"],
    ),
    "what is written is a constant in each": (
        "0 -> 9 do x = !x",
        ["0/0 > 9/0 when x == 0 do x = 1", "0/0 > 9/0 when x == 1 do x = 0"],
    ),
    "a lock of one's own is a part of the node": (
        "0 -> 1 when !others(m) do hold m 1 -> 9 when held(m) do hold m free 1 -> 9 when !held(m)",
        ["0/0 > 1/0* when !others(m)", "1/0* > 9/0"],
    ),
    "a broken claim leads nowhere": (
        "0 breaks odd when x do i = 1 0 -> 9",
        ["0/0 > ! when x", "0/0 > 9/0"],
    ),
    "what is forgotten is as at first": (
        "0 -> 1 do i = 2 1 -> 9 do n = i forget i",
        ["0/0 > 1/2", "1/2 > 9/0 do n = 2"],
    ),
    "a circle through another value is none": (
        "0 -> 0 when i < 2 do i = i + 1 0 -> 9 when i == 2",
        ["0/0 > 0/1", "0/1 > 0/2", "0/2 > 9/2"],
    ),
}


@pytest.mark.parametrize(("commands", "found"), UNFOLDED.values(), ids=UNFOLDED.keys())
def test_a_thread_is_unfolded_into_its_own_states(commands: str, found: list[str]) -> None:
    """The encoding and each run alone would be about other threads than the ones that run."""
    assert sorted(found) == sorted(edges(unfolded(commands)))


@pytest.mark.parametrize("rounds", [0, 1, 3])
def test_a_loop_is_entered_again_so_often_and_the_rest_is_said(rounds: int) -> None:
    """A run that was cut off would count as one that comes to its end, or waits."""
    found = unfolded("0 -> 0 when x do n = 1 0 -> 9 when !x", rounds)
    shut = [[text(guard) for guard in guards] for guards in found.beyond]

    assert ["0/0 > 0/0 when x do n = 1"] * rounds == [e for e in edges(found) if "do" in e]
    assert rounds + 1 == edges(found).count("0/0 > 9/0 when !x")
    assert [["x"]] == [guards for guards in shut if guards]
    assert found.cut
    assert not unfolded("0 -> 9").cut


def test_levels_rise_along_each_way() -> None:
    """Of two events of one thread the later could be put first."""
    found = unfolded("0 -> 1 when x 0 -> 2 when !x 1 -> 2 2 -> 9")
    levels = {node(found, e.source): e.level for e in found.edges}

    assert ({"0/0": 0, "1/0": 1, "2/0": 2}, 3) == (levels, found.depth)
    for number, leaving in enumerate(found.leaving):
        assert all(e.source == number for e in leaving)
        assert all(e.target == number for e in found.entering[number])


def test_a_thread_that_stands_still_has_no_edges() -> None:
    """A thread that is too large would take part in runs all the same."""
    code = program("0 -> 9")
    found = still(code, code.threads[0])

    assert (1, (), 0, False) == (len(found.nodes), found.edges, found.depth, found.cut)


def test_a_thread_of_too_many_states_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be unfolded in part, and what is missing be proved."""
    monkeypatch.setattr(module, "MAX_STATES", 3)

    with pytest.raises(TooLargeError) as raised:
        unfolded("0 -> 1 do i = n 1 -> 9")
    assert ThreadLimit("t", 3) == raised.value.reason
