"""What must not depend on what, at run time; `lint-imports` checks the text of the imports."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

# Each in a process of its own.
pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
WITHOUT_SOLVER = [
    "verify.syntax.resolve",
    "verify.lower.program",
    "verify.interpret",
    "verify.explore",
    "verify.report.dump",
]


@pytest.mark.parametrize("module", WITHOUT_SOLVER)
def test_a_program_is_read_and_run_without_a_solver(module: str) -> None:
    """The second opinion on the encodings would lean on what it is to check, and start slower."""
    code = f"import sys, {module}; print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert set() == {"z3", "cvc5", "typer", "verify.smt"} & set(found.stdout.split())


def test_the_second_opinion_loads_nothing_of_the_first() -> None:
    """A mistake in the lowering would be one of the reference interpreter too."""
    code = "import sys, verify.reference; print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    loaded = {name for name in found.stdout.split() if name.startswith("verify.")}

    assert {"diagnostics", "reference", "source", "syntax", "version"} >= {
        n.split(".")[1] for n in loaded
    }


def test_the_step_relation_of_the_tests_knows_guarded_commands_alone() -> None:
    """It would agree with the interpreter, or with an encoding, because it leans on it."""
    code = "import sys, tests.agree.steps; print(*sys.modules)"
    found = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT
    )
    loaded = {name for name in found.stdout.split() if name.startswith("verify.")}

    assert "verify.ir" in loaded
    assert {"ir", "locks", "reasons", "source", "version"} >= {n.split(".")[1] for n in loaded}


def test_what_is_trusted_is_as_large_as_is_said() -> None:
    """A reader would believe that less has to be read than is so."""
    lines = sum(len(p.read_text().splitlines()) for p in (ROOT / "verify/certify").glob("*.py"))

    assert (
        f"the folder `verify/certify/`, {lines:,} lines" in (ROOT / "ARCHITECTURE.md").read_text()
    )
