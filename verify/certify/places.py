"""Who may wait for whom: the places at which a thread waits for locks, and the arrows between.

No thread waits for ever if nobody rests with a lock in hand, nobody waits for
anything but locks, and the arrows from a waiting thread to another that holds
what it waits for, and waits itself, never lead in a circle: then whoever is
waited for last can go on.

An arrow is between places, not between locks: a place is a program point and
the values there that decide which lock is asked for.  There is one only if two
threads can be at both places at once, one of them holding what the other asks
for.  So two writers under one gate lock have no arrow between them, and who
may take a lock that it has already does not wait for itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import TypeAlias

from verify.certify.lemmas import REPLICATED_STRIDE, Lemma, Literal
from verify.certify.system import System
from verify.certify.waiting import goes_on, unlocked
from verify.ir import (
    TRUE,
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
    Shared,
    Thread,
    atoms,
    disj,
    negate,
    rebuild,
)
from verify.locks import LockKind, meets

# A waiting place, and one that it may wait for, by their positions among all places.
Arrow: TypeAlias = tuple[int, int]
# A lock, and the modes in which another thread that holds it is in the way.
Demand: TypeAlias = tuple[str, tuple[int, ...]]
# The kind of each lock.
Kinds: TypeAlias = Mapping[str, LockKind]

# So many combinations of a thread's own values are told apart at a program point.
MAX_VALUES = 256
# Of so many parts of a condition all combinations are tried.
MAX_PARTS = 8


@dataclass(frozen=True, kw_only=True)
class WaitingPlace:
    """A thread at `pc`, its own values as in `own`, may have to wait for one of `asks`.

    `single` is its position among the threads that are there once, or -1 for one of
    the replicated threads, whose code is the `kind`-th.
    """

    thread: Thread
    single: int
    kind: int
    pc: int
    own: tuple[Literal, ...]
    asks: tuple[Demand, ...]

    def literals(self, lock: str = "", modes: Collection[int] = ()) -> tuple[Literal, ...] | None:
        """Being there, holding a lock in one of some modes if one is named; None: impossible."""
        pc = self.pc + REPLICATED_STRIDE * max(self.kind, 0)
        found = [Literal("pc", "", self.single, (pc,)), *self.own]
        if lock:
            known = next((one for one in self.own if (one.kind, one.name) == ("lock", lock)), None)
            here = tuple(m for m in sorted(modes) if known is None or m in known.values)
            if not here:
                return None
            found = [one for one in found if one is not known]
            found.append(Literal("lock", lock, self.single, here))
        return tuple(found)


def places(system: System) -> tuple[WaitingPlace, ...]:
    """Where a thread that is under way may have to wait for a lock, in a fixed order."""
    found: list[WaitingPlace] = []
    kinds = _kinds(system)
    for i, thread in enumerate(system.fixed):
        found += _places(thread, i, -1, kinds)
    for k, thread in enumerate(system.replicated):
        found += _places(thread, -1, k, kinds)
    return tuple(found)


def _places(
    thread: Thread, single: int, kind: int, kinds: Kinds, resting: bool = False
) -> Iterator[WaitingPlace]:
    """The places under way, or, if `resting`, those at which the thread has not begun."""
    domains = {v.name: v.domain.values for v in thread.locals}
    for pc, guards in _guards(thread).items():
        # Of who begins again, the end is the entry.
        if pc != thread.entry if resting else pc in (thread.entry, thread.end):
            continue
        way = disj(guards)
        deciding = sorted((a for a in atoms(way) if isinstance(a, Local | Mine)), key=repr)
        by_lock = sorted({a.lock for a in deciding if isinstance(a, Mine)})
        names = [a.name for a in deciding if isinstance(a, Local)]
        ranges: list[Sequence[int]] = [domains[name] for name in names]
        ranges += [kinds[lock].domain for lock in by_lock]
        if prod(map(len, ranges)) > MAX_VALUES:
            asks = _asked(way, kinds)
            if asks:
                yield WaitingPlace(
                    thread=thread, single=single, kind=kind, pc=pc, own=(), asks=asks
                )
            continue
        groups: dict[tuple[Demand, ...], list[tuple[int, ...]]] = {}
        for values in product(*ranges):
            asks = _asked(_with(way, names, by_lock, values), kinds)
            if asks:
                groups.setdefault(asks, []).append(values)
        for asks, some in groups.items():
            for box in _boxes(some):
                own = [
                    Literal("local", name if kind < 0 else f"{kind}:{name}", single, among)
                    for name, among in zip(names, box, strict=False)
                    if len(among) < len(domains[name])
                ]
                own += [
                    Literal("lock", lock, single, among)
                    for lock, among in zip(by_lock, box[len(names) :], strict=True)
                    if len(among) < len(kinds[lock].domain)
                ]
                yield WaitingPlace(
                    thread=thread, single=single, kind=kind, pc=pc, own=tuple(own), asks=asks
                )


def _kinds(system: System) -> Kinds:
    return {lock.name: lock.row for lock in system.program.locks}


def _with(way: Expr, names: Sequence[str], locks: Sequence[str], values: Sequence[int]) -> Expr:
    own = dict(zip((*names, *(f"lock {lock}" for lock in locks)), values, strict=True))

    def leaf(atom: Atom) -> Expr:
        match atom:
            case Local(name):
                return Const(own[name])
            case Mine(lock, mode):
                return Const(int(meets(own[f"lock {lock}"], mode)))
            case Shared() | Others():
                return atom

    return rebuild(way, leaf)


def _asked(way: Expr, kinds: Kinds) -> tuple[Demand, ...]:
    """The locks that others may hold so that a way on is shut."""
    modes: dict[str, set[int]] = {}
    for atom in atoms(way):
        if isinstance(atom, Others):
            modes.setdefault(atom.lock, set()).update(kinds[atom.lock].meant(atom.mode))
    if modes and _always(way):
        return ()
    return tuple((lock, tuple(sorted(some))) for lock, some in sorted(modes.items()))


def _always(way: Expr) -> bool:
    """Whether a condition is true whatever its parts are: one alternative if a lock is taken,
    another if it is not."""
    parts: dict[Expr, None] = {}
    todo = [way]
    while todo:
        match todo.pop():
            case Const():
                pass
            case Not(arg):
                todo.append(arg)
            case And(args) | Or(args):
                todo += args
            case part:
                parts[part] = None
    if len(parts) > MAX_PARTS:
        return False
    return all(
        _true(way, dict(zip(parts, values, strict=True)))
        for values in product((False, True), repeat=len(parts))
    )


def _true(way: Expr, worth: Mapping[Expr, bool]) -> bool:
    match way:
        case Const(value):
            return bool(value)
        case Not(arg):
            return not _true(arg, worth)
        case And(args):
            return all(_true(arg, worth) for arg in args)
        case Or(args):
            return any(_true(arg, worth) for arg in args)
        case Shared() | Local() | Mine() | Others() | Compare() | Arith() | Ite():
            return worth[way]


def _boxes(some: Sequence[tuple[int, ...]]) -> list[tuple[tuple[int, ...], ...]]:
    """Combinations of values as few products of sets: neighbours in one position joined."""
    boxes: list[tuple[tuple[int, ...], ...]] = [
        tuple((value,) for value in values) for values in some
    ]
    for position in range(len(boxes[0])):
        joined: dict[tuple[tuple[int, ...], ...], list[int]] = {}
        for box in boxes:
            rest = (*box[:position], (), *box[position + 1 :])
            joined.setdefault(rest, []).extend(box[position])
        boxes = [
            (*rest[:position], tuple(sorted(values)), *rest[position + 1 :])
            for rest, values in joined.items()
        ]
    return boxes


@dataclass(frozen=True)
class Meeting:
    """A thread waits at `waiter` for `lock` while another, which holds it, waits at `holder`."""

    waiter: int
    holder: int
    lock: str
    lemma: Lemma

    @property
    def arrow(self) -> Arrow:
        return self.waiter, self.holder


def meetings(found: Sequence[WaitingPlace]) -> Iterator[tuple[Lemma, tuple[Meeting, ...]]]:
    """For each place and each lock that it might hold there: holding it, and who asks for it."""
    asking: dict[tuple[str, tuple[int, ...]], list[int]] = {}
    for i, place in enumerate(found):
        for asked in place.asks:
            asking.setdefault(asked, []).append(i)
    for j, holder in enumerate(found):
        for (lock, modes), waiters in sorted(asking.items()):
            holds = holder.literals(lock, modes)
            if holds is None:
                continue
            here: list[Meeting] = []
            for i in waiters:
                lemma = _both(found[i], holder, holds)
                if lemma is not None:
                    here.append(Meeting(i, j, lock, lemma))
            if here:
                alone = Lemma(holds, ()) if holder.single >= 0 else Lemma((), (holds,))
                yield alone, tuple(here)


def _both(waiter: WaitingPlace, holder: WaitingPlace, holds: tuple[Literal, ...]) -> Lemma | None:
    """Two different threads, one at each place."""
    asks = waiter.literals()
    assert asks is not None
    if waiter.single >= 0 and holder.single >= 0:
        return None if waiter.single == holder.single else Lemma((*asks, *holds), ())
    if waiter.single >= 0:
        return Lemma(asks, (holds,))
    if holder.single >= 0:
        return Lemma(holds, (asks,))
    return Lemma((), (asks, holds))


def at_rest_with_a_lock(system: System) -> Iterator[Lemma]:
    """Resting with a lock in hand that somebody asks for: who waits for it would wait for ever."""
    asked = sorted(asked_for(system).items())
    for i, thread in enumerate(system.fixed):
        rest = Literal("pc", "", i, tuple(sorted({thread.entry, thread.end})))
        for lock, modes in asked:
            yield Lemma((rest, Literal("lock", lock, i, modes)), ())
    if system.replicated:
        entries = {k * REPLICATED_STRIDE + t.entry for k, t in enumerate(system.replicated)}
        entries |= {k * REPLICATED_STRIDE + t.end for k, t in enumerate(system.replicated)}
        rest = Literal("pc", "", -1, tuple(sorted(entries)))
        for lock, modes in asked:
            yield Lemma((), ((rest, Literal("lock", lock, -1, modes)),))


def asked_for(system: System) -> Mapping[str, tuple[int, ...]]:
    """The locks that some thread may have to wait for, be it with its first step, and the
    modes in which others that hold them are in the way."""
    modes: dict[str, set[int]] = {}
    threads, kinds = (*system.fixed, *system.replicated), _kinds(system)
    entries = (place for t in threads for place in _places(t, 0, 0, kinds, True))
    for place in (*places(system), *entries):
        for lock, some in place.asks:
            modes.setdefault(lock, set()).update(some)
    return {lock: tuple(sorted(some)) for lock, some in modes.items()}


def must_not_be(system: System, arrows: Collection[Arrow]) -> Iterator[Lemma]:
    """What may not happen if threads wait for each other along these arrows only."""
    yield from at_rest_with_a_lock(system)
    for _, here in meetings(places(system)):
        yield from (meeting.lemma for meeting in here if meeting.arrow not in arrows)


def stands_still(thread: Thread) -> Mapping[int, Expr]:
    """When a thread could not move even if nobody else held any lock, by pc.

    Where it rests it may stand still.  Pcs at which it cannot, by the form of
    the guards alone, are left out.
    """
    found = {}
    for pc, guards in _guards(thread).items():
        if pc in (thread.entry, thread.end):
            continue
        open_ = unlocked(disj(guards))
        if open_ != TRUE:
            found[pc] = negate(open_)
    return found


def _guards(thread: Thread) -> dict[int, list[Expr]]:
    """The guards at each pc, of what is a way to go on; a pc without commands has none."""
    guards: dict[int, list[Expr]] = {}
    for command in thread.commands:
        guards.setdefault(command.source, [])
        if goes_on(command):
            guards[command.source].append(command.guard)
        if not command.violates:
            guards.setdefault(command.target, [])
    return guards


def circle(arrows: Iterable[Arrow]) -> tuple[int, ...]:
    """The places of a shortest circle of arrows, each before the one it waits for; or none."""
    after: dict[int, list[int]] = {}
    for waiter, holder in sorted(arrows):
        after.setdefault(waiter, []).append(holder)
    best: tuple[int, ...] = ()
    for start in after:
        ways: dict[int, tuple[int, ...]] = {start: (start,)}
        todo = [start]
        for here in todo:
            if best and len(ways[here]) >= len(best):
                break
            for there in after.get(here, ()):
                if there == start:
                    best = ways[here]
                    todo.clear()
                    break
                if there not in ways:
                    ways[there] = (*ways[here], there)
                    todo.append(there)
    return best
