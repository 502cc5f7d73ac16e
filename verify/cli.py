"""The command line: the only printing and the only exit."""

from __future__ import annotations

import errno
import gc
import io
import json
import os
import shlex
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TextIO, cast

import typer
from typer.core import TyperGroup

from verify import __version__
from verify.certify.solvers import SECOND
from verify.diagnostics import InputError, printable, render
from verify.ends import SIGNALLED, Status, too_little_memory, trouble, unwritten, worst
from verify.parallel import Ended, cores, undivided

if TYPE_CHECKING:
    from verify.artifact.check import Asked, Report
    from verify.engine.unbounded import Proof
    from verify.ir import Program, Scenario
    from verify.report.dashboard import Evidence
    from verify.source import Source
    from verify.syntax.load import Loader
    from verify.verdicts import Need, Result


class Net(TyperGroup):
    """All commands, and the one place where whatever happens becomes a status."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        *_: Any,
        **extra: Any,
    ) -> NoReturn:
        _ready(sys.stdout)
        _ready(sys.stderr)
        given = sys.argv[1:] if args is None else list(args)
        extra.pop("standalone_mode", None)
        sys.exit(self._status(given, prog_name or "verify", extra))

    def _status(self, args: list[str], name: str, extra: dict[str, Any]) -> int:
        """Do as is asked; what is told to the shell, whatever comes of it."""
        status = 0
        try:
            try:
                with self.make_context(name, args, **extra) as context:
                    self.invoke(context)
            except typer.Exit as end:
                status = end.exit_code
            sys.stdout.flush()
        except KeyboardInterrupt:
            return SIGNALLED + signal.SIGINT
        except Ended as end:
            return SIGNALLED + end.number
        except typer.TyperException as error:
            said = io.StringIO()
            cast(Any, error).show(said)
            _say(*said.getvalue().rstrip("\n").split("\n"))
            return Status.INPUT
        except OSError as error:
            if error.filename is not None:
                return _crash(error)
            # Without the name of a file it is the output.
            _hush(sys.stdout)
            if error.errno == errno.EPIPE:
                return SIGNALLED + signal.SIGPIPE
            _say(f"error: the output cannot be written: {error.strerror or error}")
            return Status.BUG
        except Exception as error:
            return _crash(error)
        return status


def _crash(error: Exception) -> Status:
    _say(f"error: {trouble(error)}")
    return Status.BUG


def _ready(stream: TextIO) -> None:
    """What a terminal has no letter for is written as a number, and is no error."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")


def _hush(stream: TextIO) -> None:
    """Let go of what cannot be written: Python would try again, and end as it likes."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        return


def _tell(*lines: str) -> None:
    """Lines of a report; nothing in them, names of files above all, may move the terminal."""
    print(*map(printable, lines), sep="\n", flush=True)  # noqa: T201


def _say(*lines: str) -> None:
    """Lines beside the report; that nobody can be told changes no status."""
    try:
        # At once, since several processes may speak at a time.
        sys.stderr.write("".join(f"{printable(line)}\n" for line in lines))
        sys.stderr.flush()
    except OSError:
        _hush(sys.stderr)


app = typer.Typer(
    cls=Net,
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    help="Check kernel functions that take locks by trylock: each case, each lock, each run.",
    epilog="Exit status: 0 all that was asked is established: proved, or with --bounded it holds; "
    "1 something is refuted; 2 the input or the usage is wrong; 3 not established, or it holds as "
    "far as the bound and is not proved; 4 verify failed: a bug of its own, too little memory, an "
    "output that cannot be written.",
)


class BadChoice(Exception):
    """A scenario or claim that the program does not have."""


class BadEvidence(Exception):
    """Evidence that is malformed, or none at all; a line for each."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__("; ".join(lines))
        self.lines = tuple(lines)


@dataclass(frozen=True)
class Job:
    """What is asked of each program."""

    scenario: str | None
    claims: tuple[str, ...]
    threads: int
    rounds: int
    proofs: Path | None = None
    only_runs: bool = False
    model: Path | None = None
    jobs: int = 1
    progress: bool = False


@dataclass(frozen=True)
class Task:
    """One scenario of one program, to be settled, perhaps in a process of its own."""

    file: Path
    sources: tuple[Source, ...]
    program: Program
    scenario: Scenario
    job: Job


