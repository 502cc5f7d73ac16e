"""What the tool says of a claim: a word, each with its evidence.

Values only: engines make them, reports print them, artifacts keep them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from verify.diagnostics import Diagnostic
from verify.reasons.coverage import Goal, StatementGoal
from verify.reasons.limits import Remark, Unproved
from verify.reasons.mutations import Extent, Mutation
from verify.reasons.steps import Note, Spurious
from verify.reasons.violations import Act, Violation
from verify.source import Span


@dataclass(frozen=True, slots=True)
class Line:
    """A place that a step went through, and what came of it.

    `main` marks the access to shared state; the rest is the thread's own affair.  A `jump`
    leads elsewhere than to the next statement.
    """

    span: Span
    note: Note | None
    main: bool = False
    jump: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """A variable that a step changed, in the words of its domain.

    `owner` is empty for shared state, else the thread whose local it is.
    """

    name: str
    owner: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One atomic step of a run.

    `index` and `command` are what the interpreter replays; `locks` what the
    thread did with a lock, as (lock, mode before, mode from then on); `holds` what
    each thread holds afterwards, as (thread, lock, mode).  Modes are those of `locks`.
    """

    number: int
    index: int
    command: int
    thread: str
    lines: tuple[Line, ...]
    transient: Spurious | None
    locks: tuple[tuple[str, int, int], ...]
    changes: tuple[Change, ...]
    holds: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True, slots=True)
class Held:
    """A thread holds a lock in a `mode`, as `locks` has it, or not at all, since a step.

    `step` 0: since before the run.
    """

    thread: str
    lock: str
    mode: int
    step: int


@dataclass(frozen=True, slots=True)
class Reachability:
    """Something that a condition names, as the text has it, with its value in the word of its
    domain; of a test of a lock also which, and who `holders` are, each with the mode.
    """

    name: str
    value: str
    lock: str = ""
    holders: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Condition:
    """A part of a claimed condition that is false, or true though it is `forbidden`.

    `values` are what it names.
    """

    span: Span
    forbidden: bool
    values: tuple[Reachability, ...]


@dataclass(frozen=True, slots=True)
class Broken:
    """The last step of `thread` breaks a claim: how, what is false then, which locks are amiss."""

    thread: str
    violation: Violation
    conditions: tuple[Condition, ...] = ()
    locks: tuple[Held, ...] = ()


@dataclass(frozen=True, slots=True)
class Unbalanced:
    """A thread is `doing` something (returns, ends) with locks `left`, or `lacking` some."""

    thread: str
    doing: Act
    left: tuple[Held, ...]
    lacking: tuple[Held, ...]


@dataclass(frozen=True, slots=True)
class Crash:
    """A thread dies: it breaks `claim` at `span`; `locks` are those that this is about."""

    thread: str
    claim: str
    violation: Violation
    span: Span
    locks: tuple[Held, ...] = ()


@dataclass(frozen=True, slots=True)
class Wait:
    """A thread that waits at `span`: for locks, which others hold, or for a condition.

    `locks` are who holds what it waits for; `values` is what it finds where that is no lock.
    """

    thread: str
    span: Span | None
    locks: tuple[Held, ...]
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """Some threads wait for ever."""

    waits: tuple[Wait, ...]


@dataclass(frozen=True, slots=True)
class Endless:
    """A thread that runs alone goes in circles."""

    thread: str


End: TypeAlias = Broken | Unbalanced | Crash | Waiting | Endless


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run that the interpreter has followed.

    `start` is the state it starts from; `end` is what is wrong at its end, None where
    nothing is.  `alone` is the number of the first step of a thread that
    runs alone from there on, or 0.
    """

    threads: tuple[str, ...]
    start: tuple[tuple[str, str], ...]
    steps: tuple[Step, ...]
    end: End | None
    switches: int
    alone: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A run as the interpreter can follow it, in an instance with `threads` for each [*].

    With `turning` the threads that may do so begin again.  `moves` are (index of the thread,
    number of its command); then `solo`, if one is named, runs alone and takes the commands
    `alone`, or is said to be able to start.
    """

    threads: int
    turning: bool
    moves: tuple[tuple[int, int], ...]
    solo: str = ""
    alone: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Bound:
    """How far a bounded answer reaches: threads for each [*], rounds of a loop."""

    threads: int
    rounds: int
    cut: bool


@dataclass(frozen=True, slots=True)
class Proved:
    """For any number of threads and rounds; `lemmas` counts those that it rests on.

    `by_runs`: what is claimed is that something happens, and runs show it.
    """

    lemmas: int
    by_runs: bool = False


@dataclass(frozen=True, slots=True)
class Bounded:
    """No run within the bound breaks the claim; `unproved` is why no more is known."""

    bound: Bound
    unproved: Unproved | None = None


@dataclass(frozen=True, slots=True)
class Refuted:
    """A run breaks the claim.

    With `least` threads for each [*], one at least, none with fewer steps does; `least`
    is as many as the bound allows, unless z3 gave up.  `turns`: some thread begins again
    in the run, and no run of single turns is known.
    """

    run: Run
    bound: Bound
    least: int
    turns: bool = False


@dataclass(frozen=True, slots=True)
class NotEstablished:
    """Neither shown nor refuted, and why: a crash keeps from being seen what comes behind it."""

    reason: Unproved | Crash


@dataclass(frozen=True, slots=True)
class Vacuous:
    """The claim holds because it is never put to the test: nothing reaches what would."""

    missing: tuple[Goal, ...]


