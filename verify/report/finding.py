"""One form for all that there is to tell: a mistake, a verdict, something that is not covered."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from verify.source import Span


class Severity(Enum):
    """How bad it is, from a mistake in the text to a claim that is proved."""

    MISTAKE = auto()
    REFUTED = auto()
    NOT_ESTABLISHED = auto()
    VACUOUS = auto()
    BOUNDED = auto()
    ABSENT = auto()
    PROVED = auto()


@dataclass(frozen=True, slots=True)
class Annotation:
    """What is to be said of a place; `span` is None where there is no place for it."""

    span: Span | None
    label: str


class AsideKind(Enum):
    """What a note is for."""

    HINT = auto()
    # What the bug is called, and that it is another one.
    KNOWN = auto()
    BESIDE = auto()


@dataclass(frozen=True, slots=True)
class Aside:
    """Something besides, without a place."""

    kind: AsideKind
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was found, in words.

    `code` is that of a mistake, or the name of the claim; `headline` says what is wrong, or
    what is claimed.  `primary` is where, and why there; `related` are places that lead to it,
    `doubts` what keeps more from being found.
    """

    code: str
    severity: Severity
    headline: str
    primary: Annotation | None = None
    related: tuple[Annotation, ...] = ()
    doubts: tuple[Annotation, ...] = ()
    notes: tuple[Aside, ...] = ()
