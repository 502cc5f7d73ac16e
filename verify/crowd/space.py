"""Combinations of values as bits: the two scopes of a world, and its steps on them.

A cube is a set of values for each field of everything shared, and of up to
three threads of the crowd; one number a scope, so that narrowing, widening and
comparing cubes are a few operations on integers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import groupby
from typing import TypeAlias

from verify.certify.lemmas import CROWD_STRIDE, Lemma, Literal
from verify.certify.world import SHAREABLE, World
from verify.ir import (
    EXCLUSIVE,
    FREE,
    MODES,
    SHARED,
    And,
    Atom,
    Command,
    Compare,
    Const,
    Expr,
    Local,
    Mine,
    Not,
    Or,
    Others,
    Shared,
    Thread,
    atoms,
    conj,
    equal,
    negate,
    rebuild,
)

# A set of values for each field of a scope, one bit a value, side by side in one number.
Bits: TypeAlias = int


@dataclass(frozen=True)
class Field:
    """`kind` is shared, pc, local, lock (a thread's mode on it) or held (by the crowd).

    `thread` is the position among the singles, or -1 for the crowd's scope and
    for shared state.  `values` are the values that the bits from `offset` on
    stand for; `full` are all of them.
    """

    kind: str
    name: str
    thread: int
    offset: int
    values: tuple[int, ...]
    full: Bits

    def bit(self, value: int) -> Bits:
        return 1 << (self.offset + self.values.index(value))


@dataclass(frozen=True)
class Scope:
    """The fields of one part of a cube: everything shared, or one thread of the crowd."""

    fields: tuple[Field, ...]
    full: Bits

    def find(self, kind: str, name: str, thread: int = -1) -> Field:
        return self._places[kind, name, thread]

    def has(self, f: Field) -> bool:
        """Whether a field is one of this scope: by identity, to compare fields takes long."""
        return id(f) in self._identities

    def lacks(self, bits: Bits) -> bool:
        """Whether some field has no value left: a cube of nothing."""
        lower, top = self._lower_and_top
        # The sum carries into the top bit of each field that has a lower one, and no further.
        return ((bits & lower) + lower | bits) & top != top

    @cached_property
    def _lower_and_top(self) -> tuple[Bits, Bits]:
        top = sum(1 << (f.offset + len(f.values) - 1) for f in self.fields)
        return self.full & ~top, top

    @cached_property
    def _identities(self) -> frozenset[int]:
        return frozenset(map(id, self.fields))

    @cached_property
    def _places(self) -> Mapping[tuple[str, str, int], Field]:
        return {(f.kind, f.name, f.thread): f for f in self.fields}


@dataclass(frozen=True, order=True)
class Cube:
    """A combination: the shared part, and up to three threads of the crowd."""

    shared: Bits
    crowd: tuple[Bits, ...]


def covers(lemma: Cube, cube: Cube) -> bool:
    """Whether every configuration in `cube` is in `lemma`, of two threads of the crowd at
    most, matched as it fits."""
    if cube.shared & ~lemma.shared or len(lemma.crowd) > len(cube.crowd):
        return False
    match lemma.crowd:
        case ():
            return True
        case (one,):
            rest = ~one
            return any(not bits & rest for bits in cube.crowd)
        case (one, other):
            rest, last = ~one, ~other
            for i, bits in enumerate(cube.crowd):
                if bits & rest:
                    continue
                for j, more in enumerate(cube.crowd):
                    if i != j and not more & last:
                        return True
    return False


@dataclass(frozen=True)
class Step:
    """A command on cubes: guards and stores as bits; `actor` -1 for the crowd.

    `beside` is what any other thread of the crowd has to be like.
    """

    actor: int
    thread: str
    command: int
    guard: Bits
    clear: Bits
    store: Bits
    own_guard: Bits
    own_clear: Bits
    own_store: Bits
    beside: Bits
    witnesses: tuple[Bits, ...]
    violates: str


def _scope(items: Iterable[tuple[str, str, int, Sequence[int]]]) -> Scope:
    fields, offset = [], 0
    for kind, name, thread, values in items:
        full = ((1 << len(values)) - 1) << offset
        fields.append(Field(kind, name, thread, offset, tuple(values), full))
        offset += len(values)
    return Scope(tuple(fields), (1 << offset) - 1)


MODE_VALUES = (FREE, SHARED, EXCLUSIVE)


@dataclass
class Space:
    """The two scopes of a world, and its commands as steps on them."""

    world: World
    shared: Scope = field(init=False)
    crowd: Scope = field(init=False)
    steps: list[Step] = field(init=False)

    def __post_init__(self) -> None:
        program = self.world.program
        items: list[tuple[str, str, int, Sequence[int]]] = [
            ("shared", v.name, -1, v.domain.values) for v in program.shared
        ]
        for i, thread in enumerate(self.world.singles):
            items.append(("pc", "", i, _pcs(thread)))
            items += [("local", v.name, i, v.domain.values) for v in thread.locals]
            items += [("lock", lock.name, i, MODE_VALUES) for lock in program.locks]
        items += [("held", lock.name, -1, (0, 1)) for lock in program.locks]
        self.shared = _scope(items)
        own: list[tuple[str, str, int, Sequence[int]]] = []
        if self.world.crowd:
            own.append(("pc", "", -1, tuple(self._crowd_pcs())))
            for k, thread in enumerate(self.world.crowd):
                own += [("local", f"{k}:{v.name}", -1, v.domain.values) for v in thread.locals]
            own += [("lock", lock.name, -1, MODE_VALUES) for lock in program.locks]
        self.crowd = _scope(own)
        self.steps = [*self._all_steps()]
        self._index()

    def _crowd_pcs(self) -> Iterator[int]:
        for k, thread in enumerate(self.world.crowd):
            yield from (k * CROWD_STRIDE + pc for pc in _pcs(thread))

    # ------------------------------------------------------------------ first

    @property
    def start(self) -> Bits:
        """Everything shared as it is at first."""
        program = self.world.program
        values = [v.initial for v in program.shared]
        for thread in self.world.singles:
            values += [thread.entry, *(v.initial for v in thread.locals)]
            values += [FREE] * len(program.locks)
        values += [0] * len(program.locks)
        return sum(f.bit(int(v)) for f, v in zip(self.shared.fields, values, strict=True))

    @property
    def starts(self) -> list[Bits]:
        """Each thread of the crowd as it is at first."""
        return [
            sum(
                f.bit(k * CROWD_STRIDE + thread.entry)
                if f.kind == "pc"
                else f.bit(FREE)
                if f.kind == "lock"
                else f.bit(self._first[f.name])
                for f in self.crowd.fields
            )
            for k, thread in enumerate(self.world.crowd)
        ]

    def crowd_steps(self, bits: Bits) -> Sequence[Step]:
        """The steps that a thread of the crowd may take where it is, if its guards agree."""
        return self._by_pc.get(bits & self.crowd.fields[0].full, ()) if self.crowd.fields else ()

    def single_steps(self, shared: Bits) -> Iterator[Step]:
        """The steps of the threads that are there once, if their guards agree."""
        for f in self._single_pcs:
            yield from self._by_single_pc.get(shared & f.full, ())

    def _index(self) -> None:
        """Sort the steps that break nothing by the pc they start from."""
        self._first = {
            f"{k}:{v.name}": v.initial
            for k, thread in enumerate(self.world.crowd)
            for v in thread.locals
        }
        self._by_pc: dict[Bits, list[Step]] = {}
        self._by_single_pc: dict[Bits, list[Step]] = {}
        self._single_pcs = [f for f in self.shared.fields if f.kind == "pc"]
        for step in self.steps:
            if step.violates:
                continue
            if step.actor == -1:
                pc = step.own_guard & self.crowd.fields[0].full
                self._by_pc.setdefault(pc, []).append(step)
            elif step.actor >= 0:
                pc = step.guard & self._single_pcs[step.actor].full
                self._by_single_pc.setdefault(pc, []).append(step)

    # ------------------------------------------------------------------ steps

    def _all_steps(self) -> Iterator[Step]:
        for i, thread in enumerate(self.world.singles):
            for number, command in enumerate(thread.commands):
                yield from self._steps_of(thread, command, number, i, -1)
        for k, thread in enumerate(self.world.crowd):
            for number, command in enumerate(thread.commands):
                yield from self._steps_of(thread, command, number, -1, k)
        for thread in self.world.observers:
            for number, command in enumerate(thread.commands):
                yield from self._steps_of(thread, command, number, -2, -1)

    def _steps_of(
        self, thread: Thread, command: Command, number: int, single: int, kind: int
    ) -> Iterator[Step]:
        for guard, news in _by_value(command, thread, self.world):
            for start in self.cubes(guard, single, kind, bool(command.violates)):
                here = self._at(start, command.source, single, kind)
                if here is None:
                    continue
                clear = store = own_clear = own_store = 0
                if not command.violates:
                    for f, value in self._stores(command, news, thread, single, kind):
                        if kind >= 0 and self.crowd.has(f):
                            own_clear |= f.full
                            own_store |= f.bit(value)
                        else:
                            clear |= f.full
                            store |= f.bit(value)
                step = Step(
                    single,
                    thread.name,
                    number,
                    here.shared,
                    clear,
                    store,
                    here.own,
                    own_clear,
                    own_store,
                    here.beside,
                    here.witnesses,
                    command.violates,
                )
                yield from self._given_up(step, command) if kind >= 0 else (step,)

    def _at(self, start: Start, pc: int, single: int, kind: int) -> Start | None:
        if single >= 0:
            bits = narrow(start.shared, self.shared.find("pc", "", single), pc)
            return None if bits is None else start._with(shared=bits)
        if kind >= 0:
            bits = narrow(start.own, self.crowd.fields[0], kind * CROWD_STRIDE + pc)
            return None if bits is None else start._with(own=bits)
        return start

    def _stores(
        self,
        command: Command,
        news: Mapping[object, int],
        thread: Thread,
        single: int,
        kind: int,
    ) -> Iterator[tuple[Field, int]]:
        initial = {v.name: v.initial for v in thread.locals}
        if single >= 0:
            yield self.shared.find("pc", "", single), command.target
        else:
            yield self.crowd.fields[0], kind * CROWD_STRIDE + command.target
        for target, _ in command.updates:
            value = news[target]
            if isinstance(target, Shared):
                yield self.shared.find("shared", target.name), value
            elif target.name in initial:
                yield self._local(target.name, single, kind), value
        for name in command.forget:
            yield self._local(name, single, kind), initial[name]
        for lock, mode in command.locks:
            if single >= 0:
                yield self.shared.find("lock", lock, single), mode
            else:
                yield self.crowd.find("lock", lock), mode
                if mode == EXCLUSIVE:
                    yield self.shared.find("held", lock), 1

    def _given_up(self, step: Step, command: Command) -> list[Step]:
        """The step with the crowd's bit cleared for each lock given up by its holder."""
        steps = [step]
        for lock, mode in command.locks:
            if mode == EXCLUSIVE or command.violates:
                continue
            own, held = self.crowd.find("lock", lock), self.shared.find("held", lock)
            split = []
            for one in steps:
                holder = one.own_guard & ~own.full | one.own_guard & own.bit(EXCLUSIVE)
                if holder & own.full:
                    split.append(
                        replace(
                            one,
                            own_guard=holder,
                            clear=one.clear | held.full,
                            store=one.store & ~held.full | held.bit(0),
                        )
                    )
                other = one.own_guard & ~own.bit(EXCLUSIVE)
                if other & own.full:
                    split.append(replace(one, own_guard=other))
            steps = split
        return steps

    def _local(self, name: str, single: int, kind: int) -> Field:
        if single >= 0:
            return self.shared.find("local", name, single)
        return self.crowd.find("local", f"{kind}:{name}")

    # ------------------------------------------------------------- conditions

    def cubes(self, guard: Expr, single: int, kind: int, broken: bool) -> list[Start]:
        """A guard as a list of alternatives, each a conjunction of what fields may be."""
        everything = Start(self.shared.full, self.crowd.full, self.crowd.full, ())
        return self._alternatives(guard, True, everything, single, kind, broken)

    def _alternatives(
        self, expr: Expr, wanted: bool, start: Start, single: int, kind: int, broken: bool
    ) -> list[Start]:
        match expr:
            case Const(value):
                return [start] if bool(value) == wanted else []
            case Not(arg):
                return self._alternatives(arg, not wanted, start, single, kind, broken)
            case And(args) | Or(args) if isinstance(expr, And) == wanted:
                for arg in args:
                    if not _forks(arg, wanted):
                        found = self._alternatives(arg, wanted, start, single, kind, broken)
                        if not found:
                            return []
                        (start,) = found
                already = len(start.witnesses)
                found = [start]
                for arg in args:
                    if _forks(arg, wanted):
                        # Once, and not for each alternative of the others again.
                        choices = self._alternatives(arg, wanted, start, single, kind, broken)
                        pairs = (self._both(a, b, already) for a in found for b in choices)
                        found = _distinct(both for both in pairs if both is not None)
                return found
            case And(args) | Or(args):
                return _distinct(
                    after
                    for arg in args
                    for after in self._alternatives(arg, wanted, start, single, kind, broken)
                )
            case Shared() | Local():
                return self._compared(expr, frozenset((0,)), not wanted, start, single, kind)
            case Compare("==", (Shared() | Local()) as atom, Const(value)):
                return self._compared(atom, frozenset((value,)), wanted, start, single, kind)
            case Mine() if single < 0 and kind < 0:
                # An observer, or nobody: holds nothing.
                return [] if wanted else [start]
            case Mine(lock, mode):
                f = (
                    self.shared.find("lock", lock, single)
                    if single >= 0
                    else self.crowd.find("lock", lock)
                )
                return self._only(f, frozenset(MODES[mode]), wanted, start)
            case Others(lock, mode):
                return self._others(lock, mode, wanted, start, single, kind, broken)
            case _:
                return self._enumerated(expr, wanted, start, single, kind, broken)

    def _both(self, one: Start, other: Start, already: int) -> Start | None:
        """What two alternatives have in common, if there is anything; both were `already`
        given so many witnesses."""
        shared, own = one.shared & other.shared, one.own & other.own
        if self.shared.lacks(shared) or self.crowd.lacks(own):
            return None
        # Two are looked at, and more are taken to be there.
        witnesses = (*one.witnesses, *other.witnesses[already:])[:2]
        return Start(shared, own, one.beside & other.beside, witnesses)

    def _compared(
        self,
        atom: Shared | Local,
        values: frozenset[int],
        wanted: bool,
        start: Start,
        single: int,
        kind: int,
    ) -> list[Start]:
        f = (
            self.shared.find("shared", atom.name)
            if isinstance(atom, Shared)
            else self._local(atom.name, single, kind)
        )
        return self._only(f, values, wanted, start)

    def _only(self, f: Field, values: frozenset[int], wanted: bool, start: Start) -> list[Start]:
        keep = sum(f.bit(v) for v in f.values if (v in values) == wanted)
        own = self.crowd.has(f)
        bits = start.own if own else start.shared
        if not bits & keep:
            return []
        bits = bits & ~f.full | bits & keep
        return [start._with(own=bits) if own else start._with(shared=bits)]

    def _enumerated(
        self, expr: Expr, wanted: bool, start: Start, single: int, kind: int, broken: bool
    ) -> list[Start]:
        """Anything else: by the values of one of its variables after the other."""
        atom = min(atoms(expr), key=repr)
        values: Iterable[int] = (0, 1)
        if isinstance(atom, Shared | Local):
            f = (
                self.shared.find("shared", atom.name)
                if isinstance(atom, Shared)
                else self._local(atom.name, single, kind)
            )
            values = f.values
        found = []
        for value in values:

            def leaf(other: Atom, value: int = value) -> Expr:
                return Const(value) if other == atom else other

            this = (
                equal(atom, Const(value))
                if isinstance(atom, Shared | Local)
                else (atom if value else negate(atom))
            )
            for one in self._alternatives(this, True, start, single, kind, broken):
                found += self._alternatives(rebuild(expr, leaf), wanted, one, single, kind, broken)
        return found

    def _others(
        self,
        lock: str,
        mode: str,
        wanted: bool,
        start: Start,
        single: int,
        kind: int,
        broken: bool,
    ) -> list[Start]:
        """Whether anybody else holds a lock: singles, the crowd's bit, who is beside."""
        modes = frozenset(MODES[mode])
        rest = [
            self.shared.find("lock", lock, i) for i in range(len(self.world.singles)) if i != single
        ]
        held = self.shared.find("held", lock)
        shareable = next(k.kind in SHAREABLE for k in self.world.program.locks if k.name == lock)
        if wanted:
            found = [one for f in rest for one in self._only(f, modes, True, start)]
            if self.world.crowd and EXCLUSIVE in modes:
                for one in self._only(held, frozenset((1,)), True, start):
                    if kind >= 0:
                        own = self.crowd.find("lock", lock)
                        found += self._only(own, frozenset((EXCLUSIVE,)), False, one)
                    else:
                        found.append(one)
            if self.world.crowd and SHARED in modes and shareable:
                reader = self.crowd.full & ~self.crowd.find("lock", lock).full
                reader |= self.crowd.find("lock", lock).bit(SHARED)
                if broken and len(start.witnesses) < 2:
                    found.append(start._with(witnesses=(*start.witnesses, reader)))
                else:
                    found.append(start)
            return found
        found = [start]
        for f in rest:
            found = [after for one in found for after in self._only(f, modes, False, one)]
        if self.world.crowd and EXCLUSIVE in modes:
            free = [
                after for one in found for after in self._only(held, frozenset((1,)), False, one)
            ]
            if kind >= 0:
                own = self.crowd.find("lock", lock)
                free += [
                    after
                    for one in found
                    for after in self._only(own, frozenset((EXCLUSIVE,)), True, one)
                ]
            found = free
        if self.world.crowd:
            beside = self.crowd.find("lock", lock)
            gone = sum(beside.bit(m) for m in modes)
            found = [one._with(beside=one.beside & ~gone) for one in found]
        return found


@dataclass(frozen=True)
class Start:
    """Where a command may be taken: shared part, the actor, anybody beside it, and
    threads of the crowd that have to be there."""

    shared: Bits
    own: Bits
    beside: Bits
    witnesses: tuple[Bits, ...]

    def _with(
        self,
        shared: Bits | None = None,
        own: Bits | None = None,
        beside: Bits | None = None,
        witnesses: tuple[Bits, ...] | None = None,
    ) -> Start:
        return Start(
            self.shared if shared is None else shared,
            self.own if own is None else own,
            self.beside if beside is None else beside,
            self.witnesses if witnesses is None else witnesses,
        )


def _forks(expr: Expr, wanted: bool) -> bool:
    """Whether a condition may have several alternatives: what has but one rules out many."""
    match expr:
        case Not(arg):
            return _forks(arg, not wanted)
        case And(args) | Or(args):
            return isinstance(expr, And) != wanted or any(_forks(arg, wanted) for arg in args)
        case Const() | Shared() | Local() | Mine() | Compare("==", Shared() | Local(), Const()):
            return False
        case _:
            return True


def _distinct(starts: Iterable[Start]) -> list[Start]:
    """The alternatives without those that others contain; else negations multiply."""
    found = list(dict.fromkeys(starts))
    if len(found) < 2:
        return found
    # What contains another has more bits: each is held against those with more, and not
    # against the hundreds with as many that a comparison of two variables has.
    kept: dict[tuple[Bits, ...], list[tuple[Bits, Bits, Bits]]] = {}
    maximal = set[int]()
    sizes = [_size(one) for one in found]
    for _, alike in groupby(sorted(range(len(found)), key=lambda n: -sizes[n]), sizes.__getitem__):
        outermost = [
            number
            for number in alike
            if all(
                found[number].shared & shared
                or found[number].own & own
                or found[number].beside & others
                for shared, own, others in kept.get(found[number].witnesses, ())
            )
        ]
        maximal.update(outermost)
        for number in outermost:
            one = found[number]
            outside = (~one.shared, ~one.own, ~one.beside)
            kept.setdefault(one.witnesses, []).append(outside)
    return [one for number, one in enumerate(found) if number in maximal]


def _size(one: Start) -> int:
    return one.shared.bit_count() + one.own.bit_count() + one.beside.bit_count()


def _pcs(thread: Thread) -> list[int]:
    found = {thread.entry, thread.end}
    for command in thread.commands:
        found |= {command.source, command.target}
    return sorted(found)


def narrow(bits: Bits, f: Field, value: int) -> Bits | None:
    """`bits` with one value of a field only; None if it is not among them."""
    bit = f.bit(value)
    return bits & ~f.full | bit if bits & bit else None


def _by_value(
    command: Command, thread: Thread, world: World
) -> Iterator[tuple[Expr, dict[object, int]]]:
    """A command split until each value it stores is a constant."""
    domains = {Shared(v.name): v.domain.values for v in world.program.shared}
    domains |= {Local(v.name): v.domain.values for v in thread.locals}  # type: ignore[misc]
    known = {v.name for v in thread.locals}
    updates = [(t, e) for t, e in command.updates if isinstance(t, Shared) or t.name in known]

    def split(
        guard: Expr, open_: list[tuple[object, Expr]]
    ) -> Iterator[tuple[Expr, dict[object, int]]]:
        unknown = next((e for _, e in open_ if not isinstance(e, Const)), None)
        if unknown is None:
            yield guard, {t: e.value for t, e in open_ if isinstance(e, Const)}
            return
        atom = min(atoms(unknown), key=repr)
        choices: Iterable[tuple[Expr, int]] = (
            [(equal(atom, Const(v)), v) for v in domains[atom]]
            if atom in domains
            else [(atom, 1), (negate(atom), 0)]
        )
        for condition, value in choices:

            def leaf(other: Atom, value: int = value) -> Expr:
                return Const(value) if other == atom else other

            yield from split(conj([guard, condition]), [(t, rebuild(e, leaf)) for t, e in open_])

    yield from split(command.guard, list(updates))


def lemma_of(space: Space, cube: Cube) -> Lemma:
    """A cube as the literals that never hold together."""
    return Lemma(
        _literals(space.shared, cube.shared),
        tuple(sorted(_literals(space.crowd, bits) for bits in cube.crowd)),
    )


def _literals(scope: Scope, bits: Bits) -> tuple[Literal, ...]:
    return tuple(
        Literal(
            f.kind,
            f.name,
            f.thread,
            tuple(v for i, v in enumerate(f.values) if bits >> (f.offset + i) & 1),
        )
        for f in scope.fields
        if bits & f.full != f.full
    )


def cube_of(space: Space, lemma: Lemma) -> Cube:
    """Literals as a cube; what they do not speak of may be anything."""

    def bits(scope: Scope, literals: Iterable[Literal]) -> Bits:
        found = scope.full
        for one in literals:
            f = scope.find(one.kind, one.name, one.thread)
            found &= ~f.full | sum(f.bit(v) for v in one.values)
        return found

    return Cube(
        bits(space.shared, lemma.shared),
        tuple(sorted(bits(space.crowd, part) for part in lemma.crowd)),
    )
