"""What `prove` writes, `check` accepts; what somebody has changed, it does not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.call import call

# Taken in both orders, but only by who holds the lock around them: no deadlock.
GATE = """
struct mutex gate;
struct mutex a;
struct mutex b;
primitive void mutex_lock(struct mutex *lock) { acquire(lock); }
primitive void mutex_unlock(struct mutex *lock) { release(lock); }
thread one {
	mutex_lock(&gate); mutex_lock(&a); mutex_lock(&b);
	mutex_unlock(&b); mutex_unlock(&a); mutex_unlock(&gate);
}
thread two {
	mutex_lock(&gate); mutex_lock(&b); mutex_lock(&a);
	mutex_unlock(&a); mutex_unlock(&b); mutex_unlock(&gate);
}
scenario both "both": one[*], two[*];
"""
# A deadlock of three callers, where two are asked.
THREE = """
range int = 0..2;
struct mutex a;
struct mutex b;
struct mutex c;
primitive void mutex_lock(struct mutex *lock) { acquire(lock); }
primitive void mutex_unlock(struct mutex *lock) { release(lock); }
primitive int any(void) { when (true) return 0; when (true) return 1; when (true) return 2; }
thread t {
	int way = any();
	if (way == 0) { mutex_lock(&a); mutex_lock(&b); mutex_unlock(&b); mutex_unlock(&a); }
	if (way == 1) { mutex_lock(&b); mutex_lock(&c); mutex_unlock(&c); mutex_unlock(&b); }
	if (way == 2) { mutex_lock(&c); mutex_lock(&a); mutex_unlock(&a); mutex_unlock(&c); }
}
scenario s "s": t[*];
"""


@pytest.mark.parametrize(
    ("args", "folder"),
    [
        (("good.bfp",), "good"),
        (("bad.bfp",), "bad"),
        (("bad.bfp", "--claim", "balance"), "bad"),
        (("bad.bfp", "--claim", "lock-use"), "bad"),
        (("good.bfp", "--threads", "3"), "good"),
        (("gate.bfp",), "gate"),
        (("gate.bfp", "--claim", "stuck"), "gate"),
    ],
)
def test_evidence_is_accepted_as_it_was_written(
    args: tuple[str, ...], folder: str, small: Path
) -> None:
    """If it fails, a genuine proof is called a forgery."""
    (small / "gate.bfp").write_text(GATE)
    call("prove", *args, "--proofs", "proofs")
    done = call("check", f"proofs/{folder}")

    assert done.lines[0] == f"proofs/{folder}: accepted"
    assert done.status == 0


def test_two_orders_under_one_lock_are_proved(small: Path) -> None:
    """If it fails, everybody who holds one lock around two others is told of a deadlock."""
    (small / "gate.bfp").write_text(GATE)
    done = call("prove", "gate.bfp", "--claim", "stuck", "--brief")

    assert done.status == 0
    assert "  proved  stuck" in done.out


def test_who_waits_for_whom_in_a_circle_is_named(small: Path) -> None:
    """If it fails, somebody who could reorder two locks is told of views."""
    (small / "three.bfp").write_text(THREE)
    done = call("prove", "three.bfp", "--claim", "stuck", "--brief")

    assert done.status == 3
    assert "  bounded  stuck" in done.out
    assert "may wait for b, which another t holds" in " ".join(done.out.split())


@pytest.mark.usefixtures("small")
def test_evidence_on_another_program_is_not_accepted() -> None:
    """If it fails, a proof of one version is shown as that of another, which is refuted."""
    call("prove", "good.bfp", "--proofs", "proofs")
    shutil.copytree("proofs/good", "proofs/bad")
    done = call("check", "proofs/bad")
    page = call("dashboard", "proofs")

    assert done.status == 1
    assert done.lines[:2] == [
        "proofs/bad: REJECTED",
        "  ! proof.json: it is about good, which is not what its folder is called",
    ]
    assert page.status == 2
    assert "it is about good, which is not what its folder is called" in page.err


def test_evidence_on_a_program_outside_its_tree_needs_the_folder_named(
    small: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """If it fails, a stranger's folder chooses what is read, anywhere on the machine."""
    place = tmp_path_factory.mktemp("sent") / "a" / "proofs"
    call("prove", "good.bfp", "--proofs", str(place))
    done = call("check", str(place / "good"))
    named = call("check", str(place / "good"), "--include", str(small))

    assert done.status == 2
    assert "there is no good.bfp beside it; name the program with --program" in done.out
    assert named.status == 0
    assert "  program good.bfp, scenario many" in named.lines


@pytest.mark.usefixtures("small")
def test_two_programs_for_one_folder_are_refused_before_any_work() -> None:
    """If it fails, one overwrites the evidence of the other, and both are said to be written."""
    for name in "ab":
        Path(name).mkdir()
        shutil.copy("good.bfp", f"{name}/same.bfp")
    done = call("prove", "a/same.bfp", "b/same.bfp", "--proofs", "proofs", "--brief")

    assert done.status == 2
    assert "its evidence would lie in proofs/same, as that on b/same.bfp would" in done.err
    assert not Path("proofs").exists()


@pytest.mark.usefixtures("small")
def test_all_below_a_folder_is_checked_in_its_order() -> None:
    """If it fails, somebody has to name each of eighty folders."""
    call("prove", "bad.bfp", "good.bfp", "--proofs", "proofs")
    done = call("check", "proofs", "--jobs", "1")
    two = call("check", "proofs", "--jobs", "2")
    heads = [line for line in done.lines if not line.startswith(" ")]

    assert ["proofs/bad: accepted", "proofs/good: accepted"] == heads
    assert done.lines == two.lines
    assert 0 == done.status
    assert 2 == call("check", "nowhere").status
