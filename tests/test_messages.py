"""Meaning is carried by values: engines write no sentences, and nobody takes one apart."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

# The text of all engines is read.
pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1] / "verify"
# What finds things out, and the values that it hands on.
ENGINES = ("certify", "engine", "lower", "parameterised", "reasons", "smt")
MODULES = ("explore", "interpret", "ir", "verdicts")
# Exceptions that say that something is a mistake in the text, or one of ours: what they say is
# a message, and nobody gets a verdict from it. The name of a domain is for who reads commands.
RAISED = {
    *("AssertionError", "Diagnostic", "DisagreementError", "InputError", "KeyError", "ReplayError"),
    *("TypeError", "Domain", "ValueError", "_limit"),
}
# Names of texts that are no messages of an engine: the sentences of claims, what z3 says, and
# the parts of a diagnostic.
GIVEN = {"BUILT_IN", "sentences", "INTERRUPTED", "headline", "note"}
# Where a piece of the program's text or a solver's is meant, and no message of ours.
PARSING = {"startswith", "endswith", "removeprefix", "removesuffix", "partition", "rpartition"}
VALUES = {"reason", "violation", "note", "headline", "beside", "why", "missing", "unproved"}


def engines() -> list[Path]:
    found = [ROOT / f"{name}.py" for name in MODULES]
    for folder in ENGINES:
        found += sorted((ROOT / folder).rglob("*.py"))
    return found


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", engines(), ids=named)
def test_who_finds_out_knows_nothing_of_who_words_it(path: Path) -> None:
    """An engine that words its reasons leaves nothing else to be made of them."""
    tree = ast.parse(path.read_text())
    imported = {
        name
        for node in ast.walk(tree)
        for name in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else []
        )
    }

    assert set() == {name for name in imported if name.startswith("verify.report")}


@pytest.mark.parametrize("path", engines(), ids=named)
def test_who_finds_out_writes_no_sentences(path: Path) -> None:
    """Somebody would look for words in it, as it happened, and find those of another thing."""
    assert [] == sorted(sentences(ast.parse(path.read_text())))


def test_a_sentence_is_seen_where_it_is_made() -> None:
    """Or the test above holds whatever the engines write."""
    made = (
        'def f(x):\n    """Some words of ours."""\n'
        '    raise ValueError(f"{x} is a wrong value")\n'
        '    return f"thread {x} has too many states", "the state is one"\n'
    )

    assert ["line 4: 'the state is one'", "line 4: 'thread * has too many states'"] == sorted(
        sentences(ast.parse(made))
    )


def sentences(tree: ast.AST) -> Iterator[str]:
    """Texts of three words or more, but for what documents the code and what is raised."""
    silent: set[int] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Expr(ast.Constant()):
                silent.add(id(node.value))
            case ast.Call(ast.Name(name)) if name in RAISED:
                silent |= {id(part) for part in ast.walk(node)}
            case ast.Assign([ast.Name(name) | ast.Subscript(ast.Name(name))]) if name in GIVEN:
                silent |= {id(part) for part in ast.walk(node)}
            case ast.Assert():
                silent |= {id(part) for part in ast.walk(node)}
            case ast.JoinedStr():
                silent |= {id(part) for part in node.values}
    for node in ast.walk(tree):
        match node:
            case ast.JoinedStr() if id(node) not in silent:
                text = "".join(
                    part.value if isinstance(part, ast.Constant) else "*" for part in node.values
                )
            case ast.Constant(str(text)) if id(node) not in silent:
                pass
            case _:
                continue
        if reads_like_a_sentence(text):
            yield f"line {node.lineno}: {text!r}"


def reads_like_a_sentence(text: str) -> bool:
    """Whether three words or more follow each other: neither a name, nor a formula."""
    if any(sign in text for sign in "()|\n"):
        return False
    return sum(word.strip(",;:*'`").isalpha() for word in text.split()) >= 3


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=named)
def test_nobody_takes_a_reason_apart(path: Path) -> None:
    """A lock that is called `with` was once said to be held, since a sentence had the word."""
    found = [
        f"line {node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(ast.parse(path.read_text()))
        if takes_apart(node)
    ]

    assert [] == found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('crash.reason.startswith("follows")', True),
        ('"NULL" in line.note', True),
        ('line.note == "true"', True),
        ('str(error.reason).partition(" ")', True),
        ("line.note is None", False),
        ("match.note == other.note", False),
        ('name.startswith("verify")', False),
    ],
)
def test_what_takes_a_reason_apart_is_seen(text: str, expected: bool) -> None:
    """Or the test above holds whatever is done."""
    assert expected == takes_apart(ast.parse(text, mode="eval").body)


def takes_apart(node: ast.AST) -> bool:
    """Whether a text is looked for in a reason, or a part of it cut out."""
    match node:
        case ast.Call(ast.Attribute(of, method)) if method in PARSING:
            return is_reason(of)
        case ast.Compare(left, [ast.In() | ast.NotIn()], [right]):
            return isinstance(left, ast.Constant) and is_reason(right)
        case ast.Compare(left, _, [right]):
            sides = (left, right)
            text = any(isinstance(s, ast.Constant) and isinstance(s.value, str) for s in sides)
            return text and any(map(is_reason, sides))
    return False


def is_reason(node: ast.AST) -> bool:
    match node:
        case ast.Attribute(_, name):
            return name in VALUES
        case ast.Call(ast.Name("str"), [of]):
            return is_reason(of)
    return False
