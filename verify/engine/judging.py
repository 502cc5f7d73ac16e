"""Whether claims are broken: a shortest run for each that is, replayed before it counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from verify.certify.proof import DisagreementError
from verify.certify.unfold import unfold
from verify.engine.plan import Plan
from verify.engine.runs import replay, told_of
from verify.engine.search import Best, Instance, ResourceLimitError, is_known
from verify.explore import Move, alone, explore
from verify.interpret import ReplayError, UnsureError
from verify.ir import CASE, Claim, Program, Scenario, known_of, lonely_topics, topics
from verify.reasons.limits import MoreWaysUnknown, NewWay, Plain, Remark
from verify.smt.solver import No, Unknown, Yes
from verify.verdicts import Bounded, NotEstablished, Refuted, Verdict


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict; of a refutation, what its run is about, and whether there may be another way
    to break the claim that nobody could look for."""

    verdict: Verdict
    about: frozenset[str] = frozenset()
    more_unknown: bool = False


def remarks(
    program: Program, scenario: Scenario, claim: str, judged: Judgement
) -> tuple[str, Remark | None]:
    """What the bug is called that refutes a claim, and what there is to say besides."""
    some = known_of(program, claim, scenario.name)
    if not some or not isinstance(judged.verdict, Refuted):
        return (some[0].sentence if some else ""), None
    for known in some:
        if known.covers(judged.about):
            return known.sentence, MoreWaysUnknown() if judged.more_unknown else None
    return "", NewWay(tuple(dict.fromkeys(known.sentence for known in some)))


def _unnamed(plan: Plan, claim: str, known: Sequence[Move] | None) -> tuple[Best | None, bool]:
    """The shortest run that breaks a claim in a way without a name, if there is one, and
    whether z3 gave up looking for it."""
    if claim not in plan.unnamed:
        return None, False
    try:
        return plan.search.shortest([plan.unnamed[claim]], known), False
    except ResourceLimitError:
        return None, True


def stepwise(plan: Plan, asked: Sequence[Claim]) -> dict[str, Judgement]:
    """The claims that a command breaks; those about waiting and about a thread by itself are
    others'."""
    instance, search = plan.instance, plan.search
    presearch = instance.presearch
    found: dict[str, tuple[Move, ...]] = {}
    judged: dict[str, Judgement] = {}
    names = [c.name for c in asked if not c.solo and c.name not in ("stuck", "vacuity")]
    for name in names:
        if name in presearch.broken:
            found[name] = instance.lifted(presearch.run(presearch.broken[name]))
    open_ = [name for name in names if name not in found]
    while open_:
        match search.ask([plan.plain[name] for name in open_]):
            case No():
                judged |= dict.fromkeys(open_, Judgement(Bounded(instance.bound)))
                break
            case Unknown(reason):
                judged |= dict.fromkeys(open_, Judgement(NotEstablished(reason)))
                break
            case Yes() as answer:
                taken = search.moves(answer)
                broken = {instance.threads[i].commands[n].violates for i, n in taken}
                if not broken & set(open_):
                    raise DisagreementError("a model breaks no claim")
                for name in sorted(broken & set(open_)):
                    found[name] = ()
                    open_.remove(name)
    for name in names:
        if name in found:
            judged[name] = _broken(plan, name, found[name])
    return judged


def _broken(plan: Plan, name: str, moves: tuple[Move, ...]) -> Judgement:
    """A claim that is broken, by these moves if there are any: the shortest run that does."""
    instance, search = plan.instance, plan.search
    new = instance.presearch.new.get(name)
    known = None if new is None else instance.lifted(instance.presearch.run(new))
    best, gave_up = _unnamed(plan, name, known)
    only_new = best is not None
    try:
        best = best or search.shortest([plan.plain[name]], moves or None)
    except ResourceLimitError as error:
        return Judgement(NotEstablished(error.reason), more_unknown=gave_up)
    if best is None:
        raise DisagreementError(f"{name}: one question, two answers")
    moves, least = up_to_breaking(instance, best, name)
    moves, about = _first_to_go_wrong(instance, moves, name, only_new)
    return Judgement(Refuted(instance.tell(moves), instance.bound, least), about, gave_up)


def up_to_breaking(instance: Instance, best: Best, claim: str) -> tuple[tuple[Move, ...], int]:
    """The run up to the step that breaks the claim, and how far it is known to be shortest.

    Behind that step nothing comes in a shortest run; something may in one that z3 gave
    up making shorter.
    """
    for length, (index, number) in enumerate(best.moves, start=1):
        if instance.threads[index].commands[number].violates == claim:
            if length == len(best.moves):
                return best.moves, best.least
            if best.least >= instance.bound.threads:
                raise DisagreementError(f"{claim}: the shortest run ends with something else")
            return best.moves[:length], 0
    raise DisagreementError(f"{claim}: the run does not break it")


