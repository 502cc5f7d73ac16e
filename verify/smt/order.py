"""Runs as ordered events: bounded model checking without states in between.

Each thread is an automaton without loops.  Taking an edge is an event; its
clock says when.  A guard on a variable holds if no write to a wrong value
comes between the last right one and the event.  Locks have no variables at
all: a section in which a thread holds one begins and ends with events, and
"nobody else holds it" says that the event lies outside the others' sections.

Source: Alglave, Kroening, Tautschnig, "Partial Orders for Efficient Bounded
Model Checking of Concurrent Software", CAV 2013, for the idea of clocks
instead of interleavings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from verify.cases import chosen, split
from verify.certify.text import FALSE, TRUE, all_of, any_of, no
from verify.certify.unfold import Automaton, Edge, TooLargeError, still, unfold
from verify.certify.waiting import goes_on, lock_part, unlocked
from verify.ir import (
    CASE,
    And,
    Arith,
    Atom,
    Compare,
    Const,
    Expr,
    Ite,
    Local,
    Mine,
    Not,
    Or,
    Others,
    Program,
    Shared,
    Thread,
    disj,
    topics,
)
from verify.locks import ModeWord, meets
from verify.reasons.limits import Count, CountLimit, Unproved

# So often a formula may ask which of two events is first.  The kernel's programs come to 16,780,
# with six callers in place of two to a quarter of a million; with more z3 is hardly ever through.
MAX_COMPARISONS = 300_000


@dataclass(frozen=True, slots=True)
class Event:
    """Thread `thread` leaving a node of level `level`; level None is the end of time."""

    thread: int
    level: int | None


@dataclass(frozen=True, slots=True)
class Write:
    """`literal`: this thread stores `value` at this level."""

    event: Event
    value: int
    literal: str


@dataclass
class Order:
    """The runs of some threads, each in its automaton at most once, as SMT-LIB text.

    Threads alike that stand side by side are ordered by their first event:
    they are interchangeable.

    `limit` names the limit that was met, if one was: then there is no text to ask about, and
    what is written for a question means nothing.
    """

    program: Program
    threads: Sequence[Thread]
    rounds: int = 1
    automata: tuple[Automaton, ...] = field(init=False)
    lines: list[str] = field(init=False, default_factory=list)
    limit: Unproved | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        # By identity: two observers of one claim have the same name.
        made: dict[int, Automaton] = {}
        for thread in self.threads:
            if id(thread) not in made:
                made[id(thread)] = self._unfolded(thread)
        self.automata = tuple(made[id(thread)] for thread in self.threads)
        self._values: dict[tuple[Event, str, frozenset[int]], str] = {}
        self._held: dict[tuple[Event, str, str], str] = {}
        self._initial = {v.name: v.initial for v in self.program.shared}
        self._domain = {v.name: frozenset(v.domain.values) for v in self.program.shared}
        self._lock_at = {lock.name: i for i, lock in enumerate(self.program.locks)}
        self._compared = 0
        self._writes = self._all_writes()
        self._sections = {
            (t, lock, mode): self._section(t, lock, mode)
            for t in range(len(self.threads))
            for lock in self._lock_at
            for mode in self.program.row(lock).asked
        }
        if not self.limit:
            self._structure()

    def _unfolded(self, thread: Thread) -> Automaton:
        """The automaton of a thread; of one that is too large one that takes no step."""
        try:
            return unfold(self.program, thread, self.rounds)
        except TooLargeError as error:
            self._stop(error)
            return still(self.program, thread)

    def _stop(self, error: TooLargeError) -> None:
        self.limit = self.limit or error.reason
        self.lines.clear()

    # ------------------------------------------------------------------ names

    def edge(self, thread: int, edge: Edge) -> str:
        """The Boolean that says that this thread takes this edge."""
        return f"e{thread}_{edge.number}"

    def clock(self, thread: int, level: int) -> str:
        return f"c{thread}_{level}"

    def edges(self) -> list[str]:
        """All edges of all threads but observers': what the length of a run counts."""
        return [
            self.edge(t, edge)
            for t, automaton in enumerate(self.automata)
            for edge in automaton.edges
        ]

    def before(self, one: Event, two: Event) -> str:
        """`one` comes first; equal clocks go by the number of the thread, so that
        any two events of different threads are ordered one way or the other."""
        if two.level is None:
            return TRUE
        if one.level is None:
            return FALSE
        if one.thread == two.thread:
            return TRUE if one.level < two.level else FALSE
        self._compared += 1
        if self._compared > MAX_COMPARISONS:
            raise TooLargeError(CountLimit(Count.COMPARISONS, MAX_COMPARISONS))
        first, second = (one, two) if one.thread < two.thread else (two, one)
        clocks = [self.clock(e.thread, e.level) for e in (first, second) if e.level is not None]
        atom = f"(<= {' '.join(clocks)})"
        return atom if first is one else f"(not {atom})"

    # -------------------------------------------------------------- structure

    def _structure(self) -> None:
        for t, automaton in enumerate(self.automata):
            for edge in automaton.edges:
                self.lines.append(f"(declare-const {self.edge(t, edge)} Bool)")
            for level in range(automaton.depth):
                self.lines.append(f"(declare-const {self.clock(t, level)} Int)")
                if level:
                    self.lines.append(
                        f"(assert (< {self.clock(t, level - 1)} {self.clock(t, level)}))"
                    )
        for t, automaton in enumerate(self.automata):
            for node, leaving in enumerate(automaton.leaving):
                taken = [self.edge(t, edge) for edge in leaving]
                for i, one in enumerate(taken):
                    for other in taken[:i]:
                        self.lines.append(f"(assert (or (not {one}) (not {other})))")
                if node and taken:
                    came = any_of(self.edge(t, e) for e in automaton.entering[node])
                    for one in taken:
                        self.lines.append(f"(assert (=> {one} {came}))")
            for edge in automaton.edges:
                guard = self.condition(edge.guard, Event(t, edge.level))
                if guard != TRUE:
                    self.lines.append(f"(assert (=> {self.edge(t, edge)} {guard}))")
        for t in range(1, len(self.threads)):
            if self.threads[t] is self.threads[t - 1] and self.automata[t].depth:
                self.lines.append(f"(assert (< {self.clock(t - 1, 0)} {self.clock(t, 0)}))")
                self.lines.append(f"(assert (=> {self.started(t)} {self.started(t - 1)}))")

    def started(self, thread: int) -> str:
        return any_of(self.edge(thread, edge) for edge in self.automata[thread].leaving[0])

    def at(self, thread: int, node: int) -> str:
        """The thread ends its run at this node: it comes there and goes no further."""
        automaton = self.automata[thread]
        came = TRUE if node == 0 else any_of(self.edge(thread, e) for e in automaton.entering[node])
        gone = any_of(self.edge(thread, e) for e in automaton.leaving[node])
        return all_of([came, no(gone)])

    # ------------------------------------------------------------- conditions

    def condition(self, expr: Expr, at: Event) -> str:
        """A condition on shared state and others' locks, as it is when `at` happens."""
        if self.limit:
            return FALSE
        try:
            return self._condition(expr, at)
        except TooLargeError as error:
            self._stop(error)
            return FALSE

    def _condition(self, expr: Expr, at: Event) -> str:
        match expr:
            case Const(value):
                return TRUE if value else FALSE
            case Not(arg):
                return no(self._condition(arg, at))
            case And(args):
                return all_of(self._condition(arg, at) for arg in args)
            case Or(args):
                return any_of(self._condition(arg, at) for arg in args)
            case Shared(name):
                return self.value_in(name, self._domain[name] - {0}, at)
            case Others(lock, mode):
                return any_of(
                    self.holds(u, lock, mode, at)
                    for u in range(len(self.threads))
                    if u != at.thread
                )
            case Compare("==", Shared(name), Const(value)) | Compare(
                "==", Const(value), Shared(name)
            ):
                return self.value_in(name, frozenset((value,)), at)
            case Compare() | Ite() | Arith():
                return self._by_cases(expr, at)
            case Local() | Mine():
                raise AssertionError(f"{type(expr).__name__} was left over by unfolding")

    def _values_of(self, atom: Atom) -> Sequence[int]:
        return sorted(self._domain[atom.name]) if isinstance(atom, Shared) else (0, 1)

    def _by_cases(self, expr: Expr, at: Event) -> str:
        atom = chosen((expr,), self._values_of)
        assert atom is not None, "an expression of constants is one"
        return any_of(
            all_of([self._condition(this, at), self._condition(case, at)])
            for this, (case,) in split(atom, self._values_of(atom), (expr,))
        )

    # ------------------------------------------------------- shared variables

    def _all_writes(self) -> dict[str, list[Write]]:
        writes: dict[str, list[Write]] = {v.name: [] for v in self.program.shared}
        for t, automaton in enumerate(self.automata):
            grouped: dict[tuple[str, int, int], list[str]] = {}
            for edge in automaton.edges:
                for name, value in edge.writes:
                    grouped.setdefault((name, edge.level, value), []).append(self.edge(t, edge))
            for (name, level, value), taken in grouped.items():
                writes[name].append(Write(Event(t, level), value, any_of(taken)))
        return writes

    def value_in(self, name: str, wanted: frozenset[int], at: Event) -> str:
        """The variable has one of the wanted values when `at` happens."""
        if wanted >= self._domain[name]:
            return TRUE
        if not wanted & self._domain[name]:
            return FALSE
        key = (at, name, wanted)
        if key not in self._values:
            text = self._value_in(name, wanted, at)
            if len(text) > 40:
                word = f"v{len(self._values)}"
                self.lines.append(f"(define-fun {word} () Bool {text})")
                text = word
            self._values[key] = text
        return self._values[key]

    def _value_in(self, name: str, wanted: frozenset[int], at: Event) -> str:
        writes = [w for w in self._writes[name] if self.before(w.event, at) != FALSE]
        right = [w for w in writes if w.value in wanted]
        wrong = [w for w in writes if w.value not in wanted]
        ways = []
        if self._initial[name] in wanted:
            ways.append(all_of(no(all_of([w.literal, self.before(w.event, at)])) for w in wrong))
        for one in right:
            ways.append(
                all_of(
                    [
                        one.literal,
                        self.before(one.event, at),
                        *(
                            no(
                                all_of(
                                    [
                                        w.literal,
                                        self.before(one.event, w.event),
                                        self.before(w.event, at),
                                    ]
                                )
                            )
                            for w in wrong
                        ),
                    ]
                )
            )
        return any_of(ways)

    # ------------------------------------------------------------------ locks

    def _section(
        self, thread: int, lock: str, mode: ModeWord
    ) -> tuple[dict[int, str], dict[int, str]]:
        """By level, the events that begin and that end holding `lock` in `mode`."""
        automaton = self.automata[thread]
        at = self._lock_at[lock]
        begins: dict[int, list[str]] = {}
        ends: dict[int, list[str]] = {}
        for edge in automaton.edges:
            if edge.target is None:
                continue
            held = meets(automaton.nodes[edge.source][2][at], mode)
            holds = meets(automaton.nodes[edge.target][2][at], mode)
            if holds and not held:
                begins.setdefault(edge.level, []).append(self.edge(thread, edge))
            if held and not holds:
                ends.setdefault(edge.level, []).append(self.edge(thread, edge))
        return (
            {level: any_of(taken) for level, taken in begins.items()},
            {level: any_of(taken) for level, taken in ends.items()},
        )

    def holds(self, thread: int, lock: str, mode: ModeWord, at: Event) -> str:
        """Another thread holds the lock when `at` happens."""
        begins, ends = self._sections[thread, lock, mode]
        ways = []
        for level, begun in begins.items():
            # A section that ended later than this one ended has begun later too, so
            # that any end behind the beginning will do.
            over = [
                all_of([ended, self.before(Event(thread, end), at)])
                for end, ended in ends.items()
                if end > level
            ]
            ways.append(all_of([begun, self.before(Event(thread, level), at), no(any_of(over))]))
        return any_of(ways)

    # ---------------------------------------------------------------- queries

    def breaks(self, claim: str, counts: Callable[[frozenset[str]], bool] = lambda _: True) -> str:
        """Some thread takes a command that breaks the claim, and what it is about counts."""
        return any_of(
            self.edge(t, edge)
            for t, automaton in enumerate(self.automata)
            for edge in automaton.edges
            if automaton.thread.commands[edge.command].violates == claim
            and counts(topics(automaton.thread.commands[edge.command], _case(automaton, edge)))
        )

    def takes(self, thread: str, commands: Iterable[int]) -> str:
        """Some thread of that name takes one of these commands."""
        wanted = set(commands)
        return any_of(
            self.edge(t, edge)
            for t, automaton in enumerate(self.automata)
            if automaton.thread.name == thread
            for edge in automaton.edges
            if edge.command in wanted
        )

    def resting(self) -> str:
        """At the end all threads rest."""
        return all_of(
            any_of(self.at(t, node) for node in self._rests(t))
            for t in range(len(self.threads))
            if self.threads[t].kind == "thread"
        )

    def _rests(self, thread: int) -> list[int]:
        automaton = self.automata[thread]
        ends = (automaton.thread.entry, automaton.thread.end)
        return [n for n, node in enumerate(automaton.nodes) if node[0] in ends]

    def finally_(self, expr: Expr) -> str:
        """A condition at the end of the run; `Others` are all threads."""
        return self.condition(expr, Event(-1, None))

    def quiet(self) -> str:
        """At the end each thread rests or waits, and some wait: what every stuck state is."""
        waits: list[str] = []
        calm: list[str] = []
        for t, automaton in enumerate(self.automata):
            if automaton.thread.kind != "thread":
                continue
            rests = self._rests(t)
            waiting = [
                all_of([self.at(t, node), self._shut(t, node, node in rests)])
                for node in range(len(automaton.nodes))
                if automaton.nodes[node][0] != automaton.thread.end
            ]
            rest = any_of(self.at(t, node) for node in rests)
            waits.append(any_of(waiting))
            calm.append(any_of([rest, *waiting]))
        return all_of([any_of(waits), *calm])

    def _shut(self, thread: int, node: int, begins: bool) -> str:
        """A thread at this node waits, as things are at the end.

        Who has not begun does if locks alone keep it from its first step.
        """
        automaton = self.automata[thread]
        commands = automaton.thread.commands
        # Who would go on beyond the bound does not wait.
        guards = [e.guard for e in automaton.leaving[node] if goes_on(commands[e.command])]
        way = disj([*guards, *automaton.beyond[node]])
        end = Event(thread, None)
        if not begins:
            return no(self.condition(way, end))
        kept = no(self.condition(lock_part(way), end))
        return all_of([kept, self.condition(unlocked(way), end)])

    def text(self) -> str:
        """What z3 is to read."""
        assert not self.limit, "what is left of a text that became too large means nothing"
        return "\n".join(self.lines)


def _case(automaton: Automaton, edge: Edge) -> int:
    """The case of the table that a thread is in where it takes an edge; 0: in none."""
    for position, variable in enumerate(automaton.thread.locals):
        if variable.name == CASE:
            return automaton.nodes[edge.source][1][position]
    return 0
