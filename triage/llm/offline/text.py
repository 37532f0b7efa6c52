"""Words, stems and sentences in seven languages, and the rules and phrases of the data files."""

import re
import tomllib
from functools import cache, lru_cache
from importlib import resources
from typing import Any

from knowledge_base.gloss import fold, small_words

LANGUAGES = ("en", "de", "fr", "es", "nl", "it", "pt")
ORDER_NUMBER = re.compile(r"\b[A-Z]{2,4}-\d{4,8}\b", re.IGNORECASE)
CODE = re.compile(r"\b(?:e|f|err|error|fehler|erreur|errore) ?\d{1,3}\b")
_WORD = re.compile(r"[a-z0-9]+(?:[.'][a-z0-9]+)*")
_END = re.compile(r"(?<=[.!?…])[\"”»')]*\s+(?=[A-ZÀ-ÖØ-Þ0-9¿¡\"“«(])|\n+")
_ABBREVIATED = re.compile(
    r"(?:\b(?:e\.g|i\.e|z\.B|d\.h|bzw|ca|approx|No|Nr|Mr|Mrs|Ms|Dr|St|Tel|p\.ex|vs|bijv|Sr|Sra|M|Mme)\.|\b\d{1,2}\.)$"
)
_SUFFIXES = ("ingly", "ings", "ing", "edly", "ies", "ied", "ed", "es", "en", "er", "em", "ly", "s", "e", "n", "y")


@cache
def data(name: str) -> dict[str, Any]:
    """A data file of the engine."""
    return tomllib.loads(resources.files(__package__).joinpath(f"data/{name}.toml").read_text("utf-8"))


def phrases(language: str) -> dict[str, Any]:
    """The engine's own phrases in a language, English when it has none."""
    every = data("phrases")
    chosen: dict[str, Any] = every.get(language) or every["en"]
    return chosen


def section(name: str) -> dict[str, Any]:
    """A table of the lexicon."""
    table: dict[str, Any] = data("lexicon")[name]
    return table


@cache
def _patterns(table: str, name: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(rule) for rule in section(table)[name])


def says(table: str, name: str, text: str) -> bool:
    """Whether a rule of the lexicon fits the text."""
    folded = fold(" ".join(text.split()))
    return any(pattern.search(folded) for pattern in _patterns(table, name))


def count(table: str, name: str, text: str) -> int:
    """How often the rules of a list fit the text."""
    folded = fold(" ".join(text.split()))
    return sum(len(pattern.findall(folded)) for pattern in _patterns(table, name))


def words(text: str) -> list[str]:
    """The folded words in order; e-mail and Wi-Fi are one word each."""
    joined = re.sub(r"(?<=[a-z0-9])-(?=[a-z0-9])", "", fold(text))
    return [word.replace("'", "") for word in _WORD.findall(joined)]


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """A crude stem that serves all seven languages: no ending, at most six letters; numbers and codes stay."""
    if any(char.isdigit() for char in word) or len(word) <= 3:
        return word
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            word = word[: -len(suffix)]
            break
    if len(word) > 3 and word[-1] == word[-2]:
        word = word[:-1]
    return word[:6]


@lru_cache(maxsize=4096)
def stems(text: str) -> frozenset[str]:
    """The stems of the words that carry matter."""
    idle = small_words()
    return frozenset(stem(word) for word in words(text) if word not in idle and (len(word) > 1 or word.isdigit()))


def codes(text: str) -> set[str]:
    """Error codes: E7, error 12 as e12."""
    return {"e" + code.lstrip("abcdefghijklmnopqrstuvwxyz ") for code in CODE.findall(fold(text))}


def sentences(text: str) -> list[str]:
    """The sentences in order; abbreviations and dates like `3. Mai` do not end one."""
    found: list[str] = []
    held = ""
    start = 0
    for end in [*_END.finditer(text), None]:
        piece = text[start : end.start() if end else len(text)].strip()
        start = end.end() if end else len(text)
        held = f"{held} {piece}".strip()
        if end and "\n" not in end.group() and _ABBREVIATED.search(held):
            continue
        if held:
            found.append(held)
        held = ""
    return found


def guess_language(text: str, default: str = "en") -> str:
    """The language whose small words are most frequent; `default` when none stands out."""
    seen = words(text)
    scores = {language: sum(word in small_words(language) for word in seen) for language in LANGUAGES}
    best = max(scores, key=lambda language: scores[language])
    rivals = [scores[language] for language in LANGUAGES if language != best]
    return best if scores[best] >= 2 and scores[best] > max(rivals) else default