@dataclass(frozen=True)
class Settled:
    """What came of a task: a result and where its evidence went, or what is wrong."""

    result: Result | None
    written: str = ""
    status: Status = Status.ESTABLISHED
    said: str = ""


@dataclass(frozen=True)
class Done:
    """What came of one program: results, or what is wrong with it."""

    path: str
    status: Status
    results: tuple[Result, ...]
    errors: tuple[dict[str, Any], ...]
    said: tuple[str, ...]
    written: tuple[str, ...] = ()


# What `explain` says where the system has ended a process, mostly for want of memory.
ENDED_EARLY = "a process was ended before it was through; --jobs 1 does without"
# What `prove` is asked without options: claims, scenario, threads, rounds.
USUAL = (None, None, 2, 1)

Files = Annotated[list[Path], typer.Argument(metavar="FILE...", help="Programs (.bfp).")]
InScenario = Annotated[
    str | None, typer.Option("--scenario", metavar="NAME", help="Only this scenario.")
]
Claims = Annotated[
    list[str] | None,
    typer.Option("--claim", metavar="NAME", help="Only this claim; may be repeated."),
]
Threads = Annotated[
    int, typer.Option("--threads", "-n", min=1, max=12, help="Threads for each [*].")
]
Rounds = Annotated[int, typer.Option(min=0, max=8, help="How often a loop is entered again.")]
Folders = Annotated[
    list[Path] | None,
    typer.Option("--include", "-I", metavar="DIR", help="Another folder for #include."),
]

Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        "-j",
        min=1,
        metavar="N",
        help="So much at a time; as many as there are cores, if not said.",
    ),
]

ShowProgress = Annotated[
    bool, typer.Option("--progress", help="Say on stderr what is going on, in a pipe as well.")
]

Model = Annotated[
    Path | None,
    typer.Option("--model", metavar="FILE", help="Another model for the one #include."),
]


@app.command()
def prove(
    files: Files,
    scenario: InScenario = None,
    claim: Claims = None,
    threads: Threads = 2,
    rounds: Rounds = 1,
    include: Folders = None,
    model: Model = None,
    format_: Annotated[str, typer.Option("--format", help="text or json.")] = "text",
    only_runs: Annotated[
        bool,
        typer.Option("--bounded", help="Runs of so many threads only: no proof for any number."),
    ] = False,
    brief: Annotated[bool, typer.Option("--brief", help="Leave the runs out.")] = False,
    proofs: Annotated[
        Path | None,
        typer.Option(
            "--proofs",
            metavar="DIR",
            help="Where the evidence goes; proofs, if every claim is asked for as usual.",
        ),
    ] = None,
    no_proofs: Annotated[bool, typer.Option("--no-proofs", help="Write no evidence.")] = False,
    jobs: Jobs = None,
    progress: ShowProgress = False,
    dump: Annotated[
        bool, typer.Option("--dump", help="Print the guarded commands, prove nothing.")
    ] = False,
) -> None:
    """Prove or refute every claim of each program."""
    if format_ not in ("text", "json"):
        raise typer.BadParameter("text or json", param_hint="--format")
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
    jobs = cores() if jobs is None else jobs
    job = Job(
        scenario,
        tuple(claim or ()),
        threads,
        rounds,
        where,
        only_runs,
        model,
        jobs,
        progress,
    )
    done = _each(files, include or [], job)
    status = worst([one.status for one in done])
    if format_ == "json":
        _print_json(done, status, model)
    else:
        _print_text(done, brief)
    raise typer.Exit(status)


@app.command()
def table(
    files: Files,
    scenario: InScenario = None,
    threads: Threads = 2,
    rounds: Rounds = 1,
    include: Folders = None,
    model: Model = None,
    progress: ShowProgress = False,
) -> None:
    """Print the case table, several versions side by side."""
    job = Job(scenario, ("table",), threads, rounds, only_runs=True, model=model, progress=progress)
    done = _each(files, include or [], job)
    status = worst([one.status for one in done])
    _print_errors(done)
    results = [result for one in done for result in one.results]
    if results:
        from verify.report.text import report, side_by_side

        lines = report(results[0], runs=False) if len(results) == 1 else side_by_side(results)
        _tell(*lines)
    raise typer.Exit(status)


