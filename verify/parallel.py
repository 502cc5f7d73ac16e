"""Several calls of one function at a time, each in a process of its own."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from multiprocessing.context import BaseContext
    from multiprocessing.process import BaseProcess

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


def ordered(
    function: Callable[[Given], Made],
    items: Sequence[Given],
    jobs: int,
    lost: Callable[[Given], Made] | None = None,
) -> list[Made]:
    """`function` of each item, in the order of the items, `jobs` at a time.

    What is not through when a process is ended from outside, mostly for want of memory, is
    done again in a process that has the memory to itself; `lost` is told of what is ended
    there, too.

    Raises:
        BrokenProcessPool: a process was ended from outside, and there is no `lost`.
        Ended: this one was to end.
    """
    return list(each(function, items, jobs, lost))


def each(
    function: Callable[[Given], Made],
    items: Sequence[Given],
    jobs: int,
    lost: Callable[[Given], Made] | None = None,
) -> Iterator[Made]:
    """The same, one by one, each as soon as it and those before it are known.

    Whoever does not read on to the end closes it: then nothing goes on.
    """
    jobs = min(jobs, len(items))
    if jobs < 2:
        yield from map(function, items)
        return
    import multiprocessing
    from concurrent.futures.process import BrokenProcessPool

    # A fork has everything imported already.
    way = "fork" if sys.platform == "linux" else "spawn"
    context = multiprocessing.get_context(way)
    done = 0
    with _told_to_end():
        try:
            with closing(_pooled(function, items, jobs, context)) as some:
                for made in some:
                    done += 1
                    yield made
        except BrokenProcessPool:
            if lost is None:
                raise
        for item in items[done:]:
            try:
                yield from _pooled(function, [item], 1, context)
            except BrokenProcessPool:
                assert lost is not None
                yield lost(item)


def _pooled(
    function: Callable[[Given], Made], items: Sequence[Given], jobs: int, context: BaseContext
) -> Generator[Made, None, None]:
    """`function` of each item, by processes that end with this."""
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    pool = ProcessPoolExecutor(jobs, context, _begin, (os.getpid(),))
    try:
        for future in [pool.submit(function, item) for item in items]:
            yield future.result()
    except BaseException:
        # What is under way is of no use to anybody, and nobody waits for it.
        pool.shutdown(wait=False, cancel_futures=True)
        _end(multiprocessing.active_children())
        raise
    finally:
        pool.shutdown()


# So many seconds may somebody take to end what must not be left half done.
PATIENCE = 5


def _end(children: Sequence[BaseProcess]) -> None:
    """End some processes, and wait for them: when this one is gone they are ended at once, in
    the middle of what must not be left half done."""
    from multiprocessing.connection import wait

    for child in children:
        child.terminate()
    for child in children:
        wait([child.sentinel], PATIENCE)


@contextmanager
def undivided() -> Iterator[None]:
    """Signals that end this process wait until this is done, which must not take long.

    A mask would not do: a signal goes to any thread that does not have it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    before = {one: signal.getsignal(one) for one in (signal.SIGINT, *ENDING)}
    before = {one: how for one, how in before.items() if how not in (signal.SIG_IGN, None)}
    for one in before:
        signal.signal(one, lambda number, _: came.append(number))
    try:
        yield
    finally:
        for one, how in before.items():
            signal.signal(one, how)
        for number in came:
            signal.raise_signal(number)


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
    """Leave signals to the parent, who ends this process by one, and do not outlive it."""
    for number in (signal.SIGINT, *ENDING):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if sys.platform == "linux":
        import ctypes

        try:
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        except (OSError, AttributeError):
            return
        if os.getppid() != parent:
            # It was gone before it could be said.
            os._exit(1)
