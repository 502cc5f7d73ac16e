"""Solvers that answer a text: z3, and cvc5 as the second opinion."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import z3

# Effort that each may spend on one text, in its own units: a minute or so.
Z3_EFFORT = 100_000_000
CVC5_EFFORT = 4_000_000
# What z3 says of SIGINT; there is no other way to tell it from a limit that was met.
INTERRUPTED = "interrupted from keyboard"


@cache
def _context() -> z3.Context:
    """One for all texts: to make one costs as much as to answer an easy text, and nothing is
    read from an answer but which of three it is."""
    import z3

    return z3.Context()


def _z3(text: str) -> str:
    import z3

    # Straight to its SAT solver: a sixth of the time that its usual way with bit vectors takes,
    # which first rewrites at length what is a choice between numbers and nothing more.
    solver = z3.SolverFor("QF_FD", _context())
    solver.set("rlimit", Z3_EFFORT)
    solver.from_string(text)
    return str(answered(solver))


def answered(solver: z3.Solver) -> z3.CheckSatResult:
    """What z3 says, and never that somebody pressed Ctrl-C.

    While it looks, z3 takes SIGINT for itself, whoever else wanted it, and says `unknown`. So the
    signal is raised again; if whoever gets it then goes on, so does the question.
    """
    while True:
        answer = solver.check()
        if str(answer) != "unknown" or solver.reason_unknown() != INTERRUPTED:
            return answer
        signal.raise_signal(signal.SIGINT)


def _cvc5(text: str) -> str:
    import cvc5

    solver = cvc5.Solver(cvc5.TermManager())
    solver.setOption("rlimit", str(CVC5_EFFORT))
    # At once and not by and by: 0.1 s instead of 8 s for a step of the largest programs.
    solver.setOption("bitblast", "eager")
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "obligation")
    symbols = parser.getSymbolManager()
    said = ""
    while True:
        command = parser.nextCommand()
        if command.isNull():
            return said
        said = command.invoke(solver, symbols).strip() or said


# Who is asked where nobody is named: runs are looked for with z3.
SECOND = "cvc5"
SOLVERS: Mapping[str, Callable[[str], str]] = {"z3": _z3, "cvc5": _cvc5}


def decide(solver: str, text: str) -> str:
    """What a solver says of a text: sat, unsat or unknown."""
    return SOLVERS[solver](text)


def version(solver: str) -> str:
    """The version of a solver that is installed."""
    from importlib.metadata import version as installed

    return installed({"z3": "z3-solver"}.get(solver, solver))