@app.command()
def explain(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A program (.bfp).")],
    scenario: InScenario = None,
    claim: Claims = None,
    include: Folders = None,
    model: Model = None,
    jobs: Jobs = None,
) -> None:
    """Show which lines the claims rest on, by leaving out each in turn."""
    from concurrent.futures.process import BrokenProcessPool
    from contextlib import closing

    from verify.engine.dependence import needs
    from verify.lower.program import BUILT_IN
    from verify.report.text import needs_text
    from verify.syntax.load import Loader
    from verify.syntax.resolve import resolve

    open_ = False
    try:
        checked = resolve(*Loader(tuple(include or ()), model).load(file))
        names = [s.name for s in checked.scenarios]
        if scenario is not None and scenario not in names:
            raise BadChoice(_unknown("scenario", scenario, names, file))
        known = [*(c.name for c in checked.claims), *(n for n in BUILT_IN if n != "vacuity")]
        for name in claim or ():
            if name not in known:
                raise BadChoice(_unknown("claim", name, known, file))
        asked = [scenario] if scenario is not None else names
        count = cores() if jobs is None else jobs
        with closing(needs(checked, asked, claim or (), count)) as told:
            # Those of the first scenario are told as they come, those of the others are kept.
            kept: list[tuple[Need, ...]] = []

            def first() -> Iterator[Need]:
                for some in told:
                    kept.append(some)
                    yield some[0]

            for i, name in enumerate(asked):
                title = f"{file}, scenario {name}" + (f", model {model}" if model else "")
                some = first() if i == 0 else (one[i] for one in kept)
                for line in needs_text(title, some):
                    _tell(line)
        open_ = any(one.open and one.idle for some in kept for one in some)
    except InputError as error:
        _say(*_mistakes(error))
        raise typer.Exit(Status.INPUT) from None
    except BadChoice as error:
        _say(f"error: {error}")
        raise typer.Exit(Status.INPUT) from None
    except BrokenProcessPool:
        _say(f"error: {ENDED_EARLY}")
        raise typer.Exit(Status.BUG) from None
    raise typer.Exit(Status.OPEN if open_ else Status.ESTABLISHED)


@app.command()
def check(
    folders: Annotated[
        list[Path], typer.Argument(metavar="PROOF...", help="proofs/NAME, or all below proofs")
    ],
    include: Folders = None,
    program: Annotated[
        Path | None, typer.Option("--program", metavar="FILE", help="The program they are about.")
    ] = None,
    solver: Annotated[
        str, typer.Option("--solver", help="Who is asked: z3, cvc5 or both.")
    ] = SECOND,
    full: Annotated[
        bool, typer.Option("--full", help="Look for everything again, what holds as well.")
    ] = False,
    jobs: Jobs = None,
    progress: ShowProgress = False,
) -> None:
    """Check certificates: trusts nothing in them, and looks for nothing."""
    from functools import partial

    from verify.artifact.check import Asked
    from verify.certify.solvers import SOLVERS
    from verify.parallel import each

    solvers = tuple(SOLVERS) if solver == "both" else (solver,)
    if not SOLVERS.keys() >= set(solvers):
        raise typer.BadParameter(f"{', '.join(SOLVERS)} or both", param_hint="--solver")
    asked = Asked(tuple(include or ()), program, solvers, full)
    statuses: list[Status] = []
    jobs = cores() if jobs is None else jobs
    every = [one for folder in folders for one in _certificates(folder)]
    order = _largest_first(every)
    checked = each(partial(_checked, asked, progress), [every[i] for i in order], jobs)
    known: dict[int, Report | str] = {}
    for i, found in zip(order, checked, strict=True):
        known[i] = found
        while len(statuses) in known:
            folder = every[len(statuses)]
            statuses.append(_tell_check(folder, known.pop(len(statuses))))
    raise typer.Exit(worst(statuses))


def _largest_first(folders: Sequence[Path]) -> list[int]:
    """An order in which to check: those in one folder side by side, as far as they are given
    so, and of these the largest first, so that no process is left alone with it at the end."""
    from verify.artifact.form import CERTIFICATE

    def size(i: int) -> int:
        try:
            return (folders[i] / CERTIFICATE).lstat().st_size
        except OSError:
            return 0

    groups = [list(some) for _, some in groupby(range(len(folders)), lambda i: folders[i].parent)]
    return [i for some in groups for i in sorted(some, key=lambda i: -size(i))]


