"""Where the calls are made from."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.programs.binder import ROOT

SMALL = """
struct mutex m;
bool ready;
enum status { DONE, FAILED };
primitive bool mutex_trylock(struct mutex *lock)
{
	when (!is_locked(lock)) { acquire(lock); return true; }
	when (is_locked(lock)) return false;
}
primitive void mutex_unlock(struct mutex *lock) { release(lock); }
enum status work(struct mutex *lock)
{
	if (!mutex_trylock(lock))
		return FAILED;
	%s
	return DONE;
}
contract work { DONE, FAILED: same; }
outcome done "done" = result == DONE;
outcome failed "failed" = result == FAILED;
table work {
	at mutex_trylock returns true;
	axis ready = ready;
	case ready: done;
	case !ready: done;
}
thread worker "a worker" { enum status got; got = work(&m); }
thread boss "who says when" { ready = true; }
scenario many "any number of workers": worker[*], boss;
claim unlocks "it is held when it is released" before mutex_unlock: held(lock);
claim ends "a worker alone gets it done" alone worker finally: !is_locked(&m);
"""


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths in reports are as they were given: relative ones are the same everywhere."""
    monkeypatch.chdir(ROOT)


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two programs that take no time, one good and one bad; we stand in it."""
    (tmp_path / "good.bfp").write_text(SMALL % "mutex_unlock(lock);")
    (tmp_path / "bad.bfp").write_text(SMALL % "")
    (tmp_path / "wrong.bfp").write_text(
        "struct mutex m;\nthread a { mutex_lock(&m) }\nthread b { x = 1 }\n"
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path
