"""The evidence that the tests here tamper with, made once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.artifact.made import ROOT, cli, lay_out


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a program and its evidence, which nobody may change."""
    folder = tmp_path_factory.mktemp("evidence") / "whole"
    program = lay_out(folder)
    done = cli("prove", program, "--proofs", folder / "proofs")

    assert done.returncode == 1, done.stderr
    return folder


@pytest.fixture(scope="session")
def binder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with v3-balanced and its evidence in one scenario, which nobody may change."""
    folder = tmp_path_factory.mktemp("binder")
    shutil.copytree(ROOT / "programs", folder / "programs")
    words = ("programs/v3-balanced.bfp", "--scenario", "reuse", "--proofs", "proofs")
    done = cli("prove", *words, cwd=folder, seed=1)

    assert done.returncode == 0, done.stderr
    return folder
