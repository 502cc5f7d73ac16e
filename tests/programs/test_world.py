"""The whole world: every program, in each of its scenarios and in other surroundings.

What is expected is written here by hand; what is found is read from the committed
evidence, which `test_evidence` checks again, text by text, run by run.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest

from tests.programs.binder import PROGRAMS, ROOT, variant
from verify.explore import explore
from verify.ir import instance

# The sentences of the mail that a split mapping makes wrong, whatever the function does.
SENTENCES = {"stable-mapped", "unmapped-is-gone"}
# The case table of these is looked at before the flag is: it may change in between.
SAMPLED_EARLY = {"table"}

# A VMA is used that munmap() has freed.
STALE = {"table", "zap-valid", "use-after-free"}
# The page lies in the piece that `alloc->vma` is not, so that its PTE stays; reclaim may end
# in the last mmput(), and does nothing once the process is gone.
WRITER: dict[str, set[str]] = {
    "reuse": set(),
    "whole": {"no-blocking", "progress-exited"},
    "split": {"zap-valid", "no-live-mapping"},
}
SKIPS = {
    "reuse": {"progress-foreign"},
    "whole": {"progress-foreign"},
    "split": {"table", "progress-split", "progress-survivor"},
}
# While the other piece is mapped, the pages of the one that is gone are kept.
COUNTED: dict[str, set[str]] = {
    "reuse": set(),
    "whole": set(),
    "split": {"stable-mapped", "null-is-transient", "progress-unmapped"},
}

REFUTED: dict[str, dict[str, set[str]]] = {
    "base": {
        "reuse": {"progress-foreign"},
        "whole": {"progress-foreign"},
        "split": {*SENTENCES, *SAMPLED_EARLY, "progress-survivor"},
    },
    "v1": {
        "reuse": {"progress-unmapped", "progress-foreign"},
        "whole": {"progress-unmapped", "progress-foreign"},
        "split": {*SENTENCES, "progress-unmapped", "progress-survivor"},
    },
    "v2": {
        "reuse": {"table", "no-live-mapping", "progress-foreign"},
        "whole": {"table", "no-live-mapping", "use-after-free", "freed-once", "progress-foreign"},
        "split": {
            *SENTENCES,
            "table",
            "no-live-mapping",
            "use-after-free",
            "freed-once",
            "progress-survivor",
        },
    },
    "v3": {
        "reuse": {"table", "balance", "stuck"},
        "whole": {"table", "balance", "stuck"},
        "split": {*SENTENCES, "table", "balance", "stuck", "no-live-mapping"},
    },
    "v3-balanced": {
        "reuse": set(),
        "whole": set(),
        "split": {*SENTENCES, "no-live-mapping"},
    },
    # Repairs that have been thought of.
    "v3-identity": {"reuse": set(), "whole": set(), "split": {*SENTENCES, "no-live-mapping"}},
    "base-identity": {"reuse": set(), "whole": set(), "split": SENTENCES},
    "v3-balanced@6.14-whole": {"reuse": set(), "whole": set(), "split": set()},
    "v3-balanced@6.14-count": COUNTED,
    "v3-identity@6.14-count": COUNTED,
    # A second mapping of the same file, which no kernel allows.
    "base@6.14-remap": {
        "remap": {"table", "zap-valid", "right-vma", "null-is-transient", "progress-foreign"}
    },
    # The VMA is used before mmap_lock is held (CVE-2019-1999).
    "history/4.14-rc1": {
        "reuse": {"zap-valid", "atomic-sleep", "memory"},
        "whole": {"zap-valid", "atomic-sleep", "memory", "no-blocking"},
        "split": {"zap-valid", "atomic-sleep", "memory", "no-live-mapping"},
    },
    "history/4.14": {
        "reuse": STALE,
        "whole": {*STALE, "no-blocking"},
        "split": {*STALE, "no-live-mapping"},
    },
    "history/4.19": {
        "reuse": STALE,
        "whole": {*STALE, "no-blocking"},
        "split": {*STALE, "no-live-mapping"},
    },
    # Held for write: no use after free in either world.
    "history/5.1": WRITER,
    "history/5.1@4.14": WRITER,
    # The same text in two worlds (CVE-2023-52438).
    "history/5.2": {
        "reuse": STALE,
        "whole": {*STALE, "no-blocking", "progress-exited"},
        "split": {*STALE, "no-live-mapping"},
    },
    "history/5.2@4.14": WRITER,
    "history/5.8": {
        "reuse": STALE,
        "whole": {*STALE, "progress-exited"},
        "split": {*STALE, "no-live-mapping"},
    },
    "history/5.8@4.14": {
        "reuse": set(),
        "whole": {"progress-exited"},
        "split": {"zap-valid", "no-live-mapping"},
    },
    "history/6.0": {
        "reuse": set(),
        "whole": set(),
        "split": {"table", "zap-valid", "no-live-mapping"},
    },
    "history/6.4": {
        "reuse": STALE,
        "whole": {*STALE, "progress-exited"},
        "split": {*STALE, "no-live-mapping"},
    },
    # Skips for ever: under a foreign VMA, and after a split.
    "history/6.7": {**SKIPS, "whole": {"progress-foreign", "progress-exited"}},
    "history/6.8-mutex": SKIPS,
    "history/6.8": SKIPS,
    "history/6.13": SKIPS,
    "history/6.14-dev": {
        "reuse": {"progress-foreign"},
        "whole": {"progress-foreign"},
        "split": {*SENTENCES, *SAMPLED_EARLY, "progress-survivor"},
    },
}


PROOFS = ROOT / "proofs"


@cache
def evidence() -> dict[str, dict[str, dict[str, str]]]:
    """For each program each scenario with its claims, and the certificate's word for each."""
    said: dict[str, dict[str, dict[str, str]]] = {}
    for path in sorted(PROOFS.rglob("proof.json")):
        document = json.loads(path.read_text(encoding="utf-8"))
        folder = path.parent
        if folder.name == document["scenario"]:
            folder = folder.parent
        name = folder.relative_to(PROOFS).as_posix()
        verdicts = {claim: one["verdict"] for claim, one in document["claims"].items()}
        said.setdefault(name, {})[document["scenario"]] = verdicts
    return said


