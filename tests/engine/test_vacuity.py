"""What is never put to the test, and how far an answer reaches."""

from __future__ import annotations

import pytest

from tests.engine.small import LOCKS, checked, lowered
from tests.programs.binder import broken, cells, reasons, verdicts
from verify.engine import search as search_module
from verify.engine.bounded import check
from verify.engine.prove import prove
from verify.verdicts import nowhere

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
    assert reasons(found)["vacuity"] == "idle is never held"


def test_a_claim_about_a_run_alone_that_never_starts_is_vacuous() -> None:
    """If it fails, progress from a state that cannot be looks like progress."""
    starts = checked(f'{ONE} claim go "g" alone a when (x) finally: x;')
    never = checked(f'{ONE} claim go "g" alone a when (x && y) finally: !x;')

    assert verdicts(starts)["go"] == "holds"
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
        (True, True): "cannot occur",
        (False, True): "holds",
        (True, False): "holds",
        (False, False): "holds",
    }
    by_axes = {(dict(row.axes)["x"], dict(row.axes)["y"]): row for row in found.table}

    assert verdicts(found)["table"] == "holds"
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
    assert verdicts(endless)["stuck"] == "holds"


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

    # The scout knows no rounds: what it happens to find counts.
    assert verdicts(checked(text, rounds=1))["small"] == "refuted"

    monkeypatch.setattr(search_module, "SCOUT_STATES", 1)

    assert verdicts(checked(text, rounds=1))["small"] == "holds"
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
    assert verdicts(checked(text, rounds=4))["ends"] == "holds"


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
    good = "proved" if unbounded else "holds"
    missing = nowhere(results)

    assert words == [
        [good, "absent", "absent", good, "absent"],
        ["absent", good, "absent", "absent", "absent"],
    ]
    # Each says what it does not reach, and only what none of them reaches is a defect.
    assert missing == (("hook third", "third is never called"),)
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

    assert verdicts(checked(text))["vacuity"] == "holds"
    assert verdicts(prove(found, found.scenarios[0])[0])["vacuity"] == "proved"
