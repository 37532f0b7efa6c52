"""How near texts are in meaning, by the bundled embedder; what is not English is read word for word first."""

import logging
from collections import OrderedDict
from collections.abc import Sequence
from functools import cache
from threading import Lock

import numpy as np

from knowledge_base.embedding import Encoder, Vectors, embedder
from knowledge_base.gloss import gloss
from triage.errors import SettingsError

log = logging.getLogger(__name__)
_REMEMBERED = 12_000  # vectors of 1.5 kB: the sentences of some 150 articles

_cache: OrderedDict[str, Vectors] = OrderedDict()
_lock = Lock()


def likeness(asked: Sequence[str], texts: Sequence[str], language: str = "en") -> Vectors:
    """Cosine similarities, float32 (asked, texts), -1 to 1; all 0 where the embedder is not to be had."""
    encoder = _encoder()
    if encoder is None or not asked or not texts:
        return np.zeros((len(asked), len(texts)), np.float32)
    read = [gloss(text, language)[:600] for text in (*asked, *texts)]
    vectors = _vectors(encoder, read)
    similar: Vectors = vectors[: len(asked)] @ vectors[len(asked) :].T
    blank = np.array([not text.strip() for text in read])
    similar[blank[: len(asked)], :] = 0.0
    similar[:, blank[len(asked) :]] = 0.0
    return similar


@cache
def _encoder() -> Encoder | None:
    try:
        return embedder()
    except SettingsError as error:
        log.warning("The offline engine compares by words only: %s", error)
        return None


def _vectors(encoder: Encoder, texts: list[str]) -> Vectors:
    """Vectors of texts; those of the sentences of articles are made once."""
    with _lock:
        known = {text: _cache[text] for text in texts if text in _cache}
    fresh = [text for text in dict.fromkeys(texts) if text not in known]
    if fresh:
        known.update(zip(fresh, encoder.encode(fresh), strict=True))
    with _lock:
        for text in fresh:
            _cache[text] = known[text]
        while len(_cache) > _REMEMBERED:
            _cache.popitem(last=False)
    return np.stack([known[text] for text in texts])
