"""Read sections and grace periods: docs/language.md, "Read-copy update"."""

from __future__ import annotations

import pytest

from tests.reference.small import alone, never, together

RCU = """
struct rcu_state rcu;
primitive void in(void) { acquire_shared(&rcu); }
primitive void out(void) { release_shared(&rcu); }
primitive void begin(void) { acquire(&rcu); }
primitive void end(void) { release(&rcu); }
"""


@pytest.mark.parametrize(
    "body",
    [
        "in(); in(); in(); in();",
        "in(); in(); out(); out(); out();",
        "out();",
        "in(); begin();",
        "begin(); in();",
        "begin(); begin();",
        "end();",
    ],
)
def test_misuse_of_a_section_kills_the_thread(body: str) -> None:
    """[G1, G2] A section left twice, or a thread that waits for itself, would go unseen."""
    assert ["lock-use"] == sorted(alone(f"{body} b = true;", then=RCU + never("b")).broken)


@pytest.mark.parametrize("body", ["in(); in(); in(); out(); out(); out();", "begin(); end();"])
def test_sections_nest_and_are_used_up(body: str) -> None:
    """[G1] Sections in sections would be refused, or not be counted."""
    assert ["never-0"] == sorted(alone(f"{body} b = true;", then=RCU + never("b")).broken)


def test_a_grace_period_waits_for_who_is_inside() -> None:
    """[G3] The reader would lose what it reads; an inner end would be taken for the outer."""
    reader = "in(); in(); a = true; out(); b = true; b = false; out();"
    updater = "wait_for_a(); begin(); end(); c = true;"

    found = together(reader, updater, then=RCU + never("b && c"))

    assert [] == sorted(found.broken)


def test_a_grace_period_does_not_wait_for_who_comes_later() -> None:
    """[G3] What a later reader does at the end of a grace period would never be looked at."""
    reader = "wait_for_a(); in(); b = true; wait_for_c(); out();"
    updater = "begin(); a = true; wait_for_b(); end(); c = true;"
    waits = "".join(
        f"primitive void wait_for_{name}(void) {{ when ({name}) ; }}" for name in ("b", "c")
    )

    found = together(reader, updater, then=RCU + waits + never("c"))

    assert ["never-0"] == sorted(found.broken)


@pytest.mark.parametrize(
    ("effect", "body", "expected"),
    [
        ("same", "in(); out();", False),
        ("same", "in();", True),
        ("same", "out();", True),
        ("acquires_shared(&rcu)", "in();", False),
        ("acquires_shared(&rcu)", "", True),
        ("releases_shared(&rcu)", "out();", False),
        ("releases_shared(&rcu)", "in(); out();", True),
    ],
)
def test_a_contract_counts_sections(effect: str, body: str, expected: bool) -> None:
    """[G4] A section that is left open within another would not be told."""
    then = f"enum answer f(void) {{ {body} return NO; }} contract f {{ NO: {effect}; }}"

    found = alone("in(); in(); f(); wait_for_a();", then=RCU + then)

    assert expected == ("balance" in found.broken)
