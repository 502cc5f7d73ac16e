"""Several calls of one function at a time, each in a process of its own."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")

# What asks a process to end, besides an interrupt from the keyboard.
ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
# linux/prctl.h
PR_SET_PDEATHSIG = 1


class Ended(BaseException):
    """A signal has asked this process to end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def ordered(function: Callable[[Given], Made], items: Sequence[Given], jobs: int) -> list[Made]:
    """`function` of each item, in the order of the items, `jobs` at a time.

    Raises:
        BrokenProcessPool: a process was ended from outside.
        Ended: this one was to end.
    """
    return list(each(function, items, jobs))


def each(function: Callable[[Given], Made], items: Sequence[Given], jobs: int) -> Iterator[Made]:
    """The same, one by one, each as soon as it and those before it are known.

    Whoever does not read on to the end closes it: then nothing goes on.
    """
    jobs = min(jobs, len(items))
    if jobs < 2:
        yield from map(function, items)
        return
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    # A fork has everything imported already.
    way = "fork" if sys.platform == "linux" else "spawn"
    context = multiprocessing.get_context(way)
    with _told_to_end():
        pool = ProcessPoolExecutor(jobs, context, _begin, (os.getpid(),))
        try:
            for future in [pool.submit(function, item) for item in items]:
                yield future.result()
        except BaseException:
            # What is under way is of no use to anybody, and nobody waits for it.
            pool.shutdown(wait=False, cancel_futures=True)
            for child in multiprocessing.active_children():
                child.kill()
            raise
        finally:
            pool.shutdown()


@contextmanager
def _told_to_end() -> Iterator[None]:
    """As long as there are other processes, a signal that ends this one ends them first."""

    def end(number: int, _: object) -> None:
        for one in before:
            signal.signal(one, signal.SIG_IGN)
        raise Ended(number)

    # Only the first thread may say so; and what is ignored (nohup) stays so.
    first = threading.current_thread() is threading.main_thread()
    before = [one for one in ENDING if first and signal.getsignal(one) == signal.SIG_DFL]
    for one in before:
        signal.signal(one, end)
    try:
        yield
    finally:
        for one in before:
            signal.signal(one, signal.SIG_DFL)


def _begin(parent: int) -> None:
    """Leave signals to the parent, who ends this process, and do not outlive it."""
    for number in (signal.SIGINT, *ENDING):
        signal.signal(number, signal.SIG_IGN)
    if sys.platform == "linux":
        import ctypes

        try:
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        except (OSError, AttributeError):
            return
        if os.getppid() != parent:
            # It was gone before it could be said.
            os._exit(1)
