"""The quick ring of tests, and failures that are told as they come.

`pytest --quick` takes the rooms in which a part is tested by itself, without the tests that
are marked `slow`.  What it takes starts no process and asks a solver about a few lines at most.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent

# Whole programs and whole runs of the tool: minutes in all.
SLOW_ROOMS = ("agree", "api", "artifact", "cli", "docs", "engine", "programs")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--quick", action="store_true", help="only the quick ring, for every save")


def pytest_configure(config: pytest.Config) -> None:
    # With several processes, the one that reports is the one without a `workerinput`.
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(AtOnce(config))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Whether a folder stays out, before anything of it is imported; None: not for us to say."""
    slow = collection_path.parent == HERE and collection_path.name in SLOW_ROOMS
    return True if slow and config.getoption("--quick") else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--quick"):
        slow = [item for item in items if item.get_closest_marker("slow")]
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in set(slow)]


@pytest.fixture(autouse=True)
def _no_process(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that starts a process is refused in the quick ring: it belongs among the slow."""
    if not request.config.getoption("--quick"):
        return

    def refuse(*_: Any, **__: Any) -> None:
        pytest.fail("a process, in the quick ring: mark the test `slow`")

    monkeypatch.setattr(subprocess.Popen, "__init__", refuse)
    monkeypatch.setattr(BaseProcess, "start", refuse)


class AtOnce:
    """Says which test failed, and by what, while the others go on."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            terminal = self._config.pluginmanager.get_plugin("terminalreporter")
            terminal.write("\n")
            for line in told(report):
                terminal.write_line(line, red=True)


def told(report: pytest.TestReport) -> Iterator[str]:
    """A line with the name of a test that failed and where, and those of its message."""
    crash: Any = getattr(report.longrepr, "reprcrash", None)
    yield f"{report.outcome.upper()} {report.nodeid} ({report.when})"
    message: Sequence[str] = str(crash.message if crash else report.longrepr).splitlines()
    yield from (f"    {line}" for line in message[:MOST_LINES])
    if len(message) > MOST_LINES:
        yield f"    ... {len(message) - MOST_LINES} more lines, at the end"


# A difference of two texts is a screen long, a traceback more.
MOST_LINES = 30
