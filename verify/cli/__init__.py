"""The command line: the only printing and the only exit."""

from __future__ import annotations

from verify.cli.entry import app, main

__all__ = ["app", "main"]
