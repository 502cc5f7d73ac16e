"""A thread that runs alone: from which states its claim is broken.

Nobody else moves and nothing is transient, so the run depends on the state it
starts from and on nothing else: following every path backwards into a
condition on that state leaves one formula, the weakest precondition of
failure, and the question of progress becomes one about states at rest.
"""

from __future__ import annotations

from collections.abc import Callable

from verify.certify.unfold import Automaton, TooLargeError, unfold
from verify.certify.waiting import goes_on, lock_part, unlocked
from verify.ir import (
    FALSE,
    TRUE,
    Atom,
    Const,
    Expr,
    Program,
    Shared,
    Thread,
    conj,
    disj,
    negate,
    rebuild,
)
from verify.reasons.limits import Count, CountLimit, UnprovedError
from verify.simplify import sharpen

MAX_PATHS = 20_000


class TooManyPathsError(UnprovedError):
    """A lonely run branches more often than the limit allows; which one."""


def _every(_: frozenset[str]) -> bool:
    """Every failure counts."""
    return True


# What was found last, by the objects it was found for, which are kept so that no other has
# their place: the search, the certificate and the bounded engine ask the same.
_LAST: dict[tuple[int, int, int], tuple[Program, Thread, Expr]] = {}
MAX_KEPT = 64


def failing(
    program: Program,
    solo: Thread,
    rounds: int = 1,
    counts: Callable[[frozenset[str]], bool] = _every,
) -> Expr:
    """The condition on shared state (and on locks of others) from which a lonely run
    breaks its claim: by a command that says so, by waiting, or by going in circles.

    `counts` says which failures count, by what they are about (`ir.lonely_topics`).

    Raises:
        TooManyPaths: more than MAX_PATHS paths, or states than `unfold` allows.
    """
    key = (id(program), id(solo), rounds)
    if counts is _every and key in _LAST:
        return _LAST[key][2]
    try:
        automaton = unfold(program, solo, rounds)
    except TooLargeError as error:
        raise TooManyPathsError(error.reason) from None
    begins, kept = _begins(automaton, solo)
    found: list[Expr] = []
    none: frozenset[str] = frozenset()
    stack: list[tuple[int, Expr, dict[Shared, int], frozenset[str]]] = [(0, TRUE, {}, none)]
    paths = 0
    while stack:
        node, condition, stored, about = stack.pop()
        paths += 1
        if paths > MAX_PATHS:
            raise TooManyPathsError(CountLimit(Count.ISOLATED_PATHS, MAX_PATHS))

        def leaf(atom: Atom, stored: dict[Shared, int] = stored) -> Expr:
            if isinstance(atom, Shared) and atom in stored:
                return Const(stored[atom])
            return atom

        open_: list[Expr] = []
        for edge in automaton.leaving[node]:
            guard = rebuild(edge.guard, leaf)
            open_.append(guard)
            case = condition if guard == TRUE else sharpen(conj([condition, guard]))
            if case == FALSE:
                continue
            outcome = solo.commands[edge.command].outcome
            now = frozenset([outcome]) if outcome else about
            if edge.target is None:
                if counts(now):
                    found.append(case if node else sharpen(conj([begins, case])))
            else:
                after = stored | {Shared(name): value for name, value in edge.writes}
                stack.append((edge.target, case, after, now))
        if not _ends(automaton, node):
            waits = sharpen(conj([condition, negate(disj(open_))])) if node else kept
            if waits != FALSE and counts(about):
                found.append(waits)
    result = disj(found)
    if counts is _every:
        if len(_LAST) >= MAX_KEPT:
            _LAST.clear()
        _LAST[key] = program, solo, result
    return result


def _begins(automaton: Automaton, solo: Thread) -> tuple[Expr, Expr]:
    """When a lonely thread has a run to begin, and when locks alone keep it from the first step."""
    way = disj(e.guard for e in automaton.leaving[0] if goes_on(solo.commands[e.command]))
    if solo.when:
        return way, FALSE
    kept = sharpen(conj([negate(lock_part(way)), unlocked(way)]))
    return disj([way, kept]), kept


def _ends(automaton: Automaton, node: int) -> bool:
    return automaton.nodes[node][0] == automaton.thread.end
