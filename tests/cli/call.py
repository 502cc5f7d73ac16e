"""Calls of the command line, without a process where none is needed."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from typing import Any

import jsonschema
from typer.testing import CliRunner

from tests.programs.binder import ROOT
from verify.cli import app

FILES = tuple(f"programs/{name}.bfp" for name in ("base", "v1", "v2", "v3", "v3-balanced"))
V3 = "programs/v3.bfp"
REUSE = ("--scenario", "reuse")
# A second scenario for the programs of the fixture `small`, which have `many`.
FEW = 'scenario few "one worker": worker;'
SCHEMA = json.loads((ROOT / "verify" / "report" / "schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


@dataclass(frozen=True)
class Called:
    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    def json(self) -> Any:
        return json.loads(self.out)

    def document(self) -> Any:
        """The same, if it follows the schema."""
        document = self.json()
        VALIDATOR.validate(document)
        return document


def call(*args: str) -> Called:
    """`verify ARGS`, from the folder that the tests stand in; nothing is written there."""
    if args[:1] == ("prove",) and "--proofs" not in args:
        args = (*args, "--no-proofs")
    done = CliRunner().invoke(app, list(args))
    return Called(done.exit_code, done.stdout, done.stderr)


@cache
def told(*args: str) -> Called:
    """The same, made once: for calls of which nothing is broken on purpose."""
    return call(*args)


def declare(path: str, *lines: str) -> None:
    """More lines at the end of a program."""
    with open(path, "a", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)


def process(*args: str) -> Called:
    """`python ARGS`, in a process of its own at the root of the checkout, into a pipe."""
    done = subprocess.run(
        [sys.executable, *args], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return Called(done.returncode, done.stdout, done.stderr)
