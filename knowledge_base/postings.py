"""BM25F over the words of all passages, in a few numpy arrays.

bm25s builds a matrix of finished scores that cannot take a new document and knows one field. Here what was
published lately stands in a small segment behind the large one, so that a publication costs as much as what changed.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import log1p

import numpy as np
from numpy.typing import NDArray

from knowledge_base.lexical import Word, term, words

Floats = NDArray[np.float32]
Integers = NDArray[np.int32]

K1 = 2.0
TITLE, HEADING, TEXT = (2.0, 0.3, 5), (1.5, 0.3, 3), (1.0, 0.9, 50)  # weight, length normalisation, usual number of words
_RARE = 1.5  # exponent of a term's rarity: above 1, what is said in many passages says less than BM25 lets it
_OFTEN = 6  # how many times a word of a mail counts
_MOST = 48  # terms of a question that are looked up: the most telling ones of a long mail


@dataclass(frozen=True)
class Terms:
    """The terms of one passage: sorted numbers, and weights that only lack the term's rarity."""

    numbers: Integers
    weights: Floats


@dataclass(frozen=True)
class Matches:
    """What a query's words found: `scores` and `coverage` (0 to 1, share of the query's weight) for each passage."""

    scores: Floats
    coverage: Floats
    words: dict[int, str]
    identifiers: dict[int, float]
    postings: dict[int, Integers] = field(default_factory=dict)


