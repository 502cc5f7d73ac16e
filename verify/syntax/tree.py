"""The syntax tree: what a text says, before any name is looked up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, get_args, overload

from verify.source import Span
from verify.syntax.nodes import (
    BinaryOp,
    ClauseKind,
    Direction,
    LiteralWord,
    Shape,
    UnaryOp,
    UpdateOp,
)

if TYPE_CHECKING:
    # Types alone: the reference interpreter reads this tree and has locks of its own.
    from verify.locks import EffectWord


class Sugar:
    """A node that is short for others: `desugar` writes it out, and nothing behind it sees one."""

    __slots__ = ()


# ---------------------------------------------------------------- expressions


@dataclass(frozen=True, slots=True)
class Name:
    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Integer:
    value: int
    span: Span


@dataclass(frozen=True, slots=True)
class Literal:
    word: LiteralWord
    span: Span


@dataclass(frozen=True, slots=True)
class Unary:
    op: UnaryOp
    arg: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Binary:
    op: BinaryOp
    left: Expr
    right: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Member:
    """`base->name` or `base.name`."""

    base: Expr
    name: str
    arrow: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Subscript:
    base: Expr
    index: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Call:
    callee: Name
    args: tuple[Expr, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class ContainerOf:
    """`container_of(pointer, struct type, member)`; `typeof(*variable)` names the type too."""

    pointer: Expr
    struct: Name | None
    variable: Name | None
    member: str
    span: Span


@dataclass(frozen=True, slots=True)
class Conditional(Sugar):
    """`condition ? then : otherwise`"""

    condition: Expr
    then: Expr
    otherwise: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Count(Sugar):
    """`target++` or `++target`, `op` + or -.  As a statement it is read as an `Update`."""

    op: UpdateOp
    target: Expr
    span: Span


SugarExpr: TypeAlias = Conditional | Count
Expr: TypeAlias = (
    Name | Integer | Literal | Unary | Binary | Member | Subscript | Call | ContainerOf | SugarExpr
)

# ----------------------------------------------------------------- statements


@dataclass(frozen=True, slots=True)
class TypeName:
    """`word` is the spelling (`bool`, `unsigned long`, `struct page`); stars count pointers."""

    word: str
    stars: int
    span: Span


@dataclass(frozen=True, slots=True)
class Local:
    type: TypeName
    name: str
    value: Expr | None
    span: Span


@dataclass(frozen=True, slots=True)
class Assign:
    target: Expr
    value: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class CallStatement:
    call: Call
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


@dataclass(frozen=True, slots=True)
class Kept:
    """Declares a local of the type of `value`, for what has to be evaluated before something
    else is; nobody can write one."""

    name: str
    value: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class For(Sugar):
    first: Statement | None
    condition: Expr | None
    step: Statement | None
    body: Statement
    span: Span


@dataclass(frozen=True, slots=True)
class Break(Sugar):
    span: Span


@dataclass(frozen=True, slots=True)
class Continue(Sugar):
    span: Span


@dataclass(frozen=True, slots=True)
class Switch(Sugar):
    """`body` has the labels of the cases in it, wherever they stand."""

    subject: Expr
    body: Statement
    span: Span


@dataclass(frozen=True, slots=True)
class Case(Sugar):
    """`case value:`; without a value it is `default:`."""

    value: Expr | None
    span: Span


@dataclass(frozen=True, slots=True)
class DoWhile(Sugar):
    body: Statement
    condition: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Update(Sugar):
    """`target op= value`, without a value by 1; `op` is +, - or *."""

    op: UpdateOp
    target: Expr
    value: Expr | None
    span: Span


SugarStatement: TypeAlias = For | Break | Continue | Switch | Case | DoWhile | Update
Statement: TypeAlias = (
    Block
    | Local
    | Assign
    | CallStatement
    | If
    | While
    | Goto
    | Label
    | Return
    | Kept
    | SugarStatement
)

# ------------------------------------------------------------------ traversal

Node: TypeAlias = Expr | Statement
STATEMENTS = get_args(Statement)
SUGAR_EXPRS = get_args(SugarExpr)
_SHAPE = Shape((*get_args(Expr), *STATEMENTS))


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
class Include:
    path: str
    span: Span


@dataclass(frozen=True, slots=True)
class Range:
    type: TypeName
    low: int
    high: int
    span: Span


@dataclass(frozen=True, slots=True)
class Enum:
    name: str
    members: tuple[Name, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Field:
    type: TypeName
    name: str
    length: int | None
    span: Span


@dataclass(frozen=True, slots=True)
class Struct:
    name: str
    fields: tuple[Field, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class InitList:
    """`{ .field = value, ... }` for a struct, `{ value, ... }` for an array."""

    items: tuple[tuple[str | None, Initializer], ...]
    span: Span


Initializer: TypeAlias = Expr | InitList


@dataclass(frozen=True, slots=True)
class Object:
    type: TypeName
    name: str
    length: int | None
    value: Initializer | None
    thread_local: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Param:
    type: TypeName
    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Alternative:
    """One atomic way through a primitive; `guard` None means always."""

    guard: Expr | None
    transient: bool
    note: str
    body: Statement
    span: Span


@dataclass(frozen=True, slots=True)
class Primitive:
    type: TypeName
    name: str
    params: tuple[Param, ...]
    before: tuple[Statement, ...]
    alternatives: tuple[Alternative, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Function:
    type: TypeName
    name: str
    params: tuple[Param, ...]
    must_hold: tuple[Expr, ...]
    body: Block
    span: Span


@dataclass(frozen=True, slots=True)
class Thread:
    """`interrupt`: it runs in interrupt context."""

    name: str
    sentence: str
    body: Block
    span: Span
    interrupt: bool = False


@dataclass(frozen=True, slots=True)
class Party:
    """A thread of a scenario; `count` None means any number, called for ever anyway."""

    thread: Name
    count: int | None
    forever: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Scenario:
    name: str
    sentence: str
    members: tuple[Party, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Outcome:
    name: str
    sentence: str
    condition: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Effect:
    """What a return value does to a lock."""

    word: EffectWord
    lock: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Promise:
    values: tuple[Name, ...]
    effects: tuple[Effect, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Contract:
    function: Name
    promises: tuple[Promise, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Axis:
    name: str
    value: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Row:
    pattern: Expr
    outcomes: tuple[Name, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Table:
    function: Name
    sampled_at: Name
    sampled_value: Expr | None
    axes: tuple[Axis, ...]
    rows: tuple[Row, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Clause:
    """`kind` is before, use, after, table, never or finally; `hook` what it hangs on.

    That is a callee, of `use` (`before struct page`) a struct.
    """

    kind: ClauseKind
    hook: Name | None
    condition: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Alone:
    thread: Name
    when: Expr | None
    span: Span


@dataclass(frozen=True, slots=True)
class Claim:
    name: str
    sentence: str
    alone: Alone | None
    clauses: tuple[Clause, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Assumption:
    """What the model takes for granted; `direction` is misses (bugs) or alarms (falsely)."""

    sentence: str
    direction: Direction
    span: Span


@dataclass(frozen=True, slots=True)
class Known:
    """The bug that refutes a claim has a name; without a scenario it has it in each.

    It is the one that shows in the cases of `pattern`, or by a step about all of `topics`.
    """

    claim: Name
    scenario: Name | None
    pattern: Expr | None
    topics: tuple[Name, ...]
    sentence: str
    span: Span


Declaration: TypeAlias = (
    Include
    | Range
    | Enum
    | Struct
    | Object
    | Primitive
    | Function
    | Thread
    | Scenario
    | Outcome
    | Contract
    | Table
    | Claim
    | Assumption
    | Known
)