@dataclass(frozen=True, slots=True)
class Absent:
    """The claim is not put to the test in this scenario; the program has others."""

    missing: tuple[Goal, ...]


Verdict: TypeAlias = Proved | Bounded | Refuted | NotEstablished | Vacuous | Absent


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The verdict on one claim in one scenario.

    `known` is what the bug is called that refutes it, if the program says so.  `beside` is
    what there is to say besides, where a bug has a name: that this is another one, or that
    it is not known whether there is another one.
    `cut_short` is where a thread dies, if more might be broken if it did not.
    """

    claim: str
    sentence: str
    scenario: str
    verdict: Verdict
    known: str = ""
    beside: Remark | None = None
    cut_short: Crash | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """Something the function does in a case: an outcome, and the locks that are not as
    they should be then, `left` held or `lacking`; or it dies, with the run as evidence.
    """

    outcome: str
    sentence: str
    left: tuple[str, ...]
    lacking: tuple[str, ...] = ()
    crash: Crash | None = None
    run: Run | None = None


class RowVerdict(StrEnum):
    """What comes of one case of the table, by the name that documents have for it."""

    REFUTED = "refuted"
    NOT_ESTABLISHED = "not established"
    HOLDS = "holds"
    NEVER_RETURNS = "never returns"
    NEVER_SAMPLED = "never sampled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One cell of the case table.

    `behaviours` are what the code does there in the scenario, `alone` what the
    function by itself would do there, whatever its calls return; `witness` is
    a run that reaches the cell.  One that is `sampled` and not `reachable` never returns.
    """

    axes: tuple[tuple[str, bool], ...]
    reachable: bool | None
    behaviours: tuple[Behaviour, ...]
    alone: tuple[Behaviour, ...]
    claimed: tuple[str, ...]
    verdict: RowVerdict
    witness: Run | None
    sampled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """How much is to be reached by some run, in whichever scenario.

    `calls` and `uses` are those that claims look at, `starts` the claims about a run
    alone, `cases` the rows of the table that are claimed to occur.
    """

    statements: int
    functions: int
    threads: int
    calls: int
    uses: int
    locks: int
    starts: int
    cases: int


@dataclass(frozen=True, slots=True)
class Member:
    """A thread of a scenario: how many of it there are (None: any number), and whether each
    is `cyclic`, called again and again.

    `rests` are the claims that rest on it not being so, if that was looked at.
    """

    thread: str
    count: int | None
    cyclic: bool
    rests: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class SpuriousFailure:
    """A call that may fail for a moment, at any time."""

    callee: str
    why: Spurious


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What stands behind the proved claims.

    `assumptions` are sentences, each with `misses` (bugs) or `alarms` (falsely), `lemmas` and
    `obligations` are counted; `solvers` are those that have confirmed the obligations, with
    their versions.
    """

    threads: tuple[Member, ...]
    transient: tuple[SpuriousFailure, ...]
    assumptions: tuple[tuple[str, str], ...]
    lemmas: int
    obligations: int
    solvers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Everything said of one program in one scenario.

    `unreached` are statements; `missing` are the goals that are asked for and not reached
    here, each the same value in every scenario.  `others` are
    the program's other scenarios.  `model` is what took the place of the program's own
    surroundings, if anything did.  `shown` are runs that reach all that is reached, and
    `gave_up` is why not all of the table's cells are known, if so.
    """

    path: str
    scenario: str
    sentence: str
    bound: Bound
    answers: tuple[Answer, ...]
    table: tuple[Row, ...]
    outside: tuple[Behaviour, ...]
    unreached: tuple[StatementGoal, ...]
    missing: tuple[Goal, ...]
    others: tuple[str, ...]
    watched: Watched
    proof: Evidence | None = None
    model: str = ""
    shown: tuple[Schedule, ...] = ()
    gave_up: Unproved | None = None


@dataclass(frozen=True, slots=True)
class WordedLemma:
    """A lemma by its name in its certificate: what never is, as a sentence, and the `claims`
    that it helps to prove directly; none if only other lemmas rest on it."""

    name: str
    text: str
    claims: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Need:
    """What a change of one statement breaks: claims, or the text itself (`senseless`).

    `open` says how far was looked, if not at all there is, or why nothing was tested: then
    more may break.  Claims `broken` break with nothing changed.  `copies` is the most threads
    for each [*] in the runs that were looked at, in which each thread runs once; None if
    there is no [*].
    """

    span: Span
    change: Mutation
    breaks: tuple[str, ...]
    senseless: Diagnostic | None
    open: Extent | None = None
    broken: tuple[str, ...] = ()
    copies: int | None = None

    @property
    def idle(self) -> bool:
        """Whether nothing breaks, as far as was looked."""
        return not self.breaks and self.senseless is None


def nowhere(results: Sequence[Result]) -> tuple[Goal, ...] | None:
    """The goals that no scenario of a program reaches.

    None if the program has one scenario only, whose verdicts say so themselves, or if
    not all of its scenarios were asked.
    """
    if not results or not results[0].others:
        return None
    if not {r.scenario for r in results}.issuperset(results[0].others):
        return None
    common = set.intersection(*(set(r.missing) for r in results))
    return tuple(one for one in results[0].missing if one in common)


def word(verdict: Verdict) -> str:
    """The one word for a verdict."""
    match verdict:
        case Proved():
            return "proved"
        case Bounded():
            return "bounded"
        case Refuted():
            return "refuted"
        case NotEstablished():
            return "not established"
        case Vacuous():
            return "vacuous"
        case Absent():
            return "absent"
