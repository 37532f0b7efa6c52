"""What a question is like: how long, in which language, whether it only names a code, and which of its sentences say most."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import log

from knowledge_base.kinds import kind_of, named
from knowledge_base.lexical import STOP, Word, words

SHORT, LONG = 8, 64  # words that say something: a question of a line, and a mail that counts as fully long
PARTS, QUESTIONS = 3, 4  # sentences of a long mail that are looked up by themselves, and questions that get their own passage
_FEWEST = 3  # words of a sentence worth looking up

_SENTENCE = re.compile(r"(?<=[.!?…])\s+|\n+")


@dataclass(frozen=True)
class Question:
    """One search. `long` is 0 for a line and 1 for a mail; `parts` say most, `questions` are asked beside each other.

    `identifier` is true when hardly more than a code or a number is asked for; `kind` is one of knowledge_base.kinds or
    empty, `products` are those that the question names.
    """

    text: str
    language: str | None = None
    long: float = 0.0
    identifier: bool = False
    parts: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    kind: str = ""
    products: tuple[str, ...] = ()


def read(text: str, languages: Sequence[str], rarity: Callable[[Word, str], float], products: tuple[str, ...] = ()) -> Question:
    """Classify a question asked of a base in `languages`; `rarity` says how much a word tells there."""
    language = guess_language(text, languages)
    main = language or (languages[0] if languages else "en")
    found = words(text, main)
    long = min(1.0, max(0.0, log(max(len(found), 1) / SHORT) / log(LONG / SHORT)))
    sentences = [part.strip() for part in _SENTENCE.split(text) if len(part.split()) >= _FEWEST]
    parts: tuple[str, ...] = ()
    if long and len(sentences) > 1:
        telling = sorted(sentences, key=lambda part: -sum(rarity(word, main) for word in words(part, main)))
        parts = tuple(dict.fromkeys(telling))[:PARTS]
    asked = tuple(dict.fromkeys(part for part in sentences if part.endswith("?")))
    code = len(found) <= 2 and any(word.identifier for word in found)
    several = asked[:QUESTIONS] if len(asked) > 1 else ()
    return Question(text, language, long, code, parts, several, kind_of(text, identifier=code), named(text, products))


def without(question: Question, *, parts: bool, questions: bool) -> Question:
    """The question with its parts or questions left aside."""
    return replace(question, parts=() if parts else question.parts, questions=() if questions else question.questions)


def guess_language(text: str, languages: Sequence[str]) -> str | None:
    """The language of the base whose commonest words the text uses; None when there is no telling."""
    if len(set(languages)) < 2:
        return None
    tokens = re.findall(r"[^\W\d_]+", text.lower())
    counts = {language: sum(token in STOP[language] for token in tokens) for language in set(languages) & STOP.keys()}
    ranked = sorted(counts.values(), reverse=True)
    if not ranked or ranked[0] < 2 or (len(ranked) > 1 and ranked[0] == ranked[1]):
        return None
    return max(counts, key=counts.__getitem__)
