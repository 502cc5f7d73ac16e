"""One scenario of one program is settled: all that takes time is here, and what needs a solver."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace

from verify.application.failures import BadFile, not_written, unexpected
from verify.application.question import Question, Stage
from verify.application.task import ScenarioTask, Settled
from verify.artifact.certificate import Options, document
from verify.artifact.form import CERTIFICATE, dumped
from verify.artifact.write import NotOursError, write
from verify.ends import too_little_memory
from verify.engine import bounded, prove
from verify.engine.unbounded import Proof
from verify.parallel import Tell, in_worker
from verify.reasons.limits import MemoryLimit, Unproved
from verify.reasons.work import Work
from verify.signals import undivided
from verify.verdicts import Result


def settle(
    writing: Callable[[], AbstractContextManager[object]], task: ScenarioTask, tell: Tell
) -> Settled:
    """Settle one scenario, and write its evidence."""
    path, program, scenario, question = str(task.path), task.program, task.scenario, task.question

    def say(what: Work) -> None:
        tell(Stage(path, scenario.name, what))

    how = (program, scenario, question.threads, question.unwind, question.claims, say)
    try:
        if question.bounded:
            return Settled(_named(bounded.check(*how), question))
        found, proof = prove.prove(*how)
        result = _named(found, question)
        if question.proofs is None:
            return Settled(result)
        with undivided() if in_worker() else writing():
            return Settled(result, _written(task, result, proof))
    except NotOursError as error:
        return Settled(None, failure=BadFile(path, "evidence", str(error)))
    except Exception as error:
        if too_little_memory(error):
            return out_of_memory(task)
        if isinstance(error, OSError):
            return Settled(None, failure=not_written(path, error))
        # Whatever it is, the input is not to blame.
        return Settled(None, failure=unexpected(path, error))


def _named(result: Result, question: Question) -> Result:
    return replace(result, model=question.model_name or "")


def out_of_memory(task: ScenarioTask) -> Settled:
    """What there is to say of a scenario that takes more memory than there is."""
    return unanswered(task, MemoryLimit(task.scenario.name))


def unanswered(task: ScenarioTask, why: Unproved) -> Settled:
    question = task.question
    how = (task.program, task.scenario, question.threads, question.unwind, question.claims)
    return Settled(_named(bounded.unanswered(*how, why), question))


def _written(task: ScenarioTask, result: Result, proof: Proof) -> str:
    """Write the evidence of one scenario; where it went."""
    question = task.question
    options = Options(question.threads, question.unwind, question.claims)
    said = document(task.program, task.scenario, options, result, proof, task.names)
    write(task.folder, {CERTIFICATE: dumped(said)})
    return str(task.folder)
