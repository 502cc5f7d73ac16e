"""Guarded commands as a short text that can be read back: what tests of passes are made of.

    shared x: bool = 0
    lock m: mutex
    thread t: 0 to 2
        local i: 0..3 = 0
        0 -> 1 own when x && i < 2 do i = i + 1; hold m; release n
        1 -> 2 forget i
        1 breaks balance when held(m, shared)

A name that is no word stands in quotes, and a minus sign belongs to the number that it
touches.  A name is a local where the thread declares it; a local that it does not declare
is `%name`.  An expression is read as it stands: nothing is folded, `a != b` is the negation
of `a == b` and `a >= b` that of `a < b`.
Where a command comes from in a program's text, and what is said of it, has no place here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from lark import Lark, Transformer, v_args

from verify.ir import (
    And,
    Arith,
    Claim,
    Command,
    Compare,
    Const,
    Domain,
    Expr,
    Ite,
    Local,
    Lock,
    Mine,
    Not,
    Or,
    Others,
    Program,
    Scenario,
    Shared,
    Thread,
    Variable,
)
from verify.locks import EXCLUSIVE, FREE, SHARED
from verify.reasons.steps import Spurious

HELD = {"free": FREE, "shared": SHARED, "exclusive": EXCLUSIVE}
# Words that would be read as something else where a name may stand.
TAKEN = {"held", "others", "hold", "bool"}

GRAMMAR = r"""
program: (shared | lock | claim | scenario | thread)*
shared: "shared" variable
lock: "lock" name ":" name
claim: "claim" name [built_in] [alone]
!built_in: "built" "in"
!alone: "alone"
scenario: "scenario" name ":" member ("," member)*
member: name count [forever]
count: -> one | "*" -> any_number | "x" NUMBER -> number
!forever: "forever"
thread: kind name ["of" name] ":" NUMBER "to" NUMBER [conditional] local* command*
!kind: "thread" | "observer" | "solo"
!conditional: "when"
local: "local" variable
variable: name ["as" name] ":" domain "=" NUMBER [ghost] [lasting]
!ghost: "ghost"
!lasting: "lasting"
domain: "bool" -> boolean
    | NUMBER ".." NUMBER -> range
    | name "from" NUMBER "{" names "}" -> words
command: NUMBER goal mark* [guard] [updates] [forget]
goal: "->" NUMBER -> target | "breaks" name -> broken
guard: "when" expr
updates: "do" effect (";" effect)*
forget: "forget" names
?mark: "own" -> own | "passing" -> passing
    | "transient" name -> transient | "outcome" name -> outcome
    | "calls" names -> called | "uses" names -> used
    | "cases" NUMBER ("," NUMBER)* -> cases | "case" NUMBER -> case
effect: (named | local_named) "=" expr -> update
    | "hold" name [mode] -> hold
names: name ("," name)*
!mode: "free" | "shared" | "exclusive" | "any"

?expr: either | either "?" expr ":" expr -> ite
?either: both | both ("||" both)+ -> disjunction
?both: test | test ("&&" test)+ -> conjunction
?test: sum | sum comparison sum -> compare
!comparison: "==" | "!=" | "<" | ">="
?sum: term | sum sign term -> arith
!sign: "+" | "-" | "*"
?term: "!" term -> negation
    | "(" expr ")"
    | NUMBER -> const
    | "held" "(" name ["," mode] ")" -> mine
    | "others" "(" name ["," mode] ")" -> others
    | named
    | local_named
named: name
local_named: "%" name
name: WORD | QUOTED

