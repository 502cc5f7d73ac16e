"""Guesses of what was meant where a text does not fit the grammar, the most telling first."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

from verify.diagnostics import Diagnostic
from verify.source import Source, Span
from verify.syntax.expected import expected, keywords, reserved
from verify.syntax.stack import Cut, Resume, Stack, Swap
from verify.syntax.words import Word, Words

# So many words behind a mistake have to fit before a guess is believed; of two that do,
# the one is better that fits further on.
AHEAD = 6
FURTHER = 24
# How like a word of the language one has to be that is taken for it misspelt (of `difflib`).
NEAR = 0.6

# What C has and the language has not: what to do about it, and what to read in its place.
FOREIGN: dict[str, tuple[str, Sequence[str] | None]] = {
    "++": ("write x = x + 1", None),
    "--": ("write x = x - 1", None),
    "?": ("there is no `?:`: write if and else", None),
    "break": ("leave a loop by goto", None),
    "continue": ("go on with a loop by goto", None),
    "do": ("write while, or a label and goto", ()),
    "switch": ("write if and else", None),
    "const": ("leave it out", ()),
    "extern": ("leave it out: a primitive or a function has its body here", ()),
    "inline": ("leave it out", ()),
    "volatile": ("leave it out", ()),
    **dict.fromkeys(("+=", "-=", "*=", "&=", "|="), ("write x = x + ...", ("EQUAL",))),
    **dict.fromkeys(
        ("/", "%", "|", "^", "~", "<<", ">>"),
        ("there are +, -, * and the comparisons", ("STAR",)),
    ),
}
# What may be left out in one place: parentheses, a semicolon, or both.
CLOSERS = (
    *(("RPAR",) * n for n in range(1, 5)),
    *((*("RPAR",) * n, "SEMICOLON") for n in range(5)),
)
# What stands before the statements of a function and before those of a primitive.
BODIES = (
    ("VOID", "NAME", "LPAR", "RPAR", "LBRACE"),
    ("PRIMITIVE", "VOID", "NAME", "LPAR", "RPAR", "LBRACE"),
)
# Terminals to try first, by how often each is left out.
SIGNS = ("SEMICOLON", "RPAR", "COMMA", "EQUAL", "LPAR", "COLON", "RSQB", "LBRACE", "NAME")


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
        self.first = words.index(stack.begun.end)

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

    @property
    def far(self) -> int:
        """Where a guess has to read to."""
        return self.start(self.index + 1 + AHEAD)

    def fits(self, resume: Resume) -> bool:
        return self.stack.reached(resume, self.far) >= self.far

    def swapped(self, swap: Swap) -> Resume | None:
        """To read what lark was in again, with terminals for one of its words, if that fits."""
        # An `else` belongs to what is complete without it: read from the brace on, then.
        for cut in (self.stack.begun, self.stack.inside):
            resume = Resume(cut, self.words[self.words.index(cut.end)].start, swap=swap)
            if self.fits(resume):
                return resume
        return None

    def message(
        self, headline: str, word: Word, label: str = "", notes: Sequence[str] = ()
    ) -> Diagnostic:
        span = Span(self.source, word.start, word.end)
        return Diagnostic("BFP002", headline, span, label, tuple(notes))

    def behind_before(self, headline: str, index: int, label: str, *notes: str) -> Diagnostic:
        """A message about what is missing behind the word in front of a word."""
        end = self.words[index - 1].end if index else 1
        return Diagnostic("BFP002", headline, Span(self.source, end - 1, end), label, notes)


def _open(here: Mistake) -> Mend | None:
    """A comment or a string that does not end."""
    word = here.word
    if word.kind != "open":
        return None
    if word.text == "/*":
        return Mend(here.message("this comment does not end", word), None)
    swap = Resume(here.stack.top, word.start, swap=Swap(word, ("STRING",)))
    resume = swap if here.fits(swap) and not here.includes else behind(here, here.index + 1)
    return Mend(here.message("this string does not end", word), resume)


def _brace_missing(here: Mistake) -> Mend | None:
    """What lark was in is a declaration: the body around it should have ended before."""
    begun = here.stack.begun
    if not begun.braces:
        return None
    start = here.words[here.first].start
    if not here.fits(Resume(here.stack.outside, start)):
        return None
    closed = Resume(begun, start, first=("RBRACE",) * begun.braces)
    resume = closed if here.fits(closed) else Resume(here.stack.outside, start)
    return Mend(_no_end(here, here.first), resume)


def _no_end(here: Mistake, index: int) -> Diagnostic:
    line = here.source.line_of(here.stack.opened or 0)
    return here.behind_before(
        "a `}` is missing", index, "expected after this", f"the `{{` is in line {line}"
    )


def _foreign(here: Mistake) -> Mend | None:
    """A word or sign of C that the language has not."""
    for index in (here.index, here.index - 1, here.first):
        word = here.words[index]
        if index < here.first or word.text not in FOREIGN:
            continue
        if word.kind == "sign" and index != here.index:
            continue
        advice, instead = FOREIGN[word.text]
        resume = None if instead is None else here.swapped(Swap(word, instead))
        message = here.message(f"{word.shown} is not in the language", word, "", (advice,))
        return Mend(message, resume or behind(here, here.index))
    return None


def _misspelt(here: Mistake) -> Mend | None:
    """A word that would be one of the language, but for a letter."""
    for index in range(max(here.first, here.index - 12), here.index + 1):
        word = here.words[index]
        if word.kind != "name" or word.text in keywords():
            continue
        for near in difflib.get_close_matches(word.text, keywords(), cutoff=NEAR):
            if resume := here.swapped(Swap(word, (keywords()[near],))):
                headline = f"{word.shown} is not in the language"
                return Mend(here.message(headline, word, f"did you mean `{near}`?"), resume)
    return None


def _word_as_name(here: Mistake) -> Mend | None:
    """A word of the language where a name should be."""
    word = here.word
    if word.text not in keywords() or (
        here.words[here.index + 1].text == "(" and word.text in reserved()
    ):
        return None
    for terminal in here.accepted & {"NAME", "CLAIM_NAME"}:
        resume = Resume(here.stack.top, word.start, swap=Swap(word, (terminal,)))
        if here.fits(resume):
            label = "a word of the language, and no name here"
            note = "give what it names another name"
            return Mend(here.message(f"unexpected {word.shown}", word, label, (note,)), resume)
    return None


def _left_out(here: Mistake) -> Mend | None:
    """A `;` or `)` that is missing at the end of a line, or before what can only come behind it."""
    before, word = here.before, here.word
    if before is None or before.text == "(":
        return None
    line_of = here.source.line_of
    if line_of(before.end - 1) == line_of(word.start) and not (
        word.kind == "end" or word.text in ("{", "}", ";") or word.text in reserved()
    ):
        return None
    for closers in CLOSERS:
        # Where a statement begins, `;` is one; and a brace can be meant for an expression.
        other = "IF" in here.accepted or ("NUMBER" in here.accepted and word.text == "{")
        if closers[0] not in here.accepted or (closers[0] == "SEMICOLON" and other):
            continue
        resume = Resume(here.stack.top, word.start, first=closers)
        far = here.start(here.index + 1)
        if here.stack.reached(resume, far) >= far:
            sign = ")" if closers[0] == "RPAR" else ";"
            message = here.behind_before(
                f"expected `{sign}` before {word.shown}",
                here.index,
                f"`{sign}` is missing after this",
            )
            return Mend(message, resume)
    return None


def _comma(here: Mistake) -> Mend | None:
    """A comma that is missing where a list goes on."""
    resume = Resume(here.stack.top, here.word.start, first=("COMMA",))
    if here.before is None or "COMMA" not in here.accepted or not here.fits(resume):
        return None
    headline = f"expected `,` before {here.word.shown}"
    message = here.behind_before(headline, here.index, "`,` is missing after this")
    return Mend(message, resume)


def _sign_before(here: Mistake) -> Mend | None:
    """A sign that is missing not here, but one word before: `x f(y)` begins like `int x`."""
    at = here.index - 1
    if at <= here.first or here.words[at].kind != "name":
        return None
    line_of, word = here.source.line_of, here.words[at]
    same_line = line_of(here.words[at - 1].start) == line_of(word.start)
    sign, terminal = ("=", "EQUAL") if same_line else (":", "COLON")
    resume = here.swapped(Swap(word, (terminal,), before=True))
    if resume is None:
        return None
    headline = f"expected `{sign}` before {word.shown}"
    return Mend(here.behind_before(headline, at, f"`{sign}` is missing after this"), resume)


def _end(here: Mistake) -> Mend | None:
    """The text ends in the middle of something."""
    if here.word.kind != "end":
        return None
    if here.stack.begun == here.stack.top and "RBRACE" in here.accepted:
        return Mend(_no_end(here, here.index), None)
    wanted = expected(here.accepted, here.before.text if here.before else "")
    return Mend(
        here.behind_before("the text ends too early", here.index, f"expected {wanted} after this"),
        None,
    )


def _no_body(here: Mistake) -> Mend | None:
    """Statements at file scope: a `}` before them is one too many."""
    begun = here.stack.begun
    if begun.braces or here.words[here.first - 1].text != "}":
        return None
    start = here.words[here.first].start
    for body in BODIES:
        resume = Resume(begun, start, first=body)
        if here.fits(resume):
            label = "expected a declaration"
            note = "a statement is in a function or thread: is a `}` before it one too many?"
            word = here.word
            return Mend(here.message(f"unexpected {word.shown}", word, label, (note,)), resume)
    return None


def _unexpected(here: Mistake) -> Mend:
    """Whatever it is: what could stand there, and a word put in, left out or exchanged."""
    word, top = here.word, here.stack.top
    wanted = expected(here.accepted, here.before.text if here.before else "")
    notes = ("a comparison is `==`",) if word.text == "=" and top.parens else ()
    message = here.message(f"unexpected {word.shown}", word, f"expected {wanted}", notes)
    far = here.start(here.index + 1 + FURTHER)
    fit = [(here.stack.reached(c, far), -i, c) for i, c in enumerate(_changes(here))]
    reached, _, change = max(fit)
    return Mend(message, change if reached >= here.far else behind(here, here.index))


def _changes(here: Mistake) -> Iterator[Resume]:
    word, top = here.word, here.stack.top
    if word.text == "=" and "EQ_OP" in here.accepted:
        yield Resume(top, word.start, swap=Swap(word, ("EQ_OP",)))
    accepted = sorted(here.accepted, key=lambda t: (SIGNS.index(t) if t in SIGNS else 99, t))
    accepted = [] if here.includes else accepted
    for terminal in accepted:
        yield Resume(top, word.start, first=(terminal,))
    yield Resume(top, word.start, swap=Swap(word, ()))
    for terminal in accepted:
        yield Resume(top, word.start, swap=Swap(word, (terminal,)))


GUESSES: tuple[Callable[[Mistake], Mend | None], ...] = (
    _open,
    _foreign,
    _misspelt,
    _brace_missing,
    _word_as_name,
    _comma,
    _left_out,
    _end,
    _sign_before,
    _no_body,
    _unexpected,
)


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
