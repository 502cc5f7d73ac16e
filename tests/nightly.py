"""What day has no time for: other seeds, by the thousand, for so many minutes.

    python -m tests.nightly                          # an hour, from a seed of its own
    python -m tests.nightly --seed 7 --minutes 5     # the same again, as far as it gets

Goes round the property tests, with another seed and three times the examples, and the
campaigns: the tool against the reference interpreter (`tests.second`), what is proved
against all states of instances (`tests.campaign`), forged certificates (`tests.hostile`).
Each line that it prints first is the command that makes the same tests again.  Status 1
if one of them found something.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from random import SystemRandom

from tests.chance import TIMES

# How often the examples of a property test by day.
FACTOR = 3
# Seeds that a round takes of each kind: five to ten minutes of it on one core.
ROUND = {"texts": 300, "mutants": 30, "programs": 2_000, "written": 150, "hostile": 300}


def commands(seed: int, jobs: int) -> Iterator[list[str]]:
    """The commands of one round, whose campaigns begin at `seed`."""
    python = [sys.executable, "-m"]
    last = {name: str(seed + count) for name, count in ROUND.items()}
    first, count = str(seed), {name: str(count) for name, count in ROUND.items()}
    yield [
        *python,
        "pytest",
        "-q",
        "-m",
        "hypothesis",
        f"--hypothesis-seed={seed}",
        "-n",
        str(jobs),
    ]
    yield [*python, "tests.second", "texts", first, count["texts"], "--jobs", str(jobs)]
    yield [*python, "tests.second", "mutants", first, count["mutants"], "--jobs", str(jobs)]
    yield [*python, "tests.campaign", "programs", first, last["programs"]]
    yield [*python, "tests.campaign", "texts", first, last["written"], "--solvers"]
    yield [*python, "tests.hostile", first, count["hostile"]]


def rounds(seed: int) -> Iterator[int]:
    """The seed of each round: far enough apart that none is tried twice."""
    while True:
        yield seed
        seed += max(ROUND.values())


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, help="where to begin; made up if not given")
    parser.add_argument("--minutes", type=float, default=60, help="no command begins later")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args()
    seed = SystemRandom().randrange(10**6) if asked.seed is None else asked.seed
    end = time.monotonic() + 60 * asked.minutes
    failed: list[str] = []
    print(f"seed {seed}", flush=True)
    for first in rounds(seed):
        for command in commands(first, asked.jobs):
            if time.monotonic() >= end:
                print(f"seed {seed}: {len(failed)} commands found something", *failed, sep="\n")
                return 1 if failed else 0
            line = f"{TIMES}={FACTOR} {shlex.join(command)}"
            print(f"$ {line}", flush=True)
            if subprocess.run(
                command, check=False, env={**os.environ, TIMES: str(FACTOR)}
            ).returncode:
                failed.append(line)
    raise AssertionError("rounds do not end by themselves")


if __name__ == "__main__":
    sys.exit(main())