NUMBER: /-?\d+/
WORD: /[A-Za-z_][\w.]*/
QUOTED: /'[^']*'/
%ignore /\s+/
%ignore /#[^\n]*/
"""


def _said(key: str) -> Callable[..., dict[str, Any]]:
    """A part of a command: the field `key`, which is set where nothing more is said."""
    return lambda _, value=True: {key: value}


def _listed(kind: Callable[[tuple[Expr, ...]], Expr]) -> Callable[..., Expr]:
    return lambda _, *args: kind(args)


@v_args(inline=True)
class _Maker(Transformer):  # type: ignore[misc,type-arg]
    """Lark's tree of a declaration or a thread, whose locals are known, to what it says."""

    NUMBER, WORD = int, str
    const, negation, lock, local_named = Const, Not, Lock, Local

    def __init__(self, locals_: Collection[str] = ()) -> None:
        super().__init__()
        self._locals = locals_

    def QUOTED(self, token: str) -> str:
        return token[1:-1]

    def _word(self, *words: str) -> str:
        return " ".join(words)

    name = kind = mode = sign = comparison = _word
    built_in = alone = forever = conditional = ghost = lasting = _word

    def names(self, *found: str) -> tuple[str, ...]:
        return found

    # ------------------------------------------------------------ expressions

    def named(self, name: str) -> Shared | Local:
        return Local(name) if name in self._locals else Shared(name)

    conjunction, disjunction = _listed(And), _listed(Or)
    ite = Ite

    def compare(self, left: Expr, word: str, right: Expr) -> Expr:
        plain = Compare("==" if word in ("==", "!=") else "<", left, right)
        return plain if word in ("==", "<") else Not(plain)

    def arith(self, left: Expr, sign: str, right: Expr) -> Expr:
        return Arith(sign, left, right)

    def mine(self, lock: str, mode: str | None) -> Expr:
        return Mine(lock, mode or "any")

    def others(self, lock: str, mode: str | None) -> Expr:
        return Others(lock, mode or "any")

    # --------------------------------------------------------------- commands

    target, broken, guard = _said("target"), _said("violates"), _said("guard")
    own, passing = _said("own"), _said("passing")

    def transient(self, because: str) -> dict[str, Any]:
        return {"transient": Spurious(because)}

    outcome, called, used = _said("outcome"), _said("called"), _said("used")
    case, forget = _said("case"), _said("forget")

    def update(self, target: Shared | Local, new: Expr) -> tuple[Shared | Local, Expr]:
        return target, new

    def hold(self, lock: str, mode: str | None) -> tuple[str, int]:
        return lock, HELD[mode or "exclusive"]

    def updates(self, *effects: tuple[Any, Any]) -> dict[str, Any]:
        return {
            "updates": tuple(e for e in effects if isinstance(e[0], Shared | Local)),
            "locks": tuple(e for e in effects if isinstance(e[0], str)),
        }

    def cases(self, *cells: int) -> dict[str, Any]:
        return {"cases": cells}

    def command(self, source: int, *parts: dict[str, Any] | None) -> Command:
        said = {key: value for part in parts if part for key, value in part.items()}
        return Command(**{"source": source, "target": source, "guard": Const(1), **said})

    # --------------------------------------------------------------- programs

    def boolean(self) -> Domain:
        return Domain(name="bool", low=0, labels=("false", "true"))

    def range(self, low: int, high: int) -> Domain:
        return Domain(name="int", low=low, labels=tuple(map(str, range(low, high + 1))))

    def words(self, name: str, low: int, labels: tuple[str, ...]) -> Domain:
        return Domain(name=name, low=low, labels=labels)

    def variable(
        self, name: str, shown: str | None, domain: Domain, initial: int, *marks: str | None
    ) -> Variable:
        return Variable(
            name=name,
            shown=shown or name,
            domain=domain,
            initial=initial,
            ghost="ghost" in marks,
            lasting="lasting" in marks,
        )

    def shared(self, variable: Variable) -> Variable:
        return variable

    local = shared

    def thread(self, kind: str, name: str, claim: str | None, *parts: Any) -> Thread:
        entry, end, conditional, *inside = parts
        return Thread(
            name=name,
            sentence="",
            kind=kind,
            claim=claim or "",
            locals=tuple(v for v in inside if isinstance(v, Variable)),
            commands=tuple(c for c in inside if isinstance(c, Command)),
            entry=entry,
            end=end,
            when=bool(conditional),
        )

    def claim(self, name: str, built_in: str | None, alone: str | None) -> Claim:
        return Claim(name=name, sentence="", built_in=bool(built_in), span=None, solo=bool(alone))

    def one(self) -> int:
        return 1

    def any_number(self) -> None:
        return None

    def number(self, count: int) -> int:
        return count

    def member(self, name: str, count: int | None, forever: str | None) -> Any:
        return name, count, bool(forever)

    def scenario(self, name: str, *members: tuple[str, int | None, bool]) -> Scenario:
        return Scenario(
            name=name,
            sentence="",
            members=tuple((thread, count) for thread, count, _ in members),
            forever=frozenset(thread for thread, _, forever in members if forever),
        )


@cache
def _parser() -> Lark:
    return Lark(GRAMMAR, parser="lalr", start="program", maybe_placeholders=True)


def ir(text: str) -> Program:
    """The program that a text says."""
    parts = []
    for tree in _parser().parse(text).children:
        names = {v.children[0] for each in tree.find_data("local") for v in each.children}
        locals_ = {_Maker().transform(name) for name in names}
        parts.append(_Maker(locals_).transform(tree))

    def of(kind: type[Any]) -> tuple[Any, ...]:
        return tuple(part for part in parts if isinstance(part, kind))

    return Program(
        path="",
        texts=(),
        shared=of(Variable),
        locks=of(Lock),
        threads=of(Thread),
        claims=of(Claim),
        scenarios=of(Scenario),
        outcomes=(),
        table=None,
        subjects=(),
        statements=(),
    )


def thread(text: str) -> Thread:
    """The only thread of a text."""
    (found,) = ir(text).threads
    return found


def expression(text: str, locals_: Collection[str] = ()) -> Expr:
    """An expression by itself, over shared variables and these locals."""
    tree = _parser().parse(f"observer o of c: 0 to 0 0 breaks c when {text}")
    (command,) = _Maker(locals_).transform(tree).children[0].commands
    return command.guard


# ------------------------------------------------------------------- printing


def text(what: Program | Thread | Expr, locals_: Collection[str] = ()) -> str:
    """The text of a program, a thread, or an expression over some locals, a command to a line."""
    match what:
        case Program():
            return "\n".join(_program(what))
        case Thread():
            return "\n".join(_thread(what))
        case _:
            return _Printer(locals_).expr(what)


