"""The words of the base as people write them: for spelling, abbreviations and synonyms."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from threading import Lock

from rapidfuzz import process
from rapidfuzz.distance import OSA

_WORD = re.compile(r"[^\W\d_]{3,}")
_ABBREVIATED = re.compile(r"((?:[\w'’-]+[ ]){1,6})\(([A-Z][A-Z0-9]{1,5})\)")
_SHORTEST, _LONGER = 4, 8  # letters of a word that is corrected at all, and of one that may have two slips
_TWICE = 2  # how often a word stands in the base before others are corrected to it


class Lexicon:
    """Grows with every passage that is read; words of passages that are gone stay. Thread-safe."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._long_forms: dict[str, str] = {}
        self._shelves: dict[str, list[str]] = {}
        self._shelved = 0
        self._lock = Lock()

    def read(self, texts: Iterable[str]) -> None:
        """Take in the words and abbreviations of passages."""
        for text in texts:
            found = Counter(word.lower() for word in _WORD.findall(text))
            short = {match.group(2): phrase for match in _ABBREVIATED.finditer(text) if (phrase := _spelled_out(*match.groups()))}
            with self._lock:
                self._counts.update(found)
                self._long_forms.update(short)

    @property
    def abbreviations(self) -> dict[str, str]:
        """What short forms stand for, as "Post Office Protocol (POP)" told."""
        with self._lock:
            return dict(self._long_forms)

    def correct(self, word: str) -> str | None:
        """The word of the base that was probably meant; None for a word that stands there or resembles none.

        A slip is a letter too many, too few, wrong, or swapped with its neighbour (optimal string alignment); the first
        letter is taken to be right, as it nearly always is.
        """
        low = word.lower()
        if len(low) < _SHORTEST or low in self._counts or not low.isalpha():
            return None
        slips = 1 + (len(low) >= _LONGER)
        near = process.extract(low, self._shelf(low[0]), scorer=OSA.distance, score_cutoff=slips, limit=8)
        best = min(near, key=lambda found: (found[1], -self._counts[found[0]]), default=None)
        return best[0] if best else None

    def _shelf(self, letter: str) -> list[str]:
        """The words with this first letter that stand in the base often enough; put in order again as the base grows."""
        with self._lock:
            if len(self._counts) > 1.05 * self._shelved or not self._shelved:
                shelves = defaultdict(list)
                for word, count in self._counts.items():
                    if count >= _TWICE and len(word) >= _SHORTEST:
                        shelves[word[0]].append(word)
                self._shelves, self._shelved = dict(shelves), len(self._counts)
            return self._shelves.get(letter, [])


def _spelled_out(before: str, short: str) -> str | None:
    """The words before a bracket whose initials are the abbreviation in it (a strict form of Schwartz and Hearst, 2003)."""
    phrase = before.split()[-len(short) :]
    initials = "".join(word[0] for word in phrase).upper()
    return " ".join(phrase) if len(phrase) == len(short) and initials == short else None


def groups_of(lists: Iterable[Sequence[str]], abbreviations: dict[str, str]) -> dict[str, tuple[str, ...]]:
    """For each term, in lower case, what else it is called."""
    same: dict[str, tuple[str, ...]] = {}
    for terms in [*lists, *((short, phrase) for short, phrase in abbreviations.items())]:
        for term in terms:
            others = (*same.get(term.lower(), ()), *(other for other in terms if other.lower() != term.lower()))
            same[term.lower()] = tuple(dict.fromkeys(others))
    return same
