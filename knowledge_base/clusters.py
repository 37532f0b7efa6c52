"""Groups of texts that mean the same, by their vectors; and names of groups that stay when the groups are made anew.

Star clustering (Aslam, Pelekhov and Rus, "The star clustering algorithm", 2004): the text with the most near
neighbours becomes a centre and takes them, then the next among what is left. Every member is near its group's
centre, so that the centre can speak for the group. Without chance: the same texts give the same groups.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from math import log
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from knowledge_base.embedding import Vectors

NEAR = 0.55  # cosine of a member with its centre, and _SAME of two groups' middles that are one: fitted on labelled
_SAME = 0.7  # requests of three fields (benchmarks/gaps.py), for groups that hold one matter rather than all of it
_PRIOR = 50  # texts it takes until their common direction is believed
_ROUNDS = 2
_BLOCK = 512
Name = TypeVar("Name", bound=Hashable)


def stars(vectors: Vectors, near: float = NEAR, *, background: Vectors | None = None) -> list[list[int]]:
    """Row numbers in groups, largest first, each with its most central one first; what is near nothing is a group of one.

    `vectors` and `background` (others of the same field) are float32 (n, d) of unit length. What all have in common is
    taken out first: texts of one field are all a little alike. Only pairs that are near are held, never (n, n).
    """
    if len(vectors) == 0:
        return []
    vectors = _apart(vectors, background)
    groups = _joined(vectors, _centres(_neighbours(vectors, near)))
    for _ in range(_ROUNDS):
        groups = _nearest(vectors, groups, near)
    return sorted((_centred(vectors, group) for group in groups), key=lambda group: (-len(group), group[0]))


def _apart(vectors: Vectors, background: Vectors | None) -> Vectors:
    """The vectors without their common direction, at unit length (Mu and Viswanath, "All-but-the-top", 2018)."""
    field = vectors if background is None or not len(background) else np.concatenate([vectors, background])
    left = vectors - field.mean(axis=0) * (len(field) / (len(field) + _PRIOR))
    unit: Vectors = (left / np.maximum(np.linalg.norm(left, axis=1, keepdims=True), 1e-9)).astype(np.float32)
    return unit


def _centres(neighbours: list[NDArray[np.int32]]) -> list[list[int]]:
    """The text with the most neighbours takes them, then the next among what is left."""
    left = np.ones(len(neighbours), bool)
    queue = [(-len(rows), row) for row, rows in enumerate(neighbours)]
    heapq.heapify(queue)
    found: list[list[int]] = []
    while queue:
        size, row = heapq.heappop(queue)
        if not left[row]:
            continue
        rows = neighbours[row][left[neighbours[row]]]
        if len(rows) != -size:  # others took some of its neighbours since it was counted
            heapq.heappush(queue, (-len(rows), row))
            continue
        left[rows] = False
        found.append(rows.tolist())
    return found


def _neighbours(vectors: Vectors, near: float) -> list[NDArray[np.int32]]:
    """For every row the rows whose cosine with it is at least `near`, itself among them."""
    found: list[NDArray[np.int32]] = []
    for start in range(0, len(vectors), _BLOCK):
        close = vectors[start : start + _BLOCK] @ vectors.T >= near
        close[np.arange(len(close)), np.arange(start, start + len(close))] = True
        found += [np.flatnonzero(row).astype(np.int32) for row in close]
    return found


def _joined(vectors: Vectors, groups: list[list[int]]) -> list[list[int]]:
    """Groups whose middles are nearly the same become one; the largest come first and take the others in."""
    joined: list[list[int]] = []
    means = np.zeros_like(vectors[: len(groups)])
    for group, middle in zip(groups, _middles(vectors, groups), strict=True):
        alike = means[: len(joined)] @ middle if joined and len(group) > 1 else np.zeros(1, np.float32)
        if alike[best := int(alike.argmax())] >= _SAME:
            joined[best] += group
        else:
            means[len(joined)] = middle
            joined.append(list(group))
    return joined


def _nearest(vectors: Vectors, groups: list[list[int]], near: float) -> list[list[int]]:
    """Every text to the group whose middle is nearest, when it is near enough; a group of one is no group to join."""
    several = [group for group in groups if len(group) > 1]
    if not several:
        return groups
    middles = _middles(vectors, several)
    found: list[list[int]] = [[] for _ in several]
    alone: list[list[int]] = []
    for start in range(0, len(vectors), _BLOCK):
        alike = vectors[start : start + _BLOCK] @ middles.T
        for offset, best in enumerate(alike.argmax(axis=1)):
            row = start + offset
            found[int(best)].append(row) if alike[offset, best] >= near else alone.append([row])
    return [group for group in found if group] + alone


def _middles(vectors: Vectors, groups: list[list[int]]) -> Vectors:
    sums = np.stack([vectors[group].mean(axis=0) for group in groups])
    unit: Vectors = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9)
    return unit


def _centred(vectors: Vectors, group: list[int]) -> list[int]:
    ordered = sorted(group)
    best = ordered[int((vectors[ordered] @ _middles(vectors, [ordered])[0]).argmax())]
    return [best, *(row for row in ordered if row != best)]


def keep_names(known: Mapping[Name, set[Hashable]], groups: Sequence[set[Hashable]]) -> list[Name | None]:
    """For each new group the known one whose members it mostly has, or None for one that is new; no name is given twice.

    The pair that shares most goes first. A group must hold a third of the known members or of its own: questions that
    grew old leave it and new ones come, and it is still the same gap.
    """
    home = {member: name for name, members in known.items() for member in members}
    pairs: list[tuple[int, float, int, Name]] = []
    for number, members in enumerate(groups):
        for name, shared in Counter(home[member] for member in members if member in home).items():
            if 3 * shared >= min(len(known[name]), len(members)):
                pairs.append((shared, shared / len(members | known[name]), number, name))
    pairs.sort(key=lambda pair: (-pair[0], -pair[1], pair[2], str(pair[3])))
    given: list[Name | None] = [None] * len(groups)
    taken: set[Name] = set()
    for _, _, number, name in pairs:
        if given[number] is None and name not in taken:
            given[number] = name
            taken.add(name)
    return given


def key_terms(groups: Sequence[Sequence[str]], *, words: Callable[[str], Iterable[str]], most: int = 5) -> list[list[str]]:
    """The words that set each group apart from the others, by class-based tf-idf (Grootendorst, "BERTopic", 2022).

    `words` gives the words of a text that carry matter.
    """
    counts = [Counter(word for text in group for word in set(words(text))) for group in groups]
    everywhere: Counter[str] = Counter()
    for count in counts:
        everywhere.update(count)
    average = sum(everywhere.values()) / max(1, len(groups))
    return [
        [word for word, _ in sorted(((w, n * log(1 + average / everywhere[w])) for w, n in count.items()), key=lambda p: (-p[1], -len(p[0]), p[0]))[:most]]
        for count in counts
    ]  # fmt: skip
