"""What is never put to the test, and how far an answer reaches."""

from __future__ import annotations

import pytest

from tests.engine.small import LOCKS, checked, lowered
from tests.programs.binder import broken, cells, reasons, verdicts
from verify.engine import problem
from verify.engine.bounded import check
from verify.engine.prove import prove
from verify.lower.program import lower
from verify.reasons.coverage import CallGoal, CaseGoal, Owner, OwnerGoal
from verify.report.coverage import in_short, never
from verify.report.text import report, watched_text
from verify.source import Source
from verify.syntax.parse import parse
from verify.syntax.resolve import resolve
from verify.verdicts import Result, nowhere

ONE = f"""{LOCKS}
struct mutex m;
struct mutex idle;
bool x;
bool y;
primitive void never_called(void) {{ y = true; }}
thread a "a" {{
	mutex_lock(&m);
	x = true;
	if (y)
		x = false;
	mutex_unlock(&m);
}}
scenario s "s": a[*];
"""


def test_a_claim_at_a_function_that_is_never_called_is_vacuous() -> None:
    """If it fails, a misspelt hook looks like a claim that holds."""
    found = checked(f'{ONE} claim hooked "h" before never_called: x;')

    assert verdicts(found)["hooked"] == "vacuous"
    assert reasons(found)["hooked"] == "never_called is never called"


def test_a_lock_that_nobody_ever_holds_is_reported() -> None:
    """If it fails, a lock that is never taken, and so never leaked, looks well used."""
    found = checked(ONE)
    expected = {"vacuity": "vacuous"}

    assert expected == broken(found)
    assert reasons(found)["vacuity"] == "never reached: line 14; idle is never held"


def test_a_claim_about_a_run_alone_that_never_starts_is_vacuous() -> None:
    """If it fails, progress from a state that cannot be looks like progress."""
    starts = checked(f'{ONE} claim go "g" alone a when (x) finally: x;')
    never = checked(f'{ONE} claim go "g" alone a when (x && y) finally: !x;')

    assert verdicts(starts)["go"] == "bounded"
    assert verdicts(never)["go"] == "vacuous"
    assert reasons(never)["go"] == "no state at rest is as it says"


def test_a_statement_of_a_subject_that_no_run_reaches_is_shown() -> None:
    """If it fails, a function of which half is dead looks as if all of it was looked at."""
    found = checked(
        f"""{LOCKS}
        struct mutex m;
        bool x;
        bool y;
        enum r {{ GOOD, BAD }};
        enum r f(struct mutex *l)
        {{
                mutex_lock(l);
                if (y)
                        x = false;
                x = true;
                mutex_unlock(l);
                return GOOD;
        }}
        contract f {{ GOOD, BAD: same; }}
        thread a "a" {{ enum r got; got = f(&m); }}
        thread b "b" {{ if (x) y = y; }}
        scenario s "s": a[*], b;
        """
    )
    expected = ["x = false;"]

    assert expected == [line.span.text for line in found.unreached]
    assert verdicts(found)["vacuity"] == "vacuous"


def test_a_cell_that_cannot_occur_says_what_the_code_would_do() -> None:
    """If it fails, a case that the scenario excludes is shown as if it had been checked."""
    found = checked(
        f"""{LOCKS}
        struct mutex m;
        bool x;
        bool y;
        enum r {{ GOOD, BAD }};
        primitive bool look(void) {{ return x; }}
        enum r f(struct mutex *l)
        {{
                bool seen;

                seen = look();
                mutex_lock(l);
                mutex_unlock(l);
                if (seen)
                        return BAD;
                return GOOD;
        }}
        outcome good "good" = result == GOOD;
        outcome bad "bad" = result == BAD;
        contract f {{ GOOD, BAD: same; }}
        table f {{
                at look;
                axis x = x;
                axis y = y;
                case x && !y: bad;
                case x && y: good;
                case !x && !y: good;
                case !x && y: never;
        }}
        thread a "a" {{ enum r got; got = f(&m); }}
        thread b "b" {{ x = true; mutex_lock(&m); y = false; mutex_unlock(&m); }}
        scenario s "s": a, b;
        """
    )
    expected_cells = {
        "x y": (False, ()),
        "!x y": (False, ()),
        "x !y": (True, (("bad", ()),)),
        "!x !y": (True, (("good", ()),)),
    }
    expected_verdicts = {
        (True, True): "never sampled",
        (False, True): "holds",
        (True, False): "holds",
        (False, False): "holds",
    }
    by_axes = {(dict(row.axes)["x"], dict(row.axes)["y"]): row for row in found.table}

    assert verdicts(found)["table"] == "vacuous"
    assert reasons(found)["table"] == "case x && y is never sampled"
    assert expected_cells == cells(found)
    assert expected_verdicts == {axes: row.verdict for axes, row in by_axes.items()}
    # The author says `good` of x and y; the code, could it come there, would do otherwise.
    assert [one.outcome for one in by_axes[True, True].alone] == ["bad"]


