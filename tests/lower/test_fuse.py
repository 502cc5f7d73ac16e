"""`fuse` and `compose`: what is a thread's own affair goes with the access before it."""

from __future__ import annotations

import pytest

from tests.lower.passes import as_read, by, made
from verify.ir import CASE, SAMPLED_BEFORE, Command, Const, Local, Place
from verify.lower import fuse
from verify.lower.compose import compose
from verify.lower.fuse import fuse_local_steps
from verify.reasons.steps import Because
from verify.source import Source, Span

CASES = {
    "an own step goes with the access before it": (
        """
        0 -> 1 do x = 1
        1 -> 9 own do i = 2
        """,
        "0 -> 9 do x = 1; i = 2",
    ),
    "one after another": (
        """
        0 -> 1 do x = 1
        1 -> 2 own do i = 2
        2 -> 9 own do j = i
        """,
        "0 -> 9 do x = 1; i = 2; j = 2",
    ),
    "what was read decides which way is open": (
        """
        0 -> 1 do i = n
        1 -> 2 own when i == 0
        1 -> 9 own when i != 0
        2 -> 9 do y = 1
        """,
        """
        0 -> 2 when n == 0 do i = n
        0 -> 9 when n != 0 do i = n
        2 -> 9 do y = 1
        """,
    ),
    "where no way on is open the access is taken alone": (
        """
        0 -> 1 do x = 1
        1 -> 9 own when p
        """,
        """
        0 -> 9 when p do x = 1
        0 -> 1 when !p do x = 1
        1 -> 9 own when p
        """,
    ),
    "a value that is none of the local's shuts no way": (
        """
        0 -> 1 do x = 1
        1 -> 2 own when i == 0
        1 -> 9 own when 0 < i
        2 -> 9 do y = 1
        """,
        """
        0 -> 2 when i == 0 do x = 1
        0 -> 9 when 0 < i do x = 1
        2 -> 9 do y = 1
        """,
    ),
    "what only breaks a claim is no way on": (
        """
        0 -> 1 do x = 1
        1 breaks memory own when p
        1 -> 9 own when !p
        """,
        """
        0 breaks memory when p do x = 1
        0 -> 9 when !p do x = 1
        0 -> 1 when p do x = 1
        1 breaks memory own when p
        1 -> 9 own when !p
        """,
    ),
    "a claim that is watched is broken beside the way on": (
        """
        0 -> 1 do x = 1
        1 breaks odd own when p
        1 -> 9 own
        """,
        """
        0 breaks odd when p do x = 1
        0 -> 9 do x = 1
        """,
    ),
    "a lock that the access takes is held by what follows": (
        """
        0 -> 1 when !others(m) do hold m
        1 -> 9 own when held(m)
        1 -> 2 own when !held(m)
        2 -> 9 do x = 1
        """,
        "0 -> 9 when !others(m) do hold m",
    ),
    "each access before gets its own copy": (
        """
        0 -> 1 when x do y = 1
        0 -> 1 when !x do y = 0
        1 -> 9 own do i = 1
        """,
        """
        0 -> 9 when x do y = 1; i = 1
        0 -> 9 when !x do y = 0; i = 1
        """,
    ),
    "at the start it goes with what follows": (
        """
        0 -> 1 own do i = 1
        1 -> 9 do n = i
        """,
        "0 -> 9 do i = 1; n = 1",
    ),
    "what never comes to an access never begins": (
        """
        0 -> 1 own when p
        0 -> 9 own when !p
        1 -> 1 own
        """,
        None,
    ),
    "a start that leads nowhere is none": (
        """
        0 -> 1 own when p
        0 -> 2 when !p do x = 1
        2 -> 9 do y = 1
        """,
        """
        0 -> 2 when !p do x = 1
        2 -> 9 do y = 1
        """,
    ),
}
# Nothing may be taken together here.
LEFT = {
    "two accesses are two steps": "0 -> 1 do x = 1  1 -> 9 do y = 1",
    "one access among the ways on is enough": """
        0 -> 1 do x = 1
        1 -> 2 own when p
        1 -> 9 when !p do y = 1
        2 -> 9 do z = 1
    """,
    "one step has room for one return of the function with the table": """
        0 -> 1 outcome a do x = 1
        1 -> 9 own outcome b do i = 1
    """,
    "a circle without an access goes on for ever": """
        0 -> 1 do x = 1
        1 -> 1 own
    """,
    "a circle that has a way out": """
        0 -> 1 do x = 1
        1 -> 1 own when i < 2 do i = i + 1
        1 -> 9 own when i == 2
    """,
    "the end is where it rests": "0 -> 9 do x = 1  9 -> 0 own",
    "a claim that is broken has nothing behind it": "0 breaks odd do x = 1",
}