def refuted(verdicts: dict[str, str]) -> set[str]:
    return {claim for claim, word in verdicts.items() if word == "refuted"}


@pytest.mark.parametrize("name", REFUTED)
def test_what_is_refuted_is_what_is_wrong(name: str) -> None:
    """If it fails, model and kernel disagree about a version, and one of them is wrong."""
    assert REFUTED[name] == {scenario: refuted(said) for scenario, said in evidence()[name].items()}


# ------------------------------------------------------------ base, tampered with

BASE = (PROGRAMS / "base.bfp").read_text(encoding="utf-8")
ZAP = """	if (vma) {
		zap_vma_range(vma, page_addr, PAGE_SIZE);
	}

	mutex_unlock(&alloc->mutex);
"""
UNLOCKED = """	mutex_unlock(&alloc->mutex);
	if (vma) {
		zap_vma_range(vma, page_addr, PAGE_SIZE);
	}

"""


def broken_first(scenario: str, folder: Path, text: str, wanted: str) -> set[str]:
    """What breaks with one thread of each kind, by the interpreter alone, up to `wanted`."""
    changed = variant(folder, text)
    chosen = next(s for s in changed.scenarios if s.name == scenario)
    threads = instance(changed, chosen, 1)
    seen = explore(changed, threads, 400_000, stop=lambda so_far: wanted in so_far.broken)
    return set(seen.broken)


def test_base_breaks_if_the_allocator_is_unlocked_before_the_zap(tmp_path: Path) -> None:
    """If it fails, what keeps a zap and an installation apart is not in the model."""
    assert 1 == BASE.count(ZAP)
    changed = BASE.replace(ZAP, UNLOCKED)

    assert "use-after-free" in broken_first("whole", tmp_path, changed, "use-after-free")


def test_all_evidence_is_expected() -> None:
    """If it fails, there is evidence that nobody has an opinion of."""
    assert set(REFUTED) == set(evidence())


def test_what_is_not_refuted_is_proved_for_any_number() -> None:
    """If it fails, a proof is lost that there was; those that are missing are known by name."""
    holding = {
        (name, claim)
        for name, scenarios in evidence().items()
        for verdicts in scenarios.values()
        for claim, word in verdicts.items()
        if word == "holds"
    }
    lonely = {name for name, claim in holding if claim.startswith("progress-")}

    # Alone with a trylock for write: that nobody out of view reads cannot be said.
    written = {"history/4.14-rc1", "history/4.14", "history/4.19", "history/5.1"}
    assert {*written, "history/5.1@4.14"} == lonely
    waiting = {name for name, claim in holding if claim == "stuck"}
    assert set() == waiting
