"""The checked tree: names looked up, types known, nothing left to complain about.

Struct lvalues are addresses here: `alloc0.mutex` and `alloc->mutex` are both a
base pointer and a field, so that lowering sees one form of each access.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args, overload

from verify.source import Span
from verify.syntax.nodes import BinaryOp, ClauseKind, Direction, Shape

if TYPE_CHECKING:
    # Types alone: the reference interpreter reads this tree and has locks of its own.
    from verify.locks import EffectWord, LockWord, TestWord


# ---------------------------------------------------------------------- types


# Of a type that an expression may have: an array has to be indexed, of one that is unknown
# something was said already.
TypeKind: TypeAlias = Literal[
    "void", "bool", "int", "enum", "pointer", "struct", "lock", "lock pointer", "array", "unknown"
]


@dataclass(frozen=True, slots=True)
class Type:
    """`kind` is void, bool, int, enum, pointer, struct, lock or lock pointer.

    `name` is the struct, enum, integer spelling or lock kind; a pointer to
    void has the name "void".
    """

    kind: TypeKind
    name: str = ""

    def __str__(self) -> str:
        match self.kind:
            case "pointer":
                return "void *" if self.name == "void" else f"struct {self.name} *"
            case "struct":
                return f"struct {self.name}"
            case "enum":
                return f"enum {self.name}"
            case "lock":
                return self.name
            case "lock pointer":
                return f"{self.name} *"
            case "int":
                return self.name
            case "void" | "bool" | "array" | "unknown":
                return self.kind


VOID = Type("void")
BOOL = Type("bool")

# ---------------------------------------------------------------- expressions


@dataclass(frozen=True, slots=True)
class Const:
    """A number, an enum's position, or an object's number with NULL as 0."""

    value: int
    type: Type
    span: Span


@dataclass(frozen=True, slots=True)
class Local:
    """A local or parameter of the function around it."""

    name: str
    type: Type
    span: Span


@dataclass(frozen=True, slots=True)
class ThreadLocal:
    name: str
    type: Type
    span: Span


@dataclass(frozen=True, slots=True)
class Field:
    """`base->field[index]`; `base` None means a variable at file scope."""

    base: Expr | None
    field: str
    index: Expr | None
    type: Type
    span: Span


@dataclass(frozen=True, slots=True)
class Inner:
    """`&base->field`, where the field is itself a struct."""

    base: Expr
    field: str
    type: Type
    span: Span


@dataclass(frozen=True, slots=True)
class LockAddress:
    """`&base->field`, where the field is a lock; `base` None means at file scope."""

    base: Expr | None
    field: str
    type: Type
    span: Span


@dataclass(frozen=True, slots=True)
class Not:
    arg: Expr
    type: Type
    span: Span


@dataclass(frozen=True, slots=True)
class Binary:
    op: BinaryOp
    left: Expr
    right: Expr
    type: Type
    span: Span


@dataclass(frozen=True, slots=True)
class Call:
    callee: str
    args: tuple[Expr, ...]
    type: Type
    span: Span


@dataclass(frozen=True, slots=True)
class Container:
    """The object whose field `field` is at `pointer`."""

    pointer: Expr
    field: str
    type: Type
    span: Span


@dataclass(frozen=True, slots=True)
class LockTest:
    """`is_locked` and its like, on a lock's address."""

    word: TestWord
    lock: Expr
    type: Type
    span: Span


@dataclass(frozen=True, slots=True)
class Did:
    callee: str
    type: Type
    span: Span


@dataclass(frozen=True, slots=True)
class Result:
    type: Type
    span: Span


Expr: TypeAlias = (
    Const
    | Local
    | ThreadLocal
    | Field
    | Inner
    | LockAddress
    | Not
    | Binary
    | Call
    | Container
    | LockTest
    | Did
    | Result
)

# ----------------------------------------------------------------- statements


@dataclass(frozen=True, slots=True)
class Assign:
    target: Expr
    value: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Do:
    """A call whose value nobody wants."""

    call: Call
    span: Span


@dataclass(frozen=True, slots=True)
class LockStatement:
    """What a primitive does to a lock."""

    word: LockWord
    lock: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class MightSleep:
    span: Span


