"""The case table: which cells occur, and what the code does in each."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from verify.engine.search import Gave, Search
from verify.ir import CASE, Command, Const, Local, Program
from verify.smt.solver import No, Unknown, Yes
from verify.smt.text import any_of
from verify.smt.unfold import Automaton, Edge
from verify.verdicts import Behaviour, Row, Run

# Case of the table (0: not sampled), outcome, and what is wrong with the locks then.
Key: TypeAlias = tuple[int, str, str]


@dataclass
class Cases:
    """What every return shows: in the code by itself, and in the scenario."""

    search: Search
    questions: dict[Key, int] = field(default_factory=dict)
    found: dict[Key, Run | None] = field(default_factory=dict)
    gave_up: str = ""

    def __post_init__(self) -> None:
        taken: dict[Key, list[str]] = {}
        for t, automaton in enumerate(self.search.order.automata):
            for key, edge in _returns(automaton):
                taken.setdefault(key, []).append(self.search.order.edge(t, edge))
        for key, edges in taken.items():
            self.questions[key] = self.search.question(any_of(edges))

    def decide(self) -> None:
        """Find out which returns occur in the scenario."""
        search = self.search
        for key in self.questions:
            if key in search.scout.returns:
                moves = search.lifted(search.scout.run(search.scout.returns[key]))
                self.found[key] = search.tell(moves, "")
        open_ = [key for key in self.questions if key not in self.found]
        while open_:
            match search.ask([self.questions[key] for key in open_]):
                case No():
                    return
                case Unknown(reason):
                    self.gave_up = reason
                    return
                case Yes():
                    for key in list(open_):
                        self._one(key, open_)

    def _one(self, key: Key, open_: list[Key]) -> None:
        try:
            best = self.search.shortest([self.questions[key]], None)
        except Gave as reason:
            self.gave_up = str(reason)
            best = None
        open_.remove(key)
        if best is not None:
            self.found[key] = self.search.tell(best.moves, "")

    def rows(self, sampled: Collection[int]) -> tuple[Row, ...]:
        """A row for each cell, the first axis slowest, true before false.

        `sampled` are the cells that a run is known to sample.
        """
        table = self.search.program.table
        if table is None:
            return ()
        axes = table.axes
        order = sorted(
            range(2 ** len(axes)),
            key=lambda cell: [bool(cell >> i & 1) for i in range(len(axes))],
        )
        return tuple(self._row(cell, cell in sampled) for cell in order)

    def _row(self, cell: int, sampled: bool) -> Row:
        table = self.search.program.table
        assert table is not None
        here = {key: run for key, run in self.found.items() if key[0] == cell + 1}
        behaviours = self.behaviours(here)
        claimed = table.claimed[cell]
        wrong = [b for b in behaviours if b.outcome not in claimed]
        runs = sorted((run for run in here.values() if run), key=lambda run: len(run.steps))
        return Row(
            tuple((name, bool(cell >> i & 1)) for i, (name, _) in enumerate(table.axes)),
            True if here else None if self.gave_up else False,
            behaviours,
            self.behaviours(key for key in self.questions if key[0] == cell + 1),
            claimed,
            "refuted"
            if wrong
            else "not established"
            if self.gave_up
            else "holds"
            if here or not claimed
            else "never returns"
            if sampled
            else "never sampled",
            runs[0] if runs else None,
            sampled or bool(here),
        )

    def outside(self) -> tuple[Behaviour, ...]:
        """What calls do that never come to where the table is sampled."""
        return self.behaviours(key for key in self.found if key[0] == 0)

    def behaviours(self, keys: object) -> tuple[Behaviour, ...]:
        sentences = dict(self.search.program.outcomes)
        left: dict[str, set[str]] = {}
        for _, outcome, reason in keys:  # type: ignore[attr-defined]
            left.setdefault(outcome, set()).update(_locks(self.search.program, reason))
        return tuple(
            Behaviour(outcome, sentence, tuple(sorted(left[outcome])))
            for outcome, sentence in sentences.items()
            if outcome in left
        )


def _returns(automaton: Automaton) -> Iterator[tuple[Key, Edge]]:
    at = next((i for i, v in enumerate(automaton.thread.locals) if v.name == CASE), None)
    for edge in automaton.edges:
        command = automaton.thread.commands[edge.command]
        if command.outcome and command.violates in ("", "balance"):
            sampled = 0 if at is None else automaton.nodes[edge.source][1][at]
            yield (max(sampled, _samples(command)), command.outcome, command.reason), edge


def _samples(command: Command) -> int:
    """The case that the command itself notes, 0 if none."""
    for target, new in command.updates:
        if target == Local(CASE) and isinstance(new, Const):
            return new.value
    return 0


def _locks(program: Program, reason: str) -> set[str]:
    return {lock.name for lock in program.locks if lock.name in reason.split()}
