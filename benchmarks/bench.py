"""How long the five programs take, and how that grows with the number of shrinkers.

    python benchmarks/bench.py [--runs N]

Each figure is the median of N runs.  A whole process is started with the Python that runs
this file; its peak memory is what the system says it was.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

ROOT = Path(__file__).resolve().parents[1]
NAMES = ("base", "v1", "v2", "v3", "v3-balanced")
GROWING = ("base", "v3")
SHRINKERS = range(1, 7)


# ----------------------------------------------------------- whole processes


@dataclass(frozen=True)
class Process:
    """A whole `verify`: seconds from start to end and of work, and the most memory, in MB."""

    seconds: float
    work: float
    megabytes: float
    status: int


def process(arguments: Sequence[str]) -> Process:
    start = perf_counter()
    child = subprocess.Popen(
        [sys.executable, "-m", "verify.cli", *arguments],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(child.pid, 0)
    seconds = perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    # Linux counts in kB, macOS in bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    work = usage.ru_utime + usage.ru_stime
    return Process(seconds, work, usage.ru_maxrss * unit / 1e6, child.returncode)


def processes(runs: int, *arguments: str) -> Process:
    """The median process of several; they all have to end alike, with a verdict."""
    done = [process(arguments) for _ in range(runs)]
    statuses = {one.status for one in done}
    if len(statuses) != 1 or not statuses <= {0, 1}:
        raise SystemExit(f"verify {' '.join(arguments)}: status {sorted(statuses)}")
    return Process(
        median(one.seconds for one in done),
        median(one.work for one in done),
        median(one.megabytes for one in done),
        done[0].status,
    )


def file_of(name: str) -> str:
    return f"programs/{name}.bfp"


def proving(*arguments: str) -> tuple[str, ...]:
    return ("prove", "--no-proofs", *arguments)


def rechecked(name: str, runs: int) -> Process:
    """`verify check` of evidence that was written just before."""
    with tempfile.TemporaryDirectory() as folder:
        process(["prove", "--proofs", folder, file_of(name)])
        return processes(runs, "check", f"{folder}/{name}")


# -------------------------------------------------------- stages of a process


def seconds(runs: int, work: Callable[[], object]) -> float:
    """How long some work takes, once it has been done before."""
    work()
    times = []
    for _ in range(runs):
        start = perf_counter()
        work()
        times.append(perf_counter() - start)
    return median(times)


def stages(name: str, runs: int) -> tuple[int, list[float]]:
    """Commands of a program; seconds to parse, to lower, to look for runs, to prove the rest."""
    from verify.engine import bounded, unbounded
    from verify.engine.coverage import coverage
    from verify.engine.plan import planned
    from verify.engine.problem import Problem, silent
    from verify.engine.search import explicit
    from verify.lower.program import lower
    from verify.syntax.load import Loader
    from verify.syntax.resolve import read

    file = ROOT / file_of(name)
    checked = read(file, Loader())
    program = lower(checked)
    scenario = program.scenarios[0]
    plan = planned(explicit(Problem(program, scenario), silent))
    standing = bounded.tested(plan, coverage(plan.search, plan.wanted, plan.goals))
    return sum(len(thread.commands) for thread in program.threads), [
        seconds(runs, lambda: read(file, Loader())),
        seconds(runs, lambda: lower(checked)),
        seconds(runs, lambda: bounded.check(program, scenario)),
        seconds(runs, lambda: unbounded.prove(program, scenario, standing)),
    ]


def decided(name: str, shrinkers: int, runs: int) -> float:
    from verify.engine.bounded import check
    from verify.lower.program import lower
    from verify.syntax.load import Loader
    from verify.syntax.resolve import read

    program = lower(read(ROOT / file_of(name), Loader()))
    return seconds(runs, lambda: check(program, program.scenarios[0], shrinkers))


# -------------------------------------------------------------------- report


def aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The rows as text: the first column to the left, numbers to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for first, *rest in rows:
        cells = [first.ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True)]
        yield "  ".join(cells).rstrip()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5, help="runs for each figure (default 5)")
    runs = parser.parse_args().runs
    # First, while this process is small: a child counts what its parent had when it began.
    two = {name: processes(runs, *proving(file_of(name))) for name in NAMES}
    again = {name: rechecked(name, runs) for name in NAMES}
    more = {
        (name, number): processes(runs, *proving(file_of(name), "--threads", str(number)))
        for name in GROWING
        for number in SHRINKERS
    }
    five = processes(runs, *proving(*map(file_of, NAMES)))

    sys.path.insert(0, str(ROOT))
    rows = [["", "commands", "parse", "lower", "runs", "proof", "prove", "CPU", "MB", "check"]]
    for name, whole in two.items():
        commands, times = stages(name, runs)
        shown = [f"{time:.2f}" for time in (*times, whole.seconds, whole.work)]
        memory, recheck = f"{whole.megabytes:.0f}", f"{again[name].seconds:.2f}"
        rows.append([name, str(commands), *shown, memory, recheck])
    growth = [["", "runs", "prove", "CPU", "MB"]]
    for (name, number), whole in more.items():
        time = decided(name, number, runs)
        shown = [f"{each:.2f}" for each in (time, whole.seconds, whole.work)]
        growth.append([f"{name}, {number}", *shown, f"{whole.megabytes:.0f}"])
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, median of {runs} runs")
    print()
    print("Seconds for each stage: parse and lower the text, look for runs of two shrinkers,")
    print("prove the rest for any number (two solvers); then for the whole of `verify prove`,")
    print("its own part of them (CPU), its peak memory, and for the whole of `verify check`.")
    print("\n".join(aligned(rows)))
    print()
    print("By number of shrinkers that runs are looked for with.")
    print("\n".join(aligned(growth)))
    print()
    print(
        f"All five in one call: {five.seconds:.2f} s, {five.work:.2f} s CPU, "
        f"{five.megabytes:.0f} MB"
    )


if __name__ == "__main__":
    main()
