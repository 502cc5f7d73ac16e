"""Several calls of one function at a time, each in a process of its own."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def ordered(function: Callable[[Given], Made], items: Sequence[Given], jobs: int) -> list[Made]:
    """`function` of each item, in the order of the items, `jobs` at a time.

    Raises:
        BrokenProcessPool: a process was ended from outside.
    """
    jobs = min(jobs, len(items))
    if jobs < 2:
        return [function(item) for item in items]
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    # A fork has everything imported already.
    way = "fork" if sys.platform == "linux" else "spawn"
    pool = ProcessPoolExecutor(jobs, multiprocessing.get_context(way), _deaf)
    try:
        return [future.result() for future in [pool.submit(function, item) for item in items]]
    except BaseException:
        # What is under way is of no use to anybody, and nobody waits for it.
        pool.shutdown(wait=False, cancel_futures=True)
        for child in multiprocessing.active_children():
            child.terminate()
        raise
    finally:
        pool.shutdown()


def _deaf() -> None:
    """Leave an interrupt from the keyboard to the parent, who ends this process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
