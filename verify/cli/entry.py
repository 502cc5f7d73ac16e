"""The commands together, and the one place where whatever happens becomes a status."""

from __future__ import annotations

import errno
import gc
import io
import os
import signal
import sys
from collections.abc import Sequence
from typing import Annotated, Any, NoReturn, cast

import typer
from typer.core import TyperGroup

from verify.cli.check import check
from verify.cli.coverage import coverage
from verify.cli.dashboard import dashboard
from verify.cli.output import hush, ready, say, tell
from verify.cli.prove import prove, with_stage
from verify.cli.show import show
from verify.cli.table import table
from verify.diagnostics import InputError
from verify.ends import Status
from verify.signals import Ended
from verify.version import __version__

# What commands and options were once called is still read.
FORMER_COMMANDS = {"explain": "coverage"}
FORMER_OPTIONS = {"--rounds": "--unwind"}
# Added to the number of the signal that ended a call, as a shell does.
SIGNALLED = 128


class Net(TyperGroup):
    """All commands, and what is told to the shell, whatever comes of them."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        *_: Any,
        **extra: Any,
    ) -> NoReturn:
        ready(sys.stdout)
        ready(sys.stderr)
        given = [*map(_today, sys.argv[1:] if args is None else args)]
        extra.pop("standalone_mode", None)
        sys.exit(self._status(with_stage(given), prog_name or "verify", extra))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        return super().get_command(ctx, FORMER_COMMANDS.get(cmd_name, cmd_name))

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
            say(*said.getvalue().rstrip("\n").split("\n"))
            return Status.INPUT
        except OSError as error:
            if error.filename is not None:
                return _complain(error)
            # Without the name of a file it is the output.
            hush(sys.stdout)
            if error.errno == errno.EPIPE:
                return SIGNALLED + signal.SIGPIPE
            say(f"error: the output cannot be written: {error.strerror or error}")
            return Status.BUG
        except Exception as error:
            return _complain(error)
        return status


def _today(arg: str) -> str:
    """An argument with an option by its name of today."""
    option, sign, rest = arg.partition("=")
    return FORMER_OPTIONS.get(option, option) + sign + rest


def _complain(error: Exception) -> Status:
    """Say why there is no answer: the input is wrong, or verify is."""
    from verify.application.failures import FailedError, status_of, unexpected
    from verify.report.failures import line
    from verify.report.formats.text import mistakes

    if isinstance(error, InputError):
        say(*mistakes(error.diagnostics))
        return Status.INPUT
    failure = error.failure if isinstance(error, FailedError) else unexpected("", error)
    say(f"error: {line(failure)}")
    return status_of(failure)


app = typer.Typer(
    cls=Net,
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    help="Model-check kernel functions that take locks by trylock.",
    epilog="Exit status: 0 all that was asked is established: proved, or with --bounded bounded; "
    "1 something is refuted; 2 the input or the usage is wrong; 3 not established, or bounded "
    "where a proof was asked for; 4 verify failed: a bug of its own, too little memory, an output "
    "that cannot be written.",
)
for command in (prove, table, coverage, check, show, dashboard):
    app.command()(command)


@app.callback(invoke_without_command=True)
def _main(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        tell(f"verify {__version__}")
        raise typer.Exit(Status.ESTABLISHED)


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
