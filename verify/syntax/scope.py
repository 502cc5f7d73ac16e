"""Expressions: looks up names, infers types, builds the checked tree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from verify import locks
from verify.diagnostics import nearest
from verify.source import Span
from verify.syntax import checked, tree
from verify.syntax.checked import BOOL, VOID, Expr, Type
from verify.syntax.declare import BUILT_IN, Declared

INT = Type("int", "int")
POINTER = Type("pointer", "void")
# Of a local that keeps a value with which something is wrong: nothing more is said of it.
UNKNOWN = Type("unknown")


# Where an expression stands.
Where: TypeAlias = Literal["function", "primitive", "claim", "clause", "state"]


@dataclass(frozen=True)
class Signature:
    """What a call has to look like; `atomic` for a primitive."""

    params: tuple[tuple[str, Type], ...]
    result: Type
    atomic: bool
    span: Span


@dataclass
class Scope:
    """What an expression may speak of, by where it stands.

    `where` is function, primitive, claim, clause (a claim's condition that
    hangs on a function: `result` and `did` make sense) or state (one that is
    no thread's: what is a thread's own makes no sense).
    """

    known: Declared
    signatures: Mapping[str, Signature]
    where: Where
    names: dict[str, Type] = field(default_factory=dict)
    result: Type = VOID

    def expr(self, node: tree.Expr) -> Expr | None:
        """The checked form of an expression, or None after complaining."""
        value = self._expr(node)
        if isinstance(value, checked.Field) and value.type.kind == "array":
            self.error("BFP103", f"`{node.span.text}` is an array", node.span, "no value: index it")
            return None
        return value

    def _expr(self, node: tree.Expr) -> Expr | None:
        match node:
            case tree.Integer(value, span):
                return checked.Const(value, INT, span)
            case tree.Literal("NULL", span):
                return checked.Const(0, POINTER, span)
            case tree.Literal(word, span):
                return checked.Const(int(word == "true"), BOOL, span)
            case tree.Name():
                return self._name(node)
            case tree.Unary("!", arg, span):
                inner = self.truth(arg)
                return None if inner is None else checked.Not(inner, BOOL, span)
            case tree.Unary("-", arg, span):
                inner = self._typed(arg, ("int",))
                zero = checked.Const(0, INT, span)
                return None if inner is None else checked.Binary("-", zero, inner, inner.type, span)
            case tree.Unary("&", arg, span):
                place = self.place(arg)
                if place is not None and not isinstance(
                    place, checked.Inner | checked.LockAddress | checked.Const
                ):
                    self.error("BFP103", "only structs and locks have an address here", span)
                    return None
                return place
            case tree.Unary(_, _, span):
                self.error("BFP105", "`*` does not stand alone: use `->`", span)
                return None
            case tree.Binary():
                return self._binary(node)
            case tree.Member() | tree.Subscript():
                place = self.place(node)
                if isinstance(place, checked.Inner | checked.LockAddress | checked.Const):
                    what = "lock" if isinstance(place, checked.LockAddress) else "struct"
                    self.error(
                        "BFP103",
                        f"a {what} is no value",
                        node.span,
                        f"a {what} used as one",
                        "is_locked(&lock) and held(&lock) ask for its state"
                        if what == "lock"
                        else "",
                    )
                    return None
                return place
            case tree.Call():
                return self._call_inside(node)
            case tree.ContainerOf():
                return self._container(node)
            case tree.Sugar():
                raise AssertionError(f"{type(node).__name__} is left of desugaring")

    def truth(self, node: tree.Expr) -> Expr | None:
        """A condition: bool as it is, numbers and pointers compared with 0."""
        value = self.expr(node)
        if value is None or value.type == BOOL:
            return value
        if value.type.kind in ("int", "enum", "pointer"):
            zero = checked.Const(0, value.type, node.span)
            return checked.Binary("!=", value, zero, BOOL, node.span)
        self.error("BFP103", f"{value.type} is no condition", node.span)
        return None

    def place(self, node: tree.Expr) -> Expr | None:
        """What `node` denotes: a field, or the address of a struct or lock."""
        match node:
            case tree.Name(name, span):
                if name in self.names:
                    return self._own(name, span)
                if name in self.known.variables:
                    return self._select(None, name, self.known.variables[name], span)
                return self._name(node)
            case tree.Member(base, name, arrow, span):
                pointer = self.expr(base) if arrow else self.place(base)
                if pointer is None:
                    return None
                if not arrow and not isinstance(pointer, checked.Inner | checked.Const):
                    hint = "use `->`" if pointer.type.kind == "pointer" else ""
                    self.error("BFP103", f"`{base.span.text}` is no struct", span, hint)
                    return None
                if pointer.type.kind != "pointer" or pointer.type.name == "void":
                    self.error(
                        "BFP103",
                        f"`{base.span.text}` is no pointer to a struct",
                        span,
                        f"it is of type {pointer.type}",
                    )
                    return None
                fields = self.known.structs[pointer.type.name]
                if name not in fields:
                    self.error(
                        "BFP101",
                        f"struct {pointer.type.name} has no field `{name}`",
                        span,
                        "",
                        *nearest(name, fields),
                    )
                    return None
                return self._select(pointer, name, fields[name], span)
            case tree.Subscript(base, index, span):
                array = self.place(base)
                position = self._typed(index, ("int",))
                if array is None or position is None:
                    return None
                if not isinstance(array, checked.Field) or array.type.kind != "array":
                    self.error("BFP103", f"`{base.span.text}` is no array", span)
                    return None
                return checked.Field(array.base, array.field, position, self._element(array), span)
            case _:
                # Nothing else is a place: it is a value, or complained about there.
                return self.expr(node)

    def _element(self, array: checked.Field) -> Type:
        if array.base is None:
            return self.known.variables[array.field][0]
        return self.known.structs[array.base.type.name][array.field][0]

    def _select(
        self, base: Expr | None, name: str, declared: tuple[Type, int | None], span: Span
    ) -> Expr:
        type_, length = declared
        if length is not None:
            return checked.Field(base, name, None, Type("array", str(type_)), span)
        if type_.kind == "lock":
            return checked.LockAddress(base, name, Type("lock pointer", type_.name), span)
        if type_.kind == "struct":
            pointer = Type("pointer", type_.name)
            if base is None:
                number = self.known.objects[type_.name].index(name) + 1
                return checked.Const(number, pointer, span)
            return checked.Inner(base, name, pointer, span)
        return checked.Field(base, name, None, type_, span)

    def _name(self, node: tree.Name) -> Expr | None:
        name, span = node.name, node.span
        if name in self.names:
            return self._own(name, span)
        if name in self.known.constants:
            value, type_ = self.known.constants[name]
            return checked.Const(value, type_, span)
        if name in self.known.thread_locals:
            if self.where == "state":
                self.error("BFP108", f"whose `{name}`? It is thread_local", span)
                return None
            return checked.ThreadLocal(name, self.known.thread_locals[name], span)
        if name in self.known.variables:
            place = self._select(None, name, self.known.variables[name], span)
            if isinstance(place, checked.Const | checked.LockAddress):
                what = "struct" if isinstance(place, checked.Const) else "lock"
                self.error("BFP103", f"`{name}` is a {what}, not a value", span)
                return None
            return place
        if name == "result":
            if self.where != "clause" or self.result == VOID:
                self.error("BFP105", "`result` has no meaning here", span)
                return None
            return checked.Result(self.result, span)
        known = [
            *self.names,
            *self.known.constants,
            *self.known.thread_locals,
            *self.known.variables,
        ]
        self.error("BFP101", f"`{name}` is not declared", span, "", *nearest(name, known))
        return None

    def _typed(self, node: tree.Expr, kinds: tuple[str, ...]) -> Expr | None:
        value = self.expr(node)
        if value is not None and value.type.kind not in kinds:
            self.error("BFP103", f"expected {' or '.join(kinds)}, not {value.type}", node.span)
            return None
        return value

    def _binary(self, node: tree.Binary) -> Expr | None:
        op, span = node.op, node.span
        if op in ("&&", "||"):
            one, two = self.truth(node.left), self.truth(node.right)
            if one is None or two is None:
                return None
            return checked.Binary(op, one, two, BOOL, span)
        left, right = self.expr(node.left), self.expr(node.right)
        if left is None or right is None:
            return None
        if op in ("==", "!="):
            alike = self.fits(left.type, right) or self.fits(right.type, left)
            if not alike or left.type.kind not in ("bool", "int", "enum", "pointer"):
                self.error("BFP103", f"cannot compare {left.type} with {right.type}", span)
                return None
            return checked.Binary(op, left, right, BOOL, span)
        for side, where in ((left, node.left), (right, node.right)):
            if side.type.kind not in ("int", "bool"):
                self.error("BFP103", f"`{op}` wants numbers, not {side.type}", where.span)
                return None
        if op in ("<", "<=", ">", ">="):
            return checked.Binary(op, left, right, BOOL, span)
        wider = right.type if left.type == INT or left.type == BOOL else left.type
        return checked.Binary(op, left, right, wider, span)

    def call(self, node: tree.Call) -> Expr | None:
        """A call as an expression."""
        name, span = node.callee.name, node.callee.span
        if name in locks.TEST_WORDS:
            return self._lock_test(node, name)
        if name == "did":
            return self._did(node)
        if name in BUILT_IN:
            self.error("BFP105", f"`{name}` is a statement of primitives", span)
            return None
        if name not in self.signatures:
            self.error(
                "BFP101",
                f"function `{name}` is not declared",
                span,
                "",
                *nearest(name, [*self.signatures, *BUILT_IN]),
            )
            return None
        signature = self.signatures[name]
        if self.where in ("claim", "clause", "state"):
            self.error(
                "BFP105", f"a claim cannot call `{name}`", span, "it states, it does not act"
            )
            return None
        if self.where == "primitive" and not signature.atomic:
            self.error("BFP105", f"`{name}` takes several steps", span, "a primitive is one step")
            return None
        args = self._arguments(node, signature)
        return None if args is None else checked.Call(name, args, signature.result, node.span)

    def _lock_test(self, node: tree.Call, name: locks.TestWord) -> Expr | None:
        span = node.callee.span
        if self.where == "function":
            self.error(
                "BFP105",
                f"`{name}` is for primitives and claims",
                span,
                "",
                "the kernel asks by a call: write a primitive for it",
            )
            return None
        if self.where == "state" and name.startswith("held"):
            self.error(
                "BFP108",
                f"`{name}` by whom?",
                span,
                "no thread looks at this state",
                f"is_{name.replace('held', 'locked')} asks for anybody"
                if name == "held"
                else f"is_{name.removeprefix('held_')}_locked asks for anybody",
            )
            return None
        lock = self.lock(node, name)
        return None if lock is None else checked.LockTest(name, lock, BOOL, node.span)

    def _arguments(self, node: tree.Call, signature: Signature) -> tuple[Expr, ...] | None:
        """The arguments of a call, if they are as many as declared and each fits."""
        name = node.callee.name
        if len(node.args) != len(signature.params):
            self.error(
                "BFP104",
                f"`{name}` takes {len(signature.params)} arguments, not {len(node.args)}",
                node.span,
                "",
                f"declared at {signature.span.where}",
            )
            return None
        args = []
        for arg, (param, type_) in zip(node.args, signature.params, strict=True):
            value = self.truth(arg) if type_ == BOOL else self.expr(arg)
            if value is not None and not self.fits(type_, value):
                self.error(
                    "BFP104",
                    f"`{param}` of `{name}` is {type_}, not {value.type}",
                    arg.span,
                    "",
                    f"declared at {signature.span.where}",
                )
                value = None
            args.append(value)
        given = tuple(arg for arg in args if arg is not None)
        return given if len(given) == len(args) else None

    def _call_inside(self, node: tree.Call) -> Expr | None:
        """A call as a part of something: a primitive, one step, has no room for that."""
        value = self.call(node)
        if self.where == "primitive" and isinstance(value, checked.Call):
            self.error(
                "BFP105",
                f"`{value.callee}` is called inside an expression",
                node.span,
                "in a primitive a call is a statement, or what it returns",
            )
            return None
        return value

    def _did(self, node: tree.Call) -> Expr | None:
        if self.where != "clause":
            self.error("BFP105", "`did` has no meaning here", node.span)
            return None
        if len(node.args) != 1 or not isinstance(node.args[0], tree.Name):
            self.error("BFP104", "`did` wants the name of a function", node.span)
            return None
        name = node.args[0].name
        if name not in self.signatures:
            self.error(
                "BFP101",
                f"function `{name}` is not declared",
                node.args[0].span,
                "",
                *nearest(name, self.signatures),
            )
            return None
        return checked.Did(name, BOOL, node.span)

    def lock(self, node: tree.Call, word: locks.NamesLock) -> Expr | None:
        """The lock of a lock word: `acquire(&alloc->mutex)`, `held(lock)`."""
        if len(node.args) != 1:
            self.error("BFP104", f"`{word}` wants one lock", node.span)
            return None
        return self.lock_address(node.args[0], word)

    def lock_address(self, node: tree.Expr, word: locks.NamesLock) -> Expr | None:
        """The address of a lock that `word` makes sense for."""
        value = self.expr(node)
        if value is None:
            return None
        if value.type.kind != "lock pointer":
            self.error(
                "BFP103",
                f"`{word}` wants the address of a lock",
                node.span,
                f"this is {value.type}",
            )
            return None
        refused = locks.BY_TYPE[value.type.name].refuses(word)
        if refused:
            self.error("BFP103", refused, node.span)
            return None
        return value

    def _container(self, node: tree.ContainerOf) -> Expr | None:
        struct: str | None
        if node.struct is not None:
            struct = node.struct.name
        else:
            assert node.variable is not None
            type_ = self.names.get(node.variable.name)
            if type_ is None or type_.kind != "pointer":
                self.error(
                    "BFP103",
                    f"`{node.variable.name}` is no pointer to a struct",
                    node.variable.span,
                )
                return None
            struct = type_.name
        if struct not in self.known.structs:
            self.error("BFP101", f"struct `{struct}` is not declared", node.span)
            return None
        declared = self.known.structs[struct].get(node.member)
        pointer = self._typed(node.pointer, ("pointer",))
        if pointer is None:
            return None
        if declared is None or declared[0] != Type("struct", pointer.type.name):
            self.error(
                "BFP103",
                f"struct {struct} has no field `{node.member}` of type struct {pointer.type.name}",
                node.span,
            )
            return None
        return checked.Container(pointer, node.member, Type("pointer", struct), node.span)

    def fits(self, wanted: Type, value: Expr) -> bool:
        """Whether `value` may go where `wanted` is expected."""
        given = value.type
        if given == wanted:
            return True
        if wanted.kind == "pointer" and given.kind == "pointer":
            # NULL, and nothing else, is of every pointer type: what a `void *` points to is lost.
            null = isinstance(value, checked.Const) and value.value == 0
            return null or (given.name == "void" and wanted.name == "void")
        return wanted.kind in ("int", "bool") and given.kind in ("int", "bool")

    def keep(self, node: tree.Kept) -> None:
        """Find out the type of a local that keeps a value."""
        value = self.expr(node.value)
        if value is not None and value.type.kind not in ("bool", "int", "enum", "pointer"):
            self.error("BFP103", f"`{node.span.text}` is no value", node.span)
            value = None
        self.names[node.name] = UNKNOWN if value is None else value.type

    def _own(self, name: str, span: Span) -> Expr | None:
        """A local, if it makes sense."""
        type_ = self.names[name]
        return None if type_ == UNKNOWN else checked.Local(name, type_, span)

    def error(self, code: str, headline: str, span: Span, label: str = "", *notes: str) -> None:
        self.known.error(code, headline, span, label, *(note for note in notes if note))