LOOP = """
bool x;
bool y;
thread a "a" {
	while (!y)
		x = !x;
}
thread b "b" { y = true; }
scenario s "s": a, b;
"""


@pytest.mark.parametrize("rounds", [0, 2])
def test_a_loop_that_is_cut_off_is_said_to_be(rounds: int) -> None:
    """If it fails, a bounded answer looks like one about every run."""
    endless = checked(LOOP, rounds=rounds)
    straight = checked(ONE, rounds=rounds)

    assert endless.bound.cut
    assert not straight.bound.cut
    assert rounds == endless.bound.rounds
    # Who has to stop because of the bound does not wait for ever because of it.
    assert verdicts(endless)["stuck"] == "bounded"


def test_a_loop_is_entered_again_as_often_as_the_bound_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """If it fails, the bound on loops does not bound what z3 looks at."""
    text = """
    range int = 0..3;
    int n;
    bool stop;
    thread a "a" { while (!stop) n = n + 1; }
    thread b "b" { stop = true; }
    scenario s "s": a, b;
    claim small "n stays below 3" never: n == 3;
    """

    # The pre-search knows no rounds: what it happens to find counts.
    assert verdicts(checked(text, rounds=1))["small"] == "refuted"

    monkeypatch.setattr(problem, "DEFAULT_LIMITS", problem.Limits(presearch_states=1))

    assert verdicts(checked(text, rounds=1))["small"] == "bounded"
    assert verdicts(checked(text, rounds=3))["small"] == "refuted"


def test_a_run_alone_that_is_cut_off_is_not_established() -> None:
    """If it fails, a loop longer than the bound passes for one without an end, or for progress."""
    text = """
    range int = 0..3;
    int n;
    bool x;
    thread a "a" { x = true; }
    thread c "c" { n = 0; while (n < 3) n = n + 1; }
    scenario s "s": a;
    claim ends "n gets to 3" alone c finally: n == 3;
    """

    assert verdicts(checked(text, rounds=1))["ends"] == "not established"
    assert verdicts(checked(text, rounds=4))["ends"] == "bounded"


SEVERAL = f"""{LOCKS}
struct mutex m;
bool x;
primitive void first(void) {{ x = true; }}
primitive void second(void) {{ x = false; }}
primitive void third(void) {{ x = false; }}
thread a "a" {{ mutex_lock(&m); first(); mutex_unlock(&m); }}
thread b "b" {{ mutex_lock(&m); second(); mutex_unlock(&m); }}
thread c "c" {{ third(); }}
claim at-first "at first" before first: x || !x;
claim at-second "at second" before second: x || !x;
claim at-third "at third" before third: x || !x;
claim goes "goes" alone a when (x) finally: x;
scenario one "one": a[*];
scenario two "two": b[*];
"""


@pytest.mark.parametrize("unbounded", [False, True])
def test_what_one_scenario_does_not_reach_is_absent_there(unbounded: bool) -> None:
    """If it fails, a claim about munmap() is called vacuous where there is no munmap()."""
    found = lowered(SEVERAL)
    ask = (lambda p, s: prove(p, s)[0]) if unbounded else check
    results = [ask(found, scenario) for scenario in found.scenarios]
    names = ("at-first", "at-second", "at-third", "goes", "vacuity")
    words = [[verdicts(result)[name] for name in names] for result in results]
    good = "proved" if unbounded else "bounded"
    missing = nowhere(results)

    assert words == [
        [good, "absent", "absent", good, "absent"],
        ["absent", good, "absent", "absent", "absent"],
    ]
    # Each says what it does not reach, and only what none of them reaches is a defect.
    assert missing is not None
    assert [CallGoal("third"), OwnerGoal(Owner("thread", "c"))] == in_short(missing)
    assert ["third is never called", "thread c never runs"] == [*map(never, in_short(missing))]
    assert nowhere(results[:1]) is None
    assert nowhere([checked(ONE)]) is None


