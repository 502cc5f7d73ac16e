"""The commands of a system as steps on sets of values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from verify.cases import by_cases
from verify.certify.lemmas import REPLICATED_STRIDE
from verify.certify.system import System
from verify.ir import Command, Const, Local, Shared, Thread
from verify.locks import EXCLUSIVE
from verify.parameterised.alternatives import Alternative
from verify.parameterised.guards import alternatives
from verify.parameterised.layout import (
    OBSERVER,
    BitField,
    Bits,
    Layout,
    Layouts,
    Role,
    layouts,
    narrow,
)


@dataclass(frozen=True, kw_only=True)
class Transition:
    """A command on cubes: guards and stores as bits; `actor` -1: replicated, -2: an observer.

    `beside` is what any other replicated thread has to be like, `witnesses` are replicated
    threads that have to be there.
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


@dataclass(frozen=True, kw_only=True)
class Space:
    """The layouts of a system, and its commands as steps on them.

    Those that break nothing are also found by the pc that they start from: `by_pc` has those
    of replicated threads, `by_single_pc` those of the fixed ones, whose pcs are `single_pcs`.
    """

    layouts: Layouts
    steps: tuple[Transition, ...]
    by_pc: Mapping[Bits, Sequence[Transition]]
    by_single_pc: Mapping[Bits, Sequence[Transition]]
    single_pcs: tuple[BitField, ...]
    system: System
    shared: Layout
    replicated: Layout

    def replicated_steps(self, bits: Bits) -> Sequence[Transition]:
        """The steps that a replicated thread may take where it is, if its guards agree."""
        return (
            self.by_pc.get(bits & self.replicated.fields[0].full, ())
            if self.replicated.fields
            else ()
        )

    def single_steps(self, shared: Bits) -> Iterator[Transition]:
        """The steps of the threads that are there once, if their guards agree."""
        for f in self.single_pcs:
            yield from self.by_single_pc.get(shared & f.full, ())


def encoded(system: System) -> Space:
    """A system as bits: what there is to be seen of it, and its steps."""
    made = layouts(system)
    steps = tuple(_steps(made))
    by_pc: dict[Bits, list[Transition]] = {}
    by_single_pc: dict[Bits, list[Transition]] = {}
    single_pcs = tuple(f for f in made.shared.fields if f.kind == "pc")
    for step in steps:
        if step.violates:
            continue
        if step.actor == -1:
            by_pc.setdefault(step.own_guard & made.replicated.fields[0].full, []).append(step)
        elif step.actor >= 0:
            pc = step.guard & single_pcs[step.actor].full
            by_single_pc.setdefault(pc, []).append(step)
    return Space(
        layouts=made,
        steps=steps,
        by_pc=by_pc,
        by_single_pc=by_single_pc,
        single_pcs=single_pcs,
        system=system,
        shared=made.shared,
        replicated=made.replicated,
    )


def _steps(made: Layouts) -> Iterator[Transition]:
    system = made.system
    roles = [
        *((thread, Role(single=i)) for i, thread in enumerate(system.fixed)),
        *((thread, Role(kind=k)) for k, thread in enumerate(system.replicated)),
        *((thread, OBSERVER) for thread in system.observers),
    ]
    for thread, role in roles:
        for number, command in enumerate(thread.commands):
            for step in _of_command(made, thread, command, number, role):
                yield from _given_up(made, step, command) if role.kind >= 0 else (step,)


def _of_command(
    made: Layouts, thread: Thread, command: Command, number: int, role: Role
) -> Iterator[Transition]:
    """A command as steps, in each of which what it stores is a constant."""
    known = {v.name for v in thread.locals}
    updates = [(t, e) for t, e in command.updates if isinstance(t, Shared) or t.name in known]
    targets = [t for t, _ in updates]
    cases = by_cases(command.guard, [e for _, e in updates], lambda a: made.values(a, role))
    for guard, news in cases:
        stored = {t: e.value for t, e in zip(targets, news, strict=True) if isinstance(e, Const)}
        clear = store = own_clear = own_store = 0
        if not command.violates:
            for f, value in _stores(made, thread, command, stored, role):
                if role.kind >= 0 and made.replicated.has(f):
                    own_clear |= f.full
                    own_store |= f.bit(value)
                else:
                    clear |= f.full
                    store |= f.bit(value)
        for start in alternatives(made, guard, role, bool(command.violates)):
            here = _at(made, start, command.source, role)
            if here is not None:
                yield Transition(
                    actor=role.actor,
                    thread=thread.name,
                    command=number,
                    guard=here.shared,
                    clear=clear,
                    store=store,
                    own_guard=here.own,
                    own_clear=own_clear,
                    own_store=own_store,
                    beside=here.beside,
                    witnesses=here.witnesses,
                    violates=command.violates,
                )


def _at(made: Layouts, start: Alternative, pc: int, role: Role) -> Alternative | None:
    """An alternative where whoever takes the step is at a pc."""
    if role.single >= 0:
        bits = narrow(start.shared, made.shared.find("pc", "", role.single), pc)
        return None if bits is None else replace(start, shared=bits)
    if role.kind >= 0:
        bits = narrow(start.own, made.replicated.fields[0], role.kind * REPLICATED_STRIDE + pc)
        return None if bits is None else replace(start, own=bits)
    return start


def _stores(
    made: Layouts,
    thread: Thread,
    command: Command,
    stored: Mapping[Shared | Local, int],
    role: Role,
) -> Iterator[tuple[BitField, int]]:
    """What a command does to fields: its pc, variables, what it forgets, locks."""
    initial = {v.name: v.initial for v in thread.locals}
    if role.single >= 0:
        yield made.shared.find("pc", "", role.single), command.target
    elif role.kind >= 0:
        yield made.replicated.fields[0], role.kind * REPLICATED_STRIDE + command.target
    for target, _ in command.updates:
        if isinstance(target, Shared) or target.name in initial:
            yield made.variable(target, role), stored[target]
    for name in command.forget:
        yield made.variable(Local(name), role), initial[name]
    for lock, mode in command.locks:
        yield made.lock(lock, role), mode
        if role.kind >= 0 and mode == EXCLUSIVE:
            yield made.shared.find("held", lock), 1


def _given_up(made: Layouts, step: Transition, command: Command) -> list[Transition]:
    """The step with the bit for replicated threads cleared for each lock given up by its holder."""
    steps = [step]
    for lock, mode in command.locks:
        if mode == EXCLUSIVE or command.violates:
            continue
        own, held = made.replicated.find("lock", lock), made.shared.find("held", lock)
        split = []
        for one in steps:
            holder = one.own_guard & ~own.full | one.own_guard & own.bit(EXCLUSIVE)
            if holder & own.full:
                clear, store = one.clear | held.full, one.store & ~held.full | held.bit(0)
                split.append(replace(one, own_guard=holder, clear=clear, store=store))
            other = one.own_guard & ~own.bit(EXCLUSIVE)
            if other & own.full:
                split.append(replace(one, own_guard=other))
        steps = split
    return steps
