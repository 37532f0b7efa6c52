"""BM25F over the words of all passages, in a few numpy arrays.

bm25s builds a matrix of finished scores that cannot take a new document and knows one field. Here each
passage keeps its own small arrays of term numbers and weights, so that a publication reads only what
changed; putting the arrays of all passages together happens off the search path.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from knowledge_base.lexical import Word, term, words

Floats = NDArray[np.float32]
Integers = NDArray[np.int32]

K1 = 1.6
TITLE, HEADING, TEXT = (2.0, 0.3, 5), (1.5, 0.3, 3), (1.0, 0.75, 50)  # weight, length normalisation, usual number of words


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

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._numbers)

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


class Postings:
    """For each term the passages that hold it; made at once from all passages and never changed."""

    def __init__(self, vocabulary: Vocabulary, passages: Sequence[Terms], languages: Iterable[str]) -> None:
        self.vocabulary, self.size, self.languages = vocabulary, len(passages), sorted(set(languages))
        numbers = np.concatenate([terms.numbers for terms in passages] or [np.zeros(0, np.int32)])
        weights = np.concatenate([terms.weights for terms in passages] or [np.zeros(0, np.float32)])
        rows = np.repeat(np.arange(self.size, dtype=np.int32), [len(terms.numbers) for terms in passages])
        order = np.argsort(numbers, kind="stable")
        self._rows, self._weights = rows[order], weights[order]
        self._terms = len(vocabulary)
        self._starts = np.searchsorted(numbers[order], np.arange(self._terms + 1))

    def match(self, query: str) -> Matches:
        """Score every passage against a query in any of the languages."""
        scores = np.zeros(self.size, np.float32)
        bounds: dict[str, float] = dict.fromkeys(self.languages, 0.0)
        matches = Matches(scores, np.zeros(self.size, np.float32), {}, {})
        for language in self.languages:
            counts = Counter(words(query, language))
            for word, count in counts.items():
                name = term(word, language)
                bounds[language] += self._rarity(name) * (K1 + 1) * min(count, 3) ** 0.5
                if not word.exact or language == self.languages[0]:
                    self._add(matches, name, word, min(count, 3) ** 0.5)
        bound = max(bounds.values(), default=0.0)
        if bound:
            np.minimum(scores / bound, 1.0, out=matches.coverage)
        return matches

    def _add(self, matches: Matches, name: str, word: Word, factor: float) -> None:
        number = self.vocabulary.find(name)
        if number is None or number >= self._terms:
            return
        held = slice(self._starts[number], self._starts[number + 1])
        rows, rarity = self._rows[held], self._rarity(name)
        matches.scores[rows] += rarity * factor * self._weights[held]
        matches.words[number], matches.postings[number] = word.surface, rows
        if word.identifier:
            matches.identifiers[number] = rarity / self._rarest()

    def _rarity(self, name: str) -> float:
        """The weight of a term: high when few passages hold it; a term that none holds counts as rarest."""
        number = self.vocabulary.find(name)
        held = 0 if number is None or number >= self._terms else int(self._starts[number + 1] - self._starts[number])
        return float(np.log1p((self.size - held + 0.5) / (held + 0.5)))

    def _rarest(self) -> float:
        return float(np.log1p((self.size + 0.5) / 0.5))
