"""A text cut into sentences, each as hashed pieces of words: what the detector's linear models look at.

Pieces are runs of 3 to 5 characters, words, pairs of words, and the words a sentence begins with, hashed into a fixed
number of buckets (the hashing trick: Weinberger et al., 2009), all in numpy, since every message is read.
"""

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BUCKETS = 1 << 16
LONGEST = 320  # characters of a sentence; a longer one is cut between words

_ENDS = re.compile(r"[.!?…。！？।؟]+(?=[\s\"'”’)\]]|$)|[。！？।]|\n+|(?<=[;>])\s+|<")
_GRAMS = ((3, 0x9E3779B1), (4, 0x85EBCA77), (5, 0xC2B2AE3D))
_PRIME = np.uint32(0x01000193)
_POWERS = np.cumprod(np.full(64, _PRIME, np.uint32), dtype=np.uint32)
_ASCII_WORD = np.array([chr(code).isalnum() or chr(code) == "'" for code in range(128)])

Ints = NDArray[np.int64]
Codes = NDArray[np.uint32]


@dataclass(frozen=True)
class Pieces:
    """`sentences` are (start, end) in the text; `buckets[i]` is a piece of sentence number `owner[i]`."""

    sentences: list[tuple[int, int]]
    owner: Ints
    buckets: Ints


def sentences(text: str) -> list[tuple[int, int]]:
    """Where the sentences and lines of a text stand, blanks at their ends left out, in order and without overlap."""
    found: list[tuple[int, int]] = []
    start = 0
    for match in _ENDS.finditer(text):
        _keep(text, start, match.end() if match.group() != "<" else match.start(), found)
        start = match.end() if match.group() != "<" else match.start()
    _keep(text, start, len(text), found)
    return found


def _keep(text: str, start: int, end: int, found: list[tuple[int, int]]) -> None:
    while end - start > LONGEST:
        cut = text.rfind(" ", start + LONGEST // 2, start + LONGEST)
        cut = cut if cut > 0 else start + LONGEST
        _keep(text, start, cut, found)
        start = cut
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    if start < end:
        found.append((start, end))


def pieces(folded: str) -> Pieces:
    """The pieces of a folded text (lower case, see patterns.fold), sentence by sentence."""
    places = sentences(folded)
    codes = np.frombuffer(folded.encode("utf-32-le", "surrogatepass"), np.uint32).copy()
    owner = np.full(len(codes), -1, np.int64)
    for number, (start, end) in enumerate(places):
        owner[start:end] = number
    codes[(codes >= 48) & (codes <= 57)] = 48
    codes[(codes == 9) | (codes == 10) | (codes == 13) | (codes == 160)] = 32
    kept = owner >= 0
    kept[1:] &= ~((codes[1:] == 32) & (codes[:-1] == 32))
    codes, owner = codes[kept], owner[kept]
    owners, hashes = [], []
    for length, seed in _GRAMS:
        if len(codes) >= length:
            inside = owner[: len(owner) - length + 1] == owner[length - 1 :]
            owners.append(owner[: len(owner) - length + 1][inside])
            hashes.append(_mixed(_runs(codes, length) ^ np.uint32(seed))[inside])
    for whose, words in _words(codes, owner):
        owners.append(whose)
        hashes.append(_mixed(words))
    if not hashes:
        return Pieces(places, np.zeros(0, np.int64), np.zeros(0, np.int64))
    return Pieces(places, np.concatenate(owners), np.concatenate(hashes).astype(np.int64) & (BUCKETS - 1))


def _runs(codes: Codes, length: int) -> Codes:
    """A hash of each run of `length` characters."""
    total = np.zeros(len(codes) - length + 1, np.uint32)
    for offset in range(length):
        total = total * _PRIME + codes[offset : len(codes) - length + 1 + offset]
    return total


def _words(codes: Codes, owner: Ints) -> list[tuple[Ints, Codes]]:
    """Hashes of words, of pairs, of triples, and of the one or two words that a sentence begins with."""
    word = np.where(codes < 128, _ASCII_WORD[np.minimum(codes, 127)], (codes < 0x2000) | ((codes > 0x3040) & (codes < 0xFF00)))
    same = np.concatenate([[False], (owner[1:] == owner[:-1]) & word[1:] & word[:-1]])
    starts = np.flatnonzero(word & ~same)
    if not len(starts):
        return []
    number = np.cumsum(word & ~same) - 1
    offset = np.clip(np.arange(len(codes)) - starts[np.maximum(number, 0)], 0, 63)
    terms = np.where(word, codes * _POWERS[offset], 0).astype(np.uint32)
    words = np.add.reduceat(terms, starts, dtype=np.uint32)
    whose = owner[starts]
    pair = whose[1:] == whose[:-1]
    pairs = words[:-1] * np.uint32(31) + words[1:] * np.uint32(0x27D4EB2F)
    triple = pair[1:] & pair[:-1]
    triples = pairs[:-1] * np.uint32(17) + words[2:] * np.uint32(0x165667B1)
    first = np.concatenate([[True], ~pair])
    opens = first[:-1] & pair
    return [
        (whose, words ^ np.uint32(0xA5A5A5A5)),
        (whose[1:][pair], pairs[pair]),
        (whose[2:][triple], triples[triple] ^ np.uint32(0x3C3C3C3C)),
        (whose[first], words[first] ^ np.uint32(0x5BD1E995)),
        (whose[:-1][opens], pairs[opens] ^ np.uint32(0x1B873593)),
    ]


def _mixed(hashes: Codes) -> Codes:
    """Finalised, so that near values fall far apart (murmur3's last steps)."""
    hashes = (hashes ^ (hashes >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    hashes = (hashes ^ (hashes >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return hashes ^ (hashes >> np.uint32(16))
