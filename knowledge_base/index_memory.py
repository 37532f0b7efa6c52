"""The part of Chroma that the index uses, over numpy arrays: what a process holds that does not own the index's folder.

A graph of neighbours takes a minute to make for 100,000 passages; these arrays take two seconds, and looking at every
vector is exact and takes 10 to 20 ms. So a command line beside a running desk answers at once.
"""

from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray


class MemoryCollection:
    """Vectors of unit length by id; thread-safe."""

    def __init__(self, name: str, metadata: dict[str, Any]) -> None:
        self.name, self.metadata = name, metadata
        self._lock = Lock()
        self._ids: list[str] = []
        self._rows: dict[str, int] = {}
        self._vectors: NDArray[np.float32] = np.zeros((0, 0), np.float32)  # with room behind the last row

    def modify(self, *, name: str | None = None, metadata: dict[str, Any] | None = None) -> None:
        self.name, self.metadata = name or self.name, metadata or self.metadata

    def count(self) -> int:
        return len(self._ids)

    def get(self, *, include: list[str]) -> dict[str, Any]:
        """All ids; nothing else can be included."""
        return {"ids": list(self._ids)}

    def upsert(self, *, ids: list[str], embeddings: NDArray[np.float32]) -> None:
        with self._lock:
            rows = []
            for id in ids:
                if id not in self._rows:
                    self._rows[id] = len(self._ids)
                    self._ids.append(id)
                rows.append(self._rows[id])
            if len(self._ids) > len(self._vectors):
                grown = np.zeros((max(len(self._ids), len(self._vectors) * 5 // 4), embeddings.shape[1]), np.float32)
                grown[: len(self._vectors)] = self._vectors if len(self._vectors) else 0
                self._vectors = grown
            self._vectors[rows] = embeddings

    def delete(self, *, ids: list[str]) -> None:
        with self._lock:
            gone = {self._rows[id] for id in ids if id in self._rows}
            kept = [row for row in range(len(self._ids)) if row not in gone]
            self._vectors = self._vectors[kept]
            self._ids = [self._ids[row] for row in kept]
            self._rows = {id: row for row, id in enumerate(self._ids)}

    def query(self, *, query_embeddings: NDArray[np.float32], n_results: int, include: list[str]) -> dict[str, Any]:
        """For each vector the ids of the `n_results` nearest by cosine, nearest first."""
        with self._lock:
            ids, vectors = self._ids[:], self._vectors[: len(self._ids)]
        if not ids:
            return {"ids": [[] for _ in query_embeddings]}
        near = query_embeddings @ vectors.T
        return {"ids": [[ids[row] for row in _best(scores, n_results)] for scores in near]}


class MemoryClient:
    """Collections by name, gone with the process."""

    def __init__(self) -> None:
        self._collections: list[MemoryCollection] = []

    def list_collections(self) -> list[MemoryCollection]:
        return list(self._collections)

    def create_collection(self, name: str, *, metadata: dict[str, Any], **_: Any) -> MemoryCollection:
        self._collections.append(MemoryCollection(name, metadata))
        return self._collections[-1]

    def delete_collection(self, name: str) -> None:
        self._collections = [collection for collection in self._collections if collection.name != name]

    def close(self) -> None:
        self._collections = []


def _best(scores: NDArray[np.float32], n: int) -> list[int]:
    some = np.argpartition(-scores, n - 1)[:n] if len(scores) > n else np.arange(len(scores))
    return [int(row) for row in some[np.argsort(-scores[some], kind="stable")]]
