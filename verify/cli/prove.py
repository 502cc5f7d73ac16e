"""`verify prove`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
    ShowProgress,
    Threads,
    Unwind,
    control,
    format_of,
)
from verify.cli.output import give, say, tell
from verify.diagnostics import InputError
from verify.ends import Status, worst
from verify.parallel import cores

if TYPE_CHECKING:
    from verify.application.question import Question

# What is asked without options: claims, scenario, threads, unwind.
USUAL = (None, None, 2, 1)
# What `--dump` prints, in the order in which it is made.
STAGES = ("lowered", "merged", "coverage", "lemmas", "obligations")


def prove(
    files: Files,
    scenario: InScenario = None,
    claim: Claims = None,
    threads: Threads = 2,
    unwind: Unwind = 1,
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
        str | None,
        typer.Option(
            "--dump",
            metavar="[STAGE]",
            help="Print what is made on the way, report nothing: commands as they are lowered or "
            "merged (without STAGE), coverage, lemmas or obligations.",
        ),
    ] = None,
) -> None:
    """Prove or refute every claim of each program."""
    to = format_of(format_)
    if dump is not None:
        if dump not in STAGES:
            raise typer.BadParameter(f"not one of {', '.join(STAGES)}", param_hint="--dump")
        if format_ != "text":
            raise typer.BadParameter("it is printed as text", param_hint="--dump")
    where = None if no_proofs else proofs
    if (
        proofs is None
        and not (no_proofs or only_runs)
        and (claim, scenario, threads, unwind) == USUAL
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
        unwind=unwind,
        bounded=only_runs,
        model=model,
        include=tuple(include or ()),
        proofs=where,
        jobs=cores() if jobs is None else jobs,
    )
    if dump is not None:
        raise typer.Exit(_dump(files, dump, question))
    reports = list(api.prove_all(files, question, control(progress)))
    give(to.prove(reports, View(brief=brief)))
    raise typer.Exit(worst([one.status for one in reports]))


def with_stage(args: Sequence[str]) -> list[str]:
    """The arguments of a call, `--dump` without a stage as the one that it has always meant."""
    found: list[str] = []
    rest = list(args)
    while rest:
        word = rest.pop(0)
        if word == "--":
            return [*found, word, *rest]
        if word == "--dump":
            word = f"--dump={rest.pop(0) if rest and rest[0] in STAGES else 'merged'}"
        found.append(word)
    return found


def _dump(files: Sequence[Path], stage: str, question: Question) -> Status:
    from verify.report.formats.text import mistakes

    status = Status.ESTABLISHED
    for file in files:
        try:
            tell(*_made(file, stage, question))
        except InputError as error:
            say(*mistakes(error.diagnostics))
            status = Status.INPUT
    return status


def _made(file: Path, stage: str, question: Question) -> Iterable[str]:
    """The lines of one stage; commands are had without a solver."""
    if stage in ("lowered", "merged"):
        from verify.application.programs import loader_of, read
        from verify.report.dump import dump

        _, program = read(file, loader_of(question), fused=stage == "merged")
        return dump(program)
    from verify.application.stages import lines_of

    return lines_of(file, stage, question)
