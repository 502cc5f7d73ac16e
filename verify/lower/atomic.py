"""Primitives: each way through one is a guarded command in the making.

A body is run on symbolic values: what it assigns is kept as an expression
over the state before the step, a branch splits the way in two.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from itertools import pairwise

from verify.diagnostics import Diagnostic, InputError
from verify.ir import (
    FALSE,
    TRUE,
    And,
    Arith,
    Asked,
    Atom,
    Compare,
    Const,
    Context,
    Expr,
    Fault,
    Ite,
    Local,
    Mine,
    Not,
    Or,
    Others,
    Shared,
    compare,
    conj,
    disj,
    modes,
    negate,
    phase,
    rebuild,
    usage,
)
from verify.locks import (
    EXACT,
    FREE,
    GIVES_UP,
    LEVELS,
    MODES,
    PHASES,
    SHARED,
    TAKES,
    LockKind,
    LockWord,
    Mode,
    meets,
    reader,
)
from verify.lower.clauses import in_parts
from verify.lower.uses import Lifetimes, either, followed
from verify.lower.values import (
    Choices,
    Layout,
    Names,
    bounded,
    choices,
    faults,
    field_slots,
    value,
    wrong,
)
from verify.reasons.steps import Spurious
from verify.reasons.violations import (
    CallsInState,
    Doing,
    FollowsNull,
    GivesUpUnheld,
    InconsistentUse,
    LeavesRange,
    SleepsAtomic,
    SleepsInInterrupt,
    TakesHeld,
    TakesTooDeep,
    Violation,
    quoted,
)
from verify.source import Span
from verify.syntax import checked
from verify.syntax.checked import VOID, Checked, Type

MAX_WAYS = 256
MAX_NESTING = 30
MAX_CALLS = 100


@dataclass(frozen=True, kw_only=True)
class BrokenClaim:
    """A claim broken on the way, from states in which `guard` is true.

    `passing` says that the way is a transient one.
    `about` says what it is about: locks, structs, objects, the primitives that it is in.
    """

    guard: Expr
    claim: str
    violation: Violation
    passing: bool = False
    fault: Fault | None = None
    asked: Asked | None = None
    about: tuple[str, ...] = ()


@dataclass(frozen=True)
class Way:
    """One way through a step: when it may be taken and what it does."""

    guard: Expr = TRUE
    _: KW_ONLY
    values: Mapping[Shared | Local, Expr] = field(default_factory=dict)
    locks: Mapping[str, int] = field(default_factory=dict)
    result: Expr | None = None
    returned: bool = False
    note: str = ""
    transient: Spurious | None = None
    called: tuple[str, ...] = ()
    params: Mapping[Local, Expr] = field(default_factory=dict)
    used: Mapping[str, Expr] = field(default_factory=dict)

    def now(self, expr: Expr) -> Expr:
        """An expression over the state reached so far, as one over the state before."""

        def leaf(atom: Atom) -> Expr:
            match atom:
                case Mine(lock, mode) if lock in self.locks:
                    return Const(int(meets(self.locks[lock], mode)))
                case Local() if atom in self.params:
                    # An argument was evaluated before the step: not rewritten.
                    return self.params[atom]
                case Shared() | Local():
                    return self.values.get(atom, atom)
                case Mine() | Others():
                    return atom

        return rebuild(expr, leaf) if self.values or self.locks or self.params else expr

    def before(self) -> Mapping[Atom, Expr]:
        """What `now` puts in the place of what."""
        found = modes(self.locks)
        found |= {atom: new for some in (self.values, self.params) for atom, new in some.items()}
        return found

    def when(self, condition: Expr) -> Way:
        return replace(self, guard=conj([self.guard, condition]))

    def store(self, target: Shared | Local, new: Expr) -> Way:
        return replace(self, values={**self.values, target: new})


@dataclass
class Steps:
    """Runs primitives; collects the claims that may break on the way.

    `types` are those of the thread's locals, as far as it has them yet; `interrupt`: it runs
    in interrupt context.
    """

    program: Checked
    layout: Layout
    claims: Sequence[checked.Claim] = ()
    types: Mapping[str, Type] = field(default_factory=dict)
    breaks: list[BrokenClaim] = field(default_factory=list)
    depth: int = 0
    interrupt: bool = False
    has_interrupts: bool = field(init=False)
    before: dict[str, list[tuple[str, checked.Clause]]] = field(init=False)
    lifetimes: Lifetimes = field(init=False)

    def __post_init__(self) -> None:
        self.before = {}
        self.has_interrupts = any(t.interrupt for t in self.program.threads.values())
        self.lifetimes = Lifetimes(self.layout, self.claims)
        self.slots = {slot.name: slot.type for slot in self.program.slots}
        for claim in self.claims:
            for clause in claim.clauses:
                if clause.kind == "before":
                    self.before.setdefault(clause.hook, []).append((claim.name, clause))

    def broken(
        self,
        way: Way,
        condition: Expr,
        claim: str,
        violation: Violation,
        fault: Fault | None = None,
        asked: Asked | None = None,
        about: tuple[str, ...] = (),
    ) -> None:
        """Note that `claim` is broken where `condition` is true on this way."""
        guard = conj([way.guard, way.now(condition)])
        if guard != FALSE:
            now = None if asked is None else asked.behind(way.before())
            self._break(guard, claim, violation, way, fault, now, about)

    def _break(
        self,
        guard: Expr,
        claim: str,
        violation: Violation,
        way: Way,
        fault: Fault | None = None,
        asked: Asked | None = None,
        about: tuple[str, ...] = (),
    ) -> None:
        about = (*about, *way.called)
        self.breaks.append(
            BrokenClaim(
                guard=guard,
                claim=claim,
                violation=violation,
                passing=way.transient is not None,
                fault=fault,
                asked=asked,
                about=about,
            )
        )

    def call(
        self,
        primitive: checked.Primitive,
        way: Way,
        values: Mapping[str, Expr],
        locks: Mapping[str, Choices],
    ) -> list[Way]:
        """The ways through a primitive; arguments are over the state before the step."""
        params: dict[Local, Expr] = {}

        def kept(name: str, expr: Expr) -> Expr:
            if isinstance(expr, Const):
                return expr
            stand_in = Local(f"@{len(way.called)}.{name}")
            params[stand_in] = expr
            return stand_in

        names = Names(
            self.layout,
            {name: kept(name, expr) for name, expr in values.items()},
            {
                name: tuple((kept(f"{name}.{i}", c), lock) for i, (c, lock) in enumerate(some))
                for name, some in locks.items()
            },
        )
        way = replace(way, called=(*way.called, primitive.name), params={**way.params, **params})
        for claim, clause in self.before.get(primitive.name, ()):
            bad = wrong(clause.condition, names)
            self.broken(
                way,
                bad,
                claim,
                CallsInState(primitive.name),
                asked=in_parts(clause.condition, names),
            )
        ways: list[Way] = []
        self.depth += 1
        if self.depth > MAX_NESTING:
            raise _limit(f"primitives call each other more than {MAX_NESTING} deep", primitive.span)
        if len(way.called) > MAX_CALLS:
            raise _limit(f"more than {MAX_CALLS} primitives in one step", primitive.span)
        for alternative in primitive.alternatives:
            ways += self._alternative(primitive, alternative, way, names)
            if len(ways) > MAX_WAYS:
                headline = f"`{primitive.name}` comes to more than {MAX_WAYS} ways through it"
                raise _limit(headline, primitive.span)
        self.depth -= 1
        if primitive.result == VOID:
            return ways
        ways = [
            way if way.result is None else self.in_range(primitive.result, way.result, way)
            for way in ways
        ]
        return [way for way in ways if way.guard != FALSE]

    def _alternative(
        self,
        primitive: checked.Primitive,
        alternative: checked.Alternative,
        way: Way,
        names: Names,
    ) -> list[Way]:
        """The ways through one alternative, what every one of them begins with included."""
        if alternative.transient:
            way = replace(way, transient=Spurious(alternative.note))
        ways: list[Way] = []
        for start in self._one_after_another(primitive.before, way, names):
            if alternative.guard is not None:
                start = self._defined(alternative.guard, start, names)
                start = start.when(start.now(value(alternative.guard, names)))
            if alternative.note:
                start = replace(start, note=alternative.note)
            ways += self.run(alternative.body, start, names)
        return [replace(w, returned=False) for w in ways if w.guard != FALSE]

    def _one_after_another(
        self, body: Sequence[checked.Statement], way: Way, names: Names
    ) -> list[Way]:
        ways = [way]
        for part in body:
            ways = [after for one in ways for after in self.run(part, one, names)]
            if len(ways) > MAX_WAYS:
                raise _limit(f"more than {MAX_WAYS} ways lead here", part.span)
        return ways

    def run(self, node: checked.Statement, way: Way, names: Names) -> list[Way]:
        """The ways that a statement makes of one way."""
        if way.returned or way.guard == FALSE:
            return [way] if way.guard != FALSE else []
        match node:
            case checked.Block(body, _):
                return self._one_after_another(body, way, names)
            case checked.If(condition, then, otherwise, _):
                way = self._defined(condition, way, names)
                test = way.now(value(condition, names))
                ways = self.run(then, way.when(test), names)
                rest = way.when(negate(test))
                if otherwise is None:
                    return [*ways, *([rest] if rest.guard != FALSE else [])]
                return [*ways, *self.run(otherwise, rest, names)]
            case checked.Assign(target, new, _):
                return self._assign(target, new, way, names)
            case checked.LockStatement(word, lock, _):
                way = self._defined(lock, way, names)
                return [
                    after
                    for condition, name in choices(lock, names)
                    for after in self._lock(word, name, way.when(way.now(condition)))
                ]
            case checked.MightSleep():
                if self.interrupt:
                    self.broken(way, TRUE, "atomic-sleep", SleepsInInterrupt())
                    return [way]
                for name, kind in self.layout.locks.items():
                    if kind.atomic:
                        self.broken(
                            way,
                            Mine(name, kind.atomic),
                            "atomic-sleep",
                            SleepsAtomic(name),
                            Fault(name, FREE, Doing.SLEEPS),
                            about=(name,),
                        )
                return [way]
            case checked.Return(result, _):
                if result is None:
                    return [replace(way, returned=True)]
                if isinstance(result, checked.Call):
                    return [replace(w, returned=True) for w in self._nested(result, way, names)]
                way = self._defined(result, way, names)
                return [replace(way, returned=True, result=way.now(value(result, names)))]
            case checked.Do(call, _):
                return [replace(w, result=None) for w in self._nested(call, way, names)]
            case checked.While() | checked.Goto() | checked.Label():
                raise AssertionError(f"{type(node).__name__} in a primitive")

    def _nested(self, call: checked.Call, way: Way, names: Names) -> list[Way]:
        values, locks = {}, {}
        primitive = self.program.primitives[call.callee]
        for (param, type_), arg in zip(primitive.params, call.args, strict=True):
            way = self._defined(arg, way, names)
            if type_.kind == "lock pointer":
                locks[param] = tuple((way.now(c), n) for c, n in choices(arg, names))
            else:
                values[param] = way.now(value(arg, names))
                way = self.in_range(type_, values[param], way)
        return self.call(primitive, way, values, locks)

    def _defined(self, node: checked.Expr, way: Way, names: Names) -> Way:
        """Only where evaluating `node` makes sense; elsewhere `memory` is broken.

        A claim is broken besides where it uses what it must not.
        """
        before, way = way, self._uses(node, way, names)
        fault = faults(node, names)
        if fault == FALSE:
            return way
        self.broken(
            before, fault, "memory", FollowsNull(quoted(node.span)), about=followed(node, names)
        )
        return way.when(negate(way.now(fault)))

    def _uses(self, node: checked.Expr, way: Way, names: Names) -> Way:
        """Break the claims about what evaluating `node` uses; the way with what that is."""
        for misuse in self.lifetimes.misuses(node, names):
            guard = conj([way.guard, way.now(misuse.guard)])
            # Ways often begin with the same test.
            known = any((b.guard, b.claim) == (guard, misuse.claim) for b in self.breaks)
            if guard != FALSE and not known:
                asked = None if misuse.asked is None else misuse.asked.behind(way.before())
                about = (*misuse.about, *way.called)
                self.breaks.append(
                    BrokenClaim(
                        guard=guard,
                        claim=misuse.claim,
                        violation=misuse.violation,
                        asked=asked,
                        about=about,
                    )
                )
        used = self.lifetimes.used(node, names)
        if not used:
            return way
        now = {struct: way.now(when) for struct, when in used.items()}
        return replace(way, used=either(way.used, now))

    def _assign(self, target: checked.Expr, new: checked.Expr, way: Way, names: Names) -> list[Way]:
        if isinstance(new, checked.Call):
            raise AssertionError("a primitive assigns no call")
        way = self._defined(new, way, names)
        way = self._defined(target, way, names)
        result = bounded(way.now(value(new, names)), new.span)
        way = self.in_range(target.type, result, way)
        if isinstance(target, checked.ThreadLocal):
            return [way.store(Local(target.name), result)]
        assert isinstance(target, checked.Field)
        ways = []
        for condition, slot in field_slots(target, names):
            one = way.when(way.now(condition))
            if one.guard != FALSE:
                ways.append(one.store(Shared(slot), result))
        return ways

    def in_range(self, type_: Type, new: Expr, way: Way) -> Way:
        """Only where `new` (over the state before) is a value of the type."""
        low, high = self._range(type_)
        if not self._may_leave(new, low, high):
            return way
        outside = disj([compare("<", new, Const(low)), compare("<", Const(high), new)])
        guard = conj([way.guard, outside])
        if guard != FALSE:
            self._break(guard, "memory", LeavesRange(low, high), way)
        return way.when(negate(outside))

    def _range(self, type_: Type) -> tuple[int, int]:
        low = self.program.lows.get(type_, 0)
        return low, low + len(self.program.labels.get(type_, ("",))) - 1

    def _may_leave(self, expr: Expr, low: int, high: int) -> bool:
        """Whether a value may lie outside low..high as far as its form tells."""
        match expr:
            case Const(number):
                least, most = number, number
            case Shared(name):
                least, most = self._range(self.slots[name])
            case Local(name) if name in self.types:
                least, most = self._range(self.types[name])
            case Ite(_, then, otherwise):
                return self._may_leave(then, low, high) or self._may_leave(otherwise, low, high)
            case Not() | And() | Or() | Compare() | Mine() | Others():
                least, most = 0, 1
            case Local() | Arith():
                return True
        return not low <= least <= most <= high

    def _lock(self, word: LockWord, name: str, way: Way) -> list[Way]:
        if way.guard == FALSE:
            return []
        kind = self.layout.locks[name]
        if word in TAKES:
            deeper = kind.levels > 1 and TAKES[word] == "shared"
            misuse: Expr = Mine(name, "exclusive" if deeper else "any")
            violation: Violation = TakesHeld(name)
            wanted, act = FREE, Doing.TAKES
        else:
            held = GIVES_UP[word]
            misuse = negate(Mine(name, held))
            act = Doing.DOWNGRADES if word == "downgrade" else Doing.RELEASES
            reading = held == "shared" and len(kind.modes) > 1
            violation = GivesUpUnheld(act=act, lock=name, reading=reading)
            wanted = MODES[held]
        fault = Fault(name, wanted, act)
        self.broken(way, misuse, "lock-use", violation, fault, about=(name,))
        way = way.when(negate(way.now(misuse)))
        if word in TAKES and deeper:
            deepest = Mine(name, LEVELS[kind.levels - 1])
            self.broken(
                way, deepest, "lock-use", TakesTooDeep(name, kind.levels), fault, about=(name,)
            )
            way = way.when(negate(way.now(deepest)))
        if word in TAKES and kind.spins and self.has_interrupts:
            way = self._used_in(name, kind, TAKES[word], way)
        ways = [
            replace(one, locks={**one.locks, name: after})
            for when, after in held_after(word, name, kind)
            if (one := way.when(way.now(when))).guard != FALSE
        ]
        if kind.grace and word == "acquire":
            # Who comes from now on is of the other phase, and is not waited for.
            changed = negate(phase(name))
            ways = [one.store(phase(name), one.now(changed)) for one in ways]
        return ways

    def _used_in(self, name: str, kind: LockKind, mode: Mode, way: Way) -> Way:
        """The way with a note of how a lock is used; `irq-safe` is broken where it was used
        so that an interrupt may spin for whom it has interrupted."""
        off = (Mine(lock, "any") for lock, row in self.layout.locks.items() if row.interrupts)
        here = TRUE if self.interrupt else negate(disj(off))
        mine: Context = "irq" if self.interrupt else "on"
        theirs: Context = "on" if self.interrupt else "irq"
        rivals = disj(usage(name, theirs, other) for other in kind.rivals(mode))
        violation = InconsistentUse(name, self.interrupt)
        self.broken(way, conj([here, rivals]), "irq-safe", violation, about=(name,))
        noted = usage(name, mine, mode)
        return way.store(noted, way.now(disj([noted, here])))


def held_after(word: LockWord, name: str, kind: LockKind) -> Iterator[tuple[Expr, int]]:
    """The ways through a lock statement that is no misuse: when, and the mode afterwards."""
    free: Expr = TRUE
    if word in TAKES and (others := kind.in_the_way(TAKES[word])):
        free = negate(Others(name, others))
    if kind.grace and word == "release":
        # The phase of the readers from before the grace period is not the one of now.
        even, odd = (negate(Others(name, one)) for one in PHASES)
        yield disj([conj([phase(name), even]), conj([negate(phase(name)), odd])]), FREE
    elif kind.levels > 1 and word in ("acquire_shared", "release_shared"):
        for number in range(len(PHASES) if kind.grace else 1):
            levels = [FREE, *(reader(number, n + 1) for n in range(kind.levels))]
            now = phase(name) if number else negate(phase(name))
            first = conj([negate(Mine(name, "any")), free, *([now] if kind.grace else [])])
            for outer, inner in pairwise(levels):
                if word == "release_shared":
                    yield Mine(name, EXACT[inner]), outer
                else:
                    # A reader goes deeper in the phase that it came in.
                    yield Mine(name, EXACT[outer]) if outer else first, inner
    elif word in TAKES:
        yield free, MODES[TAKES[word]]
    else:
        yield TRUE, SHARED if word == "downgrade" else FREE


def _limit(headline: str, span: Span) -> InputError:
    return InputError([Diagnostic("BFP004", headline, span)])
