"""The process that asks the library belongs to somebody else."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

import verify
from tests.programs.binder import ROOT
from verify import api
from verify.application import settling
from verify.artifact import write as artifact

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE)


def _state() -> tuple[object, ...]:
    """What a library could change behind the back of its host."""
    return (
        gc.isenabled(),
        gc.get_threshold(),
        [signal.getsignal(one) for one in SIGNALS],
        multiprocessing.get_start_method(allow_none=True),
        sys.stdout,
        sys.stderr,
        sys.getrecursionlimit(),
        os.getcwd(),
    )


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("jobs", [1, 2])
def test_nothing_of_the_host_is_changed_at_any_time(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, jobs: int
) -> None:
    """A server would no longer end on SIGTERM, or run out of memory after some hours."""
    before = _state()
    meanwhile: list[tuple[object, ...]] = []

    def write(folder: Path, content: Mapping[str, str]) -> bool:
        meanwhile.append(_state())
        return artifact.write(folder, content)

    monkeypatch.setattr(settling, "write", write)
    control = verify.Control(progress=lambda _: meanwhile.append(_state()))
    question = verify.Question(jobs=jobs, proofs="proofs")
    list(verify.prove_all(["two.bfp", "wrong.bfp", "bad.bfp"], question, control))
    verify.coverage("good.bfp", question, control)
    list(verify.check_all(["proofs"], verify.CheckQuestion(jobs=jobs), control))

    assert meanwhile
    assert all(before == one for one in (*meanwhile, _state()))
    assert ("", "") == tuple(capfd.readouterr())


@pytest.mark.usefixtures("here")
def test_other_processes_of_the_host_are_left_alone() -> None:
    """Whoever cancels a question would end a server's own workers."""
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    other = context.Process(target=signal.pause)
    other.start()
    try:
        control = verify.Control(cancelled=lambda: True)
        verify.prove("two.bfp", verify.Question(jobs=2), control)
        other.join(0.2)

        assert other.is_alive()
    finally:
        other.kill()
        other.join()


def test_import_verify_loads_nothing() -> None:
    """Whoever asks for the version, and each `verify --help`, would wait for a solver."""
    code = "import sys, verify; verify.__version__; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    loaded = set(done.stdout.split())

    assert {"verify", "verify.version"} == {name for name in loaded if "verify" in name.split(".")}
    assert set() == {"z3", "cvc5", "lark", "typer", "dataclasses"} & loaded


def test_the_face_offers_what_it_lists_and_nothing_else() -> None:
    """A name in the documents could not be had, or one that nobody promised could."""
    assert {*api.__all__, "__version__"} == set(verify.__all__)
    for name in api.__all__:
        assert getattr(verify, name) is getattr(api, name)
    assert set(verify.__all__) <= set(dir(verify))
    with pytest.raises(AttributeError, match="no attribute 'proove'"):
        verify.proove  # noqa: B018


def test_types_and_schemas_are_in_the_wheel(tmp_path: Path) -> None:
    """Whoever installs the library would have no types, or documents without their schemas."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    # The setuptools that a Python brings along may be too old for a licence in one word.
    text = text.replace('license = "MIT"\nlicense-files = ["LICENSE"]\n', "")
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
    (tmp_path / "README.md").write_bytes((ROOT / "README.md").read_bytes())
    for name in ("verify", "grammar"):
        (tmp_path / name).symlink_to(ROOT / name)
    code = "from setuptools import setup; setup()"
    subprocess.run(
        [sys.executable, "-c", code, "--quiet", "build", "--build-lib", "built"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    built = tmp_path / "built"
    names = {path.relative_to(built).as_posix() for path in built.rglob("*")}

    assert {
        "verify/py.typed",
        "verify/api.py",
        "verify/cli/__main__.py",
        "verify/grammar/bfp.lark",
        "verify/report/check.schema.json",
        "verify/report/coverage.schema.json",
        "verify/report/schema.json",
    } <= names


def test_what_is_wrong_with_a_text_is_said_without_a_solver(here: Path) -> None:
    """An editor would wait for z3 at each key."""
    code = (
        "import sys, verify\n"
        "assert verify.prove('wrong.bfp').diagnostics\n"
        "assert verify.load('good.bfp').scenarios\n"
        "print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=here,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
        capture_output=True,
        text=True,
    )

    assert set() == {"z3", "cvc5", "verify.engine", "typer"} & set(done.stdout.split())
