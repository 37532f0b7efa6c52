"""Work that is begun, and begun again once what it lacked has been made.

What computes and reads may be begun as often as one likes. So nobody has to cut it in two where it turns slow: who would
keep an event loop waiting raises `Suspended` with what is to be made, a thread makes it, and the next time it is there.
"""

import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

MOST = 16  # times that a piece of work is begun; then it is done whole, on a thread


class Suspended(BaseException):
    """The work lacks what `make()` makes and remembers. It is no error, and handlers of errors are not to see it."""

    def __init__(self, make: Callable[[], object]) -> None:
        super().__init__()
        self.make = make


class _Here(threading.local):
    possible = False


_HERE = _Here()


def possible() -> bool:
    """Whether what this thread is doing may be suspended."""
    return _HERE.possible


def begin(work: Callable[[], T]) -> T:
    """Do `work()`, which computes and reads and may be begun again. Raises Suspended when it lacks something."""
    _HERE.possible = True
    try:
        return work()
    finally:
        _HERE.possible = False
