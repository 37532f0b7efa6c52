"""A question in a language that the base hardly speaks: noticed, read in the base's words as far as that goes, and told.

Three signs are weighed, because short questions mislead each of them: the detector of letters, the small words of either
language, and how many of the words the base itself holds.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from knowledge_base.gloss import GLOSSED, english, fold, gloss, guess_by_small_words, small_words
from triage.language import UNSURE, detect

_FEW = 0.1  # share of the passages below which a base hardly speaks a language
_KNOWN, _PLAIN = 0.5, 0.9  # share of a question's words that the base holds: it may be in the base's language, it surely is
_LONG = 4  # letters of a word that two languages hardly share by chance
_SENTENCE = re.compile(r"(?<=[.!?…])\s+|\n+")
_WORD = re.compile(r"[^\W\d_]+")
_NAMES = {
    "ar": "Arabic", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek", "en": "English", "es": "Spanish", "fr": "French",
    "he": "Hebrew", "hu": "Hungarian", "it": "Italian", "ja": "Japanese", "ko": "Korean", "nl": "Dutch", "pl": "Polish",
    "pt": "Portuguese", "ru": "Russian", "sv": "Swedish", "tr": "Turkish", "uk": "Ukrainian", "zh": "Chinese",
}  # fmt: skip


@dataclass(frozen=True)
class Foreign:
    """A question in `language` asked of a base in `base`; `text` is what it is searched as too, empty when nothing is known of it.

    `some` is true when a few passages are in the question's own language.
    """

    language: str
    base: str
    text: str = ""
    some: bool = False

    @property
    def told(self) -> str:
        """What people should know of it, in one sentence."""
        asked, held = name_of(self.language), name_of(self.base)
        first = f"This question is in {asked}; the base is {'mostly ' if self.some else ''}in {held}"
        if self.text:
            return f"{first}: searched also as “{' '.join(self.text.split())}”."
        return f"{first}: only names, codes and words that both languages share can be found."

    @property
    def why(self) -> str:
        """Such as: question read in English."""
        return f"question read in {name_of(self.base)}"


def foreign(text: str, spoken: Mapping[str, int], holds: Callable[[str, str], bool], reading: str = "") -> Foreign | None:
    """What is known of a question that is not in the base's language; None for one that is, or when there is no telling.

    `spoken` counts the passages of each language, `holds` says whether passages in a language hold a word, `reading` is
    what a model made of the question in the base's language, if one was asked.
    """
    base = max(spoken, key=lambda language: spoken[language], default="")
    if not base or _known(base, text, holds) >= _PLAIN:  # the usual case, without the detector's half millisecond
        return None
    language = detect(text)
    language = guess_by_small_words(text) if language == UNSURE else language
    if language in ("", base) or spoken.get(language, 0) >= _FEW * sum(spoken.values()):
        return None
    if _reads_as(base, language, text, holds):
        return None
    glossed = _glossed(text, language, lambda word: holds(word, base)) if base == "en" else ""
    reading = reading if reading.strip() != text.strip() else ""  # a model that only repeated the question
    return Foreign(language, base, reading or glossed, spoken.get(language, 0) > 0)


def name_of(language: str) -> str:
    """The English name of a language by its code, or the code."""
    return _NAMES.get(language, language)


def _reads_as(base: str, language: str, text: str, holds: Callable[[str, str], bool]) -> bool:
    """Whether the words of a question are the base's after all, whatever its letters look like."""
    tokens = [fold(word) for word in _WORD.findall(text)]
    ours, theirs = _small(base), _small(language)
    own, other = sum(word in ours for word in tokens), sum(word in theirs for word in tokens)
    if theirs and own != other:
        return own > other
    return _known(base, text, holds, besides=theirs) >= _KNOWN


def _known(base: str, text: str, holds: Callable[[str, str], bool], besides: frozenset[str] = frozenset()) -> float:
    """The share of a question's words that the base holds or that are its language's small ones; 1 when there are no words."""
    tokens = [fold(word) for word in _WORD.findall(text)]
    said = [word for word in tokens if word not in besides] or tokens
    ours = _small(base)
    return sum(word in ours or holds(word, base) for word in said) / len(said) if said else 1.0


def _small(language: str) -> frozenset[str]:
    return small_words(language) if language in GLOSSED or language == "en" else frozenset()


def _glossed(text: str, language: str, shared: Callable[[str], bool]) -> str:
    """The English words of each sentence on a line of its own, with the words that are the same in both; a question stays one."""
    if language not in GLOSSED:
        return ""
    lines = []
    for sentence in _SENTENCE.split(text):
        known = gloss(sentence, language)
        line = " ".join([known, *_same(sentence, known, language, shared)]).strip()
        lines += [f"{line}?" if sentence.rstrip().endswith("?") else line] if line else []
    return "\n".join(lines)


def _same(sentence: str, known: str, language: str, shared: Callable[[str], bool]) -> list[str]:
    """Names and other words of a sentence that the base writes alike and the glossary does not know."""
    taken = set(fold(known).split())
    said = {fold(word): word for word in _WORD.findall(sentence) if len(word) >= _LONG}
    return [
        word for folded, word in said.items()
        if folded not in taken and folded not in small_words(language) and not english(folded, language) and shared(word)
    ]  # fmt: skip
