"""A text of a few lines, or of many alike, ends soon: with an answer, or with a limit by name.

Each of these once took all the time and memory there is.  What is asserted is how they end
and what is counted, never how long that takes.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.cli.call import call
from tests.engine.small import LOCKS, checked, lowered
from verify import explore as exploring
from verify.certify import unfold as unfolding
from verify.certify.system import system_of
from verify.certify.unfold import TooLargeError, unfold
from verify.engine import problem as problems
from verify.interpret import _tuple
from verify.ir import instance
from verify.parameterised import views as crowd_views
from verify.parameterised.alternatives import Alternative, distinct
from verify.parameterised.encoding import encoded
from verify.parameterised.views import Closure, TooManyViewsError
from verify.reasons.limits import Count, CountLimit, EffortLimit, ThreadLimit
from verify.smt import order as ordering
from verify.smt import solver as solving
from verify.smt.order import Order
from verify.verdicts import NotEstablished


def flips(count: int, before: str = "") -> str:
    """A thread that changes one variable so many times."""
    body = f"{before}x = !x; " * count
    return f'bool x; bool y;\nthread t "t" {{ {body} }}\nscenario s "s": t[*];\n'


def calls(levels: int) -> str:
    """The same, by functions that each call the one before twice."""
    functions = "".join(
        f"void f{i}(void) {{ f{i - 1}(); f{i - 1}(); }}\n" for i in range(1, levels + 1)
    )
    return (
        f"bool x;\nvoid f0(void) {{ x = !x; }}\n{functions}"
        f'thread t "t" {{ f{levels}(); }}\nscenario s "s": t[*];\n'
    )


FLIP = 'bool x;\nthread t "t" { x = !x; }\n'
SECTION = f"""struct mutex m; bool x;
{LOCKS}
thread a "a" {{ mutex_lock(&m); x = !x; mutex_unlock(&m); }}
thread c "c" {{ mutex_lock(&m); x = false; mutex_unlock(&m); }}
"""
INTEGERS = """range num = 0..63; num n; bool x;
thread t "t" { num a; num b; num c; a = n; b = n; c = n; n = a; n = b; n = c; x = a == b; }
scenario s "s": t[*];
"""

REFUSED = {
    "statements": (flips(20_000), "words and signs", 2),
    "gotos": (
        'bool x;\nthread t "t" {\n'
        + "".join(f"goto l{i}; l{i}: x = !x;\n" for i in range(20_000))
        + '}\nscenario s "s": t[*];\n',
        "words and signs",
        5002,
    ),
    "calls": (calls(9), "commands", 12),
    "branches": (flips(300, "if (x) y = !y; "), "commands", 2),
    "scenarios": (
        FLIP + "".join(f'scenario s{i} "s": t[*];\n' for i in range(2_000)),
        "scenarios times claims",
        145,
    ),
    "claims": (
        FLIP
        + 'scenario s "s": t[*];\n'
        + "".join(f'claim c{i} "c" never: x && !x;\n' for i in range(3_000)),
        "scenarios times claims",
        997,
    ),
}


@pytest.mark.parametrize(("text", "named", "line"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_too_much_is_refused_where_it_becomes_so(
    tmp_path: Path, text: str, named: str, line: int
) -> None:
    """A text of some hundred kilobytes would keep a machine busy for hours."""
    file = tmp_path / "large.bfp"
    file.write_text(text)
    done = call("prove", str(file))

    assert 2 == done.status
    assert "error[BFP004]" in done.err
    assert named in done.err
    assert f"large.bfp:{line}:" in done.err


def prove(tmp_path: Path, text: str, *args: str) -> tuple[int, str]:
    file = tmp_path / "large.bfp"
    file.write_text(text)
    done = call("prove", str(file), "--brief", *args)
    assert "" == done.err
    return done.status, " ".join(done.out.split())


ENDING: dict[str, tuple[str, tuple[str, ...], int, str]] = {
    "flips, any number": (flips(32), (), 0, "proved balance"),
    "flips, two": (flips(32), ("--bounded",), 3, "comparisons of two events"),
    "more flips, two": (flips(64), ("--bounded",), 3, "comparisons of two events"),
    "branches": (flips(30, "if (x) y = !y; "), (), 3, "comparisons of two events"),
    "integers": (INTEGERS, ("--bounded",), 3, "thread t has more than 10000 states by itself"),
    "threads": (
        "bool x;\n"
        + "".join(f'thread t{i} "t" {{ x = !x; }}\n' for i in range(60))
        + f'scenario s "s": {", ".join(f"t{i}[*]" for i in range(60))};\n',
        (),
        0,
        "proved balance",
    ),
    "threads that are there once": (
        SECTION + 'scenario s "s": a[*], c[63];\n',
        (),
        3,
        "views take more than 12000000 looks",
    ),
    "loops": (
        f'bool x;\nthread t "t" {{ {"while (x) { " * 40} x = !x; {"} " * 40} }}\n'
        'scenario s "s": t[*];\n',
        (),
        3,
        "proved balance",
    ),
}


@pytest.mark.parametrize(("text", "args", "status", "said"), ENDING.values(), ids=ENDING.keys())
def test_what_is_large_ends_with_what_could_be_told(
    tmp_path: Path, text: str, args: tuple[str, ...], status: int, said: str
) -> None:
    """Each of them ran for minutes, or until the memory was gone."""
    found, out = prove(tmp_path, text, *args)

    assert status == found
    assert said in out


def test_no_more_events_are_compared_than_the_limit_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """The text for z3 grows with the cube of the statements: it would fill the memory."""
    monkeypatch.setattr(ordering, "MAX_COMPARISONS", 1_000)
    program = lowered(flips(16))
    order = Order(program, instance(program, program.scenarios[0], 2))

    assert CountLimit(Count.COMPARISONS, 1_000) == order.limit
    assert 1_001 == order._compared
    with pytest.raises(AssertionError):
        order.text()


def test_a_thread_is_unfolded_as_far_as_the_limit_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few integers make millions of states of one thread."""
    monkeypatch.setattr(unfolding, "MAX_STATES", 100)
    program = lowered(INTEGERS)

    with pytest.raises(TooLargeError) as found:
        unfold(program, program.threads[0])

    assert ThreadLimit(program.threads[0].name, 100) == found.value.reason


