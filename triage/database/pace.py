"""How long kinds of work have taken lately, to tell which are shorter than handing them to a thread is worth.

A thread has to be woken, takes turns with the event loop at the interpreter, and on another processor finds none of
what both read in its cache (docs/decisions.md, “Short work stays on the event loop”).
"""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

SHORT = 0.01  # seconds that an event loop may stand still: nothing beside model calls of seconds
_NEWEST = 0.2  # weight of the newest time in what is expected of the next


class Pace:
    """The expected processor time of each kind of work, for one of it or so many. May be shared by threads."""

    def __init__(self) -> None:
        self._expected: dict[str, float] = {}

    def expected(self, kind: str, amount: float = 1.0) -> float:
        """The seconds that so much of this kind should take; too many where it was never done."""
        return self._expected.get(kind, SHORT) * amount

    def short(self, kind: str) -> bool:
        """Whether work of this kind is expected to be short; what was never done is not."""
        return self.expected(kind) < SHORT

    def timed(self, kind: str, work: Callable[[], T], amount: float = 1.0) -> T:
        """Do it and, when it comes to an end, remember how long it took, in seconds of this thread's processor time."""
        began = time.thread_time()
        done = work()
        took = (time.thread_time() - began) / amount
        self._expected[kind] = took if (was := self._expected.get(kind)) is None else was + _NEWEST * (took - was)
        return done
