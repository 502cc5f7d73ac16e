"""What keeps a question from being answered, other than mistakes in the text: values.

They are worded in `verify.report.failures`.
"""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from verify.ends import NO_ROOM, Status, too_little_memory


@dataclass(frozen=True, slots=True)
class UnknownName:
    """The program at `path` has no scenario or claim of that name; it has those `known`."""

    path: str
    kind: Literal["scenario", "claim"]
    name: str
    known: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BadFile:
    """A file cannot be used, for a reason that the system gives: the program is not `read`,
    its `evidence` not written, or some `other` file not opened or made.

    `full`: there is no room for it, and its name is not to blame.
    """

    path: str
    use: Literal["read", "evidence", "other"]
    reason: str
    full: bool = False


@dataclass(frozen=True, slots=True)
class BadCertificate:
    """The certificate at `path` is none, or not one of the program as it is now."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class SharedFolder:
    """The evidence on the program at `path` would lie where that on `other` would."""

    path: str
    folder: str
    other: str


@dataclass(frozen=True, slots=True)
class NoMemory:
    """There is too little memory."""

    path: str


@dataclass(frozen=True, slots=True)
class WorkerLost:
    """A process was ended from outside before it was through, mostly for want of memory."""

    path: str


@dataclass(frozen=True, slots=True)
class Bug:
    """An exception that nobody expected: its type, `file:line` where it was raised (or
    nothing), and what it said."""

    path: str
    name: str
    place: str
    message: str


Failure: TypeAlias = (
    UnknownName | BadFile | BadCertificate | SharedFolder | NoMemory | WorkerLost | Bug
)


class FailedError(Exception):
    """A question cannot be answered; `failure` says why."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure)
        self.failure = failure


def status_of(failure: Failure) -> Status:
    """Whether the input is to blame, or verify and the machine it runs on."""
    match failure:
        case UnknownName() | BadCertificate() | SharedFolder():
            return Status.INPUT
        case BadFile():
            return Status.BUG if failure.full else Status.INPUT
        case NoMemory() | WorkerLost() | Bug():
            return Status.BUG


def unexpected(path: str, error: BaseException) -> NoMemory | Bug:
    """What an exception that nobody expected comes to."""
    if too_little_memory(error):
        return NoMemory(path)
    where = traceback.extract_tb(error.__traceback__)[-1:]
    place = "".join(f"{Path(one.filename).name}:{one.lineno}" for one in where)
    return Bug(path, type(error).__name__, place, str(error))


def not_written(path: str, error: OSError) -> BadFile:
    """Evidence that the system does not write."""
    return BadFile(path, "evidence", str(error), error.errno in NO_ROOM)


def unusable(path: str, error: OSError) -> BadFile:
    """A file that the system does not open, or does not make."""
    return BadFile(str(error.filename or path), "other", error.strerror or str(error))
