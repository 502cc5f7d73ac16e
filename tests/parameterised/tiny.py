"""Texts of a few lines, each about one thing that any number of threads can do to another."""

from __future__ import annotations

from verify.engine.prove import prove
from verify.ir import Program
from verify.lower.program import lower
from verify.source import Source
from verify.syntax.parse import parse
from verify.syntax.resolve import resolve
from verify.verdicts import word

LOCKS = """
struct mutex m;
struct mutex n;
struct rw_semaphore r;
struct rw_semaphore s;
struct rw_semaphore t;
bool x;
bool y;
primitive void mutex_lock(struct mutex *lock) { acquire(lock); }
primitive void mutex_unlock(struct mutex *lock) { release(lock); }
primitive bool mutex_trylock(struct mutex *lock)
{
	when (!is_locked(lock)) { acquire(lock); return true; }
	when (is_locked(lock)) return false;
}
primitive void down_read(struct rw_semaphore *lock) { acquire_shared(lock); }
primitive void up_read(struct rw_semaphore *lock) { release_shared(lock); }
primitive void down_write(struct rw_semaphore *lock) { acquire(lock); }
primitive void up_write(struct rw_semaphore *lock) { release(lock); }
primitive void downgrade_write(struct rw_semaphore *lock) { downgrade(lock); }
primitive void look(void) { }
primitive void wait_for_x(void) { when (x) { } }
primitive bool chance(void)
{
	when (true) return true;
	when (true) return false;
}
"""


def lowered(text: str) -> Program:
    source = Source("tiny.bfp", LOCKS + text)
    return lower(resolve((source,), parse(source)))


def verdicts(text: str, threads: int = 2, rounds: int = 1) -> dict[str, str]:
    """What is said of each claim; vacuity is not at issue here."""
    program = lowered(text)
    result, _ = prove(program, program.scenarios[0], threads, rounds)
    return {a.claim: word(a.verdict) for a in result.answers if a.claim != "vacuity"}


def said(text: str, claim: str, threads: int = 2, rounds: int = 1) -> str:
    return verdicts(text, threads, rounds)[claim]
