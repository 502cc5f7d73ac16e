"""Lemmas, circles of waiting threads and what a scenario runs, told apart for a reader."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from verify.certify.lemmas import REPLICATED_STRIDE, Lemma, Literal
from verify.certify.places import Meeting, WaitingPlace
from verify.ir import Program, Scenario, Thread, Variable, thread_named
from verify.reasons.limits import Circle
from verify.reasons.states import (
    HeldByReplicated,
    LockModes,
    MayWait,
    Points,
    Somebody,
    States,
    Values,
    Whose,
)
from verify.verdicts import Member, SpuriousFailure


def members(scenario: Scenario, again: Mapping[str, Sequence[str]]) -> tuple[Member, ...]:
    """How many of each thread, and how often each runs.

    `again` says of a thread that runs once what might break if it ran for ever.
    """
    return tuple(
        Member(
            name,
            count,
            count is None or name in scenario.forever,
            tuple(again[name]) if name in again else None,
        )
        for name, count in scenario.members
    )


def spurious_failures(program: Program, scenario: Scenario) -> tuple[SpuriousFailure, ...]:
    """What may fail for a moment, at any time: each call and reason once."""
    found: dict[SpuriousFailure, None] = {}
    for name, _ in scenario.members:
        for command in thread_named(program, name).commands:
            if command.transient is not None:
                callee = (
                    command.called[0] if command.called else command.places[command.main].span.text
                )
                found[SpuriousFailure(callee, command.transient)] = None
    return tuple(found)


def states_of(program: Program, scenario: Scenario, lemma: Lemma) -> States:
    """The states that a lemma excludes."""
    fixed: list[Thread] = []
    replicated: list[Thread] = []
    for name, count in scenario.members:
        thread = thread_named(program, name)
        if count is None:
            replicated.append(thread)
        else:
            fixed += [thread] * count
    parts: list[Values | HeldByReplicated | Somebody] = [
        _shared(program, one) for one in lemma.shared if one.thread < 0
    ]
    for i, thread in enumerate(fixed):
        own = [one for one in lemma.shared if one.thread == i]
        if own:
            number = i + 1 if fixed.count(thread) > 1 else 0
            so = tuple(_literal([thread], one, 0) for one in own)
            parts.append(Somebody(names=(thread.name,), number=number, so=so))
    names = tuple(thread.name for thread in replicated)
    for position, literals in enumerate(lemma.replicated):
        so = tuple(_literal(replicated, one, REPLICATED_STRIDE) for one in literals)
        parts.append(Somebody(names=names, position=position, so=so))
    return tuple(parts)


def circle_of(
    found: Sequence[WaitingPlace], meetings: Sequence[Meeting], round_: Sequence[int]
) -> Circle:
    """A circle of threads that may wait for each other, by the positions of their places."""
    waits = []
    for i, j in zip(round_, (*round_[1:], round_[0]), strict=True):
        lock = next(one.lock for one in meetings if one.arrow == (i, j))
        waiter, holder = found[i], found[j]
        waits.append(
            MayWait(
                waiter=waiter.thread.name,
                at=_points([waiter.thread], [waiter.pc], 0),
                lock=lock,
                holder=holder.thread.name,
                holds_at=_points([holder.thread], [holder.pc], 0),
                alike=waiter.thread is holder.thread,
            )
        )
    return Circle(tuple(waits))


def _shared(program: Program, one: Literal) -> Values | HeldByReplicated:
    if one.kind == "held":
        return HeldByReplicated(one.name, one.values == (1,))
    variable = next(v for v in program.shared if v.name == one.name)
    domain = variable.domain
    return Values(one.name, tuple(map(domain.word, one.values)), tuple(domain.labels))


def _literal(codes: Sequence[Thread], one: Literal, stride: int) -> Points | LockModes | Values:
    match one.kind:
        case "pc":
            return _points(codes, one.values, stride)
        case "lock":
            return LockModes(one.name, one.values)
        case "shared" | "held":
            raise AssertionError(f"{one.name} is no thread's own")
        case "local":
            name = one.name
            code = codes[0]
            if stride:
                number, _, name = one.name.partition(":")
                code = codes[int(number)]
            variable = next(v for v in code.locals if v.name == name)
            domain = variable.domain
            words = tuple(map(domain.word, one.values))
            whose = _whose(codes, code, variable)
            return Values(variable.shown, words, tuple(domain.labels), whose)


def _whose(codes: Sequence[Thread], code: Thread, variable: Variable) -> Whose | None:
    """What tells a local of one of some threads from others that are shown by the same name."""
    alike = [(one, v) for one in codes for v in one.locals if v.shown == variable.shown]
    if len(alike) == 1:
        return None
    own = [v for one, v in alike if one is code]
    same = [v for v in own if v.function == variable.function]
    return Whose(
        code.name if len(own) < len(alike) else "",
        variable.function if len(own) > 1 else "",
        same.index(variable) + 1 if len(same) > 1 else 0,
    )


def _points(codes: Sequence[Thread], pcs: Iterable[int], stride: int) -> Points:
    spans = []
    rest = False
    for pc in pcs:
        code = codes[pc // stride] if stride else codes[0]
        own = pc % stride if stride else pc
        here = next((c for c in code.commands if c.source == own and c.places), None)
        if own in (code.entry, code.end):
            rest = True
        elif here is not None:
            spans.append(here.places[here.main].span)
    return Points(rest, tuple(spans))
