"""Several calls of one function at a time, each in a process of its own.

Nothing here touches what belongs to the process that calls: its signals, its other children,
its way to start processes.
"""

from __future__ import annotations

import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import BaseContext
    from multiprocessing.process import BaseProcess

Given = TypeVar("Given")
Made = TypeVar("Made")
# What a call says of itself while it is under way.
Tell: TypeAlias = Callable[[Any], None]

# What asks a process to end, besides an interrupt from the keyboard.
ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
# linux/prctl.h
PR_SET_PDEATHSIG = 1
# So many seconds may somebody take to end what must not be left half done.
PATIENCE = 5
# Every so many seconds whoever waits for processes is asked whether to go on.
TICK = 0.1


class WorkerLostError(Exception):
    """A process was ended from outside before it was through, mostly for want of memory."""


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


# This process, if it is one of those that are started here.
_working: set[int] = set()


def in_worker() -> bool:
    """Whether this process works for another, and its signals are ours."""
    return os.getpid() in _working


def silent(_: object) -> None:
    """For what nobody wants to hear."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workers:
    """How many work at a time, and what whoever has set them to work has to say meanwhile.

    With one of `jobs` everything is done here, in this process. `hear` is called here with what
    a call tells, wherever that runs. `halt`, if there is one, is called here before each call,
    whenever one tells something, and ten times a second while others work; it raises to end
    everything. `around` is entered as long as there are other processes.
    """

    jobs: int = 1
    hear: Tell = silent
    halt: Callable[[], None] | None = None
    around: Callable[[], AbstractContextManager[object]] = nullcontext

    def each(
        self,
        function: Callable[[Given], Made],
        items: Sequence[Given],
        lost: Callable[[Given], Made] | None = None,
    ) -> Generator[Made, None, None]:
        """`function` of each item, in the order of the items, each as soon as it and those
        before it are known.

        What is not through when its process is ended from outside is done again in a process
        that has the memory to itself; `lost` is told of what is ended there, too. Whoever does
        not read on to the end closes it: then nothing goes on.

        Raises:
            WorkerLostError: a process was ended from outside, and there is no `lost`.
        """
        known: dict[int, Made] = {}
        due = 0
        with closing(self.as_made(partial(_mute, function), items, lost)) as some:
            for i, made in some:
                known[i] = made
                while due in known:
                    yield known.pop(due)
                    due += 1

    def as_made(
        self,
        function: Callable[[Given, Tell], Made],
        items: Sequence[Given],
        lost: Callable[[Given], Made] | None = None,
    ) -> Generator[tuple[int, Made], None, None]:
        """The same of a function that tells what it does, in the order in which they are made,
        with the position of the item."""
        # One that is to be halted at any time is not done here, if it need not be.
        jobs = min(self.jobs, len(items) if self.halt is None else max(2, len(items)))
        if jobs < 2 or _is_daemon():
            tell = partial(_told_here, self._tell())
            for i, item in enumerate(items):
                if self.halt is not None:
                    self.halt()
                try:
                    made = function(item, tell)
                except _FromOutside as error:
                    raise error.error from None
                yield i, made
            return
        again = []
        with self.around():
            with closing(self._pooled(function, list(enumerate(items)), jobs)) as some:
                for i, found in some:
                    if not isinstance(found, _Lost):
                        yield i, found
                    elif lost is None:
                        raise WorkerLostError
                    else:
                        again.append((i, items[i]))
            for one in again:
                with closing(self._pooled(function, [one], 1)) as some:
                    for i, found in some:
                        assert lost is not None
                        yield i, lost(items[i]) if isinstance(found, _Lost) else found

    def _tell(self) -> Tell:
        hear, halt = self.hear, self.halt

        def tell(what: object) -> None:
            if halt is not None:
                halt()
            hear(what)

        return tell

    def _pooled(
        self,
        function: Callable[[Given, Tell], Made],
        items: Sequence[tuple[int, Given]],
        jobs: int,
    ) -> Generator[tuple[int, Made | _Lost], None, None]:
        """What is made of items by processes that end with this, as it is made."""
        import multiprocessing

        # A fork has everything imported already.
        context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
        todo = deque(items)
        workers: list[_Worker[Given]] = []
        tell = self._tell()
        try:
            while todo or any(worker.at is not None for worker in workers):
                workers = [worker for worker in workers if not worker.gone]
                while todo and len(workers) < min(jobs, len(items)):
                    workers.append(_Worker.begun(context, function))
                for worker in workers:
                    if todo and worker.at is None:
                        worker.give(*todo.popleft())
                for worker in _ready(workers, None if self.halt is None else TICK):
                    yield from worker.taken(tell)
                if self.halt is not None:
                    self.halt()
        finally:
            _end(workers)


# Everything is done here.
ALONE = Workers()


@dataclass(frozen=True, slots=True)
class _Lost:
    """There is nothing: the process is no more."""


@dataclass(frozen=True, slots=True)
class _Told:
    what: object


@dataclass(frozen=True, slots=True)
class _Raised:
    error: BaseException


@dataclass(frozen=True, slots=True)
class _Good(Generic[Made]):
    made: Made


@dataclass
class _Worker(Generic[Given]):
    """A process with a pipe to it; `at` is the position of the item that it is about."""

    process: BaseProcess
    pipe: Connection
    at: int | None = field(default=None)
    gone: bool = False

    @classmethod
    def begun(cls, context: BaseContext, function: Callable[[Given, Tell], Any]) -> _Worker[Given]:
        here, there = context.Pipe()
        # BaseContext has no Process in its type, each context that can be had does.
        process = context.Process(  # type: ignore[attr-defined]
            target=_work, args=(os.getpid(), there, function), daemon=True
        )
        process.start()
        there.close()
        return cls(process, here)

    def give(self, position: int, item: Given) -> None:
        self.at = position
        try:
            self.pipe.send(item)
        except OSError:
            # It is no more, which is seen as soon as it is listened to.
            return

    def taken(self, tell: Tell) -> Iterator[tuple[int, Any]]:
        """What it has made, if anything; what it tells goes to `tell`."""
        at = self.at
        assert at is not None
        try:
            while self.pipe.poll():
                said = self.pipe.recv()
                if isinstance(said, _Told):
                    tell(said.what)
                    continue
                self.at = None
                if isinstance(said, _Raised):
                    raise said.error
                yield at, said.made
                return
        except (EOFError, ConnectionError):
            self.gone = True
        if self.gone or not self.process.is_alive():
            self.at, self.gone = None, True
            yield at, _Lost()


class _FromOutside(BaseException):
    """What whoever listens has thrown, on its way through a call that knows nothing of it and may
    catch each Exception."""

    def __init__(self, error: Exception) -> None:
        self.error = error


def _told_here(tell: Tell, what: object) -> None:
    try:
        tell(what)
    except Exception as error:
        raise _FromOutside(error) from None


def _is_daemon() -> bool:
    """Whether this process may have no children, as those of `multiprocessing.Pool`."""
    import multiprocessing

    return multiprocessing.current_process().daemon


def _mute(function: Callable[[Given], Made], item: Given, _: Tell) -> Made:
    return function(item)


def _ready(workers: Sequence[_Worker[Any]], patience: float | None) -> list[_Worker[Any]]:
    """Those at work who have something to say, or are no more."""
    from multiprocessing.connection import wait

    busy = [worker for worker in workers if worker.at is not None]
    ready = wait([one for w in busy for one in (w.pipe, w.process.sentinel)], patience)
    return [w for w in busy if w.pipe in ready or w.process.sentinel in ready]


def _end(workers: Sequence[_Worker[Any]]) -> None:
    """End some processes, and wait for them: when this one is gone they are ended at once, in
    the middle of what must not be left half done."""
    for worker in workers:
        # What is under way is of no use to anybody.
        worker.process.terminate()
    for worker in workers:
        worker.process.join(PATIENCE)
        worker.pipe.close()


def _work(parent: int, pipe: Connection, function: Callable[[Any, Tell], Any]) -> None:
    """What a process does until it is ended: an item in, what is made of it out."""
    _begin(parent)

    def tell(what: object) -> None:
        pipe.send(_Told(what))

    while True:
        try:
            item = pipe.recv()
        except EOFError:
            return
        try:
            said: _Good[Any] | _Raised = _Good(function(item, tell))
        except Exception as error:
            said = _Raised(error)
        try:
            pipe.send(said)
        except OSError:
            return
        except Exception as error:
            # It cannot be pickled.
            pipe.send(_Raised(RuntimeError(f"{type(error).__name__}: {error}")))


def _begin(parent: int) -> None:
    """Leave signals to the parent, who ends this process by one, and do not outlive it."""
    _working.add(os.getpid())
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
