"""Passages of different articles that say the same twice, or different things of one matter.

Vectors propose passages that are about the same; words decide. Two sentences contradict each other when they share most
of their words and differ in a quantity, a date, a negation or a condition. It is careful rather than complete: a
sentence that names another product, place or code speaks of something else.
"""

import hashlib
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from knowledge_base.chunking import plain, sentences
from knowledge_base.dates import DATE
from knowledge_base.embedding import Vectors
from knowledge_base.lexical import words

DUPLICATE, CONTRADICTION = "duplicate", "contradiction"
_SUBJECT = 0.6  # cosine above which two passages may be about the same
_TWIN = 0.8  # and above which they may be one text twice
_NEIGHBOURS = 8  # passages looked at beside each one
_OVERLAP = 0.55  # share of words that two sentences about the same have in common
_STRICT = 0.7  # and when only a small word differs: of all their words
_COPIED = 0.6  # share of the shorter text's word triples that a duplicate has
_FEWEST, _SHORTEST = 3, 15  # words that sentences must share, words of a text that can be a duplicate
_CLOSE = 0.75  # cosine of passages so near that their sentences may share a word less
_BLOCK = 1024

_UNITS = {
    "second": r"s(?:ec(?:onds?)?)?\b|sekunden?|secondes?|segundos?|seconden",
    "minute": r"min(?:utes?|uten?|utos?|uut|uten)?\b",
    "hour": r"h(?:ours?)?\b|stunden?|heures?|horas?|uur|uren",
    "day": r"(?:(?:working|business|calendar|werk)[ -]?)?(?:days?|tagen?|tage?|dagen?|dag)\b|jours?|d[ií]as?",
    "week": r"weeks?|wochen?|semaines?|semanas?|weken|week",
    "month": r"months?|monaten?|mois|mes(?:es)?\b|maanden?",
    "year": r"years?|jahren?|ans?\b|a[nñ]os?|jaar|jaren",
    "%": r"%|percent|per cent|prozent|procent",
    "money": r"€|eur(?:os?)?\b|£|gbp\b|\$|usd\b|chf\b",
    "volume": r"ml\b|l\b|lit(?:re|er)s?\b",
    "weight": r"kg\b|g\b|grams?\b|gramm\b",
    "temperature": r"°\s?c\b",
    "pressure": r"bar\b",
    "length": r"mm\b|cm\b|m\b",
    "frequency": r"ghz\b|mhz\b",
    "times": r"times\b|mal\b|fois\b|veces\b|keer\b",
}
_NUMBER = r"\d+(?:[.,]\d+)*"
_QUANTITY = re.compile(
    rf"(?P<before>[€£$])\s?(?P<amount>{_NUMBER})|(?P<number>{_NUMBER}(?:\s?[-–]\s?{_NUMBER}|\s(?:to|bis|à|a|tot)\s{_NUMBER})?)\s*-?(?:"
    + "|".join(f"(?P<u{n}>{pattern})" for n, pattern in enumerate(_UNITS.values())) + ")",
    re.IGNORECASE,
)  # fmt: skip
_NAMES = list(_UNITS)
_COUNTED = {
    name: str(number)
    for number, names in enumerate(
        ("", "", "two zwei deux dos twee", "three drei trois tres drie", "four vier quatre cuatro", "five fünf cinq cinco vijf",
         "six sechs seis zes", "seven sieben sept siete zeven", "eight acht huit ocho", "nine neun neuf nueve negen", "ten zehn dix diez tien"),
    )
    for name in names.split()
}  # fmt: skip
_WORDED = re.compile(rf"\b(?:{'|'.join(_COUNTED)})\b(?=\s+(?:{'|'.join(_UNITS.values())}))", re.IGNORECASE)
_NEGATION = re.compile(
    r"\b(?:not|no|never|cannot|can't|don't|doesn't|isn't|aren't|won't|without|nicht|kein\w*|nie|ohne|ne|pas|jamais|sans|nunca|sin|niet|geen|nooit|zonder)\b",
    re.IGNORECASE,
)
_CONDITIONS = (
    ("at least", "at most"), ("minimum", "maximum"), ("before", "after"), ("always", "never"), ("more than", "less than"),
    ("included", "excluded"), ("free of charge", "charged"), ("allowed", "forbidden"), ("mindestens", "höchstens"), ("vor", "nach"),
    ("avant", "après"), ("antes", "después"), ("voor", "na"), ("on", "off"), ("hot", "cold"), ("open", "closed"),
)  # fmt: skip
_STEP = re.compile(r"\s*\d{1,2}[.)]\s")
_NAME = re.compile(r"(?<!^)(?<![.!?:] )(?<![|*\d] )\b[A-ZÀ-Þ][\w-]+")


