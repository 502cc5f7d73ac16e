"""Short ways to put a text to the reader and to see what it says."""

from __future__ import annotations

from verify.diagnostics import Diagnostic, InputError
from verify.ir import Program
from verify.lower.program import lower
from verify.source import Source
from verify.syntax.parse import parse
from verify.syntax.resolve import resolve

# What a text needs beside the mistake in question; it declares these names.
WORLD = """\
range int = 0..3;
enum colour { RED, GREEN };
struct box { struct mutex lock; refcount_t users; bool full; int count; int row[2]; };
struct box box0;
struct box box1;
struct mutex gate;
bool flag;
int number;
struct box *some;
thread_local bool inside;
primitive void shut(struct mutex *lock) { acquire(lock); }
primitive void open(struct mutex *lock) { release(lock); }
primitive bool try(struct mutex *lock)
{
	when (!is_locked(lock)) { acquire(lock); return true; }
	when (is_locked(lock)) return false;
}
"""
RUNS = 'thread runner { flag = true; }\nscenario all "x": runner;\n'


def lowered(text: str) -> Program:
    """The guarded commands of a text."""
    source = Source("test.bfp", text)
    return lower(resolve((source,), parse(source)))


def mistakes(text: str) -> tuple[Diagnostic, ...]:
    """What is wrong with a text; nothing if it is fine."""
    try:
        lowered(text)
    except InputError as error:
        return error.diagnostics
    return ()


def places(text: str) -> list[tuple[str, int, int]]:
    """Code, line and column of each mistake, 0 where it has no place."""
    return [
        (d.code, d.span.line, d.span.column) if d.span else (d.code, 0, 0) for d in mistakes(text)
    ]
