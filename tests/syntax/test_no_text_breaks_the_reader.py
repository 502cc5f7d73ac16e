"""Whatever the text, it is lowered or refused: nothing else comes out."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.chance import by_chance
from tests.syntax.asking import RUNS, WORLD, lowered
from tests.syntax.mutants import declarations, mutants, one_off, tokens
from verify.diagnostics import InputError
from verify.report.dump import dump
from verify.report.findings import of_diagnostic
from verify.report.render import render
from verify.source import Source
from verify.syntax.parse import parse_as_far_as_possible

# Thousands of texts.
pytestmark = pytest.mark.slow


def put(text: str) -> None:
    """Lower a text and show what comes out, or render why it is refused."""
    try:
        program = lowered(text)
    except InputError as error:
        for diagnostic in error.diagnostics:
            render(of_diagnostic(diagnostic))
        return
    for _ in dump(program):
        pass


@by_chance(150)
@given(mutants())
def test_a_changed_program_is_lowered_or_refused(text: str) -> None:
    """A traceback instead of a message, for a mistake that anybody may make."""
    put(text)


@pytest.mark.parametrize("text", declarations(), ids=lambda text: " ".join(text[:2]))
def test_a_text_that_is_refused_is_refused_at_a_place(text: list[str]) -> None:
    """Somebody would look for a mistake in a thousand lines, and not know for what."""
    for changed in one_off(text):
        for found in parse_as_far_as_possible(Source("one_off.bfp", changed))[1]:
            assert found.span is not None
            assert 0 <= found.span.start < found.span.end <= len(changed)


NAMES = sorted({t for t in tokens("base.bfp") if t.isidentifier()})


@by_chance(150)
@given(st.data())
def test_a_program_with_names_and_operators_exchanged_is_lowered_or_refused(
    data: st.DataObject,
) -> None:
    """A traceback from a later stage, which trusts that the text makes sense."""
    text = list(tokens("base.bfp"))
    operators = ["+", "-", "*", "==", "!=", "<", ">", "&&", "||"]
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text) - 1))
        if text[at] in operators:
            text[at] = data.draw(st.sampled_from(operators))
        elif text[at].isidentifier():
            near = [t for t in text[max(0, at - 40) : at + 40] if t.isidentifier()]
            text[at] = data.draw(st.sampled_from(near) | st.sampled_from(NAMES))
        elif text[at].isdigit():
            text[at] = str(data.draw(st.integers(0, 70)))
    put(" ".join(text))


ATOMS = """
0 1 2 3 true false NULL RED flag number some inside gate box0 x b p result
box0.full some->full some->count box0.row box->full
""".split()
SIGNS = ["+", "-", "*", "==", "<", ">=", "&&", "||"]
CALLEES = ["try", "shut", "get", "take", "is_locked", "held", "did"]
SIMPLE = [
    "return;",
    "goto l;",
    "l:",
    ";",
    "x = number;",
    "shut(&gate);",
    "flag = try(&some->lock);",
    "might_sleep();",
    "acquire(&gate);",
]
EXPRESSIONS = st.recursive(
    st.sampled_from(ATOMS),
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(SIGNS), inner),
        st.builds("{}{}".format, st.sampled_from("!-&*"), inner),
        st.builds("box0.row[{}]".format, inner),
        st.builds("{}({})".format, st.sampled_from(CALLEES), inner),
        st.builds("container_of({}, struct box, lock)".format, inner),
    ),
    max_leaves=6,
)
STATEMENTS = st.recursive(
    st.one_of(
        st.builds("{} = {};".format, EXPRESSIONS, EXPRESSIONS),
        st.builds("{};".format, EXPRESSIONS),
        st.builds("return {};".format, EXPRESSIONS),
        st.sampled_from(SIMPLE),
    ),
    lambda inner: st.one_of(
        st.builds("if ({}) {{ {} }} else {}".format, EXPRESSIONS, inner, inner),
        st.builds("while ({}) {{ {} {} }}".format, EXPRESSIONS, inner, inner),
        st.builds("{{ {} {} }}".format, inner, inner),
    ),
    max_leaves=5,
)


@by_chance(300)
@given(
    st.lists(STATEMENTS, max_size=4),
    st.lists(STATEMENTS, max_size=3),
    EXPRESSIONS,
    st.sampled_from(["never", "before shut", "before struct box", "after get", "at table"]),
)
def test_any_statements_are_lowered_or_refused(
    function: list[str], primitive: list[str], condition: str, hook: str
) -> None:
    """A traceback from a combination that nobody thought of."""
    put(
        f"{WORLD}{RUNS}primitive bool take(int p) {{ {' '.join(primitive)} return flag; }}\n"
        f"int get(struct box *b) __must_hold(&gate) {{ int x; x = 0; {' '.join(function)}"
        " return number; }\n"
        "thread t { shut(&gate); number = get(some); open(&gate); }\n"
        'scenario two "x": t[*];\n'
        f'claim c "x" {hook}: {condition};\n'
    )


@by_chance(200)
@given(st.text(max_size=60))
def test_any_characters_are_refused_or_read(text: str) -> None:
    """A traceback for a file that is no program at all."""
    with contextlib.suppress(InputError):
        lowered(text)
    put(WORLD + text + RUNS)
