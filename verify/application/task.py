"""One scenario of one program, as it is handed to whoever settles it, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from verify.application.failures import Failure
from verify.application.question import Question
from verify.artifact.find import folder_name
from verify.artifact.names import FileNames, names_of
from verify.ir import Program, Scenario
from verify.source import Source
from verify.verdicts import Result


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioTask:
    """One scenario of one program, to be settled, perhaps in a process of its own."""

    path: Path
    sources: tuple[Source, ...]
    program: Program
    scenario: Scenario
    question: Question

    @property
    def names(self) -> FileNames:
        """What the texts are called in evidence."""
        model = None if self.question.model is None else Path(self.question.model)
        return names_of(self.sources, model)

    @property
    def folder(self) -> Path:
        """Where the evidence lies, if any is to be written."""
        assert self.question.proofs is not None
        name = folder_name(self.program, self.scenario, self.names.title)
        return Path(self.question.proofs) / name


@dataclass(frozen=True, slots=True)
class Settled:
    """What came of a task: a result and where its evidence went, or what is wrong."""

    result: Result | None
    written: str = ""
    failure: Failure | None = None
    cancelled: bool = False
