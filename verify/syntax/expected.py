"""What could stand in a place of a text, in words; made of what lark accepts there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from verify.syntax.grammar import parser

# A phrase stands for all of a set if the terminals that it is known by are accepted.
_TYPES = {"BOOL", "VOID", "INT", "UNSIGNED", "LONG", "ENUM", "STRUCT", "NAME"}
_OPERAND = {"NAME", "NUMBER", "TRUE", "FALSE", "NULL", "LPAR", "BANG", "SIGN", "STAR", "_ADDRESS"}
_OPERAND |= {"ADD_OP", "MINUS", "COUNT_OP", "CONTAINER_OF"}
_GROUPS = (
    ("an expression", {"NUMBER", "LPAR", "BANG"}, _OPERAND),
    ("a type", {"BOOL", "VOID"}, _TYPES),
    ("the body of the function", {"LBRACE", "__MUST_HOLD"}, {"LBRACE", "__MUST_HOLD"}),
)
# Where a statement can begin, nothing but these is named beside it.
_BESIDE = {"RBRACE", "WHEN", "TRANSIENT"}
# What may always follow an operand, and is named only where nothing else can.
_OPERATORS = set("OR_OP AND_OP EQ_OP REL_OP ADD_OP STAR LSQB LPAR DOT".split())
_OPERATORS |= {"QMARK", "UPDATE_OP", "COUNT_OP"}
# What a name is the name of, by the word before it.
_NAMED = {
    "goto": "a label",
    "struct": "the name of a struct",
    "enum": "the name of an enum",
    "->": "the name of a field",
    ".": "the name of a field",
    "contract": "the name of a function",
    "table": "the name of a function",
    "after": "the name of a function",
    "before": "the name of a function",
    "at": "the name of a primitive",
    "alone": "the name of a thread",
    "thread": "the name of a thread",
    "about": "the name of what it is about",
}
_SHOWN = {
    "NAME": "a name",
    "NUMBER": "a number",
    "STRING": 'a "sentence"',
    "CLAIM_NAME": "a name of small letters, digits, `_` and `-`",
    "$END": "the end of the text",
}
MANY = 6


@cache
def keywords() -> dict[str, str]:
    """The words of the language, each with its terminal in the grammar."""
    found = {}
    for terminal in parser().terminals:
        if terminal.name not in (*_SHOWN, "COMMENT"):
            for word in re.findall(r"#?[A-Za-z_]{2,}", terminal.pattern.value):
                found[word] = terminal.name
    return found


@cache
def reserved() -> frozenset[str]:
    """C's own words: what the grammar takes for a name nowhere."""
    inside = re.search(r"\(\?!\(([^)]*)\)", parser().get_terminal("NAME").pattern.value)
    return frozenset(inside.group(1).split("|") if inside else ())


def expected(accepted: Iterable[str], before: str) -> str:
    """One phrase for the terminals that lark accepts behind the word `before`."""
    left = set(accepted)
    if "$END" in left and "CLAIM" in left:
        return "a declaration"
    found = []
    if {"IF", "WHILE"} <= left:
        found.append("a statement")
        left &= _BESIDE
    for phrase, known_by, stands_for in _GROUPS:
        if known_by <= left:
            found.append(phrase)
            left -= stands_for
    if "EQUAL" in left and "COLON" in left:
        # A statement that begins with a name: a call is as likely as an assignment.
        found += ["`(`"]
    plain = {t for t in left if t not in _OPERATORS and _shown(t) != "`->`"}
    left = plain if plain or found else left
    if "NAME" in left:
        left.remove("NAME")
        found.append(_NAMED.get(before, "a name"))
    found += sorted(_shown(terminal) for terminal in left)
    if len(found) > MANY:
        found = [*found[: MANY - 1], "..."]
    return found[0] if len(found) == 1 else f"{', '.join(found[:-1])} or {found[-1]}"


def _shown(terminal: str) -> str:
    if terminal in _SHOWN:
        return _SHOWN[terminal]
    pattern = parser().get_terminal(terminal).pattern
    if pattern.type == "str":
        return f"`{pattern.value}`"
    words = re.findall(r"[a-z_]+|[=!<>+-]+", pattern.value.replace("?:", "").replace("\\", ""))
    return " or ".join(f"`{word}`" for word in words)
