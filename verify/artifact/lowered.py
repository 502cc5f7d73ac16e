"""What a program says when it is lowered, as one number.

Two texts with the same number have the same steps, claims and runs, so that what is
certified of one is certified of the other.  Words are left out: sentences, notes,
reasons, and where something stands.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, is_dataclass
from typing import Any

from verify.ir import Command, Place, Program, Scenario
from verify.source import Span

# What serves whoever reads a run, and no engine.
WORDS = {
    *("sentence", "violation", "note", "asked", "point", "shown", "doing"),
    *("places", "main", "path", "texts"),
}
# Names, each with words beside it.
NAMED = {"outcomes", "axes"}
# What is certified of one scenario says nothing of the others, nor what a bug is called.
LEFT_OUT = {"scenarios", "assumptions", "known", "statements"}


def digest(program: Program, scenario: Scenario) -> str:
    """The number of a program in one of its scenarios, in hex."""
    value = [_value(program), _value(scenario)]
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _value(value: Any) -> Any:
    """Anything that a lowered program is made of, without the words."""
    if isinstance(value, Span | Place):
        return None
    if isinstance(value, Command):
        # Why a step may happen for a moment is a word, that it may is not.
        return [
            value.transient is not None if f.name == "transient" else _value(getattr(value, f.name))
            for f in fields(value)
            if f.name not in WORDS
        ]
    if is_dataclass(value):
        return [
            type(value).__name__,
            *(
                [name for name, _ in getattr(value, f.name)]
                if f.name in NAMED
                else _value(getattr(value, f.name))
                for f in fields(value)
                if f.name not in WORDS | LEFT_OUT
            ),
        ]
    if isinstance(value, frozenset | set):
        return sorted(value)
    if isinstance(value, tuple | list):
        return [_value(one) for one in value]
    if value is None or isinstance(value, str | int):
        return value
    raise TypeError(f"{type(value).__name__} is no part of a lowered program")
