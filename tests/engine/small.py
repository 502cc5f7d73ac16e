"""Small programs, for what the five versions do not show."""

from __future__ import annotations

from verify.engine.bounded import check
from verify.ir import Program
from verify.lower.program import lower
from verify.source import Source
from verify.syntax.parse import parse
from verify.syntax.resolve import resolve
from verify.verdicts import Result

LOCKS = """
primitive void mutex_lock(struct mutex *lock) { acquire(lock); }
primitive void mutex_unlock(struct mutex *lock) { release(lock); }
"""


def lowered(text: str) -> Program:
    source = Source("small.bfp", text)
    return lower(resolve((source,), parse(source)))


def checked(text: str, threads: int = 2, rounds: int = 1) -> Result:
    program = lowered(text)
    return check(program, program.scenarios[0], threads, rounds)
