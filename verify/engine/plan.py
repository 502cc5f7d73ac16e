"""Everything that may be asked of z3 about an instance, written down before the first question.

Who has proved some claims meanwhile need not ask them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from verify.certify.isolated import TooManyPathsError, failing
from verify.certify.text import all_of
from verify.engine.goals import Goals, gathered
from verify.engine.search import Instance, Search, is_known
from verify.engine.table import return_questions
from verify.explore import Return
from verify.ir import Claim, Program, Scenario, Thread, known_of
from verify.reasons.coverage import Goal
from verify.reasons.limits import Unproved


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The questions about an instance, by their positions in `search`.

    `plain` ask whether a claim is broken, `unnamed` whether it is in a way without a name
    where the program has names; `stuck` asks for quiet states, `isolated` whether a claim about
    a thread by itself can fail, if that could be written down: else `failures` says why not.
    `returns` and `goals` ask what is reached.
    """

    search: Search
    plain: Mapping[str, int]
    unnamed: Mapping[str, int]
    stuck: int
    isolated: Mapping[str, tuple[Thread, int]]
    failures: Mapping[str, Unproved]
    returns: Mapping[Return, int]
    wanted: Goals
    goals: Mapping[Goal, int]

    @property
    def instance(self) -> Instance:
        return self.search.instance


def has_names(program: Program, scenario: Scenario, claim: str) -> bool:
    """Whether there is a way with a name to break a claim."""
    return bool(known_of(program, claim, scenario.name))


def planned(instance: Instance) -> Plan:
    """What may be asked about an instance."""
    problem, order = instance.problem, instance.order
    program, scenario = problem.program, problem.scenario
    texts: list[str] = []

    def question(text: str) -> int:
        texts.append(text)
        return len(texts) - 1

    def counts(claim: str) -> Callable[[frozenset[str]], bool]:
        """Which ways to break a claim have no name."""
        return lambda about: not is_known(program, scenario, claim, about)

    stepwise = [c.name for c in problem.asked if not c.solo]
    plain = {name: question(order.breaks(name)) for name in stepwise}
    stuck = question(order.quiet())
    unnamed = {
        name: question(order.breaks(name, counts(name)))
        for name in stepwise
        if name != "stuck" and has_names(program, scenario, name)
    }
    isolated: dict[str, tuple[Thread, int]] = {}
    failures: dict[str, Unproved] = {}
    resting = order.resting()
    for claim in problem.asked:
        if not claim.solo:
            continue
        thread = solo_of(program, claim)
        how = (program, thread, problem.rounds)
        try:
            condition = failing(*how)
            rest = (
                failing(*how, counts(claim.name))
                if has_names(program, scenario, claim.name)
                else None
            )
        except TooManyPathsError as error:
            failures[claim.name] = error.reason
            continue
        text = all_of([resting, order.finally_(condition)])
        isolated[claim.name] = (thread, question(text))
        if rest is not None:
            unnamed[claim.name] = question(all_of([resting, order.finally_(rest)]))
    returns = {key: question(text) for key, text in return_questions(order).items()}
    wanted = gathered(instance)
    goals = {key: question(text) for key, text in wanted.questions.items()}
    return Plan(
        search=Search(instance, tuple(texts)),
        plain=plain,
        unnamed=unnamed,
        stuck=stuck,
        isolated=isolated,
        failures=failures,
        returns=returns,
        wanted=wanted,
        goals=goals,
    )


def solo_of(program: Program, claim: Claim) -> Thread:
    """The thread that a claim runs by itself."""
    return next(t for t in program.threads if t.claim == claim.name and t.kind == "solo")
