"""Work ahead of what people ask for next: behind everything else, at most one job a person's tab, and only the newest wish of each."""

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock

logger = logging.getLogger(__name__)


class Ahead:
    """One thread of the desk's process. What it prepares nobody needs: a job may be dropped, and its failure is only logged."""

    def __init__(self) -> None:
        self._worker = ThreadPoolExecutor(1, "ahead")
        self._wanted: dict[str, Callable[[], object]] = {}
        self._lock = Lock()
        self._open = True

    def want(self, who: str, work: Callable[[], object]) -> None:
        """Have `work` done soon, in the place of what the same one (`who`) wanted before and has not got yet."""
        with self._lock:
            waits = who in self._wanted
            self._wanted[who] = work
            if self._open and not waits:
                self._worker.submit(self._next, who).add_done_callback(_told)

    def _next(self, who: str) -> None:
        with self._lock:
            work = self._wanted.pop(who)
        work()

    def close(self) -> None:
        """Drop what waits and comes later, and let the running job end."""
        with self._lock:
            self._open = False
        self._worker.shutdown(cancel_futures=True)


def _told(done: Future[None]) -> None:
    if not done.cancelled() and (error := done.exception()):
        logger.info("Nothing was prepared: %s", error)
