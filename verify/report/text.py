"""Plain text for a reply: 72 columns, no colour, no boxes, nothing that moves a cursor."""

from __future__ import annotations

import posixpath
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence

from verify.diagnostics import printable
from verify.locks import meets, verb
from verify.reasons.mutations import (
    AlreadyBroken,
    Extent,
    NotReached,
    OneCaller,
    SomeStates,
    TooLarge,
    Undecided,
)
from verify.report.coverage import unreached_text
from verify.report.ends import details, last_line
from verify.report.findings import of_answer, of_statement
from verify.report.render import below, concise
from verify.report.states import failure_text, members_text
from verify.report.violations import noted, violation_text
from verify.report.words import listed, place, several
from verify.verdicts import (
    Answer,
    Behaviour,
    Crash,
    Line,
    Need,
    NotEstablished,
    Refuted,
    Result,
    Row,
    RowVerdict,
    Run,
    Step,
    Unbalanced,
    Watched,
    nowhere,
    word,
)

WIDTH = 72
WORDS = ("proved", "bounded", "refuted", "not established", "vacuous", "absent")
# What is narrower than this is not read; a text is rather too wide.
COLUMN = 10
ROOM = 24
# A run that begins with fewer steps in common with another is told in full.
WORTH_SHARING = 5


def report(result: Result, runs: bool = True) -> Iterator[str]:
    """The lines of the whole report on one program in one scenario."""
    yield from _heading(result)
    if result.table:
        yield ""
        yield from case_table(result)
    yield ""
    yield from claims(result)
    if result.proof is not None:
        yield ""
        yield from what_was_proved(result)
    told: dict[str, Run] = {}
    if runs:
        for answer in result.answers:
            if isinstance(answer.verdict, Refuted):
                run = answer.verdict.run
                yield ""
                yield from _wrapped(f"--- {answer.claim}: {answer.sentence}", "", "    ")
                yield from _not_the_shortest(answer.verdict)
                yield from run_text(run, told)
                told[answer.claim] = run


def _heading(result: Result) -> Iterator[str]:
    yield f"{printable(result.path)}"
    if result.model:
        yield from _beside("  model ", result.model)
    yield from _wrapped(f"scenario {result.scenario}: {result.sentence}", "  ", "  ")
    yield from _wrapped(bound_text(result), "  ", "  ")


def bound_text(result: Result) -> str:
    """How far the answers reach, in words."""
    bound = result.bound
    text = f"runs: {bound.threads} of each [*] thread, every thread once"
    if bound.cut:
        text += f", loops entered again {_times(bound.rounds)} at most"
    return text


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _wrapped(text: str, first: str, rest: str, hyphens: bool = True) -> list[str]:
    return textwrap.wrap(
        printable(text),
        WIDTH,
        initial_indent=first,
        subsequent_indent=rest,
        break_on_hyphens=hyphens,
    )


def _beside(head: str, text: str) -> Iterator[str]:
    """A text to the right of its head, or below it where that leaves it no room."""
    head = printable(head)
    if len(head) <= WIDTH * 2 // 3:
        yield from _wrapped(text, head, " " * len(head))
    else:
        yield head.rstrip()
        yield from _wrapped(text, "    ", "    ")


# ------------------------------------------------------------------ case table


def case_name(row: Row) -> str:
    """`!vma &&  mapped`: as in the mail, the names aligned."""
    return " && ".join(name if value else f"!{name}" for name, value in row.axes)


def _case_cells(row: Row) -> str:
    return " && ".join(f"{' ' if value else '!'}{name}" for name, value in row.axes)


def behaviour(one: Behaviour) -> str:
    """An outcome and what it leaves behind."""
    if one.crash is not None:
        return f"crashes: {crash(one.crash)}"
    return ", ".join([one.sentence, *_amiss(one)])


def crash(one: Crash) -> str:
    """How a call dies, and where."""
    return f"{violation_text(one.violation)} at {place(one.span)}"


