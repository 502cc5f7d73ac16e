"""Where everything lies: which variables there are, who is an object, what is an access."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from verify.syntax import checked
from verify.syntax.checked import Checked, Expr, Type

# The modes in which a thread may hold a lock, as bits; lock number l has them at WIDTH * l.
SHARED = 1
EXCLUSIVE = 2
ANY = 3
# A reader that a grace period waits for.
OLD = 4
# A section within another, counted from here on.
NESTED = 8
WIDTH = 5
EVERYTHING = (1 << WIDTH) - 1
DEEPEST = 3
# Kinds of locks whose holder must not sleep, and in which mode [B6].
ATOMIC = {"spinlock": ANY, "rwlock": ANY, "rcu": SHARED, "interrupts": ANY}
# Kinds of locks that an interrupt may spin for [I4].
SPINNING = ("spinlock", "rwlock")


class Layout:
    """The shared state of a program.

    `cells` numbers the variables and fields that some statement assigns; only
    these are part of a state.  `constants` has the values of all others.  Which
    locks a thread holds is a number, with two bits for each lock.
    """

    def __init__(self, program: Checked) -> None:
        self.program = program
        bodies: list[object] = [f.body for f in program.functions.values()]
        bodies += [t.body for t in program.threads.values()]
        bodies += program.primitives.values()
        self.assigned = frozenset(
            key(node.target)
            for body in bodies
            for node in walk(body)
            if isinstance(node, checked.Assign) and isinstance(node.target, checked.Field)
        )
        self.structs = {o: s for s, names in program.objects.items() for o in names}
        self.cells: dict[str, int] = {}
        self.constants: dict[str, int] = {}
        initial: list[int] = []
        domains: list[range] = []
        for slot in program.slots:
            if self._key_of(slot.name) in self.assigned:
                self.cells[slot.name] = len(initial)
                initial.append(slot.initial)
                domains.append(self.domain(slot.type))
            else:
                self.constants[slot.name] = slot.initial
        # [I4] What has happened to a lock: the mode taken in an interrupt, or with them on.
        self.used: dict[tuple[int, bool, int], int] = {}
        if any(thread.interrupt for thread in program.threads.values()):
            for number, lock in enumerate(program.locks):
                for interrupt, mode in product((False, True), (SHARED, EXCLUSIVE)):
                    if lock.kind in SPINNING:
                        self.used[number, interrupt, mode] = len(initial)
                        initial.append(0)
                        domains.append(range(2))
        self.initial = tuple(initial)
        self.domains = tuple(domains)
        self.lengths: dict[str, int] = {}
        for slot in program.slots:
            array = slot.name.partition("[")[0] if slot.name.endswith("]") else ""
            if array:
                self.lengths[array] = self.lengths.get(array, 0) + 1
        self.locks = {lock.name: number for number, lock in enumerate(program.locks)}
        self.atomic = sum(
            ATOMIC.get(lock.kind, 0) << WIDTH * number for number, lock in enumerate(program.locks)
        )
        self.switches = sum(
            ANY << WIDTH * number
            for number, lock in enumerate(program.locks)
            if lock.kind == "interrupts"
        )
        self.sections = {number for number, one in enumerate(program.locks) if one.kind == "rcu"}
        self.olds = sum(OLD << WIDTH * number for number in self.sections)
        self.thread_locals = {slot.name: i for i, slot in enumerate(program.thread_locals)}
        self.looks = self._looks()
        self._touches: dict[str, bool] = {}

    def marked(self, held: int, begun: int) -> int:
        """[G2] Locks held, with those marked whose readers a grace period waits for."""
        for lock in self.sections:
            if begun >> lock & 1 and held >> WIDTH * lock & SHARED:
                held |= OLD << WIDTH * lock
        return held

    def _looks(self) -> frozenset[tuple[str, str]]:
        """[T13] Where looking is an access: kinds of clauses, and what they hang on."""
        found = {
            (clause.kind, clause.hook)
            for claim in self.program.claims
            if claim.alone is None
            for clause in claim.clauses
            if self._is_look(clause.condition)
        }
        for table in self.program.tables:
            if any(self._is_look(axis.value) for axis in table.axes) or ("table", "") in found:
                found.add(("table", table.sampled_at))
            if any(self._is_look(outcome.condition) for outcome in self.program.outcomes):
                found.add(("after", table.function))
        return frozenset(found)

    def _is_look(self, condition: Expr) -> bool:
        """Whether a condition depends on what others may change."""
        return any(
            _asks_others(node) or (isinstance(node, checked.Field) and self.is_read(node))
            for node in walk(condition)
        )

    def _key_of(self, slot: str) -> tuple[str | None, str]:
        """Struct and field of a piece of shared state, or None and the variable."""
        path = slot.partition("[")[0]
        owner, _, field = path.rpartition(".")
        return (self.structs[owner] if owner else None), field

    def domain(self, type_: Type) -> range:
        """The values that something of a type may have."""
        low = self.program.lows[type_]
        return range(low, low + len(self.program.labels[type_]))

    def first(self, type_: Type) -> int:
        """[S2] What a local is before anything is stored in it."""
        if type_.kind != "int":
            return 0
        domain = self.domain(type_)
        return 0 if 0 in domain else domain.start

    # -------------------------------------------------------------- places

    def places(
        self, root: Expr | None, path: Sequence[str], field: str
    ) -> tuple[tuple[str, ...], ...]:
        """`root->path.field` for each value of `root`, NULL first, element by element.

        Of a scalar there is one element.  With `root` None there is one value, the
        variable `field`.
        """
        if root is None:
            return (self._elements(field),)
        owners = self.program.objects.get(root.type.name, ())
        return ((), *(self._elements(".".join((owner, *path, field))) for owner in owners))

    def _elements(self, name: str) -> tuple[str, ...]:
        if name in self.lengths:
            return tuple(f"{name}[{i}]" for i in range(self.lengths[name]))
        return (name,)

    def number(self, struct: str, name: str) -> int:
        """The value of a pointer to an object."""
        return self.program.objects[struct].index(name) + 1

    # ------------------------------------------------------------ accesses

    def is_access(self, primitive: str) -> bool:
        """[T3, T13] Whether a call of a primitive is a step of its own."""
        return ("table", primitive) in self.looks or self._is_touching(primitive)

    def _is_touching(self, primitive: str) -> bool:
        if primitive not in self._touches:
            body = self.program.primitives[primitive]
            self._touches[primitive] = ("before", primitive) in self.looks or any(
                self._touched(node) for node in walk(body)
            )
        return self._touches[primitive]

    def _touched(self, node: object) -> bool:
        """Whether a piece of a primitive makes it an access."""
        match node:
            case checked.Field():
                return self.is_read(node) or self.is_look_at(node)
            case checked.Inner() | checked.LockAddress():
                return self.is_look_at(node)
            case checked.LockStatement() | checked.Alternative(_, True):
                return True
            case checked.LockTest():
                return _asks_others(node)
            case checked.Call(callee):
                return self._is_touching(callee)
            case _:
                # What neither follows a pointer, takes a lock nor calls touches nothing by itself.
                return False

    def looks_in(self, *exprs: Expr) -> bool:
        """[T13] Whether a pointer is followed that some claim looks at."""
        return any(self.is_look_at(node) for node in walk(exprs))

    def is_still(self, *exprs: Expr) -> bool:
        """Whether there is neither a read nor a call in some expressions."""
        return not any(
            isinstance(node, checked.Call)
            or (isinstance(node, checked.Field) and self.is_read(node))
            for node in walk(exprs)
        )

    def is_read(self, place: checked.Field) -> bool:
        """[T2] Whether reading a field is an access, whoever looks."""
        return key(place) in self.assigned

    def is_look_at(self, node: object) -> bool:
        """[T13] Whether a pointer is followed to what a claim looks at, or to a part of it."""
        return isinstance(node, checked.Field | checked.Inner | checked.LockAddress) and any(
            ("use", struct) in self.looks for struct in followed(node.base)
        )


def followed(base: Expr | None) -> tuple[str, ...]:
    """[B8] The structs that are used in `base->field`, outermost first."""
    root, _ = unwrapped(base)
    if root is None or isinstance(root, checked.Const):
        return ()
    structs = [root.type.name]
    parts = []
    while isinstance(base, checked.Inner):
        parts.append(base.type.name)
        base = base.base
    return (*structs, *reversed(parts))


def key(place: checked.Field) -> tuple[str | None, str]:
    """What a field is assigned as: the struct that it is in, or None, and its name."""
    return (None if place.base is None else place.base.type.name), place.field


def _asks_others(node: object) -> bool:
    """Whether this asks who holds a lock: `held` asks the thread of its own affairs."""
    return isinstance(node, checked.LockTest) and node.word.startswith("is_")


def unwrapped(place: Expr | None) -> tuple[Expr | None, tuple[str, ...]]:
    """The pointer that is followed in `pointer->a.b`, and the fields on the way."""
    path: list[str] = []
    while isinstance(place, checked.Inner):
        path.append(place.field)
        place = place.base
    return place, tuple(reversed(path))


def walk(node: object) -> Iterator[object]:
    """A piece of the checked tree and all pieces in it."""
    todo = [node]
    while todo:
        node = todo.pop()
        if isinstance(node, tuple):
            todo.extend(reversed(node))
            continue
        slots = getattr(type(node), "__slots__", ())
        if not isinstance(node, Type) and slots:
            yield node
            todo.extend(getattr(node, part) for part in reversed(slots) if part != "span")
