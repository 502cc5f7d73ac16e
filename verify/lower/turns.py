"""Whether a thread ends a turn as it began: then what holds of one turn holds of each."""

from __future__ import annotations

from itertools import product
from typing import TypeAlias

from verify.ir import (
    FALSE,
    Atom,
    Command,
    Const,
    Expr,
    Local,
    Mine,
    Thread,
    rebuild,
)
from verify.locks import FREE, meets

# pc, values of the locals, modes of the locks.
Own: TypeAlias = tuple[int, tuple[int, ...], tuple[int, ...]]

# So many states of a thread by itself are looked at; then it is taken to end otherwise.
MAX_STATES = 3_000


def ends_as_it_began(thread: Thread, locks: tuple[str, ...]) -> bool:
    """Whether every way through a thread that begins with nothing held, and with what lasts
    as at first, ends so, whatever shared state and other threads are like.

    Looks at all states of the thread by itself, so that a lock and the flag that says
    whether it is held are seen together.
    """
    names = [v.name for v in thread.locals]
    domains = {v.name: v.domain.values for v in thread.locals}
    place = {name: i for i, name in enumerate(names)}
    lock_at = {lock: i for i, lock in enumerate(locks)}
    initial = tuple(v.initial for v in thread.locals)
    lasting = [i for i, v in enumerate(thread.locals) if v.lasting]
    leaving: dict[int, list[Command]] = {}
    for command in thread.commands:
        if not command.violates:
            leaving.setdefault(command.source, []).append(command)
    first: Own = (thread.entry, initial, (FREE,) * len(locks))
    seen = {first}
    todo = [first]
    for pc, values, modes in todo:

        def leaf(
            atom: Atom, values: tuple[int, ...] = values, modes: tuple[int, ...] = modes
        ) -> Expr:
            if isinstance(atom, Local):
                return Const(values[place[atom.name]])
            if isinstance(atom, Mine):
                return Const(int(meets(modes[lock_at[atom.lock]], atom.mode)))
            return atom

        for command in leaving.get(pc, ()):
            if rebuild(command.guard, leaf) == FALSE:
                continue
            after = list(modes)
            for lock, mode in command.locks:
                after[lock_at[lock]] = mode
            stored: dict[int, tuple[int, ...]] = {
                place[name]: (initial[place[name]],) for name in command.forget
            }
            for target, new in command.updates:
                if isinstance(target, Local) and target.name in place:
                    worth = rebuild(new, leaf)
                    stored[place[target.name]] = (
                        (worth.value,) if isinstance(worth, Const) else tuple(domains[target.name])
                    )
            open_ = sorted(stored)
            for chosen in product(*(stored[i] for i in open_)):
                own = list(values)
                for i, value in zip(open_, chosen, strict=True):
                    own[i] = value
                state = (command.target, tuple(own), tuple(after))
                if state in seen:
                    continue
                if command.target == thread.end and (
                    any(after) or any(own[i] != initial[i] for i in lasting)
                ):
                    return False
                seen.add(state)
                todo.append(state)
                if len(seen) > MAX_STATES:
                    return False
    return True
