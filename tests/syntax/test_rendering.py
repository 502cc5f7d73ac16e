"""Mistakes as text: the line, and a mark under what is wrong with it."""

from __future__ import annotations

import pytest

from verify.diagnostics import CODES, Diagnostic, nearest, printable
from verify.report.findings import of_diagnostic
from verify.report.render import render
from verify.source import Source, Span


def shown(text: str, start: int, end: int, label: str = "") -> list[str]:
    """The lines of a mistake at some characters of a text."""
    span = Span(Source("a.bfp", text), start, end)
    return render(of_diagnostic(Diagnostic("BFP002", "it is wrong", span, label))).split("\n")


def test_the_mark_is_under_the_place() -> None:
    """The reader is sent to another word of the line."""
    assert [
        "error[BFP002]: it is wrong",
        "  --> a.bfp:2:6",
        "    2 | bool flga;",
        "      |      ^^^^ here",
    ] == shown("int a;\nbool flga;\n", 12, 16, "here")


def test_tabs_before_and_inside_the_place_count_as_they_are_shown() -> None:
    """Kernel code is indented by tabs: each mark would be far to the left."""
    text = "\ta\tb = c;"

    assert ["    1 |         a       b = c;", "      |         ^^^^^^^^^"] == shown(text, 1, 4)[2:]


def test_what_shows_nothing_is_escaped_and_the_mark_moves_along() -> None:
    """A text from a stranger could send control characters to the terminal."""
    text = "\x1b[2Jb\xe9 = \u2028;"
    *_, line, mark = shown(text, 7, 8)

    assert "    1 | \\x1b[2Jb\xe9 = \\u2028;" == line
    assert line.index("=") == mark.index("^")
    assert line.isprintable()


def test_the_mark_goes_by_the_places_that_letters_take() -> None:
    """It would be left of what is wrong where letters are wide, and right of it where they join."""
    assert ["    1 | \u6f22\u5b57 = x;", "      | ^^^^"] == shown("\u6f22\u5b57 = x;", 0, 2)[2:]
    assert ["    1 | a\u0301 = x;", "      |     ^"] == shown("a\u0301 = x;", 5, 6)[2:]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Übergröße, año, Ωмега", "Übergröße, año, Ωмега"),
        ("\u201e\u2026\u201c \u2013 \xbf\xa7 5\u20ac \u2192 \xb2", None),
        ("\u6f22\u5b57 a\u0301 \U0001f600", None),
        ("a\tb\n\x00\x7f\x9b", "a\\x09b\\x0a\\x00\\x7f\\x9b"),
        # Turns round what follows; half of a letter; is not seen at all.
        ("\u202e\u2066\udcff\U000e0041", "\\u202e\\u2066\\udcff\\U000e0041"),
        ("\xa0\xad", "\\xa0\\xad"),
    ],
)
def test_what_can_be_read_is_left_and_nothing_else(text: str, expected: str | None) -> None:
    """A name with an umlaut could not be copied, or another one would change the terminal."""
    assert (text if expected is None else expected) == printable(text)


def test_a_carriage_return_is_no_part_of_the_line() -> None:
    """The terminal would print the mark over the line."""
    assert ["    1 | bool a", "      | ^^^^^^"] == shown("bool a\r\nbool b;\r\n", 0, 12)[2:]


def test_a_long_line_is_cut_around_the_mark() -> None:
    """The one line that matters would fill the screen, the mark beyond its edge."""
    *_, line, mark = shown("x" * 5000 + " here " + "y" * 5000, 5001, 5005)

    assert len(line) <= 108
    assert "here" == line[mark.index("^") : mark.rindex("^") + 1]


def test_a_mark_is_no_longer_than_a_line() -> None:
    """A mistake that spans a long line would be marked across the screen."""
    *_, mark = shown("x" * 5000, 0, 5000)

    assert 100 == mark.count("^")


@pytest.mark.parametrize("text", ["", "\n", "bool a", "bool a\n"])
def test_the_end_of_a_text_has_a_place(text: str) -> None:
    """A text that ends too early would end in a traceback."""
    lines = shown(text, len(text), len(text))

    assert "^" == lines[-1].split("|")[1].strip()


def test_a_very_long_headline_is_cut() -> None:
    """A name of a million letters would be printed in full."""
    text = render(of_diagnostic(Diagnostic("BFP101", "`" + "x" * 1_000_000 + "` is not declared")))

    assert len(text) < 400


def test_nothing_is_suggested_for_a_name_that_is_unlike_all_others() -> None:
    """Advice that is wrong costs more than none."""
    assert () == nearest("mutex", ["page", "vma"])
    assert () == nearest("x" * 1_000_000, ["x" * 999_999])
    assert ("did you mean `mutex`?",) == nearest("mutx", ["page", "mutex"])


def test_a_code_has_one_meaning() -> None:
    """Somebody would look up a code and find nothing, or the wrong page."""
    assert len(CODES) == len(set(CODES.values()))
    with pytest.raises(ValueError, match="BFP000"):
        Diagnostic("BFP000", "no such code")
