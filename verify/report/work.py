"""What an engine is doing, in a few words."""

from __future__ import annotations

from collections.abc import Mapping

from verify.reasons.work import Confirming, Task, Work

SAID: Mapping[Task, str] = {
    Task.EXPLORING: "exploring one thread of each kind",
    Task.ENCODING: "writing the runs as formulas",
    Task.REACHING: "asking z3 what is reached",
    Task.CLOSING: "closing the views",
    Task.SEARCHING: "looking for lemmas",
    Task.CONFIRMING: "asking two solvers",
    Task.ASKING: "asking z3",
    Task.REWRITING: "writing the obligations again",
    Task.FOLLOWING: "following the runs again",
}


def work_text(work: Work) -> str:
    """What is being done."""
    return f"asking for {work.obligation}" if isinstance(work, Confirming) else SAID[work]
