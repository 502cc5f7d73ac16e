"""The case table: which cells occur, and what the code does in each."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from verify.certify.text import any_of
from verify.certify.unfold import Automaton, Edge
from verify.engine.search import ResourceLimitError, Search
from verify.explore import Return
from verify.ir import CASE, FATAL, SAMPLED_BEFORE, Death, Fault, Program
from verify.locks import FREE
from verify.reasons.limits import Unproved
from verify.smt.order import Order
from verify.smt.solver import No, Unknown, Yes
from verify.verdicts import Behaviour, Crash, Row, RowVerdict, Run


@dataclass(frozen=True, slots=True)
class Cases:
    """What every return and every death shows, in the code by itself (`returns`), and a run to
    each that occurs in the scenario; `gave_up` says why others may.
    """

    program: Program
    returns: Collection[Return]
    found: Mapping[Return, Run | None]
    gave_up: Unproved | None = None

    def rows(self, sampled: Collection[int]) -> tuple[Row, ...]:
        """A row for each cell, the first axis slowest, true before false.

        `sampled` are the cells that a run is known to sample.
        """
        table = self.program.table
        if table is None:
            return ()
        axes = table.axes
        order = sorted(
            range(2 ** len(axes)),
            key=lambda cell: [bool(cell >> i & 1) for i in range(len(axes))],
        )
        return tuple(self._row(cell, cell in sampled) for cell in order)

    def _row(self, cell: int, sampled: bool) -> Row:
        table = self.program.table
        assert table is not None
        here = {key: run for key, run in self.found.items() if key[0] == cell + 1}
        behaviours = (*self.behaviours(here), *self.deaths(cell + 1))
        claimed = table.claimed[cell]
        wrong = [b for b in behaviours if b.crash is None and b.outcome not in claimed]
        crashes = any(b.crash is not None for b in behaviours)
        runs = sorted((run for run in here.values() if run), key=lambda run: len(run.steps))
        return Row(
            axes=tuple((name, bool(cell >> i & 1)) for i, (name, _) in enumerate(table.axes)),
            reachable=True if here else None if self.gave_up else False,
            behaviours=behaviours,
            alone=self.behaviours(
                key for key in self.returns if key[0] == cell + 1 and not isinstance(key[2], Death)
            ),
            claimed=claimed,
            verdict=RowVerdict.REFUTED
            if wrong
            else RowVerdict.NOT_ESTABLISHED
            if self.gave_up or crashes
            else RowVerdict.HOLDS
            if here or not claimed
            else RowVerdict.NEVER_RETURNS
            if sampled
            else RowVerdict.NEVER_SAMPLED,
            witness=runs[0] if runs else None,
            sampled=sampled or bool(here),
        )

    def outside(self) -> tuple[Behaviour, ...]:
        """What calls do that never come to where the table is sampled."""
        return (*self.behaviours(key for key in self.found if key[0] == 0), *self.deaths(0))

    def behaviours(self, keys: Iterable[Return]) -> tuple[Behaviour, ...]:
        """Each outcome with all the locks that are amiss in it."""
        program = self.program
        amiss: dict[str, list[Fault | Death | None]] = {}
        for _, outcome, what in keys:
            amiss.setdefault(outcome, []).append(what)
        return tuple(
            Behaviour(
                outcome=outcome,
                sentence=sentence,
                left=_locks(amiss[outcome], left=True),
                lacking=_locks(amiss[outcome], left=False),
            )
            for outcome, sentence in program.outcomes
            if outcome in amiss
        )

    def deaths(self, case: int) -> tuple[Behaviour, ...]:
        """How a call dies that has sampled this case last."""
        return tuple(
            Behaviour(outcome="", sentence="", left=(), lacking=(), crash=run.end, run=run)
            for key, run in self.found.items()
            if key[0] == case and run is not None and isinstance(run.end, Crash)
        )


def return_questions(order: Order) -> dict[Return, str]:
    """For each return and death that the code has by itself: that some thread comes to it."""
    taken: dict[Return, list[str]] = {}
    for t, automaton in enumerate(order.automata):
        for key, edge in _returns(automaton):
            taken.setdefault(key, []).append(order.edge(t, edge))
    return {key: any_of(edges) for key, edges in taken.items()}


def cases(search: Search, questions: Mapping[Return, int], sound: Collection[str] = ()) -> Cases:
    """Find out which returns occur in the scenario, and which deaths.

    Nobody dies by breaking a claim that is `sound`.
    """
    instance = search.instance
    presearch = instance.presearch
    found: dict[Return, Run | None] = {
        key: instance.tell(instance.lifted(presearch.run(presearch.returns[key])))
        for key in questions
        if key in presearch.returns
    }
    open_ = [
        key
        for key in questions
        if key not in found and not (isinstance(key[2], Death) and key[2].claim in sound)
    ]
    gave_up: Unproved | None = None
    while open_:
        match search.ask([questions[key] for key in open_]):
            case No():
                break
            case Unknown(reason):
                gave_up = reason
                break
            case Yes():
                for key in open_:
                    try:
                        best = search.shortest([questions[key]], None)
                    except ResourceLimitError as error:
                        gave_up = error.reason
                        continue
                    if best is not None:
                        found[key] = instance.tell(best.moves)
                open_ = []
    return Cases(instance.program, tuple(questions), found, gave_up)


def _returns(automaton: Automaton) -> Iterator[tuple[Return, Edge]]:
    at = next((i for i, v in enumerate(automaton.thread.locals) if v.name == CASE), None)
    for edge in automaton.edges:
        command = automaton.thread.commands[edge.command]
        if command.outcome and command.violates in ("", "balance", *FATAL):
            case = command.case
            if case == SAMPLED_BEFORE:
                case = 0 if at is None else automaton.nodes[edge.source][1][at]
            yield (case, command.outcome, command.amiss), edge


def _locks(amiss: Iterable[Fault | Death | None], left: bool) -> tuple[str, ...]:
    found = {a.lock for a in amiss if isinstance(a, Fault) and (a.wanted == FREE) == left}
    return tuple(sorted(found))
