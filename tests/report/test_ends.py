"""How a run ends: what is false, which locks are left, who waits for whom, who dies."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from tests.engine.small import LOCKS, checked
from tests.programs.binder import result
from verify.reasons.coverage import CaseGoal
from verify.report import values
from verify.report.ends import details, wrong
from verify.report.limits import unproved_text
from verify.report.text import report, side_by_side, summary
from verify.report.violations import violation_text
from verify.verdicts import (
    Answer,
    Bounded,
    Crash,
    NotEstablished,
    Refuted,
    Result,
    Run,
    Unbalanced,
    Vacuous,
    Waiting,
)

# Each asks the whole engine about a small program.
pytestmark = pytest.mark.slow

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "verify" / "report" / "schema.json").read_text(encoding="utf-8")
)


def answer(found: Result, claim: str) -> Answer:
    return next(a for a in found.answers if a.claim == claim)


def the_run(found: Result, claim: str) -> Run:
    verdict = answer(found, claim).verdict
    assert isinstance(verdict, Refuted)
    return verdict.run


def lines(found: Result) -> list[str]:
    """The report, and its JSON held against the schema on the way."""
    document = values.document([values.program("small.bfp", 1, [found])], 1)
    jsonschema.validate(document, SCHEMA)
    return [line.strip() for line in report(found)]


def test_every_lock_that_is_left_is_named_with_the_step_that_took_it() -> None:
    """If it fails, who repairs the leak that is shown runs into the next one."""
    found = checked(
        f"""{LOCKS}
        struct mutex with;
        struct mutex m;
        struct mutex n;
        thread ret {{ mutex_lock(&n); mutex_lock(&with); mutex_unlock(&with); mutex_lock(&m); }}
        scenario s "s": ret;
        """
    )
    run = the_run(found, "balance")

    assert isinstance(run.end, Unbalanced)
    assert [("m", 4), ("n", 1)] == [(one.lock, one.step) for one in run.end.left]
    assert "==> ret: ends with m and n still held" in lines(found)
    assert ["m: taken in step 4, still held", "n: taken in step 1, still held"] == list(
        details(run)
    )


def test_who_waits_is_shown_with_the_line_and_with_who_holds_the_lock() -> None:
    """If it fails, a deadlock has to be put together from the steps of the run."""
    found = checked(
        f"""{LOCKS}
        struct mutex a;
        struct mutex b;
        thread one {{ mutex_lock(&a); mutex_lock(&b); mutex_unlock(&b); mutex_unlock(&a); }}
        thread two {{ mutex_lock(&b); mutex_lock(&a); mutex_unlock(&a); mutex_unlock(&b); }}
        scenario s "s": one, two;
        """
    )
    run = the_run(found, "stuck")
    assert isinstance(run.end, Waiting)
    steps = {step.thread: step.number for step in run.steps}
    said = lines(found)

    assert [("one", "mutex_lock(&b);"), ("two", "mutex_lock(&a);")] == [
        (one.thread, one.span.text + ";") for one in run.end.waits if one.span is not None
    ]
    assert "one waits for b in mutex_lock(&b), small.bfp:7" in said
    assert f"b is held by two since step {steps['two']}" in said
    assert f"a is held by one since step {steps['one']}" in said


def test_who_waits_for_no_lock_is_shown_with_what_it_finds() -> None:
    """If it fails, a completion that never comes is a wait for nothing."""
    found = checked(
        """
        bool done;
        primitive void wait(void) { when (done) ; }
        thread a { bool x; x = done; wait(); done = true; }
        scenario s "s": a;
        """
    )

    assert ["a waits in wait(), small.bfp:4, where done is false"] == list(
        details(the_run(found, "stuck"))
    )


def test_the_part_of_a_condition_that_is_false_is_shown_with_its_values() -> None:
    """If it fails, a condition of five parts is false and nobody knows which."""
    found = checked(
        f"""{LOCKS}
        struct page {{ bool mapped; }};
        struct page page0;
        struct mutex m;
        bool ready;
        primitive void free(struct page *page) {{ page->mapped = false; }}
        thread one {{ ready = true; page0.mapped = true; mutex_lock(&m); free(&page0); }}
        scenario s "s": one;
        claim unmapped "u" before free: ready && !page->mapped && !is_locked(&m);
        """
    )
    said = list(details(the_run(found, "unmapped")))

    assert [
        "`!page->mapped` is false: page is &page0; page->mapped is true",
        "`!is_locked(&m)` is false: is_locked(&m) is true, m is held by one",
    ] == said
    assert all(one in " ".join(lines(found)) for one in said)


def test_what_is_forbidden_is_shown_to_be_true() -> None:
    """If it fails, it is said that what never holds is false."""
    found = checked(
        """
        bool x;
        bool y;
        thread one { y = true; x = true; }
        scenario s "s": one;
        claim apart "a" never: (x && y) || (x && !y && x);
        """
    )

    assert ["`x && y` is true: x is true; y is true"] == list(details(the_run(found, "apart")))


def test_values_of_locals_are_those_at_the_return() -> None:
    """If it fails, the value of a local that nobody reads any more is made up."""
    found = checked(
        """
        enum way { SAME, OTHER };
        bool x;
        enum way f(bool arg) { if (arg) return OTHER; return SAME; }
        thread one { enum way w; w = f(x); }
        thread two { x = true; }
        scenario s "s": one, two;
        claim same "s" after f: result == SAME || !arg;
        """
    )

    assert ["`result == SAME || !arg` is false: result is OTHER; arg is true"] == list(
        details(the_run(found, "same"))
    )


def test_values_are_those_that_the_step_itself_has_read() -> None:
    """If it fails, what is false is left out, or shown with a value from before the step."""
    found = checked(
        """
        range int = 0..3;
        int n;
        int f(void) { return n; }
        thread one { int w; w = f(); }
        thread two { n = 3; }
        scenario s "s": one, two;
        claim small "s" after f: result >= 0 && result < 2;
        """
    )

    assert ["`result < 2` is false: result is 3"] == list(details(the_run(found, "small")))


CRASHES = f"""{LOCKS}
struct thing {{ bool x; }};
struct thing thing0;
struct thing *it = &thing0;
struct mutex m;
enum answer {{ BAD, GOOD }};
primitive void look(void) {{ }}
enum answer f(void)
{{
	struct thing *t;
	mutex_lock(&m);
	t = it;
	look();
	if (t->x)
		mutex_unlock(&m);
	else
		mutex_unlock(&m);
	return GOOD;
}}
thread caller {{ enum answer a; a = f(); }}
thread clear {{ it = NULL; }}
scenario s "s": caller, clear;
contract f {{ GOOD, BAD: same; }}
outcome good "good" = result == GOOD;
claim after-f "a" after f: result == GOOD;
claim end "e" alone caller finally: !is_locked(&m);
table f {{
	at look;
	axis t = t != NULL;
	case t: good;
	case !t: good;
}}
"""


def test_a_call_that_dies_is_a_behaviour_of_its_case() -> None:
    """If it fails, a case in which each call dies is said not to occur."""
    found = checked(CRASHES)
    there, null = sorted(found.table, key=lambda row: row.axes[0][1], reverse=True)
    (death,) = null.behaviours

    assert ("holds", ("good",)) == (there.verdict, tuple(b.outcome for b in there.behaviours))
    assert (True, "not established") == (null.reachable, null.verdict)
    assert death.crash is not None
    assert ("memory", "follows NULL in `t->x`", 17) == (
        death.crash.claim,
        violation_text(death.crash.violation),
        death.crash.span.line,
    )
    assert death.run is not None
    assert death.run == null.witness
    assert death.run.end == death.crash
    assert "crashes: follows NULL in `t->x` at small.bfp:17" in " ".join(
        " ".join(lines(found)).split()
    ).replace("good ", "")
    assert "[1] crashes: follows NULL in `t->x` at small.bfp:17" in list(side_by_side([found]))


@pytest.mark.parametrize("claim", ["balance", "after-f", "stuck"])
def test_a_claim_says_where_it_is_cut_short(claim: str) -> None:
    """If it fails, a claim that holds since each call dies before reads like any other."""
    found = checked(CRASHES)
    cut = answer(found, claim).cut_short

    assert isinstance(answer(found, claim).verdict, Bounded)
    assert cut is not None
    assert ("memory", "follows NULL in `t->x`") == (cut.claim, violation_text(cut.violation))
    assert any("! cut short by memory: follows NULL in" in line for line in lines(found))


def test_a_table_is_not_established_where_a_row_crashes() -> None:
    """If it fails, a table holds of which one row is never come to the end of."""
    verdict = answer(checked(CRASHES), "table").verdict

    assert isinstance(verdict, NotEstablished)
    assert "cut short by memory: follows NULL in `t->x` at small.bfp:17" == unproved_text(
        verdict.reason
    )


def test_a_run_alone_that_dies_says_so() -> None:
    """If it fails, a thread that follows NULL is said not to come to an end."""
    found = checked(CRASHES)
    run = the_run(found, "end")

    assert isinstance(run.end, Crash)
    assert "alone, it dies: follows NULL in `t->x` at small.bfp:17" == wrong(run)
    assert any(line.endswith("small.bfp:17  t->x  (it dies)") for line in lines(found))
    assert "==> caller, alone: it dies: follows NULL in `t->x` at small.bfp:17" in lines(found)


def test_the_summary_names_what_is_cut_short() -> None:
    """If it fails, who reads the last line alone takes a claim for more than it is."""
    (line, *more) = summary([checked(CRASHES)])
    said = " ".join([line, *(each.strip() for each in more)])

    assert said.endswith("; cut short: balance, after-f, stuck")


def test_who_does_not_die_cuts_nothing_short() -> None:
    """If it fails, a claim is put into doubt by a NULL that nobody follows."""
    found = checked(CRASHES.replace("thread clear { it = NULL; }", "thread clear { it = it; }"))

    assert not any(a.cut_short for a in found.answers)
    assert Vacuous((CaseGoal(0, "!t"),)) == answer(found, "table").verdict


@pytest.mark.slow
def test_a_wait_for_a_lock_that_was_left_goes_on_from_the_run_that_left_it() -> None:
    """If it fails, one mistake looks like two, each told at length."""
    said = [line.strip() for line in report(result("v3"))]
    start = said.index("--- stuck: no thread waits for ever")
    (lock,) = the_run(result("v3"), "balance").end.left  # type: ignore[union-attr]
    told = " ".join(said[start : start + 4])

    assert "as in the run of balance, which leaves foreign_vma.vm_lock" in told
    assert f"(taken in step {lock.step})" in told
    assert sum("unmap_vmas(vma)" in line for line in said) == 1
    assert f"since step {lock.step}" in " ".join(said[start:])


def test_the_heads_of_a_table_of_short_cases_stand_apart() -> None:
    """If it fails, the head of a table over one short axis reads `casethe code`."""
    found = checked(CRASHES)

    assert "case  the code" in " ".join(lines(found)[3:5])
