"""How a call ends: what its status says, and what an exception says of the machine."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from enum import IntEnum


class Status(IntEnum):
    """What a call comes to, in one number: it is what the shell is told.

    ESTABLISHED: all that was asked is; REFUTED: a run breaks a claim, or a certificate is
    rejected; INPUT: the input is wrong; OPEN: something is not established; BUG: verify failed.
    """

    ESTABLISHED = 0
    REFUTED = 1
    INPUT = 2
    OPEN = 3
    BUG = 4


# The worst of several programs counts, in this order.
GRAVITY = (Status.BUG, Status.INPUT, Status.REFUTED, Status.OPEN, Status.ESTABLISHED)
# What is wrong with the device that is written to, whatever file of it was named.
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
# How libraries say that there is too little memory, where they do not raise MemoryError.
NO_MEMORY = ("out of memory", "bad_alloc", "Cannot allocate memory", "failed to map segment")


def worst(statuses: Sequence[Status]) -> Status:
    """The status of a call from those of its programs."""
    return min(statuses, key=GRAVITY.index, default=Status.ESTABLISHED)


def too_little_memory(error: BaseException) -> bool:
    """Whether an exception says that there is too little memory."""
    return isinstance(error, MemoryError) or any(words in str(error) for words in NO_MEMORY)
