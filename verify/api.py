"""The library: what may be asked of a program or a certificate, and what comes of it.

A question is a value and so is its answer. A function that gives an answer raises for nothing
that a program does: mistakes in the text, a name that it does not have and a bug of verify are in
the answer. An iterator and `load` have no place for these and raise them. What may be heard and
said meanwhile is a `Control`.

Nothing here prints, ends the process, handles a signal, or knows the time unless a deadline is
given.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import replace
from pathlib import Path

from verify.application import proving, showing
from verify.application.answer import CheckReport, Coverage, Report
from verify.application.failures import (
    BadCertificate,
    BadFile,
    Bug,
    FailedError,
    Failure,
    NoMemory,
    SharedFolder,
    UnknownName,
    WorkerLost,
)
from verify.application.programs import loader_of, read
from verify.application.question import (
    CancelledError,
    CheckQuestion,
    Control,
    PathLike,
    Question,
    Stage,
)
from verify.application.showing import Shown
from verify.diagnostics import Diagnostic, InputError
from verify.ends import Status, worst
from verify.ir import Program
from verify.parallel import cores
from verify.report.formats import FORMATS, View
from verify.source import Source, Span
from verify.verdicts import (
    Absent,
    Answer,
    Bounded,
    Need,
    NotEstablished,
    Proved,
    Refuted,
    Result,
    Run,
    Vacuous,
    Verdict,
)

__all__ = [
    "Absent",
    "Answer",
    "BadCertificate",
    "BadFile",
    "Bounded",
    "Bug",
    "CancelledError",
    "CheckQuestion",
    "CheckReport",
    "Control",
    "Coverage",
    "Diagnostic",
    "FailedError",
    "Failure",
    "InputError",
    "Need",
    "NoMemory",
    "NotEstablished",
    "Program",
    "Proved",
    "Question",
    "Refuted",
    "Report",
    "Result",
    "Run",
    "SharedFolder",
    "Shown",
    "Source",
    "Span",
    "Stage",
    "Status",
    "UnknownName",
    "Vacuous",
    "Verdict",
    "WorkerLost",
    "check",
    "check_all",
    "cores",
    "coverage",
    "iter_coverage",
    "iter_results",
    "load",
    "prove",
    "prove_all",
    "rendered",
    "show",
    "table",
    "worst",
]

ASK = Question()
ASK_CHECK = CheckQuestion()
SILENT = Control()


def load(path: PathLike, question: Question = ASK) -> Program:
    """What a program means: its threads as guarded commands, its locks, scenarios and claims.

    Only `model` and `include` of the question count.

    Raises:
        InputError: the text has mistakes, which `diagnostics` has, each with its place.

    >>> load("programs/v3.bfp").scenarios[0].name
    'reuse'
    >>> try:
    ...     load("none.bfp")
    ... except InputError as error:
    ...     print(error.diagnostics[0].code, error.diagnostics[0].headline)
    BFP001 none.bfp: No such file or directory
    """
    return read(Path(path), loader_of(question))[1]


def prove(path: PathLike, question: Question = ASK, control: Control = SILENT) -> Report:
    """Prove or refute the claims of a program.

    What is ended by `control` is not established, with the scenarios in `cancelled`; what was known
    before stays.

    >>> report = prove("programs/v3.bfp", Question(scenario="reuse", claims=("balance",)))
    >>> report.status.name, report.answers[0].claim
    ('REFUTED', 'balance')
    >>> prove("programs/v3.bfp", Question(claims=("balence",))).failure.name
    'balence'
    """
    (report,) = prove_all([path], question, control)
    return report


def prove_all(
    paths: Iterable[PathLike], question: Question = ASK, control: Control = SILENT
) -> Generator[Report, None, None]:
    """The same of several programs: a report each, in that order, as soon as it is known. Their
    scenarios share the processes. Whoever does not read on to the end closes it.

    >>> [r.path for r in prove_all(["none.bfp", "nothing.bfp"])]
    ['none.bfp', 'nothing.bfp']
    """
    return proving.reports([Path(path) for path in paths], question, control)


def iter_results(
    path: PathLike, question: Question = ASK, control: Control = SILENT
) -> Generator[Result, None, None]:
    """The verdicts on a program, scenario by scenario, each as soon as it is known.

    Raises:
        InputError: the text has mistakes.
        FailedError: the program has no such scenario or claim, or verify failed.
        CancelledError: `control` has ended it.
    """
    return proving.results(Path(path), question, control)


def table(path: PathLike, question: Question = ASK, control: Control = SILENT) -> Report:
    """Which cases of a program's table occur and what the code does in each: `table` of each
    result. It is bounded, and of `question` everything counts but claims, `bounded` and `proofs`.

    >>> result, *_ = table("programs/v3.bfp", Question(scenario="reuse")).results
    >>> len(result.table)
    4
    """
    return prove(path, table_question(question), control)


def table_question(question: Question) -> Question:
    """The question about the table that `table` asks."""
    return replace(question, claims=("table",), bounded=True, proofs=None)


def coverage(path: PathLike, question: Question = ASK, control: Control = SILENT) -> Coverage:
    """Which statements the claims rest on: each is left out or changed in turn, and what breaks
    then is seen. Instances are small and not asked for: threads, unwind and bounded do not count.
    """
    from verify.application import covering

    return covering.coverage(Path(path), question, control)


def iter_coverage(
    path: PathLike, question: Question = ASK, control: Control = SILENT
) -> Generator[tuple[Need, ...], None, None]:
    """The same, one changed statement after the other, each as soon as it is known: what it
    breaks in each scenario, in the program's order.

    Raises:
        InputError, FailedError, CancelledError: as `iter_results`.
    """
    from verify.application import covering

    one = covering.subject(Path(path), question)
    return covering.changes(one, control)


def check(
    folder: PathLike, question: CheckQuestion = ASK_CHECK, control: Control = SILENT
) -> CheckReport:
    """Check the certificate in a folder: nothing in it is trusted, and nothing is looked for.

    Raises:
        ValueError: the folder holds several.
        CancelledError: `control` has ended it.

    >>> check("proofs/none").usage
    True
    """
    from verify.application import checking

    count = len(checking.certificates(Path(folder)))
    if count != 1:
        raise ValueError(f"{folder} holds {count} certificates: ask `check_all`")
    (found,) = check_all([folder], question, control)
    return found


def check_all(
    folders: Iterable[PathLike],
    question: CheckQuestion = ASK_CHECK,
    control: Control = SILENT,
) -> Generator[CheckReport, None, None]:
    """The same of all certificates in or below some folders, each as soon as it and those before
    it are known.

    Raises:
        CancelledError: `control` has ended it.
    """
    from verify.application import checking

    return checking.reports([Path(folder) for folder in folders], question, control)


def show(folder: PathLike, question: CheckQuestion = ASK_CHECK) -> Shown:
    """What the certificate in a folder says: its result, lemmas and obligations. Nothing in it
    is checked. Of the question only `program` and `include` count.

    Raises:
        InputError: the program that it is about has mistakes.
        FailedError: it is no certificate of the program as it is now, or cannot be read.
    """
    return showing.shown(Path(folder), question)


def rendered(
    answer: Report | CheckReport | Coverage, format: str = "text", brief: bool = False
) -> str:
    """An answer as the command prints it, what it says on stderr first; `brief` leaves runs out.

    Raises:
        ValueError: there is no such format.

    >>> print(rendered(check("proofs/none")).splitlines()[0])
    proofs/none: REJECTED
    """
    if format not in FORMATS:
        raise ValueError(f"{format} is none of the formats {', '.join(FORMATS)}")
    to, view = FORMATS[format](), View(brief=brief)
    match answer:
        case Report():
            said = to.prove([answer], view)
        case CheckReport():
            said = to.check(iter([answer]), view)
        case Coverage():
            said = to.coverage(answer, iter(answer.changes), view)
    return "\n".join(line for part in said for line in part.lines)
