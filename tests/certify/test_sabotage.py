"""Each part of a proof broken on purpose: something has to notice.

Where a part proves too little, an obligation is no longer `unsat`.  Where it
proves too much, wrong lemmas are accepted, or a claim that an instance breaks
is proved: each such test has a program for which that happens, and shows that
the part as it is does not let it happen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from typing import Any, TypeAlias

import pytest

from tests.campaign import searched
from tests.parameterised.facts import reached
from tests.parameterised.tiny import lowered
from tests.parameterised.wrong import accepted, contradictions
from verify.certify import obligations, solvers
from verify.certify import proof as proving
from verify.certify.lemmas import Lemma, Literal
from verify.certify.obligations import Actor, Obligation, Writer
from verify.certify.proof import DisagreementError, Grounds, confirm
from verify.certify.solvers import decide
from verify.certify.system import System, system_of
from verify.certify.text import all_of
from verify.engine.unbounded import Proof, prove
from verify.ir import TRUE, And, Command, Expr, Program, Shared
from verify.parameterised import lemmas as lemmas_module
from verify.parameterised.encoding import encoded
from verify.parameterised.lemmas import LemmaSearch
from verify.parameterised.reachability import Reachability
from verify.parameterised.views import Closure, Views, close
from verify.reasons.limits import Refused

Sabotage: TypeAlias = Callable[[pytest.MonkeyPatch], None]

READERS = """
thread reader "reads" { down_read(&r); look(); up_read(&r); }
thread writer "writes" { down_write(&r); x = true; x = false; up_write(&r); }
scenario s "s": reader[*], writer[*];
claim apart "no reader sees what is half written" before look: !x;
"""
ONE_AT_A_TIME = """
thread a "a" { mutex_lock(&m); look(); x = true; x = false; mutex_unlock(&m); }
scenario s "s": a[*];
claim apart "one at a time" before look: !x;
"""
TRIES = """
thread a "a" { if (mutex_trylock(&m)) mutex_unlock(&m); else look(); }
scenario s "s": a[*];
claim free "the mutex is always free" before look: false;
"""
STARTS_WRONG = """
thread a "a" { look(); }
thread b "b" { x = true; }
scenario s "s": a[*], b[*];
claim set "x is true from the start" before look: x;
"""
SETS = """
thread a "a" { y = true; x = true; }
scenario s "s": a[*];
claim unset "x stays false" never: x;
"""
# Two threads are in the middle; a third that need not be there sets the flag.
LATE = """
primitive void enter(void) { when (!x) { y = true; } }
primitive void leave(void) { y = false; }
thread a "a" { enter(); leave(); }
thread b "b" { x = true; }
scenario s "s": a[*], b[*];
claim c "not at issue" before leave: true;
"""
# It takes three readers to let the last of four look.
FOUR = """
primitive void note(void)
{
        when (is_read_locked(&r) && is_read_locked(&s) && is_read_locked(&t)) { x = true; }
        when (!is_read_locked(&r) || !is_read_locked(&s) || !is_read_locked(&t)) { }
}
thread a "a" {
        if (chance()) { down_read(&r); up_read(&r); }
        else if (chance()) { down_read(&s); up_read(&s); }
        else if (chance()) { down_read(&t); up_read(&t); }
        else note();
}
scenario z "z": a[*];
claim unseen "nobody sees all three" never: x;
"""
# It takes two holders, one of each, to let a third set the flag.
BOTH = """
primitive void note(void)
{
        when (is_locked(&m) && is_locked(&n)) { x = true; }
        when (!is_locked(&m) || !is_locked(&n)) { }
}
thread a "a" {
        if (chance()) { mutex_lock(&m); mutex_unlock(&m); }
        else if (chance()) { mutex_lock(&n); mutex_unlock(&n); }
        else note();
}
scenario z "z": a[*];
claim unseen "nobody sees both" never: x;
"""


@cache
def parts(text: str) -> tuple[Program, System]:
    program = lowered(text)
    return program, system_of(program, program.scenarios[0])


def names(program: Program) -> list[str]:
    return [c.name for c in program.claims]


def proof_of(text: str) -> Proof:
    """The proof of everything that a text claims, as far as it can be had."""
    program, _ = parts(text)
    return prove(program, program.scenarios[0], names(program))


def why_not(text: str, claim: str) -> str:
    """Why a claim of a text is not proved: it must not be."""
    proof = proof_of(text)

    assert claim not in proof.shares
    return proof.open[claim]


def closed(system: System) -> Views:
    return close(encoded(system))


def lemmas_accepted(text: str, *lemmas: Lemma) -> bool:
    program, system = parts(text)
    return accepted(program, system, lemmas)


def really_reached(text: str, *lemmas: Lemma, number: int = 3) -> bool:
    _, system = parts(text)
    return bool(reached(system, lemmas, number))


def variable(name: str, value: int) -> Lemma:
    """A shared variable never has this value."""
    return Lemma((Literal("shared", name, -1, (value,)),), ())


# ------------------------------------------- the writer allows more than happens


@pytest.mark.parametrize("text", [READERS, ONE_AT_A_TIME], ids=["readers", "one at a time"])
def test_a_guard_that_lost_a_part_leaves_an_obligation_satisfiable(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If it fails, the obligations do not depend on what the commands ask for."""
    condition = Writer.condition

    def weak(self: Writer, expr: Expr, *rest: Any) -> str:
        return condition(self, And(expr.args[1:]) if isinstance(expr, And) else TRUE, *rest)

    assert {} == proof_of(text).open

    monkeypatch.setattr(Writer, "condition", weak)

    assert isinstance(proof_of(text).open["apart"], Refused)


