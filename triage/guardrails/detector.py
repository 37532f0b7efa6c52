"""Which sentences of a message are worded like orders to a machine: a small linear model, and only weights of it.

Two questions are asked of every sentence, and of every two that follow each other: is it an order to the machine, and is
it a task for any language model that has nothing to do with the rest of the mail? Hashed pieces of words answer first
(see grams.py), the less surely the shorter a sentence is; of what they suspect, the bundled embedder has to think so too:
words that no ordinary mail of the fit had happen in ordinary mails all the time. What the weights were
fitted on, and how well they do on wordings that they have not seen, tells `python -m benchmarks.trust injection`.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knowledge_base.embedding import Vectors, embedder
from triage.errors import EmbedderUnavailable
from triage.guardrails.grams import BUCKETS, Pieces, pieces
from triage.guardrails.patterns import fold

log = logging.getLogger(__name__)

WEIGHTS = Path(__file__).with_name("data") / "injection.npz"
SUREST = 0.8
"""The highest chance that wording alone is given: it raises scrutiny; to stop a mail, a rule has to agree."""
WORTH_NAMING = 0.3  # chance from which on a sentence is named when a message is suspicious

_ORDER, _TASK = 0, 1
_FEWEST = 45  # pieces of a window: with fewer, some ten letters, chance decides
_AROUND = 15  # words that must stand beside a foreign task: alone it is only a wish
_DOUBT = 50  # pieces that say nothing, added to each window: few pieces are little evidence
_EMBEDDED = 4  # windows of one text that the embedder may be asked about
_LONGEST_EMBEDDED = 400  # characters

Encode = Callable[[list[str]], Vectors]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Weights:
    """Of the two questions: `grams` (2, BUCKETS), `vectors` (2, 384), a bias each; `blend` turns logits into a chance.

    `blend` is: what the embedder's logit counts, the slope and bias of the chance, what a task's logit counts and its
    bias, the logit from which on the embedder is asked, and what stands for its logit where it is not.
    """

    grams: NDArray[np.float32]
    gram_bias: NDArray[np.float32]
    vectors: NDArray[np.float32]
    vector_bias: NDArray[np.float32]
    blend: tuple[float, float, float, float, float, float, float]


@dataclass(frozen=True)
class Suspicion:
    """text[start:end] is an order to a machine (`order`) or else a foreign task, with `chance` (0 to 1)."""

    start: int
    end: int
    order: bool
    chance: float


class Detector:
    """`encode` may be missing or fail: then the pieces of words decide alone."""

    def __init__(self, weights: Weights, encode: Encode | None) -> None:
        self.weights, self._encode = weights, encode

    def look(self, text: str) -> list[Suspicion]:
        """The suspicious sentences of a normalised text, surest first, none overlapping another; the surest one always."""
        cut = pieces(fold(text))
        if not len(cut.buckets):
            return []
        places, logits, words = self._windows(text, cut)
        if not places:
            return []
        slope, bias, task_share, task_bias = self.weights.blend[1:5]
        logits = self._asked(text, places, logits, words)
        tasks = np.where(_beside(words) >= _AROUND, task_share * logits[_TASK] + task_bias, -np.inf)
        joined = np.maximum(logits[_ORDER], tasks)
        chances = np.minimum(SUREST, 1 / (1 + np.exp(-np.clip(slope * joined + bias, -30, 30))))
        found: list[Suspicion] = []
        for number in np.argsort(-joined, kind="stable").tolist():
            (start, end), chance = places[number], float(chances[number])
            if found and (chance < WORTH_NAMING or len(found) == 10):
                break
            if all(end <= other.start or start >= other.end for other in found):
                found.append(Suspicion(start, end, bool(logits[_ORDER, number] >= tasks[number]), round(chance, 4)))
        return found

    def _windows(self, text: str, cut: Pieces) -> tuple[list[tuple[int, int]], Floats, Floats]:
        """Sentences and pairs of them that have enough to say: places, logits (2, n) of the pieces, and words."""
        count = len(cut.sentences)
        sizes = np.bincount(cut.owner, minlength=count).astype(np.float64)
        sums = np.stack([np.bincount(cut.owner, row[cut.buckets], count) for row in self.weights.grams])
        pairs = [(a[0], b[1]) for a, b in zip(cut.sentences, cut.sentences[1:], strict=False)]
        places = [*cut.sentences, *pairs]
        sizes = np.concatenate([sizes, sizes[:-1] + sizes[1:]])
        sums = np.concatenate([sums, sums[:, :-1] + sums[:, 1:]], axis=1)
        logits = sums / np.sqrt(sizes + _DOUBT) + self.weights.gram_bias[:, None]
        kept = np.flatnonzero(sizes >= _FEWEST)
        words = np.array([text.count(" ", start, end) + 1 for start, end in places], np.float64)
        chosen = [places[number] for number in kept.tolist()]
        return chosen, logits[:, kept], words[kept]

    def _asked(self, text: str, places: list[tuple[int, int]], logits: Floats, words: Floats) -> Floats:
        """The logits with the embedder's word on the few windows that its word can make suspicious."""
        share, _, _, task_share, task_bias, low, unasked = self.weights.blend
        tasks = np.where(_beside(words) >= _AROUND, task_share * logits[_TASK] + task_bias, -np.inf)
        first = np.maximum(logits[_ORDER], tasks)
        asked = [number for number in np.argsort(-first, kind="stable")[:_EMBEDDED].tolist() if first[number] > low]
        said = np.full(logits.shape, unasked)
        if self._encode is not None and asked:
            starts, ends = [places[n][0] for n in asked], [places[n][1] for n in asked]
            cut = [text[start : min(end, start + _LONGEST_EMBEDDED)] for start, end in zip(starts, ends, strict=True)]
            try:
                said[:, asked] = self.weights.vectors @ self._encode(cut).T + self.weights.vector_bias[:, None]
            except EmbedderUnavailable as error:
                log.warning("%s Orders to the machine are found by wording only.", error)
        return logits + share * said


def _beside(words: Floats) -> Floats:
    """How many words of the text stand beside each window; every sentence is in up to two windows more."""
    return words.sum() / 2 - words if len(words) > 1 else np.zeros(len(words))


@lru_cache(maxsize=1)
def detector() -> Detector:
    """The detector of this process, with the shipped weights. Raises OSError when they are missing."""
    return Detector(read(WEIGHTS), lambda texts: embedder().encode(texts))


def read(file: Path) -> Weights:
    """Weights as `write` left them: eight-bit grams with a scale each, half-precision vectors."""
    with np.load(file) as kept:
        grams = kept["grams"].astype(np.float32) * kept["scale"].astype(np.float32)[:, None]
        blend = tuple(float(value) for value in kept["blend"])
        if grams.shape != (2, BUCKETS) or len(blend) != 7:
            raise ValueError(f"{file} is of another version; write it anew with python -m benchmarks.trust.injection --write")
        return Weights(
            grams, kept["gram_bias"].astype(np.float32), kept["vectors"].astype(np.float32),
            kept["vector_bias"].astype(np.float32), blend,
        )  # fmt: skip


def write(file: Path, weights: Weights) -> None:
    """Keep weights, about 100 kB; what `read` gives back is a little coarser."""
    scale = np.abs(weights.grams).max(axis=1) / 127
    grams = np.round(weights.grams / scale[:, None]).astype(np.int8)
    file.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        file, grams=grams, scale=scale.astype(np.float32), gram_bias=weights.gram_bias,
        vectors=weights.vectors.astype(np.float16), vector_bias=weights.vector_bias, blend=np.array(weights.blend),
    )  # fmt: skip