def _program(program: Program) -> Iterator[str]:
    yield from (f"shared {_variable(v)}" for v in program.shared)
    yield from (f"lock {_name(lock.name)}: {lock.kind}" for lock in program.locks)
    for claim in program.claims:
        marks = _if(claim.built_in, "built in") + _if(claim.solo, "alone")
        yield f"claim {_name(claim.name)}{marks}"
    for s in program.scenarios:
        members = ", ".join(
            _name(name) + _count(count) + _if(name in s.forever, "forever")
            for name, count in s.members
        )
        yield f"scenario {_name(s.name)}: {members}"
    for each in program.threads:
        yield from _thread(each)


def _count(count: int | None) -> str:
    return "*" if count is None else "" if count == 1 else f" x {count}"


def _thread(thread: Thread) -> Iterator[str]:
    claim = f" of {_name(thread.claim)}" if thread.claim else ""
    span = f"{thread.entry} to {thread.end}{_if(thread.when, 'when')}"
    yield f"{thread.kind} {_name(thread.name)}{claim}: {span}"
    yield from (f"    local {_variable(v)}" for v in thread.locals)
    printer = _Printer({v.name for v in thread.locals})
    yield from (f"    {printer.command(c)}" for c in thread.commands)


def _variable(variable: Variable) -> str:
    shown = "" if variable.shown == variable.name else f" as {_name(variable.shown)}"
    marks = _if(variable.ghost, "ghost") + _if(variable.lasting, "lasting")
    domain = _domain(variable.domain)
    return f"{_name(variable.name)}{shown}: {domain} = {variable.initial}{marks}"


def _domain(domain: Domain) -> str:
    values = tuple(map(str, domain.values))
    match domain:
        case Domain("bool", 0, ("false", "true")):
            return "bool"
        case Domain("int", low, labels) if labels == values:
            return f"{low}..{low + len(labels) - 1}"
        case _:
            return f"{_name(domain.name)} from {domain.low} {{{_names(domain.labels)}}}"


@dataclass(frozen=True)
class _Printer:
    """Prints what may name these locals of a thread."""

    locals_: Collection[str]

    def command(self, c: Command) -> str:
        words = {mode: word for word, mode in HELD.items()}
        effects = [f"{self.expr(target)} = {self.expr(new)}" for target, new in c.updates]
        effects += [f"hold {_name(lock)} {words[mode]}" for lock, mode in c.locks]
        goal = f"breaks {_name(c.violates)}" if c.violates else f"-> {c.target}"
        parts = [
            f"{c.source} {goal}",
            "own" if c.own else "",
            "passing" if c.passing else "",
            "" if c.transient is None else f"transient {_name(c.transient.because)}",
            f"outcome {_name(c.outcome)}" if c.outcome else "",
            f"calls {_names(c.called)}" if c.called else "",
            f"uses {_names(c.used)}" if c.used else "",
            f"cases {', '.join(map(str, c.cases))}" if c.cases else "",
            f"case {c.case}" if c.case != -1 else "",
            f"when {self.expr(c.guard)}" if c.guard != Const(1) else "",
            f"do {'; '.join(effects)}" if effects else "",
            f"forget {_names(c.forget)}" if c.forget else "",
        ]
        return " ".join(part for part in parts if part)

    def expr(self, expr: Expr, inside: bool = False) -> str:
        match expr:
            case Const(value):
                return str(value)
            case Shared(name):
                return _name(name)
            case Local(name):
                return _name(name) if name in self.locals_ else f"%{_name(name)}"
            case Mine(lock, mode):
                return f"held({_name(lock)}{'' if mode == 'any' else f', {mode}'})"
            case Others(lock, mode):
                return f"others({_name(lock)}{'' if mode == 'any' else f', {mode}'})"
            case Not(Compare(op, left, right)):
                return self._joined({"==": "!=", "<": ">="}[op], (left, right), inside)
            case Not(arg):
                return f"!{self.expr(arg, True)}"
            case And(args):
                return self._joined("&&", args, inside)
            case Or(args):
                return self._joined("||", args, inside)
            case Compare(op, left, right) | Arith(op, left, right):
                return self._joined(op, (left, right), inside)
            case Ite(condition, then, otherwise):
                parts = [self.expr(part, True) for part in (condition, then, otherwise)]
                found = f"{parts[0]} ? {parts[1]} : {parts[2]}"
                return f"({found})" if inside else found

    def _joined(self, op: str, args: Iterable[Expr], inside: bool) -> str:
        found = f" {op} ".join(self.expr(arg, True) for arg in args)
        return f"({found})" if inside else found


def _name(name: str) -> str:
    plain = re.fullmatch(r"[A-Za-z_][\w.]*", name) and name not in TAKEN
    return name if plain else f"'{name}'"


def _names(names: Iterable[str]) -> str:
    return ", ".join(map(_name, names))


def _if(whether: bool, word: str) -> str:
    return f" {word}" if whether else ""
