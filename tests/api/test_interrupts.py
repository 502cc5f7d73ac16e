"""SIGINT belongs to the host, and z3 takes it for itself while it looks."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from tests.programs.binder import ROOT
from verify.certify import solvers

# A question that takes z3 a second: ten pigeons, nine holes. Three times SIGINT comes meanwhile.
PIGEONS = """
import os, signal, threading, time
from verify.certify.solvers import decide
def sit(pigeon, hole):
    return f"p{pigeon}_{hole}"
text = "(set-logic QF_FD)"
for i in range(10):
    text += "".join(f"(declare-const {sit(i, j)} Bool)" for j in range(9))
    text += f"(assert (or {' '.join(sit(i, j) for j in range(9))}))"
    for k in range(i):
        text += "".join(f"(assert (not (and {sit(i, j)} {sit(k, j)})))" for j in range(9))
heard = []
signal.signal(signal.SIGINT, lambda *_: heard.append("it"))
def press():
    while len(heard) < 3:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.05)
threading.Thread(target=press, daemon=True).start()
print(decide("z3", text))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_an_interrupt_that_the_host_deals_with_changes_no_answer() -> None:
    """A claim would be not established, and that written down, as somebody pressed Ctrl-C."""
    done = subprocess.run(
        [sys.executable, "-c", PIGEONS], cwd=ROOT, check=True, capture_output=True, text=True
    )

    assert "unsat\n" == done.stdout


class Interrupted:
    """A solver that is interrupted once, and answers then."""

    def __init__(self) -> None:
        self.said = ["unknown", "unsat"]

    def check(self) -> str:
        return self.said.pop(0)

    def reason_unknown(self) -> str:
        return "interrupted from keyboard"


def test_an_interrupt_is_given_to_whom_it_was_meant_for() -> None:
    """Ctrl-C would end one question, and the call would go on with the next."""
    with pytest.raises(KeyboardInterrupt):
        solvers.answered(Interrupted())

    heard: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: heard.append(number))
    try:
        assert "unsat" == solvers.answered(Interrupted())
    finally:
        signal.signal(signal.SIGINT, before)
    assert [signal.SIGINT] == heard
