"""The documents as text: their links, the names in them, how long they are."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.docs.pages import OPTION, PAGES, called, name
from tests.programs.binder import ROOT
from verify.cli import app

LINK = re.compile(r"\]\(([^)\s]+)\)|^\[[^]]+\]: (\S+)", re.MULTILINE)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
CODE = re.compile(r"```.*?^```$|`[^`\n]+`", re.MULTILINE | re.DOTALL)
# Of versions that are gone.
GONE = {"--lean", "--rounds"}


def words(heading: str) -> str:
    """The anchor that a heading gets on a forge."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def prose(page: Path) -> str:
    """A page without its fenced blocks, in which `](` and `#` mean nothing."""
    return re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)


@cache
def help_of(*command: str) -> str:
    done = CliRunner().invoke(app, [*command, "--help"])
    return done.output if done.exit_code == 0 else ""


def listed() -> set[str]:
    """The commands that `verify --help` has."""
    return set(re.findall(r"^  ([a-z]+)  ", help_of().partition("Commands:")[2], re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_each_link_leads_somewhere(page: Path) -> None:
    """If it fails, a reader is sent to a page or a heading that does not exist."""
    gone = []
    for inline, below in LINK.findall(prose(page)):
        link = inline or below
        if "://" in link:
            continue
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        headings = (
            {words(one) for one in HEADING.findall(prose(target))}
            if anchor and target.exists()
            else set()
        )
        if not target.exists() or (anchor and anchor not in headings):
            gone.append(link)

    assert [] == gone


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_each_command_that_is_named_is_one(page: Path) -> None:
    """If it fails, a page tells of a command, or of an option of one, that there is not."""
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line.removeprefix("$ ").strip() for line in text.splitlines()]
    quoted = [" ".join(code.strip("`").split()) for code in CODE.findall(prose(page))]
    wrong = []
    for line in (*lines, *quoted):
        _, *rest = called(line) or [""]
        command = rest[0] if rest and re.fullmatch(r"[a-z]+", rest[0]) else ""
        if command and command not in listed():
            wrong.append(line)
        known = help_of(command) if command else help_of()
        wrong.extend(
            f"{line}: {word}"
            for word in rest
            if OPTION.match(word) and not re.search(rf"{word}\b(?!-)", known)
        )

    assert [] == wrong


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_each_option_that_is_named_is_one(page: Path) -> None:
    """If it fails, a page tells of an option that no command has."""
    known = "\n".join(help_of(command) for command in sorted(listed())) + help_of()
    quoted = [code.strip("`").split() for code in CODE.findall(prose(page))]
    named = {
        word
        for first, *rest in filter(None, quoted)
        if first in listed() or OPTION.match(first)
        for word in OPTION.findall(" ".join((first, *rest)))
    }

    assert set() == {word for word in named - GONE if not re.search(rf"{word}\b(?!-)", known)}


def test_the_commands_are_found() -> None:
    """If it fails, the tests above hold the documents against nothing."""
    assert {"prove", "table", "check", "show", "dashboard"} <= listed()
    assert "--scenario" in help_of("prove")


def test_the_first_page_is_read_in_one_sitting() -> None:
    """If it fails, README grows again; what is long has a page in docs/."""
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150


def test_each_page_can_be_found() -> None:
    """If it fails, a page of docs/ is one that no other page leads to."""
    found = {
        (page.parent / (inline or below).partition("#")[0]).resolve()
        for page in PAGES
        for inline, below in LINK.findall(prose(page))
    }
    pages = {page.resolve() for page in PAGES if page.parent != ROOT}

    assert set() == {name(page) for page in pages - found}
