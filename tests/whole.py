"""Random programs as texts in the whole language, to hold readings of it against each other.

`random_program` draws everything from a `random.Random`, so a seed is a program.  What it
writes can be read without a mistake; what it means is for others to say.  Programs are
small: one to three threads over few variables, so that all their states can be seen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from verify.diagnostics import InputError
from verify.source import Source
from verify.syntax.checked import Checked
from verify.syntax.parse import parse
from verify.syntax.resolve import resolve

ATTEMPTS = 50
MUTEX, SPIN, RWLOCK, RWSEM, REF, RCU, IRQ = (
    "struct mutex",
    "spinlock_t",
    "rwlock_t",
    "struct rw_semaphore",
    "refcount_t",
    "struct rcu_state",
    "struct hardirqs",
)
KINDS = (MUTEX, SPIN, RWLOCK, RWSEM, REF, RCU, IRQ)
SHAREABLE = (RWLOCK, RWSEM, REF, RCU, IRQ)
EXCLUSIVE = (MUTEX, SPIN, RWLOCK, RWSEM, RCU)
SHARED_ONLY = (REF, IRQ)
STEMS = {
    MUTEX: "mutex",
    SPIN: "spin",
    RWLOCK: "rw",
    RWSEM: "sem",
    REF: "ref",
    RCU: "rcu",
    IRQ: "irq",
}
RANGES = ((0, 1), (0, 2), (0, 2), (0, 3), (-1, 1), (-2, 1), (1, 2), (1, 3), (-2, -1))
INTEGERS = ("int", "unsigned int", "long", "unsigned long", "size_t", "u8", "index_t")


def checked_text(text: str, path: str = "random.bfp") -> Checked:
    """A text, read.

    Raises:
        InputError: it has mistakes.
    """
    source = Source(path, text)
    return resolve((source,), parse(source))


def random_program(random: Random) -> str:
    """A program without a mistake; another one is drawn if the first has one."""
    for _ in range(ATTEMPTS):
        text = _Writer(random).program()
        try:
            checked_text(text)
        except InputError:
            continue
        return text
    raise AssertionError("no program without a mistake")


# ------------------------------------------------------------------ what there is


@dataclass(frozen=True)
class Callee:
    """A primitive or a function; `params` are (name, type as it is spelled)."""

    name: str
    params: tuple[tuple[str, str], ...]
    result: str
    atomic: bool
    cost: int = 1
    local: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class LockWay:
    """How a lock is taken in one mode, tried, and let go."""

    take: str
    attempt: str
    leave: str
    shared: bool


@dataclass
class Scope:
    """Where a text stands: function, primitive, claim, clause or state; and its names."""

    where: str
    names: dict[str, str] = field(default_factory=dict)
    result: str = "void"
    did: tuple[str, ...] = ()


@dataclass
class Subject:
    """A function with a contract: what it does to the locks for each value it returns."""

    callee: Callee
    must: tuple[str, ...]
    shared: tuple[str, ...]
    effects: dict[str, tuple[tuple[str, str], ...]]


@dataclass
class World:
    ranges: dict[str, tuple[int, int]] = field(default_factory=dict)
    enums: dict[str, tuple[str, ...]] = field(default_factory=dict)
    structs: dict[str, dict[str, tuple[str, int]]] = field(default_factory=dict)
    objects: dict[str, list[str]] = field(default_factory=dict)
    variables: dict[str, tuple[str, int]] = field(default_factory=dict)
    thread_locals: dict[str, str] = field(default_factory=dict)
    locks: dict[str, str] = field(default_factory=dict)
    ways: dict[str, list[LockWay]] = field(default_factory=dict)
    downgrade: dict[str, str] = field(default_factory=dict)
    primitives: list[Callee] = field(default_factory=list)
    functions: list[Callee] = field(default_factory=list)
    subjects: list[Subject] = field(default_factory=list)
    waits: list[tuple[str, str]] = field(default_factory=list)
    table: Callee | None = None


def _is_pointer(type_: str) -> bool:
    return type_.startswith("struct ") and type_.endswith(" *")


def _lock_pointer(type_: str) -> str:
    """The kind of lock that a parameter's type points to, or nothing."""
    return next((kind for kind in KINDS if type_ == f"{kind} *"), "")


def _flat(lines: Sequence[str], deep: int = 1) -> list[str]:
    return ["\t" * deep + line for line in lines]


def random_depth(random: Random) -> int:
    return random.choice((1, 1, 2, 2, 3, 4))


# ----------------------------------------------------------------------- the writer


