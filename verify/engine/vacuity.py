"""Whether the claims are put to the test at all: what never happens proves nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

from verify.engine.crowd import Crowd
from verify.engine.search import Search
from verify.explore import Explored, explore
from verify.ir import EXCLUSIVE, SHARED, Command, instance
from verify.smt.solver import No, Yes
from verify.smt.text import all_of, any_of
from verify.source import Span
from verify.verdicts import Absent, Holds, Line, NotEstablished, Vacuous, Verdict
from verify.wording import unreached_text

# What is not reached by as many threads as were asked for, and may be by more, is looked
# for with so many more, as far as so many states go.
MORE_THREADS = 2
MORE_STATES = 60_000

Test: TypeAlias = Callable[[Command], bool]


@dataclass
class Tested:
    """Statements, hooks and uses of claims, and locks: each to be reached by some run.

    `wanted` are the commands that reach it, in the threads that are there.
    """

    search: Search
    tests: dict[str, Test] = field(default_factory=dict)
    wanted: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    questions: dict[str, int] = field(default_factory=dict)
    spans: dict[str, Span] = field(default_factory=dict)
    reached: set[str] = field(default_factory=set)
    gave_up: bool = False

    def __post_init__(self) -> None:
        program = self.search.program
        for i, span in enumerate(program.statements):
            self.spans[f"statement {i}"] = span
            self._want(f"statement {i}", partial(_covers, span))
        for claim in program.claims:
            for hook in claim.hooks:
                self._want(f"hook {hook}", partial(_calls, hook))
            for used in claim.uses:
                self._want(f"use {used}", partial(_uses, used))
        for lock in program.locks:
            self._want(f"lock {lock.name}", partial(_takes, lock.name))
        for claim in program.claims:
            if claim.solo:
                self._want_start(claim.name)

    def _want(self, key: str, test: Test) -> None:
        if key in self.wanted:
            return
        threads = {thread.name: thread for thread in self.search.threads}
        commands = [
            (thread.name, number)
            for thread in threads.values()
            for number, command in enumerate(thread.commands)
            if test(command)
        ]
        self.tests[key] = test
        self.wanted[key] = commands
        if any(command in self.search.scout.fired for command in commands):
            self.reached.add(key)
        elif commands:
            self.questions[key] = self.search.question(
                any_of(self.search.order.takes(t, [n]) for t, n in commands)
            )

    def _want_start(self, claim: str) -> None:
        """Some state at rest from which the lonely thread of a claim may start."""
        order = self.search.order
        solo = next(t for t in self.search.program.threads if t.claim == claim and t.kind == "solo")
        if solo.name in self.search.scout.starts:
            self.reached.add(f"start {claim}")
            return
        starts = [c.guard for c in solo.commands if c.source == solo.entry]
        self.questions[f"start {claim}"] = self.search.question(
            all_of([order.resting(), any_of(order.finally_(guard) for guard in starts)])
        )

    def decide(self, crowd: Crowd | None = None) -> None:
        """Find out what is reached.

        What the views of the crowd say is never reached, if there are any, is not
        looked for any further.
        """
        for key, question in self.questions.items():
            match self.search.ask([question]):
                case Yes():
                    self.reached.add(key)
                case No():
                    pass
                case _:
                    self.gave_up = True
        open_ = [key for key in self.missing() if self.wanted.get(key)]
        if crowd is not None:
            open_ = [key for key in open_ if not crowd.never(self.tests[key])]
        for more in range(1, MORE_THREADS + 1):
            open_ = [key for key in open_ if key not in self.reached]
            if open_:
                self._look_further(open_, self.search.bound.threads + more)

    def _look_further(self, open_: Sequence[str], number: int) -> None:
        """Explore with more threads: what takes several calls in a row is reached late."""
        program = self.search.program
        wanted = {key: self.wanted[key] for key in open_}

        def found(seen: Explored) -> bool:
            for key, commands in wanted.items():
                if any(command in seen.fired for command in commands):
                    self.reached.add(key)
            return self.reached.issuperset(wanted)

        threads = instance(program, self.search.scenario, number)
        found(explore(program, threads, MORE_STATES, stop=found))

    def missing(self) -> list[str]:
        starts = [f"start {c.name}" for c in self.search.program.claims if c.solo]
        return [key for key in (*self.wanted, *starts) if key not in self.reached]

    def unreached(self) -> tuple[Line, ...]:
        """Statements of the functions in question that no run comes to."""
        return tuple(
            Line(self.spans[key], "never reached") for key in self.missing() if key in self.spans
        )

    def untested(self, claim: str) -> str:
        """Why a claim is never put to the test, or nothing."""
        keys = self._unmet(claim)
        found = next(c for c in self.search.program.claims if c.name == claim)
        if not keys or found.solo:
            return "no state at rest is as it says" if keys else ""
        reasons = [f"{', '.join(found.hooks)} is never called"] if found.hooks else []
        return "; ".join([*reasons, *map(_never_used, found.uses)])

    def _unmet(self, claim: str) -> set[str]:
        """All that would put a claim to the test, if none of it is reached."""
        found = next(c for c in self.search.program.claims if c.name == claim)
        if found.solo and f"start {claim}" not in self.reached:
            return {f"start {claim}"}
        keys = {f"hook {hook}" for hook in found.hooks} | {f"use {used}" for used in found.uses}
        return set() if keys & self.reached else keys

    def unmet(self, claims: Iterable[str]) -> tuple[tuple[str, str], ...]:
        """What is not reached of what some claims ask for, and what that is in words."""
        names = set(claims)
        keys = {key for name in names for key in self._unmet(name)}
        return tuple(
            (key, self._said(key)) for key in self.missing() if "vacuity" in names or key in keys
        )

    def _said(self, key: str) -> str:
        kind, _, name = key.partition(" ")
        match kind:
            case "statement":
                return f"line {self.spans[key].line}"
            case "hook":
                return f"{name} is never called"
            case "use":
                return _never_used(name)
            case "lock":
                return f"{name} is never held"
            case _:
                return f"{name}: no state at rest is as it says"

    def idle(self, why: str) -> Verdict:
        """The verdict on what is not put to the test here: another scenario may do so."""
        return Absent(why) if len(self.search.program.scenarios) > 1 else Vacuous(why)

    def verdict(self) -> Verdict:
        """The built-in claim `vacuity`."""
        if self.gave_up:
            return NotEstablished("z3 gave up")
        missing = self.missing()
        if not missing:
            return Holds(self.search.bound)
        return self.idle(unreached_text((key, self._said(key)) for key in missing))


def _never_used(struct: str) -> str:
    return f"no object of struct {struct} is ever used"


def _calls(hook: str, command: Command) -> bool:
    return hook in command.called


def _uses(struct: str, command: Command) -> bool:
    return struct in command.used


def _takes(lock: str, command: Command) -> bool:
    return (lock, SHARED) in command.locks or (lock, EXCLUSIVE) in command.locks


def _covers(span: Span, command: Command) -> bool:
    """Whether a command goes through some of a statement."""
    return any(
        place.span.source.path == span.source.path
        and place.span.start < span.end
        and span.start < place.span.end
        for place in command.places
    )
