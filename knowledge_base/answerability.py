"""Whether passages answer a question: answer, ask back, or say that nothing here answers it.

Two small logistic models on what the bundled embedder says of question and sentences. One asks whether the question
is clear: does it point at something (knowledge_base.references) that neither conversation nor question names, and do
the passages speak of several things that fit? The other asks whether a passage comes near enough to be the answer.
A third puts them together and is calibrated: of the decisions made with 0.8, eight in ten are right. Weights are
fitted by `python -m benchmarks.answerability --write`; the texts they were fitted on are not part of this project.
"""

import json
import re
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from knowledge_base.embedding import Encoder, Vectors
from knowledge_base.lexical import words
from knowledge_base.references import references
from triage.errors import SettingsError

Decision = Literal["answer", "clarify", "abstain"]
Floats = NDArray[np.float64]

CLEAR = ("pointing", "pronouns", "definite", "any", "rivals", "spread")  # what speaks against a question's clearness
NEAR = ("sentence", "passage")  # what speaks for an answer
WEIGHTS = Path(__file__).with_name("answerability.json")
CODE_MISSING = 0.2  # most that can be believed of passages that lack the very code the question asks about

SURELY = 0.6  # the chance of an answer from which on the conversation is not asked as well
UNCLEAR = 0.3  # from here on an unanswered question is asked back: asking costs less than giving up

_SENTENCE = re.compile(r"(?<=[.!?])[\"')\]]*\s+|\n+")
_LONG_NUMBER = re.compile(r"\d{4}")
_PASSAGES, _SENTENCES = 12, 30  # looked at of one question's passages, and of one passage
_TURNS = 6  # of the conversation that may name what a question points at
_ANCHORED = 0.4  # similarity to the conversation from which on what is pointed at counts as named there
_NEARLY = 0.12  # less near than the best by this much is as good a candidate
_LEAD = 200  # characters of the last message of either side that a follow-up is read together with
_KEPT = 2_000  # passages whose sentences are remembered


class Turn(NamedTuple):
    """A message of the conversation so far; `ours` when the desk wrote it."""

    text: str
    ours: bool = False


@dataclass(frozen=True)
class Judgement:
    """`answered` and `unclear` are probabilities (0 to 1); `confidence` is how sure it is that this is (not) answered."""

    decision: Decision
    confidence: float
    answered: float
    unclear: float


@dataclass(frozen=True)
class Features:
    """What the models see: `clear` (len(CLEAR),), `near` (len(NEAR),) or None without passages, and whether a code is missing."""

    clear: Floats
    near: Floats | None
    code_missing: bool = False


@dataclass(frozen=True)
class Weights:
    """Logistic weights with the constant last; `without` is the probability of an answer without any passage."""

    embedder: str
    clear: Floats
    near: Floats
    both: Floats
    without: float

    @classmethod
    def read(cls, path: Path = WEIGHTS) -> "Weights":
        told = json.loads(path.read_text("utf-8"))
        clear = [told["clear"][name] for name in (*CLEAR, "constant")]
        near = [told["near"][name] for name in (*NEAR, "constant")]
        both = [told["both"][name] for name in ("near", "clear", "constant")]
        return cls(told["embedder"], np.array(clear), np.array(near), np.array(both), told["without"])


