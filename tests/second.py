"""Second opinions: the tool against the reference interpreter, on programs by the thousand.

    python -m tests.second texts 0 2000
    python -m tests.second mutants 0 300 --jobs 2
    python -m tests.second programs

A text is what a seed makes of the whole language, a mutant a shipped program with one
fault in it.  Each is explored by both with one and with two callers; for every tenth the
whole tool is asked as well.  What they disagree about is printed at once, with how to see
it again, and a text is made shorter as long as the disagreement stays.

Not a test: `tests/agree/test_second_opinion.py` runs a few seeds of it.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from random import Random

from tests import mutation
from tests.opinions import View, engine_view, guarded, reference_view, told
from tests.shrink import shrunk
from tests.whole import checked_text, random_program
from verify.diagnostics import InputError
from verify.ir import Program
from verify.syntax.checked import Checked

CALLERS = (1, 2)
# For what is proved for any number of callers, and again and again.
MORE_CALLERS = (1, 2, 3)
WHOLE_TOOL = 10
# Texts of each kind of disagreement that are made shorter.
SHRUNK = 2


@dataclass(frozen=True)
class Difference:
    """Something that two readings say differently; alike ones have the same `label`."""

    label: str
    text: str


@dataclass
class Report:
    """What came of one program."""

    name: str
    counts: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)
    text: str = ""

    def differ(self, label: str, text: str) -> None:
        self.differences.append(Difference(label, text))


# ------------------------------------------------------------------------ comparing


def compare(checked: Checked, scenario: str, report: Report, whole: bool = False) -> None:
    """Hold the readings of one program in one scenario against each other."""
    report.counts["programs"] += 1
    try:
        program = guarded(checked)
    except InputError as error:
        code = error.diagnostics[0].code
        report.counts[f"refused as {code}"] += 1
        return
    except Exception:
        report.differ("the tool crashes: lower", traceback.format_exc(limit=-3))
        return
    replicated = any(
        count is None for s in program.scenarios if s.name == scenario for _, count in s.members
    )
    given_up = False
    for number in CALLERS if replicated else CALLERS[:1]:
        try:
            mine = engine_view(program, scenario, number)
        except Exception:
            report.differ("the tool crashes: explore", traceback.format_exc(limit=-3))
            return
        if not mine.complete:
            given_up = True
            break
        try:
            other = reference_view(checked, program, scenario, number)
        except Exception:
            report.differ("the reference crashes", traceback.format_exc(limit=-3))
            return
        if not other.complete:
            given_up = True
            break
        _views(program, mine, other, f"{number} callers" if replicated else "once", report)
    report.counts["given up for size"] += given_up
    if whole and not given_up:
        _whole(checked, program, scenario, replicated, report)


def _views(program: Program, mine: View, other: View, how: str, report: Report) -> None:
    counts = report.counts
    counts["states"] += mine.states
    for claim in program.claims:
        name = claim.name
        if name == "vacuity" or name in mine.unsure:
            counts["unsure"] += name in mine.unsure
            continue
        counts["claims"] += 1
        kind = f"built-in {name}" if claim.built_in else "alone" if claim.solo else "claim"
        one, two = mine.broken.get(name), other.broken.get(name)
        counts["broken"] += two is not None
        if two is not None and name == "stuck":
            counts["stuck"] += 1
        if (one is None) != (two is None):
            who = "the reference" if one is None else "the tool"
            report.differ(
                f"{kind}: broken for {who} alone",
                f"{how}: {name} is broken for {who} alone, in {two if one is None else one} steps",
            )
        elif one != two and mine.lengths and other.lengths:
            longer = "more" if one > two else "fewer"
            report.differ(
                f"{kind}: {longer} steps", f"{how}: {name}: the tool {one}, the reference {two}"
            )
    counts["returns"] += len(other.returns)
    for kind, found, wanted in (
        ("returns", mine.returns, other.returns),
        ("covered", mine.covered, other.covered),
    ):
        for who, some in (("the tool", found - wanted), ("the reference", wanted - found)):
            for one in sorted(some, key=str):
                what = one.split()[0] if isinstance(one, str) else kind
                report.differ(f"{what} for {who} alone", f"{how}: {one} for {who} alone")


def _whole(
    checked: Checked, program: Program, scenario: str, replicated: bool, report: Report
) -> None:
    """Hold the verdicts of the whole tool against the reference."""
    number = 2 if replicated else 1
    try:
        found = told(program, scenario, number)
    except Exception:
        report.differ("the tool crashes: prove", traceback.format_exc(limit=-3))
        return
    counts = report.counts
    counts["whole tool"] += 1

    @cache
    def seen(callers: int, again: bool = False) -> View:
        return reference_view(checked, program, scenario, callers, again)

    once = {n: seen(n) for n in range(1, number + 1)}
    here = once[number]
    for claim, said in found.words.items():
        if claim == "vacuity":
            continue
        counts[f"tool says {said.word}"] += 1
        if said.word == "refuted":
            views = once
            if said.turns:
                # Nothing breaks it with single turns, so it is for the other view to say.
                views = {said.least: seen(said.least, True)}
                if claim in here.broken:
                    report.differ("whole: by turns", f"{claim} is broken without them as well")
            _refuted(claim, said.steps, said.least, views, report)
        elif claim in here.broken and said.word != "not established":
            report.differ(
                f"whole: {said.word} and broken",
                f"{claim} is {said.word}, and broken in {here.broken[claim]} steps",
            )
        if said.word == "proved":
            for many in MORE_CALLERS if replicated else (1,):
                for view, how in ((seen(many), "once"), (seen(many, True), "again and again")):
                    counts["proofs compared"] += 1
                    if claim in view.broken:
                        report.differ(
                            f"whole: proved and broken {how}",
                            f"{claim} is proved, and broken by {many} callers, {how}, "
                            f"in {view.broken[claim]} steps",
                        )
    for cell, (reachable, outcomes) in found.cells.items():
        counts["cells"] += 1
        wanted = {outcome for case, outcome in here.returns if case == cell + 1}
        if reachable is not None and outcomes != wanted:
            report.differ(
                "whole: cell", f"cell {cell}: {sorted(outcomes)}, and not {sorted(wanted)}"
            )


def _refuted(claim: str, steps: int, least: int, once: dict[int, View], report: Report) -> None:
    lengths = [view.broken[claim] for view in once.values() if claim in view.broken]
    if not lengths:
        report.differ("whole: refuted and not broken", f"{claim} is refuted in {steps} steps")
        return
    if not all(view.lengths for view in once.values()):
        return
    if steps < min(lengths):
        text = f"{claim} is refuted in {steps} steps, and {min(lengths)} is least"
        report.differ("whole: too few steps", text)
    if least in once and steps > once[least].broken.get(claim, steps):
        text = f"{claim} is refuted in {steps} steps, and {once[least].broken[claim]} are enough"
        report.differ("whole: too many steps", text)


# ------------------------------------------------------------------- what is compared


def text_report(seed: int) -> Report:
    """The program that a seed makes."""
    text = random_program(Random(seed))
    report = Report(f"texts {seed} 1", text=text)
    checked = checked_text(text, f"{seed}.bfp")
    compare(checked, checked.scenarios[0].name, report, seed % WHOLE_TOOL == 0)
    return report


_MUTANTS: list[tuple[str, mutation.Mutant]] = []


def keep_mutants(count: int) -> int:
    """Make the first of the one sample, and say how many there are."""
    if len(_MUTANTS) < count:
        _MUTANTS[:] = mutation.sample(0, count)
    return len(_MUTANTS)


def mutant_report(index: int) -> Report:
    """A mutant of the one sample; scenarios take turns."""
    keep_mutants(index + 1)
    name, mutant = _MUTANTS[index]
    scenarios = mutant.program.scenarios
    scenario = scenarios[index // len(mutation.shipped()) % len(scenarios)].name
    report = Report(f"mutants {index} 1: {name} in {scenario}: {mutant}")
    compare(mutant.program, scenario, report, index % WHOLE_TOOL == 0)
    return report


def program_report(index: int) -> Report:
    """A shipped program in one of its scenarios."""
    name, scenario = shipped()[index]
    report = Report(f"{name} in {scenario}")
    compare(mutation.program(name), scenario, report)
    return report


def shipped() -> list[tuple[str, str]]:
    return [
        (name, scenario.name)
        for name in mutation.shipped()
        for scenario in mutation.program(name).scenarios
    ]


def shorter(task: tuple[str, frozenset[str], bool]) -> str:
    """A text made shorter while one of these disagreements stays."""
    text, labels, whole = task

    def stays(candidate: str) -> bool:
        report = Report("")
        try:
            checked = checked_text(candidate)
            compare(checked, checked.scenarios[0].name, report, whole)
        except InputError:
            return False
        return not labels.isdisjoint(d.label for d in report.differences)

    return shrunk(text, stays)


# ---------------------------------------------------------------------- the campaign


def campaign(
    kind: str, wanted: Sequence[int], jobs: int, say: Callable[[str], None], shrink: int = SHRUNK
) -> Counter[str]:
    """Compare a range of programs; `say` is told of each disagreement as soon as it is known."""
    makers = {"texts": text_report, "mutants": mutant_report, "programs": program_report}
    counts: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    with multiprocessing.get_context("fork").Pool(jobs) as pool:
        for report in pool.imap_unordered(makers[kind], wanted):
            counts += report.counts
            if not report.differences:
                continue
            counts["DISAGREE"] += 1
            say(f"== {report.name}")
            fresh = []
            for difference in report.differences:
                say(f"   [{difference.label}] {difference.text}")
                counts[f"  {difference.label}"] += 1
                if seen[difference.label] < shrink and difference.label not in fresh:
                    fresh.append(difference.label)
            for label in fresh[:2]:
                seen[label] += 1
                if report.text:
                    whole = label.startswith(("whole", "the tool crashes: prove"))
                    task = (report.text, frozenset((label,)), whole)
                    say(f"-- shorter, [{label}]:\n{pool.apply(shorter, (task,))}")
    return counts


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=("texts", "mutants", "programs"))
    parser.add_argument("first", type=int, nargs="?", default=0)
    parser.add_argument("count", type=int, nargs="?")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument(
        "--shrink", type=int, default=SHRUNK, help="texts of each kind of disagreement"
    )
    asked = parser.parse_args()

    def say(line: str) -> None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    start = time.monotonic()
    count = asked.count
    if asked.kind == "mutants":
        count = 100 if count is None else count
        count = min(count, keep_mutants(asked.first + count) - asked.first)
    elif asked.kind == "programs":
        count = len(shipped()) if count is None else count
    wanted = range(asked.first, asked.first + (100 if count is None else count))
    counts = campaign(asked.kind, wanted, asked.jobs, say, asked.shrink)
    for name, number in sorted(counts.items()):
        say(f"{number:>9}  {name}")
    say(f"{time.monotonic() - start:>9.0f}  seconds")
    return 1 if counts["DISAGREE"] else 0


if __name__ == "__main__":
    sys.exit(main())
