"""Which of the ranked passages are shown: each matter once, and something for each question of a mail."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from knowledge_base.embedding import Vectors

_NEAR, _SAME_WORDS = 0.95, 0.8  # cosine and share of words from which two passages say the same
_TOKEN = re.compile(r"\w+")
_CODE = re.compile(r"\w*\d\w*")


def folded(order: Sequence[int], texts: Sequence[str], vectors: Vectors, k: int) -> dict[int, list[int]]:
    """The first `k` of the ranked passages that differ, best first, each with those that say the same.

    Two passages say the same when their texts are equal, or when their vectors are near and most of their words are the
    same; numbers and codes must all be the same, for two error codes are two matters.
    """
    shown: dict[int, list[int]] = {}
    sets: dict[int, tuple[frozenset[str], frozenset[str]]] = {}
    for n in order:
        near = [other for other in shown if texts[n] == texts[other] or vectors[n] @ vectors[other] >= _NEAR]
        for m in (n, *near) if near else ():
            if m not in sets:
                sets[m] = _words(texts[m])
        twin = next((other for other in near if texts[n] == texts[other] or _same(sets[n], sets[other])), None)
        if twin is not None:
            shown[twin].append(n)
        elif len(shown) < k:
            shown[n] = []
        else:
            break
    return shown


def spread(order: Sequence[int], total: NDArray[np.float32], near: NDArray[np.float32], k: int) -> list[int]:
    """The order with the best passage of each question among the first `k`: `near` is (n, questions).

    What a question needs takes the place of the last ones that no question needs.
    """
    if near.shape[1] < 2 or k < near.shape[1]:
        return list(order)
    needed = list(dict.fromkeys(int(n) for n in np.argmax(near + total[:, None], axis=0)))
    first = [n for n in order[:k] if n not in needed][: k - len(needed)]
    head = sorted([*first, *needed], key=lambda n: -total[n])
    return head + [n for n in order if n not in set(head)]


def _words(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """All words of a text, and those with a digit."""
    low = text.lower()
    return frozenset(_TOKEN.findall(low)), frozenset(_CODE.findall(low))


def _same(one: tuple[frozenset[str], frozenset[str]], other: tuple[frozenset[str], frozenset[str]]) -> bool:
    return one[1] == other[1] and len(one[0] & other[0]) >= _SAME_WORDS * len(one[0] | other[0])
