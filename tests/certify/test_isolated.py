"""The condition from which a run alone fails, for threads of a few lines."""

from __future__ import annotations

import pytest

from tests.ir.text import ir, text
from verify.certify import isolated as module
from verify.certify import unfold as unfold_module
from verify.certify.isolated import TooManyPathsError, failing
from verify.ir import Program
from verify.reasons.limits import ThreadLimit

HEAD = """
shared x: bool = 0
shared y: bool = 0
shared n: 0..2 = 0
lock m: mutex
claim c alone
solo c of c: 0 to 9 {when}
    local i: 0..2 = 0
"""


def program(commands: str, when: str = "") -> Program:
    return ir(HEAD.format(when=when) + commands)


def condition(commands: str, when: str = "") -> str:
    found = program(commands, when)
    return text(failing(found, found.threads[0]))


FAILS = {
    "it never fails": ("0 -> 1 1 -> 9", "0"),
    "by a command that breaks its claim": ("0 -> 1 1 breaks c when x 1 -> 9 when !x", "x"),
    "another claim is not its own, but it dies": ("0 -> 1 1 breaks memory when x 1 -> 9", "x"),
    "by what it has stored itself": ("0 -> 1 do x = 1 1 breaks c when x 1 -> 9", "1"),
    "not by what it has overwritten": ("0 -> 1 do x = 0 1 breaks c when x 1 -> 9", "0"),
    "by what it has read": (
        "0 -> 1 do i = n 1 breaks c when i == 2 1 -> 9 when i != 2",
        "n == 2",
    ),
    "by waiting for a lock": ("0 -> 1 1 -> 9 when !others(m)", "others(m)"),
    "by waiting for a value": ("0 -> 1 1 -> 9 when x", "!x"),
    "not by a value before it begins": ("0 -> 9 when x", "0"),
    "by a lock before it begins": ("0 -> 9 when !others(m)", "others(m)"),
    "on each of its ways": (
        "0 -> 1 when x 0 -> 2 when !x 1 -> 9 when y 2 -> 9 when n == 1",
        "(!x && (n != 1)) || (x && !y)",
    ),
    "the first step and then what follows": (
        "0 -> 1 when x && !others(m) 1 breaks c when y 1 -> 9 when !y",
        "(others(m) && x) || (x && !others(m) && y)",
    ),
}


@pytest.mark.parametrize(("commands", "found"), FAILS.values(), ids=FAILS.keys())
def test_a_run_alone_fails_from_these_states(commands: str, found: str) -> None:
    """Progress would be proved of a thread that waits for ever, or denied of one that goes on."""
    assert found == condition(commands)


def test_who_only_asks_whether_the_claim_speaks_of_a_state_does_not_wait_there() -> None:
    """States that a claim leaves out would break it."""
    asked = "0 -> 1 when x && !others(m) 1 breaks c when y 1 -> 9 when !y"

    assert "x && !others(m) && y" == condition(asked, "when")


def test_going_in_circles_is_failing() -> None:
    """A run that never ends would count as one that succeeds."""
    code = program("0 -> 1 1 -> 1 when x do y = !y 1 -> 9 when !x")

    assert "x" in text(failing(code, code.threads[0]))


def test_only_failures_that_count_are_found() -> None:
    """A bug with a name would hide every other one of that claim."""
    code = program(
        """
        0 -> 1 outcome a when x
        0 -> 2 outcome b when !x
        1 breaks c
        2 breaks c when y
        2 -> 9
        """
    )
    (thread,) = code.threads

    assert "(!x && y) || x" == text(failing(code, thread))
    assert "!x && y" == text(failing(code, thread, counts=lambda about: about == {"b"}))
    assert "(!x && y) || x" == text(failing(code, thread))


def test_too_many_paths_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths that nobody has followed would be said to succeed."""
    monkeypatch.setattr(module, "MAX_PATHS", 3)

    with pytest.raises(TooManyPathsError):
        condition("0 -> 1 do i = n 1 -> 9")


def test_a_thread_of_too_many_states_has_too_many_paths(monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be unfolded would be an error of the tool."""
    monkeypatch.setattr(unfold_module, "MAX_STATES", 2)

    with pytest.raises(TooManyPathsError) as raised:
        condition("0 -> 1 do i = n 1 -> 9")
    assert ThreadLimit("c", 2) == raised.value.reason


def test_what_was_found_is_not_told_of_another_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """A claim would be answered by what was asked of another."""
    monkeypatch.setattr(module, "MAX_KEPT", 2)
    kept = [program(f"0 -> 1 1 breaks c when n == {n} 1 -> 9") for n in range(3)]

    for _ in range(2):
        assert ["n == 0", "n == 1", "n == 2"] == [text(failing(p, p.threads[0])) for p in kept]
