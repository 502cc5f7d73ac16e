"""Two commands as one."""

from __future__ import annotations

from verify.ir import (
    CASE,
    FALSE,
    SAMPLED_BEFORE,
    Atom,
    Command,
    Const,
    Expr,
    Local,
    Mine,
    Shared,
    conj,
    modes,
    rebuild,
)
from verify.locks import meets


def compose(first: Command, second: Command) -> Command | None:
    """`first` and then `second`, at once; None if they cannot follow each other."""
    values: dict[Atom, Expr] = dict(first.updates)
    locks = dict(first.locks)

    def leaf(atom: Atom) -> Expr:
        if isinstance(atom, Mine) and atom.lock in locks:
            return Const(int(meets(locks[atom.lock], atom.mode)))
        return values.get(atom, atom)

    guard = conj([first.guard, rebuild(second.guard, leaf)])
    if guard == FALSE:
        return None
    updates: dict[Shared | Local, Expr] = dict(first.updates)
    updates.update((target, rebuild(new, leaf)) for target, new in second.updates)
    return Command(
        first.source,
        first.source if second.violates else second.target,
        guard,
        tuple(updates.items()),
        locks=tuple((locks | dict(second.locks)).items()),
        places=(*first.places, *second.places),
        transient=first.transient or second.transient,
        violates=second.violates,
        violation=second.violation,
        outcome=second.outcome or first.outcome,
        called=(*first.called, *second.called),
        main=len(first.places) + second.main if first.own and not second.own else first.main,
        used=(*first.used, *second.used),
        cases=(*first.cases, *second.cases),
        own=first.own and second.own,
        case=_case(first, second),
        fault=second.fault,
        asked=None if second.asked is None else second.asked.behind({**values, **modes(locks)}),
        inside=second.inside,
        about=second.about,
    )


def _case(first: Command, second: Command) -> int:
    """The case that the outcome of two commands together is about."""
    if not second.outcome or second.case != SAMPLED_BEFORE:
        return second.case if second.outcome else first.case
    settled = next((new for target, new in first.updates if target == Local(CASE)), None)
    return settled.value if isinstance(settled, Const) else SAMPLED_BEFORE
