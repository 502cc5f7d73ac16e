"""A guard as alternatives: a disjunctive normal form over what fields may be.

What a guard asks of the locks of threads that are not in view is taken as it would like it,
so that more may happen here than really can, never less.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from verify.cases import chosen, split
from verify.ir import And, Arith, Compare, Const, Expr, Ite, Local, Mine, Not, Or, Others, Shared
from verify.locks import EXCLUSIVE, ModeWord
from verify.parameterised.alternatives import Alternative, distinct, meet
from verify.parameterised.layout import BitField, Layouts, Role


def alternatives(
    layouts: Layouts, guard: Expr, role: Role, breaking: bool = False
) -> list[Alternative]:
    """A guard as a list of alternatives, each a conjunction of what fields may be.

    With `breaking` a claim is broken where it is true, and whoever has to hold a lock shared
    for that is among the witnesses; else somebody does.
    """
    everything = Alternative(
        layouts.shared.full, layouts.replicated.full, layouts.replicated.full, ()
    )
    return _Reader(layouts, role, breaking).where(guard, True, everything)


def _forks(expr: Expr, wanted: bool) -> bool:
    """Whether a condition may have several alternatives: what has but one rules out many."""
    match expr:
        case Not(arg):
            return _forks(arg, not wanted)
        case And(args) | Or(args):
            return isinstance(expr, And) != wanted or any(_forks(arg, wanted) for arg in args)
        case Const() | Shared() | Local() | Mine() | Compare("==", Shared() | Local(), Const()):
            return False
        case Others() | Compare() | Arith() | Ite():
            return True


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the guards of one who takes steps."""

    layouts: Layouts
    role: Role
    breaking: bool

    def where(self, expr: Expr, wanted: bool, start: Alternative) -> list[Alternative]:
        """What is left of `start` where a condition is as wanted."""
        match expr:
            case Const(value):
                return [start] if bool(value) == wanted else []
            case Not(arg):
                return self.where(arg, not wanted, start)
            case And(args) | Or(args) if isinstance(expr, And) == wanted:
                return self._all(args, wanted, start)
            case And(args) | Or(args):
                return distinct(one for arg in args for one in self.where(arg, wanted, start))
            case Shared() | Local():
                return self._only(self._field(expr), (0,), not wanted, start)
            case Compare("==", (Shared() | Local()) as atom, Const(value)):
                return self._only(self._field(atom), (value,), wanted, start)
            case Mine(lock, mode):
                if self.role.actor == -2:
                    return [] if wanted else [start]
                held = self.layouts.lock(lock, self.role)
                return self._only(held, self._meant(lock, mode), wanted, start)
            case Others(lock, mode):
                modes = self._meant(lock, mode)
                if wanted:
                    return self._held(lock, modes, start)
                return self._not_held(lock, modes, start)
            case Compare() | Arith() | Ite():
                return self._by_cases(expr, wanted, start)

    def _all(self, args: tuple[Expr, ...], wanted: bool, start: Alternative) -> list[Alternative]:
        """Where each of some conditions is as wanted."""
        for arg in args:
            if not _forks(arg, wanted):
                found = self.where(arg, wanted, start)
                if not found:
                    return []
                (start,) = found
        given = len(start.witnesses)
        found = [start]
        for arg in args:
            if _forks(arg, wanted):
                # Once, and not for each alternative of the others again.
                choices = self.where(arg, wanted, start)
                pairs = (meet(self.layouts, a, b, given) for a in found for b in choices)
                found = distinct(both for both in pairs if both is not None)
        return found

    def _field(self, atom: Shared | Local) -> BitField:
        return self.layouts.variable(atom, self.role)

    def _only(
        self, f: BitField, values: tuple[int, ...], wanted: bool, start: Alternative
    ) -> list[Alternative]:
        """Where a field has one of some values, or none of them."""
        keep = sum(f.bit(v) for v in f.values if (v in values) == wanted)
        own = self.layouts.replicated.has(f)
        bits = start.own if own else start.shared
        if not bits & keep:
            return []
        bits = bits & ~f.full | bits & keep
        return [replace(start, own=bits) if own else replace(start, shared=bits)]

    def _by_cases(self, expr: Expr, wanted: bool, start: Alternative) -> list[Alternative]:
        """Anything else: by the values of one of its variables after the other."""
        layouts, role = self.layouts, self.role
        atom = chosen((expr,), lambda one: layouts.values(one, role))
        assert atom is not None, "an expression of constants is one"
        return [
            found
            for condition, (case,) in split(atom, layouts.values(atom, role), (expr,))
            for one in self.where(condition, True, start)
            for found in self.where(case, wanted, one)
        ]

    # -------------------------------------------------------------- others' locks

    def _meant(self, lock: str, word: ModeWord) -> tuple[int, ...]:
        return self.layouts.system.program.row(lock).meant(word)

    def _single_holders(self, lock: str) -> list[BitField]:
        """What the fixed threads do with a lock, but for the one who asks."""
        fixed = range(len(self.layouts.system.fixed))
        return [self.layouts.lock(lock, Role(i)) for i in fixed if i != self.role.single]

    def _held(self, lock: str, modes: tuple[int, ...], start: Alternative) -> list[Alternative]:
        """Where somebody else holds a lock: a fixed thread, a replicated one that
        the bit for these is about, or one out of view."""
        layouts, system = self.layouts, self.layouts.system
        found = [
            one for f in self._single_holders(lock) for one in self._only(f, modes, True, start)
        ]
        if not system.replicated:
            return found
        own = layouts.replicated.find("lock", lock)
        if EXCLUSIVE in modes:
            held = layouts.shared.find("held", lock)
            for one in self._only(held, (1,), True, start):
                # The bit may be about the one who asks.
                replicated = self.role.kind >= 0
                found += self._only(own, (EXCLUSIVE,), False, one) if replicated else [one]
        readers = [mode for mode in modes if mode != EXCLUSIVE]
        if readers and system.program.row(lock).shareable:
            reader = layouts.replicated.full & ~own.full | sum(map(own.bit, readers))
            if self.breaking and len(start.witnesses) < 2:
                found.append(replace(start, witnesses=(*start.witnesses, reader)))
            else:
                found.append(start)
        return found

    def _not_held(self, lock: str, modes: tuple[int, ...], start: Alternative) -> list[Alternative]:
        """Where nobody else holds a lock: no fixed thread, no replicated one in
        view, and nobody by the bit for these."""
        layouts = self.layouts
        found = [start]
        for f in self._single_holders(lock):
            found = [after for one in found for after in self._only(f, modes, False, one)]
        if not layouts.system.replicated:
            return found
        own = layouts.replicated.find("lock", lock)
        if EXCLUSIVE in modes:
            held = layouts.shared.find("held", lock)
            free = [after for one in found for after in self._only(held, (1,), False, one)]
            if self.role.kind >= 0:
                # Or it is the one who asks.
                free += [
                    after for one in found for after in self._only(own, (EXCLUSIVE,), True, one)
                ]
            found = free
        gone = sum(own.bit(m) for m in modes)
        return [replace(one, beside=one.beside & ~gone) for one in found]
