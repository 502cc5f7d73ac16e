"""One instance of a scenario, and the two ways to ask about it.

Small instances are explored first, which finds most runs at once; the event
order in z3 then decides the instance that was asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from verify.certify.proof import Disagreement
from verify.engine.runs import tell
from verify.explore import Explored, explore
from verify.explore import Step as Move
from verify.interpret import Machine
from verify.ir import Program, Scenario, Thread, instance, known_of
from verify.reasons.limits import UnprovedError
from verify.smt.order import Order
from verify.smt.solver import Answer as Said
from verify.smt.solver import No, Session, Unknown, Yes
from verify.verdicts import Bound, Run

# States that are explored before anything else; more would cost more than they save.
SCOUT_STATES = 30_000
# Effort that z3 may spend on one step towards a shorter run, in its own units.
SHORTER = 40_000_000


class Gave(UnprovedError):
    """A question to z3 was left without an answer, and why."""


@dataclass(frozen=True, slots=True)
class Best:
    """A run, and how far it is known to be the shortest: with so many threads of each kind
    there is no shorter one."""

    moves: tuple[Move, ...]
    least: int


Progress = Callable[[str], None]


def silent(_: str) -> None:
    """Progress that nobody wants to see."""


@dataclass
class Search:
    """One instance, with its questions to z3 gathered before the first is asked."""

    program: Program
    scenario: Scenario
    bound: Bound
    threads: tuple[Thread, ...]
    scout: Explored
    scout_threads: tuple[Thread, ...]
    order: Order
    questions: list[str] = field(default_factory=list)
    session: Session | None = None

    def question(self, text: str) -> int:
        self.questions.append(text)
        return len(self.questions) - 1

    def ask(self, questions: Sequence[int], most: int | None = None) -> Said:
        """Whether one of some questions is true of some run, of `most` steps at most."""
        if self.order.limit:
            return Unknown(self.order.limit)
        if self.session is None:
            self.session = Session(self.order.text(), self.questions)
        if most is None:
            return self.session.ask(questions)
        return self.session.ask(questions, (self.order.edges(), most), SHORTER)

    def moves(self, answer: Yes) -> tuple[Move, ...]:
        """The run that a model describes, by its clocks."""
        taken: list[tuple[int, int, int]] = []
        for t, automaton in enumerate(self.order.automata):
            for edge in automaton.edges:
                if self.order.edge(t, edge) in answer.true:
                    clock = answer.numbers.get(self.order.clock(t, edge.level), 0)
                    taken.append((clock, t, edge.command))
        return tuple((t, command) for _, t, command in sorted(taken))

    @property
    def machine(self) -> Machine:
        """The threads as the interpreter runs them."""
        return Machine(self.program, self.threads, self.scout.machine, self.scenario.again)

    def tell(
        self,
        moves: Sequence[Move],
        solo: tuple[Thread, Sequence[int]] | None = None,
        waiting: Sequence[int] = (),
    ) -> Run:
        """A run of these threads in words, replayed; see `runs.tell`."""
        return tell(self.program, self.threads, moves, solo, waiting, self.scout.machine)

    def lifted(self, moves: Sequence[Move]) -> tuple[Move, ...]:
        """A run of the small instance as one of the large: its threads are the first of
        their kind there."""
        places: dict[int, int] = {}
        for i, thread in enumerate(self.scout_threads):
            places[i] = next(
                j
                for j, other in enumerate(self.threads)
                if other is thread and j not in places.values()
            )
        return tuple((places[i], number) for i, number in moves)

    def shortest(self, questions: Sequence[int], known: Sequence[Move] | None) -> Best | None:
        """The shortest run for which a question is true, or None.

        `known` is the shortest with one thread of each kind, if there is one.

        Raises:
            Gave: z3 gave up before there was any.
        """
        best = None if known is None else tuple(known)
        least = 0 if known is None else 1
        while True:
            if best is not None and not best:
                return Best(best, self.bound.threads)
            answer = self.ask(questions, None if best is None else len(best) - 1)
            match answer:
                case Yes():
                    found = self.moves(answer)
                    if best is not None and len(found) >= len(best):
                        raise Disagreement("a shorter run is longer")
                    best, least = found, 0
                case No():
                    return None if best is None else Best(best, self.bound.threads)
                case Unknown(reason):
                    if best is None:
                        raise Gave(reason)
                    return Best(best, min(least, self.bound.threads))


def is_known(program: Program, scenario: Scenario, claim: str, about: frozenset[str]) -> bool:
    """Whether a way to break a claim, by what it is about, has a name in this scenario."""
    return any(known.covers(about) for known in known_of(program, claim, scenario.name))


def prepare(
    program: Program, scenario: Scenario, threads: int, rounds: int, progress: Progress
) -> Search:
    progress("exploring one thread of each kind")
    small = instance(program, scenario, 1)
    solos = [thread for thread in program.threads if thread.kind == "solo"]
    named = partial(is_known, program, scenario) if program.known else None
    scout = explore(program, small, SCOUT_STATES, solos, again=scenario.again, named=named)
    progress("writing the runs as formulas")
    large = instance(program, scenario, threads)
    order = Order(program, large, rounds)
    cut = any(automaton.cut for automaton in order.automata)
    return Search(program, scenario, Bound(threads, rounds, cut), large, scout, small, order)
