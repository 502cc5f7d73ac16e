"""The state of a system as bits: one for each value of each field.

A set of values for each field is one number, so that narrowing, widening and comparing such
sets are a few operations on integers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from verify.certify.lemmas import REPLICATED_STRIDE, FieldKind
from verify.certify.system import System
from verify.ir import Atom, Local, Shared, Thread
from verify.locks import FREE

# A set of values for each field of a layout, one bit a value, side by side in one number.
Bits: TypeAlias = int


@dataclass(frozen=True, kw_only=True)
class BitField:
    """`kind` is shared, pc, local, lock (a thread's mode on it) or held (by replicated threads).

    `thread` is the position among the fixed threads, or -1 for the layout of replicated
    threads and for shared state.  `values` are the values that the bits from `offset` on
    stand for; `full` are all of them.
    """

    kind: FieldKind
    name: str
    thread: int
    offset: int
    values: tuple[int, ...]
    full: Bits

    def bit(self, value: int) -> Bits:
        return 1 << (self.offset + self.values.index(value))


@dataclass(frozen=True)
class Layout:
    """The fields of one part of a state: everything shared, or a replicated thread."""

    fields: tuple[BitField, ...]
    full: Bits

    def find(self, kind: FieldKind, name: str, thread: int = -1) -> BitField:
        """The field of that kind and name; KeyError if there is none."""
        return self._places[kind, name, thread]

    def has(self, f: BitField) -> bool:
        """Whether a field is one of this layout: by identity, to compare fields takes long."""
        return id(f) in self._identities

    def lacks(self, bits: Bits) -> bool:
        """Whether some field has no value left: a set of nothing."""
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
    def _places(self) -> Mapping[tuple[str, str, int], BitField]:
        return {(f.kind, f.name, f.thread): f for f in self.fields}


def narrow(bits: Bits, f: BitField, value: int) -> Bits | None:
    """`bits` with one value of a field only; None if it is not among them."""
    bit = f.bit(value)
    return bits & ~f.full | bit if bits & bit else None


@dataclass(frozen=True, slots=True)
class Role:
    """Who takes a step: a fixed thread by its position, or a replicated thread by that of its code.

    With neither it is an observer, or nobody: it has no state and holds nothing.
    """

    single: int = -1
    kind: int = -1

    @property
    def actor(self) -> int:
        """The position of a fixed thread, -1 for the replicated threads, -2 for an observer."""
        return self.single if self.single >= 0 else -1 if self.kind >= 0 else -2


OBSERVER = Role()


@dataclass(frozen=True)
class Layouts:
    """The two layouts of a system: what is shared with the fixed threads; a replicated one."""

    system: System
    shared: Layout
    replicated: Layout

    @property
    def start(self) -> Bits:
        """Everything shared as it is at first."""
        program = self.system.program
        values = [v.initial for v in program.shared]
        for thread in self.system.fixed:
            values += [thread.entry, *(v.initial for v in thread.locals)]
            values += [FREE] * len(program.locks)
        values += [0] * len(program.locks)
        return sum(f.bit(int(v)) for f, v in zip(self.shared.fields, values, strict=True))

    @property
    def starts(self) -> list[Bits]:
        """Each thread of the replicated threads as it is at first."""
        first = {
            f"{k}:{v.name}": v.initial
            for k, thread in enumerate(self.system.replicated)
            for v in thread.locals
        }
        return [
            sum(
                f.bit(k * REPLICATED_STRIDE + thread.entry)
                if f.kind == "pc"
                else f.bit(FREE)
                if f.kind == "lock"
                else f.bit(first[f.name])
                for f in self.replicated.fields
            )
            for k, thread in enumerate(self.system.replicated)
        ]

    def variable(self, atom: Shared | Local, role: Role) -> BitField:
        """The field of a variable, its own for whoever asks."""
        if isinstance(atom, Shared):
            return self.shared.find("shared", atom.name)
        if role.single >= 0:
            return self.shared.find("local", atom.name, role.single)
        return self.replicated.find("local", f"{role.kind}:{atom.name}")

    def lock(self, name: str, role: Role) -> BitField:
        """The field of the mode in which a fixed thread, or a replicated thread, holds a lock."""
        if role.single >= 0:
            return self.shared.find("lock", name, role.single)
        return self.replicated.find("lock", name)

    def values(self, atom: Atom, role: Role) -> Sequence[int]:
        """The values that a variable or a lock test may have."""
        return self.variable(atom, role).values if isinstance(atom, Shared | Local) else (1, 0)


def layouts(system: System) -> Layouts:
    """The fields of a system: of what is shared and the fixed threads; of a replicated thread."""
    program = system.program
    items: list[tuple[FieldKind, str, int, Sequence[int]]] = [
        ("shared", v.name, -1, v.domain.values) for v in program.shared
    ]
    for i, thread in enumerate(system.fixed):
        items.append(("pc", "", i, _pcs(thread)))
        items += [("local", v.name, i, v.domain.values) for v in thread.locals]
        items += [("lock", lock.name, i, lock.row.domain) for lock in program.locks]
    items += [("held", lock.name, -1, (0, 1)) for lock in program.locks]
    own: list[tuple[FieldKind, str, int, Sequence[int]]] = []
    if system.replicated:
        pcs = [
            k * REPLICATED_STRIDE + pc for k, t in enumerate(system.replicated) for pc in _pcs(t)
        ]
        own.append(("pc", "", -1, pcs))
        for k, thread in enumerate(system.replicated):
            own += [("local", f"{k}:{v.name}", -1, v.domain.values) for v in thread.locals]
        own += [("lock", lock.name, -1, lock.row.domain) for lock in program.locks]
    return Layouts(system, _layout(items), _layout(own))


def _layout(items: Iterable[tuple[FieldKind, str, int, Sequence[int]]]) -> Layout:
    fields, offset = [], 0
    for kind, name, thread, values in items:
        full = ((1 << len(values)) - 1) << offset
        fields.append(
            BitField(
                kind=kind, name=name, thread=thread, offset=offset, values=tuple(values), full=full
            )
        )
        offset += len(values)
    return Layout(tuple(fields), (1 << offset) - 1)


def _pcs(thread: Thread) -> list[int]:
    found = {thread.entry, thread.end}
    for command in thread.commands:
        found |= {command.source, command.target}
    return sorted(found)
