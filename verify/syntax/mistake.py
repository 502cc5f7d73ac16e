"""A place where a text does not fit the grammar, and how reading goes on behind it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

from verify.diagnostics import Diagnostic
from verify.source import Source, Span
from verify.syntax.stack import Cut, Resume, Stack, Swap
from verify.syntax.words import Word, Words

# So many words behind a mistake have to fit before a guess is believed; of two that do,
# the one is better that fits further on.
AHEAD = 6
FURTHER = 24
# What is longer is not read again for each guess.
AGAIN = 500


class Mend(NamedTuple):
    """What is wrong, and where reading goes on: nowhere if `resume` is None."""

    message: Diagnostic
    resume: Resume | None


class Mistake:
    """A place of a text where lark stopped: at the word of number `index`."""

    def __init__(self, source: Source, words: Words, stack: Stack, index: int) -> None:
        self.source = source
        self.words = words
        self.stack = stack
        self.index = index
        self.word = words[index]
        self.before = words[index - 1] if index else None
        # The first word of the statement, clause, declaration, ... that lark was in.
        self.first = words.index(stack.start)

    @cached_property
    def accepted(self) -> set[str]:
        return self.stack.accepted()

    def start(self, index: int) -> int:
        """Offset of a word; behind the end of the text if there are not so many."""
        return self.words[index].start + (index >= len(self.words) - 1)

    @property
    def includes(self) -> bool:
        """Whether the name of a file should be here, for which nothing else can stand."""
        return self.before is not None and self.before.text == "#include"

    @cached_property
    def far(self) -> int:
        """Where a guess has to read to: behind so many words, or the `;` of the statement."""
        for index in range(self.index + 1, self.index + 1 + AHEAD):
            if self.words[index].text == ";":
                return self.start(index + 1)
        return self.start(self.index + 1 + AHEAD)

    @property
    def far_enough(self) -> int:
        """Where a word that is made up has to read to: behind the statement, if it is short."""
        for index in range(self.index + 1 + AHEAD, self.index + FURTHER):
            if self.words[index - 1].text in (";", "{", "}"):
                return self.start(index)
        return self.far

    def fits(self, resume: Resume, far: int | None = None) -> bool:
        """Whether all fits up to an offset, of itself so far that a guess is believed."""
        far = self.far if far is None else far
        return self.stack.reached(resume, far) >= far

    def swapped(self, swap: Swap, far: int | None = None) -> Resume | None:
        """To read what lark was in again, with terminals for one of its words, if that fits."""
        begun = Resume(self.stack.begun, self.words[self.first].start)
        # An `else`, or a clause of a claim, belongs to what is complete without it.
        for start in (begun, self.stack.before):
            if start is None or self.index - self.words.index(start.at) > AGAIN:
                continue
            if self.fits(resume := start._replace(swap=swap), far):
                return resume
        return None

    def message(
        self, headline: str, word: Word, label: str = "", notes: Sequence[str] = ()
    ) -> Diagnostic:
        span = Span(self.source, word.start, word.end)
        return Diagnostic("BFP002", headline, span, label, tuple(notes))

    def missing(self, headline: str, index: int, label: str, *notes: str) -> Diagnostic:
        """A message about what should stand between a word and the one before it."""
        end = self.words[index - 1].end if index else 1
        return Diagnostic("BFP002", headline, Span(self.source, end - 1, end), label, notes)


def behind(here: Mistake, index: int) -> Resume | None:
    """To go on behind what cannot be made out: the next place from a word on that reads on.

    That is behind a `;`, at or behind a `}`, or a declaration at the start of a line.
    """
    for at, braces in _places(here, index):
        resume = _anchor(here, at) if braces is None else _best(here, at, braces)
        if resume is not None:
            return resume
    return None


def _places(here: Mistake, index: int) -> Iterator[tuple[int, int | None]]:
    """Words at which reading may go on, each with the braces that are open before it.

    At the start of a line that is not known: a brace may be missing or one too many.
    """
    top, words, text = here.stack.top, here.words, here.source.text
    header = any(words[i].text == "for" for i in range(here.first, here.index))
    braces, parens = top.braces, top.parens if header else 0
    for at in range(index, len(words)):
        word = words[at]
        if at > here.index and word.kind != "sign" and text[word.start - 1 : word.start] in "\n":
            yield at, None
        match word.text:
            case "{":
                braces, parens = braces + 1, 0
            case "}":
                yield at, braces
                braces, parens = braces - 1, 0
                yield at + 1, braces
            case "(":
                parens += header
            case ")":
                parens = max(parens - 1, 0)
            case ";" if not parens:
                yield at + 1, braces


def _anchor(here: Mistake, at: int) -> Resume | None:
    """The state outside of all braces, if a declaration can be read from a word on."""
    resume = Resume(here.stack.outside, here.words[at].start)
    far = here.start(at + AHEAD)
    return resume if here.stack.reached(resume, far) >= far else None


def _best(here: Mistake, at: int, braces: int) -> Resume | None:
    """The state of those that lark was in that reads furthest from a word on, if any does."""
    start, far = here.words[at].start, here.start(at + AHEAD)
    found: list[tuple[int, bool, int, Cut]] = []
    for cut in here.stack.cuts:
        if cut.braces == max(braces, 0) and (cut.whole or cut.closed):
            reached = here.stack.reached(Resume(cut, start), far)
            if reached > start:
                found.append((reached, cut.whole, cut.height, cut))
    return Resume(max(found)[3], start) if found else None
