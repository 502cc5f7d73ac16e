"""What the shell is told, and what is said beside it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from tests.cli.call import REUSE, V3, Called, call, process, told
from tests.cli.test_evidence import THREE
from verify.engine import bounded
from verify.engine import prove as prove_module
from verify.engine import search as search_module
from verify.interpret import Machine, ReplayError, State
from verify.smt.solver import Session


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (("good.bfp",), 0),
        (("bad.bfp",), 1),
        (("good.bfp", "bad.bfp"), 1),
        (("bad.bfp", "good.bfp"), 1),
        # Bounded, and a proof for any number was asked for.
        (("three.bfp", "--claim", "stuck"), 3),
        (("three.bfp", "--claim", "stuck", "--bounded"), 0),
        (("bad.bfp", "--claim", "stuck"), 0),
        (("good.bfp", "--bounded"), 0),
        (("bad.bfp", "--claim", "memory", "--claim", "lock-use"), 0),
        (("bad.bfp", "--claim", "memory", "--claim", "balance"), 1),
        # Never put to the test: neither refuted nor established.
        (("bad.bfp", "--claim", "unlocks"), 3),
        (("bad.bfp", "--claim", "unlocks", "--claim", "ends"), 1),
        (("good.bfp", "--scenario", "many", "--threads", "3"), 0),
        (("good.bfp", "--dump"), 0),
        (("bad.bfp", "--dump"), 0),
    ],
)
def test_the_status_says_whether_all_that_was_asked_holds(
    args: tuple[str, ...], expected: int
) -> None:
    """If it fails, a script or a CI job takes a refuted program for a good one."""
    Path("three.bfp").write_text(THREE)
    done = call("prove", *args)

    assert expected == done.status
    assert done.out
    assert not done.err


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("former", "today"),
    [
        (("prove", "bad.bfp", "--rounds", "0"), ("prove", "bad.bfp", "--unwind", "0")),
        (("table", "bad.bfp", "--rounds=0"), ("table", "bad.bfp", "--unwind=0")),
        (("explain", "good.bfp"), ("coverage", "good.bfp")),
    ],
)
def test_what_commands_and_options_were_called_is_still_read(
    former: tuple[str, ...], today: tuple[str, ...]
) -> None:
    """If it fails, a script that was written for an earlier version ends with status 2."""
    expected, found = call(*today), call(*former)

    assert (expected.status, expected.out) == (found.status, found.out)
    assert expected.out
    assert not found.err


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("prove", "none.bfp"), "none.bfp: No such file"),
        (("prove", "."), ".: Is a directory"),
        (("prove", "bad.bfp", "none.bfp"), "none.bfp: No such file"),
        (("prove", "bad.bfp", "--claim", "balence"), "did you mean `balance`?"),
        (("prove", "bad.bfp", "--scenario", "may"), "did you mean `many`?"),
        (("prove", "bad.bfp", "--claim", "qqq"), "has no claim `qqq`"),
        (("prove", "bad.bfp", "--threads", "0"), "--threads"),
        (("prove", "bad.bfp", "--threads", "13"), "--threads"),
        (("prove", "bad.bfp", "--threads", "many"), "--threads"),
        (("prove", "bad.bfp", "--unwind", "-1"), "--unwind"),
        (("prove", "bad.bfp", "--format", "xml"), "--format"),
        (("prove", "bad.bfp", "--dump", "--format", "json"), "--dump"),
        (("prove", "bad.bfp", "--colour"), "--colour"),
        (("prove",), "FILE"),
        (("proof", "bad.bfp"), "proof"),
        (("table", "none.bfp"), "none.bfp: No such file"),
        (("table", "bad.bfp", "--scenario", "may"), "did you mean `many`?"),
        (("prove", "--dump", "none.bfp"), "none.bfp: No such file"),
    ],
)
def test_wrong_input_and_wrong_usage_are_told_apart_from_a_refutation(
    args: tuple[str, ...], said: str
) -> None:
    """If it fails, a misspelt name or file looks like a verdict."""
    done = call(*args)

    assert done.status == 2
    assert said in done.err
    assert "Traceback" not in done.err


@pytest.mark.usefixtures("small")
def test_a_syntax_error_names_the_place() -> None:
    """If it fails, somebody who forgot a semicolon has to look for it."""
    done = call("prove", "wrong.bfp")

    assert done.status == 2
    assert not done.out
    assert "error[BFP002]" in done.err
    assert "wrong.bfp:2:" in done.err


@pytest.mark.usefixtures("small")
def test_what_is_wrong_with_one_program_does_not_hide_the_others() -> None:
    """If it fails, one bad file among five costs the verdicts on four."""
    done = call("prove", "--brief", "good.bfp", "wrong.bfp", "none.bfp", "bad.bfp")

    assert done.status == 2
    assert {"good.bfp", "bad.bfp"} <= set(done.lines)
    assert "BFP001" in done.err
    assert "BFP002" in done.err


def test_nothing_to_report_prints_nothing() -> None:
    """If it fails, a pipe gets an empty line for a report."""
    assert call("prove", "none.bfp").out == ""


@pytest.mark.usefixtures("small", "gives_up")
def test_what_is_not_established_is_neither_refuted_nor_well() -> None:
    """If it fails, "I do not know" is told as 0 or as 1."""
    done = call("prove", "good.bfp", "--brief", "--bounded")

    assert done.status == 3
    assert "not established" in done.out
    assert "z3 gave up" in done.out


@pytest.fixture
def gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_module, "Session", partial(Session, effort=1))


@pytest.fixture
def refuses_to_replay(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> State:
        raise ReplayError("shrinker cannot take its command 3 here")

    monkeypatch.setattr(Machine, "take", refuse)


@pytest.fixture
def fails_within(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("out of luck")

    monkeypatch.setattr(bounded, "explicit", fail)
    monkeypatch.setattr(prove_module, "explicit", fail)


@pytest.mark.usefixtures("small", "refuses_to_replay")
@pytest.mark.parametrize("command", ["prove", "table"])
def test_a_run_that_does_not_replay_is_our_bug_and_not_a_verdict(command: str) -> None:
    """If it fails, a bug of the encoding is printed as a bug of the kernel."""
    done = call(command, "bad.bfp")

    assert done.status == 4
    assert not done.out
    assert "a bug of verify: ReplayError in " in done.err
    assert "shrinker cannot take its command 3 here" in done.err


@pytest.mark.usefixtures("small", "fails_within")
@pytest.mark.parametrize("command", ["prove", "table"])
def test_an_error_of_python_is_not_taken_for_a_refutation(command: str) -> None:
    """If it fails, a crash leaves with 1, which says that a claim is refuted."""
    done = call(command, "good.bfp")

    assert done.status == 4
    assert not done.out
    assert "a bug of verify: RuntimeError in test_status.py:" in done.err
    assert "out of luck" in done.err


@pytest.mark.usefixtures("small", "refuses_to_replay")
def test_of_several_statuses_the_worst_counts() -> None:
    """If it fails, our own bug is hidden behind a wrong file name."""
    assert call("prove", "bad.bfp", "none.bfp").status == 4


def test_a_process_leaves_with_the_status_and_says_nothing_beside_the_report() -> None:
    """If it fails, `verify prove ... > file` mixes progress into what people keep."""
    expected = Called(1, told("prove", V3, *REUSE).out, "")

    assert expected == process("-m", "verify.cli", "prove", "--no-proofs", V3, *REUSE)


def test_help_and_start_wait_for_neither_z3_nor_the_parser() -> None:
    """If it fails, each `verify --help` takes longer than the run that it is about."""
    program = (
        "import sys, verify.cli\n"
        "print(sorted({'z3', 'lark', 'verify.engine', 'verify.syntax.parse'} & set(sys.modules)))"
    )

    assert process("-c", program).out == "[]\n"


def test_help_says_what_each_status_means() -> None:
    """If it fails, the statuses are known to whoever reads the source."""
    done = call("--help")
    told = " ".join(done.out.split())

    assert done.status == 0
    for status in (
        "0 all that was asked",
        "1 something is refuted",
        "2 the input",
        "3 not",
        "4 verify failed",
    ):
        assert status in told


def test_a_table_that_is_never_sampled_is_not_established(tmp_path: Path) -> None:
    """If it fails, a table at a call that never comes to pass looks as if it were checked."""
    file = tmp_path / "never.bfp"
    file.write_text(
        """
        bool x;
        enum r { GOOD };
        primitive bool look(void) { return true; }
        enum r f(void) { bool seen = look(); return GOOD; }
        outcome good "good" = result == GOOD;
        table f { at look returns false; axis x = x; case x: good; case !x: good; }
        thread t { enum r got = f(); x = true; }
        scenario s "s": t;
        """
    )
    done = call("table", str(file))

    assert done.status == 3
    assert "its sample point, look() returning false, is never reached" in " ".join(
        done.out.split()
    )
    assert "never sampled" in done.out
