"""Records of days as they are stored, and in this process's memory, so that a figure asked again reads only what has moved."""

from collections import OrderedDict
from collections.abc import Hashable
from hashlib import blake2b
from itertools import count
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Engine
from sqlmodel import Session

from triage.learning.metrics.facts import Records

_MOST = 256 * 2**20  # bytes in memory: a year of 200,000 tickets has a place in it


def packed(records: Records) -> bytes:
    """Records field by field, since figures want few fields of many records."""
    return b"".join(np.ascontiguousarray(records[name]).tobytes() for name in records.dtype.names or ())


def mark_of(data: bytes) -> str:
    """Names what is stored by what is in it; "" is nothing."""
    return blake2b(data, digest_size=16).hexdigest() if data else ""


class Packed:
    """Packed records, each field to be read where it lies."""

    def __init__(self, dtype: "np.dtype[np.void]", data: bytes) -> None:
        self._dtype, self._data, self._length = dtype, data, len(data) // dtype.itemsize
        self._fields: dict[str, NDArray[Any]] = {}

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, field: str) -> NDArray[Any]:
        if field not in self._fields:
            assert self._dtype.fields is not None  # only a plain type has none
            kind, offset = self._dtype.fields[field][:2]
            self._fields[field] = np.frombuffer(self._data, kind, self._length, offset * self._length)
        return self._fields[field]


class Memory:
    """Things by key, up to so many bytes; what was asked for longest ago goes first. Safe among threads."""

    def __init__(self, most: int) -> None:
        self._most, self._bytes = most, 0
        self._things: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable) -> Any:
        """None when it is not here."""
        with self._lock:
            if key not in self._things:
                return None
            self._things.move_to_end(key)
            return self._things[key][0]

    def put(self, key: Hashable, thing: Any, size: int) -> None:
        with self._lock:
            self._bytes += size - self._things.pop(key, (None, 0))[1]
            self._things[key] = thing, size
            while self._bytes > self._most:
                self._bytes -= self._things.popitem(last=False)[1][1]

    def clear(self) -> None:
        with self._lock:
            self._things.clear()
            self._bytes = 0


MEMORY = Memory(_MOST)
_DATABASES: "WeakKeyDictionary[Engine | Connection, int]" = WeakKeyDictionary()
_NUMBERS = count()


def database_of(session: Session) -> int:
    """A number for the database of a session, as long as this process has it open."""
    return _DATABASES.setdefault(session.get_bind(), next(_NUMBERS))
