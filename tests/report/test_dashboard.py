"""The page with all verdicts, word by word, from values made here.

`UPDATE_GOLDEN=1 pytest tests/report` writes the text anew; read the diff before it goes in.
"""

from __future__ import annotations

import os
import random
from dataclasses import replace

from tests.report.test_golden import GOLDEN
from verify.diagnostics import printable
from verify.report.dashboard import WIDTH, Entry, Said, page

COMMAND = "verify dashboard proofs --out programs/README.md"
FIVE = (
    Said("balance", "each return leaves the locks", "proved", "24 lemmas", "", ""),
    Said("zap-valid", "a zap is of the mapping", "proved", "1 lemma", "", ""),
    Said("stuck", "no thread waits for ever", "bounded", "2 of each", "it is not attempted", ""),
    Said("vacuity", "all is tested", "proved", "by runs", "", ""),
)


def said(claim: str, word: str, how: str = "", why: str = "", known: str = "") -> tuple[Said, ...]:
    """The claims, one of them with another verdict."""
    return tuple(
        replace(one, word=word, how=how, why=why, known=known) if one.claim == claim else one
        for one in FIVE
    )


def known(some: tuple[Said, ...], claim: str, name: str) -> tuple[Said, ...]:
    return tuple(replace(one, known=name) if one.claim == claim else one for one in some)


def all_proved(some: tuple[Said, ...] = FIVE) -> tuple[Said, ...]:
    return tuple(replace(one, word="proved", how="3 lemmas", why="") for one in some)


CVE = "CVE-2019-1999, fixed by 5cec2d2e5839"
RACE = said(
    "zap-valid", "refuted", "12 steps, 2 threads", "shrinker: calls zap(vma) with vma == NULL", CVE
)
EVIDENCE = (
    Entry("../proofs/history/4.14/reuse", "history/4.14", "", "reuse", RACE),
    Entry(
        "../proofs/history/4.14/exit",
        "history/4.14",
        "",
        "exit",
        said("stuck", "vacuous", "", "nobody waits"),
    ),
    Entry(
        "../proofs/history/4.4",
        "history/4.4",
        "",
        "reuse",
        said("balance", "not established", "", "z3 gave up"),
    ),
    Entry(
        "../proofs/history/5.2/reuse",
        "history/5.2",
        "",
        "reuse",
        known(all_proved(), "zap-valid", CVE),
    ),
    Entry(
        "../proofs/history/5.2/exit",
        "history/5.2",
        "",
        "exit",
        known(all_proved(), "zap-valid", CVE),
    ),
    Entry(
        "../proofs/history/5.2@4.14/reuse",
        "history/5.2",
        "model/4.14",
        "reuse",
        RACE,
    ),
)
# As they come on the page: 4.4, 4.14 (exit, reuse), 5.2 (exit, reuse), and that in another model.
ORDERED = [EVIDENCE[i] for i in (2, 1, 0, 4, 3, 5)]


def test_the_page_reads_as_it_did() -> None:
    """If it fails, what reviewers find has changed; see whether for the better."""
    now = page(EVIDENCE, COMMAND)
    file = GOLDEN / "dashboard.md"
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(now)

    assert file.read_text() == now


def test_it_is_the_same_in_whatever_order_evidence_is_found() -> None:
    """If it fails, a page that nobody has changed differs from what is committed."""
    shuffled = list(EVIDENCE)
    random.Random(1).shuffle(shuffled)

    assert page(EVIDENCE, COMMAND) == page(shuffled, COMMAND)


def test_versions_come_in_their_order() -> None:
    """If it fails, 4.14 comes before 4.4."""
    titles = [line[3:] for line in page(EVIDENCE, COMMAND).splitlines() if line.startswith("## ")]

    assert [
        "history/4.4",
        "history/4.14",
        "history/5.2",
        "history/5.2 with model/4.14",
        "Claims",
        "Known, but not found",
    ] == titles


def below(title: str, text: str) -> list[str]:
    return text.split(f"## {title}\n", 1)[1].split("\n## ")[0].strip().splitlines()


def test_a_known_bug_that_no_run_shows_is_named_at_the_end() -> None:
    """If it fails, a model in which a bug is gone goes unnoticed."""
    text = page(EVIDENCE, COMMAND)
    lines = below("Known, but not found", text)

    assert [
        f"* history/5.2: zap-valid, known as {CVE}: proved in exit, proved in",
        "  reuse",
        "",
        *[f"[{i}]: {one.link}" for i, one in enumerate(ORDERED, start=1)],
    ] == lines


def test_a_bug_that_one_scenario_shows_is_found() -> None:
    """If it fails, a bug that only a race shows is said not to be there."""
    calm = replace(EVIDENCE[0], scenario="calm", said=known(all_proved(), "zap-valid", CVE))

    assert "Known, but not found" not in page((EVIDENCE[0], calm), COMMAND)


def test_a_bug_that_only_another_model_shows_is_not() -> None:
    """If it fails, a program passes for broken as it was because it would be elsewhere."""
    own = replace(EVIDENCE[0], said=known(all_proved(), "zap-valid", CVE))
    other = replace(EVIDENCE[0], model="model/4.4")

    assert "Known, but not found" in page((own, other), COMMAND)
    assert "Known, but not found" not in page((other,), COMMAND)


