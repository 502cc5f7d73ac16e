"""Small random programs, as guarded commands and as texts, to hold engines against each other.

Everything is drawn from a `random.Random`: a seeded one makes a campaign that
can be repeated, hypothesis brings its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from hypothesis import strategies as st

from verify.ir import (
    FALSE,
    TRUE,
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
    Others,
    Program,
    Scenario,
    Shared,
    Thread,
    Update,
    Variable,
    compare,
    conj,
    disj,
    equal,
    instance,
    negate,
)
from verify.locks import EXCLUSIVE, FREE, SHARED
from verify.lower.program import lower
from verify.reasons.steps import Spurious
from verify.reasons.violations import StateForbidden
from verify.source import Source
from verify.syntax.parse import parse
from verify.syntax.resolve import resolve

CLAIMS = ("p", "q")
FLAG = Domain("bool", 0, ("false", "true"))
LEVEL = Domain("level", 0, ("low", "middle", "high"))
SHAREABLE = ("rwlock", "rwsem", "reference")
KINDS = ("mutex", "spinlock", *SHAREABLE)


@dataclass(frozen=True)
class Shape:
    """How large a program may get; `cycles` is the share of threads that go round."""

    templates: int = 3
    copies: int = 2
    commands: int = 5
    shared: int = 3
    locals: int = 2
    locks: int = 2
    cycles: float = 0.15


def randoms() -> st.SearchStrategy[Random]:
    """Sources of chance: such as hypothesis can shrink, and such as spread evenly.

    What hypothesis chooses leans to the simplest, which breaks at once or never.
    """
    even = st.sampled_from((False, True, True, True))
    return even.flatmap(lambda evenly: st.randoms(use_true_random=evenly))


def programs(shape: Shape | None = None) -> st.SearchStrategy[Program]:
    """Random programs as guarded commands."""
    return st.builds(random_program, randoms(), st.just(shape or Shape()))


def texts() -> st.SearchStrategy[str]:
    """Random programs as texts."""
    return st.builds(random_text, randoms())


def threads_of(program: Program, number: int = 1) -> tuple[Thread, ...]:
    """The threads of a program's first scenario, `number` for each [*]."""
    return instance(program, program.scenarios[0], number)


def lowered(text: str) -> Program:
    """The guarded commands of a text."""
    source = Source("random.bfp", text)
    return lower(resolve((source,), parse(source)))


# ----------------------------------------------------------- guarded commands


def random_program(random: Random, shape: Shape | None = None) -> Program:
    """One to three threads, once or twice each, with claims "p" and perhaps "q"."""
    shape = shape or Shape()
    names = random.sample(("a", "b", "n"), random.randint(1, shape.shared))
    shared = tuple(_variable(random, name, LEVEL if name == "n" else FLAG) for name in names)
    locks = tuple(
        Lock(name, random.choice(KINDS)) for name in ("m", "r")[: random.randint(1, shape.locks)]
    )
    threads = [
        _Template(random, shape, shared, locks).thread(name)
        for name in ("one", "two", "three")[: random.randint(1, shape.templates)]
    ]
    members = tuple((thread.name, random.randint(1, shape.copies)) for thread in threads)
    claims = CLAIMS[: random.randint(1, 2)]
    for claim in claims:
        for _ in range(random.choice((1, 1, 2))):
            place = random.randrange(len(threads))
            if random.random() < 0.2 and not any(t.kind == "observer" for t in threads):
                threads.append(_observer(random, shape, shared, locks, claim))
            elif threads[place].kind == "thread":
                threads[place] = _breaking(random, shape, shared, locks, threads[place], claim)
    return program_of(shared, locks, threads, members, claims)


def program_of(
    shared: Sequence[Variable],
    locks: Sequence[Lock],
    threads: Sequence[Thread],
    members: Sequence[tuple[str, int | None]],
    claims: Sequence[str] = CLAIMS,
) -> Program:
    """A program of nothing but these, in one scenario."""
    return Program(
        path="random",
        texts=(),
        shared=tuple(shared),
        locks=tuple(locks),
        threads=tuple(threads),
        claims=tuple(
            Claim(name=claim, sentence=f"{claim} holds", built_in=False, span=None)
            for claim in claims
        ),
        scenarios=(Scenario("all", "all of them", tuple(members)),),
        outcomes=(),
        table=None,
        subjects=(),
        statements=(),
    )


