"""What lark has read so far of a text, and how far it would read on from there."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import lark
from lark.lexer import LineCounter
from lark.parsers.lalr_interactive_parser import InteractiveParser

from verify.syntax.words import Word, Words

# What a statement ends with, or begins behind.
ENDS = {"SEMICOLON": ";", "LBRACE": "{", "RBRACE": "}"}
# What is built of a terminal has to be read from its text.
_STANDS_FOR = {"NUMBER": "0", "STRING": '""'}


class Cut(NamedTuple):
    """The lowest `height` symbols of lark's stack, which end at the offset `end` of the text.

    `braces` and `parens` are open in them (parentheses since the last brace).  `whole`
    says that a statement, a field, a declaration, ... ends there or can begin there,
    `closed` that a sentence or a parenthesis does.
    """

    height: int
    end: int
    braces: int
    parens: int
    whole: bool
    closed: bool


class Swap(NamedTuple):
    """Terminals of the grammar to be read where a word is: in its place, or before it."""

    word: Word
    terminals: Sequence[str]
    before: bool = False


class Resume(NamedTuple):
    """To read on from the offset `at`, as if `cut` were what stands before.

    `first` are terminals to be read as if they stood at `at`, and `swap` is what to
    read in place of a word.
    """

    cut: Cut
    at: int
    first: Sequence[str] = ()
    swap: Swap | None = None


@dataclass
class Trail:
    """What resuming has left that neither the text nor lark's stack shows.

    A statement ends at each offset of `ends`, and what was not read ends at `start`.
    """

    ends: set[int] = field(default_factory=set)
    start: int = 0

    def add(self, resume: Resume) -> None:
        """Reading goes on there."""
        if resume.swap is not None:
            put, end = resume.swap.terminals, resume.swap.word.end
        else:
            put, end = resume.first, resume.at
        if put and put[-1] in ENDS:
            self.ends.add(end)
        if resume.cut.whole and not put:
            dropped = resume.swap is not None and resume.swap.word.start == resume.at
            self.start = max(self.start, end if dropped else resume.at)


class Stack:
    """A lark parser that stopped in a text.  Nothing changes but by `resume`."""

    def __init__(self, parser: InteractiveParser, text: str, words: Words, trail: Trail) -> None:
        self._parser = parser
        self._words = words
        self._size = len(text)
        self.cuts = _cuts(parser.parser_state.value_stack, text, trail.ends)
        self.top = self.cuts[-1]
        whole = [cut for cut in self.cuts if cut.whole]
        self.begun = whole[-1]
        # Where that begins which lark was in.
        self.start = max(self.begun.end, trail.start)
        self.outside = [cut for cut in whole if not cut.braces][-1]

    @property
    def before(self) -> Resume | None:
        """To read again what was complete before that which lark was in."""
        if not self.begun.height:
            return None
        row = self._parser.parser_state.value_stack[self.begun.height - 1]
        last = row.children[-1] if isinstance(row, lark.Tree) and row.children else None
        if not isinstance(last, lark.Tree) or last.meta.empty:
            return None
        return Resume(self.cuts[self.begun.height - 1], last.meta.start_pos)

    @property
    def opened(self) -> list[int]:
        """Offsets of the braces that are open, the outermost first."""
        symbols = self._parser.parser_state.value_stack
        return [s.start_pos for s in symbols if getattr(s, "type", "") == "LBRACE"]

    def accepted(self) -> set[str]:
        """The terminals that can come next."""
        accepted: set[str] = self._parser.accepts()
        return accepted

    def reached(self, resume: Resume, far: int) -> int:
        """Offset of the first word, before `far`, that would not fit; 0 if nothing would.

        It is `far` if all fit, and behind the end of the text if that fits, too.
        """
        trial = self._parser.copy(deepcopy_values=False)
        trial.parser_state.parse_conf = copy(trial.parser_state.parse_conf)
        # Nothing is built of what is only tried.
        trial.parser_state.parse_conf.callbacks = {}
        try:
            _start(trial, resume)
        except lark.exceptions.UnexpectedToken:
            return 0
        return self._read(trial, resume, far)

    def resume(self, resume: Resume) -> None:
        """Let lark go on there; `reached` has said that it can."""
        _start(self._parser, resume)
        if resume.swap is None:
            _position(self._parser).char_pos = resume.at
        else:
            word = resume.swap.word
            self._read(self._parser, resume, word.start if resume.swap.before else word.end)

    def end(self) -> Resume:
        """To read nothing more, and to keep what is complete."""
        ends = (Resume(cut, self._size) for cut in reversed(self.cuts) if not cut.braces)
        return next(end for end in ends if self.reached(end, self._size + 1) > self._size)

    def _read(self, parser: InteractiveParser, resume: Resume, far: int) -> int:
        position = _position(parser)
        position.char_pos = fits = resume.at
        tokens = parser.lexer_thread.lex(parser.parser_state)
        swap = resume.swap
        try:
            while position.char_pos < far or far > self._size:
                fits = position.char_pos
                if swap is not None and self._words[self._words.index(fits)] == swap.word:
                    word, size = swap.word, 0 if swap.before else len(swap.word.text)
                    for terminal in swap.terminals:
                        parser.feed_token(_token(terminal, word.text, word.start, size))
                    position.char_pos = word.start + size
                    swap = None
                    continue
                token = next(tokens, None)
                if token is None:
                    parser.feed_eof()
                    return self._size + 1
                parser.feed_token(token)
        except lark.exceptions.UnexpectedInput:
            return self._words[self._words.index(fits)].start
        return far


def _cuts(symbols: list[Any], text: str, ends: set[int]) -> list[Cut]:
    cuts = [Cut(0, 0, 0, 0, whole=True, closed=False)]
    braces = parens = end = 0
    for height, symbol in enumerate(symbols, 1):
        match getattr(symbol, "type", None):
            case "LBRACE":
                braces, parens = braces + 1, 0
            case "RBRACE":
                braces, parens = braces - 1, 0
            case "LPAR":
                parens += 1
            case "RPAR":
                parens -= 1
            case _:
                # No other sign opens or closes anything.
                pass
        if isinstance(symbol, lark.Token):
            end = symbol.end_pos or 0
        elif isinstance(symbol, lark.Tree) and not symbol.meta.empty:
            end = getattr(symbol.meta, "container_end_pos", symbol.meta.end_pos)
        last = ";" if end in ends or not end else text[end - 1]
        whole = not parens and last in ENDS.values()
        cuts.append(Cut(height, end, braces, parens, whole, last in '")'))
    return cuts


def _position(parser: InteractiveParser) -> LineCounter:
    state = parser.lexer_thread.state
    if state is None:
        raise AssertionError("lark reads no text")
    return state.line_ctr


def _start(parser: InteractiveParser, resume: Resume) -> None:
    del parser.parser_state.state_stack[resume.cut.height + 1 :]
    del parser.parser_state.value_stack[resume.cut.height :]
    for terminal in resume.first:
        parser.feed_token(_token(terminal, "", resume.at, 0))


def _token(terminal: str, text: str, start: int, size: int) -> lark.Token:
    text = _STANDS_FOR.get(terminal, text)
    return lark.Token(terminal, text, start_pos=start, end_pos=start + size)
