"""Guarded commands: the one intermediate form, and the one meaning of a program.

A program is shared variables and locks over which threads run.  A thread is
at a program counter (pc) and has locals; it holds each lock shared, exclusive
or not at all.  A step takes one command of one thread whose guard is true:
its updates are computed from the state before and take effect at once.

Every value is an integer: booleans are 0 and 1, enums their position, a
pointer is 0 for NULL or the number of an object.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from functools import lru_cache
from typing import Any, Literal, TypeAlias, get_args

from verify.locks import BITS, KINDS, LockKind, Mode, ModeWord, meets
from verify.reasons.coverage import Owner
from verify.reasons.steps import Note, Spurious
from verify.reasons.violations import Act, Violation
from verify.source import Span

# ---------------------------------------------------------------- expressions


CompareOp: TypeAlias = Literal["==", "<"]
ArithOp: TypeAlias = Literal["+", "-", "*"]
ThreadKind: TypeAlias = Literal["thread", "observer", "solo"]
# Where a lock is taken: in an interrupt, or elsewhere with interrupts on.
Context: TypeAlias = Literal["irq", "on"]
CONTEXTS: tuple[Context, ...] = get_args(Context)


@dataclass(frozen=True, slots=True)
class Const:
    value: int


@dataclass(frozen=True, slots=True)
class Shared:
    name: str


@dataclass(frozen=True, slots=True)
class Local:
    name: str


@dataclass(frozen=True, slots=True)
class Mine:
    """The thread itself holds `lock`, in a mode that the word `mode` names."""

    lock: str
    mode: ModeWord


@dataclass(frozen=True, slots=True)
class Others:
    """Some other thread holds `lock` in `mode`: a quantified guard."""

    lock: str
    mode: ModeWord


@dataclass(frozen=True, slots=True)
class Not:
    arg: Expr


@dataclass(frozen=True, slots=True)
class And:
    args: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Or:
    args: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Compare:
    op: CompareOp
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Arith:
    op: ArithOp
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Ite:
    condition: Expr
    then: Expr
    otherwise: Expr


Expr: TypeAlias = Const | Shared | Local | Mine | Others | Not | And | Or | Compare | Arith | Ite
Atom: TypeAlias = Shared | Local | Mine | Others
ATOMS = (Shared, Local, Mine, Others)

FALSE = Const(0)
TRUE = Const(1)


def phase(lock: str) -> Shared:
    """Whether readers that come now are of a lock's odd phase: each grace period changes it."""
    return Shared(f"{lock}@phase")


def usage(lock: str, context: Context, mode: Mode) -> Shared:
    """Whether a lock has been taken in a mode in some context."""
    return Shared(f"{lock}@{context}-{mode}")


def is_phase(name: str) -> bool:
    """Whether a shared variable is the phase of a lock; no variable of a text is called so."""
    return name.endswith("@phase")


def negate(arg: Expr) -> Expr:
    match arg:
        case Const(value):
            return Const(int(not value))
        case Not(inner):
            return inner
        case _:
            # Every other expression has no shorter negation.
            return Not(arg)


def conj(args: Iterable[Expr]) -> Expr:
    """The conjunction, flat, without what is true or said twice."""
    flat: dict[Expr, None] = {}
    for arg in args:
        if isinstance(arg, And):
            flat.update(dict.fromkeys(arg.args))
        elif arg == FALSE:
            return FALSE
        elif not isinstance(arg, Const):
            flat[arg] = None
    if _opposed(flat):
        return FALSE
    kept = tuple(flat)
    return TRUE if not kept else kept[0] if len(kept) == 1 else And(kept)


def disj(args: Iterable[Expr]) -> Expr:
    """The disjunction, flat, without what is false or said twice."""
    flat: dict[Expr, None] = {}
    for arg in args:
        if isinstance(arg, Or):
            flat.update(dict.fromkeys(arg.args))
        elif isinstance(arg, Const):
            if arg.value:
                return TRUE
        else:
            flat[arg] = None
    if _opposed(flat):
        return TRUE
    kept = tuple(flat)
    return FALSE if not kept else kept[0] if len(kept) == 1 else Or(kept)


def _opposed(args: Collection[Expr]) -> bool:
    """Whether one of them is the negation of another."""
    return any(isinstance(arg, Not) and arg.arg in args for arg in args)


