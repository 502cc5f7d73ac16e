"""That the mutants of shipped programs are what they say, and are spread as they should."""

from __future__ import annotations

from collections import Counter
from itertools import islice

from tests.mutation import mutants, program, sample, shipped
from tests.whole import checked_text

KINDS = {"drop", "swap", "negate", "goto", "lock", "alternative", "transient", "constant"}
TEXT = """\
bool a;
rwlock_t m;
primitive void lock(rwlock_t *l)
{
	acquire(l);
}
primitive bool try(void)
{
	when (a)
		return true;
	transient
		return false;
}
primitive void nobody(void)
{
	a = false;
}
thread t
{
	if (a)
		goto out;
	lock(&m);
	try();
out:
	;
}
scenario s "one": t;
"""


def test_each_fault_of_a_small_program_is_made() -> None:
    """If it fails, a kind of fault is not put in any more, or is where nobody runs."""
    expected = {
        "lock: acquire_shared for acquire",
        "constant: 0 for `true`",
        "negate: `a` negated",
        "alternative: drops `when (a) return true;`",
        "alternative: drops `transient return false;`",
        "transient: makes `transient return false;` a plain one",
        "constant: 1 for `false`",
        "drop: drops `acquire(l);`",
        "drop: drops `if (a) goto out;`",
        "drop: drops `lock(&m);`",
        "drop: drops `try();`",
        "swap: swaps `if (a) goto out;` and `lock(&m);`",
        "swap: swaps `lock(&m);` and `try();`",
        "swap: swaps `try();` and `out:`",
    }

    assert expected == {f"{m.kind}: {m.what}" for m in mutants(checked_text(TEXT))}


def test_every_mutant_differs_from_its_program_and_from_the_others() -> None:
    """If it fails, a campaign looks at the same program twice and counts two."""
    for name in ("v3.bfp", "examples/inode-lru.bfp"):
        texts = [repr(mutant.program) for mutant in mutants(program(name))]
        texts.append(repr(program(name)))

        assert len(texts) == len(set(texts))


def test_a_sample_is_even() -> None:
    """If it fails, a campaign leaves out programs, models or kinds of fault."""
    count = 6 * len(shipped())
    found = list(sample(1, count))
    programs = Counter(name for name, _ in found)
    kinds = Counter(mutant.kind for _, mutant in found)
    files = Counter((name, mutant.where.source.path) for name, mutant in found)

    assert dict.fromkeys(shipped(), 6) == programs
    assert set(kinds) >= KINDS
    assert max(kinds.values()) < count / 2
    # Two files of the smallest program run anything.
    assert all(number <= 3 for number in files.values())


def test_a_longer_sample_begins_like_a_shorter_one() -> None:
    """If it fails, what a campaign found cannot be found again from its seed."""
    expected = [(name, str(mutant)) for name, mutant in sample(3, 5)]

    assert expected == [(name, str(m)) for name, m in islice(sample(3, 40), 5)]
