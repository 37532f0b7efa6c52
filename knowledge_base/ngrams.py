"""What a text is made of: its words, pairs of words and pieces of words, as one vector of a fixed width.

Pieces of words know endings, slips of the keyboard and product codes that an embedding does not. Each is hashed to
a place with a sign (feature hashing, Weinberger et al., ICML 2009) and weighs the more the fewer texts hold it.
"""

import re
import zlib
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from knowledge_base.embedding import Vectors

WIDTH = 2048
_COUNTED = 1 << 16  # places in which it is counted how many texts hold a piece
_PIECES = (3, 4, 5)  # characters
_MOST_WORDS = 250
_WORD = re.compile(r"[^\W_]+(?:'[^\W\d_]+)?")

Hashes = NDArray[np.int64]


def hashes(text: str) -> Hashes:
    """The distinct hashes of a text's words, pairs and pieces, ascending."""
    return np.unique(np.fromiter((zlib.crc32(gram.encode()) for gram in _grams(text)), np.int64))


def _grams(text: str) -> Iterable[str]:
    words = _WORD.findall(text.lower())[:_MOST_WORDS]
    yield from (f"w {word}" for word in words)
    yield from (f"p {first} {second}" for first, second in pairwise(words))
    for word in dict.fromkeys(words):
        framed = f"<{word[:40]}>"
        yield from (framed[at : at + size] for size in _PIECES for at in range(len(framed) - size + 1))


class Ngrams:
    """How rare each piece is among some texts."""

    def __init__(self, texts: Sequence[Hashes]) -> None:
        seen = np.zeros(_COUNTED, np.int64)
        for text in texts:
            np.add.at(seen, np.unique(text % _COUNTED), 1)
        self._rarity = (np.log((1 + len(texts)) / (1 + seen)) + 1).astype(np.float32)

    def places(self, text: Hashes) -> tuple[Hashes, Vectors]:
        """The places of a text's vector that are not 0, and what stands there; of unit length (but for collisions)."""
        weights = self._rarity[text % _COUNTED]
        length = float(np.sqrt((weights * weights).sum())) or 1.0
        signed: Vectors = weights / np.float32(length) * np.where((text >> 20) & 1, np.float32(1), np.float32(-1))
        return text % WIDTH, signed

    def matrix(self, texts: Sequence[Hashes]) -> Vectors:
        """float32 (n, WIDTH)."""
        made = np.zeros((len(texts), WIDTH), np.float32)
        for row, text in enumerate(texts):
            np.add.at(made[row], *self.places(text))
        return made
