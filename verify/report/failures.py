"""What keeps a question from being answered, in a line."""

from __future__ import annotations

from verify.application.failures import (
    BadCertificate,
    BadFile,
    Bug,
    Failure,
    NoMemory,
    SharedFolder,
    UnknownName,
    WorkerLost,
)
from verify.diagnostics import nearest


def headline(failure: Failure) -> str:
    """What is wrong, without the name of the file in front of it."""
    match failure:
        case UnknownName(path, kind, name, known):
            hint = "".join(f"; {note}" for note in nearest(name, known))
            return f"{path} has no {kind} `{name}`{hint} (it has {', '.join(known)})"
        case BadFile(use="read"):
            return f"it cannot be read: {failure.reason}"
        case BadFile(use="evidence"):
            return f"the evidence cannot be written: {failure.reason}"
        case BadFile() | BadCertificate():
            return failure.reason
        case SharedFolder():
            return f"its evidence would lie in {failure.folder}, as that on {failure.other} would"
        case NoMemory():
            return "too little memory"
        case WorkerLost():
            return "a process was ended before it was through; --jobs 1 does without"
        case Bug():
            place = f" in {failure.place}" if failure.place else ""
            message = f": {failure.message}" if failure.message else ""
            said = f"{failure.name}{place}{message}"
            return f"a bug of verify: {said}; please report it with the program"


def line(failure: Failure) -> str:
    """The same behind the name of the file that it is about, if it is about one."""
    said = headline(failure)
    if isinstance(failure, UnknownName | WorkerLost) or not failure.path:
        return said
    return f"{failure.path}: {said}"