def _variable(random: Random, name: str, domain: Domain) -> Variable:
    initial = random.choice(domain.values) if random.random() < 0.3 else 0
    return Variable(name, name, domain, initial)


def _observer(
    random: Random,
    shape: Shape,
    shared: Sequence[Variable],
    locks: Sequence[Lock],
    claim: str,
) -> Thread:
    # An observer has no locals and holds nothing.
    bad = _Template(random, replace(shape, locals=0), shared, locks).condition(1)
    command = Command(0, 0, bad, violates=claim, violation=StateForbidden())
    return Thread(
        name=f"({claim})",
        sentence="",
        kind="observer",
        claim=claim,
        locals=(),
        commands=(command,),
        entry=0,
        end=0,
    )


def _breaking(
    random: Random,
    shape: Shape,
    shared: Sequence[Variable],
    locks: Sequence[Lock],
    thread: Thread,
    claim: str,
) -> Thread:
    """The thread with one more command, which breaks `claim` under some condition."""
    template = _Template(random, shape, shared, locks, thread.locals)
    # Late rather than early: a run that breaks it should have some way to go.
    source = max(random.randrange(thread.end) for _ in range(2))
    wrong = template.condition(random.choice((0, 1, 1, 2)))
    command = Command(source, source, wrong, violates=claim, violation=StateForbidden())
    commands = list(thread.commands)
    commands.insert(random.randint(0, len(commands)), command)
    return replace(thread, commands=tuple(commands))


