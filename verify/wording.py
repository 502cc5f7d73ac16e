"""Lemmas, threads and what may fail, in the words of the language and the reader."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping, Sequence

from verify import locks
from verify.certify.lemmas import CROWD_STRIDE, Lemma, Literal
from verify.certify.places import Meeting, Place
from verify.ir import Program, Scenario, Thread, thread_named
from verify.source import Span
from verify.verdicts import Crash


def singles_and_crowd(
    program: Program, scenario: Scenario
) -> tuple[tuple[Thread, ...], tuple[Thread, ...]]:
    """The threads that are there once each (or a fixed number), and those of the crowd."""
    singles: list[Thread] = []
    crowd = []
    for name, count in scenario.members:
        thread = thread_named(program, name)
        if count is None:
            crowd.append(thread)
        else:
            singles += [thread] * count
    return tuple(singles), tuple(crowd)


def threads_text(scenario: Scenario, again: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """How many of each thread, and how often each runs.

    `again` says of a thread that runs once what might break if it ran for ever.
    """
    said = []
    for name, count in scenario.members:
        if count is None:
            said.append(f"any number of {name}s, each called again and again")
        else:
            many = name if count == 1 else f"{count} of {name}"
            often = "again and again" if name in scenario.forever else "once"
            if name in again:
                needs = ", ".join(again[name])
                often += f" (used: else {needs} may break)" if needs else " (not used)"
            said.append(f"{many} {often}")
    return tuple(said)


def transients(program: Program, scenario: Scenario) -> tuple[str, ...]:
    """What may fail for a moment, at any time: the call and the reason."""
    found: dict[str, None] = {}
    for name, _ in scenario.members:
        for command in thread_named(program, name).commands:
            if command.transient:
                callee = (
                    command.called[0] if command.called else command.places[command.main].span.text
                )
                found[f"{callee} ({command.transient})"] = None
    return tuple(found)


def several(count: int, what: str) -> str:
    """`1 step`, `2 steps`, `3 switches`."""
    plural = "es" if what.endswith("ch") else "s"
    return f"{count} {what}{'' if count == 1 else plural}"


def cut_short(crash: Crash) -> str:
    """Why nothing more is found: somebody dies first."""
    return f"cut short by {crash.claim}: {crash.reason} at {place(crash.span)}"


def place(span: Span) -> str:
    """`v3.bfp:52`."""
    return f"{posixpath.basename(span.source.path)}:{span.line}"


def lemma_text(program: Program, scenario: Scenario, lemma: Lemma) -> str:
    """A lemma as a sentence: `never: page0.freed and a shrinker at v3.bfp:56-58`."""
    singles, crowd = singles_and_crowd(program, scenario)
    parts = [_shared(program, one) for one in lemma.shared if one.thread < 0]
    for i, thread in enumerate(singles):
        own = [one for one in lemma.shared if one.thread == i]
        if own:
            number = f" {i + 1}" if singles.count(thread) > 1 else ""
            parts.append(_thread(thread.name + number, [thread], own, 0))
    names = [thread.name for thread in crowd]
    for position, literals in enumerate(lemma.crowd):
        who = ("a " if position == 0 else "another ") + (
            names[0] if len(names) == 1 else f"thread ({' or '.join(names)})"
        )
        parts.append(_thread(who, list(crowd), literals, CROWD_STRIDE))
    return "never: " + ", and ".join(parts)


def _shared(program: Program, one: Literal) -> str:
    if one.kind == "held":
        state = "held" if one.values == (1,) else "not held"
        return f"{one.name} {state} by one of the crowd"
    variable = next(v for v in program.shared if v.name == one.name)
    return _is(one.name, [variable.domain.word(v) for v in one.values], variable.domain.labels)


def _is(name: str, words: Sequence[str], every: Sequence[str]) -> str:
    if tuple(every) == ("false", "true"):
        return name if list(words) == ["true"] else f"!{name}"
    rest = [word for word in every if word not in words]
    if len(rest) == 1:
        return f"{name} != {rest[0]}"
    return f"{name} == {' or '.join(words)}"


def _thread(who: str, codes: Sequence[Thread], literals: Iterable[Literal], stride: int) -> str:
    said = []
    for one in literals:
        match one.kind:
            case "pc":
                said.append(f"at {_points(codes, one.values, stride)}")
            case "lock":
                said.append(_mode(one))
            case _:
                name = one.name
                code = codes[0]
                if stride:
                    number, _, name = one.name.partition(":")
                    code = codes[int(number)]
                variable = next(v for v in code.locals if v.name == name)
                words = [variable.domain.word(v) for v in one.values]
                said.append(f"with {_is(variable.shown, words, variable.domain.labels)}")
    return " ".join([who, " ".join(said)])


def _mode(one: Literal) -> str:
    match one.values:
        case (0,):
            return f"without {one.name}"
        case (locks.EXCLUSIVE,):
            return f"holding {one.name}"
        case (locks.SHARED, locks.EXCLUSIVE):
            return f"holding {one.name} somehow"
        case (0, locks.SHARED):
            return f"not holding {one.name} exclusively"
        case (0, locks.EXCLUSIVE):
            return f"not holding {one.name} shared"
        case _:
            held = " or ".join(locks.mode_name(mode) for mode in one.values if mode)
            return f"{'without or ' if 0 in one.values else ''}holding {one.name} {held}"


def _points(codes: Sequence[Thread], pcs: Sequence[int], stride: int) -> str:
    """Program points as places in the texts: `v3.bfp:36, 43-53`."""
    places: dict[str, list[int]] = {}
    rest = False
    for pc in pcs:
        code = codes[pc // stride] if stride else codes[0]
        own = pc % stride if stride else pc
        here = next((c for c in code.commands if c.source == own and c.places), None)
        if own in (code.entry, code.end):
            rest = True
        elif here is not None:
            span = here.places[here.main].span
            places.setdefault(posixpath.basename(span.source.path), []).append(span.line)
    said = [f"{path}:{_ranges(sorted(set(lines)))}" for path, lines in places.items()]
    return " or ".join([*(["rest"] if rest else []), *said]) or "no place"


def circle_text(found: Sequence[Place], meetings: Sequence[Meeting], round_: Sequence[int]) -> str:
    """A circle of threads that may wait for each other: locks, lines, who holds what."""
    said = []
    for i, j in zip(round_, (*round_[1:], round_[0]), strict=True):
        lock = next(one.lock for one in meetings if one.arrow == (i, j))
        waiter, holder = found[i], found[j]
        another = "another " if waiter.thread is holder.thread else ""
        said.append(
            f"{waiter.thread.name} at {_points([waiter.thread], [waiter.pc], 0)} may wait for "
            f"{lock}, which {another}{holder.thread.name} holds at "
            f"{_points([holder.thread], [holder.pc], 0)}"
        )
    return "by twos, threads are seen that wait in a circle: " + "; ".join(said)


def _ranges(lines: Sequence[int]) -> str:
    """Line numbers, neighbours in the list of program points joined."""
    return ",".join(map(str, lines))