def _first_to_go_wrong(
    instance: Instance, moves: Sequence[Move], claim: str, only_new: bool
) -> tuple[tuple[Move, ...], frozenset[str]]:
    """The run with the last step replaced by the first in the text that breaks the claim
    there, and what that is about: a return that leaves a lock held comes before the thread's
    end that does.  What has a name is passed over where that is not what is looked for."""
    machine = instance.machine
    index = moves[-1][0]
    before = replay(machine, moves[:-1])[-1]
    for number, _ in machine.steps(before, index):
        command = instance.threads[index].commands[number]
        about = topics(command, machine.local(before, index, CASE))
        named = only_new and is_known(instance.program, instance.scenario, claim, about)
        if command.violates == claim and not named:
            return (*moves[:-1], (index, number)), about
    raise ReplayError(f"{claim}: the last step cannot be taken")


# ---------------------------------------------------------------------- waiting


def way_to_stuck(instance: Instance) -> tuple[Move, ...] | None:
    """The run of the pre-search into waiting for ever, if it is one of the larger instance."""
    presearch = instance.presearch
    if presearch.stuck is None:
        return None
    moves = instance.lifted(presearch.way_to(presearch.stuck))
    # Else one of the threads that the pre-search does not know could still start.
    return moves if _waits_for_ever(instance, moves) else None


def stuck(plan: Plan) -> Judgement:
    """Whether a run leads to where some thread waits for ever.

    z3 is asked for quiet states, which all such are.  Who waits there may still be let
    go on by somebody who begins: then every state of the instance is looked at.
    """
    instance = plan.instance
    start = way_to_stuck(instance)
    best = None if start is None else Best(start, 1)
    try:
        found = plan.search.shortest([plan.stuck], start)
        if found is None:
            return Judgement(Bounded(instance.bound))
        if not instance.machine.quiet(replay(instance.machine, found.moves)[-1]):
            raise ReplayError("nobody waits at the end of this run")
        if _waits_for_ever(instance, found.moves):
            best = found
        else:
            looked = _look_at_all(instance)
            if looked is None and best is None:
                return Judgement(NotEstablished(Plain.WAITS_FOR_CONDITION))
            if isinstance(looked, Bounded):
                return Judgement(looked)
            best = looked or best
    except ResourceLimitError as error:
        if best is None:
            return Judgement(NotEstablished(error.reason))
    assert best is not None
    waiting = _waits_for_ever(instance, best.moves)
    if not waiting:
        raise ReplayError("nobody waits at the end of this run")
    about = frozenset(instance.threads[i].name for i in waiting)
    run = instance.tell(best.moves, waiting=told_of(waiting, best.moves))
    return Judgement(Refuted(run, instance.bound, best.least), about)


def _waits_for_ever(instance: Instance, moves: Sequence[Move]) -> tuple[int, ...]:
    """The threads that wait for ever at the end of a run; none, too, if that cannot be told."""
    machine = instance.machine
    try:
        return machine.stuck(replay(machine, moves)[-1])
    except UnsureError:
        return ()


def _look_at_all(instance: Instance) -> Best | Bounded | None:
    """Every state of the instance: the first in which somebody waits for ever, or that there
    is none, if the limit on states allows to say so."""
    seen = explore(
        instance.program,
        instance.threads,
        instance.problem.limits.all_states,
        stop=lambda seen: seen.stuck is not None,
        again=instance.scenario.again,
    )
    if seen.stuck is not None:
        return Best(seen.way_to(seen.stuck), instance.bound.threads if seen.unsure is None else 0)
    return Bounded(instance.bound) if seen.complete and seen.unsure is None else None


# ------------------------------------------------------------------ isolated runs


def isolated(plan: Plan, claim: Claim) -> Judgement:
    """Whether a thread that runs by itself fails, from a state that is reached."""
    instance = plan.instance
    presearch = instance.presearch
    if claim.name in plan.failures:
        return Judgement(NotEstablished(plan.failures[claim.name]))
    thread, question = plan.isolated[claim.name]
    start, new = (
        None if found is None else instance.lifted(presearch.way_to(found[0]))
        for found in (some.get(claim.name) for some in (presearch.alone, presearch.new_alone))
    )
    best, gave_up = _unnamed(plan, claim.name, new)
    named = None if best is None else partial(is_known, instance.program, instance.scenario)
    try:
        best = best or plan.search.shortest([question], start)
    except ResourceLimitError as error:
        return Judgement(NotEstablished(error.reason), more_unknown=gave_up)
    if best is None:
        return Judgement(Bounded(instance.bound))
    machine = instance.machine
    numbers = alone(machine, thread, replay(machine, best.moves)[-1], named)
    if numbers is None:
        if unfold(instance.program, thread, instance.bound.rounds).cut:
            return Judgement(NotEstablished(Plain.ISOLATED_TRUNCATED))
        raise ReplayError(f"{claim.name}: the run alone does not fail")
    run = instance.tell(best.moves, (thread, numbers))
    about = lonely_topics(thread, numbers)
    return Judgement(Refuted(run, instance.bound, best.least), about, gave_up)