def compare(op: CompareOp, left: Expr, right: Expr) -> Expr:
    match left, right:
        case Const(a), Const(b):
            return Const(int(a == b if op == "==" else a < b))
        case (Ite(c, t, e), Const()) | (Const(), Ite(c, t, e)):
            # Comparing a choice with a constant is a choice of comparisons; in
            # this form what is compared is a variable and a constant again.
            if isinstance(right, Const):
                return ite(c, compare(op, t, right), compare(op, e, right))
            return ite(c, compare(op, left, t), compare(op, left, e))
        case (condition, Const(v)) | (Const(v), condition) if op == "==" and is_condition(
            condition
        ):
            return condition if v == 1 else negate(condition) if v == 0 else FALSE
        case _:
            # No other two are compared before their values are known.
            return TRUE if op == "==" and left == right else Compare(op, left, right)


def equal(left: Expr, right: Expr) -> Expr:
    return compare("==", left, right)


def arith(op: ArithOp, left: Expr, right: Expr) -> Expr:
    match left, right:
        case Const(a), Const(b):
            return Const(a + b if op == "+" else a - b if op == "-" else a * b)
        case _:
            # Only two constants are added up beforehand.
            return Arith(op, left, right)


def ite(condition: Expr, then: Expr, otherwise: Expr) -> Expr:
    if isinstance(condition, Const):
        return then if condition.value else otherwise
    if then == otherwise:
        return then
    if then == TRUE and otherwise == FALSE:
        return condition
    if then == FALSE and otherwise == TRUE:
        return negate(condition)
    if is_condition(then) and is_condition(otherwise):
        return disj([conj([condition, then]), conj([negate(condition), otherwise])])
    return Ite(condition, then, otherwise)


def is_condition(expr: Expr) -> bool:
    """Whether an expression can only be 0 or 1, whatever the variables are."""
    match expr:
        case Const(value):
            return value in (0, 1)
        case Not() | And() | Or() | Compare() | Mine() | Others():
            return True
        case Shared() | Local() | Arith() | Ite():
            return False


def children(expr: Expr) -> tuple[Expr, ...]:
    """The expressions that one is made of."""
    return _CHILDREN[type(expr)](expr)


# By class, which takes a third of the time that `match` does: lowering asks 100,000 times.
_CHILDREN: Mapping[type[Expr], Callable[[Any], tuple[Expr, ...]]] = {
    Const: lambda _: (),
    **dict.fromkeys(ATOMS, lambda _: ()),
    Not: lambda expr: (expr.arg,),
    And: lambda expr: expr.args,
    Or: lambda expr: expr.args,
    Compare: lambda expr: (expr.left, expr.right),
    Arith: lambda expr: (expr.left, expr.right),
    Ite: lambda expr: (expr.condition, expr.then, expr.otherwise),
}


