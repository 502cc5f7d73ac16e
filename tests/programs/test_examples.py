"""Another subject than binder: text files are all it takes."""

from __future__ import annotations

from pathlib import Path

from tests.programs.binder import ROOT
from verify.engine.prove import prove
from verify.lower.program import lower
from verify.report.ends import wrong
from verify.syntax.load import Loader
from verify.syntax.resolve import read
from verify.verdicts import Refuted, word

PROGRAMS = ROOT / "programs"


def test_every_claim_on_the_inode_callback_is_proved() -> None:
    """If it fails, the tool works for binder alone."""
    program = lower(read(PROGRAMS / "examples" / "inode-lru.bfp"))
    result = prove(program, program.scenarios[0])[0]

    assert {"proved"} == {word(answer.verdict) for answer in result.answers}


def test_the_contract_of_before_6_13_is_seen_to_be_broken(tmp_path: Path) -> None:
    """If it fails, a lock that is taken again before LRU_RETRY goes unnoticed."""
    text = (PROGRAMS / "examples" / "inode-lru.bfp").read_text()
    old = text.replace("return LRU_RETRY;", "spin_lock(&lru->lock);\n\t\treturn LRU_RETRY;")
    path = tmp_path / "old.bfp"
    path.write_text(old)
    program = lower(read(path, Loader((PROGRAMS,))))
    result = prove(program, program.scenarios[0])[0]
    verdicts = {answer.claim: answer.verdict for answer in result.answers}

    assert old != text
    assert isinstance(verdicts["balance"], Refuted)
    assert "returns with lru0.lock still held" == wrong(verdicts["balance"].run)