class _Template:
    """Makes one thread: a spine of pcs 0 to `end`, with ways that leave it and come back."""

    def __init__(
        self,
        random: Random,
        shape: Shape,
        shared: Sequence[Variable],
        locks: Sequence[Lock],
        own: Sequence[Variable] | None = None,
    ) -> None:
        self.random = random
        self.shape = shape
        self.locks = locks
        self.held: dict[str, int] = {}
        if own is None:
            names = random.sample(("x", "y"), random.randint(0, shape.locals))
            own = [
                _variable(random, name, LEVEL if random.random() < 0.3 else FLAG) for name in names
            ]
        self.own = tuple(own)
        self.places: list[tuple[Shared | Local, Domain]] = [
            *((Shared(v.name), v.domain) for v in shared),
            *((Local(v.name), v.domain) for v in self.own),
        ]

    def thread(self, name: str) -> Thread:
        end = self.random.randint(2, max(2, self.shape.commands - 1))
        commands: list[Command] = []
        for pc in range(end):
            room = self.shape.commands - len(commands) - (end - pc - 1)
            commands += self._commands(pc, end)[: max(1, room)]
        if self.random.random() < self.shape.cycles:
            i = self.random.randrange(len(commands))
            back = self.random.randint(0, commands[i].source)
            commands[i] = replace(commands[i], target=back)
        return Thread(
            name=name,
            sentence="",
            kind="thread",
            claim="",
            locals=self.own,
            commands=tuple(commands),
            entry=0,
            end=end,
        )

    def _commands(self, pc: int, end: int) -> list[Command]:
        """The commands that leave a pc of the spine, the one that goes along it first."""
        after = pc + 1
        later = self.random.randint(after, end)
        closing = [name for name in self.held if self.random.random() < 0.4]
        if closing:
            return [self._release(pc, after, closing[0])]
        match self.random.choice((*("lock",) * 4, *("store",) * 5, "branch", "branch", "wait")):
            case "lock":
                free = [lock for lock in self.locks if lock.name not in self.held]
                if free:
                    return self._acquire(pc, after, later, self.random.choice(free))
                return [Command(pc, after, TRUE)]
            case "branch":
                test = self.condition(1)
                yes = Command(pc, after, test, self._updates())
                return [yes, Command(pc, later, negate(test), forget=self._forget(()))]
            case "wait":
                return [Command(pc, after, self.condition(1))]
            case _:
                return [self._store(pc, after), *self._transient(pc, later, 0.1)]

    def _acquire(self, pc: int, after: int, later: int, lock: Lock) -> list[Command]:
        """Take a lock, or try to: then another way leads on if it is not to be had."""
        shared = lock.kind == "reference" or (lock.kind in SHAREABLE and self.random.random() < 0.5)
        against = "exclusive" if shared else "any"
        free = TRUE if lock.kind == "reference" else negate(Others(lock.name, against))
        # The lowered form says that the lock is not held yet only where that is in doubt.
        mine = negate(Mine(lock.name, "any")) if self.random.random() < 0.5 else TRUE
        self.held[lock.name] = mode = SHARED if shared else EXCLUSIVE
        taken = Command(
            pc, after, conj([mine, free]), self._updates(0.3), locks=((lock.name, mode),)
        )
        match self.random.randrange(4):
            case 0:
                failed = Command(pc, later, Others(lock.name, against))
                return [taken, failed, *self._transient(pc, later, 0.3)]
            case 1:
                return [taken, *self._transient(pc, later, 1.0)]
            case _:
                return [taken]

    def _release(self, pc: int, after: int, name: str) -> Command:
        kind = next(lock.kind for lock in self.locks if lock.name == name)
        mode = self.held.pop(name)
        if mode == EXCLUSIVE and kind in SHAREABLE and self.random.random() < 0.3:
            self.held[name] = SHARED
        wanted = "exclusive" if mode == EXCLUSIVE else "shared"
        # A way that came here without the lock waits for ever, or lets go of nothing.
        guard = Mine(name, wanted) if self.random.random() < 0.8 else TRUE
        locks = ((name, self.held.get(name, FREE)),)
        return Command(pc, after, guard, self._updates(0.3), locks=locks)

    def _store(self, pc: int, after: int) -> Command:
        levels = [place for place, domain in self.places if domain is LEVEL]
        guard: Expr = TRUE
        if levels and self.random.random() < 0.4:
            # Sums stay inside the domain, which an engine may rely on.
            source, target = self.random.choice(levels), self.random.choice(levels)
            up = self.random.random() < 0.5
            guard = compare("<", source, Const(2)) if up else compare("<", Const(0), source)
            sum_ = Arith("+" if up else "-", source, Const(1))
            updates: tuple[Update, ...] = ((target, sum_),)
        else:
            updates = self._updates(1.0)
        if self.random.random() < 0.2:
            guard = conj([guard, self.condition(0)])
        return Command(pc, after, guard, updates, forget=self._forget(updates))

    def _transient(self, pc: int, target: int, share: float) -> list[Command]:
        if self.random.random() >= share:
            return []
        return [Command(pc, target, TRUE, transient=Spurious(""))]

    def _updates(self, share: float = 0.5) -> tuple[Update, ...]:
        if self.random.random() >= share:
            return ()
        count = self.random.choice((1, 2))
        chosen = self.random.sample(self.places, min(count, len(self.places)))
        return tuple((place, self._value(domain)) for place, domain in chosen)

    def _forget(self, updates: Sequence[Update]) -> tuple[str, ...]:
        stored = {target.name for target, _ in updates if isinstance(target, Local)}
        return tuple(
            v.name for v in self.own if v.name not in stored and self.random.random() < 0.4
        )

    def _value(self, domain: Domain) -> Expr:
        alike = [place for place, its in self.places if its is domain]
        match self.random.randrange(8):
            case 0 | 3 | 4 if alike:
                return self.random.choice(alike)
            case 1 if domain is FLAG:
                return self.condition(1)
            case 1:
                return Ite(self.condition(0), Const(2), self.random.choice((FALSE, *alike)))
            case 2 if domain is LEVEL and alike:
                # A product with a flag stays inside the domain, as the sums do.
                flags = [place for place, its in self.places if its is FLAG]
                return Arith("*", self.random.choice(alike), self.random.choice((TRUE, *flags)))
            case _:
                return Const(self.random.choice(domain.values))

    def condition(self, depth: int) -> Expr:
        """A condition over variables and locks; it may be true or false for all states."""
        if depth and self.random.random() < 0.6:
            parts = [self.condition(depth - 1) for _ in range(2)]
            return conj(parts) if self.random.random() < 0.6 else disj(parts)
        test = self._test()
        return negate(test) if self.random.random() < 0.3 else test

    def _test(self) -> Expr:
        if self.random.random() < 0.35:
            lock = self.random.choice(self.locks)
            test = self.random.choice((Mine, Others, Others))
            modes = (
                ("any", "shared", "exclusive") if lock.kind in SHAREABLE else ("any", "exclusive")
            )
            return test(lock.name, self.random.choice(modes))
        place, domain = self.random.choice(self.places)
        alike = [other for other, its in self.places if its is domain and other != place]
        if alike and self.random.random() < 0.2:
            return Compare("==", place, self.random.choice(alike))
        if domain is FLAG:
            return place
        number = Const(self.random.choice(domain.values))
        return equal(place, number) if self.random.random() < 0.7 else compare("<", place, number)


