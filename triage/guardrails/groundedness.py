"""Whether a whole text stands in its context: a score fitted on labelled answers and summaries, without a language model.

Two small logistic models look at every sentence. One asks whether the context *carries* it: words, neighbouring words and the
nearest sentence by the bundled embedder. The other asks whether it *agrees*: numbers, names, negations, restrictions and
quantities that the context does not have. A third puts both together, with weights of its own for an answer, which picks from
its context, and for a text that retells it, which is near to it throughout and betrays itself where it differs. A text is as
well carried as its sentences on average, and agrees as little as the worst of them. No weight may have the sign that speaks
against its meaning. Fitted by `python -m benchmarks.groundedness --write`; the texts are not part of this project.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from knowledge_base.answerability import logistic
from knowledge_base.embedding import Encoder, Vectors
from triage.errors import SettingsError
from triage.guardrails.conflicts import NEGATION, denies
from triage.guardrails.exact import missing
from triage.guardrails.grounding import Stretch, content, strange_names, stretches
from triage.guardrails.patterns import fold
from triage.guardrails.stems import STOPS, stems_in
from triage.guardrails.wordings import CONTRAST, ONLY, QUANTITY, RESTRICTION, denied_stem, opposites

Floats = NDArray[np.float64]

CARRIED = ("next", "near", "nearest", "strange", "names", "exact")
AGREES = ("exact", "names", "denies", "denials", "contrast", "only", "restriction", "opposite", "quantity", "reversed", "apart")
FOR = frozenset(["next", "near", "nearest"])  # these speak for a text, all others against it
WEIGHTS = Path(__file__).with_name("groundedness.json")

_SENTENCE = re.compile(r"(?<=[.!?])[\"')\]]*\s+|\n+")
_RETOLD = re.compile(
    r"\b(summ?ar\w*|recap\w*|retell\w*|paraphras\w*|rephrase|tl;?dr|fass\w* .{0,60}zusammen|zusammenfass\w*|resum\w*|riassum\w*|samenvat\w*)"
)
_REACH = 4  # content words apart up to which two words of a context are near each other
_FAR = 6.0  # log odds beyond which a model is not surer still


class Passage(NamedTuple):
    """A piece of the context."""

    id: str | None
    text: str


@dataclass(frozen=True)
class Judged:
    """One sentence: its score (0 to 1), and the passage that comes nearest."""

    text: str
    supported: bool
    score: float
    passage: str | None


@dataclass(frozen=True)
class Grounded:
    """`score` is the probability (0 to 1) that the text is grounded."""

    score: float
    label: Literal["grounded", "ungrounded"]
    sentences: list[Judged]


@dataclass(frozen=True)
class Features:
    """What the models see of a text: (sentences, len(CARRIED)) and (sentences, len(AGREES)); `retold` as of `retells`."""

    carried: Floats
    agrees: Floats
    retold: bool

    @property
    def whole(self) -> tuple[Floats, Floats]:
        """The text as one row of each: the mean of what carries it, the worst of what disagrees."""
        return self.carried.mean(axis=0), self.agrees.max(axis=0)


@dataclass(frozen=True)
class Weights:
    """Logistic weights with the constant last."""

    embedder: str
    carried: Floats
    agrees: Floats
    answer: Floats
    retold: Floats

    @classmethod
    def read(cls, path: Path = WEIGHTS) -> "Weights":
        told = json.loads(path.read_text("utf-8"))
        both = ("carried", "agrees", "constant")
        names = {"carried": (*CARRIED, "constant"), "agrees": (*AGREES, "constant"), "answer": both, "retold": both}
        return cls(told["embedder"], *(np.array([told[part][name] for name in names[part]]) for part in names))

    def score(self, carried: Floats, agrees: Floats, retold: bool) -> float:
        return logistic(self.odds(carried, agrees), self.retold if retold else self.answer)

    def odds(self, carried: Floats, agrees: Floats) -> Floats:
        """What the third model sees: how surely the text is carried and agrees, as log odds."""
        found = [inputs @ weights[:-1] + weights[-1] for inputs, weights in ((carried, self.carried), (agrees, self.agrees))]
        odds: Floats = np.clip(np.array(found), -_FAR, _FAR)
        return odds


class Scorer:
    """Scores texts; may be shared by threads. Raises SettingsError for an embedder that the weights were not fitted on."""

    def __init__(self, encoder: Encoder, weights: Weights | None = None) -> None:
        self.encoder, self.weights = encoder, weights or _shipped()
        if encoder.name != self.weights.embedder:
            raise SettingsError(
                f"Texts are judged with {self.weights.embedder}, not {encoder.name}; fit its weights with benchmarks.groundedness."
            )
        self._read = lru_cache(maxsize=8)(lambda passages: Context(passages, encoder))  # many texts share a context

    def judge(self, text: str, context: Sequence[Passage], question: str = "") -> Grounded:
        """Whether the text, the answer to `question` or a retelling of the context, stands in the context."""
        read = self._read(tuple(context))
        pieces = sentences(text)
        features = self._features(pieces, read, question)
        score = self.weights.score(*features.whole, features.retold)
        judged = []
        for piece, carried, agrees in zip(pieces, features.carried, features.agrees, strict=True):
            own = self.weights.score(carried, agrees, features.retold)
            supported = own >= 0.5 and not agrees[AGREES.index("exact")]
            judged.append(Judged(piece, supported, round(own, 4), read.nearest(piece)[1]))
        return Grounded(round(score, 4), "grounded" if score >= 0.5 else "ungrounded", judged)

    def features(self, text: str, context: Sequence[Passage], question: str = "") -> Features:
        """What the models see of a text."""
        return self._features(sentences(text), self._read(tuple(context)), question)

    def _features(self, pieces: Sequence[str], context: "Context", question: str) -> Features:
        carried = np.array([context.carries(piece) for piece in pieces])
        return Features(carried, np.array([context.agrees(piece) for piece in pieces]), retells(question))


class Context:
    """A context as the features need it: its words, which of them stand side by side, its stretches and their vectors."""

    def __init__(self, passages: Sequence[Passage], encoder: Encoder) -> None:
        passages = [passage for passage in passages if passage.text.strip()]
        self._encoder = encoder
        self.texts = [passage.text for passage in passages]
        self.folded = " ".join(map(fold, self.texts))
        self.stretches: list[Stretch] = [one for passage in passages for one in stretches(passage.id, passage.text)]
        orders = [stems_in(text) for text in self.texts]
        self.stems = frozenset(word for order in orders for word in order)
        self._next = {pair for order in orders for pair in pairwise(order)}
        self._near = {
            frozenset(pair)
            for order in ([word for word in order if word not in STOPS] for order in orders)
            for step in range(1, _REACH + 1)
            for pair in zip(order, order[step:], strict=False)
        }
        self._vectors: Vectors = encoder.encode([one.text for one in self.stretches])

    @lru_cache(maxsize=512)  # noqa: B019 a context lives as long as one text is judged
    def nearest(self, sentence: str) -> tuple[float, str | None]:
        """How near the nearest stretch comes (cosine), and the passage it stands in."""
        if not self.stretches:
            return 0.0, None
        near = self._vectors @ self._encoder.encode([sentence])[0]
        at = int(near.argmax())
        return float(near[at]), self.stretches[at].passage

    def carries(self, sentence: str) -> list[float]:
        """How far words, neighbours and meaning of the sentence stand here; see CARRIED for the order."""
        order = stems_in(sentence)
        said = [word for word in order if word not in STOPS]
        weights = content(sentence)
        known = sum(weight for word, weight in weights.items() if word in self.stems) / (sum(weights.values()) or 1)
        pairs, near = list(pairwise(order)), [frozenset(pair) for pair in pairwise(said)]
        strange = sum(word not in self.stems for word in weights)
        return [
            sum(pair in self._next for pair in pairs) / len(pairs) if pairs else known,
            sum(pair in self._near for pair in near) / len(near) if near else known,
            self.nearest(sentence)[0],
            min(strange, 12) / 4,
            self._names(sentence),
            self._exact(sentence),
        ]

    def agrees(self, sentence: str) -> list[float]:
        """Where the sentence differs from what stands here; see AGREES for the order."""
        if not self.stretches:
            return [0.0] * len(AGREES)
        folded, order, weights = fold(sentence), stems_in(sentence), content(sentence)
        carried = [sum(weights[word] for word in weights.keys() & one.stems) for one in self.stretches]
        best = [self.stretches[n] for n in np.argsort(-np.array(carried), kind="stable")[:3]]
        denials = len(NEGATION.findall(folded))
        said = [word for word in order if word not in STOPS]
        linked = [(one, two) for one, two in pairwise(said) if one != two and {one, two} <= self.stems]
        aligned = fold(best[0].text)
        return [
            self._exact(sentence),
            self._names(sentence),
            float(denies(sentence) and not any(one.negated for one in best)),
            min(denials, 3),
            min(len(CONTRAST.findall(folded)), 2),
            min(len(ONLY.findall(folded)), 2),
            min(sum(word not in aligned for word in set(RESTRICTION.findall(folded))), 2),
            min(sum(word not in self.stems and bool(opposites(word) & self.stems) for word in set(order)), 2),
            min(sum(re.search(rf"\b{word}\b", self.folded) is None for word in set(QUANTITY.findall(folded))), 3),
            sum(word not in self.stems and denied_stem(word) in self.stems for word in weights),
            min(sum(not any(one in s.stems and two in s.stems for s in self.stretches) for one, two in linked), 4),
        ]

    def _exact(self, sentence: str) -> float:
        return float(min(len(missing(sentence, self.texts)), 3))

    def _names(self, sentence: str) -> float:
        return float(min(len(strange_names(sentence, self.texts)), 3))


def sentences(text: str) -> list[str]:
    """The sentences and lines of a text that say anything; the text itself when there are none."""
    return [piece.strip() for piece in _SENTENCE.split(text) if len(piece.strip()) > 2 and re.search(r"\w", piece)] or [text]


def retells(question: str) -> bool:
    """Whether the text retells its context: a summary is asked for, or nothing in particular."""
    return not question.strip() or _RETOLD.search(fold(question)) is not None


@lru_cache(maxsize=1)
def _shipped() -> Weights:
    return Weights.read()
