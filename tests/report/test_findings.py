"""One form for mistakes, verdicts and what is not covered, rendered in several ways."""

from __future__ import annotations

from functools import cache

import pytest

from tests.engine.small import LOCKS, checked
from verify.diagnostics import Diagnostic
from verify.report import values
from verify.report.finding import Severity
from verify.report.findings import of_answer, of_diagnostic, of_statement
from verify.report.render import below, concise, render
from verify.report.text import report
from verify.source import Source, Span
from verify.verdicts import Answer, Result

TEXT = f"""{LOCKS}
struct mutex m;
bool x;
bool done;
primitive bool lucky(void)
{{
	when (x) "true" {{ return true; }}
	when (!x) "goto sleep" {{ return false; }}
}}
thread ret "ret"
{{
	bool got;
	mutex_lock(&m);
	got = lucky();
	if (done)
		x = true;
}}
known balance about m "CVE-0000-0001";
scenario s "s": ret;
"""


@cache
def found() -> Result:
    return checked(TEXT)


def answer(claim: str) -> Answer:
    return next(a for a in found().answers if a.claim == claim)


def test_a_refutation_is_told_as_a_compiler_tells_a_mistake() -> None:
    """Whoever shows findings in an editor would have to know verdicts as well as mistakes."""
    told = of_answer(answer("balance"))
    lines = render(told).split("\n")

    assert ("balance", Severity.REFUTED) == (told.code, told.severity)
    assert "error[balance]: each return leaves the locks as its contract says" == lines[0]
    assert lines[1].startswith("  --> small.bfp:")
    assert lines[3].endswith("^ ends with m still held")
    assert "  ::: small.bfp:16:2" in lines
    assert any(line.endswith("^ m: taken in step 1, still held") for line in lines)
    assert "      = known as CVE-0000-0001" == lines[-1]


def test_a_statement_that_no_run_reaches_has_a_place() -> None:
    """A reader is told that something is not covered, and not where."""
    (goal,) = found().unreached
    told = of_statement(goal)

    assert "never reached: small.bfp:19: x = true;" == concise(told)
    assert ["warning[vacuity]: never reached", "  --> small.bfp:19:3"] == render(told).split("\n")[
        :2
    ]


def test_what_is_vacuous_leads_to_the_first_place_that_is_not_reached() -> None:
    """An editor would show it at the top of the file."""
    told = of_answer(answer("vacuity"))

    assert told.primary is not None
    assert ("x = true;", "never reached: line 19") == (
        None if told.primary.span is None else told.primary.span.text,
        told.primary.label,
    )
    assert [("!", "never reached: line 19")] == list(below(told))


def test_what_holds_says_below_it_why_it_is_not_proved() -> None:
    """As far as a bound, and why no further, are told in one line."""
    told = of_answer(answer("lock-use"))

    assert (Severity.BOUNDED, None) == (told.severity, told.primary)
    assert [] == list(below(told))


@pytest.mark.parametrize("label", ["", "here"])
def test_a_mistake_is_the_same_as_text_and_as_json(label: str) -> None:
    """What a script is told would be another thing than what a reader is."""
    span = Span(Source("a.bfp", "bool flga;\n"), 5, 9)
    one = Diagnostic("BFP101", "it is wrong", span, label, ("did you mean `flag`?",))
    told = values.error(one)

    assert "\n".join(
        [
            f"error[{told['code']}]: {told['message']}",
            f"  --> {told['file']}:{told['line']}:{told['column']}",
            "    1 | bool flga;",
            f"      |      ^^^^ {label}".rstrip(),
            "      = did you mean `flag`?",
        ]
    ) == render(of_diagnostic(one))
    assert [*filter(None, [label]), "did you mean `flag`?"] == told["notes"]


def test_a_note_of_the_text_that_reads_like_an_answer_is_quoted_as_a_note() -> None:
    """A sentence of the author would pass for what came of a test."""
    text = f"""{LOCKS}
    struct mutex m;
    bool x;
    primitive void look(void) {{ when (!x) "true" {{ x = true; }} }}
    thread ret "ret" {{ mutex_lock(&m); look(); }}
    scenario s "s": ret;
    """
    lines = list(report(checked(text)))

    assert any(line.endswith("look()  (true)") for line in lines)
    assert "==> ret: ends with m still held" in [line.strip() for line in lines]


def test_a_jump_that_the_text_has_is_told_and_one_that_it_stands_for_is_not() -> None:
    """A reader would miss why a run goes on elsewhere, or be told of jumps that nobody wrote."""
    text = f"""{LOCKS}
    struct mutex m;
    int n;
    range int = 0..3;
    thread ret "ret"
    {{
        int returned;
        returned = 0;
        do {{
            mutex_lock(&m);
            if (n == 0)
                break;
        }} while (n < 2);
    }}
    scenario s "s": ret;
    """
    steps = [
        line for line in report(checked(text)) if " small.bfp:" in line and "never" not in line
    ]

    assert ["mutex_lock(&m)", "n == 0  is true", "break"] == [
        line.split("small.bfp:")[1].partition("  ")[2] for line in steps
    ]
