"""Places at which a thread may have to wait, in threads of a few lines: where, with which
values of its own, and for which locks."""

from __future__ import annotations

import pytest

from tests.ir.text import ir, text
from verify.certify import places as module
from verify.certify.lemmas import Literal
from verify.certify.places import WaitingPlace, asked_for, meetings, places, stands_still
from verify.certify.system import System, system_of

HEAD = """
shared x: bool = 0
lock m: mutex
lock r: rwsem
claim stuck built in
"""
THREAD = """
scenario s: t
thread t: 0 to 9
    local i: 0..2 = 0
    local p: bool = 0
"""


def system(code: str) -> System:
    program = ir(HEAD + code)
    return system_of(program, program.scenarios[0])


def told(place: WaitingPlace) -> str:
    """A place as `pc own values: lock modes`."""
    own = "".join(f" {one.name}={list(one.values)}" for one in place.own)
    asks = ", ".join(f"{lock} {list(modes)}" for lock, modes in place.asks)
    return f"{place.pc}{own}: {asks}"


PLACES = {
    "a lock is asked for": ("0 -> 1 1 -> 9 when !others(m)", ["1: m [1, 2]"]),
    "a reader asks who writes": ("0 -> 1 1 -> 9 when !others(r, exclusive)", ["1: r [2]"]),
    "not before it begins": ("0 -> 9 when !others(m)", []),
    "a value is no lock": ("0 -> 1 1 -> 9 when x", []),
    "one of two ways is always open": (
        "0 -> 1 1 -> 2 when !others(m) do hold m 1 -> 9 when others(m)",
        [],
    ),
    "an open way beside it": ("0 -> 1 1 -> 9 when !others(m) 1 -> 9", []),
    "a way that a value opens": (
        "0 -> 1 1 -> 9 when !others(m) || x",
        ["1: m [1, 2]"],
    ),
    "which lock is decided by a local": (
        "0 -> 1 1 -> 9 when p && !others(m) 1 -> 9 when !p && !others(r)",
        ["1 p=[0]: r [1, 2]", "1 p=[1]: m [1, 2]"],
    ),
    "values that ask for the same are one place": (
        "0 -> 1 1 -> 9 when i == 1 1 -> 9 when i != 1 && !others(m)",
        ["1 i=[0, 2]: m [1, 2]"],
    ),
    "who has it already does not ask": (
        "0 -> 1 1 -> 9 when held(m) 1 -> 9 when !held(m) && !others(m)",
        ["1 m=[0]: m [1, 2]"],
    ),
    "a claim that is watched asks for nothing": (
        "0 -> 1 1 breaks stuck when others(m) 1 -> 9",
        [],
    ),
}


@pytest.mark.parametrize(("commands", "found"), PLACES.values(), ids=PLACES.keys())
def test_a_thread_may_have_to_wait_at_these_places(commands: str, found: list[str]) -> None:
    """A wait would have no arrow, and a circle of waits be none."""
    assert found == sorted(told(place) for place in places(system(THREAD + commands)))


def test_too_many_values_to_tell_apart_are_one_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """Places would be left out for being too many: waits without an arrow."""
    monkeypatch.setattr(module, "MAX_VALUES", 1)
    commands = "0 -> 1 1 -> 9 when p && !others(m) 1 -> 9 when !p && !others(r)"

    assert ["1: m [1, 2], r [1, 2]"] == [told(p) for p in places(system(THREAD + commands))]
    assert [] == [told(p) for p in places(system(THREAD + "0 -> 1 1 -> 9 when p"))]


def test_a_guard_of_many_parts_may_be_shut(monkeypatch: pytest.MonkeyPatch) -> None:
    """That one of its ways is always open would be taken for granted where nobody has looked."""
    commands = "0 -> 1 1 -> 9 when others(m) && x 1 -> 9 when !x 1 -> 9 when !others(m)"

    assert [] == [told(place) for place in places(system(THREAD + commands))]
    monkeypatch.setattr(module, "MAX_PARTS", 1)
    assert ["1: m [1, 2]"] == [told(place) for place in places(system(THREAD + commands))]


ONE = "{name}: 0 to 9 0 -> 1 when !others(m) do hold m 1 -> 9 when !others(r) do hold m free"
OTHER = "{name}: 0 to 9 0 -> 1 when !others(r) do hold r 1 -> 9 when !others(m) do hold r free"
MEMBERS = {"t, u": (0, 1), "t*, u": (-1, 0), "t, u*": (0, -1), "t*, u*": (-1, -1)}


@pytest.mark.parametrize("members", MEMBERS)
def test_who_waits_meets_who_holds(members: str) -> None:
    """Two threads that wait for each other would not meet: a deadlock be proved away."""
    code = f"scenario s: {members} thread {ONE.format(name='t')} thread {OTHER.format(name='u')}"
    spots = places(system(code))
    found = [meeting for _, here in meetings(spots) for meeting in here]
    crossed = [m for m in found if m.waiter != m.holder]

    assert MEMBERS[members] == tuple(
        place.single for place in sorted(spots, key=lambda p: p.asks[0][0], reverse=True)
    )
    assert {"m", "r"} == {meeting.lock for meeting in crossed}
    for meeting in crossed:
        literals = {
            *meeting.lemma.shared,
            *(one for part in meeting.lemma.replicated for one in part),
        }
        holder = spots[meeting.holder]
        assert Literal("lock", meeting.lock, holder.single, (1, 2)) in literals
        assert 2 == len([one for one in literals if one.kind == "pc"])
        assert members.count("*") == len(meeting.lemma.replicated)


def test_a_thread_that_is_there_once_does_not_meet_itself() -> None:
    """It would be said to wait for itself, and nothing be proved."""
    code = f"scenario s: t thread {ONE.format(name='t')}"

    assert [] == [here for _, here in meetings(places(system(code)))]


def test_the_first_step_is_asked_for_as_well() -> None:
    """Who rests with a lock in hand would keep nobody from beginning."""
    code = "scenario s: t, u thread t: 0 to 9 0 -> 9 when !others(m) thread u: 0 to 9"

    assert {"m": (1, 2)} == asked_for(system(code))


STILL = {
    "0 -> 1 1 -> 9 when x": {1: "!x"},
    "0 -> 1 1 -> 9 when x && !others(m)": {1: "!x"},
    "0 -> 1 1 -> 9 when !others(m)": {},
    "0 -> 1 1 -> 9 when x 1 -> 9 when !x": {},
    "0 -> 9 when x": {},
    "0 -> 1": {1: "1"},
    "0 -> 1 1 breaks memory when x 1 -> 9 when x": {1: "!x"},
    "0 -> 1 1 breaks stuck": {1: "1"},
}


@pytest.mark.parametrize("commands", STILL)
def test_who_waits_for_no_lock_stands_still(commands: str) -> None:
    """A thread that waits for a value for ever would be proved to go on."""
    (thread,) = system(THREAD + commands).fixed

    assert STILL[commands] == {pc: text(when) for pc, when in stands_still(thread).items()}
