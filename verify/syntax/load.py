"""Files to declarations: reads a program and what it includes, each file once."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from verify.diagnostics import Diagnostic, InputError
from verify.source import Source, Span
from verify.syntax import tree
from verify.syntax.limits import MAX_TEXT
from verify.syntax.parse import parse_as_far_as_possible

MAX_INCLUDES = 100
# How far up a program's tree may begin: its own folder, the parent, the grandparent.
LEVELS = 3
MODELS = "model"


@dataclass(frozen=True)
class _Parsed:
    """A file that was read, and what was made of it."""

    source: Source
    declarations: tuple[tree.Declaration, ...]
    errors: tuple[Diagnostic, ...]


@dataclass
class Loader:
    """Reads texts; remembers what it parsed, so that five programs parse a model once.

    An include is followed inside the tree of the program (or the folders in
    `folders`) and nowhere else: the text may come from a stranger.  A `model`
    takes the place of the one include of each program; it brings its own tree.
    """

    folders: Sequence[Path] = ()
    model: Path | None = None
    _parsed: dict[Path, _Parsed] = field(default_factory=dict)

    def load(self, path: Path) -> tuple[tuple[Source, ...], tuple[tree.Declaration, ...]]:
        """The texts and the declarations of a program, includes first.

        Raises:
            InputError: BFP001, BFP002, BFP003, BFP004, BFP005, for each file in turn.
        """
        reading = _Reading(self)
        reading.follow(path, str(path), (), None)
        if reading.errors:
            raise InputError(reading.errors)
        declarations = reading.declarations
        if self.model is not None:
            declarations = _fitting(declarations)
        return tuple(reading.sources), tuple(declarations)

    def parse(self, file: Path, shown: str, span: Span | None) -> _Parsed:
        """The text of a file and what it declares, read once."""
        known = self._parsed.get(file)
        if known is not None and known.source.path == shown:
            return known
        source = Source(shown, _read(file, shown, span))
        result = _Parsed(source, *parse_as_far_as_possible(source))
        if file.is_file():
            self._parsed[file] = result
        return result


def _fitting(declarations: Sequence[tree.Declaration]) -> list[tree.Declaration]:
    """Without the known bugs of scenarios that another model does not have."""
    scenarios = {d.name for d in declarations if isinstance(d, tree.Scenario)}
    return [
        d
        for d in declarations
        if not (isinstance(d, tree.Known) and d.scenario and d.scenario.name not in scenarios)
    ]


@dataclass(frozen=True)
class _Tree:
    """Where texts may lie, and the name to print for it."""

    root: Path
    shown: str


@dataclass
class _Reading:
    """One program being read, file by file."""

    loader: Loader
    sources: list[Source] = field(default_factory=list)
    declarations: list[tree.Declaration] = field(default_factory=list)
    errors: list[Diagnostic] = field(default_factory=list)
    seen: set[Path] = field(default_factory=set)
    trees: tuple[_Tree, ...] = ()
    roots: tuple[Path, ...] = ()

    def follow(self, file: Path, shown: str, stack: tuple[Path, ...], span: Span | None) -> None:
        """Read a file, named `shown`, and what it includes; `span` is the include, if any."""
        try:
            real = file.resolve()
            regular = file.is_file()
        except (OSError, RuntimeError, ValueError) as error:
            # A circle of links, or a name that no file system takes.
            self._complain(span, f"{shown}: {_reason(error)}")
            return
        if span is None:
            self.trees = (_tree(real, shown) if regular else _Tree(Path.cwd(), ""),)
            if not self._model_is_there():
                return
            self.roots = (
                *(tree.root for tree in self.trees),
                *(folder.resolve() for folder in self.loader.folders),
            )
        elif real in stack:
            self._complain(span, f"{shown} includes itself", "the circle closes here")
            return
        elif not any(real.is_relative_to(root) for root in self.roots):
            hint = "name its folder with --include if it is yours"
            headline = f"{shown} lies outside the program's tree"
            self._complain(span, headline, "not followed", hint)
            return
        elif real.exists() and not regular:
            self._complain(span, f"{shown} is no regular file")
            return
        if real in self.seen:
            return
        self.seen.add(real)
        if len(self.seen) > MAX_INCLUDES:
            self.errors.append(Diagnostic("BFP004", f"more than {MAX_INCLUDES} files", span))
            return
        try:
            parsed = self.loader.parse(real if regular else file, shown, span)
        except InputError as error:
            self.errors += error.diagnostics
            return
        self.errors += parsed.errors
        self.sources.append(parsed.source)
        # A pipe has no folder: what it includes is looked for where we stand.
        here = _Tree(file.parent, os.path.dirname(shown)) if regular else self.trees[0]
        model = self.loader.model if span is None else None
        if model is not None and not self._has_one_include(parsed):
            return
        for declaration in parsed.declarations:
            if isinstance(declaration, tree.Include):
                if model is None:
                    target, name = self._find(declaration.path, here)
                else:
                    target, name = model, str(model)
                self.follow(target, name, (*stack, real), declaration.span)
            else:
                self.declarations.append(declaration)

    def _model_is_there(self) -> bool:
        """Whether the model that was named, if any, can be read; it brings its tree."""
        model = self.loader.model
        if model is None:
            return True
        try:
            if not stat.S_ISREG(model.stat().st_mode):
                self._complain(None, f"{model} is no regular file")
                return False
        except (OSError, ValueError) as error:
            self._complain(None, f"{model}: {_reason(error)}")
            return False
        own = _tree(model.resolve(), str(model))
        if own not in self.trees:
            self.trees = (*self.trees, own)
        return True

    def _has_one_include(self, parsed: _Parsed) -> bool:
        """Whether it is clear what another model takes the place of."""
        shown = parsed.source.path
        spans = [d.span for d in parsed.declarations if isinstance(d, tree.Include)]
        if len(spans) > 1:
            headline = f"{shown} has {len(spans)} includes: --model replaces the only one"
            notes = [f"another is at {span.where}" for span in spans[1:]]
            self.errors.append(Diagnostic("BFP005", headline, spans[0], "the first", tuple(notes)))
        elif not spans and not parsed.errors:
            headline = f"{shown} has no #include that --model could replace"
            self.errors.append(Diagnostic("BFP005", headline))
        return len(spans) == 1

    def _find(self, path: str, here: _Tree) -> tuple[Path, str]:
        """Where an include is, and its name: beside the name of its includer, if it is there."""
        folders = [_Tree(folder, str(folder)) for folder in self.loader.folders]
        # Of two trees the one that the including text is in knows better.
        real = here.root.resolve()
        trees = sorted(self.trees, key=lambda one: not real.is_relative_to(one.root))
        for place in (here, *trees, *folders):
            try:
                if (place.root / path).is_file():
                    return place.root / path, _joined(place, path)
            except (OSError, ValueError):
                # A name that is too long: it is found out when the file is opened.
                break
        return here.root / path, _joined(here, path)

    def _complain(self, span: Span | None, headline: str, label: str = "", *notes: str) -> None:
        code = "BFP001" if span is None else "BFP003"
        self.errors.append(Diagnostic(code, headline, span, label, notes))


def _joined(place: _Tree, path: str) -> str:
    return os.path.normpath(os.path.join(place.shown, path))


def root_of(folder: Path) -> Path:
    """The tree of a program in this folder: the nearest one, not far up, that has models.

    `folder` is resolved; without models near it is a tree of its own.
    """
    for place in (folder, *folder.parents)[:LEVELS]:
        try:
            # The whole file system is nobody's own, whatever lies at its root.
            if place != place.parent and (place / MODELS).is_dir():
                return place
        except OSError:
            break
    return folder


def _tree(real: Path, shown: str) -> _Tree:
    """The tree of a file, named as the file is where that leads to the same place."""
    root = root_of(real.parent)
    up = [".."] * (len(real.parent.parts) - len(root.parts))
    beside = os.path.normpath(os.path.join(os.path.dirname(shown), *up))
    return _Tree(root, beside if Path(beside).resolve() == root else str(root))


def _read(file: Path, shown: str, span: Span | None) -> str:
    code = "BFP001" if span is None else "BFP003"
    try:
        with open(file, "rb") as stream:
            # One byte more than allowed tells "too long" apart, even of an endless device.
            data = stream.read(4 * MAX_TEXT + 1)
    except (OSError, ValueError) as error:
        raise InputError([Diagnostic(code, f"{shown}: {_reason(error)}", span)]) from None
    if b"\0" in data:
        line = data[: data.index(b"\0")].count(b"\n") + 1
        headline = f"{shown}, line {line}: a binary file, not a text"
        raise InputError([Diagnostic(code, headline, span)])
    if len(data) > 4 * MAX_TEXT:
        headline = f"{shown} has more than {MAX_TEXT} characters"
        raise InputError([Diagnostic("BFP004", headline, span)])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        headline = f"{shown}, line {line}: not a text in UTF-8"
        raise InputError([Diagnostic(code, headline, span)]) from None


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
