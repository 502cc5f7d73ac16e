"""How a run ends, in words: who did what wrong, and what there is to see of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from verify.locks import FREE, meets
from verify.reasons.violations import EndsUnfinished
from verify.report.violations import act_text, violation_text
from verify.report.words import listed, place
from verify.verdicts import (
    Broken,
    Condition,
    Crash,
    Endless,
    Held,
    Reachability,
    Run,
    Unbalanced,
    Wait,
    Waiting,
)


def who(run: Run) -> str:
    """The thread that the end of a run is about; empty if its words name some."""
    match run.end:
        case Broken(thread) | Unbalanced(thread) | Crash(thread) | Endless(thread):
            return thread
        case Waiting(waits) if run.alone:
            return waits[0].thread
        case Waiting() | None:
            return ""


def wrong(run: Run) -> str:
    """What is wrong at the end of a run, in a few words."""
    return _wrong(run, "alone, ")


def _wrong(run: Run, alone: str) -> str:
    """The same, `alone` before what is wrong with a thread that runs alone."""
    match run.end:
        case None:
            return ""
        case Broken(_, EndsUnfinished(condition)) if run.alone:
            return f"{alone}it ends without {condition.text}"
        case Broken(_, violation):
            return violation_text(violation)
        case Unbalanced(_, doing, left, lacking):
            parts = [act_text(doing)]
            if left:
                parts.append(f"with {listed([one.lock for one in left])} still held")
            if lacking:
                parts.append(f"without {listed([one.lock for one in lacking])}")
            return f"{parts[0]} {' and '.join(parts[1:])}"
        case Crash(_, _, violation, span):
            said = violation_text(violation)
            return f"{alone}it dies: {said} at {place(span)}" if run.alone else said
        case Endless():
            return f"{alone}it goes in circles and does not come to an end"
        case Waiting() if run.alone:
            return f"{alone}it waits and does not come to an end"
        case Waiting(waits):
            names = [one.thread for one in waits]
            return f"{listed(names)} wait{'s' if len(names) == 1 else ''} for ever"


def last_line(run: Run) -> str:
    """The end of a run: who, and what; of a thread that runs alone its name says so."""
    thread = who(run)
    return f"{thread}: {_wrong(run, '')}" if thread else wrong(run)


def details(run: Run) -> Iterator[str]:
    """What there is to see at the end of a run, a line each."""
    match run.end:
        case Broken(_, _, conditions, locks):
            yield from map(condition, conditions)
            yield from (line for lock in locks for line in _since(lock))
        case Unbalanced(_, _, left, lacking):
            yield from (line for lock in (*left, *lacking) for line in _since(lock))
        case Crash(_, _, _, _, locks):
            yield from (line for lock in locks for line in _since(lock))
        case Waiting(waits):
            for one in waits:
                yield from _wait(one)
        case Endless() | None:
            return


def condition(one: Condition) -> str:
    """`!page->freed` is false: page is &page0, page->freed is true."""
    said = f"`{one.span.text}` is {'true' if one.forbidden else 'false'}"
    # Of the condition itself it is said already what came of it.
    values = [f"{v.name} is {value_text(v)}" for v in one.values if v.name != one.span.text]
    tests = [v for v in one.values if v.name == one.span.text and v.lock]
    known = [*values, *map(holders_text, tests)]
    return f"{said}: {'; '.join(known)}" if known else said


def value_text(one: Reachability) -> str:
    """A value; of a test of a lock also who holds it: `true, m is held by a (shared)`."""
    return f"{one.value}, {holders_text(one)}" if one.lock else one.value


def holders_text(one: Reachability) -> str:
    """Who holds the lock that was tested."""
    who = [name + (" (shared)" if meets(mode, "shared") else "") for name, mode in one.holders]
    return f"{one.lock} is held by {' and '.join(who) or 'nobody'}"


def history(run: Run) -> Iterator[tuple[int, str]]:
    """The steps in which the locks that an end is about were taken or let go of, each with
    what it did to them."""
    match run.end:
        case Unbalanced(_, _, left, lacking):
            locks: Sequence[Held] = (*left, *lacking)
        case Broken(locks=locks) | Crash(locks=locks):
            pass
        case Waiting(waits):
            for lock in dict.fromkeys(held for one in waits for held in one.locks):
                if lock.step:
                    yield lock.step, f"{lock.lock}: taken by {lock.thread}, still held"
            return
        case Endless() | None:
            return
    for lock in locks:
        for said in _since(lock):
            yield lock.step, said


def cause(run: Run) -> tuple[int, str] | None:
    """The step to blame, if one can be named, and the words for it."""
    match run.end:
        case Unbalanced(_, _, left, lacking):
            locks: Sequence[Held] = (*left, *lacking)
        case Broken(_, _, _, locks) | Crash(_, _, _, _, locks):
            pass
        case Waiting(waits):
            waiting = {one.thread for one in waits}
            locks = [lock for one in waits for lock in one.locks if lock.step]
            locks = [lock for lock in locks if lock.thread not in waiting]
            if locks:
                lock = locks[0]
                return lock.step, f"{lock.lock}: taken in step {lock.step}, never released"
            return None
        case Endless() | None:
            return None
    for lock in locks:
        for line in _since(lock):
            return lock.step, line
    return None


def _since(one: Held) -> Iterator[str]:
    if one.step:
        shared = " (shared)" if meets(one.mode, "shared") else ""
        now = (
            f"released in step {one.step}, not held since"
            if one.mode == FREE
            else f"taken in step {one.step}, still held"
        )
        yield f"{one.lock}{shared}: {now}"


def _wait(one: Wait) -> Iterator[str]:
    at = "" if one.span is None else f" in {one.span.text.removesuffix(';')}, {place(one.span)}"
    locks = list(dict.fromkeys(lock.lock for lock in one.locks))
    if not locks:
        found = ", where " + listed([f"{n} is {v}" for n, v in one.values]) if one.values else ""
        yield f"{one.thread} waits{at}{found}"
        return
    yield f"{one.thread} waits for {listed(locks)}{at}"
    for lock in one.locks:
        since = f" since step {lock.step}" if lock.step else ""
        shared = " shared" if meets(lock.mode, "shared") else ""
        yield f"  {lock.lock} is held{shared} by {lock.thread}{since}"
