"""What has to be true for lemmas to prove the claims, as SMT-LIB text.

Three kinds, each to be answered `unsat`: the first state satisfies every lemma
(init); a step of any thread keeps them all (step); a state that satisfies them
breaks no claim (claim).  They speak of three threads of the replicated threads, x, y and z,
whoever they are: a lemma names two at most, and the third is the one that
moves, or the one that a claim needs to see.  With fewer than three threads
nothing else happens than with threads that never start.

Written from the commands and from the lemmas, not from the search for them.
Where the state of a lock depends on threads that are not named, what is written
allows more than can happen, never less: of a guard "nobody else holds it"
the part about threads not named is left out, of "somebody holds it shared" all.

The exclusive locks have a bit each that says that somebody in the replicated threads holds
it.  It is set when one takes it, cleared when the holder gives it up, and
tested where a lock is taken; since a lock is only ever taken exclusively when
the guard says that nobody else has it, one bit is enough.

What a step does not change need not be shown again.  A lemma none of whose
literals speaks of a changed variable says after the step what it said before,
where it was assumed.  And a lemma that names x and y says nothing of a third
thread z that moves: of the steps of z only those that change something shared
matter, and of those only that.

A condition that comes up again and again in a text is written out once and
has a name, `$1` and so on (no variable of a program is called so).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import assert_never

from verify.certify.lemmas import REPLICATED_STRIDE, Lemma, Literal
from verify.certify.places import stands_still
from verify.certify.system import MAX_WITNESSES, System, UnsupportedError, witnesses
from verify.certify.text import FALSE, TRUE, all_of, any_of, no
from verify.ir import (
    And,
    Arith,
    Command,
    Compare,
    Const,
    Expr,
    Ite,
    Local,
    Mine,
    Not,
    Or,
    Others,
    Shared,
    Thread,
)
from verify.locks import EXCLUSIVE, FREE, ModeWord
from verify.reasons.limits import ArithmeticLimit

NAMED = ("x", "y", "z")
# Bits of a value: the fewest that do.
WIDTHS = (8, 12, 16, 32, 64)
# Conditions of so many characters get a name: those with two equalities or more.
LONG = 48


@dataclass(frozen=True, slots=True)
class Obligation:
    """A text whose answer has to be `unsat`; `claim` is empty for init and step."""

    name: str
    claim: str
    text: str


@dataclass(frozen=True, slots=True)
class Actor:
    """Who takes a step: a fixed thread by its position, a replicated thread by its name and the
    position of its code, or an observer or lonely thread that is neither."""

    thread: Thread
    single: int = -1
    name: str = ""
    kind: int = -1


@dataclass
class Writer:
    """Writes the obligations of a system.

    `direct` are, for a claim, the lemmas that are enough to exclude what breaks
    it; without an entry all are assumed.
    """

    system: System
    lemmas: Sequence[Lemma]
    direct: Mapping[str, Sequence[Lemma]] = field(default_factory=dict)
    post: frozenset[str] = field(default_factory=frozenset)
    # The conditions of the text being written that have a name, by what they say.
    named_here: dict[str, str] = field(default_factory=dict)
    # What was written of a symbol and values: whether of those that are not meant, and what.
    _literals: dict[tuple[str, tuple[int, ...]], tuple[bool, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        program = self.system.program
        self.kinds = {lock.name: lock.row for lock in program.locks}
        self.shareable = {name for name, kind in self.kinds.items() if kind.shareable}
        self._domains = dict(self.declared(self.named()))
        self.width = self._width()

    def _width(self) -> int:
        """Bits that hold every value, and everything that is computed from values.

        Raises:
            Unsupported: the results of arithmetic may be too large for any width.
        """
        values = max((abs(v) for some in self._domains.values() for v in some), default=1)
        largest = values
        threads = (
            *self.system.fixed,
            *self.system.replicated,
            *self.system.observers,
            *self.system.solos,
        )
        for thread in threads:
            for command in thread.commands:
                for expr in (command.guard, *(new for _, new in command.updates)):
                    largest = max(largest, _magnitude(expr, values))
        for width in WIDTHS:
            if largest < 1 << (width - 1):
                return width
        raise UnsupportedError(ArithmeticLimit(largest))

    # ------------------------------------------------------------------ names

    def shared(self, name: str, after: bool = False) -> str:
        return self._symbol(name, after)

    def own(self, who: str, name: str, after: bool = False) -> str:
        """A local, `pc`, or the mode on a lock (`lock NAME`) of a thread."""
        return self._symbol(f"{who}/{name}", after)

    def held(self, lock: str, after: bool = False) -> str:
        return self._symbol(f"held/{lock}", after)

    def _symbol(self, name: str, after: bool) -> str:
        return f"|{name}'|" if after and name in self.post else f"|{name}|"

    def who(self, actor: Actor) -> str:
        return f"s{actor.single}" if actor.single >= 0 else actor.name

    # ------------------------------------------------------------ declarations

    def declared(self, named: Sequence[str]) -> Iterator[tuple[str, Sequence[int]]]:
        """Every variable of the state with its values, `named` of the replicated threads."""
        for v in self.system.program.shared:
            yield v.name, v.domain.values
        for i, thread in enumerate(self.system.fixed):
            yield f"s{i}/pc", _pcs(thread)
            for v in thread.locals:
                yield f"s{i}/{v.name}", v.domain.values
            for lock, row in self.kinds.items():
                yield f"s{i}/lock {lock}", row.domain
        if not self.system.replicated:
            return
        for lock in self.kinds:
            yield f"held/{lock}", (0, 1)
        for who in named:
            yield (
                f"{who}/pc",
                [
                    k * REPLICATED_STRIDE + pc
                    for k, t in enumerate(self.system.replicated)
                    for pc in _pcs(t)
                ],
            )
            for k, thread in enumerate(self.system.replicated):
                for v in thread.locals:
                    yield f"{who}/{k}:{v.name}", v.domain.values
            for lock, row in self.kinds.items():
                yield f"{who}/lock {lock}", row.domain

    def _header(self, named: Sequence[str]) -> list[str]:
        lines = ["(set-logic QF_BV)"]
        for name, values in self.declared(named):
            for symbol in (f"|{name}|", f"|{name}'|") if name in self.post else (f"|{name}|",):
                lines.append(f"(declare-const {symbol} (_ BitVec {self.width}))")
            lines.append(f"(assert {self._one_of(f'|{name}|', values)})")
        return lines

    def _text(self, named: Sequence[str], conditions: Iterable[str]) -> str:
        """A question: the variables, what names stand for, and what is to hold together."""
        asserted = [f"(assert {condition})" for condition in conditions]
        names = [f"(define-fun {name} () Bool {what})" for what, name in self.named_here.items()]
        lines = [*self._header(named), *names, *asserted, "(check-sat)"]
        self.named_here = {}
        return "\n".join(lines) + "\n"

    def _short(self, condition: str) -> str:
        """The condition, or its name if that is much shorter."""
        if len(condition) < LONG:
            return condition
        return self.named_here.setdefault(condition, f"${len(self.named_here) + 1}")

    # ----------------------------------------------------------------- lemmas

    def literal(self, one: Literal, who: str, after: bool) -> str:
        match one.kind:
            case "shared":
                name = one.name
            case "held":
                name = f"held/{one.name}"
            case "pc":
                name = f"{who}/pc"
            case "lock":
                name = f"{who}/lock {one.name}"
            case "local":
                name = f"{who}/{one.name}"
            case _ as never:
                assert_never(never)
        symbol = self._symbol(name, after)
        # The same is said in each obligation, most of it several times.
        known = self._literals.get((symbol, one.values))
        if known is None:
            # The domains are asserted, so the shorter of "one of these" and "none of those"
            # will do.
            rest = [v for v in self._domains[name] if v not in one.values]
            few = len(rest) < len(one.values)
            known = few, self._one_of(symbol, rest if few else one.values)
            self._literals[symbol, one.values] = known
        few, text = known
        return no(self._short(text)) if few else self._short(text)

    def violated(self, lemma: Lemma, who: Sequence[str], after: bool = False) -> str:
        """The literals of a lemma hold together, its threads being `who`."""
        parts = [
            self.literal(one, f"s{one.thread}" if one.thread >= 0 else "", after)
            for one in lemma.shared
        ]
        for name, literals in zip(who, lemma.replicated, strict=True):
            parts += [self.literal(one, name, after) for one in literals]
        return all_of(parts)

    def _instances(self, lemma: Lemma, named: Sequence[str]) -> Iterator[tuple[str, ...]]:
        if not lemma.replicated:
            yield ()
        elif len(lemma.replicated) == 1:
            yield from ((one,) for one in named)
        else:
            yield from ((one, other) for one in named for other in named if one != other)

    def invariant(self, named: Sequence[str], lemmas: Sequence[Lemma] | None = None) -> list[str]:
        return [
            no(self.violated(lemma, who))
            for lemma in (self.lemmas if lemmas is None else lemmas)
            for who in self._instances(lemma, named)
        ]

    def broken(self) -> str:
        """Some lemma is violated, by x and y if it speaks of the replicated threads."""
        return any_of(
            self.violated(lemma, who)
            for lemma in self.lemmas
            for who in self._instances(lemma, self.named()[:2])
        )

    def broken_after(self) -> str:
        """Some lemma is violated after a step, and did not say the same before it."""
        found = []
        for lemma in self.lemmas:
            for who in self._instances(lemma, self.named()[:2]):
                after = self.violated(lemma, who, after=True)
                if after != self.violated(lemma, who):
                    found.append(after)
        return any_of(found)

    # ------------------------------------------------------------- conditions

    def condition(
        self, expr: Expr, actor: Actor, named: Sequence[str], wanted: bool, exact: bool
    ) -> str:
        """A guard for `actor`; true whenever it may be true (`wanted`), or else false
        whenever it may be false.  `exact`: whoever makes it true is among `named`."""
        match expr:
            case Const(value):
                return TRUE if value else FALSE
            case Not(arg):
                return no(self.condition(arg, actor, named, not wanted, exact))
            case And(args):
                return all_of(self.condition(a, actor, named, wanted, exact) for a in args)
            case Or(args):
                return any_of(self.condition(a, actor, named, wanted, exact) for a in args)
            case Mine() if not self.who(actor):
                return FALSE
            case Mine(lock, mode):
                return self._one_of(
                    self.own(self.who(actor), f"lock {lock}"), self.kinds[lock].meant(mode)
                )
            case Others(lock, mode):
                return self._others(lock, mode, actor, named, wanted, exact)
            case Shared() | Local() | Ite() | Arith():
                return f"(not (= {self.value(expr, actor)} {self._number(0)}))"
            case Compare("==", left, right):
                return f"(= {self.value(left, actor)} {self.value(right, actor)})"
            case Compare(_, left, right):
                return f"(bvslt {self.value(left, actor)} {self.value(right, actor)})"

    def _others(
        self,
        lock: str,
        mode: ModeWord,
        actor: Actor,
        named: Sequence[str],
        wanted: bool,
        exact: bool,
    ) -> str:
        """Somebody else holds the lock.  The bit says all there is to say of exclusive
        holders in the replicated threads; that those named do not hold it is said as well."""
        modes = self.kinds[lock].meant(mode)
        readers = [m for m in modes if m != EXCLUSIVE] if lock in self.shareable else []
        telling = readers if wanted else modes
        parts = [
            self._one_of(self.own(f"s{i}", f"lock {lock}"), modes)
            for i in range(len(self.system.fixed))
            if i != actor.single
        ]
        if self.system.replicated:
            parts += [
                self._one_of(self.own(other, f"lock {lock}"), telling)
                for other in named
                if other != actor.name and telling
            ]
            if EXCLUSIVE in modes:
                held = f"(= {self.held(lock)} {self._number(1)})"
                if actor.name:
                    mine = self._one_of(self.own(actor.name, f"lock {lock}"), (EXCLUSIVE,))
                    held = all_of([held, no(mine)])
                parts.append(held)
            if readers and wanted and not exact:
                return TRUE
        return any_of(parts)

    def value(self, expr: Expr, actor: Actor) -> str:
        match expr:
            case Const(number):
                return self._number(number)
            case Shared(name):
                return self.shared(name)
            case Local(name):
                return self.own(self.who(actor), self._local(actor, name))
            case Arith(op, left, right):
                word = {"+": "bvadd", "-": "bvsub", "*": "bvmul"}[op]
                return f"({word} {self.value(left, actor)} {self.value(right, actor)})"
            case Ite(condition, then, otherwise):
                test = self.condition(condition, actor, (), True, True)
                return f"(ite {test} {self.value(then, actor)} {self.value(otherwise, actor)})"
            case Mine() | Others() | Not() | And() | Or() | Compare():
                test = self.condition(expr, actor, (), True, True)
                return f"(ite {test} {self._number(1)} {self._number(0)})"

    def _local(self, actor: Actor, name: str) -> str:
        return f"{actor.kind}:{name}" if actor.kind >= 0 else name

    # ------------------------------------------------------------------ steps

    def _written(self, command: Command, actor: Actor) -> set[str]:
        """The variables that a command may change."""
        who = self.who(actor)
        names = {f"{who}/pc"}
        local = {v.name for v in actor.thread.locals}
        for target, _ in command.updates:
            if isinstance(target, Shared):
                names.add(target.name)
            elif target.name in local:
                names.add(f"{who}/{self._local(actor, target.name)}")
        names |= {f"{who}/{self._local(actor, name)}" for name in command.forget}
        for lock, _ in command.locks:
            names.add(f"{who}/lock {lock}")
            if actor.name:
                names.add(f"held/{lock}")
        return names

    def _command(self, command: Command, actor: Actor, named: Sequence[str]) -> str:
        who = self.who(actor)
        stride = REPLICATED_STRIDE * max(actor.kind, 0)
        initial = {v.name: v.initial for v in actor.thread.locals}
        after: dict[str, str] = {f"{who}/pc": self._number(stride + command.target)}
        for target, new in command.updates:
            if isinstance(target, Shared):
                after[target.name] = self.value(new, actor)
            elif target.name in initial:
                after[f"{who}/{self._local(actor, target.name)}"] = self.value(new, actor)
        for name in command.forget:
            after[f"{who}/{self._local(actor, name)}"] = self._number(initial[name])
        for lock, mode in command.locks:
            after[f"{who}/lock {lock}"] = self._number(mode)
            if actor.name:
                mine = self._one_of(self.own(who, f"lock {lock}"), (EXCLUSIVE,))
                kept = f"(ite {mine} {self._number(0)} {self.held(lock)})"
                after[f"held/{lock}"] = self._number(1) if mode == EXCLUSIVE else kept
        parts = [
            f"(= {self.own(who, 'pc')} {self._number(stride + command.source)})",
            self.condition(command.guard, actor, named, True, False),
        ]
        parts += [
            self._short(f"(= |{name}'| {after.get(name, f'|{name}|')})")
            for name in sorted(self.post)
        ]
        return all_of(parts)

    def step(self, actor: Actor, named: Sequence[str]) -> str:
        """A step of `actor` leads from where all lemmas hold to where one does not.

        Only what lemmas may speak of after the step counts as changed: all that the commands
        write but, if lemmas do not name the actor there, what belongs to the actor alone.
        """
        unseen = {actor.name} - {"", *NAMED[:2]}
        changed = [
            (
                command,
                {n for n in self._written(command, actor) if n.split("/")[0] not in unseen},
            )
            for command in actor.thread.commands
            if not command.violates
        ]
        self.post = frozenset(name for _, names in changed for name in names)
        conditions = self.invariant(named)
        conditions.append(
            any_of(self._command(command, actor, named) for command, names in changed if names)
        )
        conditions.append(self.broken_after())
        text = self._text(named, conditions)
        self.post = frozenset()
        return text

    # ------------------------------------------------------------ obligations

    def actors(self) -> Iterator[Actor]:
        """Everybody who may move; a replicated thread by the name x."""
        for i, thread in enumerate(self.system.fixed):
            yield Actor(thread, single=i)
        for k, thread in enumerate(self.system.replicated):
            yield Actor(thread, name="x", kind=k)

    def named(self) -> tuple[str, ...]:
        return NAMED if self.system.replicated else ()

    def init(self) -> str:
        named = self.named()[:2]
        first = [
            f"(= {self.shared(v.name)} {self._number(v.initial)})"
            for v in self.system.program.shared
        ]
        for i, thread in enumerate(self.system.fixed):
            first += self._initial(f"s{i}", thread, "")
        if self.system.replicated:
            first += [f"(= {self.held(lock)} {self._number(FREE)})" for lock in self.kinds]
            for who in named:
                starts = [
                    k * REPLICATED_STRIDE + t.entry for k, t in enumerate(self.system.replicated)
                ]
                first.append(self._one_of(self.own(who, "pc"), starts))
                for k, thread in enumerate(self.system.replicated):
                    first += self._initial(who, thread, f"{k}:", pc=False)
        return self._text(named, [*first, self.broken()])

    def _initial(self, who: str, thread: Thread, prefix: str, pc: bool = True) -> list[str]:
        pairs = [(f"{prefix}{v.name}", v.initial) for v in thread.locals]
        pairs += [(f"lock {lock}", FREE) for lock in self.kinds]
        if pc:
            pairs.append(("pc", thread.entry))
        return [f"(= {self.own(who, name)} {self._number(n)})" for name, n in pairs]

    def steps(self) -> Iterator[Obligation]:
        for actor in self.actors():
            if actor.single >= 0:
                named = self.named()[:2]
                name = f"step-{actor.thread.name}"
                if actor.thread in self.system.fixed[: actor.single]:
                    name += f"-{actor.single}"
                yield Obligation(name, "", self.step(actor, named))
                continue
            # Who moves is one of the two that a lemma names, or a third.
            yield Obligation(f"step-{actor.thread.name}-named", "", self.step(actor, NAMED[:2]))
            other = Actor(actor.thread, name="z", kind=actor.kind)
            yield Obligation(f"step-{actor.thread.name}-other", "", self.step(other, self.named()))

    def claim(self, name: str, bad: str, named: Sequence[str]) -> Obligation:
        """`bad` does not happen where the lemmas hold that the claim rests on directly."""
        if bad == FALSE:
            self.named_here = {}
            # Nothing in the commands can break it: simplifying them was proof enough.
            return Obligation(
                f"claim-{name}", name, "(set-logic QF_BV)\n(assert false)\n(check-sat)\n"
            )
        conditions = [*self.invariant(named, self.direct.get(name)), bad]
        return Obligation(f"claim-{name}", name, self._text(named, conditions))

    def breaks(self, claim: str) -> Obligation:
        """Some command that breaks the claim may be taken."""
        actors = [*self.actors(), *(Actor(t) for t in self.system.observers)]
        named = self.named()
        ways = []
        for actor in actors:
            for command in actor.thread.commands:
                if command.violates != claim:
                    continue
                exact = witnesses(command.guard, self.shareable) <= MAX_WITNESSES
                here = TRUE
                if actor.single >= 0 or actor.name:
                    stride = REPLICATED_STRIDE * max(actor.kind, 0)
                    pc = self.own(self.who(actor), "pc")
                    here = f"(= {pc} {self._number(stride + command.source)})"
                ways.append(
                    all_of([here, self.condition(command.guard, actor, named, True, exact)])
                )
        return self.claim(claim, any_of(ways), named)

    def stuck(self, forbidden: Iterable[Lemma]) -> Obligation:
        """Somebody rests with a lock in hand, waits for whom it should not, or stands still
        for another reason than a lock."""
        named = self.named()
        ways = [
            # Whoever they are, they have a name.
            self.violated(lemma, named[: len(lemma.replicated)])
            for lemma in forbidden
        ]
        for actor in self.actors():
            stride = REPLICATED_STRIDE * max(actor.kind, 0)
            for pc, still in stands_still(actor.thread).items():
                here = f"(= {self.own(self.who(actor), 'pc')} {self._number(stride + pc)})"
                ways.append(all_of([here, self.condition(still, actor, named, True, False)]))
        return self.claim("stuck", any_of(ways), named)

    def alone(self, claim: str, failing: Expr, nobody: Actor) -> Obligation:
        """All threads rest in a state from which the lonely thread fails.

        If a lock is held, by bit, then by somebody who rests: let that be z.
        """
        named = self.named()
        parts = [self.resting(f"s{i}", t, 0) for i, t in enumerate(self.system.fixed)]
        if self.system.replicated:
            for who in named:
                parts.append(
                    any_of(
                        self.resting(who, t, k * REPLICATED_STRIDE)
                        for k, t in enumerate(self.system.replicated)
                    )
                )
            bits = {lock: f"(= {self.held(lock)} {self._number(1)})" for lock in self.kinds}
            holder = [
                all_of([bit, self._one_of(self.own("z", f"lock {lock}"), (EXCLUSIVE,))])
                for lock, bit in bits.items()
            ]
            parts.append(any_of([all_of(no(bit) for bit in bits.values()), *holder]))
        parts.append(self.condition(failing, nobody, named, True, False))
        return self.claim(claim, all_of(parts), named)

    def resting(self, who: str, thread: Thread, stride: int) -> str:
        ends = sorted({stride + thread.entry, stride + thread.end})
        return self._one_of(self.own(who, "pc"), ends)

    def _number(self, value: int) -> str:
        return f"#x{value % (1 << self.width):0{self.width // 4}x}"

    def _one_of(self, symbol: str, values: Iterable[int]) -> str:
        # Not as a range: cvc5 takes five times as long over comparisons as over equalities.
        return any_of(f"(= {symbol} {self._number(value)})" for value in values)


def _magnitude(expr: Expr, value: int) -> int:
    """A bound on what comes up in an expression, if its variables are at most `value`."""
    match expr:
        case Const(number):
            return abs(number)
        case Shared() | Local():
            return value
        case Arith("*", left, right):
            return max(1, _magnitude(left, value)) * max(1, _magnitude(right, value))
        case Arith(_, left, right):
            return _magnitude(left, value) + _magnitude(right, value)
        case Not(arg):
            return _magnitude(arg, value)
        case And(args) | Or(args):
            return max((_magnitude(arg, value) for arg in args), default=1)
        case Compare(_, left, right):
            return max(_magnitude(left, value), _magnitude(right, value))
        case Ite(condition, then, otherwise):
            return max(_magnitude(part, value) for part in (condition, then, otherwise))
        case Mine() | Others():
            return 1


# A lemma names two threads of the replicated threads at most; the one that moves is the third.
MAX_NAMED = 2


def fits(system: System) -> Callable[[Lemma], bool]:
    """Whether a lemma speaks of variables, values and threads that a system has."""
    writer = Writer(system, ())
    domains = dict(writer.declared(writer.named()))

    def known(one: Literal, who: str) -> bool:
        match one.kind:
            case "shared" | "held":
                key = one.name if one.kind == "shared" else f"held/{one.name}"
            case "pc":
                key = f"{who}/pc" if not one.name else ""
            case "lock":
                key = f"{who}/lock {one.name}"
            case "local":
                key = f"{who}/{one.name}"
            case _:
                # Who makes a lemma up may make up a kind, whatever the types say.
                return False
        values = domains.get(key, ())
        return bool(one.values) and list(one.values) == [v for v in values if v in one.values]

    def fitting(lemma: Lemma) -> bool:
        return (
            all(
                known(one, f"s{one.thread}" if one.thread >= 0 else "")
                and (one.thread == -1) == (one.kind in ("shared", "held"))
                for one in lemma.shared
            )
            and all(
                known(one, NAMED[0]) and one.thread == -1 and one.kind not in ("shared", "held")
                for part in lemma.replicated
                for one in part
            )
            and len(lemma.replicated) <= (MAX_NAMED if system.replicated else 0)
        )

    return fitting


def _pcs(thread: Thread) -> list[int]:
    found = {thread.entry, thread.end}
    for command in thread.commands:
        found |= {command.source, command.target}
    return sorted(found)
