"""Text to tokens, and a cursor over them that words what is wrong with a text."""

from __future__ import annotations

import re
from typing import NamedTuple, NoReturn

from verify.diagnostics import Diagnostic
from verify.source import Source, Span
from verify.syntax import tree

MAX_DEPTH = 100
MAX_ERRORS = 20
MAX_DIGITS = 18

# C's own words; the words of models (`claim`, `at`, ...) mean something in their place only.
RESERVED = frozenset(
    [
        "NULL",
        "bool",
        "container_of",
        "else",
        "enum",
        "false",
        "for",
        "goto",
        "if",
        "int",
        "long",
        "return",
        "static",
        "struct",
        "true",
        "typeof",
        "unsigned",
        "void",
        "while",
    ]
)

_TOKEN = re.compile(
    r"""
      (?P<space>  [ \t\r\n\f]+ | //[^\n]* | /\*[^*]*\*+(?:[^/*][^*]*\*+)*/ )
    | (?P<name>   [A-Za-z_][A-Za-z0-9_]* )
    | (?P<number> [0-9]+ )
    | (?P<string> "[^"\n]*" )
    | (?P<sign>   \#include | \.\. | -> | && | \|\| | [=!<>]= | [-+*&!<>=(){}\[\];:,.] )
    | (?P<open>   /\* | "[^\n]* )
    | (?P<bad>    . )
    """,
    re.VERBOSE | re.DOTALL,
)

_SIGNS = re.compile(r"[-+*/%&|^<>=!?~]+")

# What C has and the language has not, with what to do about it.
FOREIGN = {
    "++": "write x = x + 1",
    "--": "write x = x - 1",
    "?": "there is no `?:`: write if and else",
    "break": "leave a loop by goto",
    "continue": "go on with a loop by goto",
    "do": "write while, or a label and goto",
    "switch": "write if and else",
    "const": "leave it out",
    "extern": "leave it out: a primitive or a function has its body here",
    "inline": "leave it out",
    "volatile": "leave it out",
    **dict.fromkeys(("+=", "-=", "*=", "&=", "|="), "write x = x + ..."),
    **dict.fromkeys(("/", "%", "|", "^", "~", "<<", ">>"), "there are +, -, * and the comparisons"),
}


class Token(NamedTuple):
    """`kind` is name, number, string, end, open, bad, or the reserved word or sign itself."""

    kind: str
    text: str
    start: int
    end: int


class Wrong(Exception):
    """The text does not go on as it should; noted already, the reader looks for a place to go on.

    `outside` says that it is a declaration that was met inside a body.
    """

    def __init__(self, outside: bool = False) -> None:
        super().__init__()
        self.outside = outside


class Stop(Exception):
    """No use in reading on; what was wrong is noted already."""


def tokens(text: str) -> list[Token]:
    """The tokens of a text; the last one is its end."""
    found = []
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup
        if kind == "space":
            continue
        word = match.group()
        if kind == "sign" or (kind == "name" and word in RESERVED):
            kind = word
        found.append(Token(kind or "", word, match.start(), match.end()))
        if word == "/*":
            break
    found.append(Token("end", "", len(text), len(text)))
    return found


def whole(digits: str) -> int | None:
    """The number, if it has no more digits than any model can want; zeros in front are none."""
    # Python reads no number of thousands of digits, be they zeros.
    digits = digits.lstrip("0")
    return int(digits or "0") if len(digits) <= MAX_DIGITS else None


def too_deep(source: Source, start: int) -> Diagnostic:
    """What starts there is in too much, or has too much in it."""
    span = Span(source, start, start + 1)
    return Diagnostic("BFP004", f"nested more than {MAX_DEPTH} deep", span)