def _tell_check(folder: Path, found: Report | str) -> Status:
    """Say what came of checking a certificate."""
    if isinstance(found, str):
        # Whatever it is, the certificate is neither accepted nor rejected.
        _say(f"{folder}: {found}")
        return Status.BUG
    _tell(f"{folder}: {'REJECTED' if found.wrong else 'accepted'}")
    for line in (*found.done[:1], *(f"! {one}" for one in found.wrong), *found.done[1:]):
        _tell(f"  {line}")
    if found.left and not found.wrong:
        _tell(f"  not checked, only --full does: {', '.join(found.left)}")
    wrong = Status.INPUT if found.usage else Status.REFUTED
    return wrong if found.wrong else Status.ESTABLISHED


def _certificates(folder: Path) -> list[Path]:
    """The folder, or those below it if it is one that only holds others."""
    from verify.artifact.form import CERTIFICATE
    from verify.artifact.read import folders_below

    if os.path.lexists(folder / CERTIFICATE):
        return [folder]
    try:
        return list(folders_below(folder)) or [folder]
    except OSError:
        # Whoever checks it says what is wrong with it.
        return [folder]


def _checked(asked: Asked, progress: bool, folder: Path) -> Report | str:
    """What comes of checking one certificate, or the trouble with it."""
    from verify.artifact.check import check as recheck

    try:
        return recheck(folder, asked, _progress(f"{folder}", progress))
    except Exception as error:
        return trouble(error)


@app.command()
def show(
    folder: Annotated[Path, typer.Argument(metavar="PROOF", help="proofs/NAME")],
    include: Folders = None,
    program: Annotated[
        Path | None, typer.Option("--program", metavar="FILE", help="The program it is about.")
    ] = None,
    lemmas: Annotated[bool, typer.Option("--lemmas", help="The lemmas in words.")] = False,
    brief: Annotated[bool, typer.Option("--brief", help="Leave the runs out.")] = False,
    obligations: Annotated[
        Path | None,
        typer.Option("--obligations", metavar="DIR", help="Write each as a text for any solver."),
    ] = None,
) -> None:
    """Print what a certificate says: the report, the lemmas, the obligations."""
    from verify.artifact.certificate import meaning
    from verify.artifact.check import Asked, opened
    from verify.artifact.form import CERTIFICATE, Malformed
    from verify.artifact.views import lemmas_of, result_of, texts_of
    from verify.interpret import ReplayError
    from verify.report.text import report

    try:
        one = opened(folder, Asked(tuple(include or ()), program))
        if unfit := one.fitting():
            raise Malformed(unfit)
        certificate = meaning(one.said, one.program, one.scenario)
        if obligations is not None:
            texts = texts_of(one, certificate)
            obligations.mkdir(parents=True, exist_ok=True)
            for name, text in texts.items():
                with open(obligations / name, "x", encoding="utf-8") as stream:
                    stream.write(text)
            _tell(f"{len(texts)} obligations: {obligations}")
        elif lemmas:
            _tell(*lemmas_of(one, certificate))
        else:
            _tell(*report(result_of(one, certificate), runs=not brief))
    except (Malformed, ReplayError) as error:
        _say(f"error: {folder / CERTIFICATE}: {error}")
        raise typer.Exit(Status.INPUT) from None
    except InputError as error:
        _say(*_mistakes(error))
        raise typer.Exit(Status.INPUT) from None
    except OSError as error:
        _say(f"error: {error.filename or folder}: {error.strerror or error}")
        raise typer.Exit(Status.INPUT) from None


@app.command()
def dashboard(
    proofs: Annotated[
        Path, typer.Argument(metavar="PROOFS", help="A folder with evidence in it.")
    ] = Path("proofs"),
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Write the page there instead of printing it."),
    ] = None,
    compare: Annotated[
        bool, typer.Option("--check", help="Write nothing: is FILE what the evidence gives?")
    ] = False,
) -> None:
    """Lay out all verdicts on one page (Markdown), as the evidence has them."""
    from verify.report.dashboard import page

    if compare and out is None:
        raise typer.BadParameter("what to compare with is --out FILE", param_hint="--check")
    command = ["verify", "dashboard", _near(proofs)]
    if out is not None:
        command += ["--out", _near(out)]
    try:
        evidence = _evidence(proofs, Path.cwd() if out is None else out.parent)
    except BadEvidence as error:
        for line in error.lines:
            _say(f"error: {line}")
        raise typer.Exit(Status.INPUT) from None
    except OSError as error:
        _say(f"error: {error.filename or proofs}: {error.strerror or error}")
        raise typer.Exit(Status.INPUT) from None
    text = page(evidence, shlex.join(command))
    if out is None:
        _tell(*text.removesuffix("\n").split("\n"))
        return
    try:
        same = compare and out.exists() and out.read_bytes() == text.encode("utf-8")
        if not compare:
            out.write_bytes(text.encode("utf-8"))
    except OSError as error:
        _say(f"error: {error.filename or out}: {error.strerror or error}")
        raise typer.Exit(unwritten(error)) from None
    if compare and not same:
        _say(f"{out} is not what the evidence gives; to write it: {shlex.join(command)}")
        raise typer.Exit(Status.REFUTED)


