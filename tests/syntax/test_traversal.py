"""One traversal for each tree: it knows every kind of node, and refuses what is none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import get_args

import pytest

from verify import ir
from verify.source import Span
from verify.syntax import checked, tree
from verify.syntax.load import Loader
from verify.syntax.nodes import Shape, UnknownNodeError
from verify.syntax.resolve import read

ROOT = Path(__file__).parents[2]
TREES = {"tree": tree, "checked": checked}
KINDS = [
    pytest.param(name, kind, id=f"{name}.{kind.__name__}")
    for name, module in TREES.items()
    for kind in (*get_args(module.Expr), *get_args(module.Statement))
]


def everything(node: object, kinds: tuple[type, ...]) -> Iterator[object]:
    """All nodes in a value, by looking into whatever is there."""
    if isinstance(node, kinds):
        yield node
    if isinstance(node, tuple):
        for part in node:
            yield from everything(part, kinds)
    elif is_dataclass(node) and not isinstance(node, Span):
        for field in fields(node):
            yield from everything(getattr(node, field.name), kinds)


@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_each_kind_of_node_is_known_with_all_that_can_be_in_it(name: str, kind: type) -> None:
    """Breaks if a kind of node is in the tree and walkers pass over what is inside of it: an
    assignment there would not count as changing anything, and races would be missed."""
    module = TREES[name]
    marks = {field.name: object() for field in fields(kind)}
    node = kind(**{n: (m,) if "tuple" in _type(kind, n) else m for n, m in marks.items()})
    holding = {n for n in marks if _holds_nodes(_type(kind, n))}
    assert tuple(marks[f.name] for f in fields(kind) if f.name in holding) == (
        module.children(node)
    )


def _type(kind: type, name: str) -> str:
    return str(next(field.type for field in fields(kind) if field.name == name))


def _holds_nodes(annotation: str) -> bool:
    return any(word in annotation for word in ("Expr", "Statement", "Block", "Call"))


def test_a_class_that_is_no_node_is_refused() -> None:
    """Breaks if a traversal takes what it does not know for a leaf."""
    span = ir.Const(0)
    with pytest.raises(UnknownNodeError):
        checked.children(tree.Label("out", span))
    with pytest.raises(UnknownNodeError):
        list(tree.walk(checked.Label("out", span)))


def test_a_field_of_which_nobody_knows_what_is_in_it_is_refused_where_the_tree_is_made() -> None:
    """Breaks if a new node can hold statements in a way that no walker looks into."""

    @dataclass(frozen=True)
    class Arms:
        arms: dict[str, checked.Statement]

    with pytest.raises(UnknownNodeError, match=r"Arms\.arms"):
        Shape([Arms])


@pytest.mark.slow
def test_walking_meets_each_node_of_a_program_once_and_in_order() -> None:
    """Breaks if a traversal leaves out, repeats or reorders a part of a real program."""
    path = ROOT / "programs" / "v3.bfp"
    program = read(path)
    kinds = (*get_args(checked.Expr), *get_args(checked.Statement))
    for body in (f.body for f in (*program.functions.values(), *program.threads.values())):
        assert list(map(id, everything(body, kinds))) == list(map(id, checked.walk(body)))
    _, declarations = Loader().load(path)
    kinds = (*get_args(tree.Expr), *get_args(tree.Statement))
    for declaration in declarations:
        if isinstance(declaration, tree.Function | tree.Thread):
            # The name of what is called, or of a struct, is no expression that has a value.
            names = set()
            for node in everything(declaration.body, kinds):
                if isinstance(node, tree.Call):
                    names.add(id(node.callee))
                elif isinstance(node, tree.ContainerOf):
                    names |= {id(node.struct), id(node.variable)}
            expected = [id(n) for n in everything(declaration.body, kinds) if id(n) not in names]
            assert expected == list(map(id, tree.walk(declaration.body)))


def test_changing_nothing_gives_the_node_itself_and_changing_a_part_gives_another() -> None:
    """Breaks if a change to a tree is lost, or copies what it does not touch."""
    program = read(ROOT / "programs" / "v3.bfp")
    body = next(iter(program.functions.values())).body
    assert body is checked.map_children(body, lambda part: part)
    empty = checked.Block((), body.span)
    changed = checked.map_children(body, lambda _: empty)
    assert changed == checked.Block((empty,) * len(body.body), body.span)


def test_expressions_of_commands_are_made_again_of_their_parts() -> None:
    """Breaks if a traversal of guards and updates loses a kind of expression, or a part of one."""
    x, y, mine = ir.Shared("x"), ir.Local("y"), ir.Mine("m", "any")
    parts: dict[ir.Expr, tuple[ir.Expr, ...]] = {
        ir.Const(1): (),
        x: (),
        y: (),
        mine: (),
        ir.Others("m", "any"): (),
        ir.Not(mine): (mine,),
        ir.And((mine, x)): (mine, x),
        ir.Or((mine, x)): (mine, x),
        ir.Compare("==", x, y): (x, y),
        ir.Arith("+", x, y): (x, y),
        ir.Ite(mine, x, y): (mine, x, y),
    }
    assert set(get_args(ir.Expr)) == set(map(type, parts))
    for expr, inside in parts.items():
        assert inside == ir.children(expr)
        assert expr == ir.map_children(expr, lambda part: part)
        assert [expr, *inside] == list(ir.walk(expr))
