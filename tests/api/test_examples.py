"""What the documents of the library show is what happens."""

from __future__ import annotations

import doctest
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.programs.binder import PROGRAMS, ROOT
from verify import api
from verify.application import question

PAGE = (ROOT / "docs" / "library.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
CUT = "[...]\n"


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the programs to stand in, where evidence may be written."""
    shutil.copytree(PROGRAMS, tmp_path / "programs")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("checkout")
@pytest.mark.parametrize("module", [api, question], ids=lambda module: module.__name__)
def test_the_examples_in_docstrings_are_true(module: ModuleType) -> None:
    """Whoever asks `help(verify.prove)` would be shown something that does not happen."""
    found = doctest.testmod(module, optionflags=doctest.ELLIPSIS)

    assert found.attempted > 2
    assert 0 == found.failed


@pytest.mark.usefixtures("checkout")
def test_the_page_of_the_library_is_true() -> None:
    """Its reader would copy what does not work."""
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    names: dict[str, object] = {}
    kinds = set()
    for kind, text in BLOCKS:
        kinds.add(kind)
        if kind == "pycon":
            test = doctest.DocTestParser().get_doctest(text, names, "library.md", None, 0)
            runner.run(test, clear_globs=False)
            names = test.globs
        elif kind == "python":
            # A script is named in its first line.
            Path(text.partition("\n")[0].removeprefix("# ")).write_text(text, encoding="utf-8")
        elif kind == "console":
            for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
                command, _, shown = part.partition("\n")
                assert _fits(shown, _output(command)), command

    assert {"pycon", "python", "console"} == kinds
    assert runner.tries > 10
    assert 0 == runner.failures


def _output(command: str) -> str:
    name, *args = shlex.split(command)
    assert name == "python"
    code = "import runpy, sys; sys.path.insert(0, sys.argv.pop(1)); sys.argv.pop(0); "
    code += "runpy.run_path(sys.argv[0], run_name='__main__')"
    done = subprocess.run(
        [sys.executable, "-c", code, str(ROOT), *args], check=False, capture_output=True, text=True
    )
    return done.stdout + done.stderr + f"status {done.returncode}\n"


def _fits(shown: str, printed: str) -> bool:
    """Whether this is what was printed; [...] stands for lines that are left out."""
    pattern = ".*".join(map(re.escape, shown.split(CUT)))
    return re.fullmatch(pattern, printed, re.DOTALL) is not None
