"""What `prove` writes, `check` accepts; what somebody has changed, it does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.call import call

# Taken in both orders, but only by who holds the lock around them: no deadlock, though the
# order of locks goes in circles.
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


def test_an_order_of_locks_that_goes_in_circles_is_named(small: Path) -> None:
    """If it fails, somebody who could reorder two locks is told of views."""
    (small / "gate.bfp").write_text(GATE)
    done = call("prove", "gate.bfp", "--claim", "stuck", "--brief")

    assert done.status == 0
    assert "  holds  stuck" in done.out
    assert "goes in circles" in " ".join(done.out.split())


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("name", ["proof.json", "init.smt2", "lemmas.txt", "README.txt"])
def test_a_file_that_was_changed_is_not_accepted(name: str) -> None:
    """If it fails, `accepted` says nothing about what is in the folder."""
    call("prove", "good.bfp", "--proofs", "proofs")
    file = Path("proofs/good") / name
    text = file.read_text()
    file.write_text(text.replace("good", "g00d") if "good" in text else f"{text} ")
    done = call("check", "proofs/good")

    assert done.status in (1, 2)
    assert done.lines[0] == "proofs/good: REJECTED"
