"""What may be done with signals by whoever a process belongs to: the command, and workers.

A library leaves those of its host alone.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from verify.parallel import ENDING


class Ended(BaseException):
    """A signal has asked this process to end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


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
def told_to_end() -> Iterator[None]:
    """As long as there are other processes, a signal that ends this one ends them first.

    Raises:
        Ended: there was one.
    """

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