@dataclass(frozen=True)
class Piece:
    """A passage as it is compared."""

    article: str
    version: int
    title: str
    heading: str
    text: str
    language: str = "en"
    products: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Side:
    """What one of the two says, with the spans (start, end) of what differs in it."""

    piece: Piece
    said: str
    marks: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Conflict:
    """`key` names it by its words; `score` (0 to 1) says how alike the two are."""

    kind: str
    left: Side
    right: Side
    why: str
    score: float

    @property
    def key(self) -> str:
        sides = sorted(f"{side.piece.article}\n{' '.join(side.said.split())}" for side in (self.left, self.right))
        return hashlib.sha256("\n\n".join([self.kind, *sides]).encode()).hexdigest()[:32]


def conflicts(pieces: Sequence[Piece], vectors: Vectors, *, only: Collection[str] | None = None) -> list[Conflict]:
    """What is wrong between the passages; with `only`, what concerns these articles. The surest first, each pair of texts once.

    `vectors` are float32 (n, d) of unit length, one a passage.
    """
    found: dict[str, Conflict] = {}
    for one, other, alike in _pairs(pieces, vectors, only):
        for conflict in _between(pieces[one], pieces[other], alike):
            found.setdefault(conflict.key, conflict)
    return sorted(found.values(), key=lambda c: (c.kind != CONTRADICTION, -c.score, c.key))


def _pairs(pieces: Sequence[Piece], vectors: Vectors, only: Collection[str] | None) -> Iterator[tuple[int, int, float]]:
    """Passages of different articles in one language whose vectors are near, each pair once."""
    numbers = {name: n for n, name in enumerate(dict.fromkeys(piece.article for piece in pieces))}
    article = np.array([numbers[piece.article] for piece in pieces])
    tongue = np.array([piece.language for piece in pieces])
    rows = (
        np.arange(len(pieces)) if only is None else np.array([n for n, piece in enumerate(pieces) if piece.article in only], int)
    )
    seen: set[tuple[int, int]] = set()
    for start in range(0, len(rows), _BLOCK):
        block = rows[start : start + _BLOCK]
        alike = vectors[block] @ vectors.T
        alike[(article[block][:, None] == article[None, :]) | (tongue[block][:, None] != tongue[None, :])] = -1.0
        for row, near in zip(block, alike, strict=True):
            for other in np.argsort(-near, kind="stable")[:_NEIGHBOURS]:
                pair = (min(int(row), int(other)), max(int(row), int(other)))
                if near[other] < _SUBJECT:
                    break
                if pair not in seen:
                    seen.add(pair)
                    yield (*pair, float(near[other]))


def _between(left: Piece, right: Piece, alike: float) -> Iterator[Conflict]:
    """Contradictions first; a text that contradicts its twin is no mere duplicate."""
    if left.products and right.products and not left.products & right.products:
        return
    contradictions = [] if _apart(left, right) else list(_contradictions(left, right, alike))
    yield from contradictions
    if not contradictions and alike >= _TWIN and (share := _copied(left.text, right.text)) >= _COPIED:
        why = f"{share:.0%} of the shorter passage stands in the other one."
        yield Conflict(DUPLICATE, Side(left, plain(left.text)), Side(right, plain(right.text)), why, round(share, 3))


def _apart(left: Piece, right: Piece) -> bool:
    """Whether their headings name different things by a code: E2 is not E3."""
    here, there = _codes(f"{left.title} {left.heading}"), _codes(f"{right.title} {right.heading}")
    return bool(here and there and not here & there)


def _copied(one: str, other: str) -> float:
    """The share of word triples of the shorter text that stand in the longer one, too."""
    shingles = [_shingles(text) for text in (one, other)]
    fewest = min(len(shingle) for shingle in shingles)
    return len(shingles[0] & shingles[1]) / fewest if fewest >= _SHORTEST else 0.0


@lru_cache(maxsize=20_000)
def _shingles(text: str) -> frozenset[tuple[str, ...]]:
    said = re.findall(r"\w+", plain(text).lower())
    return frozenset(zip(said, said[1:], said[2:], strict=False))


# ---- sentences --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Sentence:
    """A sentence taken apart: the words that say what it is about, and what may differ."""

    text: str
    step: bool
    about: frozenset[str]
    names: frozenset[str]
    codes: frozenset[str]
    quantities: tuple[tuple[str, str, tuple[int, int]], ...]
    negations: tuple[tuple[int, int], ...]