class Cursor:
    """Where the reader is in a text, and what it has found wrong so far.

    `depth` counts what is open around the cursor, `height` the levels of the
    expression read last: both are bounded, so that every later stage may walk
    the tree by recursion.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.errors: list[Diagnostic] = []
        self.tokens = tokens(source.text)
        self.index = 0
        self.token = self.tokens[0]
        self.braces = 0
        self.parens = 0
        self.depth = 0
        self.height = 0
        self._blamed = -1

    # ---------------------------------------------------------------- reading

    def next(self) -> Token:
        """The token here; the cursor moves behind it."""
        token = self.token
        match token.kind:
            case "{":
                self.braces, self.parens = self.braces + 1, 0
            case "}":
                self.braces, self.parens = self.braces - 1, 0
            case "(":
                self.parens += 1
            case ")":
                self.parens = max(self.parens - 1, 0)
        if token.kind != "end":
            self.index += 1
            self.token = self.tokens[self.index]
        return token

    def ahead(self, distance: int) -> Token:
        """A token behind the one here."""
        return self.tokens[min(self.index + distance, len(self.tokens) - 1)]

    @property
    def previous(self) -> Token:
        return self.tokens[max(self.index - 1, 0)]

    def skip(self, kind: str) -> bool:
        """Whether a token of that kind is here; if so, the cursor moves behind it."""
        if self.token.kind != kind:
            return False
        self.next()
        return True

    def word(self, text: str) -> bool:
        """Whether this word of models is here; if so, the cursor moves behind it."""
        if self.token.kind != "name" or self.token.text != text:
            return False
        self.next()
        return True

    def expect(self, kind: str, what: str = "") -> Token:
        """The token here, which has to be of that kind."""
        if self.token.kind != kind:
            raise self.unexpected(what or f"`{kind}`")
        return self.next()

    def close(self, sign: str) -> None:
        """A `;` or `)`; one that is missing is noted and taken as written.

        The mistake is at the end of what came before, often a line up.
        """
        if self.token.kind == sign:
            self.next()
            return
        before, token = self.previous, self.token
        same_line = self.source.line_of(before.end - 1) == self.source.line_of(token.start)
        if same_line and token.kind not in ("{", "}", ";", "end") and token.kind not in RESERVED:
            raise self.unexpected(f"`{sign}`")
        if sign == ")":
            self.parens = max(self.parens - 1, 0)
        self.wrong(
            f"expected `{sign}` before {shown(token)}",
            Span(self.source, before.end - 1, before.end),
            f"`{sign}` is missing after this",
        )

    def name(self, what: str = "a name") -> tree.Name:
        token = self.expect("name", what)
        return tree.Name(token.text, Span(self.source, token.start, token.end))

    def string(self, what: str = 'a "sentence"') -> str:
        return self.expect("string", what).text[1:-1]

    def number(self) -> int:
        """A number that is no larger than any model can want."""
        token = self.expect("number", "a number")
        number = whole(token.text)
        if number is None:
            self.wrong(
                f"a number of more than {MAX_DIGITS} digits",
                Span(self.source, token.start, token.end),
                code="BFP109",
            )
        return number or 0

    def span(self, start: int) -> Span:
        """From `start` to the end of the last token read."""
        return Span(self.source, start, self.previous.end)

    def here(self) -> Span:
        return Span(self.source, self.token.start, self.token.end)

    # --------------------------------------------------------------- mistakes

    def wrong(
        self, headline: str, span: Span, label: str = "", *notes: str, code: str = "BFP002"
    ) -> None:
        """Note a mistake, unless one is noted at this token already."""
        if self._blamed == self.index:
            return
        self._blamed = self.index
        self.errors.append(Diagnostic(code, headline, span, label, notes))
        if len(self.errors) >= MAX_ERRORS:
            raise Stop

    def unexpected(self, wanted: str) -> Wrong:
        """Something else than `wanted` is here."""
        token = self.token
        if token.kind == "end":
            # The last thing in the text is to be seen, not what is not there.
            last = self.previous
            self.wrong(
                "the text ends too early",
                Span(self.source, max(last.end - 1, 0), max(last.end, 1)),
                f"expected {wanted} after this",
            )
            raise Stop
        if token.kind == "open":
            what = "comment" if token.text == "/*" else "string"
            end = token.start + 2 if what == "comment" else token.end
            self.wrong(f"this {what} does not end", Span(self.source, token.start, end))
            return Wrong()
        self.wrong(f"unexpected {shown(token)}", self.here(), f"expected {wanted}", *self._hints())
        return Wrong()

    def _hints(self) -> tuple[str, ...]:
        """What to do about a piece of C that the language has not."""
        token = self.token
        if token.text in FOREIGN:
            return (FOREIGN[token.text],)
        if token.kind == "=" and self.parens:
            return ("a comparison is `==`",)
        for run in _SIGNS.finditer(self.source.text, max(token.start - 2, 0), token.end + 2):
            if run.start() <= token.start < run.end() and run.group() in FOREIGN:
                return (FOREIGN[run.group()],)
        return ()

    def foreign(self) -> bool:
        """Note a word of C that stands here and that the language has not."""
        token = self.token
        if token.kind != "name" or token.text not in FOREIGN:
            return False
        self.wrong(f"`{token.text}` is not in the language", self.here(), "", FOREIGN[token.text])
        return True

    def enter(self, start: int) -> None:
        """One level deeper; the caller counts `depth` down again."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self._too_deep(start)

    def grow(self, height: int, start: int) -> None:
        """The expression that starts there has so many levels."""
        self.height = height
        if height > MAX_DEPTH:
            self._too_deep(start)

    def _too_deep(self, start: int) -> NoReturn:
        self.errors.append(too_deep(self.source, start))
        raise Stop

    def recover(self, braces: int) -> None:
        """Go behind the next `;`, or to the `}`, of what has so many braces around it."""
        while self.token.kind != "end":
            if self.token.kind == "}" and self.braces <= braces:
                return
            kind = self.next().kind
            if self.braces <= braces and (kind == "}" or (kind == ";" and not self.parens)):
                return


def shown(token: Token) -> str:
    """A token as a headline names it."""
    if token.kind == "end":
        return "the end of the text"
    if token.kind == "bad" and not " " < token.text <= "~":
        return f"character U+{ord(token.text):04X}"
    return f"`{token.text[:40]}`"