def test_a_bug_that_is_another_than_the_known_one_has_no_name_yet() -> None:
    """If it fails, a new bug is told under the name of an old one, and counted as known."""
    new = f"new: not the known {CVE}"
    another = tuple(replace(s, known="", beside=new) if s.claim == "zap-valid" else s for s in RACE)
    text = page((replace(EVIDENCE[0], said=another),), COMMAND)

    assert "| 1 REFUTED, " in text
    assert f"    * {new}" in text.splitlines()
    assert "known as" not in text


def test_scenarios_of_which_the_same_is_to_be_said_are_told_together() -> None:
    """If it fails, a reader goes through a page three times as long."""
    same = [replace(EVIDENCE[0], scenario=name) for name in ("a", "b", "c")]
    other = replace(EVIDENCE[0], scenario="d", said=all_proved())
    lines = page((*same, other), COMMAND).splitlines()
    at = lines.index("* zap-valid: a zap is of the mapping")

    assert [
        "  * REFUTED in a, b, c: shrinker: calls zap(vma) with vma == NULL",
        f"    * known as {CVE}",
        "  * proved in d",
    ] == lines[at + 1 : at + 4]


def test_a_long_reason_is_told_in_few_words() -> None:
    """If it fails, what keeps a proof from being found fills the page."""
    parts = "it may break (" + "and so on, " * 50 + ")"
    words = "word " * 50
    some = [
        replace(EVIDENCE[0], scenario=name, said=said("stuck", "bounded", "2 of each", why))
        for name, why in (("a", parts), ("b", words))
    ]
    text = page(some, COMMAND)

    assert "  * bounded in a (2 of each); for any number: it may break" in text.splitlines()
    assert "word ...\n" in text


def test_a_proof_that_ends_where_a_thread_dies_says_so() -> None:
    """If it fails, a proof of less is taken for one of all."""
    some = said("balance", "proved", "24 lemmas, cut short")
    lines = page((replace(EVIDENCE[0], said=some),), COMMAND).splitlines()

    assert "Proved wherever asked: balance (cut short), zap-valid, vacuity." in lines


ODD = "a | b [c](d) <img> `e` *f* __g__ h_i $j$ &lt; \\ \x1b\n\u00fc ~k~"


def test_words_mean_themselves() -> None:
    """If it fails, a text out of a stranger's mail makes links, or leaves its cell."""
    one = Said(ODD, ODD, "refuted", ODD, ODD, ODD)
    some = Entry("p (1)/a b\u00fc\udc80]", ODD, ODD, ODD, (one,))
    text = page((some,), ODD)
    # What made the page is a block of code, where nothing needs to be escaped.
    made = "\n".join(line for line in text.splitlines() if not line.startswith("    v"))
    rows = [line for line in text.splitlines() if line.startswith("|")]

    assert not [c for c in text if c != "\n" and not c.isprintable()]
    assert "\\x0a\xfc" in made
    assert "[1]: p%20%281%29/a%20b%C3%BC%80%5D" in text
    for line in made.replace(f"    {printable(ODD)}", "").splitlines():
        for sign in (" <img", " |b", " [c]", " `e", " *f", " __g", " $j", "$ &lt;", " ~k"):
            assert sign not in line
    assert "h_i" in made
    assert {4} == {line.replace("\\|", "").count("|") for line in rows}


def test_no_line_of_a_text_begins_anything() -> None:
    """If it fails, a sentence in which a line begins with a dash is taken for a list."""
    signs = ["-", "+", "#", ">", "===", "1.", "22)"]
    for sign in signs:
        # So long that the sign comes first in a line, whatever is before it.
        sentence = " ".join([sign] * 200)
        lines = page(
            (replace(EVIDENCE[0], said=(replace(FIVE[0], sentence=sentence),)),), COMMAND
        ).splitlines()
        found = [line.strip() for line in lines if line.count(sign) > 20]

        assert 4 <= len(found)
        assert not [line for line in found if line.startswith(f"{sign} ")]


def test_no_line_is_wider_than_a_screen() -> None:
    """If it fails, the page cannot be read in a terminal, nor beside a patch."""
    long = " ".join(["words"] * 100)
    wordy = tuple(
        Said(f"claim-{i}", long, word, "2 of each", long, long)
        for i, word in enumerate(("refuted", "not established", "vacuous", "bounded", "proved") * 5)
    )
    # As long as the longest name of a program that is here.
    some = [
        replace(one, program=f"{one.program:-<20}", said=(*one.said, *wordy)) for one in EVIDENCE
    ]
    lines = page(some, COMMAND).splitlines()

    assert not [line for line in lines if len(line) > WIDTH]
    assert WIDTH - 10 <= max(map(len, lines))


def test_each_row_of_a_table_has_its_columns_below_each_other() -> None:
    """If it fails, the page cannot be read in an editor."""
    block: list[list[int]] = []
    for line in [*page(EVIDENCE, COMMAND).splitlines(), ""]:
        if line.startswith("|"):
            # The last column ends where its text ends.
            block.append([i for i, c in enumerate(line) if c == "|"][:-1])
        elif block:
            assert len({tuple(row) for row in block}) == 1
            block = []


def test_a_program_of_which_nothing_was_asked_says_so() -> None:
    """If it fails, no verdict is taken for a good one."""
    text = page((replace(EVIDENCE[0], said=()),), COMMAND)

    assert "| nothing asked |" in text
    assert "Nothing is asked." in text.splitlines()
    assert "all proved" not in text
