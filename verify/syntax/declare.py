"""Types and objects: what the declarations make, before any body is looked at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from verify import locks
from verify.diagnostics import Diagnostic, InputError, nearest
from verify.source import Span
from verify.syntax import tree
from verify.syntax.checked import BOOL, VOID, Lock, Slot, Type

MAX_DOMAIN = 64
MAX_OBJECTS = 256
MAX_NESTED = 20
MAX_ERRORS = 100
BUILT_IN = (*locks.STATEMENTS, *locks.TESTS, "might_sleep", "did")
# Names that nothing else may have: `case` is the case of the table in a run.
RESERVED = (*BUILT_IN, "result", "case")
INTEGERS = ("int", "unsigned int", "long", "unsigned long")
# Kernel spellings of the integer types; any of them may be given a range.
TYPEDEFS = ("size_t", "ssize_t", "u8", "u16", "u32", "u64", "gfp_t", "pgoff_t")


@dataclass
class Declared:
    """The names of a program and what they stand for; filled by `declare`."""

    errors: list[Diagnostic] = field(default_factory=list)
    ranges: dict[str, tuple[int, int]] = field(default_factory=dict)
    enums: dict[str, tuple[str, ...]] = field(default_factory=dict)
    constants: dict[str, tuple[int, Type]] = field(default_factory=dict)
    structs: dict[str, dict[str, tuple[Type, int | None]]] = field(default_factory=dict)
    variables: dict[str, tuple[Type, int | None]] = field(default_factory=dict)
    thread_locals: dict[str, Type] = field(default_factory=dict)
    objects: dict[str, list[str]] = field(default_factory=dict)
    slots: dict[str, Slot] = field(default_factory=dict)
    locals: dict[str, Slot] = field(default_factory=dict)
    locks: dict[str, Lock] = field(default_factory=dict)
    spans: dict[str, Span] = field(default_factory=dict)

    def error(
        self, code: str, headline: str, span: Span | None, label: str = "", *notes: str
    ) -> None:
        self.errors.append(Diagnostic(code, headline, span, label, tuple(notes)))
        if len(self.errors) >= MAX_ERRORS:
            raise InputError(self.errors)

    def claim_name(self, name: str, span: Span) -> None:
        """Note a file-scope name; complain if it is taken."""
        if name in RESERVED:
            self.error("BFP102", f"`{name}` is a built-in word", span)
        if name in self.spans:
            self.error(
                "BFP102",
                f"`{name}` is declared twice",
                span,
                "here again",
                f"first at {self.spans[name].where}",
            )
        else:
            self.spans[name] = span

    def type_of(self, name: tree.TypeName) -> Type:
        """The type a spelling stands for; complains and says int if there is none."""
        word, stars = name.word, name.stars
        if word in locks.BY_TYPE:
            if stars > 1:
                self.error("BFP103", f"no `{word} {'*' * stars}` here", name.span)
            return Type("lock pointer" if stars == 1 else "lock", word)
        if stars > 1 or (stars == 1 and word != "void" and not word.startswith("struct ")):
            self.error(
                "BFP103",
                f"no pointers to {word} here",
                name.span,
                "only to structs and locks",
            )
            return Type("pointer", "void")
        if word == "void":
            return Type("pointer", "void") if stars else VOID
        if word == "bool":
            return BOOL
        if word.startswith("struct "):
            struct = word.removeprefix("struct ")
            if struct not in self.structs:
                self._unknown("struct", struct, self.structs, name.span)
                return Type("pointer", "void")
            return Type("pointer" if stars else "struct", struct)
        if word.startswith("enum "):
            enum = word.removeprefix("enum ")
            if enum not in self.enums:
                self._unknown("enum", enum, self.enums, name.span)
                return BOOL
            return Type("enum", enum)
        if word not in INTEGERS and word not in TYPEDEFS and word not in self.ranges:
            self._unknown("type", word, (*locks.BY_TYPE, *TYPEDEFS, *self.ranges), name.span)
            return BOOL
        if word not in self.ranges:
            self.error(
                "BFP109",
                f"`{word}` has no range",
                name.span,
                "used here",
                f"say how large it may get: range {word} = 0..3;",
            )
            self.ranges[word] = (0, 1)
        return Type("int", word)

    def _unknown(self, what: str, name: str, known: Iterable[str], span: Span) -> None:
        self.error("BFP101", f"{what} `{name}` is not declared", span, "", *nearest(name, known))

    def count(self) -> int:
        """How many objects, variables and locks there are."""
        return sum(map(len, self.objects.values())) + len(self.slots) + len(self.locks)

    def first(self, type_: Type) -> int:
        """What a variable of a type is if nobody says: 0, or the lowest value."""
        low, high = self.ranges[type_.name] if type_.kind == "int" else (0, 0)
        return 0 if low <= 0 <= high else low

    def labels(self, type_: Type) -> tuple[int, tuple[str, ...]]:
        """Lowest value of a type and the words for its values, lowest first."""
        match type_.kind:
            case "bool":
                return 0, ("false", "true")
            case "enum":
                return 0, self.enums[type_.name]
            case "int":
                low, high = self.ranges[type_.name]
                return low, tuple(str(i) for i in range(low, high + 1))
            case "pointer":
                names = () if type_.name == "void" else self.objects.get(type_.name, [])
                return 0, ("NULL", *(f"&{name}" for name in names))
            case "void" | "struct" | "lock" | "lock pointer" | "array" | "unknown":
                return 0, ("void",)


def declare(declarations: Sequence[tree.Declaration]) -> Declared:
    """The types, objects and locks of a program; mistakes are noted in `errors`."""
    known = Declared()
    for declaration in declarations:
        match declaration:
            case tree.Range():
                _range(known, declaration)
            case tree.Enum():
                _enum(known, declaration)
            case tree.Struct():
                if f"struct {declaration.name}" in locks.BY_TYPE or (
                    declaration.name in known.structs
                ):
                    known.error(
                        "BFP102",
                        f"`struct {declaration.name}` is declared twice",
                        declaration.span,
                        "",
                        "the locks are built in"
                        if f"struct {declaration.name}" in locks.BY_TYPE
                        else "",
                    )
                known.structs.setdefault(declaration.name, {})
            case _:
                # No other declaration makes a type.
                pass
    for declaration in declarations:
        if isinstance(declaration, tree.Struct):
            _struct(known, declaration)
    _refuse_nesting(known, declarations)
    objects = [d for d in declarations if isinstance(d, tree.Object)]
    if known.errors:
        return known
    for item in objects:
        _object(known, item)
    if not known.errors:
        for item in objects:
            _initialise(known, item)
    return known


def _range(known: Declared, declaration: tree.Range) -> None:
    word, span = declaration.type.word, declaration.span
    if word in ("bool", "void", *locks.BY_TYPE) or word.startswith(("struct ", "enum ")):
        known.error("BFP109", f"`{word}` is no integer type", span)
    elif declaration.low > declaration.high:
        known.error("BFP109", f"the range of `{word}` is empty", span)
    elif declaration.high - declaration.low >= MAX_DOMAIN:
        known.error(
            "BFP109",
            f"the range of `{word}` has {declaration.high - declaration.low + 1} values, "
            f"more than {MAX_DOMAIN}",
            span,
            "",
            "a model needs the few values that make a difference",
        )
    elif word in known.ranges:
        known.error("BFP102", f"`{word}` has two ranges", span)
    known.ranges.setdefault(word, (declaration.low, max(declaration.low, declaration.high)))


def _enum(known: Declared, declaration: tree.Enum) -> None:
    if declaration.name in known.enums:
        known.error("BFP102", f"`enum {declaration.name}` is declared twice", declaration.span)
    if len(declaration.members) > MAX_DOMAIN:
        known.error(
            "BFP109",
            f"`enum {declaration.name}` has more than {MAX_DOMAIN} values",
            declaration.span,
        )
    known.enums[declaration.name] = tuple(m.name for m in declaration.members)
    for position, member in enumerate(declaration.members):
        known.claim_name(member.name, member.span)
        known.constants[member.name] = (position, Type("enum", declaration.name))


def _struct(known: Declared, declaration: tree.Struct) -> None:
    fields = known.structs[declaration.name]
    for item in declaration.fields:
        if item.name in fields:
            known.error("BFP102", f"field `{item.name}` is declared twice", item.span)
            continue
        type_ = known.type_of(item.type)
        if type_ == VOID:
            known.error("BFP103", f"field `{item.name}` cannot be void", item.span)
            continue
        if item.length is not None and (
            not 0 < item.length <= MAX_DOMAIN or type_.kind in ("struct", "lock")
        ):
            known.error(
                "BFP109",
                f"no array of {item.length} `{type_}`",
                item.span,
                f"scalars and pointers only, 1 to {MAX_DOMAIN} of them",
            )
            continue
        if type_.kind == "lock pointer":
            known.error("BFP103", "a pointer to a lock cannot be stored", item.span)
            continue
        fields[item.name] = (type_, item.length)


def _refuse_nesting(known: Declared, declarations: Iterable[tree.Declaration]) -> None:
    """Complain about structs that contain themselves, or others too deep."""
    depths: dict[str, int] = {}

    def depth(struct: str, level: int) -> int:
        """How many structs lie inside each other; more than the limit if it never ends."""
        if struct not in depths and level <= MAX_NESTED:
            inner = (t.name for t, _ in known.structs[struct].values() if t.kind == "struct")
            depths[struct] = 1 + max((depth(name, level + 1) for name in inner), default=0)
        return depths.get(struct, MAX_NESTED + 1)

    for declaration in declarations:
        if isinstance(declaration, tree.Struct) and depth(declaration.name, 0) > MAX_NESTED:
            known.error(
                "BFP103",
                f"`struct {declaration.name}` contains itself, or more than {MAX_NESTED} "
                "structs inside each other",
                declaration.span,
            )


def _object(known: Declared, item: tree.Object) -> None:
    known.claim_name(item.name, item.span)
    type_ = known.type_of(item.type)
    if type_ == VOID or type_.kind == "lock pointer":
        known.error("BFP103", f"`{item.name}` cannot be of type {type_}", item.span)
        return
    if item.thread_local:
        if type_.kind in ("struct", "lock") or item.length is not None:
            known.error("BFP103", "only scalars and pointers can be thread_local", item.span)
            return
        known.thread_locals[item.name] = type_
        known.locals[item.name] = Slot(item.name, type_, known.first(type_), item.span)
        return
    if item.length is not None and type_.kind in ("struct", "lock"):
        known.error("BFP103", "no arrays of structs or locks: name each object", item.span)
        return
    if item.length is not None and not 0 < item.length <= MAX_DOMAIN:
        known.error("BFP109", f"an array has 1 to {MAX_DOMAIN} elements", item.span)
        return
    known.variables[item.name] = (type_, item.length)
    if known.count() <= MAX_OBJECTS:
        _expand(known, item.name, type_, item.length, item.span)
        if known.count() > MAX_OBJECTS:
            known.error("BFP004", f"more than {MAX_OBJECTS} objects and variables", item.span)


def _expand(known: Declared, name: str, type_: Type, length: int | None, span: Span) -> None:
    """Make the slots, locks and pointer targets of an object, piece by piece."""
    if known.count() > MAX_OBJECTS:
        return
    if length is not None:
        for i in range(length):
            _expand(known, f"{name}[{i}]", type_, None, span)
    elif type_.kind == "struct":
        known.objects.setdefault(type_.name, []).append(name)
        for part, (inner, size) in known.structs[type_.name].items():
            _expand(known, f"{name}.{part}", inner, size, span)
    elif type_.kind == "lock":
        known.locks[name] = Lock(name, locks.BY_TYPE[type_.name].name, span)
    else:
        known.slots[name] = Slot(name, type_, known.first(type_), span)


def _initialise(known: Declared, item: tree.Object) -> None:
    if item.value is None or item.name not in (known.variables | known.thread_locals):
        return
    if item.thread_local:
        value = constant(known, item.value, known.thread_locals[item.name])
        if value is not None:
            known.locals[item.name] = Slot(
                item.name, known.thread_locals[item.name], value, item.span
            )
        return
    type_, length = known.variables[item.name]
    _set(known, item.name, type_, length, item.value, item.span)


def _set(
    known: Declared,
    name: str,
    type_: Type,
    length: int | None,
    value: tree.Initializer,
    span: Span,
) -> None:
    if length is not None:
        if not isinstance(value, tree.InitList) or len(value.items) > length:
            known.error("BFP103", f"`{name}` wants a list of {length}", value.span)
            return
        for i, (part_name, part) in enumerate(value.items):
            if part_name is not None:
                known.error("BFP103", f"`{name}` is an array: no .{part_name} in it", part.span)
            _set(known, f"{name}[{i}]", type_, None, part, span)
        return
    if type_.kind == "struct":
        if not isinstance(value, tree.InitList):
            known.error("BFP103", f"`{name}` wants {{ .field = value }}", value.span)
            return
        for part_name, part in value.items:
            fields = known.structs[type_.name]
            if part_name is None or part_name not in fields:
                known.error(
                    "BFP101",
                    f"struct {type_.name} has no field `{part_name or ''}`",
                    part.span,
                    "",
                    *nearest(part_name or "", fields),
                )
                continue
            inner, size = fields[part_name]
            _set(known, f"{name}.{part_name}", inner, size, part, span)
        return
    if type_.kind == "lock":
        known.error("BFP103", f"`{name}` is a lock; nobody holds it at the start", value.span)
        return
    number = constant(known, value, type_)
    if number is not None:
        known.slots[name] = Slot(name, type_, number, known.slots[name].span)


def constant(known: Declared, value: tree.Initializer, type_: Type) -> int | None:
    """The value of an initializer; complains and says None if it is not constant or fits not."""
    found: tuple[int, Type] | None = None
    match value:
        case tree.Integer(number):
            found = (number, Type("int"))
        case tree.Unary("-", tree.Integer(number)):
            found = (-number, Type("int"))
        case tree.Literal("NULL"):
            found = (0, Type("pointer", "void"))
        case tree.Literal(word):
            found = (int(word == "true"), BOOL)
        case tree.Name(name) if name in known.constants:
            found = known.constants[name]
        case tree.Unary("&", place):
            path = _path(place)
            for struct, names in known.objects.items():
                if path in names:
                    found = (names.index(path) + 1, Type("pointer", struct))
            if found is None and path is not None:
                known.error(
                    "BFP101",
                    f"no object `{path}`",
                    value.span,
                    "",
                    *nearest(path, [n for names in known.objects.values() for n in names]),
                )
                return None
        case _:
            # Nothing else is constant.
            pass
    if found is None:
        known.error("BFP103", "an initial value has to be a constant", value.span)
        return None
    number, given = found
    low, words = known.labels(type_)
    fits = (
        given == type_
        or (given.kind in ("int", "bool") and type_.kind in ("int", "bool"))
        or (given.name == "void" and type_.kind == "pointer")
    )
    if not fits:
        known.error("BFP103", f"expected {type_}, not {given}", value.span)
        return None
    if not low <= number < low + len(words):
        known.error(
            "BFP109",
            f"{number} is outside the range of {type_}",
            value.span,
            f"{words[0]} to {words[-1]}",
        )
        return None
    return number


def _path(place: tree.Expr) -> str | None:
    match place:
        case tree.Name(name):
            return name
        case tree.Member(base, name, False):
            inner = _path(base)
            return None if inner is None else f"{inner}.{name}"
        case _:
            # No other expression is the path of an object.
            return None
