"""Guesses of what was meant where a text does not fit the grammar, the most telling first."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Sequence

from verify.diagnostics import Diagnostic
from verify.syntax.braces import unclosed
from verify.syntax.expected import expected, keywords, reserved
from verify.syntax.mistake import FURTHER, Mend, Mistake, behind
from verify.syntax.stack import Resume, Swap

# How like a word of the language one has to be that is taken for it misspelt (of `difflib`).
NEAR = 0.6

# What C has and the language has not: what to do about it, and what to read in its place.
FOREIGN: dict[str, tuple[str, Sequence[str] | None]] = {
    "const": ("leave it out", ()),
    "extern": ("leave it out: a primitive or a function has its body here", ()),
    "inline": ("leave it out", ()),
    "volatile": ("leave it out", ()),
    **dict.fromkeys(
        ("/=", "%=", "&=", "|=", "^=", "<<=", ">>="), ("there are +=, -= and *=", ("EQUAL",))
    ),
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
    (*"VOID NAME LPAR RPAR LBRACE".split(), *"IF LPAR NAME RPAR SEMICOLON".split()),
)
# Terminals to try first, by how often each is left out.
SIGNS = ("SEMICOLON", "RPAR", "COMMA", "EQUAL", "LPAR", "COLON", "RSQB", "LBRACE", "NAME")


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
    opened = here.stack.opened
    brace, before = here.words[here.words.index(opened[-1])], index
    if told := unclosed(here.source, here.words, here.words.index(opened[0]), index):
        brace, before = told
    line = here.source.line_of(brace.start)
    note = f"the `{{` is in line {line}"
    return here.missing("a `}` is missing", before, "expected after this", note)


def _foreign(here: Mistake) -> Mend | None:
    """A word or sign of C that the language has not."""
    for index in (here.index, here.index - 1, here.first):
        word = here.words[index]
        if index < here.first or word.text not in FOREIGN:
            continue
        if word.kind == "sign" and index != here.index:
            continue
        advice, instead = FOREIGN[word.text]
        # What it is needs no proof: it is enough that lark gets past it.
        past = here.start(here.index + 1)
        resume = None if instead is None else here.swapped(Swap(word, instead), past)
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
    called = here.words[here.index + 1].text == "("
    if word.text not in keywords() or (word.text in reserved() and called):
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
    if word.text == "}" and here.fits(Resume(here.stack.top, word.start, swap=Swap(word, ()))):
        return None
    for closers in CLOSERS:
        # Where a statement begins, `;` is one; and a brace can be meant for an expression.
        other = "IF" in here.accepted or ("NUMBER" in here.accepted and word.text == "{")
        if closers[0] not in here.accepted or (closers[0] == "SEMICOLON" and other):
            continue
        resume = Resume(here.stack.top, word.start, first=closers)
        if here.fits(resume, here.start(here.index + 1)):
            sign = ")" if closers[0] == "RPAR" else ";"
            message = here.missing(
                f"expected `{sign}` before {word.shown}",
                here.index,
                f"`{sign}` is missing after this",
            )
            return Mend(message, resume)
    return None


def _comma(here: Mistake) -> Mend | None:
    """A comma that is missing where a list goes on."""
    resume = Resume(here.stack.top, here.word.start, first=("COMMA",))
    # Behind a declaration `;` is likelier.
    if "COMMA" not in here.accepted or "SEMICOLON" in here.accepted or not here.fits(resume):
        return None
    headline = f"expected `,` before {here.word.shown}"
    message = here.missing(headline, here.index, "`,` is missing after this")
    return Mend(message, resume)


def _sign(here: Mistake) -> Mend | None:
    """A sign that is missing here, or one word before: `x f(y)` begins like `int x`."""
    line_of = here.source.line_of
    # Where a statement begins with a name, a sign has to follow: or else there are many guesses.
    places = (here.index, here.index - 1) if "COLON" in here.accepted else (here.index - 1,)
    for at in places:
        word, before = here.words[at], here.words[at - 1]
        if at <= here.first or word.kind not in ("name", "number") or before.kind != "name":
            continue
        same_line = line_of(before.start) == line_of(word.start)
        sign, terminal = ("=", "EQUAL") if same_line else (":", "COLON")
        if resume := here.swapped(Swap(word, (terminal,), before=True)):
            headline = f"expected `{sign}` before {word.shown}"
            message = here.missing(headline, at, f"`{sign}` is missing after this")
            return Mend(message, resume)
    return None


def _no_file(here: Mistake) -> Mend | None:
    """An include at the end of a line, without the name of a file."""
    before, line_of = here.before, here.source.line_of
    if before is None or not here.includes or line_of(before.start) == line_of(here.word.start):
        return None
    message = here.missing(
        f"expected the name of a file before {here.word.shown}",
        here.index,
        "it is missing after this, in quotes",
    )
    resume = Resume(here.stack.outside, here.word.start)
    past = here.start(here.index + 1)
    return Mend(message, resume if here.fits(resume, past) else behind(here, here.index))


def _end(here: Mistake) -> Mend | None:
    """The text ends in the middle of something."""
    if here.word.kind != "end":
        return None
    if here.stack.begun == here.stack.top and "RBRACE" in here.accepted:
        return Mend(_no_end(here, here.index), None)
    wanted = expected(here.accepted, here.before.text if here.before else "")
    return Mend(
        here.missing("the text ends too early", here.index, f"expected {wanted} after this"),
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
    return Mend(message, change if reached >= here.far_enough else behind(here, here.index))


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
    _no_file,
    _foreign,
    _misspelt,
    _brace_missing,
    _comma,
    _left_out,
    _sign,
    _word_as_name,
    _end,
    _no_body,
    _unexpected,
)
