"""What two readings of the language say of the same program, in one form to be compared.

All that the comparison knows of the engines' interfaces is here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from verify.certify.waiting import goes_on
from verify.engine import goals
from verify.engine.prove import prove
from verify.explore import Explored, explore
from verify.interpret import State
from verify.ir import DIES, Command, Program, Scenario, instance
from verify.lower.program import lower
from verify.reference import explored
from verify.source import Span
from verify.syntax.checked import Checked
from verify.verdicts import Refuted, Row, Run, word

# States after which a program is given up.
ENGINE_STATES = 40_000
REFERENCE_STATES = 120_000


@dataclass(frozen=True)
class View:
    """What happens in a scenario, as one reading has it.

    `broken` has the fewest steps of a run that breaks each claim.  `covered` are the
    things that have to be reached, in words that are the same for both.  `unsure` are
    claims of which it cannot be told, `lengths` whether steps are counted alike.
    """

    complete: bool
    states: int
    broken: Mapping[str, int]
    returns: frozenset[tuple[int, str]]
    covered: frozenset[str]
    unsure: frozenset[str] = frozenset()
    lengths: bool = True


@dataclass(frozen=True)
class Said:
    """The tool's word on a claim; of a refutation the length, for how many callers
    there is no shorter one, and whether some thread begins again in it."""

    word: str
    steps: int = 0
    least: int = 0
    turns: bool = False


# ----------------------------------------------------------------------- the engine


def scenario_of(program: Program, name: str) -> Scenario:
    return next(s for s in program.scenarios if s.name == name)


def engine_view(program: Program, name: str, number: int) -> View:
    """All states of the guarded commands, each thread once."""
    scenario = scenario_of(program, name)
    solos = [thread for thread in program.threads if thread.kind == "solo"]
    threads = instance(program, scenario, number)
    seen = explore(program, threads, ENGINE_STATES, solos, again=scenario.again)
    claims = {solo.name: solo.claim for solo in solos}
    broken = {claim: _depth(seen, state) + 1 for claim, (state, _) in seen.broken.items()}
    for solo, (state, _) in seen.alone.items():
        broken[claims[solo]] = _depth(seen, state)
    unsure: set[str] = set()
    if seen.stuck is not None:
        broken["stuck"] = _depth(seen, seen.stuck)
    elif seen.unsure is not None:
        unsure.add("stuck")
    return View(
        seen.complete,
        len(seen.parents),
        broken,
        frozenset((case, outcome) for case, outcome, *_ in seen.returns if outcome != DIES),
        frozenset(_covered(program, seen)),
        frozenset(unsure),
    )


def _depth(seen: Explored, state: State) -> int:
    depth = 0
    while (parent := seen.parents[state]) is not None:
        depth += 1
        state = parent[0]
    return depth


def _covered(program: Program, seen: Explored) -> Iterator[str]:
    commands: dict[str, tuple[Command, ...]] = {t.name: t.commands for t in program.threads}
    fired = [commands[thread][number] for thread, number in seen.fired]
    for test, key in _wanted(program):
        if any(test(command) for command in fired):
            yield key
    yield from (f"start {name}" for name in seen.starts)
    for command in fired:
        yield from (f"cell {case - 1}" for case in command.cases if goes_on(command))


def _wanted(program: Program) -> Iterator[tuple]:
    for statement in program.statements:
        test = partial(_executes, statement.span)
        yield test, f"statement {_place(statement.span)}"
    for claim in program.claims:
        for hook in claim.hooks:
            yield partial(goals._calls, hook), f"hook {hook}"
        for used in claim.uses:
            yield partial(goals._uses, used), f"use {used}"
    for lock in program.locks:
        yield partial(goals._takes, lock.name), f"lock {lock.name}"


def _executes(span: Span, command: Command) -> bool:
    return goes_on(command) and goals._covers(span, command)


def _place(span: Span) -> str:
    return f"{span.where} {span.text}"


# --------------------------------------------------------------------- the reference


def reference_view(
    checked: Checked, program: Program, name: str, number: int, again: bool = False
) -> View:
    """All states of the text; of what is reached that which the engine watches too."""
    seen = explored(checked, name, number, again, REFERENCE_STATES)
    hooks = {hook for claim in program.claims for hook in claim.hooks}
    uses = {used for claim in program.claims for used in claim.uses}
    # Of what stands for one statement of the text the whole is watched.
    covered = {
        f"statement {_place(one.span)}"
        for one in program.statements
        if any(goals._inside(span, one.span) for span in seen.reached)
    }
    covered |= {f"hook {hook}" for hook in seen.called & hooks}
    covered |= {f"use {used}" for used in seen.used & uses}
    covered |= {f"lock {lock}" for lock in seen.held}
    covered |= {f"start {claim}" for claim in seen.starts}
    covered |= {f"cell {cell}" for cell in seen.sampled}
    return View(
        seen.complete,
        seen.states,
        dict(seen.broken),
        frozenset(seen.returns),
        frozenset(covered),
        lengths=not seen.own_loops,
    )


# --------------------------------------------------------------------- the whole tool


@dataclass(frozen=True)
class Told:
    """What the tool says in the end: of each claim, and of each cell of the table."""

    words: Mapping[str, Said]
    cells: Mapping[int, tuple[bool | None, frozenset[str]]]


def told(program: Program, name: str, number: int) -> Told:
    """The verdicts of the whole tool."""
    result, _ = prove(program, scenario_of(program, name), threads=number)
    words = {answer.claim: _said(answer.verdict) for answer in result.answers}
    return Told(words, {_cell(row): (row.reachable, _outcomes(row)) for row in result.table})


def _said(verdict: object) -> Said:
    if isinstance(verdict, Refuted):
        return Said(word(verdict), _steps(verdict.run), verdict.least, verdict.turns)
    return Said(word(verdict))


def _steps(run: Run) -> int:
    """The steps of a run; of one that ends with a thread alone, those before it."""
    return run.alone - 1 if run.alone else len(run.steps)


def _cell(row: Row) -> int:
    return sum(value << bit for bit, (_, value) in enumerate(row.axes))


def _outcomes(row: Row) -> frozenset[str]:
    return frozenset(one.outcome for one in row.behaviours if one.crash is None)


def guarded(checked: Checked) -> Program:
    """The guarded commands of a program.

    Raises:
        InputError: it goes beyond a limit, or reads a local that may not be set.
    """
    return lower(checked)
