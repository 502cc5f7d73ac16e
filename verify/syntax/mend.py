"""What is wrong with a text, mistake by mistake, and how reading goes on behind each.

lark stops at the first word that does not fit.  A guess of what was meant is put to
lark as a question: how far would you read on if this stood there?  The guess that
reads on is what the message says, and the state that lark goes on in.
"""

from __future__ import annotations

import lark

from verify.diagnostics import Diagnostic
from verify.source import Source
from verify.syntax.guess import GUESSES
from verify.syntax.limits import MAX_ERRORS
from verify.syntax.mistake import Mistake, behind
from verify.syntax.stack import Resume, Stack, Trail
from verify.syntax.words import Words


class Mender:
    """Notes what is wrong where lark stops, and lets it go on behind.

    Args:
        source: the text.
        limit: nothing is said of what is behind this offset.
    """

    def __init__(self, source: Source, limit: int) -> None:
        self.source = source
        self.limit = limit
        self.errors: list[Diagnostic] = []
        self._words: Words | None = None
        self._trail = Trail()
        self._blamed = -1

    def mend(self, error: lark.exceptions.UnexpectedInput) -> bool:
        """lark's `on_error`: True, as there is always a way to go on, if only at the end."""
        text = self.source.text
        if self._words is None:
            self._words = Words(text)
        index = self._words.index(_offset(error, len(text)))
        stack = Stack(error.interactive_parser, text, self._words, self._trail)
        mistake = Mistake(self.source, self._words, stack, index)
        resume: Resume | None = None
        if mistake.word.start < self.limit:
            resume = self._next(mistake)
        resume = resume or stack.end()
        self._trail.add(resume)
        stack.resume(resume)
        return True

    def _next(self, mistake: Mistake) -> Resume | None:
        if mistake.index <= self._blamed:
            return behind(mistake, self._blamed + 1)
        self._blamed = mistake.index
        for guess in GUESSES:
            mend = guess(mistake)
            if mend is not None:
                self.errors.append(mend.message)
                return mend.resume if len(self.errors) < MAX_ERRORS else None
        raise AssertionError("the last guess always says something")


def _offset(error: lark.exceptions.UnexpectedInput, size: int) -> int:
    if isinstance(error, lark.exceptions.UnexpectedToken) and error.token.type == "$END":
        return size
    return size if error.pos_in_stream is None else error.pos_in_stream