class Vocabulary:
    """Numbers for terms; it only grows, so that arrays made earlier stay right."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._numbers = {name: number for number, name in enumerate(names)}

    def __len__(self) -> int:
        return len(self._numbers)

    @property
    def names(self) -> list[str]:
        """The terms in the order of their numbers."""
        return list(self._numbers)

    def find(self, name: str) -> int | None:
        return self._numbers.get(name)

    def read(self, title: str, heading: str, text: str, language: str) -> Terms:
        """The terms of a passage by BM25F: a word in the title counts for more than one in the text."""
        weights: Counter[int] = Counter()
        for content, (weight, normalisation, usual) in ((title, TITLE), (heading, HEADING), (text, TEXT)):
            found = words(content, language)
            length = 1 - normalisation + normalisation * len(found) / usual
            for word in found:
                weights[self._numbers.setdefault(term(word, language), len(self._numbers))] += weight / length  # type: ignore[assignment]
        numbers = np.array(sorted(weights), np.int32)
        counts = np.array([weights[number] for number in numbers.tolist()], np.float32)
        return Terms(numbers, (counts * (K1 + 1) / (counts + K1)).astype(np.float32))


@dataclass(frozen=True)
class Segment:
    """A run of passages turned round: term t stands in `rows[starts[t]:starts[t + 1]]`, ascending, with `weights` beside."""

    size: int
    starts: NDArray[np.int64]
    rows: Integers
    weights: Floats

    @classmethod
    def of(cls, passages: Sequence[Terms]) -> "Segment":
        """Turn the terms of passages round; the first passage is row 0."""
        numbers = np.concatenate([terms.numbers for terms in passages] or [np.zeros(0, np.int32)])
        weights = np.concatenate([terms.weights for terms in passages] or [np.zeros(0, np.float32)])
        rows = np.repeat(np.arange(len(passages), dtype=np.int32), [len(terms.numbers) for terms in passages])
        return cls._sorted(len(passages), numbers, rows, weights)

    @classmethod
    def merged(cls, first: "Segment", second: "Segment", alive: NDArray[np.bool_]) -> "Segment":
        """Both as one, without the rows that are not alive; `alive` covers the rows of the first, then of the second."""
        places = np.cumsum(alive, dtype=np.int32) - 1
        rows = np.concatenate([first.rows, second.rows + np.int32(first.size)])
        kept = alive[rows]
        numbers = np.concatenate([first._numbers(), second._numbers()])[kept]
        weights = np.concatenate([first.weights, second.weights])[kept]
        return cls._sorted(int(alive.sum()), numbers, places[rows[kept]], weights)

    def held(self, number: int) -> slice:
        """Where a term stands in `rows` and `weights`; nowhere for a term that is newer than the segment."""
        return slice(self.starts[number], self.starts[number + 1]) if number < len(self.starts) - 1 else slice(0, 0)

    @classmethod
    def _sorted(cls, size: int, numbers: Integers, rows: Integers, weights: Floats) -> "Segment":
        order = np.argsort(numbers, kind="stable")
        counts = np.bincount(numbers, minlength=1)
        starts = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
        return cls(size, starts, rows[order], weights[order])

    def _numbers(self) -> Integers:
        return np.repeat(np.arange(len(self.starts) - 1, dtype=np.int32), np.diff(self.starts))


class Postings:
    """For each term the passages that hold it: a large segment and a small one behind it, neither ever changed.

    A publication makes the small segment anew; now and then both are merged. Rows that were replaced or removed
    since stay in their segment, as dead, until then: they score 0 but still count in a term's rarity, as in Lucene.
    """

    def __init__(
        self, vocabulary: Vocabulary, segments: Sequence[Segment], languages: Iterable[str], alive: NDArray[np.bool_]
    ) -> None:
        self.vocabulary, self.segments, self.languages, self.alive = vocabulary, tuple(segments), sorted(set(languages)), alive
        self.size = sum(segment.size for segment in self.segments)

    def match(self, query: str, also: Sequence[str] = (), share: float = 0.5) -> Matches:
        """Score every passage against a query in any of the languages; what is asked `also`, such as synonyms, counts for a share."""
        scores = np.zeros(self.size, np.float32)
        matches = Matches(scores, np.zeros(self.size, np.float32), {}, {})
        bound = 0.0
        for language in self.languages:
            asked = self._asked(query, language)
            bound = max(bound, (K1 + 1) * sum(weight for _, _, weight in asked))
            more = [(name, word, share * weight) for text in also for name, word, weight in self._asked(text, language)]
            for name, word, weight in (*asked, *more):
                if not word.exact or language == self.languages[0]:
                    self._add(matches, name, word, weight)
        scores *= self.alive
        if bound:
            np.minimum(scores / bound, 1.0, out=matches.coverage)
        return matches

    def knows(self, text: str) -> bool:
        """Whether any passage holds a word, in any form of it."""
        return any(self.holds(text, language) for language in self.languages)

    def holds(self, text: str, language: str) -> bool:
        """Whether any passage in a language holds a word, in any form of it."""
        return any(self._held(term(word, language)) for word in words(text, language))

    def rarity(self, word: Word, language: str) -> float:
        """How much a word tells: high when few passages hold it."""
        return self._rarity(term(word, language))

    def _asked(self, text: str, language: str) -> list[tuple[str, Word, float]]:
        """The terms of a text with their weights, the weightiest first."""
        counts: dict[str, tuple[Word, int]] = {}
        for word in words(text, language):
            name = term(word, language)
            counts[name] = (word, counts.get(name, (word, 0))[1] + 1)
        asked = [(name, word, self._rarity(name) ** _RARE * min(count, _OFTEN)) for name, (word, count) in counts.items()]
        return sorted(asked, key=lambda found: -found[2])[:_MOST]

    def _add(self, matches: Matches, name: str, word: Word, weight: float) -> None:
        number = self.vocabulary.find(name)
        if number is None:
            return
        first, found = 0, []
        for segment in self.segments:
            held = segment.held(number)
            found.append(segment.rows[held] + np.int32(first) if first else segment.rows[held])
            matches.scores[found[-1]] += np.float32(weight) * segment.weights[held]
            first += segment.size
        matches.words[number], matches.postings[number] = word.surface, found[0] if len(found) == 1 else np.concatenate(found)
        if word.identifier:
            matches.identifiers[number] = self._rarity(name) / self._rarest()

    def _rarity(self, name: str) -> float:
        """The weight of a term: high when few passages hold it; a term that none holds counts as rarest."""
        held = self._held(name)
        return log1p((self.size - held + 0.5) / (held + 0.5))

    def _held(self, name: str) -> int:
        """How many passages hold a term."""
        number = self.vocabulary.find(name)
        places = [segment.held(number) for segment in self.segments] if number is not None else []
        return sum(int(place.stop - place.start) for place in places)

    def _rarest(self) -> float:
        return log1p((self.size + 0.5) / 0.5)