class Judge:
    """Judges questions; may be shared by threads. Raises SettingsError for an embedder that the weights were not fitted on."""

    def __init__(self, encoder: Encoder, weights: Weights | None = None) -> None:
        self.encoder, self.weights = encoder, weights or _shipped()
        if encoder.name != self.weights.embedder:
            raise SettingsError(
                f"Answers are judged with {self.weights.embedder}, not {encoder.name}; fit its weights with benchmarks.answerability."
            )
        self._sentences: OrderedDict[str, Vectors] = OrderedDict()
        self._lock = Lock()

    def judge(self, question: str, passages: Sequence[str], history: Sequence[Turn] = ()) -> Judgement:
        """Whether the passages answer the question, asked at the end of the conversation `history` (oldest first).

        One that they surely answer as it stands is not read together with the conversation: that takes another
        embedding and, on the questions that the weights were fitted on, changes no decision.
        """
        alone = self.decide(self.features(question, passages, history, together=False))
        if alone.answered >= SURELY or not _readings(question, history):
            return alone
        return self.decide(self.features(question, passages, history))

    def decide(self, features: Features) -> Judgement:
        """The judgement from the features alone."""
        weights = self.weights
        unclear = logistic(features.clear, weights.clear)
        answered = weights.without
        if features.near is not None:
            answered = logistic(both(logistic(features.near, weights.near), unclear), weights.both)
        if features.code_missing:
            answered = min(answered, CODE_MISSING)
        if answered >= 0.5:
            return Judgement("answer", round(answered, 4), answered, unclear)
        decision: Decision = "clarify" if unclear >= UNCLEAR else "abstain"
        return Judgement(decision, round(1 - answered, 4), answered, unclear)

    # ---- features -----------------------------------------------------------------------------------------

    def features(
        self, question: str, passages: Sequence[str], history: Sequence[Turn] = (), *, together: bool = True
    ) -> Features:  # fmt: skip
        """What the models see of a question, also read `together` with what was said before it; see CLEAR and NEAR for the order."""
        passages = [passage for passage in passages if passage.strip()][:_PASSAGES]
        asked, rest = _asked(question)
        leads = _readings(question, history) if together else []
        readings = self.encoder.encode(list(dict.fromkeys([question, asked, *leads])))
        best = np.array([float((self._vectors(passage) @ readings.T).max()) for passage in passages])
        whole = self.encoder.encode(list(passages)) if passages else np.zeros((0, readings.shape[1]), np.float32)
        near = np.array([best.max(), float((whole @ readings.T).max())]) if passages else None
        clear = self._clear(asked, [*(turn.text for turn in history), *rest][-_TURNS:], passages, best, whole)
        return Features(clear, near, bool(passages) and _code_missing(question, passages))

    def _clear(self, asked: str, said: Sequence[str], passages: Sequence[str], best: Floats, whole: Vectors) -> Floats:
        """How much the question leaves open: nothing, where it points at nothing or the conversation is about the same."""
        found, rivals = references(asked), _rivals(passages, best)
        if not found.any and not rivals:
            return np.zeros(len(CLEAR))
        said = [text for text in said if text.strip()]
        anchor = float((self.encoder.encode(said) @ self.encoder.encode([asked])[0]).max()) if said else 0.0
        loose = 1 - min(1.0, max(0.0, anchor) / _ANCHORED)
        counts = [found.pointing, min(found.pronouns, 2), min(found.definite, 3), found.any]
        return loose * np.array([*counts, rivals, _spread(whole)], np.float64)

    def _vectors(self, passage: str) -> Vectors:
        """The vectors of a passage's sentences, remembered: the same passages are found again and again."""
        with self._lock:
            known = self._sentences.get(passage)
        if known is None:
            known = self.encoder.encode(sentences(passage)[:_SENTENCES] or [passage])
        with self._lock:
            self._sentences[passage] = known
            self._sentences.move_to_end(passage)
            while len(self._sentences) > _KEPT:
                self._sentences.popitem(last=False)
        return known


def sentences(text: str) -> list[str]:
    """The sentences and lines of a text."""
    return [piece.strip() for piece in _SENTENCE.split(text) if len(piece.strip()) > 2]


def logistic(inputs: Floats, weights: Floats) -> float:
    """The probability under weights whose constant is last."""
    return float(1 / (1 + np.exp(-(inputs @ weights[:-1] + weights[-1]))))


def both(answered: float, unclear: float) -> Floats:
    """What the third model sees of the first two: the log odds that it is answered, and that it is clear."""
    return np.array([_log_odds(answered), _log_odds(1 - unclear)])


def _log_odds(probability: float) -> float:
    held = min(max(probability, 1e-4), 1 - 1e-4)
    return float(np.log(held / (1 - held)))


def _asked(question: str) -> tuple[str, list[str]]:
    """The sentence that asks (the last one with a question mark, else the last), and the others."""
    pieces = sentences(question)
    if len(pieces) < 2:
        return question, []
    asked = next((piece for piece in reversed(pieces) if "?" in piece), pieces[-1])
    return asked, [piece for piece in pieces if piece != asked]


def _readings(question: str, history: Sequence[Turn]) -> list[str]:
    """A follow-up read together with what the customer said before it, and with our last reply."""
    theirs = next((turn.text for turn in reversed(history) if not turn.ours), None)
    ours = next((turn.text for turn in reversed(history) if turn.ours), None)
    return [f"{before} {question}" for before in (theirs and theirs[-_LEAD:], ours and ours[:_LEAD]) if before]


def _rivals(passages: Sequence[str], best: Floats) -> int:
    """How many passages under another heading (their first line) come as near as the best one; at most 4."""
    nearest: dict[str, float] = {}
    for passage, near in zip(passages, best, strict=True):
        heading = passage.strip().split("\n")[0][:80].lower()
        nearest[heading] = max(near, nearest.get(heading, -1.0))
    return min(4, sum(near > best.max() - _NEARLY for near in nearest.values()) - 1) if nearest else 0


def _spread(whole: Vectors) -> float:
    """How far passages lie apart: 1 less their mean similarity to each other."""
    n = len(whole)
    return float(1 - ((whole @ whole.T).sum() - n) / (n * (n - 1))) if n > 1 else 0.0


def _code_missing(question: str, passages: Sequence[str]) -> bool:
    """Whether the question names an error code, model or version that no passage holds; an order's number is in none."""
    codes = {word.key for word in words(question) if word.identifier and not _LONG_NUMBER.search(word.key)}
    held = {word.key for passage in passages for word in words(passage) if word.identifier} if codes else set()
    return bool(codes) and not codes & held


@lru_cache(maxsize=1)
def _shipped() -> Weights:
    return Weights.read()
