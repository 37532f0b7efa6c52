"""Questions put into the words of the base, and a conversation into one question that stands alone."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from knowledge_base.lexical import words
from knowledge_base.lexicon import Lexicon

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_MOST = 4  # synonyms added to one question
_LEANS = re.compile(
    r"\b(it|its|that|this|these|those|they|them|one|there|he|she|then|same|other|instead|also|too|das|es|dies\w*|ça|cela|eso|esto)\b"
    r"|^\s*(and|or|but|what about|how about|und|et|y)\b",
    re.I,
)
_STANDS_ALONE = 6  # words that say something: a question with as many needs no help


@dataclass(frozen=True)
class Rewritten:
    """`text` with its spelling put right, and what else things in it are called."""

    text: str
    synonyms: tuple[str, ...] = ()

    @property
    def whole(self) -> str:
        """The question as it is embedded."""
        return f"{self.text} ({', '.join(self.synonyms)})" if self.synonyms else self.text


def spelled(text: str, lexicon: Lexicon, known: Callable[[str], bool]) -> str:
    """The text with words that the base does not know corrected to those that it does.

    Left alone: words that are `known` in another form, and words with a capital inside a sentence, which are names.
    """

    def right(match: re.Match[str]) -> str:
        word = match.group()
        if (word[0].isupper() and not _begins(text, match.start())) or (better := lexicon.correct(word)) is None or known(word):
            return word
        return better.capitalize() if word[0].isupper() else better

    return _WORD.sub(right, text)


def synonyms(text: str, groups: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """What else the things in a text are called, by groups of terms in lower case; at most four."""
    if not groups:
        return ()
    low = text.lower()
    tokens = re.findall(r"\w+(?:[-'’.]\w+)*", low)
    longest = max(term.count(" ") for term in groups) + 1
    found: list[str] = []
    for size in range(1, longest + 1):
        for start in range(len(tokens) - size + 1):
            found += groups.get(" ".join(tokens[start : start + size]), ())
    return tuple(term for term in dict.fromkeys(found) if term.lower() not in low)[:_MOST]


def standalone(question: str, earlier: Sequence[str]) -> str:
    """One question that can be understood alone: with the customer's earlier turns, oldest first, when it leans on them.

    A question leans on what was said before when it is short or says "it". Without a model the customer's last turn is
    put before it, so that search has the words that it lacks.
    """
    before = [turn.strip() for turn in earlier if turn.strip()]
    if not before or (len(words(question)) >= _STANDS_ALONE and not _LEANS.search(question)):
        return question
    return f"{before[-1]}\n{question}"


def _begins(text: str, start: int) -> bool:
    """Whether a sentence begins here."""
    before = text[:start].rstrip(" \t\"'(“„«¿¡")
    return not before or before[-1] in ".!?:\n"
