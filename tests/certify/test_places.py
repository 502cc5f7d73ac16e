"""`stuck` for any number: which waits have an order, and what is said where they have none."""

from __future__ import annotations

import pytest

from tests.randomised import lowered
from verify.certify.places import circle
from verify.certify.proof import Grounds, confirm, obligations
from verify.certify.system import system_of
from verify.engine.prove import prove
from verify.report.limits import unproved_text
from verify.verdicts import Bounded, Proved, Refuted, Verdict

LOCKS = """
primitive void down_read(struct rw_semaphore *l) { acquire_shared(l); }
primitive void up_read(struct rw_semaphore *l) { release_shared(l); }
primitive void down_write(struct rw_semaphore *l) { acquire(l); }
primitive void up_write(struct rw_semaphore *l) { release(l); }
primitive void lock(struct mutex *l) { acquire(l); }
primitive void unlock(struct mutex *l) { release(l); }
"""
VMAS = """
struct vma { struct rw_semaphore lock; bool moved; };
struct vma one;
struct vma two;
struct rw_semaphore mmap_lock;
struct vma *src = &one;
thread retarget { src = &two; src = &one; }
"""
# Writers write-lock the VMAs in any order, and again what they have already.
WRITER = """
primitive void start_write(struct vma *v)
{
	if (!held_write(&v->lock))
		acquire(&v->lock);
}
primitive void end_write_all(void)
{
	if (held_write(&one.lock)) release(&one.lock);
	if (held_write(&two.lock)) release(&two.lock);
	release(&mmap_lock);
}
thread writer
{
	struct vma *v = src;
	struct vma *w = src;
	down_write(&mmap_lock);
	start_write(v);
	start_write(w);
	start_write(&one);
	v->moved = true;
	end_write_all();
}
"""
MOVER = """
thread mover
{
	struct vma *a = src;
	struct vma *b = &two;
	if (a == b)
		return;
	down_read(&mmap_lock);
	down_read(&a->lock);
	down_read(&b->lock);
	up_read(&mmap_lock);
	b->moved = a->moved;
	up_read(&b->lock);
	up_read(&a->lock);
}
"""
UNGATED = MOVER.replace("\tdown_read(&mmap_lock);\n", "").replace("\tup_read(&mmap_lock);\n", "")


def stuck(text: str) -> Verdict:
    code = lowered(text)
    answers = prove(code, code.scenarios[0], only=("stuck",))[0].answers
    return answers[0].verdict


def test_a_mover_of_two_vmas_beside_writers_under_the_mmap_lock_is_proved() -> None:
    """Gate locks, idempotent acquires and pointers to several locks would be alarms for ever."""
    scenario = 'scenario s "s": mover[*], writer[*], retarget forever;'

    assert isinstance(stuck(LOCKS + VMAS + WRITER + MOVER + scenario), Proved)


def test_without_the_gate_it_is_refuted() -> None:
    """If it fails, the proof above takes more for excluded than the gate excludes."""
    scenario = 'scenario s "s": mover[*], writer[*], retarget forever;'

    assert isinstance(stuck(LOCKS + VMAS + WRITER + UNGATED + scenario), Refuted)


@pytest.mark.parametrize("gate", [True, False])
def test_opposite_orders_under_one_gate(gate: bool) -> None:
    """A circle of locks is none if one lock is held around all of it, and only then."""
    take, leave = ("lock(&g);", "unlock(&g);") if gate else ("", "")
    text = f"""{LOCKS}
    struct mutex g; struct mutex a; struct mutex b;
    thread t {{ {take} lock(&a); lock(&b); unlock(&b); unlock(&a); {leave} }}
    thread u {{ {take} lock(&b); lock(&a); unlock(&a); unlock(&b); {leave} }}
    scenario s "s": t[*], u[*];
    """

    assert isinstance(stuck(text), Proved if gate else Refuted)


def test_a_circle_is_named_with_its_locks_and_lines() -> None:
    """Whoever is told that no order was found would not know where to look."""
    text = f"""{LOCKS}
range int = 0..2;
struct mutex a; struct mutex b; struct mutex c;
primitive int any(void) {{ when (true) return 0; when (true) return 1; when (true) return 2; }}
thread t
{{
	int way = any();
	if (way == 0) {{ lock(&a); lock(&b); unlock(&b); unlock(&a); }}
	if (way == 1) {{ lock(&b); lock(&c); unlock(&c); unlock(&b); }}
	if (way == 2) {{ lock(&c); lock(&a); unlock(&a); unlock(&c); }}
}}
scenario s "s": t[*];
"""
    line = 1 + text[: text.index("if (way == 0)")].count("\n")
    verdict = stuck(text)

    # It takes three callers, and two are asked.
    assert isinstance(verdict, Bounded)
    assert verdict.unproved is not None
    said = unproved_text(verdict.unproved)
    assert f"t at random.bfp:{line} may wait for b, which another t holds" in said
    assert f"for c, which another t holds at random.bfp:{line + 2}" in said
    code = lowered(text)
    three = prove(code, code.scenarios[0], threads=3, only=("stuck",))[0].answers[0].verdict
    assert isinstance(three, Refuted)


def test_no_arrow_can_be_left_out_of_a_proof() -> None:
    """A proof that leaves a wait out would be one of an order that there is not."""
    text = f"""{LOCKS}
    struct mutex a; struct mutex b; struct mutex c;
    thread t {{ lock(&a); unlock(&a); lock(&a); lock(&b); lock(&c);
                unlock(&c); unlock(&b); unlock(&a); }}
    scenario s "s": t[*];
    """
    code = lowered(text)
    _, proof = prove(code, code.scenarios[0], only=("stuck",))
    system = system_of(code, code.scenarios[0])

    def refused(arrows: tuple[tuple[int, int], ...]) -> bool:
        texts = obligations(code, system, Grounds(proof.lemmas, proof.direct, arrows))
        return "stuck" in confirm(texts)

    assert proof.arrows
    assert not refused(proof.arrows)
    for arrow in proof.arrows:
        assert refused(tuple(other for other in proof.arrows if other != arrow))


def test_a_shortest_circle_is_found() -> None:
    """A longer one would be told, or one that is none."""
    assert () == circle([(0, 1), (1, 2), (0, 2)])
    assert (3,) == circle([(0, 1), (1, 0), (3, 3)])
    assert 2 == len(circle([(0, 1), (1, 2), (2, 0), (2, 1)]))


def test_what_is_proved_beside_a_stuck_that_is_not_stays_proved() -> None:
    """Of one claim that cannot be proved, all others would be told as open."""
    text = f"""{LOCKS}
    struct mutex a; struct mutex b; bool x; bool y;
    primitive void wait_for(void) {{ when (x) {{ }} }}
    primitive void begin(void) {{ y = true; }}
    primitive void set(void) {{ x = true; }}
    thread t {{ lock(&a); unlock(&a); lock(&a); lock(&b); unlock(&b); unlock(&a); }}
    thread w {{ begin(); wait_for(); }}
    thread v {{ set(); }}
    scenario s "s": t[*], w, v;
    """
    code = lowered(text)
    _, proof = prove(code, code.scenarios[0])

    assert "stuck" in proof.open
    assert {"lock-use", "memory", "atomic-sleep"} <= set(proof.shares)
    assert () == proof.arrows