def _evidence(proofs: Path, beside: Path) -> list[Evidence]:
    """What all certificates below a folder say; links lead there from `beside`."""
    from functools import cache

    from verify.artifact.check import Asked, opened
    from verify.artifact.form import CERTIFICATE, Malformed
    from verify.artifact.names import tree_of
    from verify.artifact.read import evidence_of, folders_below
    from verify.interpret import ReplayError
    from verify.syntax.load import Loader

    @cache
    def loader(model: Path | None) -> Loader:
        return Loader((), model)

    found: dict[tuple[str, str, str], Path] = {}
    trees: dict[Path, Path] = {}
    evidence, wrong = [], []
    for folder in folders_below(proofs):
        link = Path(os.path.relpath(folder.resolve(), beside.resolve())).as_posix()
        try:
            one = opened(folder, Asked(), loader)
            said = evidence_of(one, link)
        except (Malformed, ReplayError) as error:
            wrong.append(f"{folder / CERTIFICATE}: {error}")
            continue
        except InputError as error:
            wrong += (f"{folder}: {d.headline}" for d in error.diagnostics)
            continue
        except OSError as error:
            wrong.append(f"{error.filename or folder}: {error.strerror or error}")
            continue
        trees.setdefault(tree_of(one.path), folder)
        other = found.setdefault((said.program, said.model, said.scenario), folder)
        if other != folder:
            wrong.append(f"{other} and {folder} are about the same")
        evidence.append(said)
    if len(trees) > 1:
        (one_tree, here), (other_tree, there) = list(trees.items())[:2]
        wrong.append(f"{here} is about a program in {one_tree}, {there} about one in {other_tree}")
    if not evidence and not wrong:
        wrong.append(f"{proofs} holds no evidence")
    if wrong:
        raise BadEvidence(wrong)
    return evidence


def _near(path: Path) -> str:
    """A path as the page names it: the same, however it was given."""
    near = os.path.relpath(path)
    return Path(str(path) if near.startswith("..") else near).as_posix()


