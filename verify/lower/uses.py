"""Objects that are used: where a pointer is followed, what a claim asks of its object."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from verify.ir import FALSE, TRUE, Asked, Const, Expr, conj, disj, equal, negate
from verify.lower.accesses import named
from verify.lower.clauses import in_parts
from verify.lower.values import Layout, Names, faults, value, wrong
from verify.reasons.violations import UsesObject, Violation, quoted
from verify.source import Span
from verify.syntax import checked


@dataclass(frozen=True)
class Use:
    """`pointer` is followed to an object of `struct` in the text at `span`.

    That is where `when` is true, C's short circuits, and `sound`: what is
    evaluated before it makes sense.
    """

    struct: str
    pointer: Expr
    span: Span
    when: Expr = TRUE
    sound: Expr = TRUE

    def behind(self, sound: Expr, when: Expr = TRUE) -> Use:
        """The same use, where something else is evaluated before it."""
        return replace(self, when=conj([when, self.when]), sound=conj([sound, self.sound]))


@dataclass(frozen=True)
class Misuse:
    """A claim broken by a use of one object, in states in which `guard` is true."""

    guard: Expr
    claim: str
    violation: Violation
    asked: Asked | None = None
    about: tuple[str, ...] = ()


def uses(node: checked.Expr, names: Names) -> Iterator[Use]:
    """The pointers that evaluating `node` follows, in C's order of evaluation.

    They are those of which `faults` asks whether they are NULL, but for the
    addresses of objects: what is named directly is there.
    """
    match node:
        case checked.Field(base, _, index):
            sound: list[Expr] = []
            if base is not None:
                yield from uses(base, names)
                sound.append(negate(faults(base, names)))
            if index is not None:
                for use in uses(index, names):
                    yield use.behind(conj(sound))
                sound.append(negate(faults(index, names)))
            if base is not None and not named(base):
                yield Use(base.type.name, value(base, names), node.span, sound=conj(sound))
        case checked.Inner(base, _) | checked.LockAddress(base, _):
            if base is None:
                return
            yield from uses(base, names)
            if not named(base):
                sound = [negate(faults(base, names))]
                yield Use(base.type.name, value(base, names), node.span, sound=conj(sound))
        case checked.Container(arg, _) | checked.Not(arg) | checked.LockTest(_, arg):
            yield from uses(arg, names)
        case checked.Binary(op, left, right):
            yield from uses(left, names)
            sound = [negate(faults(left, names))]
            when: Expr = TRUE
            if op in ("&&", "||"):
                when = value(left, names) if op == "&&" else negate(value(left, names))
            for use in uses(right, names):
                yield use.behind(conj(sound), when)
        case checked.Const() | checked.Local() | checked.ThreadLocal():
            return
        case checked.Result() | checked.Did() | checked.Call():
            return


def followed(node: checked.Expr, names: Names) -> tuple[str, ...]:
    """The structs to whose objects evaluating `node` follows a pointer."""
    return tuple(dict.fromkeys(use.struct for use in uses(node, names)))


@dataclass
class Lifetimes:
    """What the `before struct` clauses of some claims ask of each object that is used."""

    layout: Layout
    claims: Sequence[checked.Claim]
    clauses: dict[str, list[tuple[str, checked.Clause]]] = field(init=False)

    def __post_init__(self) -> None:
        self.clauses = {}
        for claim in self.claims:
            for clause in claim.clauses:
                if clause.kind == "use":
                    self.clauses.setdefault(clause.hook, []).append((claim.name, clause))

    def misuses(self, node: checked.Expr, names: Names, sound: Expr = TRUE) -> Iterator[Misuse]:
        """How evaluating `node` may break a claim; `sound` if what comes before it makes sense."""
        done: set[tuple[str, Expr]] = set()
        for use in self._watched(node, names):
            if (use.struct, use.pointer) in done:
                continue
            if use.when == TRUE:
                # Whoever follows it again follows it in the same state.
                done.add((use.struct, use.pointer))
            for claim, clause in self.clauses[use.struct]:
                for i, name in enumerate(self.layout.names(use.struct)):
                    this = Const(i + 1)
                    here = conj([sound, use.when, use.sound, equal(use.pointer, this)])
                    names_it = Names(self.layout, {use.struct: this})
                    bad = wrong(clause.condition, names_it)
                    guard = conj([here, bad])
                    if guard != FALSE:
                        how = UsesObject(
                            name=name,
                            expression=quoted(use.span),
                            condition=quoted(clause.condition.span),
                        )
                        parts = in_parts(clause.condition, names_it)
                        yield Misuse(guard, claim, how, parts, (use.struct, name))

    def used(self, node: checked.Expr, names: Names) -> dict[str, Expr]:
        """The structs of which evaluating `node` uses an object, and when, if it makes sense."""
        found: dict[str, Expr] = {}
        for use in self._watched(node, names):
            found[use.struct] = disj([found.get(use.struct, FALSE), use.when])
        return found

    def _watched(self, node: checked.Expr, names: Names) -> Iterator[Use]:
        if self.clauses:
            yield from (use for use in uses(node, names) if use.struct in self.clauses)


def either(one: Mapping[str, Expr], two: Mapping[str, Expr]) -> dict[str, Expr]:
    """What is used where the one is evaluated and the other."""
    return {**one, **{struct: disj([one.get(struct, FALSE), when]) for struct, when in two.items()}}
