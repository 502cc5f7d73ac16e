"""Whether the claims are put to the test at all: what never happens proves nothing."""

from __future__ import annotations

from dataclasses import dataclass, field

from verify.engine.search import Search
from verify.explore import explore
from verify.ir import EXCLUSIVE, SHARED, Command, instance
from verify.smt.solver import No, Yes
from verify.smt.text import all_of, any_of
from verify.source import Span
from verify.verdicts import Holds, Line, NotEstablished, Vacuous, Verdict

# What is not reached by as many threads as were asked for is looked for with so many more,
# as far as so many states go.
MORE_THREADS = 2
MORE_STATES = 60_000


@dataclass
class Tested:
    """Statements, hooks and uses of claims, and locks: each to be reached by some run."""

    search: Search
    wanted: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    questions: dict[str, int] = field(default_factory=dict)
    spans: dict[str, Span] = field(default_factory=dict)
    reached: set[str] = field(default_factory=set)
    gave_up: bool = False

    def __post_init__(self) -> None:
        program = self.search.program
        threads = {thread.name: thread for thread in self.search.threads}
        commands = [
            (thread.name, number, command)
            for thread in threads.values()
            for number, command in enumerate(thread.commands)
        ]
        for i, span in enumerate(program.statements):
            self.spans[f"statement {i}"] = span
            self._want(f"statement {i}", [(t, n) for t, n, c in commands if _covers(c, span)])
        for claim in program.claims:
            for hook in claim.hooks:
                self._want(f"hook {hook}", [(t, n) for t, n, c in commands if hook in c.called])
            for used in claim.uses:
                self._want(f"use {used}", [(t, n) for t, n, c in commands if used in c.used])
        for lock in program.locks:
            self._want(
                f"lock {lock.name}",
                [
                    (t, n)
                    for t, n, c in commands
                    if (lock.name, SHARED) in c.locks or (lock.name, EXCLUSIVE) in c.locks
                ],
            )
        for claim in program.claims:
            if claim.solo:
                self._want_start(claim.name)

    def _want(self, key: str, commands: list[tuple[str, int]]) -> None:
        if key in self.wanted:
            return
        self.wanted[key] = commands
        if any(command in self.search.scout.fired for command in commands):
            self.reached.add(key)
        else:
            self.questions[key] = self.search.question(
                any_of(self.search.order.takes(t, [n]) for t, n in commands)
            )

    def _want_start(self, claim: str) -> None:
        """Some state at rest from which the lonely thread of a claim may start."""
        order = self.search.order
        solo = next(t for t in self.search.program.threads if t.claim == claim and t.kind == "solo")
        starts = [c.guard for c in solo.commands if c.source == solo.entry]
        self.questions[f"start {claim}"] = self.search.question(
            all_of([order.resting(), any_of(order.finally_(guard) for guard in starts)])
        )

    def decide(self) -> None:
        """Find out what is reached."""
        for key, question in self.questions.items():
            match self.search.ask([question]):
                case Yes():
                    self.reached.add(key)
                case No():
                    pass
                case _:
                    self.gave_up = True
        for more in range(1, MORE_THREADS + 1):
            if any(key in self.wanted for key in self.missing()):
                self._look_further(self.search.bound.threads + more)

    def _look_further(self, number: int) -> None:
        """Explore with more threads: what takes several calls in a row is reached late."""
        program = self.search.program
        seen = explore(program, instance(program, self.search.scenario, number), MORE_STATES)
        for key, commands in self.wanted.items():
            if any(command in seen.fired for command in commands):
                self.reached.add(key)

    def missing(self) -> list[str]:
        keys = (*self.wanted, *(key for key in self.questions if key.startswith("start ")))
        return [key for key in keys if key not in self.reached]

    def unreached(self) -> tuple[Line, ...]:
        """Statements of the functions in question that no run comes to."""
        return tuple(
            Line(self.spans[key], "never reached") for key in self.missing() if key in self.spans
        )

    def untested(self, claim: str) -> str:
        """Why a claim is never put to the test, or nothing."""
        found = next(c for c in self.search.program.claims if c.name == claim)
        missing = set(self.missing())
        if found.solo and f"start {claim}" in missing:
            return "no state at rest is as it says"
        keys = {f"hook {hook}" for hook in found.hooks} | {f"use {used}" for used in found.uses}
        if not keys or not keys <= missing:
            return ""
        reasons = [f"{', '.join(found.hooks)} is never called"] if found.hooks else []
        return "; ".join([*reasons, *map(_never_used, found.uses)])

    def verdict(self) -> Verdict:
        """The built-in claim `vacuity`."""
        if self.gave_up:
            return NotEstablished("z3 gave up")
        reasons = []
        lines = [str(line.span.line) for line in self.unreached()]
        if lines:
            reasons.append(f"never reached: line {', '.join(dict.fromkeys(lines))}")
        for key in self.missing():
            kind, _, name = key.partition(" ")
            if kind == "hook":
                reasons.append(f"{name} is never called")
            elif kind == "use":
                reasons.append(_never_used(name))
            elif kind == "lock":
                reasons.append(f"{name} is never held")
            elif kind == "start":
                reasons.append(f"{name}: no state at rest is as it says")
        return Vacuous("; ".join(reasons)) if reasons else Holds(self.search.bound)


def _never_used(struct: str) -> str:
    return f"no object of struct {struct} is ever used"


def _covers(command: Command, span: Span) -> bool:
    """Whether a command goes through some of a statement."""
    return any(
        place.span.source.path == span.source.path
        and place.span.start < span.end
        and span.start < place.span.end
        for place in command.places
    )
