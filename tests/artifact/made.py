"""Evidence of a text of a few lines, with claims that are proved, refuted and left open."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from verify.artifact.check import Findings, check
from verify.artifact.form import dumped

ROOT = Path(__file__).resolve().parents[2]

LOCKS = """\
struct mutex m;
struct mutex n;
bool x;
bool y;
bool z;
primitive void mutex_lock(struct mutex *lock) { acquire(lock); }
primitive void mutex_unlock(struct mutex *lock) { release(lock); }
primitive void look(void) { }
primitive void begin(void) { }
enum answer { GOOD, BAD };
"""
TEXT = """\
#include "model/locks.bfh"

enum answer ask(struct mutex *lock)
{
	bool seen;

	mutex_lock(lock);
	mutex_lock(&n);
	look();
	x = true;
	seen = y;
	x = false;
	mutex_unlock(&n);
	mutex_unlock(lock);
	if (seen)
		return BAD;
	return GOOD;
}

thread a "asks" { enum answer got; got = ask(&m); }
thread b "changes its mind" { y = true; y = false; }
thread c "begins once" { begin(); z = true; }
scenario s "any number ask": a[*], b forever, c forever;

contract ask { GOOD, BAD: same; }
outcome good "good" = result == GOOD;
outcome bad "bad" = result == BAD;
table ask {
	at look;
	axis y = y;
	case y: good;
	case !y: good, bad;
}
claim apart "one at a time" before look: !x;
claim never-y "y is false whenever somebody looks" before look: !y;
claim first "c begins for the first time" before begin: !z;
claim absurd "nothing is absurd" never: false;
"""


def cli(*words: str | Path, cwd: Path = ROOT, seed: int = 0) -> subprocess.CompletedProcess[str]:
    """A call of the command line, in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": str(seed)}
    return subprocess.run(
        [sys.executable, "-m", "verify.cli", *map(str, words)],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def lay_out(folder: Path) -> Path:
    """The program in a folder; its path."""
    (folder / "model").mkdir(parents=True)
    (folder / "model" / "locks.bfh").write_text(LOCKS)
    (folder / "ask.bfp").write_text(TEXT)
    return folder / "ask.bfp"


def files(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in sorted(folder.iterdir())}


def copy(source: Path, target: Path) -> Path:
    """A copy of a program and its evidence that can be tampered with; the evidence."""
    shutil.copytree(source, target, symlinks=True)
    return target / "proofs" / "ask"


def edit(evidence: Path, change: Callable[[Any], object]) -> None:
    """Change the document and write it as verify does."""
    path = evidence / "proof.json"
    document = json.loads(path.read_text())
    change(document)
    path.write_text(dumped(document))


def said(evidence: Path) -> Findings:
    return check(evidence)
