"""A thread in the making: program counters, commands, and the calls it is in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from verify.diagnostics import Diagnostic, InputError
from verify.ir import (
    CASE,
    DIES,
    FALSE,
    FATAL,
    TRUE,
    Asked,
    Command,
    Const,
    Domain,
    Expr,
    Fault,
    Local,
    Place,
    Update,
    Variable,
    conj,
    negate,
)
from verify.lower.accesses import Accesses, followed
from verify.lower.atomic import Steps, Way
from verify.lower.uses import either
from verify.lower.values import Choices, Layout, Names
from verify.reasons.steps import Note
from verify.reasons.violations import Violation
from verify.source import Span
from verify.syntax import checked
from verify.syntax.checked import BOOL, VOID, Checked, Type

# Of one thread, before those are taken together that are one step; the kernel's programs come
# to 436.
MAX_COMMANDS = 2_000


@dataclass
class Frame:
    """One call of a function, inlined: what its names stand for."""

    function: checked.Function | checked.Thread
    prefix: str
    values: dict[str, Expr] = field(default_factory=dict)
    locks: dict[str, Choices] = field(default_factory=dict)
    labels: dict[str, int] = field(default_factory=dict)
    exit: int = 0
    result: Local | None = None
    did: dict[str, Local] = field(default_factory=dict)
    # What the contract's addresses meant at the call, and the mode of each lock then.
    promised: dict[Span, Choices] = field(default_factory=dict)
    before: dict[str, Local] = field(default_factory=dict)


@dataclass
class Builder:
    """The commands of one thread so far.

    `claims` are those that are put to the test in it.  `passing` are the
    positions of commands that break a claim on a transient way only.  `used`
    are the structs of which the commands at a pc use an object, and when;
    `accesses` the pcs at which an access is made, all others being the thread's own affair;
    `jumps` the statements that lead elsewhere than to the next, `tests` the conditions.
    """

    program: Checked
    layout: Layout
    shared: Accesses
    domains: Mapping[Type, Domain]
    claims: tuple[checked.Claim, ...]
    commands: list[Command] = field(default_factory=list)
    passing: set[int] = field(default_factory=set)
    locals: dict[str, Variable] = field(default_factory=dict)
    types: dict[str, Type] = field(default_factory=dict)
    uninitialised: dict[str, str] = field(default_factory=dict)
    frames: list[Frame] = field(default_factory=list)
    used: dict[int, dict[str, Expr]] = field(default_factory=dict)
    accesses: set[int] = field(default_factory=set)
    jumps: set[Span] = field(default_factory=set)
    tests: set[Span] = field(default_factory=set)
    pcs: int = 0
    steps: Steps = field(init=False)

    def __post_init__(self) -> None:
        self.steps = Steps(self.program, self.layout, self.claims, self.types)

    def pc(self) -> int:
        self.pcs += 1
        return self.pcs - 1

    def place(self, span: Span, note: Note | None = None) -> Place:
        """A piece of text that a command stands for."""
        return Place(span, note, span in self.jumps)

    def access(self, pc: int, whether: bool = True) -> None:
        """Note that what is done at `pc` is an access, if it is one."""
        if whether:
            self.accesses.add(pc)

    def finished(self) -> tuple[Command, ...]:
        """The commands, each told whether it is the thread's own affair."""

        def told(number: int, command: Command) -> Command:
            own, passing = command.source not in self.accesses, number in self.passing
            if (own, passing) == (command.own, command.passing):
                return command
            return replace(command, own=own, passing=passing)

        return tuple(told(number, command) for number, command in enumerate(self.commands))

    def emit(
        self,
        source: int,
        target: int,
        guard: Expr = TRUE,
        updates: Iterable[Update] = (),
        places: tuple[Place, ...] = (),
        outcome: str = "",
        called: tuple[str, ...] = (),
    ) -> None:
        """A command that touches no lock."""
        if guard != FALSE:
            self._take(
                Command(
                    source,
                    target,
                    guard,
                    tuple(updates),
                    places=places,
                    outcome=outcome,
                    called=called,
                )
            )

    def take(
        self, source: int, target: int, way: Way, updates: Iterable[Update], place: Place
    ) -> None:
        """A command that takes one way through a primitive."""
        stored = tuple(updates)
        self._take(
            Command(
                source,
                target,
                way.guard,
                stored,
                locks=tuple(way.locks.items()),
                places=(place,),
                transient=way.transient,
                called=way.called,
                cases=_cases(stored),
            ),
            way.used,
        )

    def fail(
        self,
        pc: int,
        guard: Expr,
        claim: str,
        violation: Violation,
        span: Span,
        outcome: str = "",
        passing: bool = False,
        fault: Fault | None = None,
        asked: Asked | None = None,
        about: tuple[str, ...] = (),
    ) -> None:
        """A command that breaks `claim` from `pc`; it is about where it is, and `about`."""
        if guard == FALSE:
            return
        inside: tuple[str, ...] = ()
        if claim in FATAL:
            inside = tuple(frame.function.name for frame in self.frames[1:])
            if any(table.function in inside for table in self.program.tables):
                outcome = DIES
        if passing:
            self.passing.add(len(self.commands))
        self._add(
            Command(
                pc,
                pc,
                guard,
                places=(self.place(span),),
                violates=claim,
                violation=violation,
                outcome=outcome,
                fault=fault,
                asked=asked,
                inside=inside,
                about=(*about, *(frame.function.name for frame in self.frames)),
            )
        )

    def uses(self, node: checked.Expr, pc: int, span: Span, sound: Expr = TRUE) -> None:
        """Break the claims about what is used where evaluating `node` at `pc` does so."""
        self.access(pc, not self.shared.structs.isdisjoint(followed(node)))
        for misuse in self.steps.lifetimes.misuses(node, self.names(), sound):
            self.fail(
                pc,
                misuse.guard,
                misuse.claim,
                misuse.violation,
                span,
                asked=misuse.asked,
                about=misuse.about,
            )
        used = self.steps.lifetimes.used(node, self.names())
        if used:
            self.used[pc] = either(self.used.get(pc, {}), used)

    def _take(self, command: Command, used: Mapping[str, Expr] | None = None) -> None:
        """Add a command that is no broken claim, told apart by whether it uses something."""
        for one in _marked(command, either(self.used.get(command.source, {}), used or {})):
            self._add(one)

    def _add(self, command: Command) -> None:
        if len(self.commands) >= MAX_COMMANDS:
            raise InputError(
                [
                    Diagnostic(
                        "BFP004",
                        f"thread `{self.frames[0].function.name}` comes to more than "
                        f"{MAX_COMMANDS} commands",
                        self.frames[0].function.span,
                        "",
                        ("each call of a function is a copy of its body",),
                    )
                ]
            )
        self.commands.append(command)

    def local(self, name: str, type_: Type, shown: str, ghost: bool = False) -> Local:
        """A new local; its initial value is 0, or the lowest of a range without 0."""
        domain = self.domains[type_] if type_ != VOID else self.domains[BOOL]
        self.locals[name] = Variable(name, shown, domain, _first(domain), ghost)
        self.types[name] = type_
        return Local(name)

    @property
    def frame(self) -> Frame:
        return self.frames[-1]

    def names(self) -> Names:
        frame = self.frame
        return Names(self.layout, frame.values, frame.locks)

    def breaks(self, pc: int, span: Span) -> None:
        """Turn what `steps` found to be breakable into commands at `pc`."""
        for found in self.steps.breaks:
            self.fail(
                pc,
                found.guard,
                found.claim,
                found.violation,
                span,
                passing=found.passing,
                fault=found.fault,
                asked=found.asked,
                about=found.about,
            )
        self.steps.breaks.clear()


def _first(domain: Domain) -> int:
    """[S2] 0, or the lowest of a range that does not contain it."""
    return 0 if 0 in domain.values else domain.low


def _cases(updates: Iterable[Update]) -> tuple[int, ...]:
    """The case of the table that updates note, if they do."""
    return tuple(
        new.value
        for target, new in updates
        if target == Local(CASE) and isinstance(new, Const) and new.value
    )


def _marked(command: Command, used: Mapping[str, Expr]) -> Iterator[Command]:
    """The command with what it uses; in two parts if it does so in some states only."""
    parts = [command]
    for struct, when in used.items():
        parts = [
            replace(part, guard=guard, used=names)
            for part in parts
            for guard, names in (
                (conj([part.guard, when]), (*part.used, struct)),
                (conj([part.guard, negate(when)]), part.used),
            )
            if guard != FALSE
        ]
    yield from parts