def map_children(expr: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """`expr` with each of its parts changed, folded as far as it goes."""
    match expr:
        case Const() | Shared() | Local() | Mine() | Others():
            return expr
        case Not(arg):
            return negate(change(arg))
        case And(args):
            return conj(map(change, args))
        case Or(args):
            return disj(map(change, args))
        case Compare(op, left, right):
            return compare(op, change(left), change(right))
        case Arith(op, left, right):
            return arith(op, change(left), change(right))
        case Ite(condition, then, otherwise):
            return ite(change(condition), change(then), change(otherwise))


def rebuild(expr: Expr, leaf: Callable[[Atom], Expr]) -> Expr:
    """`expr` with each variable and lock test replaced, folded as far as it goes."""

    def change(part: Expr) -> Expr:
        # A tuple, since asking for a union takes three times as long.
        return leaf(part) if isinstance(part, ATOMS) else map_children(part, change)

    return change(expr)


def walk(expr: Expr) -> Iterator[Expr]:
    """An expression and all those in it, each before its parts."""
    todo = [expr]
    while todo:
        here = todo.pop()
        yield here
        todo += reversed(children(here))


def atoms(*exprs: Expr) -> frozenset[Atom]:
    """The variables and lock tests in some expressions."""
    found: set[Atom] = set()
    todo = list(exprs)
    while todo:
        here = todo.pop()
        if isinstance(here, ATOMS):
            found.add(here)
        else:
            todo += children(here)
    return frozenset(found)


# ------------------------------------------------------------------- programs


@dataclass(frozen=True, slots=True)
class Domain:
    """Values `low` to `low + len(labels) - 1`, each with the word for it."""

    name: str
    low: int
    labels: tuple[str, ...]

    @property
    def values(self) -> range:
        return range(self.low, self.low + len(self.labels))

    def word(self, value: int) -> str:
        return self.labels[value - self.low]


@dataclass(frozen=True, slots=True)
class Variable:
    """`shown` is the name in the text; locals of two calls differ in `name` only.

    A `lasting` one keeps its value from one turn of its thread to the next.
    """

    name: str
    shown: str
    domain: Domain
    initial: int
    ghost: bool = False
    lasting: bool = False

    @property
    def function(self) -> str:
        """The function in a call of which a local is, `f` of `f.3.x`; empty: the thread's own."""
        function, _, rest = self.name.partition(".")
        return function if rest.partition(".")[0].isdecimal() else ""


@dataclass(frozen=True, slots=True)
class Lock:
    """`kind` names a row of `locks.KINDS`."""

    name: str
    kind: str

    @property
    def row(self) -> LockKind:
        return KINDS[self.kind]


@dataclass(frozen=True, slots=True)
class Place:
    """A piece of text that a command stands for, and what came of it.

    `jump`: it is a statement that leads elsewhere than to the next.
    """

    span: Span
    note: Note | None = None
    jump: bool = False


Update: TypeAlias = tuple[Shared | Local, Expr]

# The claims that a thread does not survive: it goes no further, whatever it would have done.
FATAL = ("memory", "lock-use")
# What stands for an outcome where the function with the table dies.
DIES = "(dies)"


AS_PROMISED = -1


@dataclass(frozen=True, slots=True)
class Fault:
    """A lock that is not held in the mode `wanted` where a thread is `doing` something.

    Or AS_PROMISED: in the one that a contract names, or that it had at the call.
    """

    lock: str
    wanted: int
    doing: Act


@dataclass(frozen=True, slots=True)
class Death:
    """How a thread dies, and where."""

    claim: str
    violation: Violation
    span: Span


@dataclass(frozen=True, slots=True)
class Named:
    """Something that a condition names: its text, what it is, and when that makes sense.

    `domain` has the words for it; `locks` are those that a lock test may be about.
    """

    text: str
    value: Expr
    sound: Expr
    domain: Domain
    locks: tuple[tuple[Expr, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a claimed condition, all of which have to hold (or none, if `forbidden`).

    `holds` is whether nothing is wrong with this one.
    """

    span: Span
    holds: Expr
    forbidden: bool
    named: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """The parts of a claimed condition, over a state that is seen `through` substitutions.

    They are made only where somebody wants to be told, which is seldom; the first
    substitution is the innermost.  `alive` are the locals that still have their values.
    """

    parts: tuple[Part, ...]
    through: tuple[Mapping[Atom, Expr], ...] = ()
    alive: frozenset[str] | None = None

    def behind(self, change: Mapping[Atom, Expr]) -> Asked:
        """The same, where this happens before."""
        return replace(self, through=(*self.through, change)) if change else self

    def now(self) -> tuple[Part, ...]:
        """The parts over the state before the command, as far as it has what they need."""

        def seen(expr: Expr) -> Expr:
            for change in self.through:
                expr = rebuild(expr, lambda atom, change=change: change.get(atom, atom))  # type: ignore[misc]
            return expr

        def kept(*exprs: Expr) -> bool:
            names = {a.name for e in exprs for a in atoms(e) if isinstance(a, Local)}
            return self.alive is None or names <= self.alive

        found = []
        for part in self.parts:
            holds = seen(part.holds)
            named = [
                Named(
                    one.text,
                    seen(one.value),
                    seen(one.sound),
                    one.domain,
                    tuple((seen(condition), lock) for condition, lock in one.locks),
                )
                for one in part.named
            ]
            fit = tuple(n for n in named if kept(n.value, n.sound, *(c for c, _ in n.locks)))
            if kept(holds):
                found.append(Part(part.span, holds, part.forbidden, fit))
        return tuple(found)


def modes(locks: Mapping[str, int]) -> dict[Atom, Expr]:
    """What a thread knows of the locks that it holds in these modes."""
    found: dict[Atom, Expr] = {}
    for lock, held in locks.items():
        found.update(_known(lock, held))
    return found


@lru_cache(maxsize=1024)
def _known(lock: str, held: int) -> tuple[tuple[Atom, Expr], ...]:
    return tuple((Mine(lock, word), Const(int(meets(held, word)))) for word in BITS)


@dataclass(frozen=True, slots=True)
class Command:
    """`when guard do updates`, taken at once by a thread at `source`.

    `locks` says what the thread does with a lock from now on; `forget` names
    locals that nobody reads any more, which go back to their initial value so
    that states that differ in nothing else are one.  `violates`
    names the claim that is broken when the command is taken, `violation` how;
    nothing is followed behind it: a claim that is only watched has the way on
    in commands of its own, and a fatal one has none.  `transient` says why it may happen
    at any time, but not for ever.  `own` is set if it is the thread's own affair: no
    access, so that it may be taken together with the step before.  `outcome` is set
    where the function with the table returns.  `called` names the primitives that the
    command is made of and the functions that return in it, `used` the structs that a
    claim watches and of which it follows a pointer to an object; `main` is the position
    in `places` of the access to shared state, the rest concerns the thread alone;
    `cases` are those that it samples for the table, as `CASE` has them; `case` is the one
    that its outcome is about, where the step settles that itself, else SAMPLED_BEFORE.

    Of a command that breaks a claim, `fault` is the lock that is amiss, if it is about
    one, `asked` what is claimed of the state, and `inside` are the functions in
    which the thread dies, if it does; inside the one with the table its `outcome` is DIES.
    `about` says what a broken claim is about: locks, structs, objects, the functions it
    happens in, and a case as `case N`; `passing` is set if it is broken on a transient way only.
    """

    source: int
    target: int
    guard: Expr
    updates: tuple[Update, ...] = ()
    _: KW_ONLY
    locks: tuple[tuple[str, int], ...] = ()
    forget: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()
    transient: Spurious | None = None
    violates: str = ""
    violation: Violation | None = None
    outcome: str = ""
    called: tuple[str, ...] = ()
    main: int = 0
    used: tuple[str, ...] = ()
    cases: tuple[int, ...] = ()
    own: bool = False
    case: int = -1
    fault: Fault | None = None
    # What is claimed serves whoever words it; a command is the same without.
    asked: Asked | None = field(default=None, compare=False)
    inside: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    passing: bool = False

    @property
    def amiss(self) -> Fault | Death | None:
        """What is wrong where the function with the table returns or dies, if anything is."""
        if self.violates in FATAL:
            assert self.violation is not None
            return Death(self.violates, self.violation, self.places[-1].span)
        return self.fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """The code of any number of threads alike.

    `kind` is thread; observer, a thread of one command that looks at the
    state; or solo, which starts only while all others rest, and after which
    nobody else moves.  Threads rest at `entry` and at `end`.  `when` says of a solo that
    its first command only asks whether the claim speaks of the state it starts from.
    """

    name: str
    sentence: str
    kind: ThreadKind
    claim: str
    locals: tuple[Variable, ...]
    commands: tuple[Command, ...]
    entry: int
    end: int
    when: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """`hooks` are the callees, `uses` the structs at which it is tested, `returns` the
    functions among the hooks from which it looks at a return; `samples`: it looks at the table.

    Nobody has to state a `built_in` one.
    """

    name: str
    sentence: str
    built_in: bool
    span: Span | None
    solo: bool = False
    hooks: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    samples: bool = False
    returns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scenario:
    """`members` are (thread, count); count None means any number.

    The threads in `forever` start again when they have come to their end.
    """

    name: str
    sentence: str
    members: tuple[tuple[str, int | None], ...]
    forever: frozenset[str] = frozenset()

    @property
    def again(self) -> frozenset[str]:
        """The threads that may begin another turn when they are through."""
        return self.forever | {name for name, count in self.members if count is None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Cell i has axis j true iff bit j of i is set; `claimed[i]` empty: never occurs.

    `rows[k]` are the cells that its k-th line is for.  `point` says where it is sampled:
    `mutex_trylock() returning true`.
    """

    function: str
    axes: tuple[tuple[str, str], ...]
    sample: Span
    claimed: tuple[tuple[str, ...], ...]
    rows: tuple[tuple[int, ...], ...]
    span: Span
    point: str

    def case(self, cell: int) -> str:
        """A cell in the words of the text: `!vma && mapped`."""
        return " && ".join(
            name if cell >> i & 1 else f"!{name}" for i, (name, _) in enumerate(self.axes)
        )


@dataclass(frozen=True, slots=True)
class Statement:
    """A simple statement or condition; `owner` is what it stands in."""

    owner: Owner
    span: Span


@dataclass(frozen=True, slots=True)
class Known:
    """What a bug is called that refutes `claim`, in one scenario or (empty) in each.

    It is the one that shows in one of the `cases`, by a step about all of `topics`.
    """

    claim: str
    scenario: str
    cases: tuple[int, ...]
    topics: tuple[str, ...]
    sentence: str

    def covers(self, topics: frozenset[str]) -> bool:
        """Whether a way to break the claim that is about these is the one that is known."""
        here = not self.cases or any(case_topic(cell) in topics for cell in self.cases)
        return here and topics.issuperset(self.topics)


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """All threads, scenarios and claims of a text, lowered.

    `outcomes` maps an outcome to its sentence; `subjects` are the functions
    with a contract or a table, `statements` those in them and in the program's own file;
    `assumptions` are sentences, each with `misses` (bugs) or `alarms` (falsely);
    `known` are names of bugs that refute a claim.
    """

    path: str
    texts: tuple[str, ...]
    shared: tuple[Variable, ...]
    locks: tuple[Lock, ...]
    threads: tuple[Thread, ...]
    claims: tuple[Claim, ...]
    scenarios: tuple[Scenario, ...]
    outcomes: tuple[tuple[str, str], ...]
    table: Table | None
    subjects: tuple[str, ...]
    statements: tuple[Statement, ...]
    assumptions: tuple[tuple[str, str], ...] = ()
    known: tuple[Known, ...] = ()

    def row(self, lock: str) -> LockKind:
        """The kind of a lock by its name; KeyError if there is none."""
        for one in self.locks:
            if one.name == lock:
                return one.row
        raise KeyError(lock)


CASE = "case"
# The case of an outcome is the one that `CASE` has before the step.
SAMPLED_BEFORE = -1


def thread_named(program: Program, name: str) -> Thread:
    """The thread of that name; KeyError if there is none."""
    for thread in program.threads:
        if thread.name == name:
            return thread
    raise KeyError(name)


def case_topic(cell: int) -> str:
    """A case of the table as something that a broken claim is about; no name is like it."""
    return f"case {cell}"


def topics(command: Command, case: int) -> frozenset[str]:
    """What a command that breaks a claim is about, by a thread with this value of CASE."""
    found = {*command.about, *command.called}
    if command.outcome:
        found.add(command.outcome)
    if case:
        found.add(case_topic(case - 1))
    return frozenset(found)


def lonely_topics(solo: Thread, path: Iterable[int]) -> frozenset[str]:
    """What a lonely run that fails is about: the outcome of its last call, if there is one."""
    outcomes = [solo.commands[number].outcome for number in path]
    return frozenset([outcome for outcome in outcomes if outcome][-1:])


def known_of(program: Program, claim: str, scenario: str) -> tuple[Known, ...]:
    """The bugs with a name that refute a claim there."""
    return tuple(k for k in program.known if k.claim == claim and k.scenario in ("", scenario))


def repeated(thread: Thread) -> Thread:
    """The thread that begins another turn when it has come to its end.

    It begins with the locks that the last turn left, and with what lasts; its
    other locals are as at first.
    """
    passing = tuple(v.name for v in thread.locals if not v.lasting)
    commands = tuple(
        replace(
            c,
            target=thread.entry,
            forget=passing,
            updates=tuple(
                (t, e) for t, e in c.updates if isinstance(t, Shared) or t.name not in passing
            ),
        )
        if c.target == thread.end and not c.violates
        else c
        for c in thread.commands
    )
    return replace(thread, commands=commands, end=thread.entry)


def instance(
    program: Program, scenario: Scenario, number: int, turning: bool = False
) -> tuple[Thread, ...]:
    """The threads of a scenario with `number` threads for each [*], solo ones left out.

    With `turning` those that may begin again do.  Threads alike stand side by side;
    observers come last.
    """
    code = {name: thread_named(program, name) for name, _ in scenario.members}
    if turning:
        code |= {name: repeated(code[name]) for name in scenario.again}
    members = [
        thread
        for name, count in scenario.members
        for thread in [code[name]] * (number if count is None else count)
    ]
    observers = [thread for thread in program.threads if thread.kind == "observer"]
    return (*members, *observers)
