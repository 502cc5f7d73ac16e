"""Interrupts, and locks that they take: docs/language.md, "Interrupts"."""

from __future__ import annotations

import pytest

from tests.reference.small import opinion

IRQ = """
struct hardirqs irqs;
rwlock_t rwl;
primitive void off(void) { acquire_shared(&irqs); }
primitive void on(void) { release_shared(&irqs); }
primitive void read(void) { acquire_shared(&rwl); }
primitive void unread(void) { release_shared(&rwl); }
primitive void write(void) { acquire(&rwl); }
primitive void unwrite(void) { release(&rwl); }
"""
SPIN = "spin_lock(&spin); spin_unlock(&spin);"
READ = "read(); unread();"
WRITE = "write(); unwrite();"
NEST = "off(); spin_lock(&spin); on(); off(); spin_unlock(&spin); on();"


def _broken(inside: str, outside: str) -> list[str]:
    """What a thread in interrupt context and another one break."""
    threads = f"interrupt thread i {{ {inside} }} thread t {{ {outside} }}"
    return sorted(opinion(f'{IRQ} {threads} scenario s "s": i, t;').broken)


@pytest.mark.parametrize(
    ("inside", "outside", "expected"),
    [
        (SPIN, SPIN, ["irq-safe"]),
        (SPIN, f"off(); {SPIN} on();", []),
        (SPIN, f"off(); {SPIN} on(); {SPIN}", ["irq-safe"]),
        (SPIN, NEST, []),
        ("lock(&m); unlock(&m);", "lock(&m); unlock(&m);", []),
        (READ, READ, []),
        (READ, WRITE, ["irq-safe"]),
        (WRITE, READ, ["irq-safe"]),
        ("a = true;", SPIN, []),
        (SPIN, "a = true;", []),
    ],
)
def test_a_lock_of_an_interrupt_is_taken_with_interrupts_off(
    inside: str, outside: str, expected: list[str]
) -> None:
    """[I1, I3, I4] The interrupt could spin for whom it has interrupted, and nobody be told."""
    assert expected == _broken(inside, outside)


@pytest.mark.parametrize(
    ("inside", "outside", "expected"),
    [
        ("sleep();", "a = true;", ["atomic-sleep"]),
        ("a = true;", "sleep();", []),
        ("a = true;", "off(); sleep(); on();", ["atomic-sleep"]),
        ("a = true;", "off(); on(); sleep();", []),
    ],
)
def test_an_interrupt_does_not_sleep(inside: str, outside: str, expected: list[str]) -> None:
    """[I2, B6] A thread would be scheduled away where nothing can bring it back."""
    assert expected == _broken(inside, outside)


def test_without_an_interrupt_thread_nobody_asks() -> None:
    """[I3] Programs that say nothing of interrupts would be asked for them."""
    found = opinion(f'{IRQ} thread t {{ {SPIN} {SPIN} }} scenario s "s": t;')

    assert [] == sorted(found.broken)