def test_what_takes_a_third_thread_is_looked_for_and_found() -> None:
    """If it fails, a statement that takes three callers passes for one that is never reached."""
    text = f"""{LOCKS}
    struct mutex m;
    range int = 0..3;
    int n;
    primitive void thrice(void) {{ when (n == 3) {{ }} }}
    thread a "a" {{ mutex_lock(&m); if (n < 3) n = n + 1; mutex_unlock(&m); }}
    thread b "b" {{ thrice(); }}
    claim late "late" before thrice: n == 3;
    scenario s "s": a[*], b;
    """
    found = lowered(text)

    assert verdicts(checked(text))["vacuity"] == "bounded"
    assert verdicts(prove(found, found.scenarios[0])[0])["vacuity"] == "proved"


OWN = f"""{LOCKS}
range int = 0..3;
struct mutex m;
bool x;
bool y;
static void empty(void) {{ }}
static bool is_one(int k) {{ return k == 1; }}
static void own(int k)
{{
	%s
}}
contract own {{ }}
thread a "a" {{ mutex_lock(&m); mutex_unlock(&m); own(1); }}
scenario s "s": a[*];
"""

# A body and what no run comes to in it; `is_one` stands for a function that is called.
BODIES = {
    "an assignment to a local": ("k = 2; is_one(k);", []),
    "a declaration with a value": ("int j = 2; bool b = is_one(j);", []),
    "a jump": ("is_one(k); goto out; out: ;", []),
    "a call of an empty function": ("empty(); is_one(k);", []),
    "a return of nothing": ("is_one(k); return;", []),
    "a call over two lines": ("is_one(\n\t\tk);", []),
    "a call in a condition": ("if (is_one(k)) return;", []),
    "two calls in one condition": ("if (is_one(k) && !is_one(2)) return;", []),
    "a call that is returned": ("bool b; b = is_one(k) || is_one(2);", []),
    "behind a return": ("is_one(k); return; x = true;", ["x = true;"]),
    "behind a jump": ("is_one(k); goto out; k = 2; out: k = 3;", ["k = 2;"]),
    "where a constant says no": ("is_one(k); if (0) x = true;", ["x = true;"]),
    "where a local says no": ("if (is_one(k)) k = 2; else k = 3;", ["k = 3;"]),
    "a test and what it is about": ("is_one(k); if (y) x = x; x = x;", ["x = x;"]),
    "a call that is not come to": ("is_one(k); if (y) is_one(2);", ["is_one(2);"]),
    "a loop that is not entered": ("is_one(k); while (y) x = true;", ["x = true;"]),
    "each part of a loop": ("is_one(k); for (k = 0; k < 1; k = k + 1) x = true;", []),
    "the turn of a loop": (
        "is_one(k); for (k = 0; k < 1; k = k + 1) return;",
        ["k = k + 1"],
    ),
    "a loop without a condition": (
        "is_one(k); for (;;) { if (y) x = true; return; }",
        ["x = true;"],
    ),
    "behind a loop without an end": (
        "is_one(k); for (;;) { } x = true;",
        ["x = true;"],
    ),
}


@pytest.mark.parametrize("name", BODIES)
def test_whatever_a_function_says_is_reached_or_told_of(name: str) -> None:
    """If it fails, a statement is called dead that runs, or one that never runs passes."""
    body, expected = BODIES[name]
    found = checked(OWN % body)
    # That only some of the functions are called is no matter here.
    unreached = [line.span.text for line in found.unreached]

    assert expected == unreached


def test_the_functions_of_a_program_are_all_reached() -> None:
    """If it fails, a helper that is called is said to be dead."""
    found = checked(OWN % "empty(); if (is_one(k)) k = 2;")

    assert verdicts(found)["vacuity"] == "bounded"


def test_a_function_that_is_never_called_is_said_to_be_so_once() -> None:
    """If it fails, each line of it is listed, or none."""
    found = checked(OWN % "k = 2; x = true;")

    assert reasons(found)["vacuity"] == "function is_one is never called"
    assert found.unreached == ()


def included(own: str, other: str) -> Result:
    """What is found of a program with an include."""
    main, model = Source("own.bfp", own), Source("other.bfh", other)
    program = lower(resolve((main, model), (*parse(main), *parse(model))))
    return check(program, program.scenarios[0])


@pytest.mark.parametrize("contract", ["", "contract helper { }"])
def test_an_included_function_is_watched_if_it_has_a_contract(contract: str) -> None:
    """If it fails, a model with functions for other programs makes each of them vacuous."""
    found = included(
        f'bool x; thread a "a" {{ helper(false); x = true; }} scenario s "s": a; {contract}',
        "void helper(bool b) {\n\tif (b)\n\t\tb = false;\n}",
    )
    expected = {"vacuity": "never reached: line other.bfh:3"} if contract else {}

    assert expected == reasons(found)


