"""The parts of a tree's nodes, read off its classes: no kind of node can be forgotten.

A class says by the annotation of each field whether there are nodes in it.  An
annotation that is neither known to hold nodes nor known to hold none is refused
where the tree is defined, so that nobody walks past what it holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, replace
from typing import Any, Literal, TypeAlias

# The closed sets that both trees speak of.
BinaryOp: TypeAlias = Literal["||", "&&", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*"]
UpdateOp: TypeAlias = Literal["+", "-", "*"]
UnaryOp: TypeAlias = Literal["!", "-", "&", "*"]
LiteralWord: TypeAlias = Literal["true", "false", "NULL"]
ClauseKind: TypeAlias = Literal["before", "use", "after", "table", "never", "finally"]
# An assumption makes the model miss bugs, or report some that there are not.
Direction: TypeAlias = Literal["misses", "alarms"]

# A field of these has one node or none, or a row of them.
ONE = frozenset({"Expr", "Expr | None", "Statement", "Statement | None", "Block", "Call"})
ROW = frozenset({"tuple[Expr, ...]", "tuple[Statement, ...]"})
# A field of these has none: a name that is looked up is no expression by itself.
NO_NODES = frozenset({"str", "int", "bool", "Span", "Type", "TypeName", "Name", "Name | None"})
NO_NODES |= {"BinaryOp", "UpdateOp", "UnaryOp", "LiteralWord", "TestWord", "LockWord"}


class UnknownNodeError(TypeError):
    """A class that is no node of this tree, or a field of which nobody knows what is in it."""


class Shape:
    """Which fields of the classes of one tree hold nodes, in the order of the text.

    Raises:
        UnknownNode: a field has an annotation that is in none of the tables above.
    """

    def __init__(self, classes: Iterable[type]) -> None:
        self.parts: dict[type, tuple[tuple[str, bool], ...]] = {
            one: tuple(_parts(one)) for one in classes
        }

    def children(self, node: Any) -> tuple[Any, ...]:
        """The nodes that a node is made of, in the order of the text."""
        found: list[Any] = []
        for name, row in self._parts_of(node):
            value = getattr(node, name)
            if row:
                found += value
            elif value is not None:
                found.append(value)
        return tuple(found)

    def map_children(self, node: Any, change: Callable[[Any], Any]) -> Any:
        """The node with `change` made to each of its parts in turn; itself if none is another."""
        changed: dict[str, Any] = {}
        for name, row in self._parts_of(node):
            old = getattr(node, name)
            if old is None:
                continue
            new = tuple(map(change, old)) if row else change(old)
            if any(a is not b for a, b in zip(old, new, strict=True)) if row else new is not old:
                changed[name] = new
        return replace(node, **changed) if changed else node

    def walk(self, node: Any) -> Iterator[Any]:
        """A node and all nodes in it, each before its parts, in the order of the text."""
        todo = [node]
        while todo:
            here = todo.pop()
            yield here
            todo += reversed(self.children(here))

    def _parts_of(self, node: Any) -> tuple[tuple[str, bool], ...]:
        try:
            return self.parts[type(node)]
        except KeyError:
            raise UnknownNodeError(f"{type(node).__name__} is no node of this tree") from None


def _parts(one: type) -> Iterator[tuple[str, bool]]:
    for field in fields(one):
        if field.type in ONE or field.type in ROW:
            yield field.name, field.type in ROW
        elif field.type not in NO_NODES:
            raise UnknownNodeError(f"{one.__name__}.{field.name}: are there nodes in {field.type}?")
