"""The real programs with a few tokens changed: texts that are wrong the way people are."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from hypothesis import strategies as st

PROGRAMS = Path(__file__).parents[2] / "programs"
# In the order in which they include each other.
# What programs/model/6.14.bfh includes, directly or not.
MODELS = (
    "locks.bfh",
    "mm.bfh",
    "lru.bfh",
    "lru-6.13.bfh",
    "mmap-4.20.bfh",
    "vma-6.14.bfh",
    "pages-6.14.bfh",
    "alloc-6.14.bfh",
    "install-6.14.bfh",
    "mmput-5.8.bfh",
    "split.bfh",
    "binder.bfh",
    "close-flag.bfh",
    "may-split.bfh",
    "scenarios.bfh",
)
# What no program has any more once it is mended.
KNOWN = """
known zap-valid "CVE-2019-1999"; known stuck in reuse about fork "it waits";
known table case vma && !mapped "x";
"""
_TOKEN = re.compile(
    r"""\s+ | [A-Za-z_][\w-]*\w | \w | "[^"\n]*" | -> | && | \|\| | [=!<>]= | \.\. | .""",
    re.VERBOSE,
)


@cache
def tokens(name: str) -> tuple[str, ...]:
    """The tokens of a program and its models, without comments and includes."""
    texts = [(PROGRAMS / "model" / model).read_text(encoding="utf-8") for model in MODELS]
    text = "\n".join([*texts, (PROGRAMS / name).read_text(encoding="utf-8"), KNOWN])
    # A clause that the programs have no use for.
    text += '\nclaim use-after-free "x" before struct page: !page->freed;\n'
    text = re.sub(r'/\*.*?\*/|#include "[^"]*"', "", text, flags=re.DOTALL)
    return tuple(token for token in _TOKEN.findall(text) if not token.isspace())


@st.composite
def mutants(draw: st.DrawFn, join: str = " ") -> str:
    """A program with one to four tokens gone, doubled, swapped or replaced, or cut short."""
    text = list(tokens(draw(st.sampled_from(["base.bfp", "v3.bfp"]))))
    words = sorted(set(text))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text) - 1))
        match draw(st.sampled_from(["drop", "double", "swap", "put", "insert", "cut"])):
            case "drop" if len(text) > 1:
                del text[at]
            case "double":
                text.insert(at, text[at])
            case "swap":
                other = min(at + draw(st.integers(1, 3)), len(text) - 1)
                text[at], text[other] = text[other], text[at]
            case "put":
                text[at] = draw(st.sampled_from(words))
            case "insert":
                text.insert(at, draw(st.sampled_from(words)))
            case "cut" if draw(st.booleans()):
                text = text[: at + 1]
            case _:
                pass
    return join.join(text)
