"""How a call ends: what the shell is told, and what an exception means for it."""

from __future__ import annotations

import errno
import traceback
from collections.abc import Sequence
from enum import IntEnum
from pathlib import Path


class Status(IntEnum):
    """What the shell is told."""

    ESTABLISHED = 0
    REFUTED = 1
    INPUT = 2
    OPEN = 3
    BUG = 4


# The worst of several programs counts, in this order.
GRAVITY = (Status.BUG, Status.INPUT, Status.REFUTED, Status.OPEN, Status.ESTABLISHED)
# Added to the number of the signal that ended a call, as a shell does.
SIGNALLED = 128
# What is wrong with the device that is written to, whatever file of it was named.
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
# How libraries say that there is too little memory, where they do not raise MemoryError.
NO_MEMORY = ("out of memory", "bad_alloc", "Cannot allocate memory", "failed to map segment")


def worst(statuses: Sequence[Status]) -> Status:
    """The status of a call from those of its programs."""
    return min(statuses, key=GRAVITY.index, default=Status.ESTABLISHED)


def unwritten(error: OSError) -> Status:
    """Whether the name of a file was wrong that cannot be written, or there is no room."""
    return Status.BUG if error.errno in NO_ROOM else Status.INPUT


def too_little_memory(error: BaseException) -> bool:
    """Whether an exception says that there is too little memory."""
    return isinstance(error, MemoryError) or any(words in str(error) for words in NO_MEMORY)


def trouble(error: BaseException) -> str:
    """What to say of an exception that nobody expected."""
    if too_little_memory(error):
        return "too little memory"
    where = traceback.extract_tb(error.__traceback__)[-1:]
    place = "".join(f" in {Path(one.filename).name}:{one.lineno}" for one in where)
    said = f"{type(error).__name__}{place}" + (f": {error}" if str(error) else "")
    return f"a bug of verify: {said}; please report it with the program"
