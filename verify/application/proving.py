"""From a question to a report: programs are read, their scenarios settled one by one."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from verify.application.answer import Report, status_of_results
from verify.application.failures import (
    BadFile,
    FailedError,
    Failure,
    SharedFolder,
    status_of,
    unexpected,
)
from verify.application.programs import chosen, loader_of, read
from verify.application.question import CancelledError, Control, Question
from verify.application.task import ScenarioTask, Settled
from verify.diagnostics import Diagnostic, InputError
from verify.ends import Status
from verify.reasons.limits import Plain
from verify.syntax.load import Loader
from verify.verdicts import Result


@dataclass(frozen=True, slots=True)
class ProgramPlan:
    """What there is to settle about one program, or what is wrong with it."""

    path: Path
    tasks: tuple[ScenarioTask, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    failure: Failure | None = None


def reports(
    paths: Sequence[Path], question: Question, control: Control
) -> Generator[Report, None, None]:
    """What comes of each program, in their order, each as soon as it and those before it are
    known; the scenarios of all programs share the processes."""
    plans = planned(paths, question)
    tasks = [task for plan in plans for task in plan.tasks]
    known: dict[int, Settled] = {}
    first = 0
    with closing(_as_settled(tasks, control)) as settled:
        for plan in plans:
            own = range(first, first + len(plan.tasks))
            first = own.stop
            while any(i not in known for i in own):
                i, one = next(settled)
                known[i] = one
            yield _report(plan, question, [known.pop(i) for i in own])


def results(path: Path, question: Question, control: Control) -> Generator[Result, None, None]:
    """What comes of each scenario, in the program's order, as it is known.

    Raises:
        InputError: the program has mistakes.
        FailedError: it has no such scenario or claim, or a scenario could not be settled.
        CancelledError: whoever asked has ended it.
    """
    (plan,) = planned([path], question)
    if plan.diagnostics:
        raise InputError(plan.diagnostics)
    if plan.failure is not None:
        raise FailedError(plan.failure)
    known: dict[int, Settled] = {}
    due = 0
    with closing(_made(plan.tasks, control)) as some:
        for i, one in some:
            known[i] = one
            while due in known:
                now = known.pop(due)
                due += 1
                if now.failure is not None:
                    raise FailedError(now.failure)
                assert now.result is not None
                yield now.result


def planned(paths: Sequence[Path], question: Question) -> list[ProgramPlan]:
    """What there is to do; what would write evidence into one folder is refused before any
    work."""
    loader = loader_of(question)
    plans = [_plan(path, loader, question) for path in paths]
    if question.proofs is None:
        return plans
    who: dict[Path, list[int]] = {}
    for i, plan in enumerate(plans):
        for task in plan.tasks:
            who.setdefault(task.folder, []).append(i)
    for folder, some in who.items():
        for i in some if len(some) > 1 else ():
            other = next((paths[j] for j in some if j != i), paths[i])
            shared = SharedFolder(str(paths[i]), str(folder), str(other))
            plans[i] = ProgramPlan(paths[i], failure=shared)
    return plans


def _plan(path: Path, loader: Loader, question: Question) -> ProgramPlan:
    try:
        sources, program = read(path, loader)
        chosen(path, "claim", question.claims, [c.name for c in program.claims])
        names = [s.name for s in program.scenarios]
        chosen(path, "scenario", () if question.scenario is None else (question.scenario,), names)
    except InputError as error:
        return ProgramPlan(path, diagnostics=error.diagnostics)
    except FailedError as error:
        return ProgramPlan(path, failure=error.failure)
    except OSError as error:
        return ProgramPlan(path, failure=BadFile(str(path), "read", str(error)))
    except Exception as error:
        return ProgramPlan(path, failure=unexpected(str(path), error))
    return ProgramPlan(
        path,
        tuple(
            ScenarioTask(path=path, sources=sources, program=program, scenario=s, question=question)
            for s in program.scenarios
            if question.scenario in (None, s.name)
        ),
    )


def _as_settled(
    tasks: Sequence[ScenarioTask], control: Control
) -> Generator[tuple[int, Settled], None, None]:
    """What comes of each task as it is settled; what is ended before is not established."""
    left = dict(enumerate(tasks))
    try:
        with closing(_made(tasks, control)) as some:
            for i, one in some:
                del left[i]
                yield i, one
    except CancelledError as error:
        from verify.application.settling import unanswered

        why = Plain.LATE if error.late else Plain.CANCELLED
        for i, task in left.items():
            yield i, replace(unanswered(task, why), cancelled=True)


def _made(
    tasks: Sequence[ScenarioTask], control: Control
) -> Generator[tuple[int, Settled], None, None]:
    if not tasks:
        return
    # What looks for proofs takes a while to load, and where there are mistakes it is not needed.
    from verify.application import settling

    settle = partial(settling.settle, control.writing)
    yield from control.workers(tasks[0].question.jobs).as_made(
        settle, tasks, settling.out_of_memory
    )


def _report(plan: ProgramPlan, question: Question, settled: Sequence[Settled]) -> Report:
    """What came of the scenarios of one program; what went wrong first counts."""
    path = str(plan.path)
    if plan.diagnostics:
        return Report(
            path=path, question=question, status=Status.INPUT, diagnostics=plan.diagnostics
        )
    failures = [plan.failure, *(one.failure for one in settled)]
    failure = next((one for one in failures if one is not None), None)
    if failure is not None:
        return Report(path=path, question=question, status=status_of(failure), failure=failure)
    found = tuple(one.result for one in settled if one.result is not None)
    return Report(
        path=path,
        question=question,
        status=status_of_results(found, question.bounded),
        results=found,
        written=tuple(one.written for one in settled if one.written),
        cancelled=tuple(
            one.result.scenario for one in settled if one.cancelled and one.result is not None
        ),
    )
