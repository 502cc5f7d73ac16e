"""`verify prove`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from verify.cli.options import (
    Brief,
    Claims,
    Files,
    Folders,
    InFormat,
    InScenario,
    Jobs,
    Model,
    Rounds,
    ShowProgress,
    Threads,
    control,
    format_of,
)
from verify.cli.output import give, say, tell
from verify.ends import Status, worst
from verify.parallel import cores

# What is asked without options: claims, scenario, threads, rounds.
USUAL = (None, None, 2, 1)


def prove(
    files: Files,
    scenario: InScenario = None,
    claim: Claims = None,
    threads: Threads = 2,
    rounds: Rounds = 1,
    include: Folders = None,
    model: Model = None,
    format_: InFormat = "text",
    only_runs: Annotated[
        bool,
        typer.Option("--bounded", help="Bounded runs only: no proof for any number."),
    ] = False,
    brief: Brief = False,
    proofs: Annotated[
        Path | None,
        typer.Option(
            "--proofs",
            metavar="DIR",
            help="Folder for certificates (default: proofs, unless asked in part).",
        ),
    ] = None,
    no_proofs: Annotated[bool, typer.Option("--no-proofs", help="Write no certificates.")] = False,
    jobs: Jobs = None,
    progress: ShowProgress = False,
    dump: Annotated[
        bool, typer.Option("--dump", help="Print the guarded commands, prove nothing.")
    ] = False,
) -> None:
    """Prove or refute every claim of each program."""
    to = format_of(format_)
    if dump and format_ != "text":
        raise typer.BadParameter("commands are printed as text", param_hint="--dump")
    if dump:
        raise typer.Exit(_dump(files, include or [], model))
    where = None if no_proofs else proofs
    if (
        proofs is None
        and not (no_proofs or only_runs)
        and (claim, scenario, threads, rounds) == USUAL
    ):
        # What was asked for in part does not replace evidence for the whole.
        where = Path("proofs")
    if only_runs and proofs is not None:
        raise typer.BadParameter("without a proof there is no evidence", param_hint="--proofs")
    from verify import api
    from verify.report.formats import View

    question = api.Question(
        scenario=scenario,
        claims=tuple(claim or ()),
        threads=threads,
        unwind=rounds,
        bounded=only_runs,
        model=model,
        include=tuple(include or ()),
        proofs=where,
        jobs=cores() if jobs is None else jobs,
    )
    reports = list(api.prove_all(files, question, control(progress)))
    give(to.prove(reports, View(brief=brief)))
    raise typer.Exit(worst([one.status for one in reports]))


def _dump(files: Sequence[Path], folders: Sequence[Path], model: Path | None) -> Status:
    from verify import api
    from verify.report.dump import dump
    from verify.report.formats.text import mistakes

    question = api.Question(model=model, include=tuple(folders))
    status = Status.ESTABLISHED
    for file in files:
        try:
            tell(*dump(api.load(file, question)))
        except api.InputError as error:
            say(*mistakes(error.diagnostics))
            status = Status.INPUT
    return status
