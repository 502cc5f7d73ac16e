"""Runs in which a thread begins another turn, for what no run of single turns breaks.

A turn begins with the locks that the last one left, so a claim may be broken by
the second call of one thread and by no number of first calls.  The proof for
any number sees that; here the run is looked for.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from verify.engine.runs import tell, told_of
from verify.engine.search import Instance
from verify.explore import Explored, explore
from verify.ir import instance
from verify.verdicts import Refuted


def by_turns(whole: Instance, claims: Collection[str]) -> dict[str, Refuted]:
    """The claims that a run with further turns breaks, with one thread for each [*] or as many
    as were asked for; nothing is said of the others."""
    found: dict[str, Refuted] = {}
    scenario = whole.scenario
    if not scenario.again:
        return found
    for number in sorted({1, whole.bound.threads}):
        open_ = [name for name in claims if name not in found]
        if not open_:
            break
        threads = instance(whole.program, scenario, number, turning=True)

        def done(seen: Explored, open_: list[str] = open_) -> bool:
            broken = {*seen.broken, *(["stuck"] if seen.stuck is not None else [])}
            return broken.issuperset(open_)

        seen = explore(
            whole.program,
            threads,
            whole.problem.limits.turn_states,
            stop=done,
            again=scenario.again,
        )
        for name in open_:
            waiting: tuple[int, ...] = ()
            if name == "stuck" and seen.stuck is not None:
                moves = seen.way_to(seen.stuck)
                waiting = told_of(seen.machine.stuck(seen.stuck), moves)
            elif name in seen.broken:
                moves = seen.run(seen.broken[name])
            else:
                continue
            run = tell(
                whole.program, threads, moves, waiting=waiting, known=whole.presearch.machine
            )
            bound = replace(whole.bound, threads=number)
            found[name] = Refuted(run, bound, number, turns=True)
    return found
