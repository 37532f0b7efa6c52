"""Texts to vectors, without a network: all-MiniLM-L6-v2 on onnxruntime, one thread a query."""

import logging
import os
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from knowledge_base import minilm
from triage.database import suspense
from triage.database.pace import Pace
from triage.database.suspense import Suspended
from triage.errors import EmbedderUnavailable

log = logging.getLogger(__name__)

Vectors = NDArray[np.float32]

NAME = f"minilm-l6-v2-int8.{minilm.VECTORS}@{minilm.WEIGHTS_SHA256[:8]}"
DIMENSIONS = minilm.WIDTH
_REMEMBERED = 2048
_FEW = 8  # texts of one search; more than that is a publication
_MOMENT = 0.002  # seconds of embedding from which on an event loop leaves it to a thread
_TRY_AGAIN = 10.0  # seconds until a model that could not be loaded is tried again


class Encoder(Protocol):
    """What turns texts into vectors; `name` changes whenever its vectors would."""

    @property
    def name(self) -> str: ...

    def encode(self, texts: list[str]) -> Vectors:
        """float32 (n, dimensions), each row of unit length."""
        ...


class Embedder:
    """Thread-safe. Keeps the vectors of the last 2,048 short requests, so that a repeated query costs nothing.

    The model is loaded when it is first needed; one that cannot be is tried again after ten seconds.
    """

    name = NAME

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._model: tuple[Any, Any] | None = None  # session and tokenizer
        self._failure: tuple[float, EmbedderUnavailable] | None = None
        self._loading = Lock()
        self._cache: OrderedDict[str, Vectors] = OrderedDict()
        self._lock = Lock()
        self._pace = Pace()

    @property
    def problem(self) -> str:
        """Why the model cannot be used; empty when it can."""
        return str(self._failure[1]) if self._failure and self._model is None else ""

    def load(self) -> None:
        """Load the model now. Raises EmbedderUnavailable when it is missing or damaged."""
        self._loaded()

    def _loaded(self) -> tuple[Any, Any]:
        with self._loading:
            if self._model is None:
                if failed := self._given_up():
                    raise failed
                try:
                    self._model = _load(self._folder)
                except Exception as error:  # whatever packages and disks raise, searches by words go on
                    failure = error if isinstance(error, EmbedderUnavailable) else _unusable(error)
                    self._failure = (time.monotonic() + _TRY_AGAIN, failure)
                    raise failure from error
            return self._model

    def _given_up(self) -> EmbedderUnavailable | None:
        """Why the model could not be loaded, until it is to be tried again."""
        return self._failure[1] if self._failure and time.monotonic() < self._failure[0] else None

    def encode(self, texts: list[str]) -> Vectors:
        """The vectors of texts: float32 (n, 384), unit length; what goes beyond 256 word pieces is not seen.

        Raises EmbedderUnavailable when the model cannot be loaded, and Suspended where an event loop would wait for it.
        """
        with self._lock:
            known = {text: self._cache[text] for text in texts if text in self._cache}
        fresh = [text for text in dict.fromkeys(texts) if text not in known]
        if fresh and suspense.possible() and self._long(fresh):
            raise Suspended(partial(self._prepare, fresh))
        known.update(self._made(fresh))
        if len(texts) <= _FEW:
            self._remember({text: known[text] for text in texts})
        return np.stack([known[text] for text in texts]) if texts else np.zeros((0, DIMENSIONS), np.float32)

    def _long(self, texts: list[str]) -> bool:
        """Whether an event loop has better things to do than to embed these."""
        if self._model is None:
            return self._given_up() is None
        return self._pace.expected("character", sum(map(_seen, texts))) >= _MOMENT

    def _prepare(self, texts: list[str]) -> None:
        """Remember their vectors. What goes wrong is told to who asks for them again."""
        with suppress(Exception):
            self._remember(self._made(texts))

    def _made(self, texts: list[str]) -> dict[str, Vectors]:
        return dict(zip(texts, map(self._vector, texts) if len(texts) <= _FEW else self._run_many(texts), strict=True))

    def _remember(self, known: dict[str, Vectors]) -> None:
        with self._lock:
            for text, vector in known.items():
                self._cache[text] = vector
                self._cache.move_to_end(text)
            while len(self._cache) > _REMEMBERED:
                self._cache.popitem(last=False)

    def _run_many(self, texts: list[str]) -> Vectors:
        """On all processors."""
        with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
            return np.stack(list(pool.map(self._vector, texts)))

    def _vector(self, text: str) -> Vectors:
        """One text at a time: eight-bit sums are scaled by all that is in a batch, and padding would cost as much as text."""
        session, tokenizer = self._loaded()

        def run() -> Any:
            return session.run(["vectors"], {"ids": np.array([tokenizer.encode(text).ids], np.int64)})

        vector: Vectors = self._pace.timed("character", run, _seen(text))[0][0]
        return vector


