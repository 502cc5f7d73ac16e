"""Objects with lifetimes: a race that uses a freed one, and a lock that keeps it from that."""

from __future__ import annotations

import pytest

from tests.engine.small import LOCKS, checked, lowered
from tests.parameterised.facts import reached
from tests.programs.binder import reasons, refutations, verdicts
from verify.certify.proof import confirm
from verify.certify.system import system_of
from verify.engine.dependence import needs
from verify.engine.prove import prove
from verify.report.ends import wrong
from verify.source import Source
from verify.syntax.parse import parse
from verify.syntax.resolve import resolve

PAGES = f"""{LOCKS}
struct page {{ bool freed; bool dirty; }};
struct page page0;
struct page *slot = &page0;
struct mutex m;
primitive void free_page(struct page *page) {{ page->freed = true; }}
"""
CLAIM = 'claim use-after-free "nothing is used after it was freed"\n'
CLAIM += "before struct page: !page->freed;\n"
READ = "p = slot; if (p) p->dirty = true;"
FREE = "p = slot; slot = NULL; if (p) free_page(p);"
ALL = 'scenario s "x": reader[*], killer[*];\n'


def racing(read: str, free: str) -> str:
    """Readers and killers of those bodies."""
    return (
        f"{PAGES}thread reader {{ struct page *p; {read} }}\n"
        f"thread killer {{ struct page *p; {free} }}\n{ALL}{CLAIM}"
    )


def locked(body: str) -> str:
    return f"mutex_lock(&m); {body} mutex_unlock(&m);"


def test_a_reader_that_uses_a_freed_object_in_a_race_is_refuted() -> None:
    """If it fails, a use after free that takes a race is not found, or not explained."""
    found = checked(racing(READ, f"{locked(FREE)}"))
    run = refutations(found)["use-after-free"]

    assert "uses page0 in `p->dirty` while `!page->freed` is false" == wrong(run)
    assert ["reader", "killer", "killer", "killer", "killer", "reader"] == [
        step.thread for step in run.steps
    ]
    assert {"use-after-free": "refuted", "memory": "bounded"} == {
        claim: said
        for claim, said in verdicts(found).items()
        if claim in ("use-after-free", "memory")
    }


def test_an_object_that_is_freed_twice_is_used_after_it_was_freed() -> None:
    """If it fails, a double free passes, whether it takes a race or one primitive."""
    raced = checked(racing(";", FREE))
    twice = checked(
        f"{PAGES}primitive void twice(void) {{ slot->freed = true; slot->freed = true; }}\n"
        f'thread t {{ twice(); }}\nscenario s "x": t;\n{CLAIM}'
    )

    assert "refuted" == verdicts(raced)["use-after-free"]
    assert 1 == len(refutations(twice)["use-after-free"].steps)


def test_a_lock_around_each_use_is_proved_for_any_number() -> None:
    """If it fails, lifetimes are looked at for two callers and believed for all."""
    program = lowered(racing(locked(READ), locked(FREE)))
    result, proof = prove(program, program.scenarios[0])

    assert {"proved"} == set(verdicts(result).values())
    assert "claim-use-after-free" in [o.name for o in proof.obligations]
    assert {} == confirm(proof.obligations, ("z3", "cvc5"))
    assert [] == reached(system_of(program, program.scenarios[0]), proof.lemmas, 2)


def test_a_lock_around_the_readers_only_is_not_proved() -> None:
    """If it fails, what two callers refute is proved for any number."""
    program = lowered(racing(locked(READ), FREE))
    result, _ = prove(program, program.scenarios[0])

    assert "refuted" == verdicts(result)["use-after-free"]


@pytest.mark.parametrize("read", [";", "p = NULL; if (p && p->dirty) slot = p;"])
def test_a_claim_about_objects_that_nobody_uses_is_vacuous(read: str) -> None:
    """If it fails, a claim about the wrong struct looks like one that holds."""
    found = checked(racing(read, "p = NULL; slot = NULL;"))

    assert "vacuous" == verdicts(found)["use-after-free"]
    assert "no object of struct page is ever used" == reasons(found)["use-after-free"]
    assert "no object of struct page is ever used" in reasons(found)["vacuity"]


def test_a_primitive_that_meets_null_only_uses_nothing() -> None:
    """If it fails, a test for NULL counts as a use of what is not there."""
    looks = "primitive bool look(struct page *page) { return page && page->dirty; }\n"
    text = "bool x; thread t { x = look(slot); }\n" + f'scenario s "x": t;\n{CLAIM}'
    found = checked(f"{PAGES}{looks}{text}")
    never = checked(f"{PAGES}{looks}{text}".replace("*slot = &page0", "*slot"))

    assert "bounded" == verdicts(found)["use-after-free"]
    assert "vacuous" == verdicts(never)["use-after-free"]


def test_a_claim_with_two_kinds_of_clauses_is_tested_by_either() -> None:
    """If it fails, half a claim makes the other half vacuous, or is all that is looked at."""
    mixed = f"{CLAIM}before free_page: !page->freed;\n"
    text = racing(READ, "slot = NULL;").replace(CLAIM, mixed)
    nothing = racing(";", "slot = NULL;").replace(CLAIM, mixed)

    assert "bounded" == verdicts(checked(text))["use-after-free"]
    assert "free_page is never called" == reasons(checked(text))["vacuity"].split(";")[0]
    assert (
        "free_page is never called; no object of struct page is ever used"
        == reasons(checked(nothing))["use-after-free"]
    )


def test_the_lock_that_keeps_an_object_alive_is_needed() -> None:
    """If it fails, `coverage` shows a lock as idle that a lifetime rests on."""
    text = f"""{PAGES}
    enum done {{ DONE }};
    enum done use(struct mutex *lock)
    {{
            struct page *p;

            mutex_lock(lock);
            p = slot;
            if (p)
                    p->dirty = true;
            mutex_unlock(lock);
            return DONE;
    }}
    contract use {{ DONE: same; }}
    thread reader {{ enum done got; got = use(&m); }}
    thread killer {{ struct page *p; {locked(FREE)} }}
    {ALL}{CLAIM}
    """
    source = Source("small.bfp", text)
    found = [need for (need,) in needs(resolve((source,), parse(source)), ["s"])]
    breaks = {(need.span.text, need.change): need.breaks for need in found}

    assert "use-after-free" in breaks["mutex_lock(lock);", "left out"]
    assert () == breaks["p->dirty = true;", "left out"]
