"""Small texts, and what the reference interpreter has to say about them."""

from __future__ import annotations

from collections.abc import Iterable

from verify.reference import Opinion, explored
from verify.source import Source
from verify.syntax.checked import Checked
from verify.syntax.parse import parse
from verify.syntax.resolve import resolve

WORLD = """\
range int = 0..3;
enum answer { NO, YES };
struct lid { bool shut; };
struct box { struct mutex lock; bool gone; int size; struct box *next; struct lid lid; };
struct box one = { .next = &two };
struct box two;
struct box *some;
bool a;
bool b;
bool c;
int n;
int row[2];
struct mutex m;
struct mutex k;
spinlock_t spin;
struct rw_semaphore rw;
refcount_t users;
thread_local bool inside;
primitive void lock(struct mutex *lock) { acquire(lock); }
primitive void unlock(struct mutex *lock) { release(lock); }
primitive bool trylock(struct mutex *lock)
{
        when (!is_locked(lock)) { acquire(lock); return true; }
        when (is_locked(lock)) return false;
}
primitive void spin_lock(spinlock_t *lock) { acquire(lock); }
primitive void spin_unlock(spinlock_t *lock) { release(lock); }
primitive void read_lock(struct rw_semaphore *lock) { acquire_shared(lock); }
primitive void read_unlock(struct rw_semaphore *lock) { release_shared(lock); }
primitive void write_lock(struct rw_semaphore *lock) { acquire(lock); }
primitive void write_unlock(struct rw_semaphore *lock) { release(lock); }
primitive void get(void) { acquire_shared(&users); }
primitive void put(void) { release_shared(&users); }
primitive void wait_for_a(void) { when (a) ; }
primitive void sleep(void) { might_sleep(); }
primitive void hook(void) { }
primitive bool either(void)
{
        when (true) return true;
        when (true) return false;
}
"""


def program(text: str) -> Checked:
    """The checked form of a text, with WORLD before it."""
    source = Source("small.bfp", WORLD + text)
    return resolve([source], parse(source))


def opinion(text: str, number: int = 1, again: bool = False, scenario: str = "s") -> Opinion:
    """What happens in the scenario of a text."""
    return explored(program(text), scenario, number, again)


def alone(*statements: str, then: str = "") -> Opinion:
    """What happens to a thread that is the only one; `then` are declarations."""
    body = " ".join(statements)
    return opinion(f'{then} thread t "t" {{ {body} }} scenario s "s": t;')


def together(*threads: str, then: str = "", **asked: bool | int) -> Opinion:
    """What happens to threads t1, t2, ... with these bodies, once each; `then` are declarations."""
    bodies = "".join(f'thread t{i} "t" {{ {body} }}\n' for i, body in enumerate(threads, 1))
    names = ", ".join(f"t{i}" for i in range(1, len(threads) + 1))
    number, again = int(asked.get("number", 1)), bool(asked.get("again", False))
    return opinion(f'{then}\n{bodies} scenario s "s": {names};', number, again)


def never(*conditions: str) -> str:
    """Claims never-0, never-1, ... that these conditions are never true."""
    return "".join(
        f'claim never-{i} "c" never: {condition};\n' for i, condition in enumerate(conditions)
    )


def texts(found: Opinion) -> set[str]:
    """The statements and conditions that are reached, as they are written."""
    return {span.text for span in found.reached}


def broken(found: Opinion, names: Iterable[str]) -> dict[str, int]:
    """The fewest steps for some claims, of those that are broken."""
    return {name: found.broken[name] for name in names if name in found.broken}
