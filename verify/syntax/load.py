"""Files to declarations: reads a program and what it includes, each file once."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from verify.diagnostics import Diagnostic, InputError
from verify.source import Source, Span
from verify.syntax import tree
from verify.syntax.parse import MAX_TEXT, parse

MAX_INCLUDES = 100


@dataclass
class Loader:
    """Reads texts; remembers what it parsed, so that five programs parse a model once.

    An include is followed inside the folder of the program (or the folders in
    `folders`) and nowhere else: the text may come from a stranger.
    """

    folders: Sequence[Path] = ()
    _parsed: dict[Path, tuple[Source, tuple[tree.Declaration, ...]]] = field(
        default_factory=dict
    )

    def load(self, path: Path) -> tuple[tuple[Source, ...], tuple[tree.Declaration, ...]]:
        """The texts and the declarations of a program, includes first.

        Raises:
            InputError: BFP001, BFP002, BFP003, BFP004, for each file in turn.
        """
        # A pipe has no folder: what it includes is looked for where we stand.
        root = path.resolve().parent if path.is_file() else Path.cwd()
        roots = (root, *(folder.resolve() for folder in self.folders))
        sources: list[Source] = []
        declarations: list[tree.Declaration] = []
        errors: list[Diagnostic] = []
        seen: set[Path] = set()

        def follow(file: Path, shown: str, stack: tuple[Path, ...], span: Span | None) -> None:
            real = file.resolve()
            if real in stack:
                errors.append(
                    Diagnostic("BFP003", f"{shown} includes itself", span, "the circle closes here")
                )
                return
            if real in seen:
                return
            if span is not None and not any(real.is_relative_to(r) for r in roots):
                errors.append(
                    Diagnostic(
                        "BFP003",
                        f"{shown} lies outside the program's folder",
                        span,
                        "not followed",
                        ("name its folder with --include if it is yours",),
                    )
                )
                return
            seen.add(real)
            if len(seen) > MAX_INCLUDES:
                errors.append(Diagnostic("BFP004", f"more than {MAX_INCLUDES} files", span))
                return
            try:
                source, parsed = self._parse(file, real, shown, span)
            except InputError as error:
                errors.extend(error.diagnostics)
                return
            sources.append(source)
            folder = file.parent if file.is_file() else root
            for declaration in parsed:
                if isinstance(declaration, tree.Include):
                    target = _find(declaration, folder, self.folders)
                    follow(target, _shown(target, shown, file), (*stack, real), declaration.span)
                else:
                    declarations.append(declaration)

        follow(path, str(path), (), None)
        if errors:
            raise InputError(errors)
        return tuple(sources), tuple(declarations)

    def _parse(
        self, file: Path, real: Path, shown: str, span: Span | None
    ) -> tuple[Source, tuple[tree.Declaration, ...]]:
        known = self._parsed.get(real)
        if known is not None and known[0].path == shown:
            return known
        source = Source(shown, _read(file, shown, span))
        result = (source, parse(source))
        self._parsed[real] = result
        return result


def _find(include: tree.Include, folder: Path, folders: Sequence[Path]) -> Path:
    for place in (folder, *folders):
        if (place / include.path).is_file():
            return place / include.path
    return folder / include.path


def _shown(target: Path, including: str, file: Path) -> str:
    """The name to print for an included file: beside the name its includer has."""
    beside = os.path.relpath(target.resolve(), file.resolve().parent)
    return os.path.normpath(os.path.join(os.path.dirname(including), beside))


def _read(file: Path, shown: str, span: Span | None) -> str:
    code = "BFP001" if span is None else "BFP003"
    try:
        with open(file, "rb") as stream:
            # One byte more than allowed tells "too long" apart, even of an endless device.
            data = stream.read(4 * MAX_TEXT + 1)
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise InputError(
            [Diagnostic(code, f"{shown}, line {line}: not a text in UTF-8", span)]
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError([Diagnostic(code, f"{shown}: {reason}", span)]) from None
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise InputError(
            [Diagnostic(code, f"{shown}, line {line}: a binary file, not a text", span)]
        )
    return text
