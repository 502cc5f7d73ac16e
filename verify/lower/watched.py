"""What coverage watches: the statements that some run has to reach."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from verify.ir import Statement
from verify.reasons.coverage import Owner
from verify.source import Span
from verify.syntax import checked
from verify.syntax.checked import Checked


def watched(program: Checked, subjects: Collection[str]) -> Iterator[Statement]:
    """The statements of what stands in the program's own file, and of `subjects` anywhere."""
    for name, function in program.functions.items():
        if name in subjects or function.span.source.path == program.path:
            yield from (Statement(Owner("function", name), s) for s in _outermost(function.body))
    for name, thread in program.threads.items():
        if thread.span.source.path == program.path:
            yield from (Statement(Owner("thread", name), s) for s in _outermost(thread.body))


def _outermost(body: checked.Statement) -> Iterator[Span]:
    """What is watched of a body: of what stands for one statement of the text, the whole."""
    spans = {(span.start, span.end): span for span in _statements(body)}
    outermost, end = set(), -1
    for key in sorted(spans, key=lambda key: (key[0], -key[1])):
        if key[1] > end:
            outermost.add(key)
            end = key[1]
    yield from (span for key, span in spans.items() if key in outermost)


def _statements(body: checked.Statement) -> Iterator[Span]:
    """The simple statements and conditions in a body, in order."""
    for node in checked.walk(body):
        match node:
            case checked.If(condition, _, _, _) | checked.While(condition, _, _):
                yield condition.span
            case checked.Assign() | checked.Do() | checked.LockStatement() | checked.MightSleep():
                yield node.span
            case checked.Goto() | checked.Return():
                yield node.span
            case _:
                # Blocks and labels do nothing; an expression is part of its statement.
                continue
