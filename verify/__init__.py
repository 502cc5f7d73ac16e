"""Proves or refutes claims about kernel functions that take locks by trylock.

`verify.prove` and its neighbours are the library, `docs/library.md` is its page of examples. They
are loaded when they are asked for: `import verify` takes no time.
"""

from __future__ import annotations

from verify.version import __version__

# As in `typing`, which is not loaded for it.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from verify.api import *  # noqa: F403

# The names of `verify.api`, said again, so that another one does not load it.
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
    "__version__",
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


if not TYPE_CHECKING:
    # Whoever checks types is told of a name that there is not.
    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        return getattr(import_module("verify.api"), name)

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
