"""The threads that are made of a lowered one: itself, and those that answer for one claim."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from verify.ir import (
    FALSE,
    FATAL,
    Atom,
    Command,
    Expr,
    Place,
    Thread,
    conj,
    disj,
    negate,
)
from verify.lower.clauses import in_parts
from verify.lower.constants import substituted
from verify.lower.values import Layout, Names, faults, value
from verify.reasons.violations import StateForbidden
from verify.syntax import checked


@dataclass(frozen=True, slots=True, kw_only=True)
class Lowered:
    """A thread as it was first lowered, with what its isolated copies need.

    `isolated` names the claims that only such a copy answers for, `fresh` the
    locals that nobody reads before they are set.  What is `known` never changes,
    and has its value in the thread already.
    """

    thread: Thread
    isolated: frozenset[str]
    fresh: frozenset[str]
    known: Mapping[Atom, Expr] = field(default_factory=dict)


def ordinary(lowered: Lowered) -> Thread:
    """The thread without what only its isolated copies answer for."""
    return replace(
        lowered.thread,
        commands=tuple(c for c in lowered.thread.commands if c.violates not in lowered.isolated),
    )


def isolated(lowered: Lowered, claim: checked.Claim, where: Layout) -> Thread:
    """The copy of a thread that runs alone, without spurious failures, and answers for one claim.

    Where it dies it has not come to its end: that breaks the claim as well.
    """
    thread = lowered.thread
    commands = [
        command
        for command in thread.commands
        if command.violates in ("", claim.name, *FATAL)
        and not command.transient
        and not command.passing
    ]
    entry = thread.entry
    if claim.when is not None:
        # It starts in the states that the claim speaks of.
        names = Names(where)
        here = conj([negate(faults(claim.when, names)), value(claim.when, names)])
        entry = 1 + max(max(c.source, c.target) for c in thread.commands)
        if here != FALSE:
            commands.insert(0, substituted(Command(entry, thread.entry, here), lowered.known))
    return replace(
        thread,
        name=claim.name,
        kind="solo",
        claim=claim.name,
        commands=tuple(commands),
        entry=entry,
        when=claim.when is not None,
    )


def observers(where: Layout, claim: checked.Claim) -> list[Thread]:
    """A `never` clause as a thread that looks once, at any time."""
    found: list[Thread] = []
    for clause in claim.clauses:
        if clause.kind == "never":
            names = Names(where)
            bad = disj([faults(clause.condition, names), value(clause.condition, names)])
            command = Command(
                0,
                0,
                bad,
                places=(Place(clause.span),),
                violates=claim.name,
                violation=StateForbidden(),
                asked=in_parts(clause.condition, names, forbidden=True),
            )
            # Each with a name of its own: what was seen of threads is kept by name.
            number = f" {len(found) + 1}" if found else ""
            name = f"({claim.name}{number})"
            found.append(
                Thread(
                    name=name,
                    sentence="",
                    kind="observer",
                    claim=claim.name,
                    locals=(),
                    commands=(command,),
                    entry=0,
                    end=0,
                )
            )
    return found
