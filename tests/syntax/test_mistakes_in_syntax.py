"""Texts that do not follow the grammar: what is said, and where."""

from __future__ import annotations

import pytest

from tests.syntax.asking import RUNS, WORLD, mistakes, places
from verify.source import Source
from verify.syntax import tree
from verify.syntax.parse import parse

# Name of the case, text, (code, line, column) of the only mistake, what the headline names.
ONE = [
    ("missing semicolon at the end of a line", "bool a\nbool b;", ("BFP002", 1, 6), "`;`"),
    ("a comment between", "bool a /* x */ // y\nbool b;", ("BFP002", 1, 6), "`bool`"),
    ("carriage returns", "bool a;\r\nbool b\r\nbool c;\r\n", ("BFP002", 2, 6), "`;`"),
    ("line ends of CR alone", "bool a;\r// x\rbool b\r", ("BFP001", 1, 8), "CR"),
    ("one line end of CR alone", "bool a;\r\n// x\rbool b;\n", ("BFP001", 2, 5), "CR"),
    ("tabs count as one column", "thread t {\n\t\tflag = ;\n}", ("BFP002", 2, 10), "`;`"),
    ("missing semicolon in a body", "thread t {\n\ta = b\n\tc = d;\n}", ("BFP002", 2, 6), "`c`"),
    ("missing semicolon before }", "thread t { a = b }", ("BFP002", 1, 16), "`}`"),
    ("missing semicolon on one line", "thread t { a = b c = d; }", ("BFP002", 1, 18), "`c`"),
    ("missing parenthesis", "thread t {\n if (a\n  goto x;\n}", ("BFP002", 2, 6), "`)`"),
    ("two operators", "thread t { a = b || && c; }", ("BFP002", 1, 21), "`&&`"),
    ("assignment as condition", "thread t { if (a = b) c = d; }", ("BFP002", 1, 18), "`=`"),
    ("no condition", "thread t { if () a = b; }", ("BFP002", 1, 16), "`)`"),
    ("a brace too many", "bool a; }\nbool b;", ("BFP002", 1, 9), "`}`"),
    ("a brace too few", "thread t {\n\ta = b;\n", ("BFP002", 2, 7), "`}`"),
    ("too few, then another", "thread t {\n\ta = b;\nthread u { c = d; }", ("BFP002", 2, 7), "`}`"),
    ("too few before a function", "void f(void) {\nvoid g(void) { }", ("BFP002", 1, 14), "`}`"),
    ("the text ends in an expression", "thread t { a = b +", ("BFP002", 1, 18), "ends"),
    ("a comment that does not end", "bool a;\n/* never\n", ("BFP002", 2, 1), "comment"),
    ("a string that does not end", 'thread t "never\n{ }', ("BFP002", 1, 10), "string"),
    ("a character of no language", "bool a@;", ("BFP002", 1, 7), "`@`"),
    ("a control character", "bool a\x07;", ("BFP002", 1, 7), "U+0007"),
    ("NUL", "bool \0;", ("BFP002", 1, 6), "U+0000"),
    ("a letter beyond ASCII", "bool \xe9;", ("BFP002", 1, 6), "U+00E9"),
    ("a lone surrogate", "bool \udc80;", ("BFP002", 1, 6), "U+DC80"),
    ("a question mark", "thread t { a = b ? ; }", ("BFP002", 1, 20), "`;`"),
    ("a reserved word as a name", "bool while;", ("BFP002", 1, 6), "`while`"),
    ("a goto without a label", "thread t { goto; }", ("BFP002", 1, 16), "`;`"),
    ("an else without an if", "thread t { else a = b; }", ("BFP002", 1, 12), "`else`"),
    ("a claim without a clause", 'claim a "x"\nbool b;', ("BFP002", 2, 1), "`bool`"),
    ("a clause before a struct without a name", 'claim a "x" before struct: b;',
     ("BFP002", 1, 26), "`:`"),
    ("a clause after a struct", 'claim a "x" after struct s: b;', ("BFP002", 1, 19), "`struct`"),
    ("a capital in a claim's name", 'claim A "x" never: b;', ("BFP002", 1, 7), "`A`"),
    ("a statement behind a when", "primitive void f(void) { when (a) b = c; d = e; }",
     ("BFP105", 1, 42), "`when`"),
    ("a known bug without a name", "known a;\nbool b;", ("BFP002", 1, 8), "`;`"),
    ("a known bug in no scenario", 'known a in "x";', ("BFP002", 1, 12), "x"),
    ("a known bug without a claim", 'known "x";', ("BFP002", 1, 7), "x"),
    ("a known bug without an end", 'known a "x"\nbool b;', ("BFP002", 1, 11), "`;`"),
    ("an assumption without a sentence", "bool b;\nassumption misses;\n",
     ("BFP002", 2, 12), "misses"),
    ("a declaration without a name", "bool;", ("BFP002", 1, 5), "`;`"),
    ("a statement at file scope", "if (a) b = c;", ("BFP002", 1, 1), "`if`"),
    ("a number of 5,000 digits", f"range int = 0..{'9' * 5000};", ("BFP109", 1, 16), "digits"),
    ("a number of 19 digits", f"range int = -{'9' * 19}..0;", ("BFP109", 1, 14), "digits"),
    ("a very long line", f"bool {'a' * 100_000} b;", ("BFP002", 1, 100_007), "`b`"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "place", "named"), [c[1:] for c in ONE], ids=[c[0] for c in ONE])
