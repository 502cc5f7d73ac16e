"""What is asked, and what whoever asks wants to say meanwhile: values."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from verify.parallel import Workers
from verify.reasons.work import Work
from verify.report.work import work_text

PathLike: TypeAlias = str | os.PathLike[str]

MAX_THREADS = 12
MAX_UNWIND = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked of a program.

    `scenario` is the only one that is looked at, None means all of them; so with `claims`, where
    none means all. A bounded answer reaches as far as `threads` threads for each `[*]` (1 to 12)
    and loops that are entered again `unwind` times (0 to 8); with `bounded` no proof for any
    number is looked for. `model` takes the place of the program's one `#include`; `include` are
    further folders for `#include`. `proofs` is the folder below which certificates are written;
    None: none are. `jobs` processes work at a time; 1: all is done in the process that asks.

    Raises:
        ValueError: a number is out of its range, or evidence is asked for and no proof.

    >>> Question(scenario="reuse", threads=3).unwind
    1
    >>> Question(threads=13)
    Traceback (most recent call last):
    ValueError: threads is 1 to 12, not 13
    """

    scenario: str | None = None
    claims: tuple[str, ...] = ()
    threads: int = 2
    unwind: int = 1
    bounded: bool = False
    model: PathLike | None = None
    include: tuple[PathLike, ...] = ()
    proofs: PathLike | None = None
    jobs: int = 1

    def __post_init__(self) -> None:
        _in_range("threads", self.threads, 1, MAX_THREADS)
        _in_range("unwind", self.unwind, 0, MAX_UNWIND)
        _in_range("jobs", self.jobs, 1, None)
        _no_string("claims", self.claims)
        _no_string("include", self.include)
        if self.bounded and self.proofs is not None:
            raise ValueError("without a proof there is no evidence to write into `proofs`")

    @property
    def model_name(self) -> str | None:
        """The model as it was given, None where the program has its own."""
        return None if self.model is None else str(Path(self.model))


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckQuestion:
    """What is asked of a certificate.

    `program` is the program that it is about, None: the one beside it. `include` are further
    folders where programs and models may lie. `solvers` are asked whether the obligations hold.
    With `full` everything is looked for again, and not only followed. `jobs` as in `Question`.

    Raises:
        ValueError: `jobs` is out of its range.

    >>> CheckQuestion(solvers=("z3", "cvc5")).full
    False
    """

    program: PathLike | None = None
    include: tuple[PathLike, ...] = ()
    solvers: tuple[str, ...] = ("cvc5",)
    full: bool = False
    jobs: int = 1

    def __post_init__(self) -> None:
        _in_range("jobs", self.jobs, 1, None)
        _no_string("solvers", self.solvers)
        _no_string("include", self.include)


@dataclass(frozen=True, slots=True)
class Stage:
    """What is being done: about the program or certificate at `path`, in a `scenario` if it is
    about one; `work` says what, and `doing` the same in a few words for people."""

    path: str
    scenario: str
    work: Work

    @property
    def doing(self) -> str:
        return work_text(self.work)


class CancelledError(Exception):
    """Whoever asked has ended it; `late` if their deadline did."""

    def __init__(self, late: bool) -> None:
        super().__init__("the deadline has passed" if late else "it was cancelled")
        self.late = late


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """What whoever asks wants to hear and to say meanwhile. None of it changes a verdict, but
    that what is ended has none.

    `progress` is called with each `Stage`. `cancelled` is asked whether to end, and `deadline` is
    when to: a time of `time.monotonic()`, None is never. Both are looked at between two units of
    work, which takes seconds, at worst a minute; with two `jobs` or more everything that takes
    time is done in processes of its own, which are ended within a fraction of a second.
    What is thrown by `progress` or `cancelled` ends the processes and comes out as it is.

    `around` is entered as long as there are such processes, and `writing` while a certificate is
    put in its place in the process that asks: a command deals with its signals there.
    """

    progress: Callable[[Stage], None] | None = None
    cancelled: Callable[[], bool] | None = None
    deadline: float | None = None
    around: Callable[[], AbstractContextManager[object]] = nullcontext
    writing: Callable[[], AbstractContextManager[object]] = nullcontext

    @property
    def halting(self) -> bool:
        """Whether there may be an end before the end."""
        return self.cancelled is not None or self.deadline is not None

    def halt(self) -> None:
        """Return if there is no reason to end.

        Raises:
            CancelledError: there is.
        """
        if self.cancelled is not None and self.cancelled():
            raise CancelledError(False)
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise CancelledError(True)

    def hear(self, stage: Stage) -> None:
        """Tell whoever asks."""
        if self.progress is not None:
            self.progress(stage)

    def workers(self, jobs: int) -> Workers:
        """So many processes, under this control."""
        halt = self.halt if self.halting else None
        return Workers(jobs=jobs, hear=self.hear, halt=halt, around=self.around)


def _in_range(name: str, value: int, least: int, most: int | None) -> None:
    if value < least or (most is not None and value > most):
        words = f"{least} to {most}" if most is not None else f"at least {least}"
        raise ValueError(f"{name} is {words}, not {value}")


def _no_string(name: str, value: object) -> None:
    """A string is a sequence of strings, too, and never what is meant."""
    if isinstance(value, str):
        raise ValueError(f"{name} is a tuple of names, not the name {value!r}")
