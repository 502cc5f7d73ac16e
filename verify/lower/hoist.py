"""Expressions of functions: calls and reads of shared state moved out, one to a step."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace

from verify.ir import FALSE, TRUE, Local, conj, negate
from verify.lower.builder import Builder
from verify.lower.uses import followed
from verify.lower.values import faults, value
from verify.reasons.steps import Came
from verify.reasons.violations import FollowsNull, quoted
from verify.source import Span
from verify.syntax import checked
from verify.syntax.checked import BOOL, Type


class Hoisting(Builder):
    """Evaluates expressions so that each step accesses shared state once at most."""

    @abstractmethod
    def call(
        self, node: checked.Call, pc: int, target: Local | None, span: Span | None = None
    ) -> int:
        """Lower a call, its value stored in `target`; the pc behind it."""

    def hoist(self, node: checked.Expr, pc: int, allowed: int) -> tuple[checked.Expr, int]:
        """Move calls out of `node`, and reads if there are more than `allowed` or some that
        are made only if they are needed."""
        node, pc = self._hoist_calls(node, pc)
        if self.shared.reads(node) > allowed or self.shared.may_skip(node):
            node, pc = self._hoist_reads(node, pc)
        return node, pc

    def _hoist_calls(self, node: checked.Expr, pc: int) -> tuple[checked.Expr, int]:
        if not has_call(node):
            return node, pc
        match node:
            case checked.Call():
                target = self._temporary(node.callee, node.type)
                pc = self.call(node, pc, target)
                return self._named(target, node), pc
            case checked.Binary("&&" | "||", _, right) if has_call(right):
                return self._by_branching(node, pc)
            case _:
                # The calls in all others are made whatever comes of the parts.
                return self._hoist_inside(node, pc)

    def _hoist_inside(self, node: checked.Expr, pc: int) -> tuple[checked.Expr, int]:
        """Move calls out of the parts; what stands before a call is evaluated before it, as far
        as the call might change it."""
        left = list(checked.children(node))

        def hoisted(part: checked.Expr) -> checked.Expr:
            nonlocal pc
            left.pop(0)
            part, pc = self._hoist_calls(part, pc)
            if any(map(has_call, left)):
                if self.shared.reads(part):
                    part, pc = self._hoist_reads(part, pc)
                part, pc = self.kept(part, pc)
            return part

        return checked.map_children(node, hoisted), pc

    def kept(self, node: checked.Expr, pc: int) -> tuple[checked.Expr, int]:
        """`node` as it is now, in front of a call that may change a variable of the thread."""
        if not reads_thread_local(node):
            return node, pc
        if isinstance(node, checked.LockAddress):
            # A lock has no value: the object that it lies in is kept.
            assert node.base is not None
            base, pc = self.kept(node.base, pc)
            return replace(node, base=base), pc
        target = self._temporary("value", node.type, kept_name(node.span))
        self.guarded(node, pc, node.span)
        after = self.pc()
        names = self.names()
        self.emit(pc, after, negate(faults(node, names)), [(target, value(node, names))])
        return self._named(target, node), after

    def _hoist_reads(self, node: checked.Expr, pc: int) -> tuple[checked.Expr, int]:
        if self.shared.reads(node) == 0 and not self.shared.may_skip(node):
            return node, pc
        match node:
            case checked.Binary("&&" | "||", _, right) if self.shared.looks(right):
                return self._by_branching(node, pc)
            case _:
                # All else is evaluated whatever it is: its parts, and then itself.
                pass

        def hoisted(part: checked.Expr) -> checked.Expr:
            nonlocal pc
            part, pc = self._hoist_reads(part, pc)
            return part

        node = checked.map_children(node, hoisted)
        if not isinstance(node, checked.Field) or self.shared.reads(node) == 0:
            return node, pc
        target = self._temporary(node.field, node.type)
        self.guarded(node, pc, node.span)
        self.access(pc)
        after = self.pc()
        names = self.names()
        ok = negate(faults(node, names))
        self.emit(pc, after, ok, [(target, value(node, names))], (self.place(node.span),))
        return self._named(target, node), after

    def _by_branching(self, node: checked.Expr, pc: int) -> tuple[checked.Expr, int]:
        target = self._temporary("condition", BOOL)
        yes, no, after = self.pc(), self.pc(), self.pc()
        self.branch(node, pc, yes, no)
        self.emit(yes, after, updates=[(target, TRUE)])
        self.emit(no, after, updates=[(target, FALSE)])
        return self._named(target, node), after

    def _temporary(self, name: str, type_: Type, shown: str = "") -> Local:
        return self.local(f"{self.frame.prefix}{name}%{len(self.locals)}", type_, shown or name)

    def _named(self, target: Local, node: checked.Expr) -> checked.Local:
        """A name for a temporary, so that checked expressions can speak of it."""
        self.frame.values[target.name] = target
        return checked.Local(target.name, node.type, node.span)

    def branch(self, node: checked.Expr, pc: int, yes: int, no: int) -> None:
        """Go to `yes` if a condition is true, else to `no`; C's short circuits."""
        match node:
            case checked.Not(arg):
                self.branch(arg, pc, no, yes)
            case checked.Binary("&&", left, right):
                middle = self.pc()
                self.branch(left, pc, middle, no)
                self.branch(right, middle, yes, no)
            case checked.Binary("||", left, right):
                middle = self.pc()
                self.branch(left, pc, yes, middle)
                self.branch(right, middle, yes, no)
            case _:
                # What is no connective is one test.
                came = (Came.TRUE, Came.FALSE)
                called = isinstance(node, checked.Call)
                if isinstance(node, checked.Binary) and node.span == node.left.span:
                    # A pointer or number as a condition, which checking made a comparison.
                    pointer = node.left.type.kind == "pointer"
                    came = (Came.NOT_NULL, Came.NULL) if pointer else (Came.NOT_ZERO, Came.ZERO)
                plain, pc = self.hoist(node, pc, 1)
                self.guarded(plain, pc, node.span)
                self.access(pc, self.shared.reads(plain) > 0)
                names = self.names()
                ok, test = negate(faults(plain, names)), value(plain, names)
                arms = ((test, yes, came[0]), (negate(test), no, came[1]))
                for wanted, target, note in arms:
                    places = () if called else (self.place(node.span, note),)
                    self.emit(pc, target, conj([ok, wanted]), places=places)

    def guarded(self, node: checked.Expr, pc: int, span: Span) -> None:
        """Break `memory` where evaluating `node` at `pc` makes no sense.

        And claims about what is used, if it uses it.
        """
        self.uses(node, pc, span)
        fault = faults(node, self.names())
        about = followed(node, self.names())
        self.fail(pc, fault, "memory", FollowsNull(quoted(node.span)), span, about=about)


def kept_name(span: Span) -> str:
    """What a value is shown as that is kept of a piece of text."""
    return f"value of {' '.join(span.text.split())}"


def reads_thread_local(node: checked.Expr) -> bool:
    """Whether an expression depends on a variable of the thread, which a call may assign."""
    return any(isinstance(part, checked.ThreadLocal) for part in checked.walk(node))


def has_call(node: checked.Expr) -> bool:
    return any(isinstance(part, checked.Call) for part in checked.walk(node))