def _amiss(one: Behaviour) -> Iterator[str]:
    if one.left:
        yield f"leaves {' and '.join(one.left)} held"
    if one.lacking:
        yield f"without {' and '.join(one.lacking)}"


def behaviours(some: Sequence[Behaviour]) -> str:
    return " or ".join(behaviour(one) for one in some)


def case_table(result: Result) -> Iterator[str]:
    """The table: what the code does in each case, and what its author says."""
    names = dict(_sentences(result))
    first = max(len("case"), *(len(_case_cells(row)) for row in result.table)) + 2
    wide = max(COLUMN, (WIDTH - first - 2) // 2)
    yield f"  {'case':{first}}{'the code':{wide}}its author says"
    for row in result.table:
        if row.reachable is None:
            does = "not established"
        elif row.reachable:
            does = behaviours(row.behaviours)
        else:
            does = _absence(row)
        says = " or ".join(names.get(c, c) for c in row.claimed) or "never occurs"
        if row.verdict is RowVerdict.REFUTED:
            says += "  <-- WRONG"
        left = textwrap.wrap(printable(does), wide - 2) or [""]
        right = textwrap.wrap(printable(says), wide) or [""]
        for i in range(max(len(left), len(right))):
            cells = _case_cells(row) if i == 0 else ""
            one = left[i] if i < len(left) else ""
            two = right[i] if i < len(right) else ""
            yield f"  {cells:{first}}{one:{wide}}{two}".rstrip()
    if result.outside:
        yield from _wrapped(
            f"calls that end before they come to a case: {behaviours(result.outside)}",
            "  ",
            "  ",
        )
    for row in result.table:
        if not row.reachable and row.alone:
            yield from _wrapped(
                f"{case_name(row)} {_absence(row, 'is ')} here; by itself the code would: "
                f"{behaviours(row.alone)}",
                "  ",
                "    ",
            )


def _absence(row: Row, verb: str = "") -> str:
    """Why nothing is said to happen in a case."""
    if row.sampled:
        return "never returns"
    return f"{verb}never sampled" if row.claimed else "cannot occur"


def _sentences(result: Result) -> Iterator[tuple[str, str]]:
    for row in result.table:
        for one in (*row.behaviours, *row.alone):
            yield one.outcome, one.sentence
    for one in result.outside:
        yield one.outcome, one.sentence


def side_by_side(results: Sequence[Result]) -> Iterator[str]:
    """The tables of several versions, one column each, as many abreast as there is room for."""
    cases = dict.fromkeys(_case_cells(row) for result in results for row in result.table)
    first = max(map(len, cases)) + 2
    abreast = max(1, (WIDTH - first) // COLUMN)
    notes: list[str] = []
    for start in range(0, len(results), abreast):
        some = results[start : start + abreast]
        wide = max(COLUMN, (WIDTH - first) // len(some))
        titles = [_title(result) for result in some]
        yield from _columns("", titles, first, wide)
        for case in cases:
            rows = [
                next((row for row in result.table if _case_cells(row) == case), None)
                for result in some
            ]
            yield from _columns(case, [_cell(row, notes) for row in rows], first, wide)
        yield ""
    for said in dict.fromkeys(f"scenario {r.scenario}, {bound_text(r)}" for r in results):
        yield from _wrapped(said, "", "    ")
    yield "(!) is not what the author of that version says of the case"
    for i, note in enumerate(notes):
        yield from _wrapped(f"[{i + 1}] {note}", "", "    ")


def _title(result: Result) -> str:
    own = posixpath.basename(result.path).removesuffix(".bfp")
    other = posixpath.basename(result.model).removesuffix(".bfh")
    return f"{own}@{other}" if other else own


def _columns(head: str, cells: Sequence[str], first: int, wide: int) -> Iterator[str]:
    columns = [textwrap.wrap(printable(cell), wide - 1) or [""] for cell in cells]
    for i in range(max(map(len, columns))):
        line = (head if i == 0 else "").ljust(first)
        line += "".join((c[i] if i < len(c) else "").ljust(wide) for c in columns)
        yield line.rstrip()


def _cell(row: Row | None, notes: list[str]) -> str:
    if row is None:
        return "no such case"
    if row.reachable is None:
        return "not established"
    if not row.reachable:
        return _absence(row)
    words = []
    for one in row.behaviours:
        text = "crashes" if one.crash is not None else one.sentence
        for note in _amiss(one) if one.crash is None else (behaviour(one),):
            if note not in notes:
                notes.append(note)
            text += f" [{notes.index(note) + 1}]"
        words.append(text)
    return " or ".join(words) + (" (!)" if row.verdict is RowVerdict.REFUTED else "")


# ---------------------------------------------------------------------- claims


def claims(result: Result) -> Iterator[str]:
    """The verdict on each claim, with its sentence and what is wrong."""
    said = [_word(answer) for answer in result.answers]
    wide = max(map(len, said), default=0)
    name = max((len(answer.claim) for answer in result.answers), default=0)
    for one, answer in zip(said, result.answers, strict=True):
        head = f"  {one:{wide}}  {answer.claim:{name}}  "
        told = list(_beside(head, answer.sentence))
        yield from told
        indent = " " * (len(head) if told[0].startswith(head) else 4)
        for mark, text in below(of_answer(answer)):
            # A name that somebody may look for is not cut.
            whole = mark == "="
            yield from _wrapped(text, f"{indent}{mark} ", f"{indent}  ", hyphens=not whole)
    for goal in result.unreached:
        yield from _wrapped(concise(of_statement(goal)), "  ", "    ")
    if any(answer.claim == "vacuity" for answer in result.answers):
        yield from _wrapped(f"watched: {watched_text(result.watched)}", "  ", "    ")


def watched_text(watched: Watched) -> str:
    """What there is to reach, in numbers."""
    code = [
        several(watched.functions, "function") if watched.functions else "",
        several(watched.threads, "thread") if watched.threads else "",
    ]
    looked_at = [
        several(watched.calls, "call") if watched.calls else "",
        several(watched.uses, "use") if watched.uses else "",
    ]
    parts = []
    if watched.statements:
        of = " and ".join(filter(None, code))
        parts.append(f"{several(watched.statements, 'statement')} of {of}")
    if any(looked_at):
        parts.append(f"{' and '.join(filter(None, looked_at))} that claims look at")
    if watched.locks:
        parts.append(several(watched.locks, "lock"))
    if watched.starts:
        parts.append(f"{several(watched.starts, 'start')} of runs alone")
    if watched.cases:
        parts.append(several(watched.cases, "case"))
    return ", ".join(parts) or "nothing"


def what_was_proved(result: Result) -> Iterator[str]:
    """A paragraph that says what `proved` means here, and what it does not."""
    proof = result.proof
    if proof is None:
        return
    says = [
        f"Proved means: {'; '.join(members_text(proof.threads))}.",
        "A primitive is one step, and so is each access to shared state in a function; "
        "steps of different threads interleave in any order.",
    ]
    if proof.transient:
        calls = ", ".join(map(failure_text, proof.transient))
        says.append(f"May fail for a moment, at any time: {calls}.")
    says.append(
        f"{proof.lemmas} lemmas; {proof.obligations} obligations, "
        f"each found unsat by {' and '.join(proof.solvers)}."
    )
    misses = [text for text, way in proof.assumptions if way == "misses"]
    alarms = [text for text, way in proof.assumptions if way == "alarms"]
    if misses:
        says.append(f"Assumed, so that a bug may be missed: {'; '.join(misses)}.")
    if alarms:
        says.append(f"Assumed, so that a false alarm may be raised: {'; '.join(alarms)}.")
    says.append(
        "Not claimed: memory ordering (sequential consistency is assumed), interrupt "
        "context, fairness, time."
    )
    for text in says:
        yield from _wrapped(text, "  ", "    ")


def _word(answer: Answer) -> str:
    said = word(answer.verdict)
    return said.upper() if isinstance(answer.verdict, Refuted) else said


def _where(line: Line) -> str:
    return f"{posixpath.basename(line.span.source.path)}:{line.span.line}"


# ------------------------------------------------------------------------ runs


def run_text(run: Run, told: Mapping[str, Run]) -> Iterator[str]:
    """A run in lanes: one column for each thread, `*` where it moves.

    `told` are the runs that the reader has seen already, by claim: steps with
    which one of them begins as well are not told again.
    """
    count = len(run.threads)
    yield from _wrapped(
        f"{len(run.steps)} steps, {several(count, 'thread')}, "
        f"{several(run.switches, 'switch')} between them",
        "    ",
        "    ",
    )
    shared, said = _told(run, told)
    yield from _wrapped(said, "    ", "      ")
    if shared < len(run.steps):
        yield ""
        for i, name in enumerate(run.threads):
            yield f"      {'| ' * i}{printable(name)}"
        for step in run.steps[shared:]:
            yield from _step(run, step)
    yield from _ending(run)


def _told(run: Run, told: Mapping[str, Run]) -> tuple[int, str]:
    """How many steps of a run the reader knows already, and from where."""
    for claim, other in told.items():
        # What is left there is what is waited for here, or the very same run ends in both.
        if other.steps and _goes_on(run, other):
            many = len(other.steps)
            if many == len(run.steps):
                return many, f"the run is that of {claim}"
            if isinstance(other.end, Unbalanced) and other.end.left:
                locks = [
                    one.lock + (f" (taken in step {one.step})" if one.step else "")
                    for one in other.end.left
                ]
                left = f"which leaves {listed(locks)} held in step {many}"
                return many, f"as in the run of {claim}, {left}; then:"
    shared, claim = max(
        ((_common(run.steps, other.steps), claim) for claim, other in told.items()),
        default=(0, ""),
    )
    if shared < WORTH_SHARING:
        return 0, ""
    return shared, f"steps 1 to {shared} are those of {claim}, then"


def _goes_on(run: Run, other: Run) -> bool:
    """Whether a run begins with all of another: of its last step with the access, at least,
    since what breaks a claim there need not break another."""
    many = len(other.steps)
    if len(run.steps) < many or _common(run.steps, other.steps) < many - 1:
        return False
    here, there = run.steps[many - 1], other.steps[-1]
    return here.thread == there.thread and here.lines[: len(there.lines)] == there.lines


def _common(one: Sequence[Step], two: Sequence[Step]) -> int:
    """How many steps two runs begin with in common."""
    same = 0
    for a, b in zip(one, two, strict=False):
        # Threads that run alone for different claims have other commands for the same lines.
        if (a.thread, a.command, a.lines) != (b.thread, b.command, b.lines):
            break
        same += 1
    return same


def _step(run: Run, step: Step) -> Iterator[str]:
    main = next((line for line in step.lines if line.main), None)
    # A test of what a call returned is at the call itself and says what came of it.
    shown = next((line for line in step.lines if main and _tells_more(line, main)), main)
    rows = [line for line in step.lines if line is shown or (line is not main and _telling(line))]
    width = max((len(_where(line)) for line in rows), default=0)
    effects = _effects(step)
    for line in rows:
        first = line is shown
        number = f"{step.number:>4}" if first else "    "
        head = f"{number}  {_lanes(run, step, '*' if first else '|')}  "
        text = f"{_where(line):{width}}  {_said(line)}"
        room = max(ROOM, WIDTH - len(head))
        for i, part in enumerate(
            textwrap.wrap(printable(text), room, subsequent_indent=" " * (width + 4)) or [""]
        ):
            yield (head if i == 0 else f"      {_lanes(run, step, '|')}  ") + part
        if first and effects:
            head = f"      {_lanes(run, step, '|')}  "
            # Below the text, or where many threads leave little room as far as there is some.
            head += " " * max(4, min(width + 4, WIDTH - len(head) - ROOM - 2))
            for part in textwrap.wrap(
                printable("; ".join(effects)),
                max(ROOM, WIDTH - len(head) - 2),
                subsequent_indent="  ",
            ):
                yield f"{head}{part}"


def _telling(line: Line) -> bool:
    """Whether a line that concerns its thread alone helps to follow the run."""
    return line.note is not None or line.jump


def _tells_more(line: Line, than: Line) -> bool:
    """Whether a line is about the very same text and says what came of it."""
    return line.span == than.span and line.note is not None and than.note is None


def _said(line: Line) -> str:
    return noted(line.span.text.removesuffix(";"), line.note)


def _lanes(run: Run, step: Step, mark: str) -> str:
    """`.` before a thread starts and after its last step, `|` between, `mark` where it moves."""
    cells = []
    for name in run.threads:
        moves = [s.number for s in run.steps if s.thread == name]
        alive = bool(moves) and moves[0] <= step.number <= moves[-1]
        cells.append(mark if name == step.thread else "|" if alive else ".")
    return " ".join(cells)


def _effects(step: Step) -> list[str]:
    effects = [f"{verb(held, then)} {lock}" for lock, held, then in step.locks]
    effects += [f"{c.name} = {c.after}" for c in step.changes]
    # A parameter may have the name of what is passed for it.
    return list(dict.fromkeys(effects))


def _ending(run: Run) -> Iterator[str]:
    yield ""
    yield from _wrapped(f"==> {last_line(run)}", "    ", "        ")
    for line in details(run):
        deeper = " " * (len(line) - len(line.lstrip()))
        yield from _wrapped(line.lstrip(), f"        {deeper}", f"          {deeper}")
    last = run.steps[-1] if run.steps else None
    if last is not None and last.holds:
        held: dict[str, list[str]] = {}
        for thread, lock, mode in last.holds:
            held.setdefault(thread, []).append(
                lock + (" (shared)" if meets(mode, "shared") else "")
            )
        for thread, locks in held.items():
            yield from _wrapped(f"{thread} holds {', '.join(locks)}", "        ", "          ")


def needs_text(title: str, needs: Iterable[Need], claims: Sequence[str] = ()) -> Iterator[str]:
    """Beside each line what breaks without it, one by one; lines that no claim misses stand out.

    Without `claims` all of them were asked.
    """
    yield printable(title)
    by_line: dict[int, list[Need]] = {}
    last = 0
    for need in needs:
        number = need.span.line
        by_line.setdefault(number, []).append(need)
        if number != last:
            yield f"{number:>5}  {printable(need.span.source.line(number).strip())}"
        last = number
        yield from _wrapped(f"{need.change}: {_need(need, claims)}", " " * 11, " " * 13)
    quiet = [n for n, some in by_line.items() if all(one.idle for one in some)]
    unreached = [n for n in quiet if any(isinstance(one.open, NotReached) for one in by_line[n])]
    open_ = [n for n in quiet if n not in unreached and any(one.open for one in by_line[n])]
    idle = [n for n in quiet if n not in unreached and n not in open_]
    yield ""
    for said, lines in (
        ("lines that no claim rests on", idle),
        ("lines that no run reaches", unreached),
        ("lines of which it is not established", open_),
    ):
        if lines:
            text = f"{said}: {', '.join(map(str, sorted(lines)))}"
            yield from _wrapped(text, "  ", "    ")
    if not quiet:
        yield "  every line is needed"
    every = [need for some in by_line.values() for need in some]
    copies = max((need.copies for need in every if need.copies is not None), default=None)
    yield from _wrapped(f"runs looked at: {_runs_looked_at(copies)}", "  ", "    ")
    broken = sorted({claim for need in every for claim in need.broken})
    if broken:
        text = f"claims that break with nothing changed: {', '.join(broken)}"
        yield from _wrapped(text, "  ", "    ")


def _runs_looked_at(copies: int | None) -> str:
    """The bound of what `coverage` says: threads for each [*], and how often each runs."""
    match copies:
        case None:
            return "every thread once"
        case 1:
            return "one of each [*] thread, every thread once"
        case _:
            return "one and two of each [*] thread, every thread once"


def _need(need: Need, claims: Sequence[str]) -> str:
    if need.senseless is not None:
        return f"needed: {need.senseless.headline}"
    if need.breaks:
        return f"needed: {'at least ' if need.open else ''}{', '.join(need.breaks)}"
    if isinstance(need.open, NotReached | AlreadyBroken):
        return f"not established: {extent_text(need.open)}"
    if need.open is not None:
        return f"not established: none breaks {extent_text(need.open)}"
    return f"NOT NEEDED by {', '.join(claims) or 'any claim'}"


def extent_text(extent: Extent | None) -> str:
    """How far was looked, if not at all there is, or why nothing was tested."""
    match extent:
        case None:
            return ""
        case OneCaller():
            return "with one caller; two were not looked at"
        case SomeStates(callers, states):
            who = "one caller" if callers == 1 else "two callers"
            return f"with {who}, as far as {states} states"
        case NotReached(copies):
            return f"not reached by any run with {_runs_looked_at(copies)}"
        case AlreadyBroken(claims):
            return f"with nothing changed there breaks already {', '.join(claims)}"
        case Undecided():
            return "as far as is known: of some state it is not, whether it is a deadlock"
        case TooLarge():
            return "as far as is known: so changed, the program is too large to be looked at"


def _not_the_shortest(refuted: Refuted) -> Iterator[str]:
    if refuted.turns:
        said = "a thread begins again when it is through: no run in which each runs once breaks it"
        yield from _wrapped(said, "    ", "    ")
    if refuted.least < refuted.bound.threads:
        known = "; with one thread of each kind there is none" if refuted.least else ""
        said = f"there may be a shorter run: z3 gave up looking for one{known}"
        yield from _wrapped(said, "    ", "    ")


def across(results: Sequence[Result]) -> Iterator[str]:
    """What the scenarios of one program say together of what is put to the test."""
    missing = nowhere(results)
    if missing is None:
        asked = {result.scenario for result in results}
        others = [name for result in results[:1] for name in result.others if name not in asked]
        if others and any(result.missing for result in results):
            said = f"what is absent was not looked for in {', '.join(others)}"
            yield from _beside(f"{results[0].path}  ", said)
    elif missing:
        said = f"vacuous in every scenario: {unreached_text(missing)}"
        yield from _beside(f"{results[0].path}  ", said)
    else:
        said = "what is absent in a scenario is reached in another"
        # Of what is not established it is not known what it reaches.
        sure = not any(isinstance(a.verdict, NotEstablished) for r in results for a in r.answers)
        if sure and any(result.missing for result in results):
            yield from _beside(f"{results[0].path}  ", said)


def summary(results: Sequence[Result]) -> Iterator[str]:
    """One line for each program: how its claims came out."""
    several = len({result.scenario for result in results}) > 1
    names = [
        " ".join(
            [
                result.path,
                *([f"with {posixpath.basename(result.model)}"] if result.model else []),
                *([result.scenario] if several else []),
            ]
        )
        for result in results
    ]
    width = max(map(len, names))
    for name, result in zip(names, results, strict=True):
        words = [word(answer.verdict) for answer in result.answers]
        short = [a.claim for a in result.answers if a.cut_short is not None]
        refuted = [a.claim for a in result.answers if isinstance(a.verdict, Refuted)]
        text = ", ".join(f"{words.count(said)} {said}" for said in WORDS if said in words)
        which = f": {', '.join(refuted)}" if refuted else ""
        cut = f"; cut short: {', '.join(short)}" if short else ""
        yield from _beside(f"{name:{width}}  ", f"{text}{which}{cut}")
