"""Words of passages, and BM25F over them in a few numpy arrays.

bm25s builds a matrix of finished scores that cannot take a new document and knows one field. Here each
passage keeps its own small arrays of term numbers and weights, so that a publication reads only what
changed; putting the arrays of all passages together happens off the search path.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Integers = NDArray[np.int32]

K1 = 1.6
TITLE, HEADING, TEXT = (2.0, 0.3, 5), (1.5, 0.3, 3), (1.0, 0.75, 50)  # weight, length normalisation, usual number of words

_TOKEN = re.compile(r"[^\W_]+(?:[-./_'’][^\W_]+)*")
_PART = re.compile(r"[^\W_]+")
_STEMMERS = {
    "en": "english",
    "de": "german",
    "fr": "french",
    "es": "spanish",
    "nl": "dutch",
    "it": "italian",
    "pt": "portuguese",
}


# Words that carry no matter, for each language apart: "die" says nothing in German and a lot in English.
_STOP = {
    language: frozenset(listed.split())
    for language, listed in {
        "en": "a an and are as at be been but by can could did do does for from had has have he hello her hi his how i if in into is it its me "
        "my of on or our please she should so that thank thanks the their them then there these they this to up us was we were what when "
        "where which who why will with would you your",
        "de": "aber als am an auch auf aus bei bin bitte da danke das dass dem den der des die doch ein eine einem einen einer er es für hallo "
        "hat haben ich ihr im in ist ja kann können man mein meine meinem meinen meiner mich mir mit nach oder schon seit sich sie sind so um "
        "und uns von war was wenn werden wie wir wird wo zu zum zur",
        "fr": "au aux avec bonjour ce ces cette comment dans de des du elle en est et il ils j je l la le les leur ma mais me merci mes moi mon "
        "n nous on ou où par pas peut pour puis que quel quelle qui qu s sa se ses si son sont sur un une vos votre vous à y",
        "es": "al como cómo con cuando de del desde donde dónde el ella en es esta está este esto gracias hola la las le lo los me mi mis muy no "
        "o para pero por que qué se ser si sin sobre son su sus te un una y ya yo",
        "nl": "aan als bij dan dat de die dit een en er ben bedankt hallo heb hebben heeft het hoe ik in is je jullie kan kunnen maar me met "
        "mijn na naar niet nog of om onze ook op te tot uit van voor waar was wat we wel wij worden zijn zo",
    }.items()
}


@dataclass(frozen=True)
class Word:
    """One word of a text as it is compared: an identifier (E6, LF-10293, 4.3.0) exactly, any other word by its stem."""

    surface: str
    key: str
    exact: bool

    @property
    def identifier(self) -> bool:
        """Whether it names one thing: letters with digits, or a version number."""
        return self.exact and (not self.key.isdigit())


def words(text: str, language: str = "en") -> list[Word]:
    """The words of a text in order, without the commonest ones; compounds also as one word (wi-fi, wifi)."""
    found = []
    for match in _TOKEN.finditer(unicodedata.normalize("NFKC", text)):
        token = match.group()
        parts = _PART.findall(token)
        found += [word for part in parts if (word := _word(part, language))]
        if len(parts) > 1:
            joined = token if all(part.isdigit() for part in parts) else "".join(parts)
            found.append(
                Word(token, joined.lower(), True) if _has_digit(joined) else Word(token, _stem(joined.lower(), language), False)
            )
    return found


def _word(part: str, language: str) -> Word | None:
    low = part.lower()
    if low in _STOP.get(language, _STOP["en"]) or (len(low) == 1 and not low.isdigit()):
        return None
    return Word(part, low, True) if _has_digit(low) else Word(part, _stem(low, language), False)


def _has_digit(text: str) -> bool:
    return any(letter.isdigit() for letter in text)


@lru_cache(maxsize=1)
def _stemmers() -> dict[str, object]:
    import Stemmer  # type: ignore[import-not-found]

    return {code: Stemmer.Stemmer(name) for code, name in _STEMMERS.items()}


@lru_cache(maxsize=50_000)
def _stem(word: str, language: str) -> str:
    """The stem, without accents, so that a hurried e-mail still matches."""
    stemmer = _stemmers().get(language)
    stem = stemmer.stemWord(word) if stemmer else word  # type: ignore[attr-defined]
    return "".join(letter for letter in unicodedata.normalize("NFD", stem) if not unicodedata.combining(letter))


def term(word: Word, language: str) -> str:
    """How the word is filed: identifiers for all languages together, stems for each language apart."""
    return word.key if word.exact else f"{language}:{word.key}"


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