@pytest.mark.parametrize("text", [READERS, ONE_AT_A_TIME], ids=["readers", "one at a time"])
def test_a_step_that_leaves_the_rest_open_leaves_an_obligation_satisfiable(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If it fails, what a command does not touch is not said to stay as it is."""

    def without_frame(args: Any) -> str:
        return all_of([one for one in args if not one.startswith("(= |x'| |x|)")])

    monkeypatch.setattr(obligations, "all_of", without_frame)

    assert isinstance(proof_of(text).open["apart"], Refused)


def test_readers_who_are_named_and_not_asked_leave_an_obligation_satisfiable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """If it fails, "nobody else holds it" does not speak of those who are named."""
    others = Writer._others

    def blind(self: Writer, lock: str, mode: str, actor: Actor, _: object, *rest: Any) -> str:
        return others(self, lock, mode, actor, (), *rest)

    monkeypatch.setattr(Writer, "_others", blind)

    assert isinstance(proof_of(READERS).open["apart"], Refused)


@pytest.mark.parametrize("text", [READERS, ONE_AT_A_TIME], ids=["readers", "one at a time"])
def test_a_lemma_that_is_missing_leaves_an_obligation_satisfiable(text: str) -> None:
    """If it fails, a proof holds lemmas that nothing rests on, or one does not count."""
    program, system = parts(text)
    proof = proof_of(text)
    claims = sorted(proof.shares)
    for i in range(len(proof.lemmas)):
        kept = tuple(one for j, one in enumerate(proof.lemmas) if i != j)
        all_of_them = dict.fromkeys(claims, tuple(range(len(kept))))
        without = proving.obligations(program, system, Grounds(kept, all_of_them, proof.arrows))

        assert {} != confirm(without, ("z3",)), proof.lemmas[i]


# ------------------------------------------- the writer allows less than happens


def forgets_x(monkeypatch: pytest.MonkeyPatch) -> None:
    command = Writer._command

    def forgetful(self: Writer, one: Command, *rest: Any) -> str:
        kept = tuple((t, e) for t, e in one.updates if t != Shared("x"))
        return command(self, replace(one, updates=kept), *rest)

    monkeypatch.setattr(Writer, "_command", forgetful)


def no_third(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = Writer.steps

    def without(self: Writer) -> Iterator[Obligation]:
        return (one for one in steps(self) if not one.name.endswith("-other"))

    monkeypatch.setattr(Writer, "steps", without)


def no_init(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Writer, "init", lambda _: "(assert false)\n(check-sat)\n")


def no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    command = Writer._command

    def without(self: Writer, one: Command, actor: Actor, *rest: Any) -> str:
        taken = f"(= |held/m'| {self._number(1)})"
        return command(self, one, actor, *rest).replace(taken, "(= |held/m'| |held/m|)")

    monkeypatch.setattr(Writer, "_command", without)


MIDDLE = (Literal("pc", "", -1, (1,)),)
WRONG: dict[str, tuple[Sabotage, str, Lemma]] = {
    "an update is forgotten": (forgets_x, SETS, variable("x", 1)),
    "a third thread does not move": (
        no_third,
        LATE,
        Lemma((Literal("shared", "x", -1, (1,)),), (MIDDLE, MIDDLE)),
    ),
    "the first state is not looked at": (no_init, STARTS_WRONG, variable("x", 0)),
    "who takes a mutex leaves no trace": (
        no_bit,
        TRIES,
        Lemma((Literal("held", "m", -1, (1,)),), ()),
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_writer_that_allows_too_little_accepts_what_an_instance_contradicts(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If it fails, part of the writer does nothing, or these programs no longer show it."""
    sabotage, text, lemma = WRONG[name]

    assert really_reached(text, lemma)
    assert not lemmas_accepted(text, lemma)

    sabotage(monkeypatch)

    assert lemmas_accepted(text, lemma)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["programs", "texts"])
def test_no_wrong_lemmas_are_accepted_that_an_instance_contradicts(kind: str) -> None:
    """If it fails, the obligations are wrong: a proof may be accepted that is none."""
    seeds = range(60) if kind == "programs" else range(15)

    assert [] == [*contradictions(kind, seeds)]


def no_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Writer, "steps", lambda _: iter(()))