# ---------------------------------------------------------------------- texts

PRELUDE = """\
bool a;
bool b = true;
struct mutex m;
struct rw_semaphore r;
spinlock_t s;

primitive void mutex_lock(struct mutex *lock)
{
	might_sleep();
	acquire(lock);
}

primitive bool mutex_trylock(struct mutex *lock)
{
	when (!is_locked(lock)) "it was free" {
		acquire(lock);
		return true;
	}
	when (is_locked(lock)) "somebody holds it"
		return false;
	transient "it is on its way to a waiter"
		return false;
}

primitive void mutex_unlock(struct mutex *lock)
{
	release(lock);
}

primitive void spin_lock(spinlock_t *lock)
{
	acquire(lock);
}

primitive void spin_unlock(spinlock_t *lock)
{
	release(lock);
}

primitive void down_read(struct rw_semaphore *lock)
{
	might_sleep();
	acquire_shared(lock);
}

primitive bool down_read_trylock(struct rw_semaphore *lock)
{
	when (!is_write_locked(lock)) {
		acquire_shared(lock);
		return true;
	}
	when (is_write_locked(lock))
		return false;
}

primitive void up_read(struct rw_semaphore *lock)
{
	release_shared(lock);
}

primitive void down_write(struct rw_semaphore *lock)
{
	might_sleep();
	acquire(lock);
}

primitive void up_write(struct rw_semaphore *lock)
{
	release(lock);
}

primitive void downgrade_write(struct rw_semaphore *lock)
{
	downgrade(lock);
}

primitive bool test_and_set(bool new)
{
	when (a == new)
		return false;
	when (a != new) {
		a = new;
		return true;
	}
}

primitive void mark(void)
{
}
"""

# What takes a lock, what tries to, what lets go of it.
SECTIONS = (
    ("mutex_lock(&m);", "mutex_trylock(&m)", "mutex_unlock(&m);"),
    ("spin_lock(&s);", "", "spin_unlock(&s);"),
    ("down_read(&r);", "down_read_trylock(&r)", "up_read(&r);"),
    ("down_write(&r);", "", "up_write(&r);"),
    ("down_write(&r);", "", "downgrade_write(&r); up_read(&r);"),
)
# One thread's pointer `p`, and an object that may be gone by the time it is followed.
BOXES = """\
struct box { bool gone; bool full; struct mutex lock; };
struct box box0;
struct box *some = &box0;

primitive void drop(struct box *old)
{
	old->gone = true;
}

primitive bool look(struct box *at)
{
	when (at && !at->gone) "it is there"
		return at->full;
	when (!at || at->gone)
		return false;
}
"""
BOX_SECTION = ("mutex_lock(&p->lock);", "mutex_trylock(&p->lock)", "mutex_unlock(&p->lock);")
BOX_FACTS = ("box->gone", "box->full", "is_locked(&box->lock)", "held(&m)", "a")
FACTS = ("a", "b", "is_locked(&m)", "is_locked(&s)", "is_read_locked(&r)", "is_write_locked(&r)")
OWN_FACTS = ("held(&m)", "held(&s)", "held_read(&r)", "held_write(&r)")