def _contradictions(left: Piece, right: Piece, alike: float) -> Iterator[Conflict]:
    for one in _sentences(left.text, left.language):
        for other in _sentences(right.text, right.language):
            if one.text != other.text and (found := _opposed(one, other, _FEWEST - (alike >= _CLOSE))):
                why, marks, score = found
                yield Conflict(CONTRADICTION, Side(left, one.text, marks[0]), Side(right, other.text, marks[1]), why, score)


def _opposed(one: _Sentence, other: _Sentence, fewest: int) -> tuple[str, tuple[tuple[tuple[int, int], ...], ...], float] | None:
    """Why two sentences cannot both be right, where, and how alike they are; None when they can."""
    shared = len(one.about & other.about)
    if one.step and other.step:  # two procedures may well ask for different amounts
        return None
    if shared < fewest or (one.names - other.names and other.names - one.names) or (one.codes ^ other.codes):
        return None
    overlap = shared / min(len(one.about), len(other.about)) * 0.5 + shared / len(one.about | other.about) * 0.5
    if overlap < _OVERLAP:
        return None
    if found := _measured(one, other):
        here, there = found
        said = [", ".join(dict.fromkeys(s.text[a:b] for a, b in marks)) for s, marks in ((one, here), (other, there))]
        return f"One says {said[0]}, the other {said[1]}.", (here, there), round(overlap, 3)
    if shared / len(one.about | other.about) < _STRICT:
        return None
    if bool(one.negations) != bool(other.negations):
        return "One says it is so, the other that it is not.", (one.negations, other.negations), round(overlap, 3)
    for pair in _CONDITIONS:  # each way round
        for mine, yours in (pair, pair[::-1]):
            a, b = _place(one.text, mine), _place(other.text, yours)
            if a and b and not _place(one.text, yours) and not _place(other.text, mine):
                return f"One says “{mine}”, the other “{yours}”.", ((a,), (b,)), round(overlap, 3)
    return None


def _measured(one: _Sentence, other: _Sentence) -> tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]] | None:
    """The quantities of one kind that have no value in common, as spans in both; None when all agree."""
    for unit in dict.fromkeys(unit for unit, _, _ in one.quantities):
        here = [(value, span) for kind, value, span in one.quantities if kind == unit]
        there = [(value, span) for kind, value, span in other.quantities if kind == unit]
        if there and not {value for value, _ in here} & {value for value, _ in there}:
            return tuple(span for _, span in here), tuple(span for _, span in there)
    return None


@lru_cache(maxsize=20_000)
def _sentences(text: str, language: str) -> tuple[_Sentence, ...]:
    lines = [line for line in plain(text).split("\n") if line.strip()]
    return tuple(
        _taken_apart(said.strip(" |"), language, _STEP.match(line) is not None) for line in lines for said in sentences(line)
    )


def _taken_apart(said: str, language: str, step: bool) -> _Sentence:
    quantities = [(unit, value, span) for unit, value, span in _quantities(said)]
    quantities += [("date", match.group().lower(), match.span()) for match in DATE.finditer(said)]
    bare = said
    for _, _, (start, end) in quantities:
        bare = bare[:start] + " " * (end - start) + bare[end:]
    about = frozenset(word.key for word in words(_NEGATION.sub(" ", bare), language) if not word.key.isdigit())
    negations = tuple(match.span() for match in _NEGATION.finditer(said))
    return _Sentence(said, step, about, frozenset(_NAME.findall(bare)), _codes(bare), tuple(quantities), negations)


def _quantities(said: str) -> Iterator[tuple[str, str, tuple[int, int]]]:
    """(unit, value, span) of each number that measures something; number words count."""
    digits = _WORDED.sub(lambda match: _COUNTED[match.group().lower()].ljust(len(match.group())), said)
    for match in _QUANTITY.finditer(digits):
        unit = "money" if match["before"] else next(name for n, name in enumerate(_NAMES) if match[f"u{n}"])
        value = re.sub(r"\s?(?:[-–]|to|bis|à|a|tot)\s?(?=\d)", "-", (match["amount"] or match["number"]).strip()).replace(
            ",", "."
        )
        yield unit, value, match.span()


def _codes(text: str) -> frozenset[str]:
    return frozenset(word.key for word in words(text) if word.identifier)


def _place(text: str, wanted: str) -> tuple[int, int] | None:
    found = re.search(rf"\b{re.escape(wanted)}\b", text, re.IGNORECASE)
    return found.span() if found else None