HOOKED = """bool x; bool y;
primitive void f(void) { x = true; }
thread t "t" { if (x) { if (y) f(); } }
thread u "u" { x = true; y = true; }
scenario s "s": t[*], u;
claim called "c" before f: x;
claim asked "c" before f: !x;
"""


def test_where_nothing_was_asked_nothing_is_called_vacuous(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It would be said of what is called that it never is, since z3 was not asked."""
    monkeypatch.setattr(ordering, "MAX_COMPARISONS", 1)
    monkeypatch.setattr(
        problems, "DEFAULT_LIMITS", problems.Limits(presearch_states=1, more_states=1)
    )
    found = checked(HOOKED)

    verdicts = {answer.claim: answer.verdict for answer in found.answers}
    for claim in "called", "asked", "vacuity", "balance":
        verdict = verdicts[claim]
        assert isinstance(verdict, NotEstablished)
        assert CountLimit(Count.COMPARISONS, 1) == verdict.reason
    assert () == found.unreached
    assert () == found.missing


def test_looks_at_views_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of threads that are there once each shared part has few views, and there are many."""
    monkeypatch.setattr(crowd_views, "MAX_LOOKS", 10_000)
    program = lowered(SECTION + 'scenario s "s": a[*], c[20];\n')
    views = Closure(encoded(system_of(program, program.scenarios[0])), 1_000_000)

    with pytest.raises(TooManyViewsError) as found:
        views.close()
    assert CountLimit(Count.LOOKS, 10_000) == found.value.reason
    assert 20_000 > views._looks


@pytest.mark.parametrize(("count", "limit"), [(20, 500), (60, 500), (128, 166)])
def test_a_state_of_many_threads_counts_as_several(count: int, limit: int) -> None:
    """So many states of 120 threads took a hundred times the time of those of three."""
    program = lowered(SECTION + 'scenario s "s": a[64], c[64];\n')
    threads = instance(program, program.scenarios[0], 2)
    some = threads[: count // 2] + threads[64 : 64 + count // 2]
    seen = exploring.explore(program, some, 500)

    assert not seen.complete
    # It stops at the end of a layer.
    assert limit < len(seen.parents) < 2 * limit


def test_a_tuple_is_written_by_what_changes_in_it() -> None:
    """The code of a thread would be as long as it has commands times locals: 2 GiB for 300 ifs."""
    rng = random.Random(1)
    for _ in range(200):
        size = rng.randrange(1, 80)
        values = tuple(range(size))
        new = {rng.randrange(size): "-1" for _ in range(rng.randrange(1, 5))}
        made = eval(_tuple("m", size, new), {"m": values})

        assert tuple(-1 if i in new else i for i in values) == made
    assert 100 > len(_tuple("m", 10_000, {5_000: "1"}))


def test_alternatives_inside_others_are_left_out_whatever_their_sizes() -> None:
    """A guard would have alternatives that say nothing, or lack some that do."""
    rng = random.Random(2)
    for _ in range(200):
        starts = [
            Alternative(rng.randrange(1, 16), rng.randrange(1, 8), 7, rng.choice(((), (1,))))
            for _ in range(rng.randrange(1, 12))
        ]
        expected = [
            one for one in dict.fromkeys(starts) if not any(_inside(one, two) for two in starts)
        ]

        assert expected == distinct(starts)


def _inside(one: Alternative, two: Alternative) -> bool:
    return (
        one != two
        and one.witnesses == two.witnesses
        and not (one.shared & ~two.shared or one.own & ~two.own or one.beside & ~two.beside)
    )


def test_z3_is_not_asked_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of hundreds of questions may take a minute: together they would take hours."""
    monkeypatch.setattr(solving, "EFFORT_IN_ALL", 1)
    session = solving.Session("(declare-const a Bool)", ["a", "(not a)"])
    session.ask([0])
    found = session.ask([1])

    assert isinstance(found, solving.Unknown)
    assert EffortLimit(1) == found.reason
