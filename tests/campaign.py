"""Random programs by the thousand: is anything proved that an instance breaks?

    python -m tests.campaign programs 0 20000
    python -m tests.campaign texts 0 2000 --solvers

Each seed makes a program in which some threads are there any number of times
and some start again for ever.  What the search for lemmas proves of it is held
against all states of its instances of up to four threads.  Prints each seed
that shows something worth a look, and a summary.

Not a test: `tests/parameterised/test_agreement.py` runs a few seeds of it.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random

from tests.randomised import lowered, random_program, random_text
from verify.certify.isolated import TooManyPathsError, failing
from verify.certify.places import circle
from verify.certify.system import System, UnsupportedError, system_of
from verify.certify.unfold import unfold
from verify.engine import unbounded
from verify.explore import explore
from verify.ir import Claim, Program, Scenario, Thread, instance
from verify.parameterised.encoding import encoded
from verify.parameterised.lemmas import LemmaSearch, NotProvableError, SearchLimitError
from verify.parameterised.reachability import Reachability
from verify.parameterised.targets import alone_cubes, arrows_seen, bad_cubes, stuck_cubes
from verify.parameterised.views import TooManyViewsError, close
from verify.reasons.limits import (
    CountLimit,
    EffortLimit,
    Refused,
    SolverLimit,
    ThreadLimit,
    Unproved,
)
from verify.report.limits import unproved_text

LIMITS = (CountLimit, EffortLimit, SolverLimit, ThreadLimit)

# Threads in the largest instance, and states after which one is given up.
MOST_THREADS = 4
STATES = 60_000


@dataclass(frozen=True)
class Case:
    """A program, what runs together, and what is asked of it."""

    seed: int
    program: Program
    scenario: Scenario

    @property
    def claims(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.program.claims if c.name != "vacuity")


@dataclass(frozen=True)
class Judged:
    """The claims that were proved, those that an instance breaks, and those that neither.

    `why` is the reason for each that is not proved; `missed` are broken and no view
    shows it.
    """

    proved: frozenset[str]
    broken: frozenset[str]
    why: dict[str, Unproved]
    asked: frozenset[str]
    missed: frozenset[str]

    @property
    def unsound(self) -> frozenset[str]:
        return self.proved & self.broken

    @property
    def open(self) -> frozenset[str]:
        return self.asked - self.proved - self.broken


# ----------------------------------------------------------------- what is made


def from_commands(seed: int) -> Case:
    """Guarded commands: one to three threads, with claims p, q and stuck."""
    random = Random(seed)
    program = random_program(random)
    program = replace(
        program,
        claims=tuple(
            Claim(name=name, sentence=name, built_in=False, span=None)
            for name in ("p", "q", "stuck")
        ),
    )
    return Case(seed, program, _scenario(random, program))


def from_text(seed: int) -> Case:
    """A text: one or two threads, with what is built in, and a claim about a run alone."""
    random = Random(seed)
    text = random_text(random)
    facts = ("a", "b", "!a", "!b", "a && b", "true")
    when, then = random.choice(facts), random.choice(facts[:-1])
    text += f'\nclaim r-holds "r" alone one when ({when}) finally: {then};\n'
    program = lowered(text)
    return Case(seed, program, _scenario(random, program))


def _scenario(random: Random, program: Program) -> Scenario:
    names = [t.name for t in program.threads if t.kind == "thread"]
    replicated = {name for name in names if random.random() < 0.6}
    forever = frozenset(name for name in names if random.random() < 0.4)
    members = tuple((name, None if name in replicated else 1) for name in names)
    return Scenario("s", "s", members, forever)


MAKERS: dict[str, Callable[[int], Case]] = {"programs": from_commands, "texts": from_text}


# -------------------------------------------------------------- what is asked


def judge(case: Case, solvers: bool) -> Judged:
    """What is proved for any number, and what instances break.

    Raises:
        Unsupported, TooManyViews: nothing can be said.
    """
    system = system_of(case.program, case.scenario)
    broken = frozenset(broken_by_instances(case.program, case.scenario, system))
    missed: frozenset[str] = frozenset()
    if solvers:
        proof = unbounded.prove(case.program, case.scenario, case.claims)
        proved, why = frozenset(proof.shares), dict(proof.open)
    else:
        proved, why, possible = searched(case.program, system, case.claims)
        stepwise = {c.name for c in case.program.claims if not c.solo} - {"stuck"}
        missed = (broken & stepwise) - possible
    asked = frozenset(case.claims)
    return Judged(proved, broken & asked, why, asked, missed)


def searched(
    program: Program, system: System, claims: Sequence[str]
) -> tuple[frozenset[str], dict[str, Unproved], frozenset[str]]:
    """What the search alone thinks is proved, without a solver's word; which limit kept the rest,
    if one did; and what some view breaks."""
    space = encoded(system)
    views = close(space)
    seen = Reachability(space, views)
    search = LemmaSearch(space, seen)
    proved: set[str] = set()
    why: dict[str, Unproved] = {}
    for name in claims:
        solo = next((t for t in system.solos if t.claim == name), None)
        try:
            if name == "stuck":
                arrows = {one.arrow for one in arrows_seen(space, seen)}
                if circle(arrows):
                    continue
                search.forbid(name, stuck_cubes(space, seen, arrows))
            elif solo is None:
                search.forbid(name, bad_cubes(space, name))
            elif unfold(program, solo).cut:
                continue
            else:
                search.forbid(name, alone_cubes(space, failing(program, solo)))
            proved.add(name)
        except NotProvableError:
            continue
        except (SearchLimitError, TooManyPathsError) as error:
            why[name] = error.reason
    return frozenset(proved), why, frozenset(views.broken)


def broken_by_instances(program: Program, scenario: Scenario, system: System) -> Iterator[str]:
    """The claims that break with one, two or three threads of each kind in the replicated threads,
    called again and again, or once each."""
    for number in (1, 2, 3):
        if number > 1 and len(system.fixed) + number * len(system.replicated) > MOST_THREADS:
            return
        replicated = [thread for thread in system.replicated for _ in range(number)]
        yield from _broken(program, [*system.fixed, *replicated, *system.observers], system)
        yield from _broken(program, instance(program, scenario, number), system)
        if not system.replicated:
            return


def _broken(program: Program, threads: Sequence[Thread], system: System) -> Iterator[str]:
    seen = explore(program, threads, STATES, system.solos)
    claims = {thread.name: thread.claim for thread in system.solos}
    yield from seen.broken
    yield from (claims.get(name, name) for name in seen.alone)
    if seen.stuck is not None:
        yield "stuck"


# -------------------------------------------------------------- the campaign


def campaign(kind: str, seeds: range, solvers: bool, say: Callable[[str], None]) -> Counter[str]:
    """Judge a range of seeds; `say` is told of each that is worth a look."""
    count: Counter[str] = Counter({"UNSOUND": 0, "not confirmed": 0, "not supported": 0})
    for seed in seeds:
        count["programs"] += 1
        case = MAKERS[kind](seed)
        try:
            found = judge(case, solvers)
        except (UnsupportedError, TooManyViewsError) as reason:
            count["not supported"] += 1
            say(f"seed {seed}: {reason}")
            continue
        for name in sorted(found.unsound):
            count["UNSOUND"] += 1
            say(f"seed {seed}: UNSOUND: {name} is proved, and an instance breaks it")
        for name in sorted(found.missed):
            count["UNSOUND"] += 1
            say(f"seed {seed}: UNSOUND: {name} is broken by an instance, and by no view")
        for name, reason in sorted(found.why.items()):
            if isinstance(reason, Refused):
                count["not confirmed"] += 1
                say(f"seed {seed}: {name} is not confirmed: {unproved_text(reason)}")
            elif isinstance(reason, LIMITS):
                count["limit"] += 1
                say(f"seed {seed}: {name}: {unproved_text(reason)}")
        count["claims"] += len(found.asked)
        count["proved"] += len(found.proved)
        count["broken"] += len(found.broken)
        for name in found.open:
            count[f"open {name}"] += 1
        for name in found.proved:
            count[f"proved {name}"] += 1
        for name in found.broken:
            count[f"broken {name}"] += 1
    return count


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=sorted(MAKERS))
    parser.add_argument("first", type=int)
    parser.add_argument("last", type=int, help="not included")
    parser.add_argument("--solvers", action="store_true", help="have z3 and cvc5 confirm it")
    asked = parser.parse_args()

    def say(line: str) -> None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    start = time.monotonic()
    count = campaign(asked.kind, range(asked.first, asked.last), asked.solvers, say)
    for name, number in sorted(count.items()):
        say(f"{number:>8}  {name}")
    say(f"{time.monotonic() - start:>8.0f}  seconds")
    return 1 if count["UNSOUND"] or count["not confirmed"] else 0


if __name__ == "__main__":
    sys.exit(main())
