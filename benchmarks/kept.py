"""Vectors kept between runs by the text that they stand for, so that a corpus is embedded once."""

import hashlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from threading import Lock

import numpy as np

from knowledge_base.embedding import DIMENSIONS, Encoder, Vectors
from triage.settings import load_settings

_TOGETHER = 500  # parameters of one statement


class Kept:
    """An encoder that asks another one only for texts that it has not seen before; thread-safe.

    One SQLite file for each embedder in `folder`; a vector is filed under the SHA-256 of its text.
    """

    def __init__(self, encoder: Encoder, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._encoder, self._lock = encoder, Lock()
        self._known: dict[bytes, Vectors] = {}
        self._file = sqlite3.connect(folder / f"{self.name}.vectors", check_same_thread=False, timeout=60)
        self._file.execute("CREATE TABLE IF NOT EXISTS kept (key BLOB PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID")

    @property
    def name(self) -> str:
        return self._encoder.name

    def encode(self, texts: list[str]) -> Vectors:
        """float32 (n, dimensions), each row of unit length."""
        keys = [hashlib.sha256(text.encode()).digest() for text in texts]
        with self._lock:
            self._look_up([key for key in dict.fromkeys(keys) if key not in self._known])
            fresh = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._known}
            if fresh:
                self._keep(list(fresh), self._encoder.encode(list(fresh.values())))
            return np.stack([self._known[key] for key in keys]) if keys else np.zeros((0, DIMENSIONS), np.float32)

    def close(self) -> None:
        self._file.close()

    def _look_up(self, keys: Sequence[bytes]) -> None:
        for start in range(0, len(keys), _TOGETHER):
            some = keys[start : start + _TOGETHER]
            wanted = f"SELECT key, vector FROM kept WHERE key IN ({','.join('?' * len(some))})"
            self._known |= {key: np.frombuffer(vector, np.float32) for key, vector in self._file.execute(wanted, some)}

    def _keep(self, keys: Sequence[bytes], vectors: Vectors) -> None:
        self._known |= dict(zip(keys, vectors, strict=True))
        with self._file:
            rows = [(key, vector.tobytes()) for key, vector in zip(keys, vectors, strict=True)]
            self._file.executemany("INSERT OR REPLACE INTO kept VALUES (?, ?)", rows)


def cache_folder(given: Path | None) -> Path:
    """Where vectors are kept: what is given, else TRIAGE_DATA_CACHE, else bench/ in the home folder."""
    settings = load_settings()
    return given or (Path(settings.data_cache) if settings.data_cache else settings.home / "bench")
