"""The passages one may quote from, and how well each of them supports a part of a question."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from knowledge_base.embedding import Vectors
from knowledge_base.gloss import gloss
from triage.briefs import Evidence
from triage.llm.offline.meaning import likeness
from triage.llm.offline.passages import parsed
from triage.llm.offline.text import codes, says, stems

UNSEEN = 2.2  # weight of a word that no passage has: customers say much that no article could
_ELSEWHERE, _ELSEWHERE_ABROAD = -0.02, -0.12  # a passage of another category; abroad few articles compete, so likeness misleads
_OWN = 0.55  # weight of a part of a question beside the whole, when the part says enough by itself


@dataclass(frozen=True)
class Asked:
    """A part of a question, the whole, and the message around it, which names the product or code they may leave out."""

    text: str
    full: str
    subject: str = ""
    context: str = ""

    @property
    def apart(self) -> bool:
        """Whether the part says enough to be looked at more than the whole."""
        enough = 5 if says("asking", "showing", self.text) else 2 - (len(self.text.split()) > 4)
        return self.text != self.full and len(stems(self.text)) >= enough

    @property
    def core(self) -> str:
        return self.text if self.apart else self.full

    @property
    def queries(self) -> list[str]:
        whole = f"{self.subject}: {self.full}" if self.subject else self.full
        return [self.core, whole]

    @property
    def shares(self) -> Vectors:
        """How much each of the queries counts."""
        return np.array([_OWN, 1 - _OWN] if self.apart else [0.5, 0.5], np.float32)


@dataclass
class Shelf:
    """Passages in one language with the weight of each term among them; `category` is the one the message was filed under."""

    passages: list[Evidence]
    language: str = "en"
    category: str = ""
    weights: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        seen: dict[str, int] = {}
        for terms in self.terms.values():
            for term in terms:
                seen[term] = seen.get(term, 0) + 1
        self.weights = {term: math.log(1 + len(self.passages) / count) for term, count in seen.items()}

    @cached_property
    def terms(self) -> dict[str, frozenset[str]]:
        return {passage.id: self.matter(f"{passage.title} {passage.heading} {passage.text}") for passage in self.passages}

    def matter(self, text: str) -> frozenset[str]:
        """The stems of a text, and those of its English reading when it is in another language."""
        return stems(text) if self.language == "en" else stems(text) | stems(gloss(text, self.language))

    def coverage(self, asked: frozenset[str], terms: frozenset[str]) -> float:
        """The share of the question's weight that `terms` cover, 0 to 1."""
        total = sum(self._weight(term) for term in asked)
        return sum(self._weight(term) for term in asked if term in terms) / total if total else 0.0

    def _weight(self, term: str) -> float:
        return self.weights.get(term, UNSEEN) * (1.6 if any(char.isdigit() for char in term) else 1.0)

    def supports(self, asked: Asked) -> list[float]:
        """For each passage how well it answers, 0 to 1: its nearest sentence and its headings in meaning and words."""
        if not self.passages:
            return []
        titles = [f"{passage.title}: {passage.heading}" for passage in self.passages]
        units = [_texts(passage) for passage in self.passages]
        near = likeness(asked.queries, [*titles, *(text for texts in units for text in texts)], self.language)
        places = np.cumsum([len(titles), *(len(texts) for texts in units)])
        found = []
        for n, passage in enumerate(self.passages):
            inside = near[:, places[n] : places[n + 1]].max(axis=1)
            meaning = 0.6 * asked.shares @ inside + 0.4 * asked.shares @ near[:, n]
            found.append(self._support(asked, passage, float(meaning)))
        return found

    def _support(self, asked: Asked, passage: Evidence, meaning: float) -> float:
        head = f"{passage.title} {passage.heading}"
        covered = self.coverage(self.matter(asked.core), self.terms[passage.id])
        titled = self.coverage(self.matter(f"{asked.subject} {asked.core}"), self.matter(head))
        around = self.coverage(self.matter(asked.context), self.terms[passage.id])
        support = 0.8 * meaning + 0.2 * covered + 0.14 * titled + 0.08 * around
        if self.category and passage.category:
            support += 0.05 if passage.category == self.category else _ELSEWHERE if self.language == "en" else _ELSEWHERE_ABROAD
        wanted = codes(asked.full) or codes(f"{asked.subject} {asked.context}")
        heads, named = codes(head), codes(passage.text)
        if heads and not wanted:
            support -= 0.02
        elif wanted and (heads or named):
            support += (0.2 if codes(asked.core) else 0.1) if wanted & heads else 0.1 if wanted & named else -0.2
        return max(0.0, min(1.0, support))


def _texts(passage: Evidence) -> Sequence[str]:
    return [unit.text for block in parsed(passage) for unit in block.units] or [passage.text[:300]]
