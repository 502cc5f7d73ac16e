"""A bug that has a name: it is told with the refutation, and changes no verdict."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cli.call import FEW, call, declare

NAME = "CVE-2019-1999, fixed by 5cec2d2e5839 (binder: fix race between munmap() and direct reclaim)"

# What the refutations of bad.bfp are about.
ABOUT = {"balance": ["m"], "ends": ["done", "failed"]}


def verdicts(*args: str) -> dict[tuple[str, str], Any]:
    """Each verdict of the document by claim and scenario."""
    (program,) = call("prove", *args, "--format", "json").document()["programs"]
    return {(one["claim"], one["scenario"]): one for one in program["verdicts"]}


@pytest.mark.usefixtures("small")
def test_the_name_stands_below_what_is_wrong() -> None:
    """If it fails, a reader takes a bug that is known for a new one."""
    declare("bad.bfp", f'known balance about m "{NAME}";')
    lines = call("prove", "bad.bfp", "--brief").lines
    at = next(i for i, line in enumerate(lines) if "= known as CVE-2019-1999" in line)

    assert "! returns with m still held" in lines[at - 1]
    assert lines[at].index("=") == lines[at - 1].index("!")
    assert NAME in " ".join(" ".join(lines[at : at + 4]).split())
    assert max(map(len, lines)) <= 72


@pytest.mark.usefixtures("small")
def test_it_changes_no_verdict() -> None:
    """If it fails, who names a bug makes it go away, or makes one."""
    before = {path: verdicts(path) for path in ("good.bfp", "bad.bfp")}
    status = call("prove", "bad.bfp", "--brief").status
    for path, found in before.items():
        about = [(claim, topic) for claim, _ in found for topic in ABOUT.get(claim, ["worker"])]
        declare(path, *(f'known {claim} about {topic} "a name";' for claim, topic in about))
        now = verdicts(path)

        assert {"a name"} == {one.pop("known") for one in now.values()}
        # The declarations move no line that a run goes through.
        assert found == now
    assert status == call("prove", "bad.bfp", "--brief").status == 1
    assert "known as" not in call("prove", "good.bfp").out


@pytest.mark.usefixtures("small")
def test_a_name_for_one_scenario_is_for_that_one_alone() -> None:
    """If it fails, another bug in another scenario goes by the name of a known one."""
    declare(
        "bad.bfp",
        FEW,
        f'known balance in few about m "{NAME}";',
        'known stuck in many about boss "x";',
    )
    found = {key: one.get("known") for key, one in verdicts("bad.bfp").items()}

    assert {("balance", "few"), ("stuck", "many")} == {k for k, name in found.items() if name}
    assert found["balance", "few"] == NAME


@pytest.mark.usefixtures("small")
def test_its_name_is_that_of_the_program() -> None:
    """If it fails, evidence gives a bug a name that the program does not."""
    declare("bad.bfp", f'known balance about m "{NAME}";')
    call("prove", "bad.bfp", "--proofs", "proofs")

    assert NAME not in Path("proofs/bad/proof.json").read_text()
    assert f"= known as {NAME}" in " ".join(call("show", "proofs/bad").out.split())
    assert 0 == call("check", "proofs/bad").status


@pytest.mark.usefixtures("small")
def test_a_name_for_nothing_is_refused() -> None:
    """If it fails, a misspelt claim leaves its bug without the name."""
    declare("bad.bfp", 'known balence about m "x";')
    done = call("prove", "bad.bfp")

    assert 2 == done.status
    assert "error[BFP101]: claim `balence` is not declared" in done.err
    assert "did you mean `balance`?" in done.err


# Leaks one of two locks, or uses what is freed: either breaks a claim in two ways.
TWO = """
struct mutex a;
struct mutex b;
struct thing { bool freed; bool used; };
struct thing one;
struct thing two;
bool coin;
primitive void mutex_lock(struct mutex *lock) { acquire(lock); }
primitive void mutex_unlock(struct mutex *lock) { release(lock); }
primitive void touch(struct thing *it) { it->used = true; }
void work(void)
{
	%s
}
contract work { }
thread worker { work(); }
thread other { coin = true; one.freed = true; two.freed = true; }
scenario all "both": worker, other;
claim alive "nothing is used after it was freed" before struct thing: !thing->freed;
claim calm "the coin stays where it is" never: coin;
"""
LEAKS = "if (coin) mutex_lock(&a); else mutex_lock(&b);"
USES = "if (coin) touch(&one); else touch(&two);"


def two(path: Path, body: str, *lines: str) -> dict[str, Any]:
    """The verdicts on a program that breaks a claim in two ways, by claim."""
    path.write_text(TWO % body)
    declare(str(path), *lines)
    (program,) = call("prove", str(path), "--format", "json", "--bounded").document()["programs"]
    return {one["claim"]: one for one in program["verdicts"]}


@pytest.mark.parametrize(
    ("known", "reason"), [("a", "returns with b still held"), ("b", "returns with a still held")]
)
def test_another_failure_of_the_same_claim_is_new(tmp_path: Path, known: str, reason: str) -> None:
    """If it fails, a new leak goes by the name of an old one."""
    found = two(tmp_path / "two.bfp", LEAKS, f'known balance about {known} "an old leak";')

    assert "refuted" == found["balance"]["verdict"]
    assert reason == found["balance"]["reason"]
    assert "new: not the known an old leak" == found["balance"]["beside"]
    assert "known" not in found["balance"]


def test_where_every_way_is_known_the_run_has_its_own_name(tmp_path: Path) -> None:
    """If it fails, the leak of one lock goes by the name of the other one's."""
    path = tmp_path / "two.bfp"
    lines = ('known balance about b "leak of b";', 'known balance about a "leak of a";')
    found = two(path, LEAKS, *lines)["balance"]
    lock = found["reason"].split()[2]

    assert f"leak of {lock}" == found["known"]
    assert "beside" not in found


