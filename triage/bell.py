"""A bell at which a queue's worker waits, so that work of its own process begins at once and few looks find nothing."""

import threading
import time

_SHARE, _LONGEST = 5.0, 0.1  # a look is followed by a pause of so many times its own length, of so many seconds at most


class Bell(threading.Event):
    """The stop event of a thread that looks for work every so often; `wait` ends early when the bell was rung.

    Looks that follow each other closely leave a pause between them: what comes in a burst is found together.
    """

    def __init__(self) -> None:
        super().__init__()
        self._rung = threading.Event()
        self._looked_at = time.monotonic()

    def ring(self) -> None:
        """There is work. Never waits; may be called from any thread."""
        self._rung.set()

    def set(self) -> None:
        """Stop: whoever waits now or later is told so at once."""
        super().set()
        self.ring()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the bell is rung, or for `timeout` seconds; whether it is time to stop. One thread may wait."""
        came = time.monotonic()
        pause = min(_LONGEST, _SHARE * (came - self._looked_at))
        if self.is_set() or self._rung.wait(timeout):
            super().wait(max(0.0, came + pause - time.monotonic()))
        self._rung.clear()
        self._looked_at = time.monotonic()
        return self.is_set()
