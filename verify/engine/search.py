"""One instance of a scenario, and the two ways to ask about it.

Small instances are explored first, which finds most runs at once; the event
order in z3 then decides the instance that was asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial

from verify.certify.proof import DisagreementError
from verify.engine.problem import Problem, Progress
from verify.engine.runs import tell
from verify.explore import Explored, Move, explore
from verify.interpret import Machine
from verify.ir import Program, Scenario, Thread, instance, known_of
from verify.reasons.limits import UnprovedError
from verify.reasons.work import Task
from verify.smt.order import Order
from verify.smt.solver import No, Reply, Session, Unknown, Yes
from verify.verdicts import Bound, Run


class ResourceLimitError(UnprovedError):
    """A question to z3 was left without an answer, and why."""


@dataclass(frozen=True, slots=True)
class Best:
    """A run, and how far it is known to be the shortest: with so many threads of each kind
    there is no shorter one."""

    moves: tuple[Move, ...]
    least: int


@dataclass(frozen=True, slots=True)
class Instance:
    """The threads that a problem is about, what has been seen of a few of them, and the runs
    of all as a text for z3.

    `presearch` has explored `small`, one thread of each kind; its runs are runs of `threads` too.
    """

    problem: Problem
    bound: Bound
    threads: tuple[Thread, ...]
    presearch: Explored
    small: tuple[Thread, ...]
    order: Order

    @property
    def program(self) -> Program:
        return self.problem.program

    @property
    def scenario(self) -> Scenario:
        return self.problem.scenario

    @property
    def machine(self) -> Machine:
        """The threads as the interpreter runs them."""
        return Machine(self.program, self.threads, self.presearch.machine, self.scenario.again)

    def tell(
        self,
        moves: Sequence[Move],
        solo: tuple[Thread, Sequence[int]] | None = None,
        waiting: Sequence[int] = (),
    ) -> Run:
        """A run of these threads in words, replayed; see `runs.tell`."""
        return tell(self.program, self.threads, moves, solo, waiting, self.presearch.machine)

    def lifted(self, moves: Sequence[Move]) -> tuple[Move, ...]:
        """A run of the small instance as one of the large: its threads are the first of
        their kind there."""
        places: dict[int, int] = {}
        for i, thread in enumerate(self.small):
            places[i] = next(
                j
                for j, other in enumerate(self.threads)
                if other is thread and j not in places.values()
            )
        return tuple((places[i], number) for i, number in moves)


def explicit(problem: Problem, progress: Progress) -> Instance:
    """The explicit pre-search of a problem: one thread of each kind, state by state; and the
    runs of as many as were asked for, written down."""
    program, scenario = problem.program, problem.scenario
    progress(Task.EXPLORING)
    small = instance(program, scenario, 1)
    solos = [thread for thread in program.threads if thread.kind == "solo"]
    named = partial(is_known, program, scenario) if program.known else None
    most = problem.limits.presearch_states
    presearch = explore(program, small, most, solos, again=scenario.again, named=named)
    progress(Task.ENCODING)
    large = instance(program, scenario, problem.threads)
    order = Order(program, large, problem.rounds)
    cut = any(automaton.cut for automaton in order.automata)
    return Instance(
        problem, Bound(problem.threads, problem.rounds, cut), large, presearch, small, order
    )


@dataclass(frozen=True)
class Search:
    """An instance and the questions about it, which z3 reads together with its text, once,
    when the first is asked."""

    instance: Instance
    questions: tuple[str, ...]

    @cached_property
    def _session(self) -> Session:
        return Session(self.instance.order.text(), self.questions)

    def ask(self, questions: Sequence[int], most: int | None = None) -> Reply:
        """Whether one of some questions, by position, is true of some run, of `most` steps at
        most.  Of no questions none is, whatever the limits."""
        if not questions:
            return No()
        order = self.instance.order
        if order.limit:
            return Unknown(order.limit)
        if most is None:
            return self._session.ask(questions)
        effort = self.instance.problem.limits.shorter_effort
        return self._session.ask(questions, (order.edges(), most), effort)

    def moves(self, answer: Yes) -> tuple[Move, ...]:
        """The run that a model describes, by its clocks."""
        order = self.instance.order
        taken: list[tuple[int, int, int]] = []
        for t, automaton in enumerate(order.automata):
            for edge in automaton.edges:
                if order.edge(t, edge) in answer.true:
                    clock = answer.numbers.get(order.clock(t, edge.level), 0)
                    taken.append((clock, t, edge.command))
        return tuple((t, command) for _, t, command in sorted(taken))

    def shortest(self, questions: Sequence[int], known: Sequence[Move] | None) -> Best | None:
        """The shortest run for which a question is true, or None.

        `known` is the shortest with one thread of each kind, if there is one.

        Raises:
            Gave: z3 gave up before there was any.
        """
        bound = self.instance.bound
        best = None if known is None else tuple(known)
        least = 0 if known is None else 1
        while True:
            if best is not None and not best:
                return Best(best, bound.threads)
            answer = self.ask(questions, None if best is None else len(best) - 1)
            match answer:
                case Yes():
                    found = self.moves(answer)
                    if best is not None and len(found) >= len(best):
                        raise DisagreementError("a shorter run is longer")
                    best, least = found, 0
                case No():
                    return None if best is None else Best(best, bound.threads)
                case Unknown(reason):
                    if best is None:
                        raise ResourceLimitError(reason)
                    return Best(best, min(least, bound.threads))


def is_known(program: Program, scenario: Scenario, claim: str, about: frozenset[str]) -> bool:
    """Whether a way to break a claim, by what it is about, has a name in this scenario."""
    return any(known.covers(about) for known in known_of(program, claim, scenario.name))