class _Writer:
    """Writes one program; each part registers what the later ones may use."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.world = World()
        self.parts: list[str] = []
        self.number = 0

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def program(self) -> str:
        self.types()
        self.objects()
        self.lock_primitives()
        self.wait_primitives()
        self.mark_primitives()
        for _ in range(self.random.choice((0, 1, 1, 2))):
            self.random_primitive()
        if self.chance(0.6):
            self.subject()
        for _ in range(self.random.choice((0, 1, 1, 2))):
            self.helper()
        threads = [self.thread(f"t{i}") for i in range(1, 1 + self.random.choice((1, 2, 2, 2, 3)))]
        if len(threads) < 3 and self.chance(0.65):
            threads.append(self.changer())
        if self.world.subjects and self.chance(0.6):
            self.table_of(self.world.subjects[0])
        scenarios = self.scenarios(threads)
        self.claims(threads, scenarios)
        return "\n".join(self.parts)

    # ------------------------------------------------------------- types, objects

    def types(self) -> None:
        random, world = self.random, self.world
        world.ranges["int"] = random.choice(RANGES[1:7])
        if self.chance(0.3):
            world.ranges[random.choice(INTEGERS[1:])] = random.choice(RANGES)
        for word, (low, high) in world.ranges.items():
            self.parts.append(f"range {word} = {low}..{high};")
        world.enums["status"] = ("DONE", "AGAIN", "SKIPPED")[: random.choice((2, 2, 3))]
        if self.chance(0.4):
            world.enums["colour"] = ("RED", "GREEN", "BLUE")[: random.choice((2, 3))]
        for name, members in world.enums.items():
            self.parts.append(f"enum {name} {{ {', '.join(members)} }};")
        if self.chance(0.75):
            self._structs()

    def _structs(self) -> None:
        random, world = self.random, self.world
        if self.chance(0.5):
            world.structs["link"] = {"linked": ("bool", 0)}
            if self.chance(0.3):
                world.structs["link"]["guard"] = (random.choice(EXCLUSIVE), 0)
        fields: dict[str, tuple[str, int]] = {}
        if self.chance(0.7):
            fields["lock"] = (random.choice(KINDS), 0)
        fields["full"] = ("bool", 0)
        if self.chance(0.3):
            fields["level"] = (self._integer(), 0)
        if self.chance(0.2) and "colour" in world.enums:
            fields["colour"] = ("enum colour", 0)
        if self.chance(0.3):
            fields["row"] = (random.choice(("bool", self._integer())), 2)
        if self.chance(0.35):
            fields["next"] = ("struct box *", 0)
        if self.chance(0.15):
            fields["ways"] = ("struct box *", 2)
        if "link" in world.structs:
            fields["link"] = ("struct link", 0)
        world.structs["box"] = fields
        for struct, inner in world.structs.items():
            body = " ".join(_declared(name, *what) for name, what in inner.items())
            self.parts.append(f"struct {struct} {{ {body} }};")

    def _integer(self) -> str:
        return self.random.choice(tuple(self.world.ranges))

    def objects(self) -> None:
        random, world = self.random, self.world
        boxes = ["box0", "box1"][: random.choice((1, 2, 2))] if "box" in world.structs else []
        for name in boxes:
            self._expand(name, "box")
        if "link" in world.structs and (self.chance(0.25) or not world.objects.get("link")):
            self._expand("link9", "link")
            self.parts.append("struct link link9;")
        for name in boxes:
            self.parts.append(f"struct box {name}{self._initial_struct('box')};")
        for name in ("a", "b", "c")[: random.choice((1, 2, 2, 3))]:
            self._variable(name, "bool")
        if self.chance(0.5):
            self._variable("n", self._integer())
        if self.chance(0.25) and "colour" in world.enums:
            self._variable("hue", "enum colour")
        if self.chance(0.15):
            self._variable("state", "enum status")
        if self.chance(0.15):
            self._variable("row0", random.choice(("bool", self._integer())), 2)
        if boxes:
            self._variable("some", "struct box *")
            if self.chance(0.15):
                self._variable("slots", "struct box *", 2)
            if "link" in world.structs and self.chance(0.6):
                self._variable("first", "struct link *")
        if self.chance(0.08):
            self._variable("cookie", "void *")
        for i, kind in enumerate(random.sample(KINDS, random.choice((1, 1, 2, 2)))):
            name = ("m", "k")[i]
            world.locks[name] = kind
            self.parts.append(f"{kind} {name};")
        if self.chance(0.25):
            type_ = random.choice(("bool", "bool", self._integer()))
            self._thread_local("mine", type_)
        if boxes and self.chance(0.06):
            self._thread_local("own", "struct box *")

    def _thread_local(self, name: str, type_: str) -> None:
        value = f" = {self.constant(type_)}" if self.chance(0.4) else ""
        self.world.thread_locals[name] = type_
        self.parts.append(f"thread_local {_spelled(type_, name)}{value};")

    def _expand(self, name: str, struct: str) -> None:
        world = self.world
        world.objects.setdefault(struct, []).append(name)
        for inner, (type_, _) in world.structs[struct].items():
            if type_ in KINDS:
                world.locks[f"{name}.{inner}"] = type_
            elif type_ == "struct link":
                self._expand(f"{name}.{inner}", "link")

    def _initial_struct(self, struct: str) -> str:
        items = []
        for name, (type_, length) in self.world.structs[struct].items():
            if type_ in KINDS:
                continue
            share = 0.9 if _is_pointer(type_) else 0.3
            if not self.chance(share):
                continue
            if type_ == "struct link":
                items.append(f".{name} = {{ .linked = {self.constant('bool')} }}")
            elif length:
                values = ", ".join(self.constant(type_, 0.1) for _ in range(length))
                items.append(f".{name} = {{ {values} }}")
            else:
                items.append(f".{name} = {self.constant(type_, 0.2)}")
        return f" = {{ {', '.join(items)} }}" if items else ""

    def _variable(self, name: str, type_: str, length: int = 0) -> None:
        self.world.variables[name] = (type_, length)
        value = ""
        if self.chance(0.92 if _is_pointer(type_) else 0.3):
            one = [self.constant(type_, 0.1) for _ in range(length or 1)]
            value = f" = {{ {', '.join(one)} }}" if length else f" = {one[0]}"
        self.parts.append(f"{_spelled(type_, name)}{f'[{length}]' if length else ''}{value};")

    def constant(self, type_: str, null: float = 0.12) -> str:
        """A constant of a type; of pointers `null` is the share of NULL."""
        random = self.random
        if type_ == "bool":
            return random.choice(("true", "false"))
        if type_ in self.world.ranges:
            low, high = self.world.ranges[type_]
            return str(random.randint(low, high))
        if type_.startswith("enum "):
            return random.choice(self.world.enums[type_.removeprefix("enum ")])
        objects = self.world.objects.get(type_.removeprefix("struct ").removesuffix(" *"), [])
        if not objects or self.chance(null):
            return "NULL"
        return f"&{random.choice(objects)}"

    # ------------------------------------------------------------------ expressions

    def places(self, type_: str, scope: Scope, to_assign: bool = False) -> list[str]:
        """What denotes a value of a type, one pointer deep."""
        world = self.world
        found: list[str] = []
        if not (to_assign and scope.where == "primitive"):
            found += [name for name, its in scope.names.items() if its == type_] * 2
        if scope.where != "state":
            found += [name for name, its in world.thread_locals.items() if its == type_]
        for name, (its, length) in world.variables.items():
            if its == type_ and name not in scope.names:
                found.append(f"{name}[{self.index(scope)}]" if length else name)
        for struct, fields in world.structs.items():
            inner = [(name, length) for name, (its, length) in fields.items() if its == type_]
            if not inner:
                continue
            for base in self.bases(struct, scope):
                for name, length in inner:
                    found.append(base + name + (f"[{self.index(scope)}]" if length else ""))
        return found

    def index(self, scope: Scope) -> str:
        if self.chance(0.88):
            return self.random.choice(("0", "1"))
        names = [name for name, its in scope.names.items() if its in self.world.ranges]
        names += [
            name
            for name, (its, length) in self.world.variables.items()
            if its in self.world.ranges and not length and name not in scope.names
        ]
        return self.random.choice(names) if names else "0"

    def bases(self, struct: str, scope: Scope) -> list[str]:
        """What stands before a field of a struct: `box0.`, `p->`, `p->link.`"""
        found = [f"{path}." for path in self.world.objects.get(struct, ())]
        found = self.random.sample(found, min(len(found), 2))
        pointer = f"struct {struct} *"
        followed = [f"{name}->" for name, its in scope.names.items() if its == pointer]
        if struct == "link" and "box" in self.world.structs:
            followed += [
                f"{name}->link." for name, its in scope.names.items() if its == "struct box *"
            ]
        followed += [
            f"{name}->"
            for name, (its, length) in self.world.variables.items()
            if its == pointer and not length and name not in scope.names
        ]
        if scope.where != "state":
            followed += [
                f"{name}->" for name, its in self.world.thread_locals.items() if its == pointer
            ]
        if "next" in self.world.structs.get(struct, ()) and followed and self.chance(0.15):
            followed.append(f"{self.random.choice(followed)}next->")
        return found + followed + followed

    def locks_here(self, scope: Scope) -> list[tuple[str, str]]:
        """The addresses of locks that can be spelled here, each with its kind."""
        world = self.world
        found = [
            (name, _lock_pointer(its)) for name, its in scope.names.items() if _lock_pointer(its)
        ] * 3
        found += [(f"&{path}", kind) for path, kind in world.locks.items()]
        for struct, inner in (("box", "lock"), ("link", "guard")):
            kind = world.structs.get(struct, {}).get(inner, ("", 0))[0]
            if kind:
                found += [(f"&{base}{inner}", kind) for base in self.bases(struct, scope)]
        return found

    def expr(self, type_: str, scope: Scope, depth: int = 1) -> str:
        """An expression of a type, in brackets where it needs them."""
        if depth > 0 and self.chance(0.06):
            one, two = self.expr(type_, scope, 0), self.expr(type_, scope, 0)
            return f"({self.boolean(scope, 0)} ? {one} : {two})"
        if type_ == "bool":
            return self.boolean(scope, depth)
        if type_ in self.world.ranges:
            return self.integer(type_, scope, depth)
        if type_.startswith("enum ") or type_ == "void *":
            return self._plain(type_, scope)
        return self.pointer(type_, scope, depth)

    def _plain(self, type_: str, scope: Scope) -> str:
        places = self.places(type_, scope)
        call = self._call_of(type_, scope, 0.1)
        if call:
            return call
        if places and self.chance(0.5):
            return self.random.choice(places)
        return self.constant(type_)

    def _call_of(self, type_: str, scope: Scope, share: float) -> str:
        """A call that gives a value of the type, where there is one and chance wants it."""
        if scope.where != "function" or not self.chance(share):
            return ""
        callees = [
            c
            for c in (*self.world.primitives, *self.world.functions)
            if c.result == type_ and not any(_lock_pointer(t) for _, t in c.params)
        ]
        return self.call(self.random.choice(callees), scope) if callees else ""

    def boolean(self, scope: Scope, depth: int = 1) -> str:
        random = self.random
        if depth > 0 and self.chance(0.45):
            match random.randrange(6):
                case 0:
                    return f"!{self._tight(self.boolean(scope, depth - 1))}"
                case 1 | 2:
                    op = random.choice(("&&", "||"))
                    sides = [self._tight(self.boolean(scope, depth - 1)) for _ in range(2)]
                    return f" {op} ".join(sides)
                case _:
                    return self.comparison(scope, depth - 1)
        call = self._call_of("bool", scope, 0.12)
        if call:
            return call
        asked = scope.where in ("primitive", "claim", "clause", "state")
        if asked and self.chance(0.3):
            return self.lock_test(scope)
        if scope.where == "clause" and self.chance(0.5):
            return self._about_call(scope)
        if self.chance(0.06):
            return random.choice(("true", "false"))
        if self.chance(0.1):
            # A number or a pointer is a condition too.
            others = [
                place
                for type_ in (*self.world.ranges, "struct box *", "struct link *")
                for place in self.places(type_, scope)
            ]
            if others:
                return random.choice(others)
        places = self.places("bool", scope)
        return random.choice(places) if places else random.choice(("true", "false"))

    def _about_call(self, scope: Scope) -> str:
        """What a clause says of the call: its result, and what it did."""
        if scope.result == "void" or (scope.did and self.chance(0.4)):
            return f"did({self.random.choice(scope.did)})" if scope.did else "true"
        if scope.result == "bool":
            return "result"
        return f"result {self.random.choice(('==', '!='))} {self.constant(scope.result)}"

    def comparison(self, scope: Scope, depth: int) -> str:
        random = self.random
        types = ["bool", "int", *(f"enum {name}" for name in self.world.enums)]
        if "box" in self.world.structs:
            types += ["struct box *"]
        if "link" in self.world.structs:
            types += ["struct link *"]
        types = [t for t in types if t == "bool" or self.places(t, scope)]
        type_ = random.choice(types)
        ops = ["==", "!="]
        if type_ in self.world.ranges:
            ops += ["<", "<=", ">", ">="]
        places = self.places(type_, scope)
        left = random.choice(places) if places else self._tight(self.expr(type_, scope, 0))
        if type_ == "bool" and places:
            # A pointer is a condition, and is nothing to compare a bool with.
            right = random.choice((*places, "true", "false"))
        else:
            right = self._tight(self.expr(type_, scope, depth))
        return f"{left} {random.choice(ops)} {right}"

    def integer(self, type_: str, scope: Scope, depth: int = 1) -> str:
        random = self.random
        places = self.places(type_, scope)
        if depth > 0 and places and self.chance(0.22):
            match random.randrange(6):
                case 0:
                    return f"{random.choice(places)} + 1"
                case 1:
                    return f"{random.choice(places)} - 1"
                case 2:
                    return f"{random.choice(places)} * {self._tight(self.integer(type_, scope, 0))}"
                case 3:
                    return f"-{random.choice(places)}"
                case 4:
                    op = random.choice("-+*")
                    return (
                        f"{random.choice(places)} {op} {self._tight(self.integer(type_, scope, 0))}"
                    )
                case _:
                    return self._tight(self.boolean(scope, 0))
        call = self._call_of(type_, scope, 0.1)
        if call:
            return call
        if places and self.chance(0.5):
            return random.choice(places)
        return self.constant(type_)

    def pointer(self, type_: str, scope: Scope, depth: int = 1) -> str:
        random = self.random
        struct = type_.removeprefix("struct ").removesuffix(" *")
        call = self._call_of(type_, scope, 0.1)
        if call:
            return call
        links = "link" in self.world.structs and "box" in self.world.structs
        if depth > 0 and links and self.chance(0.35):
            other = self.places("struct box *" if struct == "link" else "struct link *", scope)
            if struct == "link" and other:
                return f"&{random.choice(other)}->link"
            if struct == "box":
                inside = [path for path in self.world.objects["link"] if "." in path]
                source = random.choice(other) if other and self.chance(0.7) else f"&{inside[0]}"
                named = [name for name, its in scope.names.items() if its == "struct box *"]
                what = (
                    f"typeof(*{random.choice(named)})"
                    if named and self.chance(0.5)
                    else "struct box"
                )
                return f"container_of({source}, {what}, link)"
        places = self.places(type_, scope)
        if places and self.chance(0.55):
            return random.choice(places)
        return self.constant(type_, 0.15)

    def lock_test(self, scope: Scope) -> str:
        lock, kind = self.random.choice(self.locks_here(scope))
        words = ["is_locked"]
        if kind in SHAREABLE:
            words.append("is_read_locked")
        if kind in EXCLUSIVE:
            words.append("is_write_locked")
        if scope.where != "state":
            words += ["held"] * (2 if scope.where in ("claim", "clause") else 1)
            words += ["held_read"] if kind in SHAREABLE else []
            words += ["held_write"] if kind in EXCLUSIVE else []
        return f"{self.random.choice(words)}({lock})"

    @staticmethod
    def _tight(text: str) -> str:
        return f"({text})" if " " in text or text.startswith("-") else text

    def call(self, callee: Callee, scope: Scope) -> str:
        """A call, with whatever fits as arguments."""
        args = []
        for _, type_ in callee.params:
            kind = _lock_pointer(type_)
            if kind:
                here = [lock for lock, its in self.locks_here(scope) if its == kind]
                args.append(self.random.choice(here))
            else:
                args.append(self.expr(type_, scope, self.random.choice((0, 0, 1))))
        return f"{callee.name}({', '.join(args)})"

    # -------------------------------------------------------------------- primitives

    def primitive(
        self, name: str, params: Sequence[tuple[str, str]], result: str, lines: Sequence[str]
    ) -> Callee:
        spelled = ", ".join(_spelled(type_, param) for param, type_ in params) or "void"
        self.parts.append(f"primitive {_spelled(result, name)}({spelled})\n{{")
        self.parts += _flat(lines)
        self.parts.append("}")
        return Callee(name, tuple(params), result, True)

    def lock_primitives(self) -> None:
        for kind in dict.fromkeys(self.world.locks.values()):
            self._of_kind(kind)

    def _of_kind(self, kind: str) -> None:
        stem, ways = STEMS[kind], self.world.ways.setdefault(kind, [])
        modes = []
        if kind in EXCLUSIVE:
            modes.append(False)
        if kind in SHAREABLE:
            modes.append(True)
        for shared in modes:
            infix = ("read_" if shared else "write_") if kind in SHAREABLE else ""
            ways.append(self._way(kind, stem, infix if kind not in SHARED_ONLY else "", shared))
        if kind in (RWLOCK, RWSEM) and self.chance(0.6):
            name = f"{stem}_downgrade"
            self.world.downgrade[kind] = name
            self.primitive(name, [("l", f"{kind} *")], "void", ["downgrade(l);"])

    def _way(self, kind: str, stem: str, infix: str, shared: bool) -> LockWay:
        random = self.random
        params = [("l", f"{kind} *")]
        take, leave = f"{stem}_{infix}lock", f"{stem}_{infix}unlock"
        attempt = f"{stem}_{infix}trylock"
        word, undo = ("acquire_shared", "release_shared") if shared else ("acquire", "release")
        own = "held_read" if shared else "held_write"
        sleeps = kind in (MUTEX, RWSEM)
        before = ["might_sleep();"] if self.chance(0.7 if sleeps else 0.03) else []
        match random.randrange(12):
            case 0:
                body = [f"if (!{random.choice(('held', own))}(l))", f"\t{word}(l);"]
            case 1:
                body = [
                    f"when ({self.boolean(Scope('primitive', dict(params)), 1)})",
                    f"\t{word}(l);",
                ]
                body += ["when (true)", f"\t{word}(l);"] if self.chance(0.3) else []
            case 2:
                flag = self._set(Scope("primitive", dict(params)))
                body = [f"{word}(l);", flag]
            case _:
                body = [f"{word}(l);"]
        self.primitive(take, params, "void", [*before, *body])
        blocked = "is_write_locked(l)" if shared and kind not in SHARED_ONLY else "is_locked(l)"
        if kind in SHARED_ONLY:
            places = self.places("bool", Scope("primitive"))
            blocked = random.choice(places)
        tried = [f'when (!{blocked}) "it was free" {{', f"\t{word}(l);", "\treturn true;", "}"]
        match random.randrange(8):
            case 0:
                tried += ['transient "no luck"', "\treturn false;"]
            case 1:
                tried += [f"when ({blocked})", "\treturn false;", "transient", "\treturn false;"]
            case 2:
                tried += [f"when ({blocked})", "\treturn false;"]
                tried += [
                    f'transient when ({self.boolean(Scope("primitive", dict(params)), 1)}) "busy"',
                    "\treturn false;",
                ]
            case 3:
                tried = [
                    f"if ({blocked})",
                    "\treturn false;",
                    f"{word}(l);",
                    "return true;",
                ]
            case _:
                tried += [f'when ({blocked}) "somebody holds it"', "\treturn false;"]
        self.primitive(attempt, params, "bool", tried)
        body = [f"{undo}(l);"]
        if self.chance(0.06):
            body = [f"if ({random.choice(('held', own))}(l))", f"\t{undo}(l);"]
        self.primitive(leave, params, "void", body)
        return LockWay(take, attempt, leave, shared)

    def _set(self, scope: Scope) -> str:
        """An assignment to shared state."""
        if self.chance(0.12):
            counted = self._counted(scope)
            if counted:
                return counted
        types = [
            "bool",
            "bool",
            "bool",
            *self.world.ranges,
            *(f"enum {e}" for e in self.world.enums),
        ]
        types += ["struct box *"] if "box" in self.world.structs else []
        types += ["struct link *"] if "link" in self.world.structs else []
        types += ["void *"] if "cookie" in self.world.variables else []
        for _ in range(8):
            type_ = self.random.choice(types)
            places = [p for p in self.places(type_, scope, True) if p not in scope.names]
            if places:
                value = self.expr(
                    type_, Scope(scope.where, scope.names), self.random.choice((0, 0, 1))
                )
                return f"{self.random.choice(places)} = {value};"
        return "a = !a;"

    def _counted(self, scope: Scope) -> str:
        """`n++;` or `n += m;`, of what there is to count."""
        places = {t: self.places(t, scope, True) for t in self.world.ranges}
        types = [t for t, some in places.items() if some]
        if not types:
            return ""
        type_ = self.random.choice(types)
        place = self.random.choice(places[type_])
        match self.random.randrange(4):
            case 0:
                return f"{place}{self.random.choice(('++', '--'))};"
            case 1:
                return f"{self.random.choice(('++', '--'))}{place};"
            case _:
                value = self.expr(type_, Scope(scope.where, scope.names), 1)
                return f"{place} {self.random.choice('+-*')}= {value};"

    def wait_primitives(self) -> None:
        """A condition to wait for, and what makes it true."""
        if not self.chance(0.4):
            return
        random = self.random
        scope = Scope("primitive")
        numbers = [n for n, (t, length) in self.world.variables.items() if t in self.world.ranges]
        if numbers and self.chance(0.3) and not self.world.variables[numbers[0]][1]:
            name = numbers[0]
            low, high = self.world.ranges[self.world.variables[name][0]]
            wait, give = f"{name} > {low}", f"{name} = {high};"
            back = f"{name} = {low};"
        else:
            name = random.choice(self.places("bool", scope))
            wait, give, back = name, f"{name} = true;", f"{name} = false;"
        match random.randrange(4):
            case 0:
                lines = [f"when ({wait})", "\t;"]
            case 1:
                lines = [f"when ({wait}) {{", f"\t{back}", "}"]
            case 2:
                lines = ["might_sleep();", f"when ({wait})", f"\t{back}"]
            case _:
                lines = [f'when ({wait}) "it is there"', f"\t{back}"]
                lines += [f"when ({self.boolean(scope, 1)})", "\t;"]
        self.primitive("wait_for_it", [], "void", lines)
        give = [f"when (!({wait}))", f"\t{give}"] if self.chance(0.25) else [give]
        self.primitive("complete_it", [], "void", give)
        self.world.waits.append(("wait_for_it();", "complete_it();"))

    def mark_primitives(self) -> None:
        """Places for claims to hang on: of no step by itself, or of one."""
        world = self.world
        world.primitives.append(self.primitive("mark", [], "void", []))
        if self.chance(0.7):
            params = [("at", self.random.choice(self._param_types()))]
            body = [self._set(Scope("primitive", dict(params)))] if self.chance(0.5) else []
            world.primitives.append(self.primitive("note", params, "void", body))
        places = self.places("bool", Scope("primitive"))
        look = [f"return {self.random.choice(places)};"]
        world.primitives.append(self.primitive("look", [], "bool", look))

    def _param_types(self) -> list[str]:
        types = ["bool", "bool", *self.world.ranges, *(f"enum {name}" for name in self.world.enums)]
        if "box" in self.world.structs:
            types += ["struct box *"] * 4
        if "link" in self.world.structs:
            types += ["struct link *"]
        if "cookie" in self.world.variables:
            types += ["void *"]
        return types

    def random_primitive(self) -> None:
        """Anything that a primitive can be."""
        random = self.random
        self.number += 1
        name = f"act{self.number}"
        params: list[tuple[str, str]] = []
        for param in ("x", "y")[: random.choice((0, 1, 1, 2))]:
            params.append((param, random.choice(self._param_types())))
        if self.chance(0.25):
            params.append(("l", f"{random.choice(list(self.world.locks.values()))} *"))
        result = random.choice(("void", "void", "bool", "bool", "int", *self._param_types()))
        scope = Scope("primitive", dict(params), result)
        lines: list[str] = []
        if self.chance(0.5):
            # Without alternatives.
            for _ in range(random.randint(0, 2)):
                lines += self._atomic_statement(scope, 1)
            lines += self._atomic_end(scope)
        else:
            for _ in range(random.choice((0, 0, 1, 2))):
                lines += self._atomic_statement(scope, 1, returns=False)
            test = self.boolean(scope, 1)
            tests = [test, f"!({test})"] if self.chance(0.6) else [test]
            tests += ["true"] if self.chance(0.25) else []
            tests += [self.boolean(scope, 1)] if self.chance(0.25) else []
            for one in tests:
                note = ' "so it is"' if self.chance(0.3) else ""
                lines += [f"when ({one}){note} {{", *_flat(self._atomic_body(scope)), "}"]
            if self.chance(0.35):
                when = f" when ({self.boolean(scope, 0)})" if self.chance(0.4) else ""
                note = ' "for a moment"' if self.chance(0.5) else ""
                body = self._atomic_body(scope)
                at = random.choice((len(lines), len(lines)))
                lines[at:at] = [f"transient{when}{note} {{", *_flat(body), "}"]
        self.world.primitives.append(self.primitive(name, params, result, lines))

    def _atomic_body(self, scope: Scope) -> list[str]:
        lines: list[str] = []
        for _ in range(self.random.choice((0, 1, 1, 2))):
            lines += self._atomic_statement(scope, 1)
        return [*lines, *self._atomic_end(scope)]

    def _atomic_end(self, scope: Scope) -> list[str]:
        if scope.result == "void":
            return ["return;"] if self.chance(0.1) else []
        same = [c for c in self.world.primitives if c.result == scope.result]
        if same and self.chance(0.2):
            return [f"return {self.call(self.random.choice(same), self._quiet(scope))};"]
        if self.chance(0.1):
            test = self.boolean(scope, 1)
            value = self.expr(scope.result, scope, 0)
            return [f"if ({test})", f"\treturn {value};", f"return {self.constant(scope.result)};"]
        return [f"return {self.expr(scope.result, scope, 1)};"]

    @staticmethod
    def _quiet(scope: Scope) -> Scope:
        return Scope(scope.where, scope.names)

    def _atomic_statement(self, scope: Scope, depth: int, returns: bool = True) -> list[str]:
        random = self.random
        kind = random.choice(("set", "set", "set", "if", "if", "nested", "lock", "sleep", "empty"))
        if kind == "if" and depth > 0:
            lines = [f"if ({self.boolean(scope, 1)}) {{"]
            lines += _flat(self._atomic_statement(scope, depth - 1, returns))
            if returns and scope.result == "void" and self.chance(0.15):
                lines.append("\treturn;")
            lines.append("}")
            if self.chance(0.4):
                lines[-1:] = ["} else {", *_flat(self._atomic_statement(scope, 0, returns)), "}"]
            return lines
        if kind == "nested":
            return [f"{self.call(random.choice(self.world.primitives), scope)};"]
        if kind == "lock" and self.chance(0.6):
            return self._atomic_lock(scope)
        if kind == "sleep" and self.chance(0.4):
            return ["might_sleep();"]
        if kind == "empty" and self.chance(0.3):
            return [";"]
        return [self._set(scope)]

    def _atomic_lock(self, scope: Scope) -> list[str]:
        """Takes a lock that is not held, or lets go of one that is: mostly without a fault."""
        lock, kind = self.random.choice(self.locks_here(scope))
        modes = [False] if kind in EXCLUSIVE else []
        modes += [True] if kind in SHAREABLE else []
        shared = self.random.choice(modes)
        suffix = "_shared" if shared else ""
        own = "held_read" if shared else "held_write"
        if kind == RCU and self.chance(0.5):
            # Sections in sections, and out of them again.
            deep, word = random_depth(self.random), self.random.choice(("acquire", "release"))
            return [f"{word}_shared({lock});"] * deep
        if self.chance(0.12):
            return [f"{self.random.choice(('acquire', 'release'))}{suffix}({lock});"]
        if kind in (RWLOCK, RWSEM) and self.chance(0.2):
            return [f"if (held_write({lock}))", f"\tdowngrade({lock});"]
        if self.chance(0.3):
            return [f"acquire{suffix}({lock});", f"release{suffix}({lock});"]
        if self.chance(0.5):
            return [f"if ({own}({lock}))", f"\trelease{suffix}({lock});"]
        return [f"if (!held({lock}))", f"\tacquire{suffix}({lock});"]

    # --------------------------------------------------------------------- functions

    def function(
        self,
        name: str,
        params: Sequence[tuple[str, str]],
        result: str,
        lines: Sequence[str],
        local: Sequence[tuple[str, str]],
        annotations: Sequence[str] = (),
        cost: int = 3,
    ) -> Callee:
        spelled = ", ".join(_spelled(type_, param) for param, type_ in params) or "void"
        static = "static " if self.chance(0.6) else ""
        self.parts.append(f"{static}{_spelled(result, name)}({spelled})")
        self.parts += [f"\t__must_hold({lock})" for lock in annotations]
        self.parts.append("{")
        self.parts += _flat(lines)
        self.parts.append("}")
        return Callee(name, tuple(params), result, False, cost, tuple(local))

    def helper(self) -> None:
        """A function without a contract: of locks, of a pointer, or of values alone."""
        random, world = self.random, self.world
        self.number += 1
        name = f"help{self.number}"
        params: list[tuple[str, str]] = []
        if self.chance(0.35):
            params.append(("l", f"{random.choice(list(world.locks.values()))} *"))
        for param in ("x", "y")[: random.choice((0, 1, 1, 2))]:
            params.append((param, random.choice(self._param_types())))
        result = random.choice(("void", "void", "void", "bool", "int", *self._param_types()))
        body = _Body(self, Scope("function", dict(params), result), random.choice((1, 2, 3)))
        lines = body.whole()
        own = [(n, t) for n, t in body.scope.names.items() if n not in dict(params)]
        callee = self.function(name, params, result, lines, own, cost=body.spent)
        world.functions.append(callee)
        if self.chance(0.12):
            self.parts.append(f"contract {name} {{\n}}")

    def subject(self) -> None:
        """A function with a contract: it returns with locks as it says, most of the time."""
        random, world = self.random, self.world
        values = world.enums["status"]
        params: list[tuple[str, str]] = []
        boxes = "box" in world.structs
        kind = world.structs.get("box", {}).get("lock", ("", 0))[0]
        if boxes and (kind or self.chance(0.6)):
            params.append(("p", "struct box *"))
        if not params or self.chance(0.4):
            params.append(("x", random.choice(("bool", "bool", "int"))))
        locks = [(f"&{name}", its) for name, its in world.locks.items() if "." not in name]
        if kind:
            locks.insert(0, ("&p->lock", kind))
        random.shuffle(locks)
        must: tuple[str, ...] = ()
        entry: tuple[str, ...] = ()
        outside = list(locks)
        if outside and outside[0][1] in EXCLUSIVE and self.chance(0.55):
            must = (outside.pop(0)[0],)
        if outside and outside[0][1] in SHAREABLE and self.chance(0.35):
            entry = (outside.pop(0)[0],)
        kinds = dict(locks)
        effects: dict[str, tuple[tuple[str, str], ...]] = {}
        for value in values:
            of_value: list[tuple[str, str]] = []
            of_value += [("releases", lock) for lock in must if self.chance(0.45)]
            of_value += [("releases_shared", lock) for lock in entry if self.chance(0.45)]
            for lock, its in outside[:1]:
                if self.chance(0.3):
                    shared = its in SHARED_ONLY or (its in SHAREABLE and self.chance(0.5))
                    of_value.append(("acquires_shared" if shared else "acquires", lock))
            effects[value] = tuple(of_value)
        scope = Scope("function", dict(params), "enum status")
        body = _Body(self, scope, random.choice((2, 3, 4)))
        body.subject = (effects, kinds)
        body.tabled = self.chance(0.85)
        lines = body.whole()
        own = [(n, t) for n, t in body.scope.names.items() if n not in dict(params)]
        callee = self.function("subject", params, "enum status", lines, own, must, body.spent + 2)
        world.subjects.append(Subject(callee, must, entry, effects))
        groups: dict[tuple[tuple[str, str], ...], list[str]] = {}
        for value, what in effects.items():
            if self.chance(0.05):
                continue
            if self.chance(0.06):
                what = ()
            groups.setdefault(what, []).append(value)
        self.parts.append("contract subject {")
        for what, named in groups.items():
            promised = ", ".join(f"{word}({lock})" for word, lock in what) or "same"
            self.parts.append(f"\t{', '.join(named)}: {promised};")
        self.parts.append("}")

    def let_go(self, word: str, lock: str, kind: str) -> str:
        """What a word of a contract does to a lock."""
        shared = word.endswith("_shared")
        way = next(w for w in self.world.ways[kind] if w.shared == shared)
        callee = way.leave if word.startswith("releases") else way.take
        return f"{callee}({lock});"

    # ----------------------------------------------------------------------- threads

    def thread(self, name: str) -> str:
        sentence = f' "thread {name} runs"' if self.chance(0.5) else ""
        body = _Body(self, Scope("function"), self.random.choice((3, 4, 5, 6, 8)))
        body.must_call = bool(self.world.subjects) and self.chance(0.7)
        body.must_wait = bool(self.world.waits) and self.chance(0.6)
        lines = body.whole()
        context = "interrupt " if self.chance(0.2) else ""
        self.parts.append(f"{context}thread {name}{sentence}\n{{")
        self.parts += _flat(lines)
        self.parts.append("}")
        return name

    def changer(self) -> str:
        """A thread that changes a few variables, so that the others have something to see."""
        scope = Scope("function")
        count = self.random.choice((1, 2, 2, 3))
        self.parts.append('thread other "changes something"\n{')
        self.parts += _flat([self._set(scope) for _ in range(count)])
        self.parts.append("}")
        return "other"

    # ------------------------------------------------------- tables, scenarios, claims

    def table_of(self, subject: Subject) -> None:
        random, callee = self.random, subject.callee
        self.world.table = callee
        names = dict((*callee.params, *callee.local))
        claim = Scope("claim", names)
        clause = Scope("clause", {}, callee.result, ("mark", "look"))
        outcomes = []
        for value in self.world.enums["status"]:
            word = value.lower()
            extra = ""
            if self.chance(0.35):
                extra = (
                    f" && {'' if self.chance(0.5) else '!'}did({random.choice(('mark', 'look'))})"
                )
            outcomes.append(word)
            self.parts.append(f'outcome {word} "it is {word}" = result == {value}{extra};')
        if self.chance(0.2):
            outcomes.append("odd")
            self.parts.append(f'outcome odd "it is odd" = {self.boolean(clause, 1)};')
        self.parts.append("table subject {")
        value = random.choice((" returns true", " returns false", "", "", ""))
        at = "look"
        if self.chance(0.1):
            at, value = "mark", ""
        self.parts.append(f"\tat {at}{value};")
        axes = ("one", "two")[: random.choice((1, 1, 2))]
        for axis in axes:
            self.parts.append(f"\taxis {axis} = {self.boolean(claim, 1)};")
        cells = [""]
        for axis in axes:
            cells = [
                f"{cell} && {sign}{axis}" if cell else f"{sign}{axis}"
                for cell in cells
                for sign in ("", "!")
            ]
        if self.chance(0.15):
            cells[1:] = ["true"]
        for cell in cells:
            if self.chance(0.15):
                named = "never"
            elif self.chance(0.5):
                named = ", ".join(outcomes)
            else:
                named = ", ".join(random.sample(outcomes, random.randint(1, len(outcomes))))
            self.parts.append(f"\tcase {cell}: {named};")
        self.parts.append("}")

    def scenarios(self, threads: Sequence[str]) -> list[str]:
        names = ["all"]
        self._scenario("all", threads)
        if self.chance(0.12):
            names.append("few")
            self._scenario("few", threads[:1])
        return names

    def _scenario(self, name: str, threads: Sequence[str]) -> None:
        random = self.random
        left = 3 if len(threads) < 3 else 2
        members = []
        for thread in threads:
            word = ""
            if left > len(threads) and self.chance(0.25):
                word = random.choice(("[2]", "[2]", "[2] forever"))
                left -= 1
            elif self.chance(0.2):
                word = " forever"
            elif self.chance(0.25):
                word = "[*]"
            members.append(f"{thread}{word}")
        self.parts.append(f'scenario {name} "{name} of them": {", ".join(members)};')

    def claims(self, threads: Sequence[str], scenarios: Sequence[str]) -> None:
        random = self.random
        names = []
        for number in range(1, 1 + random.choice((1, 2, 2, 3))):
            name = f"claim-{number}"
            names.append(name)
            alone = self.chance(0.22)
            head = f'claim {name} "number {number} holds"'
            if alone:
                head += f"\n\talone {random.choice(threads)}"
                if self.chance(0.6):
                    head += f" when ({self.boolean(Scope('claim'), 1)})"
            self.parts.append(head)
            for _ in range(random.choice((1, 1, 1, 2))):
                self.parts.append(f"\t{self._clause(alone)}")
        for name in names:
            if self.chance(0.06):
                where = f" in {random.choice(scenarios)}" if self.chance(0.5) else ""
                self.parts.append(f'known {name}{where} "a bug with a name";')
        if self.chance(0.04):
            self.parts.append(f'known {random.choice(("balance", "stuck"))} "an old one";')
        if self.chance(0.16):
            self.parts.append(f'assumption "so few" {random.choice(("misses", "alarms"))};')
        # Drawn apart, so that everything else of a seed stays as it was.
        apart = Random(" ".join(self.parts))
        fresh = [n for n in names if not any(p.startswith(f"known {n}") for p in self.parts)]
        if fresh and apart.random() < 0.8:
            where = f" in {apart.choice(scenarios)}" if apart.random() < 0.6 else ""
            self.parts.append(f'known {apart.choice(fresh)}{where} "another bug with a name";')

    def _clause(self, alone: bool) -> str:
        random, world = self.random, self.world
        kinds = ["before", "before", "before"]
        kinds += ["finally"] * 4 if alone else ["never"] * 3
        functions = [*world.functions, *(s.callee for s in world.subjects)]
        kinds += ["after"] * 3 if functions else []
        kinds += ["table"] * 2 if world.table is not None else []
        kinds += ["use"] * 3 if "box" in world.structs and not alone else []
        match random.choice(kinds):
            case "before":
                callee = random.choice(world.primitives)
                locking = [way for ways in world.ways.values() for way in ways]
                if self.chance(0.25):
                    way = random.choice(locking)
                    kind = next(k for k, ways in world.ways.items() if way in ways)
                    params = (("l", f"{kind} *"),)
                    callee = Callee(random.choice((way.take, way.leave)), params, "void", True)
                scope = Scope("claim", dict(callee.params))
                return f"before {callee.name}: {self._claimed(scope)};"
            case "finally":
                return f"finally: {self._claimed(Scope('claim'))};"
            case "never":
                tests = [self._tight(self.boolean(Scope("state"), 1)) for _ in range(3)]
                count = random.choice((1, 2, 2, 3))
                return f"never: {' && '.join(tests[:count])};"
            case "after":
                callee = random.choice(functions)
                did = tuple(c.name for c in (*world.primitives, *functions))
                names = dict((*callee.params, *callee.local))
                scope = Scope("clause", names, callee.result, did)
                return f"after {callee.name}: {self._claimed(scope)};"
            case "table":
                assert world.table is not None
                names = dict((*world.table.params, *world.table.local))
                return f"at table: {self._claimed(Scope('claim', names))};"
            case _:
                struct = random.choice(list(world.structs))
                scope = Scope("claim", {struct: f"struct {struct} *"})
                fields = [
                    f"{struct}->{name}"
                    for name, (t, n) in world.structs[struct].items()
                    if t == "bool" and not n
                ]
                test = random.choice((fields[0], f"!{fields[0]}", self._claimed(scope)))
                return f"before struct {struct}: {test};"

    def _claimed(self, scope: Scope) -> str:
        """A condition that is claimed: weak ones hold more often."""
        tests = [self._tight(self.boolean(scope, 1)) for _ in range(3)]
        count = self.random.choice((1, 2, 2, 3))
        return " || ".join(tests[:count])


def _spelled(type_: str, name: str) -> str:
    return f"{type_}{name}" if type_.endswith("*") else f"{type_} {name}"


def _declared(name: str, type_: str, length: int) -> str:
    return f"{_spelled(type_, name)}{f'[{length}]' if length else ''};"


# ----------------------------------------------------------------------------- bodies


class _Body:
    """The body of one function or thread: sections that nest, ladders, loops and calls."""

    def __init__(self, writer: _Writer, scope: Scope, budget: int) -> None:
        self.writer, self.random, self.world = writer, writer.random, writer.world
        self.scope = scope
        self.left = budget
        self.spent = budget
        self.ladder: list[tuple[str, list[str]]] = []
        self.labels = 0
        self.subject: tuple[dict[str, tuple[tuple[str, str], ...]], dict[str, str]] | None = None
        self.tabled = self.must_call = self.must_wait = False
        self.held: list[str] = []
        # What `break` and `continue` may leave here: loops and switches, the innermost last.
        self.around: list[str] = []
        # Declarations that a statement further down turned out to need.
        self.declared: list[str] = []

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def whole(self) -> list[str]:
        """The lines: declarations, statements, the end, and the ladder of labels."""
        head = self._locals()
        lines = self._block(2)
        if self.left > 2:
            lines += self._block(2)
        extra: list[list[str]] = []
        if self.must_call:
            extra.append(self._call_subject(1))
        if self.must_wait:
            extra.append(self._wait())
        for one in extra:
            if self.chance(0.5) and not lines[0].endswith(":"):
                lines = [*one, *lines]
            else:
                lines += one
        head = [*self.declared, *head]
        lines = [*head, *lines]
        if self.tabled:
            at = self.random.choice((len(head), len(lines), len(lines)))
            names = [n for n, t in self.scope.names.items() if t == "bool" and n != "x"]
            target = f"{names[0]} = " if names else ""
            lines.insert(at, f"{target}look();")
        if self.subject is not None:
            lines += self._subject_end()
        elif self.scope.result != "void":
            lines += self._value_end()
        for label, inside in reversed(self.ladder):
            lines.append(f"{label}:")
            lines += inside
        if self.ladder and self.scope.result != "void":
            if self.chance(0.97):
                lines += self._last_return()
        elif self.ladder and self.chance(0.3):
            lines.append(";")
        return lines

    def _locals(self) -> list[str]:
        random, writer = self.random, self.writer
        lines: list[str] = []
        types = ["bool", "bool", *self.world.ranges]
        types += [f"enum {name}" for name in self.world.enums][-1:]
        types += ["struct box *"] * 3 if "box" in self.world.structs else []
        types += ["struct link *"] if "link" in self.world.structs else []
        for name in ("u", "v")[: random.choice((1, 1, 2))]:
            type_ = random.choice(types)
            if self.chance(0.02):
                name = "a"
            # What a local may start from does not speak of itself.
            value = (
                writer.expr(type_, self.scope, 1)
                if self.chance(0.4)
                else writer.constant(type_, 0.1)
            )
            self.scope.names[name] = type_
            if self.chance(0.25):
                lines += [f"{_spelled(type_, name)};", f"{name} = {value};"]
            else:
                lines.append(f"{_spelled(type_, name)} = {value};")
        return lines

    def _last_return(self) -> list[str]:
        if self.subject is not None:
            return self._with_effect(self.random.choice(list(self.subject[0])))
        return [f"return {self.writer.expr(self.scope.result, self.scope, 1)};"]

    def _value_end(self) -> list[str]:
        if self.chance(0.03):
            return []
        return [f"return {self.writer.expr(self.scope.result, self.scope, 1)};"]

    def _with_effect(self, value: str) -> list[str]:
        assert self.subject is not None
        effects, kinds = self.subject
        lines = []
        for word, lock in effects[value]:
            if self.chance(0.95):
                lines.append(self.writer.let_go(word, lock, kinds[lock]))
        return [*lines, f"return {value};"]

    def _subject_end(self) -> list[str]:
        """Two or three returns, the first ones under a condition."""
        assert self.subject is not None
        values = list(self.subject[0])
        self.random.shuffle(values)
        lines: list[str] = []
        for value in values[:-1]:
            if self.chance(0.8):
                test = self.writer.boolean(self.scope, 1)
                if self.chance(0.3):
                    label = self._label()
                    lines += [f"if ({test})", f"\tgoto {label};"]
                    self.ladder.append((label, self._with_effect(value)))
                else:
                    lines += [f"if ({test}) {{", *_flat(self._with_effect(value)), "}"]
        return [*lines, *self._with_effect(values[-1])]

    def _label(self) -> str:
        self.labels += 1
        return f"out{self.labels}"

    # -------------------------------------------------------------------- statements

    def _block(self, depth: int) -> list[str]:
        lines: list[str] = []
        for _ in range(self.random.choice((1, 2, 2, 3))):
            if self.left > 0:
                self.left -= 1
                lines += self._statement(depth)
        return lines or [self._simple()]

    def _statement(self, depth: int) -> list[str]:
        kinds: list[Callable[[], list[str]]] = [lambda: [self._simple()]] * 3
        if depth > 0:
            kinds += [lambda: self._section(depth)] * 5
            kinds += [lambda: self._if(depth)] * 2
            kinds += [lambda: self._loop(depth)]
            kinds += [lambda: self._switch(depth)]
        if self.world.waits:
            kinds += [self._wait] * 2
        if self.world.subjects and self.subject is None:
            kinds += [lambda: self._call_subject(depth)] * 3
        if self.world.functions:
            kinds += [self._call_function] * 2
        if self.around and self.chance(0.15):
            return self._jump()
        if self.chance(0.04):
            return self._leave()
        return self.random.choice(kinds)()

    def _jump(self) -> list[str]:
        words = ["break"] + ["continue"] * ("loop" in self.around)
        test = self.writer.boolean(self.scope, 0)
        return [f"if ({test})", f"\t{self.random.choice(words)};"]

    def _inside(self, what: str, depth: int) -> list[str]:
        self.around.append(what)
        lines = self._block(depth)
        self.around.pop()
        return lines

    def _switch(self, depth: int) -> list[str]:
        """A switch: some cases fall through, some share a place, some are left out."""
        random, writer = self.random, self.writer
        type_ = random.choice(
            [*self.world.ranges, *(f"enum {name}" for name in self.world.enums), "bool"]
        )
        subject = writer.expr(type_, self.scope, 1)
        labels = list(dict.fromkeys(f"case {writer.constant(type_)}:" for _ in range(3)))
        if self.chance(0.5):
            labels.insert(random.randrange(len(labels) + 1), "default:")
        lines = [f"switch ({subject}) {{"]
        for label in labels:
            lines.append(label)
            if self.chance(0.8):
                lines += _flat(self._inside("switch", depth - 1))
            if self.chance(0.7):
                lines.append("\tbreak;")
        return [*lines, "}"]

    def _leave(self) -> list[str]:
        test = self.writer.boolean(self.scope, 0)
        if self.subject is not None:
            value = self.random.choice(list(self.subject[0]))
            return [f"if ({test}) {{", *_flat(self._with_effect(value)), "}"]
        if self.scope.result == "void":
            return [f"if ({test})", "\treturn;"]
        return [f"if ({test})", f"\treturn {self.writer.expr(self.scope.result, self.scope, 0)};"]

    def _wait(self) -> list[str]:
        return [self.random.choice(self.world.waits[0])]

    def _section(self, depth: int) -> list[str]:
        choices = [
            (lock, kind)
            for lock, kind in self.writer.locks_here(self.scope)
            if lock not in self.held
        ]
        if not choices:
            return [self._simple()]
        lock, kind = self.random.choice(choices)
        way = self.random.choice(self.world.ways[kind])
        if self.chance(0.97):
            self.held.append(lock)
        inside = self._block(depth - 1)
        if lock in self.held:
            self.held.remove(lock)
        leave = [f"{way.leave}({lock});"]
        if self.chance(0.05):
            leave = []
        if kind in self.world.downgrade and not way.shared and self.chance(0.4):
            shared = next(w for w in self.world.ways[kind] if w.shared)
            leave = [f"{self.world.downgrade[kind]}({lock});", f"{shared.leave}({lock});"]
        if self.chance(0.6):
            return [f"{way.take}({lock});", *inside, *leave]
        tried = f"{way.attempt}({lock})"
        match self.random.randrange(5):
            case 0 if self.subject is None and self.scope.result == "void":
                label = self._label()
                self.ladder.append((label, [self._simple()] if self.chance(0.5) else []))
                return [f"if (!{tried})", f"\tgoto {label};", *inside, *leave]
            case 1:
                # The kernel's ladder: what comes later lets go of it on its way out.
                label = self._label()
                self.ladder.append((label, leave))
                test = self.writer.boolean(self.scope, 0)
                return [f"{way.take}({lock});", f"if ({test})", f"\tgoto {label};", *inside]
            case 2 if self.chance(0.3):
                return [f"while (!{tried})", "\t;", *inside, *leave]
            case _:
                return [f"if ({tried}) {{", *_flat([*inside, *leave]), "}"]

    def _if(self, depth: int) -> list[str]:
        lines = [f"if ({self.writer.boolean(self.scope, 1)}) {{", *_flat(self._block(depth - 1))]
        if self.chance(0.45):
            lines += ["} else {", *_flat(self._block(depth - 1))]
        return [*lines, "}"]

    def _loop(self, depth: int) -> list[str]:
        """A loop, most often one that ends; now and then one that goes back by goto."""
        numbers = [n for n, t in self.scope.names.items() if t in self.world.ranges]
        form = self.random.randrange(5)
        # What goes back by goto is no loop that `break` could leave.
        inside = self._block(depth - 1) if form == 2 else self._inside("loop", depth - 1)
        match form:
            case 0 | 1 if numbers and self.world.ranges[self.scope.names[numbers[0]]][1] >= 1:
                i = numbers[0]
                low, high = self.world.ranges[self.scope.names[i]]
                start = max(low, high - 2)
                step = self.random.choice((f"{i} = {i} + 1", f"{i}++", f"{i} += 1"))
                return [
                    f"for ({i} = {start}; {i} < {high}; {step}) {{",
                    *_flat(inside),
                    "}",
                ]
            case 2:
                label = self._label()
                test = self.writer.boolean(self.scope, 1)
                return [f"{label}:", *inside, f"if ({test})", f"\tgoto {label};"]
            case 3:
                test = self.writer.boolean(self.scope, 1)
                return ["do {", *_flat(inside), f"}} while ({test});"]
            case _:
                test = self.writer.boolean(self.scope, 1)
                return [f"while ({test}) {{", *_flat(inside), "}"]

    def _call_function(self) -> list[str]:
        callee = self.random.choice(self.world.functions)
        kinds = {_lock_pointer(t) for _, t in callee.params} - {""}
        if any(all(k != its for _, its in self.writer.locks_here(self.scope)) for k in kinds):
            return [self._simple()]
        call = self.writer.call(callee, self.scope)
        self.left -= 1
        targets = [n for n, t in self.scope.names.items() if t == callee.result]
        if targets and self.chance(0.7):
            return [f"{self.random.choice(targets)} = {call};"]
        if callee.result == "bool" and self.chance(0.5):
            return [f"if ({call})", f"\t{self._simple()}"]
        return [f"{call};"]

    def _call_subject(self, depth: int) -> list[str]:
        """A call as its contract wants it, with what it returns looked at; perhaps in a loop."""
        subject = self.world.subjects[0]
        writer = self.writer
        self.left -= 1
        inside: dict[str, str] = {}
        args = []
        for name, type_ in subject.callee.params:
            if name == "p":
                mine = [n for n, t in self.scope.names.items() if t == "struct box *"]
                objects = [f"&{path}" for path in self.world.objects["box"]]
                arg = self.random.choice(mine if mine and self.chance(0.6) else objects)
                inside["&p->lock"] = f"&{arg}->lock" if not arg.startswith("&") else f"{arg}.lock"
            else:
                arg = writer.expr(type_, self.scope, 0)
            args.append(arg)

        def there(lock: str) -> str:
            return inside.get(lock, lock)

        def way(lock: str, shared: bool) -> LockWay:
            kinds = dict(writer.locks_here(self.scope))
            kind = kinds.get(there(lock)) or self.world.structs["box"]["lock"][0]
            return next(w for w in self.world.ways[kind] if w.shared == shared)

        lines = [f"{way(lock, False).take}({there(lock)});" for lock in subject.must]
        lines += [f"{way(lock, True).take}({there(lock)});" for lock in subject.shared]
        if self.chance(0.04):
            lines = []
        call = f"subject({', '.join(args)})"
        own = [n for n, t in self.scope.names.items() if t == "enum status"]
        if not own:
            self.scope.names["r"] = "enum status"
            own = ["r"]
            self.declared.append(f"enum status r = {writer.constant('enum status')};")
            lines.append(f"r = {call};")
        else:
            lines.append(f"{own[0]} = {call};")
        for value, effects in subject.effects.items():
            words = {lock: word for word, lock in effects}
            undo = []
            for lock in subject.must:
                if words.get(lock) != "releases":
                    undo.append(f"{way(lock, False).leave}({there(lock)});")
            for lock in subject.shared:
                if words.get(lock) != "releases_shared":
                    undo.append(f"{way(lock, True).leave}({there(lock)});")
            for lock, word in words.items():
                if word.startswith("acquires"):
                    undo.append(f"{way(lock, word == 'acquires_shared').leave}({there(lock)});")
            if self.chance(0.03):
                undo = undo[1:]
            if undo:
                lines += [f"if ({own[0]} == {value}) {{", *_flat(undo), "}"]
        numbers = [n for n, t in self.scope.names.items() if t == "int"]
        if depth > 0 and self.chance(0.3):
            if numbers and self.world.ranges["int"][1] >= 1:
                i = numbers[0]
                low, high = self.world.ranges["int"]
                start = max(low, high - 2)
                return [f"for ({i} = {start}; {i} < {high}; {i} = {i} + 1) {{", *_flat(lines), "}"]
            return [f"while ({own[0]} == AGAIN) {{", *_flat(lines), "}"]
        return lines

    def _simple(self) -> str:
        """An assignment or a call of a primitive."""
        random, writer, scope = self.random, self.writer, self.scope
        kind = random.randrange(10)
        if kind < 3:
            callee = random.choice(self.world.primitives)
            kinds = {_lock_pointer(t) for _, t in callee.params} - {""}
            here = {its for _, its in writer.locks_here(scope)}
            if kinds <= here:
                call = writer.call(callee, scope)
                targets = [n for n, t in scope.names.items() if t == callee.result]
                if targets and self.chance(0.6):
                    return f"{random.choice(targets)} = {call};"
                return f"{call};"
        if kind < 5 and scope.names:
            names = [n for n, t in scope.names.items() if not _lock_pointer(t)]
            if names:
                name = random.choice(names)
                return f"{name} = {writer.expr(scope.names[name], scope, 1)};"
        if kind == 5 and self.world.thread_locals:
            name = random.choice(list(self.world.thread_locals))
            return f"{name} = {writer.expr(self.world.thread_locals[name], scope, 1)};"
        if kind == 6 and self.chance(0.3):
            return ";"
        return writer._set(scope)