def test_what_only_a_thread_alone_reaches_is_reached() -> None:
    """If it fails, a thread that is there to run alone is said never to run."""
    text = """
    bool x;
    bool y;
    thread a "a" { x = true; }
    thread c "c" { if (x) y = true; else y = false; }
    scenario s "s": a;
    claim ends "it ends" alone c when (x) finally: y;
    """
    found = checked(text)

    assert reasons(found)["vacuity"] == "never reached: line 5"
    assert [line.span.text for line in found.unreached] == ["y = false;"]


TABLE = f"""{LOCKS}
struct mutex m;
bool x;
bool y;
enum r {{ GOOD, BAD }};
primitive bool look(void) {{ when (true) return true; when (x) return false; }}
static bool through(void) {{ return look(); }}
primitive void dies(struct mutex *l) {{ acquire(l); acquire(l); }}
enum r f(struct mutex *l)
{{
	bool seen;

	mutex_lock(l);
	%s
	mutex_unlock(l);
	return GOOD;
}}
outcome good "good" = result == GOOD;
table f {{
	at look returns %s;
	axis y = y;
	case y: %s;
	case !y: good;
}}
thread a "a" {{ enum r got; got = f(&m); }}
scenario s "s": a[*];
"""
NEVER = "sample point, look() returning false, is never reached"
# What f does, which value is waited for, what is claimed of y; why the table is vacuous.
TABLES = {
    "each row": (
        "seen = look(); y = !y; seen = look();",
        "true",
        "",
    ),
    "one row only": ("seen = look();", "true", "case y is never sampled"),
    "a value that it never returns": ("seen = look();", "false", f"its {NEVER}"),
    "in a callee only": ("seen = through();", "false", f"its {NEVER}"),
    "not at all": ("seen = y;", "false", f"its {NEVER}"),
}


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("unbounded", [False, True])
def test_a_table_is_proved_only_if_each_of_its_rows_is_sampled(name: str, unbounded: bool) -> None:
    """If it fails, a table that nobody ever looks at is proved."""
    body, value, why = TABLES[name]
    program = lowered(TABLE % (body, value, "good"))
    ask = (lambda p, s: prove(p, s)[0]) if unbounded else check
    found = ask(program, program.scenarios[0])
    good = "proved" if unbounded else "bounded"

    assert verdicts(found)["table"] == ("vacuous" if why else good)
    assert reasons(found).get("table", "") == why or (unbounded and not why)


def test_a_row_that_never_occurs_need_not_be_sampled() -> None:
    """If it fails, whoever says rightly that a case cannot occur is told that it does not."""
    found = checked(TABLE % ("seen = look();", "true", "never"))

    assert verdicts(found)["table"] == "bounded"
    assert any("cannot occur" in line for line in report(found))


def test_a_row_without_a_return_is_no_row_that_cannot_occur() -> None:
    """If it fails, a case in which every call crashes looks as if it did not exist."""
    found = checked(TABLE % ("y = true; seen = look(); if (y) { mutex_lock(l); }", "true", "good"))
    row = next(row for row in found.table if dict(row.axes)["y"])

    assert (row.sampled, row.verdict) == (True, "not established")
    assert any(line.split()[:2] == ["y", "crashes:"] for line in report(found))


def test_a_claim_about_the_table_needs_a_sample() -> None:
    """If it fails, a claim about a table that is never sampled is proved."""
    text = TABLE % ("seen = look();", "false", "good")
    found = checked(f'{text} claim sampled "s" at table: x;')

    assert reasons(found)["sampled"] == f"the table's {NEVER}"


def test_a_row_that_another_scenario_samples_is_absent() -> None:
    """If it fails, a table is vacuous in each scenario that does not go through all of it."""
    text = TABLE % ("seen = look();", "true", "good")
    found = lowered(f'{text} thread b "b" {{ y = true; }} scenario t "t": a[*], b;')
    results = [check(found, scenario) for scenario in found.scenarios]

    assert [verdicts(result)["table"] for result in results] == ["absent", "bounded"]
    assert CaseGoal(1, "y") in results[0].missing
    assert [OwnerGoal(Owner("function", "through"))] == in_short(nowhere(results) or ())


def test_how_much_is_watched_is_said() -> None:
    """If it fails, a reader cannot tell a thorough answer from one about nothing."""
    found = checked(
        f'{ONE} claim hooked "h" before mutex_lock: x; claim go "g" alone a finally: !x;'
    )
    expected = (
        "5 statements of 1 thread, 1 call that claims look at, 2 locks, 1 start of runs alone"
    )

    assert expected == watched_text(found.watched)
    assert any(line.startswith("  watched: 5 statements of 1 thread") for line in report(found))
