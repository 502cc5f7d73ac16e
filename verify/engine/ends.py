"""What is wrong at the end of a run, as values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from verify.explore import Move
from verify.interpret import Machine, State
from verify.ir import FATAL, Command, Named, Others, Shared, atoms
from verify.locks import FREE, meets
from verify.verdicts import (
    Broken,
    Condition,
    Crash,
    End,
    Endless,
    Held,
    Reachability,
    Unbalanced,
    Wait,
    Waiting,
)


@dataclass(frozen=True)
class Told:
    """A run that was replayed: its moves, the states between them, and who is called what."""

    machine: Machine
    names: Sequence[str]
    moves: Sequence[Move]
    states: Sequence[State]

    def held(self, index: int, lock: str) -> Held:
        """Whether a thread holds a lock at the end, and since which step."""
        mode = self.machine.held(self.states[-1], index).get(lock, FREE)
        for position in range(len(self.moves) - 1, -1, -1):
            if self.machine.held(self.states[position], index).get(lock, FREE) != mode:
                return Held(self.names[index], lock, mode, position + 1)
        return Held(self.names[index], lock, mode, 0)


def ends(told: Told, alone: bool) -> End | None:
    """How a run ends whose last step breaks a claim, or after which somebody alone does."""
    lonely = len(told.machine.threads) - 1
    if alone and (not told.moves or told.moves[-1][0] != lonely):
        # It cannot even begin.
        return waits(told, [lonely])
    if not told.moves:
        return None
    index, number = told.moves[-1]
    who = told.names[index]
    command = told.machine.threads[index].commands[number]
    if not command.violates:
        if not alone:
            return None
        # It has gone on as far as it could, or would go on as it did before.
        if told.machine.steps_of(told.states[-1], index):
            return Endless(who)
        return waits(told, [index])
    assert command.violation is not None
    fault = command.fault
    locks = () if fault is None else (told.held(index, fault.lock),)
    if command.violates in FATAL:
        return Crash(who, command.violates, command.violation, command.places[-1].span, locks)
    if command.violates == "balance" and fault is not None:
        found = list(_faults(told, index, command))
        return Unbalanced(
            who,
            fault.doing,
            tuple(told.held(index, lock) for lock, wanted in found if wanted == FREE),
            tuple(told.held(index, lock) for lock, wanted in found if wanted != FREE),
        )
    return Broken(who, command.violation, tuple(_false(told, index, command)), locks)


def _faults(told: Told, index: int, last: Command) -> Iterator[tuple[str, int]]:
    """Each lock that is not as it should be where the last command finds one that is not."""
    commands = told.machine.threads[index].commands
    before = told.states[-2]
    seen = set()
    for number in told.machine.steps_of(before, index):
        command = commands[number]
        fault = command.fault
        if command.violates != last.violates or fault is None or last.fault is None:
            continue
        same = (fault.doing, command.outcome, command.places[-1:]) == (
            last.fault.doing,
            last.outcome,
            last.places[-1:],
        )
        if same and fault.lock not in seen:
            seen.add(fault.lock)
            yield fault.lock, fault.wanted


def _false(told: Told, index: int, command: Command) -> Iterator[Condition]:
    """The parts of what is claimed that are not so, seen from before the command."""
    if command.asked is None:
        return
    machine, state = told.machine, told.states[-2]
    for part in command.asked.now():
        if not machine.value(state, index, part.holds):
            values = tuple(
                _seen(told, index, one)
                for one in part.named
                if machine.value(state, index, one.sound)
            )
            yield Condition(part.span, part.forbidden, values)


def _seen(told: Told, index: int, one: Named) -> Reachability:
    machine, state = told.machine, told.states[-2]
    word = one.domain.word(machine.value(state, index, one.value))
    for condition, lock in one.locks:
        if machine.value(state, index, condition):
            holders = tuple(
                (told.names[i], held[lock])
                for i in range(len(machine.threads))
                if lock in (held := machine.held(state, i))
            )
            return Reachability(one.text, word, lock, holders)
    return Reachability(one.text, word)


def waits(told: Told, waiting: Sequence[int]) -> Waiting:
    """What each of some threads waits for, where, and who holds it."""
    return Waiting(tuple(_wait(told, index) for index in waiting))


def _wait(told: Told, index: int) -> Wait:
    machine, state = told.machine, told.states[-1]
    commands = [
        command
        for command in machine.threads[index].commands
        if command.source == state[1][index][0] and not command.violates
    ]
    # Of the ways on those that nothing but locks bars, if there are any.
    barred = [c for c in commands if machine.value(state, index, c.guard, nobody=True)]
    tests = {
        atom
        for command in barred or commands
        for atom in atoms(command.guard)
        if isinstance(atom, Others) and machine.value(state, index, atom)
    }
    locks = []
    for lock in machine.program.locks:
        for i in range(len(machine.threads)):
            mode = machine.held(state, i).get(lock.name, FREE)
            asked = any(meets(mode, atom.mode) for atom in tests if atom.lock == lock.name)
            if i != index and asked:
                locks.append(told.held(i, lock.name))
    read = {a for c in commands for a in atoms(c.guard) if isinstance(a, Shared)}
    values = tuple(
        (v.shown, v.domain.word(machine.value(state, index, Shared(v.name))))
        for v in machine.program.shared
        if not barred and Shared(v.name) in read
    )
    here = next((c for c in barred or commands if c.places), None)
    span = None if here is None else here.places[here.main].span
    return Wait(told.names[index], span, tuple(locks), values)
