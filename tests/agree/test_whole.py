"""That random programs speak the whole language: what they never say is compared by nobody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from random import Random
from typing import get_args

from tests.whole import checked_text, random_program
from verify.locks import BY_TYPE, ROWS, STATEMENTS
from verify.source import Source, Span
from verify.syntax import checked
from verify.syntax.checked import Checked

SEEDS = range(360)
# Programs of the 300 that have to have a feature: what is common, and what is less so.
OFTEN, SELDOM = 18, 9

NODES = tuple(
    node.__name__ for union in (checked.Expr, checked.Statement) for node in get_args(union)
)
DECLARED = ("Primitive", "Function", "Thread", "Claim", "Outcome", "Axis", "Table", "Scenario")
OPERATORS = tuple("&& || == != < <= > >= + - *".split())
CLAUSES = tuple("before use after table never finally".split())
TESTS = tuple("is_locked is_read_locked is_write_locked held held_read held_write".split())
OPERATIONS = tuple(
    f"{kind.name} {word}" for kind in ROWS for word in STATEMENTS if not kind.refuses(word)
)
EFFECTS = tuple("releases releases_shared acquires acquires_shared".split())
MEMBERS = ("one", "several", "any number", "one forever", "several forever")
TYPES = ("bool", "int", "enum", "pointer", "struct link", "array", "void pointer")
SHAPES = (
    "a lock in a struct",
    "a field that is an array",
    "a struct in a struct",
    "several objects of a struct",
    "thread_local",
    "a negative range",
    "a range without 0",
    "common statements before a when",
    "several alternatives",
    "an open choice",
    "transient",
    "transient when",
    "a primitive in a primitive",
    "a test of a lock in a primitive",
    "acquire under a condition",
    "a wait for a condition",
    "a function in a function",
    "a parameter that is assigned",
    "a parameter that is a lock",
    "the lock of a pointer",
    "__must_hold",
    "a return in the middle",
    "a subject in a loop",
    "the table of a value",
    "the table of any call",
    "an axis over a local",
    "an axis over shared state",
    "a row of several outcomes",
    "a row that never occurs",
    "alone from some states",
    "alone from any state",
    "known",
    "known in a scenario",
    "misses",
    "alarms",
    "a call in an expression",
    "a goto forward",
    "a goto back",
    "several scenarios",
    "a pointer as a condition",
    "a local that is not set at once",
)
WANTED = (
    *NODES,
    *DECLARED,
    *OPERATORS,
    *(f"clause {kind}" for kind in CLAUSES),
    *(f"test {word}" for word in TESTS),
    *OPERATIONS,
    *EFFECTS,
    *(f"member {kind}" for kind in MEMBERS),
    *SHAPES,
)
RARE = frozenset(
    (
        "*",
        "known in a scenario",
        "misses",
        "alarms",
    )
)


def walk(node: object) -> Iterator[object]:
    """A node and all that it is made of; texts and types are not looked into."""
    yield node
    if isinstance(node, Span | Source | checked.Type):
        return
    if is_dataclass(node):
        for part in fields(node):
            yield from walk(getattr(node, part.name))
    elif isinstance(node, tuple | frozenset):
        for part in node:
            yield from walk(part)
    elif isinstance(node, dict):
        for part in node.values():
            yield from walk(part)


def features(program: Checked) -> set[str]:
    """What a program says, in the words of WANTED."""
    found: set[str] = set()
    for node in walk(program):
        found.add(type(node).__name__)
        match node:
            case checked.Binary(op):
                found.add(op)
            case checked.LockTest(word):
                found.add(f"test {word}")
            case checked.LockStatement(word, lock):
                found.add(f"{BY_TYPE[lock.type.name].name} {word}")
            case checked.Clause(kind):
                found.add(f"clause {kind}")
            case checked.Promise(_, effects):
                found.update(word for word, _ in effects)
            case checked.Scenario(_, _, members, forever):
                for name, count in members:
                    if count is None:
                        found.add("member any number")
                        continue
                    word = "one" if count == 1 else "several"
                    found.add(f"member {word}{' forever' if name in forever else ''}")
    found.update(shape for shape, there in _shapes(program) if there)
    return found


def _shapes(program: Checked) -> Iterator[tuple[str, bool]]:
    primitives, functions = program.primitives.values(), program.functions.values()
    bodies = [f.body for f in functions] + [t.body for t in program.threads.values()]
    yield "a lock in a struct", any("." in lock.name for lock in program.locks)
    yield "a field that is an array", any("]" in s.name and "." in s.name for s in program.slots)
    yield "a struct in a struct", any("." in o for some in program.objects.values() for o in some)
    yield "several objects of a struct", any(len(some) > 1 for some in program.objects.values())
    yield "thread_local", bool(program.thread_locals)
    yield "a negative range", any(low < 0 for low in program.lows.values())
    spans = [(low, low + len(program.labels[t])) for t, low in program.lows.items()]
    yield "a range without 0", any(not low <= 0 < high for low, high in spans)
    yield "common statements before a when", any(p.before for p in primitives)
    yield "several alternatives", any(len(p.alternatives) > 1 for p in primitives)
    some = [a for p in primitives for a in p.alternatives]
    true = [a for a in some if isinstance(a.guard, checked.Const) and a.guard.value]
    yield "an open choice", bool(true)
    yield "transient", any(a.transient and a.guard is None for a in some)
    yield "transient when", any(a.transient and a.guard is not None for a in some)
    inside = [n for p in primitives for n in walk((p.before, p.alternatives))]
    yield "a primitive in a primitive", any(isinstance(n, checked.Call) for n in inside)
    yield "a test of a lock in a primitive", any(isinstance(n, checked.LockTest) for n in inside)
    ifs = [n.then for n in inside if isinstance(n, checked.If)]
    conditional = [n for n in walk(tuple(ifs)) if isinstance(n, checked.LockStatement)]
    yield "acquire under a condition", any(n.word.startswith("acquire") for n in conditional)
    waits = [p for p in primitives if len(p.alternatives) == 1 and p.alternatives[0].guard]
    called = {n.callee for n in walk(tuple(bodies)) if isinstance(n, checked.Call)}
    yield "a wait for a condition", any(p.name in called for p in waits)
    calls = {f.name: [n for n in walk(f.body) if isinstance(n, checked.Call)] for f in functions}
    nested = any(c.callee in program.functions for some in calls.values() for c in some)
    yield "a function in a function", nested
    assigned = [
        n.target.name in dict(f.params)
        for f in functions
        for n in walk(f.body)
        if isinstance(n, checked.Assign) and isinstance(n.target, checked.Local)
    ]
    yield "a parameter that is assigned", any(assigned)
    kinds = [t.kind for f in functions for _, t in f.params]
    yield "a parameter that is a lock", "lock pointer" in kinds
    addresses = [n for n in walk(tuple(bodies)) if isinstance(n, checked.LockAddress)]
    yield "the lock of a pointer", any(isinstance(a.base, checked.Local) for a in addresses)
    yield "__must_hold", any(f.must_hold for f in functions)
    early = [n for f in functions for n in walk(f.body) if isinstance(n, checked.If)]
    yield "a return in the middle", any(isinstance(n, checked.Return) for n in walk(tuple(early)))
    loops = [n for n in walk(tuple(bodies)) if isinstance(n, checked.While)]
    again = [n for n in walk(tuple(loops)) if isinstance(n, checked.Call)]
    yield "a subject in a loop", any(n.callee in program.contracts for n in again)
    yield "the table of a value", any(t.sampled_value is not None for t in program.tables)
    yield "the table of any call", any(t.sampled_value is None for t in program.tables)
    axes = [n for t in program.tables for n in walk(t.axes)]
    yield "an axis over a local", any(isinstance(n, checked.Local) for n in axes)
    yield "an axis over shared state", any(isinstance(n, checked.Field) for n in axes)
    rows = [row for t in program.tables for row in t.claimed]
    yield "a row of several outcomes", any(len(row) > 1 for row in rows)
    yield "a row that never occurs", () in rows
    lonely = [c for c in program.claims if c.alone is not None]
    yield "alone from some states", any(c.when is not None for c in lonely)
    yield "alone from any state", any(c.when is None for c in lonely)
    yield "known", any(not k.scenario for k in program.known)
    yield "known in a scenario", any(k.scenario for k in program.known)
    yield "misses", any(word == "misses" for _, word in program.assumptions)
    yield "alarms", any(word == "alarms" for _, word in program.assumptions)
    deep = [n for n in walk(tuple(bodies)) if isinstance(n, checked.Binary | checked.Not)]
    yield "a call in an expression", any(isinstance(n, checked.Call) for n in walk(tuple(deep)))
    jumps = [
        (goto.span.start, label.span.start)
        for body in bodies
        for goto in walk(body)
        if isinstance(goto, checked.Goto)
        for label in walk(body)
        if isinstance(label, checked.Label) and label.name == goto.label
    ]
    yield "a goto forward", any(goto < label for goto, label in jumps)
    yield "a goto back", any(goto > label for goto, label in jumps)
    yield "several scenarios", len(program.scenarios) > 1
    implied = [
        n
        for n in walk(tuple(bodies))
        if isinstance(n, checked.Binary) and n.span == n.left.span and n.left.type.kind == "pointer"
    ]
    yield "a pointer as a condition", bool(implied)
    texts = {source.text for source in _sources(program)}
    unset = any(f"\n\t{word} u;" in text for text in texts for word in ("bool", "int"))
    yield "a local that is not set at once", unset


def _sources(program: Checked) -> set[Source]:
    return {t.span.source for t in program.threads.values()}


def test_random_programs_say_everything() -> None:
    """If it fails, the generator has lost a construct: no disagreement about it is found."""
    texts = (random_program(Random(seed)) for seed in SEEDS)
    found = Counter(feature for text in texts for feature in features(checked_text(text)))
    least = {feature: SELDOM if feature in RARE else OFTEN for feature in WANTED}

    assert {} == {name: found[name] for name in WANTED if found[name] < least[name]}


def test_a_seed_is_a_program() -> None:
    """If it fails, a disagreement that was found cannot be repeated."""
    for seed in range(5):
        assert random_program(Random(seed)) == random_program(Random(seed))
