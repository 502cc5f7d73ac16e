"""The real programs with a few tokens changed: texts that are wrong the way people are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
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
# A body for each rule that the programs have no use for.
RARE = """\
range unsigned int = -1..2;
range long = -3..-1;
enum one { ONLY, };
struct s { struct s *a, *b; unsigned c; unsigned int d; long e; bool f[3], g; };
struct s x = { };
struct s y = { .a = &x, .f = { true, false, }, };
bool z = !true;
static struct s *f(int a, struct s *b) __must_hold(&b->l) __must_hold(&m)
{
	int i = 0, *j, k;
	;
	{ }
	for (;;) ;
	for (i = 0; i < 3; i = i + 1) { j->a.b[i] = - - !k * (1 + 2) - 3; }
	while (a <= 1 && b >= c || d > e == f != g) goto out;
	if (a) int l, n; else if (b) c = d; else { e = f; }
	x = container_of(a, struct s, b);
	x = container_of(a->b, typeof(*c), d);
	g(f(h), &*i, ((j)))->k = NULL;
	while (a) break;
	while (a) continue;
	switch (a) { case 1: b = c; default: ; }
	do a = b; while (c);
	a = b ? c : d;
	a += b;
	for (;; a -= 1) ;
	a++;
	--b;
	for (;; c++) ;
out:
	return f(x);
}
primitive void p(void)
{
	int a;
	a = 1;
	when (b) "c" d = e;
	transient when (f) ;
	transient "g" { return; }
	transient return 1;
}
thread t { }
scenario s-1-b "x": t, u[*], v[3];
contract f { A, B: same; C: releases(&a), acquires_shared(b->c); }
outcome o "x" = did(f) && result == 3;
table f { at g returns true; axis a = b; axis c = d; case a: o, p; case !a: never; }
claim c-2 "x" alone t when (a) before f: a; after g: b; at table: c; never: d; finally: e;
claim e "z" before struct s: !s->a; before struct t: c && t->d.e; never: f; before struct_: g;
claim d "y" never: at || table || claim || known || in;
known c-2 "CVE-1"; known c case a && !b "x"; known c-2 in in about in, l.k[0].m "x";
known about case about about about "y"; known in in in "x"; known
	d in s-1-b "y";
"""
# Words that mean something in some places only, and what is at the edge of a number.
HARD = """
when transient primitive assumption known claim about Safe
0000000000000000000000000 999999999999999999 9999999999999999999
""".split()
_TOKEN = re.compile(
    r"""\s+ | [A-Za-z_][\w-]*\w | \w | "[^"\n]*" | -> | && | \|\|
    | \+\+ | -- | [-+*=!<>]= | \.\. | .""",
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


def declarations() -> list[list[str]]:
    """The declarations of `RARE`, each as its tokens."""
    found: list[list[str]] = [[]]
    depth = 0
    for token in _TOKEN.findall(RARE):
        if token.isspace():
            continue
        found[-1].append(token)
        depth += (token == "{") - (token == "}")
        if depth == 0 and token in (";", "}"):
            found.append([])
    return found[:-1]


def one_off(text: Sequence[str]) -> Iterator[str]:
    """A text with one token gone, or with a hard word in its place."""
    for i in range(len(text)):
        yield " ".join([*text[:i], *text[i + 1 :]])
        for word in HARD:
            yield " ".join([*text[:i], word, *text[i + 1 :]])
