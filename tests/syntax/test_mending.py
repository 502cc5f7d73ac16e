"""One mistake is one message, at its place, and what comes behind it is read as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from verify.source import Source
from verify.syntax import tree
from verify.syntax.expected import keywords, reserved
from verify.syntax.parse import parse, parse_as_far_as_possible
from verify.syntax.words import Words

PROGRAM = Path(__file__).parents[2] / "programs" / "facts" / "exit-waits.bfp"


def told(text: str) -> list[tuple[int, int, str]]:
    """Line, column and headline of each mistake of a text."""
    found = parse_as_far_as_possible(Source("a.bfp", text))[1]
    return [(d.span.line, d.span.column, d.headline) for d in found if d.span]


# Name of the case, text, what is said of it.
GUESSES = [
    ("a word misspelt", "thread t { whlie (a) { b(); } c = ; }",
     [(1, 12, "`whlie` is not in the language"), (1, 35, "unexpected `;`")]),
    ("an else misspelt", "thread t { if (a) b(); esle { c(); } d = e; }",
     [(1, 24, "`esle` is not in the language")]),
    ("a word misspelt behind a `;` left out", "thread t {\n\ta = b\n\twhlie (c) d();\n}",
     [(2, 6, "expected `;` before `whlie`"), (3, 2, "`whlie` is not in the language")]),
    ("a declaration misspelt", 'bool a = ;\ncliam c "x" never: a;\nthraed t { }',
     [(1, 10, "unexpected `;`"), (2, 1, "`cliam` is not in the language"),
      (3, 1, "`thraed` is not in the language")]),
    ("a second clause misspelt", 'claim c "x" never: a; beefore f: b; after g: c;',
     [(1, 23, "`beefore` is not in the language")]),
    ("a comma missing", "void f(int a int b) { c(d\n  e); }",
     [(1, 12, "expected `,` before `int`"), (1, 25, "expected `,` before `e`")]),
    ("no sign behind a name", "thread t { a true; b c(d); out\n e(f); g = h; }",
     [(1, 12, "expected `=` before `true`"), (1, 20, "expected `=` before `c`"),
      (1, 30, "expected `:` before `e`")]),
    ("two parentheses missing", "thread t {\n\ta(b(c;\n\td = ;\n}",
     [(2, 6, "expected `)` before `;`"), (3, 6, "unexpected `;`")]),
    ("a brace too many", "thread t {\n\ta = b; }\n\tc = d;\n\te = ;\n}\nbool 3;",
     [(3, 4, "unexpected `=`"), (4, 6, "unexpected `;`"), (6, 6, "unexpected `3`")]),
    ("an else behind a brace too many", "thread t {\n\tif (a) b(); }\n\telse c();\n\td = e;\n}",
     [(3, 2, "unexpected `else`")]),
    ("a brace missing in the middle",
     "thread t {\n\tif (a) {\n\t\tb();\n\tc = d;\n}\nthread u { e = f; }",
     [(3, 6, "a `}` is missing")]),
    ("a field misspelt in the middle", "struct s { bool a; bool 3; bool b; int; };",
     [(1, 25, "unexpected `3`"), (1, 39, "unexpected `;`")]),
    ("a table in which one axis is wrong",
     "table f { at g; axis a = ; axis b = c; case a b: d; case e: 3; }",
     [(1, 26, "unexpected `;`"), (1, 47, "unexpected `b`"), (1, 61, "unexpected `3`")]),
    ("a claim in which one clause is wrong", 'claim c "x" before f: a b; after g: ; never: c;',
     [(1, 25, "unexpected `b`"), (1, 37, "unexpected `;`")]),
    ("words of C that are left out", "void f(void) { const int a = ; volatile bool b; }",
     [(1, 16, "`const` is not in the language"), (1, 30, "unexpected `;`"),
      (1, 32, "`volatile` is not in the language")]),
    ("an operator of C", "thread t { a <<= b; c = d % e; f = ; }",
     [(1, 14, "`<<=` is not in the language"), (1, 27, "`%` is not in the language"),
      (1, 36, "unexpected `;`")]),
    ("a loop with a wrong header", "thread t { for (a = ; b; c = d) e(); f = ; }",
     [(1, 21, "unexpected `;`"), (1, 42, "unexpected `;`")]),
    ("an include without a file", "#include\nbool a = ;",
     [(1, 8, "expected the name of a file before `bool`"), (2, 10, "unexpected `;`")]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), [c[1:] for c in GUESSES], ids=[c[0] for c in GUESSES])
def test_what_is_meant_is_guessed_and_read_on_from(
    text: str, said: list[tuple[int, int, str]]
) -> None:
    """One mistake would bring a dozen messages with it, or hide the next one."""
    assert said == told(text)


def test_a_misspelt_word_comes_with_the_one_that_was_meant() -> None:
    """Somebody would look for a mistake in what comes behind the word."""
    (found,) = parse_as_far_as_possible(Source("a.bfp", 'senario s "x": t;'))[1]

    assert "did you mean `scenario`?" == found.label


def test_a_brace_that_is_missing_is_named_by_its_line() -> None:
    """Of twenty braces in a function each would have to be looked at."""
    text = "thread t {\n\twhile (a) {\n\t\tif (b) {\n\t\t\tc();\n\t\td();\n\t}\n}\nbool e;\n"
    (found,) = parse_as_far_as_possible(Source("a.bfp", text))[1]

    assert ("the `{` is in line 3",) == found.notes
    assert found.span is not None
    assert 4 == found.span.line


def test_what_is_right_of_a_text_is_read_though_something_is_wrong() -> None:
    """The includes of a text would be left unread for a missing semicolon."""
    text = '#include "m.bfh"\nbool a\nthread t { b = ; c(); }\nenum e { 3 };\nbool d;\n'
    found, _ = parse_as_far_as_possible(Source("a.bfp", text))

    assert [tree.Include, tree.Object, tree.Thread, tree.Object] == [
        type(one) for one in found if not isinstance(one, tree.Enum)
    ]


def test_the_words_of_the_language_are_read_off_the_grammar() -> None:
    """A new statement would be a misspelt old one."""
    assert {"while", "if", "NULL", "container_of"} <= reserved()
    assert reserved() <= set(keywords())
    assert {"claim", "forever", "misses", "releases_shared"} <= set(keywords()) - reserved()


@pytest.mark.slow
def test_a_word_that_is_gone_is_missed_where_it_was_and_nowhere_else() -> None:
    """One mistake would bring a dozen messages with it, far from where it is."""
    text = PROGRAM.read_text(encoding="utf-8")
    refused = extra = far = 0
    for word in Words(text).all[:-1]:
        line = text.count("\n", 0, word.start) + 1
        found = told(text[: word.start] + text[word.end :])
        refused += bool(found)
        extra += max(len(found) - 1, 0)
        far += bool(found) and abs(found[0][0] - line) > 1

    assert (extra, far) == (0, 0)
    assert refused > 100
    assert parse(Source("a.bfp", text))
