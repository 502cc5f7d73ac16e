"""Bodies: the statements of functions, threads and primitives, their labels and locals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from verify import locks
from verify.diagnostics import nearest
from verify.source import Span
from verify.syntax import checked, tree
from verify.syntax.checked import BOOL, VOID, Expr
from verify.syntax.declare import Declared
from verify.syntax.scope import Scope


@dataclass
class BodyScope(Scope):
    """What a statement may speak of and do, by where it stands."""

    def statement(self, node: tree.Statement) -> checked.Statement | None:
        match node:
            case tree.Block(body, span):
                parts = [self.statement(part) for part in body]
                return checked.Block(tuple(p for p in parts if p is not None), span)
            case tree.Kept():
                return None
            case tree.Local(_, name, value, span):
                return None if value is None else self._assign(tree.Name(name, span), value, span)
            case tree.Assign(target, value, span):
                return self._assign(target, value, span)
            case tree.CallStatement(call, span):
                return self._call_statement(call, span)
            case tree.If(condition, then, otherwise, span):
                test = self.truth(condition)
                one = self.statement(then) or checked.Block((), span)
                two = None if otherwise is None else self.statement(otherwise)
                return None if test is None else checked.If(test, one, two, span)
            case tree.While(condition, inside, span):
                if self.where == "primitive":
                    self.error("BFP105", "no loops in a primitive", span)
                    return None
                test = self.truth(condition)
                inner = self.statement(inside) or checked.Block((), span)
                return None if test is None else checked.While(test, inner, span)
            case tree.Goto(label, span, written):
                if self.where == "primitive":
                    self.error("BFP105", "no goto in a primitive", span)
                return checked.Goto(label, span, written)
            case tree.Label(name, span):
                if self.where == "primitive":
                    self.error("BFP105", "no labels in a primitive", span)
                return checked.Label(name, span)
            case tree.Return(value, span):
                return self._return(value, span)
            case tree.Sugar():
                raise AssertionError(f"{type(node).__name__} is left of desugaring")

    def _assign(self, target: tree.Expr, value: tree.Expr, span: Span) -> checked.Assign | None:
        place = self.place(target)
        if place is not None and not isinstance(
            place, checked.Field | checked.Local | checked.ThreadLocal
        ):
            self.error("BFP103", f"cannot assign to `{target.span.text}`", target.span)
            place = None
        if isinstance(place, checked.Field) and place.type.kind == "array":
            self.error("BFP103", "an array cannot be assigned", target.span)
            place = None
        if self.where == "primitive" and isinstance(place, checked.Local):
            self.error("BFP105", "a primitive does not assign its parameters", target.span)
            place = None
        if place is None:
            self.expr(value)
            return None
        given = self.truth(value) if place.type == BOOL else self.expr(value)
        if given is None:
            return None
        if not self.fits(place.type, given):
            self.error(
                "BFP103",
                f"`{target.span.text}` is {place.type}, not {given.type}",
                value.span,
            )
            return None
        return checked.Assign(place, given, span)

    def _call_statement(self, call: tree.Call, span: Span) -> checked.Statement | None:
        name = call.callee.name
        if name in locks.STATEMENTS:
            if self.where != "primitive":
                self.error("BFP105", f"`{name}` is for primitives", call.callee.span)
                return None
            lock = self.lock(call, name)
            return None if lock is None else checked.LockStatement(name, lock, span)
        if name == "might_sleep":
            if self.where != "primitive" or call.args:
                self.error("BFP105", "`might_sleep()` is for primitives", call.callee.span)
                return None
            return checked.MightSleep(span)
        value = self.call(call)
        return checked.Do(value, span) if isinstance(value, checked.Call) else None

    def _return(self, value: tree.Expr | None, span: Span) -> checked.Return:
        if value is None:
            if self.result != VOID:
                self.error("BFP103", f"a {self.result} has to be returned", span)
            return checked.Return(None, span)
        if self.result == VOID:
            self.error("BFP103", "nothing is returned from here", span)
            return checked.Return(None, span)
        given = self._returned(value)
        if given is None:
            return checked.Return(None, span)
        if not self.fits(self.result, given):
            self.error("BFP103", f"returns {self.result}, not {given.type}", value.span)
            return checked.Return(None, span)
        return checked.Return(given, span)

    def _returned(self, value: tree.Expr) -> Expr | None:
        if self.where != "primitive" or not isinstance(value, tree.Call):
            return self.truth(value) if self.result == BOOL else self.expr(value)
        if value.callee.name in locks.TESTS:
            return self.call(value)
        given = self.call(value)
        if given is not None and given.type != self.result:
            self.error(
                "BFP103",
                f"returns {self.result}, not {given.type}",
                value.span,
                "a primitive hands on what another one returns as it is",
            )
            return None
        return given


def locals_of(body: tree.Block) -> Iterator[tree.Local]:
    """The declarations in a body, inner blocks included, in order."""
    return (part for part in tree.walk(body) if isinstance(part, tree.Local))


def check_labels(known: Declared, body: checked.Block) -> None:
    """Each goto has its label, each label is there once."""
    labels: dict[str, Span] = {}
    gotos: list[checked.Goto] = []
    for part in checked.walk(body):
        if isinstance(part, checked.Label):
            if part.name in labels:
                known.error("BFP106", f"label `{part.name}` is there twice", part.span)
            labels[part.name] = part.span
        elif isinstance(part, checked.Goto):
            gotos.append(part)
    for goto in gotos:
        if goto.label not in labels:
            known.error(
                "BFP106",
                f"no label `{goto.label}` in this function",
                goto.span,
                "",
                *nearest(goto.label, labels),
            )
    for name, span in labels.items():
        # What desugaring makes of a jump has a blank in its name: an author cannot use it.
        if " " not in name and name not in {goto.label for goto in gotos}:
            known.error("BFP106", f"nothing goes to label `{name}`", span, "unused")
