"""What a reader is told of values that desugaring keeps, and of labels of a switch."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.syntax.asking import lowered
from verify.ir import Thread, thread_named

TEXT = """
range int = 0..3;
int x;
int y;
thread_local int own;
void set(void) { own = 1; }
primitive int get(void) { when (true) { own = 2; return 1; } when (true) { return 2; } }
thread t {
	int a = (y ? x : 2) + y;
	switch (get() + x) {
	case 1:
		y = a;
		break;
	case 2:
		y = x;
	}
	switch (x) {
	case 3:
		y = a;
	default:
		y = own + get();
	}
	x = y
		+ (x ? get() : 3);
}
scenario s "s": t;
"""


@pytest.fixture(scope="module")
def thread() -> Thread:
    return thread_named(lowered(TEXT), "t")


def test_a_kept_value_is_shown_by_its_text(thread: Thread) -> None:
    """If it fails, a run tells of a `value 3`, which is nowhere in the text."""
    kept = {v.shown for v in thread.locals if v.shown.startswith("value")}

    assert {"value of get()", "value of own", "value of y"} == kept


def test_a_chosen_label_is_told_of_once(thread: Thread) -> None:
    """If it fails, a step comes to `case 2` and then to `case 2`."""
    told = [Counter(p.span.text for p in c.places) for c in thread.commands if not c.violates]

    assert {"case 1", "case 2", "case 3", "default"} <= {text for one in told for text in one}
    for one in told:
        assert {1} >= {n for text, n in one.items() if text.startswith(("case", "default"))}
