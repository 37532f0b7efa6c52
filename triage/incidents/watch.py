"""Notices at once that several customers wrote of one matter, by what the runs of this process embedded anyway.

It decides nothing: it only says that looking is worth while. What other processes worked on, and what a language model
planned without examples, the clock finds.
"""

from datetime import datetime, timedelta
from threading import Lock

import numpy as np

from knowledge_base.embedding import Encoder, Vectors
from triage.models import now

REMEMBERED = 512  # tickets
LOOKED_BACK = timedelta(hours=6)
_ALIKE = 0.55  # cosine of two tickets that may be one matter; the finding looks closer
_OTHERS = 2  # other customers with a like ticket, from which on looking is worth while
_UNENDED = 4_096  # vectors kept for tickets whose run has not ended


class Watch:
    """The newest tickets' vectors, in a ring. May be shared by threads."""

    def __init__(self, embedder: Encoder) -> None:
        self._embedder = embedder
        self._lock = Lock()
        self._heard: dict[int, Vectors] = {}
        self._vectors = np.zeros((0, 0), np.float32)
        self._tickets: list[tuple[int, str, datetime]] = []
        self._next = 0

    def heard(self, ticket_id: int, text: str) -> None:
        """The text that a run has just embedded for this ticket: its vector is still remembered."""
        vector = self._embedder.encode([text])[0]
        with self._lock:
            if len(self._heard) >= _UNENDED:
                self._heard.pop(next(iter(self._heard)))
            self._heard[ticket_id] = vector

    def arrived(self, ticket_id: int, sender: str) -> bool:
        """A ticket's run ended: whether other customers wrote the like lately. Nothing is embedded for it."""
        with self._lock:
            vector = self._heard.pop(ticket_id, None)
            if vector is None:
                return False
            found = self._others(vector, ticket_id, sender)
            self._keep(vector, (ticket_id, sender.lower(), now()))
            return found >= _OTHERS

    def _others(self, vector: Vectors, ticket_id: int, sender: str) -> int:
        if not self._tickets:
            return 0
        near = np.flatnonzero(self._vectors[: len(self._tickets)] @ vector >= _ALIKE)
        since = now() - LOOKED_BACK
        senders = {self._tickets[n][1] for n in near if self._tickets[n][0] != ticket_id and self._tickets[n][2] >= since}
        return len(senders - {sender.lower()})

    def _keep(self, vector: Vectors, ticket: tuple[int, str, datetime]) -> None:
        if self._vectors.shape[1] != len(vector):
            self._vectors, self._tickets, self._next = np.zeros((REMEMBERED, len(vector)), np.float32), [], 0
        self._vectors[self._next] = vector
        if self._next < len(self._tickets):
            self._tickets[self._next] = ticket
        else:
            self._tickets.append(ticket)
        self._next = (self._next + 1) % REMEMBERED