def _seen(text: str) -> int:
    """About how many characters of it the model reads."""
    return max(1, min(len(text), 4 * minilm.LONGEST))


def _load(folder: Path) -> tuple[Any, Any]:
    import onnxruntime  # type: ignore[import-untyped]
    from tokenizers import Tokenizer

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(str(minilm.onnx_file(folder)), options, providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer.from_file(str(minilm.package_file("tokenizer.json", minilm.TOKENIZER_SHA256)))
    tokenizer.enable_truncation(minilm.LONGEST)
    tokenizer.no_padding()
    return session, tokenizer


def _unusable(error: Exception) -> EmbedderUnavailable:
    line = f"{type(error).__name__}: {error}".splitlines()[0][:200]
    return EmbedderUnavailable(f"The embedding model cannot be loaded ({line}). Reinstall what uv.lock pins (make run does it).")


_embedders: dict[Path, Embedder] = {}
_making = Lock()


def embedder(folder: Path | None = None) -> Embedder:
    """The embedder of this process; `folder` keeps the made model, by default models/ in the home folder.

    One whose model is missing or damaged is returned too: it raises EmbedderUnavailable when used, and searches go by words.
    """
    if folder is None:
        from triage.settings import settings

        folder = settings().home / "models"
    folder = folder.resolve()
    with _making:
        if folder not in _embedders:
            _embedders[folder] = Embedder(folder)
            try:
                _embedders[folder].load()
            except EmbedderUnavailable as error:
                log.error("%s Until then searches go by words only.", error)
        return _embedders[folder]


Embed = Encoder | Callable[[list[str]], Vectors]


class _Function:
    """A function as an encoder; without an embedder behind it, its vectors count as the bundled model's."""

    def __init__(self, embed: Callable[[list[str]], Vectors]) -> None:
        self.name: str = getattr(getattr(embed, "__self__", None), "name", NAME)
        self.encode = embed


def as_encoder(embed: Embed) -> Encoder:
    """An embedder as it is, or a function such as its `encode` method with the embedder's name."""
    return _Function(embed) if callable(embed) else embed


class Prepared:
    """An encoder that has already seen its texts, so that a transaction need not wait for them."""

    def __init__(self, encoder: Encoder, texts: list[str]) -> None:
        self.name, self._encoder = encoder.name, encoder
        distinct = list(dict.fromkeys(texts))
        try:
            self._known = dict(zip(distinct, encoder.encode(distinct), strict=True))
        except EmbedderUnavailable:  # whoever needs the vectors hears of it then
            self._known = {}

    def encode(self, texts: list[str]) -> Vectors:
        """The prepared vectors, others made now: float32 (n, d)."""
        missing = [text for text in texts if text not in self._known]
        if missing:
            self._known.update(zip(missing, self._encoder.encode(missing), strict=True))
        return np.stack([self._known[text] for text in texts])