@pytest.mark.parametrize("sabotage", [no_steps, no_init])
def test_random_wrong_lemmas_find_out_a_writer_that_allows_too_little(
    sabotage: Sabotage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If it fails, holding the writer against random programs shows nothing."""
    sabotage(monkeypatch)

    assert next(contradictions("programs", range(60)), "")


def test_the_two_solvers_are_asked_and_both_have_to_say_unsat(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """If it fails, a solver that gives up counts as one that agrees."""
    monkeypatch.setattr(proving, "decide", lambda name, _: "unsat" if name == "z3" else "unknown")
    found = proof_of(READERS)

    assert {} == found.shares
    assert all(
        isinstance(reason, Refused) and ("cvc5", "unknown") in reason.answers
        for reason in found.open.values()
    )


@pytest.mark.parametrize("solver", ["z3", "cvc5"])
def test_a_solver_that_meets_its_limit_does_not_know(
    monkeypatch: pytest.MonkeyPatch, solver: str
) -> None:
    """If it fails, a hard text keeps a solver busy for ever, or a limit counts as an answer."""
    monkeypatch.setattr(solvers, "Z3_EFFORT", 500_000)
    monkeypatch.setattr(solvers, "CVC5_EFFORT", 20_000)
    pigeons, holes = range(14), range(13)
    text = ["(set-logic QF_BV)", *(f"(declare-const p{i} (_ BitVec 8))" for i in pigeons)]
    for i in pigeons:
        text.append(f"(assert (or {' '.join(f'(= p{i} #x{k:02x})' for k in holes)}))")
        text += [f"(assert (not (= p{i} p{j})))" for j in range(i)]

    said = decide(solver, "\n".join([*text, "(check-sat)"]))

    assert said.startswith("unknown")


def test_two_solvers_of_different_opinions_end_in_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """If it fails, a bug in a solver looks like a verdict."""
    monkeypatch.setattr(proving, "decide", lambda name, _: "unsat" if name == "z3" else "sat")

    with pytest.raises(DisagreementError):
        proof_of(READERS)


# -------------------------------------------------------- the search goes wrong


def no_triples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Closure, "_left_behind", lambda *_: None)


def no_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a step leaves in view is only the one who took it."""
    no_triples(monkeypatch)
    add = Closure._add

    def alone(self: Closure, g: int, p: int, _: int) -> None:
        add(self, g, p, 1 << p)

    monkeypatch.setattr(Closure, "_add", alone)


def no_held_in_views(monkeypatch: pytest.MonkeyPatch) -> None:
    place = Closure._global

    def without(self: Closure, bits: int) -> int:
        for f in self.space.shared.fields:
            if f.kind == "held":
                bits = bits & ~f.full | f.bit(0)
        return place(self, bits)

    monkeypatch.setattr(Closure, "_global", without)


def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    widened = LemmaSearch._widened

    def careless(self: LemmaSearch, cube: Any) -> Any:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Reachability, "happens", lambda *_: False)
            return widened(self, cube)

    monkeypatch.setattr(LemmaSearch, "_widened", careless)


def no_return(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LemmaSearch, "into", lambda *_: iter(()))


def covers_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lemmas_module, "subsumes", lambda *_: True)


# Each with a program that it makes the search wrong about.
SEARCHES: dict[str, tuple[Sabotage, str, str]] = {
    "lemmas are widened unasked": (wide, READERS, "apart"),
    "lemmas need nothing": (no_return, ONE_AT_A_TIME, "apart"),
    "lemmas cover everything": (covers_all, ONE_AT_A_TIME, "apart"),
}


@pytest.mark.parametrize("name", SEARCHES)
def test_what_a_broken_search_finds_is_not_confirmed(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If it fails, a bug in the search is a wrong verdict: nobody looks at it again."""
    sabotage, text, claim = SEARCHES[name]
    program, system = parts(text)
    sabotage(monkeypatch)
    found, _, _ = searched(program, system, [claim])

    assert {claim} == found
    assert isinstance(why_not(text, claim), Refused)


VIEWS: dict[str, tuple[Sabotage, str, str]] = {
    "third threads": (no_triples, BOTH, "unseen"),
    "who is beside": (no_pairs, TRIES, "free"),
}


@pytest.mark.parametrize("name", VIEWS)
def test_views_that_forget_something_prove_nothing_wrong(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If it fails, a view that is missing makes a wrong verdict: nobody looks at it again."""
    sabotage, text, claim = VIEWS[name]
    _, system = parts(text)

    assert claim in closed(system).broken

    sabotage(monkeypatch)

    assert claim not in closed(system).broken
    assert why_not(text, claim)


def test_views_in_which_nobody_is_seen_to_hold_a_mutex_prove_less(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """If it fails, the bit of a lock means nothing."""
    no_held_in_views(monkeypatch)

    assert "apart" in proof_of(ONE_AT_A_TIME).open


@pytest.mark.parametrize("text", [BOTH, FOUR, TRIES], ids=["both", "four", "tries"])
def test_what_takes_several_threads_is_not_proved_by_the_whole_either(text: str) -> None:
    """If it fails, the programs above are proved without any sabotage."""
    assert {"unseen", "free"} & set(proof_of(text).open)
