"""Programs that take no time, in a folder of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.call import FEW
from tests.cli.conftest import SMALL


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a good program, one that is refuted, one with two scenarios and one with
    mistakes; we stand in it."""
    good = SMALL % "mutex_unlock(lock);"
    (tmp_path / "good.bfp").write_text(good)
    (tmp_path / "bad.bfp").write_text(SMALL % "")
    (tmp_path / "two.bfp").write_text(f"{good}{FEW}\n")
    (tmp_path / "wrong.bfp").write_text("struct mutex m;\nthread a { mutex_lock(&m) }\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path