def test_a_mistake_is_found_at_its_place(
    text: str, place: tuple[str, int, int], named: str
) -> None:
    """Otherwise somebody looks for a mistake in a line that has none."""
    found = mistakes(text)

    assert [place] == places(text)
    assert named in found[0].headline


HINTS = [
    ("thread t { a &= b; }", "+=, -= and *="),
    ("thread t { a = b / c; }", "+, -, *"),
    ("const struct page *p;", "leave it out"),
    ("thread t { if (a = b) c = d; }", "`==`"),
]


@pytest.mark.parametrize(("text", "advice"), HINTS)
def test_what_the_language_lacks_of_c_comes_with_advice(text: str, advice: str) -> None:
    """Pasted kernel code is refused without a word on how to write it instead."""
    found = mistakes(text)

    assert advice in " ".join(found[0].notes)


def test_all_missing_semicolons_are_found_at_once() -> None:
    """Each run would show one mistake, and there would be as many runs as mistakes."""
    text = "bool a\nbool b;\nthread t {\n\ta = b\n\tb = a\n\treturn\n}\nvoid f(void) { a = b }\n"

    assert [1, 4, 5, 6, 8] == [line for _, line, _ in places(text)]


def test_reading_goes_on_behind_a_statement_that_makes_no_sense() -> None:
    """A mistake in one function would hide those in the next, or make up new ones."""
    text = (
        "void f(void)\n{\n\tif (a b) { c = d; }\n\tx = @;\n\ty = 1;\n}\n"
        "void g(void)\n{\n\tz = );\n}\nbool 3;\n"
    )

    assert [3, 4, 9, 11] == [line for _, line, _ in places(text)]


def test_no_more_than_twenty_mistakes_are_listed() -> None:
    """A text that is no program at all would fill the terminal."""
    assert 20 == len(mistakes("x = ;\n" * 500))


def test_an_empty_text_declares_nothing() -> None:
    """An empty file would pass for a program in which all is well."""
    for text in ("", " \n\t", "// nothing\n/* at all */"):
        (found,) = mistakes(text)

        assert "BFP108" == found.code
        assert "test.bfp declares nothing" == found.headline


def test_words_of_models_are_names_where_they_mean_nothing() -> None:
    """A kernel function with a local named `table` or `range` could not be transcribed."""
    text = WORLD + "thread claim { bool table; table = flag; range: flag = table; goto range; }\n"

    assert () == mistakes(text + 'scenario all "x": claim;')
    assert () == mistakes(WORLD + RUNS)


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("void f(void) { if (a) { b(); } transient(m); }", 32),
        ("void f(void) { if (a) b(); when(m); }", 28),
        ("void f(void) { { } primitive = m; }", 20),
        ("void f(void) { out: when(m); }", 21),
    ],
)
def test_a_word_that_only_the_grammar_takes_for_one_is_blamed(text: str, column: int) -> None:
    """A name would be refused, and nobody could see what is wrong with it."""
    (found,) = mistakes(text)

    assert [("BFP002", 1, column)] == places(text)
    assert "a word of the language, and no name here" == found.label


def test_what_is_too_deep_for_one_reader_alone_has_a_place() -> None:
    """Only one of them counts the parenthesis of an `if`, and it words nothing."""
    text = f"void f(void) {{ if ({'(' * 99}a{')' * 99}) b(); }}"

    assert [("BFP004", 1, 118)] == places(text)


def test_zeros_before_a_number_and_its_sign_are_no_digits() -> None:
    """A number that is small, or just large enough, would be refused by one reader."""
    zeros = "0" * 5000
    text = f"range int = -{zeros}1..{zeros};\nrange long = -{'9' * 18}..{'9' * 18};\n"
    first, second = parse(Source("a.bfp", text))

    assert isinstance(first, tree.Range)
    assert isinstance(second, tree.Range)
    assert (-1, 0) == (first.low, first.high)
    assert (-(10**18) + 1, 10**18 - 1) == (second.low, second.high)
