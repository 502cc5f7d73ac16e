"""What a thread can know of itself at each pc, and its commands simplified by that.

A forward analysis over the possible values of each local and the possible
modes of each lock.  It sees one thread only, shared state may be anything,
so what it rules out never happens.
"""

from __future__ import annotations

from dataclasses import replace
from heapq import heappop, heappush
from typing import TypeAlias

from verify.ir import (
    FALSE,
    TRUE,
    And,
    Arith,
    Atom,
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
    map_children,
    modes,
    rebuild,
)
from verify.locks import FREE, ModeWord, meets
from verify.simplify import literals, sharpen

Facts: TypeAlias = dict[str, frozenset[int]]
LOCK = "lock "


def flow(thread: Thread, locks: tuple[str, ...], turns: bool = False) -> Thread:
    """The thread with guards and updates folded by what must hold at their pc.

    With `turns` it may begin as it ended: with its locks, and with what lasts.
    """
    leaving: dict[int, list[tuple[int, Command]]] = {}
    for number, command in enumerate(thread.commands):
        leaving.setdefault(command.source, []).append((number, command))
    full = {v.name: frozenset(v.domain.values) for v in thread.locals}
    start: Facts = {v.name: frozenset((v.initial,)) for v in thread.locals}
    start |= {LOCK + lock: frozenset((FREE,)) for lock in locks}
    facts: dict[int, Facts] = {thread.entry: start}
    # The guards by what was known when their pc was last looked at, which is what is known at last.
    guards: dict[int, Expr] = {}
    lasting = [*(v.name for v in thread.locals if v.lasting), *(LOCK + lock for lock in locks)]
    # Lowest first: pcs go up with the text, so what leads to one is mostly done before it.
    todo, waiting = [thread.entry], {thread.entry}
    while todo:
        pc = heappop(todo)
        waiting.discard(pc)
        for number, command in leaving.get(pc, ()):
            guard = guards[number] = specialise(command.guard, facts[pc])
            if command.violates:
                continue
            after = _after(command, guard, facts[pc], full)
            if after is None:
                continue
            before = facts.get(command.target)
            if before is None:
                facts[command.target] = after
            else:
                wider = {n: v | after[n] for n, v in before.items() if not after[n] <= v}
                if not wider:
                    continue
                facts[command.target] = {**before, **wider}
            if command.target not in waiting:
                waiting.add(command.target)
                heappush(todo, command.target)
        if turns and not todo and thread.end in facts:
            left, first = facts[thread.end], facts[thread.entry]
            wider = {n: first[n] | left[n] for n in lasting if not left[n] <= first[n]}
            if wider:
                facts[thread.entry] = {**first, **wider}
                todo.append(thread.entry)
                waiting.add(thread.entry)
    certain: dict[int, dict[Atom, Expr]] = {}
    commands = []
    for number, command in enumerate(thread.commands):
        pc = command.source
        known, guard = facts.get(pc), guards.get(number, FALSE)
        if guard == FALSE or known is None or _refined(guard, known) is None:
            continue
        if command.asked is not None:
            if pc not in certain:
                certain[pc] = _certain(known)
            command = replace(command, asked=command.asked.behind(certain[pc]))
        commands.append(_folded(command, guard, known))
    return replace(thread, commands=tuple(commands))


def _folded(command: Command, guard: Expr, known: Facts) -> Command:
    """The command where this is known, by which its guard is `guard`."""
    found = literals(guard.args if isinstance(guard, And) else (guard,))
    updates = tuple((t, rebuild(specialise(e, known), found.leaf)) for t, e in command.updates)
    if (guard, updates) == (command.guard, command.updates):
        return command
    return replace(command, guard=guard, updates=updates)


def _certain(known: Facts) -> dict[Atom, Expr]:
    """What is known of the thread that leaves one possibility."""
    found: dict[Atom, Expr] = {}
    for name, values in known.items():
        if len(values) == 1:
            (value,) = values
            if name.startswith(LOCK):
                found |= modes({name.removeprefix(LOCK): value})
            else:
                found[Local(name)] = Const(value)
    return found


def _after(command: Command, guard: Expr, known: Facts, full: Facts) -> Facts | None:
    refined = None if guard == FALSE else _refined(guard, known)
    if refined is None:
        return None
    after = dict(refined)
    for target, new in command.updates:
        if not isinstance(target, Local):
            continue
        match specialise(new, refined):
            case Const(value):
                after[target.name] = frozenset((value,))
            case Local(name):
                after[target.name] = refined[name]
            case _:
                # What comes out is known of constants and of locals alone.
                after[target.name] = full[target.name]
    for lock, mode in command.locks:
        after[LOCK + lock] = frozenset((mode,))
    return after


def _refined(guard: Expr, known: Facts) -> Facts | None:
    """`known` narrowed to where a guard can be true; None if it cannot."""
    known = dict(known)
    for part in guard.args if isinstance(guard, And) else (guard,):
        match part:
            case Compare("==", Local(name), Const(value)):
                known[name] &= {value}
            case Not(Compare("==", Local(name), Const(value))):
                known[name] -= {value}
            case Local(name):
                known[name] -= {0}
            case Not(Local(name)):
                known[name] &= {0}
            case Mine(lock, mode):
                known[LOCK + lock] &= _meeting(known[LOCK + lock], mode)
            case Not(Mine(lock, mode)):
                known[LOCK + lock] -= _meeting(known[LOCK + lock], mode)
            case _:
                # No other condition is about the values of one local or the mode of one lock.
                continue
    return None if any(not values for values in known.values()) else known


def _meeting(modes: frozenset[int], word: ModeWord) -> frozenset[int]:
    return frozenset(held for held in modes if meets(held, word))


def specialise(expr: Expr, known: Facts) -> Expr:
    """`expr` folded by the possible values of locals and modes of locks."""
    match expr:
        case Const() | Shared() | Others():
            return expr
        case Local(name):
            values = known[name]
            return Const(next(iter(values))) if len(values) == 1 else expr
        case Mine(lock, mode):
            if LOCK + lock not in known:
                return expr
            modes = known[LOCK + lock]
            inside = _meeting(modes, mode)
            return FALSE if not inside else TRUE if inside == modes else expr
        case Compare("==", Local(name), Const(value)):
            if value not in known[name]:
                return FALSE
            return TRUE if len(known[name]) == 1 else expr
        case And():
            return sharpen(map_children(expr, lambda part: specialise(part, known)))
        case Not() | Or() | Compare() | Arith() | Ite():
            return map_children(expr, lambda part: specialise(part, known))
