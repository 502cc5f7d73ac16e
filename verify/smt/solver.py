"""The one place that talks to z3: texts and numbers in, plain answers out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import z3

from verify.certify.solvers import answered
from verify.reasons.limits import EffortLimit, SolverLimit, Unproved

# Effort that z3 may spend on one question, in its own units: about a minute.  Counted
# and not timed, so that the answer is the same on every machine.
EFFORT = 400_000_000
# What it may spend on all questions about one text.  The kernel's programs take 194 million.
EFFORT_IN_ALL = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Yes:
    """Satisfiable; the constants that are true, and the values of the numbers."""

    true: frozenset[str]
    numbers: dict[str, int]


@dataclass(frozen=True, slots=True)
class No:
    """Unsatisfiable."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """z3 gave up, or was not asked, and why."""

    reason: Unproved


Reply = Yes | No | Unknown


class Session:
    """A solver that has read a text once and answers several questions about it."""

    def __init__(self, text: str, questions: Sequence[str], effort: int = EFFORT) -> None:
        """`questions` are conditions over the constants of `text`, asked by position."""
        # A context of its own: in a used one, z3 numbers what it reads differently and may
        # come to another run for the same text.
        self._context = z3.Context()
        self._solver = z3.SolverFor("QF_IDL", self._context)
        self._effort = effort
        self._spent = 0
        lines = [text]
        for i, question in enumerate(questions):
            lines.append(f"(declare-const q{i} Bool)\n(assert (=> q{i} {question}))")
        self._solver.from_string("\n".join(lines))

    def ask(
        self,
        questions: Sequence[int],
        most: tuple[Sequence[str], int] | None = None,
        effort: int | None = None,
    ) -> Reply:
        """Whether one of the questions can be true, `most` of some constants being so at most.

        Of no questions none can.  `effort` is less than usual if the answer is worth less.
        """
        if not questions:
            return No()
        left = EFFORT_IN_ALL - self._spent
        if left <= 0:
            return Unknown(EffortLimit(EFFORT_IN_ALL))
        solver = self._solver
        solver.set("rlimit", min(self._effort, left, self._effort if effort is None else effort))
        solver.push()
        try:
            solver.add(z3.Or([self._constant(f"q{i}") for i in questions]))
            # Of no constants never more than so many are true, and z3 takes no empty sum.
            if most is not None and most[0]:
                solver.add(z3.AtMost(*map(self._constant, most[0]), most[1]))
            answer = answered(solver)
            self._spent = solver.statistics().get_key_value("rlimit count")
            if answer == z3.unsat:
                return No()
            if answer == z3.unknown:
                return Unknown(SolverLimit(solver.reason_unknown()))
            return _read(solver.model())
        finally:
            solver.pop()

    def _constant(self, name: str) -> z3.BoolRef:
        return z3.Bool(name, self._context)


def _read(model: z3.ModelRef) -> Yes:
    true, numbers = set(), {}
    for constant in model.decls():
        value = model[constant]
        if z3.is_true(value):
            true.add(constant.name())
        elif z3.is_int_value(value):
            numbers[constant.name()] = value.as_long()
    return Yes(frozenset(true), numbers)
