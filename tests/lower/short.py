"""Guarded commands of small programs in one line each, and what the programs can do."""

from __future__ import annotations

from tests.syntax.asking import lowered
from verify.explore import Explored, explore
from verify.ir import Program, instance, thread_named
from verify.report.dump import effects, show, variables_of

WORLD = """\
range int = 0..3;
struct box { struct mutex lock; bool full; int count; struct box *next; struct lid lid; };
struct lid { bool shut; };
struct box box0 = { .next = &box1 };
struct box box1;
bool a;
bool b;
bool c;
int n;
int row[2];
struct box *some;
struct mutex m;
struct rw_semaphore rw;
thread_local bool inside;
primitive void lock(struct mutex *lock) { acquire(lock); }
primitive void unlock(struct mutex *lock) { release(lock); }
thread other
{
	a = !a; b = !b; c = !c; n = 0; n = 1; some = &box0; some = &box1;
	box0.full = true; box1.full = true; box0.next = NULL; box1.next = NULL;
	box0.lid.shut = true; box1.lid.shut = true; row[n] = 2;
}
"""


def program(body: str, before: str = "", after: str = "") -> Program:
    """A thread `t` of that body beside another one that changes everything."""
    return lowered(f'{WORLD}{before}\nthread t {{ {body} }}\nscenario s "x": t;\n{after}')


def commands(found: Program, name: str = "t") -> list[str]:
    """Each command of a thread: `0 > 1: guard / effects / forgotten`."""
    thread = thread_named(found, name)
    variables = variables_of(found, thread)
    lines = []
    for c in thread.commands:
        target = f"! {c.violates}" if c.violates else f"> {c.target}"
        does = "; ".join(effects(c, variables)) or "-"
        forgets = f" / forget {', '.join(c.forget)}" if c.forget else ""
        lines.append(
            f"{c.source} {target}: {show(c.guard, variables, loose=True)} / {does}{forgets}"
        )
    return lines


def explored(found: Program) -> Explored:
    """All that the first scenario can do, with one thread for each [*]."""
    return explore(found, instance(found, found.scenarios[0], 1))