@dataclass(frozen=True, slots=True)
class Block:
    body: tuple[Statement, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class If:
    condition: Expr
    then: Statement
    otherwise: Statement | None
    span: Span


@dataclass(frozen=True, slots=True)
class While:
    condition: Expr
    body: Statement
    span: Span


@dataclass(frozen=True, slots=True)
class Goto:
    """A jump; `written` if the text has a statement for it, whatever its word."""

    label: str
    span: Span
    written: bool = True


@dataclass(frozen=True, slots=True)
class Label:
    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Return:
    value: Expr | None
    span: Span


Statement: TypeAlias = (
    Assign | Do | LockStatement | MightSleep | Block | If | While | Goto | Label | Return
)

# ------------------------------------------------------------------ traversal

Node: TypeAlias = Expr | Statement
_SHAPE = Shape((*get_args(Expr), *get_args(Statement)))


@overload
def children(node: Expr) -> tuple[Expr, ...]: ...
@overload
def children(node: Node) -> tuple[Node, ...]: ...
def children(node: Node) -> tuple[Node, ...]:
    """The expressions and statements that a node is made of, in the order of the text."""
    return _SHAPE.children(node)


@overload
def map_children(node: Expr, change: Callable[[Expr], Expr]) -> Expr: ...
@overload
def map_children(node: Statement, change: Callable[[Node], Node]) -> Statement: ...
@overload
def map_children(node: Node, change: Callable[[Node], Node]) -> Node: ...
def map_children(node: Node, change: Callable[..., Node]) -> Node:
    """The node with each of its parts changed, in the order of the text."""
    changed: Node = _SHAPE.map_children(node, change)
    return changed


@overload
def walk(node: Expr) -> Iterator[Expr]: ...
@overload
def walk(node: Node) -> Iterator[Node]: ...
def walk(node: Node) -> Iterator[Node]:
    """A node and all nodes in it, each before its parts, in the order of the text."""
    return _SHAPE.walk(node)


# --------------------------------------------------------------- declarations


@dataclass(frozen=True, slots=True)
class Slot:
    """A piece of shared state, or one of a thread: `alloc0.mapped`, `in_reclaim`."""

    name: str
    type: Type
    initial: int
    span: Span


@dataclass(frozen=True, slots=True)
class Lock:
    name: str
    kind: str
    span: Span


@dataclass(frozen=True, slots=True)
class Alternative:
    guard: Expr | None
    transient: bool
    note: str
    body: Statement
    span: Span


@dataclass(frozen=True, slots=True)
class Primitive:
    name: str
    params: tuple[tuple[str, Type], ...]
    result: Type
    before: tuple[Statement, ...]
    alternatives: tuple[Alternative, ...]
    span: Span

    @property
    def bodies(self) -> tuple[Statement, ...]:
        """All its statements, those that every alternative begins with first."""
        return (*self.before, *(a.body for a in self.alternatives))


@dataclass(frozen=True, slots=True)
class Function:
    """`locals` are its own, parameters first; block scopes are one here."""

    name: str
    params: tuple[tuple[str, Type], ...]
    locals: tuple[tuple[str, Type], ...]
    result: Type
    must_hold: tuple[Expr, ...]
    body: Block
    span: Span


@dataclass(frozen=True, slots=True)
class Thread:
    """`interrupt`: it runs in interrupt context."""

    name: str
    sentence: str
    locals: tuple[tuple[str, Type], ...]
    body: Block
    span: Span
    interrupt: bool = False


@dataclass(frozen=True, slots=True)
class Clause:
    """`kind` before, use, after, table, never or finally; `hook` the callee's name, if any.

    Of `use` it is a struct's, which in the condition is a local: the object that is used.
    """

    kind: ClauseKind
    hook: str
    condition: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Claim:
    """`alone` names the thread that runs alone, `when` the states it starts from."""

    name: str
    sentence: str
    alone: str | None
    when: Expr | None
    clauses: tuple[Clause, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Known:
    """What the bug is called that refutes a claim; `scenario` empty: in each.

    `cases` are cells of the table, `topics` names: what it is about; empty: whatever it is.
    """

    claim: str
    scenario: str
    cases: tuple[int, ...]
    topics: tuple[str, ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class Promise:
    """For the return value `value`: lock effects as (word, lock address)."""

    value: int
    effects: tuple[tuple[EffectWord, Expr], ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Outcome:
    name: str
    sentence: str
    condition: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Axis:
    name: str
    value: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Table:
    """`claimed[i]` are the outcomes claimed of cell i; none means: never occurs.

    Cell i has axis j true iff bit j of i is set.  `rows[k]` are the cells that the k-th
    line of the table is for.
    """

    function: str
    sampled_at: str
    sampled_value: int | None
    axes: tuple[Axis, ...]
    claimed: tuple[tuple[str, ...], ...]
    rows: tuple[tuple[int, ...], ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Scenario:
    """`members` are (thread, count); count None means any number.

    The threads in `forever` start again when they have come to their end.
    """

    name: str
    sentence: str
    members: tuple[tuple[str, int | None], ...]
    forever: frozenset[str]
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A whole program, includes and all.

    `objects[struct]` lists the objects of a struct; object i has the value
    i + 1 as a pointer.  `labels[type]` names the values of a type, lowest
    first, and `lows[type]` is the lowest.
    """

    path: str
    sources: tuple[str, ...]
    labels: Mapping[Type, tuple[str, ...]]
    lows: Mapping[Type, int]
    objects: Mapping[str, tuple[str, ...]]
    slots: tuple[Slot, ...]
    thread_locals: tuple[Slot, ...]
    locks: tuple[Lock, ...]
    primitives: Mapping[str, Primitive]
    functions: Mapping[str, Function]
    threads: Mapping[str, Thread]
    scenarios: tuple[Scenario, ...]
    contracts: Mapping[str, tuple[Promise, ...]]
    outcomes: tuple[Outcome, ...]
    tables: tuple[Table, ...]
    claims: tuple[Claim, ...]
    assumptions: tuple[tuple[str, Direction], ...]
    known: tuple[Known, ...] = ()