@app.callback(invoke_without_command=True)
def _main(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        _tell(f"verify {__version__}")
        raise typer.Exit(Status.ESTABLISHED)


def _each(files: Sequence[Path], folders: Sequence[Path], job: Job) -> list[Done]:
    from verify.parallel import ordered
    from verify.syntax.load import Loader

    loader = Loader(tuple(folders), job.model)
    plans = _apart([_plan(file, loader, job) for file in files], files, job)
    tasks = [task for plan in plans if not isinstance(plan, Done) for task in plan]
    settled = iter(_settled(tasks, job.jobs, ordered))
    return [
        plan if isinstance(plan, Done) else _done(file, job, [next(settled) for _ in plan])
        for file, plan in zip(files, plans, strict=True)
    ]


def _apart(
    plans: Sequence[list[Task] | Done], files: Sequence[Path], job: Job
) -> list[list[Task] | Done]:
    """The plans, those that would write evidence into one folder refused before any work."""
    if job.proofs is None:
        return list(plans)
    who: dict[Path, list[int]] = {}
    for i, plan in enumerate(plans):
        for task in () if isinstance(plan, Done) else plan:
            who.setdefault(_folder(task.sources, task.program, task.scenario, job), []).append(i)
    kept = list(plans)
    for folder, some in who.items():
        for i in some if len(some) > 1 else ():
            other = next((files[j] for j in some if j != i), files[i])
            said = f"its evidence would lie in {folder}, as that on {other} would"
            kept[i] = _failed(files[i], Status.INPUT, said)
    return kept


def _settled(
    tasks: Sequence[Task], jobs: int, ordered: Callable[..., list[Settled]]
) -> list[Settled]:
    return ordered(_settle, tasks, jobs, _out_of_memory)


def _out_of_memory(task: Task) -> Settled:
    """What there is to say of a scenario that takes more memory than there is."""
    from verify.engine.bounded import unanswered

    how = (task.program, task.scenario, task.job.threads, task.job.rounds, task.job.claims)
    found = unanswered(*how, f"out of memory in scenario {task.scenario.name}")
    return Settled(replace(found, model=str(task.job.model or "")))


def _plan(file: Path, loader: Loader, job: Job) -> list[Task] | Done:
    """What there is to settle about one program, or what is wrong with it."""
    from verify.report import values

    try:
        sources, program = _read(file, loader)
        known = [c.name for c in program.claims]
        for name in job.claims:
            if name not in known:
                raise BadChoice(_unknown("claim", name, known, file))
        return [
            Task(file, sources, program, s, job) for s in _scenarios(program, job.scenario, file)
        ]
    except InputError as error:
        return Done(
            str(file),
            Status.INPUT,
            (),
            tuple(values.error(d) for d in error.diagnostics),
            _mistakes(error),
        )
    except BadChoice as error:
        return Done(str(file), Status.INPUT, (), (_plain(str(error)),), (f"error: {error}",))
    except OSError as error:
        return _failed(file, Status.INPUT, f"it cannot be read: {error}")
    except Exception as error:
        return _failed(file, Status.BUG, trouble(error))


def _settle(task: Task) -> Settled:
    """Settle one scenario, and write its evidence."""
    from verify.artifact.write import NotOurs
    from verify.engine import bounded
    from verify.engine.prove import prove as settle

    file, program, scenario, job = task.file, task.program, task.scenario, task.job
    say = _progress(f"{file}: {scenario.name}", job.progress)
    how = (program, scenario, job.threads, job.rounds, job.claims, say)
    try:
        if job.only_runs:
            found = bounded.check(*how)
            return Settled(replace(found, model=str(job.model or "")))
        result, proof = settle(*how)
        result = replace(result, model=str(job.model or ""))
        if job.proofs is None:
            return Settled(result)
        return Settled(result, _write(task.sources, program, scenario, job, result, proof))
    except NotOurs as error:
        return Settled(None, "", Status.INPUT, f"the evidence cannot be written: {error}")
    except Exception as error:
        if too_little_memory(error):
            return _out_of_memory(task)
        if isinstance(error, OSError):
            return Settled(None, "", unwritten(error), f"the evidence cannot be written: {error}")
        # Whatever it is, the input is not to blame.  Python's own status for it is 1, and
        # that would say that a claim is refuted.
        return Settled(None, "", Status.BUG, trouble(error))


def _done(file: Path, job: Job, settled: Sequence[Settled]) -> Done:
    """What came of the scenarios of one program; what went wrong first counts."""
    results = tuple(one.result for one in settled if one.result is not None)
    for one in settled:
        if one.result is None:
            return _failed(file, one.status, one.said)
    written = tuple(one.written for one in settled if one.written)
    return Done(str(file), _status(results, job.only_runs), results, (), (), written)


def _failed(file: Path, status: Status, said: str) -> Done:
    return Done(str(file), status, (), (_plain(said),), (f"error: {file}: {said}",))


def _plain(message: str) -> dict[str, Any]:
    return {
        "code": "",
        "message": message,
        "file": None,
        "line": None,
        "column": None,
        "notes": [],
    }


def _write(
    sources: Sequence[Source],
    program: Program,
    scenario: Scenario,
    job: Job,
    result: Result,
    proof: Proof,
) -> str:
    """Write the evidence of one scenario; where it went."""
    from verify.artifact.certificate import Options, document
    from verify.artifact.form import CERTIFICATE, dumped
    from verify.artifact.names import names_of
    from verify.artifact.write import write

    folder = _folder(sources, program, scenario, job)
    names = names_of(sources, job.model)
    options = Options(job.threads, job.rounds, job.claims)
    said = document(program, scenario, options, result, proof, names)
    text = dumped(said)
    with undivided():
        write(folder, {CERTIFICATE: text})
    return str(folder)


def _folder(sources: Sequence[Source], program: Program, scenario: Scenario, job: Job) -> Path:
    """Where the evidence of one scenario lies."""
    from verify.artifact.find import folder_name
    from verify.artifact.names import names_of

    assert job.proofs is not None
    return job.proofs / folder_name(program, scenario, names_of(sources, job.model).title)


def _read(file: Path, loader: Loader) -> tuple[tuple[Source, ...], Program]:
    from verify.lower.program import lower
    from verify.syntax.resolve import resolve

    sources, declarations = loader.load(file)
    return sources, lower(resolve(sources, declarations))


def _scenarios(program: Program, name: str | None, file: Path) -> tuple[Scenario, ...]:
    if name is None:
        return program.scenarios
    found = tuple(s for s in program.scenarios if s.name == name)
    if not found:
        raise BadChoice(_unknown("scenario", name, [s.name for s in program.scenarios], file))
    return found


def _unknown(what: str, name: str, known: Sequence[str], file: Path) -> str:
    from verify.diagnostics import nearest

    hint = "".join(f"; {note}" for note in nearest(name, known))
    return f"{file} has no {what} `{name}`{hint} (it has {', '.join(known)})"


def _status(results: Sequence[Result], bounded: bool) -> Status:
    """What all verdicts on a program come to; `bounded` if more was not asked for."""
    from verify.verdicts import nowhere, word

    words = {word(answer.verdict) for result in results for answer in result.answers}
    if "refuted" in words:
        return Status.REFUTED
    enough = {"proved", "holds"} if bounded else {"proved"}
    # What one scenario does not put to the test is for the others to do.
    open_ = words - enough - {"absent"} or nowhere(results)
    return Status.OPEN if open_ else Status.ESTABLISHED


def _print_json(done: Sequence[Done], status: Status, model: Path | None) -> None:
    from verify.report import values

    other = None if model is None else str(model)
    programs = [
        values.failed(one.path, one.status, one.errors, other)
        if one.errors
        else values.program(one.path, one.status, one.results, other)
        for one in done
    ]
    _tell(*json.dumps(values.document(programs, status), indent=1).split("\n"))


def _print_text(done: Sequence[Done], brief: bool) -> None:
    from verify.report.text import across, report, summary

    _print_errors(done)
    results = [result for one in done for result in one.results]
    blocks = [list(report(result, runs=not brief)) for result in results]
    for one in done:
        if one.written:
            blocks.append([f"evidence: {', '.join(one.written)}"])
    last = list(summary(results)) if len(results) > 1 else []
    last += [line for one in done for line in across(one.results)]
    if last:
        blocks.append(last)
    if blocks:
        _tell(*_one_by_one(blocks))


def _print_errors(done: Sequence[Done]) -> None:
    for one in done:
        if one.said:
            _say(*one.said)


def _mistakes(error: InputError) -> tuple[str, ...]:
    """What is wrong with an input, in lines."""
    return _one_by_one([render(d).split("\n") for d in error.diagnostics])


def _one_by_one(blocks: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """The lines of some blocks, with an empty line between two."""
    return tuple(line for block in blocks for line in ("", *block))[1:]


def _dump(files: Sequence[Path], folders: Sequence[Path], model: Path | None) -> Status:
    from verify.report.dump import dump
    from verify.syntax.load import Loader

    loader = Loader(tuple(folders), model)
    status = Status.ESTABLISHED
    for file in files:
        try:
            _tell(*dump(_read(file, loader)[1]))
        except InputError as error:
            _say(*_mistakes(error))
            status = Status.INPUT
    return status


def _progress(about: str, asked: bool) -> Callable[[str], None]:
    """Says what is going on with something: each stage of it once, in a line of its own.

    Whoever has not asked is told on a terminal only, and after a second.
    """
    start = time.monotonic()
    terminal = sys.stderr.isatty()
    said = set[str]()

    def say(what: str) -> None:
        if what not in said and (asked or (terminal and time.monotonic() - start > 1)):
            said.add(what)
            _say(f"... {about}: {what}")

    return say


def main() -> None:
    """The entry point of the `verify` command."""
    # A twelfth of the time would go into looking for cycles, of which there are few.
    gc.disable()
    _opened()
    app()


def _opened() -> None:
    """See that there is an output and a place for errors, if only one that cannot be written.

    Python has none where the shell has closed it (`>&-`), and then says nothing to nobody.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDONLY)
    if sys.stdout is None:
        sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115


if __name__ == "__main__":
    main()