@pytest.mark.parametrize(
    ("topics", "known"),
    [
        ("one", False),
        ("two", False),
        ("thing", True),
        ("work", True),
        ("worker, touch", True),
        ("thing, other", False),
    ],
)
def test_a_name_is_for_what_is_about_all_that_it_says(
    tmp_path: Path, topics: str, known: bool
) -> None:
    """If it fails, the second of two names has no meaning, or the first."""
    body = "struct thing *it; it = &one; if (coin) it = &two; touch(it);"
    found = two(tmp_path / "two.bfp", body, f'known alive about {topics} "old";')["alive"]

    assert ("known" in found, "beside" in found) == (known, not known)


def test_a_new_failure_is_said_where_the_name_would_be(tmp_path: Path) -> None:
    """If it fails, the text report shows a new bug without a word."""
    two(tmp_path / "two.bfp", LEAKS, 'known balance about a "an old leak";')
    lines = call("prove", str(tmp_path / "two.bfp"), "--brief", "--bounded").lines
    at = next(i for i, line in enumerate(lines) if "= new: not the known an old leak" in line)

    assert "! returns with b still held" in lines[at - 1]


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("case", "known"), [("ready", False), ("!ready", True), ("ready || !ready", True)]
)
def test_a_case_of_the_table_is_known_by_itself(case: str, known: bool) -> None:
    """If it fails, one wrong row of the table hides another one."""
    text = Path("good.bfp").read_text().replace("case !ready: done", "case !ready: failed")
    Path("good.bfp").write_text(text)
    declare("good.bfp", f'known table case {case} "old";')
    found = verdicts("good.bfp")["table", "many"]

    assert "refuted" == found["verdict"]
    assert ("known" in found) == known
    assert ("beside" in found) == (not known)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("outcomes", "known"), [(["done"], False), (["failed"], False), (["done", "failed"], True)]
)
def test_a_call_that_runs_alone_is_known_by_its_outcome(outcomes: list[str], known: bool) -> None:
    """If it fails, a call that does nothing is taken for one that does the wrong thing."""
    declare("bad.bfp", *(f'known ends about {outcome} "old";' for outcome in outcomes))
    found = verdicts("bad.bfp")["ends", "many"]

    assert (known, not known) == ("known" in found, "beside" in found)