def random_text(random: Random) -> str:
    """One or two threads over two variables and three locks, with claims p-holds and q-holds.

    In every third there are pointers as well, and a clause may be about what they lead to.
    """
    boxes = random.random() < 0.3
    names = ("one", "two")[: random.randint(1, 2)]
    threads = "\n".join(_Writer(random, boxes).thread(name) for name in names)
    members = ", ".join(name + random.choice(("", "", "[2]", "[*]")) for name in names)
    claims = "\n".join(
        f'claim {name} "it holds"\n{_clause(random, boxes)}'
        for name in ("p-holds", "q-holds")[: random.randint(1, 2)]
    )
    prelude = PRELUDE + BOXES if boxes else PRELUDE
    return f'{prelude}\n{threads}\nscenario all "all of them": {members};\n\n{claims}'


def _clause(random: Random, boxes: bool) -> str:
    asked = ("!{0}", "{0} || {1}", "!{0} && !{1}")
    kinds = [
        ("never", FACTS, ("{0}", "{0} && {1}", "!{0} && {1}", "{0} || {1}")),
        ("before mark", (*FACTS, *OWN_FACTS), asked),
    ]
    if boxes:
        kinds += [("before struct box", BOX_FACTS, asked)] * 2
    word, facts, forms = random.choice(kinds)
    return f"\t{word}: {random.choice(forms).format(*random.sample(facts, 2))};\n"


class _Writer:
    """Writes one thread, with sections that nest and now and then one that is never left."""

    def __init__(self, random: Random, boxes: bool) -> None:
        self.random = random
        self.boxes = boxes
        self.left = random.randint(2, 5)
        self.labels: list[str] = []

    def thread(self, name: str) -> str:
        body = [f"bool x = {self.random.choice(('true', 'false', 'a', 'b'))};", *self._block(2)]
        if self.boxes:
            body.insert(1, f"struct box *p = {self.random.choice(('some', '&box0'))};")
        # Labels stand at the end, innermost first, as in the kernel's ladders.
        body += [line for label in reversed(self.labels) for line in (f"{label}:", self._simple())]
        return "\n".join((f"thread {name}", "{", *(f"\t{line}" for line in body), "}", ""))

    def _block(self, depth: int) -> list[str]:
        lines: list[str] = []
        for _ in range(self.random.randint(1, 3)):
            if self.left > 0:
                self.left -= 1
                lines += self._statement(depth)
        return lines or [self._simple()]

    def _statement(self, depth: int) -> list[str]:
        kind = self.random.choice(("simple", "section", "section", "if", "while"))
        if depth == 0 or kind == "simple":
            return [self._simple()]
        if kind == "section":
            return self._section(depth)
        test = self._test()
        if kind == "while":
            return [f"while ({test}) {{", *self._block(depth - 1), "}"]
        lines = [f"if ({test}) {{", *self._block(depth - 1), "}"]
        if self.random.random() < 0.4:
            lines += ["else {", *self._block(depth - 1), "}"]
        return lines

    def _section(self, depth: int) -> list[str]:
        take, attempt, leave = self.random.choice(
            (*SECTIONS, BOX_SECTION) if self.boxes else SECTIONS
        )
        inside = self._block(depth - 1)
        if self.random.random() < 0.1:
            leave = ";"
        if not attempt or self.random.random() < 0.4:
            return [take, *inside, leave]
        if self.random.random() < 0.4:
            label = f"out_{len(self.labels)}"
            self.labels.append(label)
            return [f"if (!{attempt})", f"\tgoto {label};", *inside, leave]
        return [f"if ({attempt}) {{", *inside, leave, "}"]

    def _simple(self) -> str:
        if self.boxes and self.random.random() < 0.5:
            return self.random.choice(
                (
                    "p = some;",
                    "some = NULL;",
                    "some = &box0;",
                    "x = look(p);",
                    "x = p && p->full;",
                    "p->full = a && some->full;",
                    "if (some) some->full = true;",
                    "if (p) drop(p);",
                )
            )
        return self.random.choice(
            (
                "a = true;",
                "a = false;",
                "a = !b;",
                "b = x;",
                "b = a && x;",
                "x = a;",
                "x = a != b;",
                "x = test_and_set(true);",
                "test_and_set(false);",
                "mark();",
                "mark();",
            )
        )

    def _test(self) -> str:
        return self.random.choice(("a", "!b", "x", "a && b", "a || x", "test_and_set(x)", "x == a"))