@pytest.mark.parametrize(
    ("before", "after"),
    [(before, after) for before, after in CASES.values()],
    ids=CASES.keys(),
)
def test_own_steps_are_taken_with_an_access(before: str, after: str | None) -> None:
    """Observations would be lost, or every engine walk through states that nobody can see."""
    assert as_read(before if after is None else after) == by(fuse_local_steps, before)


@pytest.mark.parametrize("before", LEFT.values(), ids=LEFT.keys())
def test_what_others_can_tell_apart_is_not_taken_together(before: str) -> None:
    """A state that others see between two steps would be gone: a bug with it."""
    assert as_read(before) == by(fuse_local_steps, before)


@pytest.mark.parametrize(("limit", "merged"), [(2, 1), (1, 2)])
def test_a_step_that_multiplies_the_commands_stays(
    limit: int, merged: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A text of a few lines would come to more commands than there is memory for."""
    monkeypatch.setattr(fuse, "MAX_JOINED", limit)

    assert merged == len(by(fuse_local_steps, "0 -> 1 do x = 1  1 -> 9 own do i = 1"))


def pair(commands: str) -> tuple[Command, Command]:
    one, two = made(commands).commands
    return one, two


TOGETHER = {
    "what is read is what the first has stored": (
        "0 -> 1 when x do i = n; y = 1 1 -> 2 when y && i < 3 do n = i + 1; i = 0",
        "0 -> 2 when x && (n < 3) do i = 0; y = 1; n = n + 1",
    ),
    "the last word on a lock counts": (
        "0 -> 1 do hold m; hold r shared 1 -> 2 when held(m) && !held(r, exclusive) do hold m free",
        "0 -> 2 do hold m free; hold r shared",
    ),
    "who else holds a lock is not changed by one's own": (
        "0 -> 1 do hold m free 1 -> 2 when !others(m) do hold m",
        "0 -> 2 when !others(m) do hold m exclusive",
    ),
    "both are named": (
        "0 -> 1 transient why calls f uses s cases 1 1 -> 2 calls g uses t cases 2 outcome o",
        "0 -> 2 transient why outcome o calls f, g uses s, t cases 1, 2",
    ),
    "it is its own affair if both are": ("0 -> 1 own 1 -> 2 own", "0 -> 2 own"),
    "it is an access if one is": ("0 -> 1 own 1 -> 2", "0 -> 2"),
    "what breaks a claim stays where it is": ("0 -> 1 1 breaks odd", "0 breaks odd"),
    "an outcome of the first is its case": (
        "0 -> 1 outcome o case 2 1 -> 2",
        "0 -> 2 outcome o case 2",
    ),
    "a case that the first samples is the one of the outcome": (
        "0 -> 1 do case = 2 1 -> 2 outcome o",
        "0 -> 2 outcome o case 2 do case = 2",
    ),
    "a case that was sampled before stays so": (
        "0 -> 1 do i = 2 1 -> 2 outcome o",
        "0 -> 2 outcome o do i = 2",
    ),
}


@pytest.mark.parametrize(("two", "one"), TOGETHER.values(), ids=TOGETHER.keys())
def test_two_commands_are_one_after_the_other(two: str, one: str) -> None:
    """The step that is taken would not be the two that the text has."""
    (expected,) = made(one).commands

    assert expected == compose(*pair(two))


@pytest.mark.parametrize(
    "two",
    [
        "0 -> 1 do i = 1 1 -> 2 when i == 2",
        "0 -> 1 when x 1 -> 2 when !x",
        "0 -> 1 do hold m shared 1 -> 2 when held(m, exclusive)",
    ],
)
def test_two_commands_that_cannot_follow_each_other_are_none(two: str) -> None:
    """A step would be taken that the text does not have."""
    assert compose(*pair(two)) is None


@pytest.mark.parametrize(
    ("first", "second", "main"),
    [(False, False, 0), (False, True, 0), (True, False, 2), (True, True, 0)],
)
def test_the_place_of_the_access_is_kept(first: bool, second: bool, main: int) -> None:
    """A run would show another line than the one that reads or writes."""
    span = Span(Source("a.bfp", "abc"), 0, 1)
    places = tuple(Place(span=span, note=Because(note)) for note in ("x", "y", "z"))
    one = Command(source=0, target=1, guard=Const(1), own=first, places=places[:2])
    two = Command(source=1, target=2, guard=Const(1), own=second, places=places[2:])
    found = compose(one, two)

    assert found is not None
    assert (places, main) == (found.places, found.main)
    assert SAMPLED_BEFORE == found.case
    assert Local(CASE) not in dict(found.updates)
