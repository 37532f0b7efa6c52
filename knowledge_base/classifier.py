"""Which of its classes a text belongs to, how surely, and whether to none: learnt from labelled examples in seconds.

Kernel ridge regression (Saunders et al., ICML 1998) on one column a class. Two texts are alike as their embeddings,
seen from the examples' centre, and their words and pieces of words are (ngrams.py); a Gaussian makes near examples
count most. The scores become probabilities by one temperature (Guo et al., ICML 2017), and the best one's is set
right by a logistic curve (Platt, 1999), both fitted on examples that were held out. Beside the classes stands the outside: a text that reaches no class's score better than the hundredth part
of the rightly sorted examples did belongs to none. Examples labelled as belonging nowhere ("oos") raise its score.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge_base.embedding import Vectors
from knowledge_base.ngrams import Hashes, Ngrams, hashes

Floats = NDArray[np.float32]
Numbers = NDArray[np.int64]

NOWHERE = frozenset({"oos", "out_of_scope", "out-of-scope", "out of scope", "outside", "none"})
"""Labels of examples that belong to no class."""

MOST = 12_000  # examples; the fit costs their number cubed
_WORDS = 0.3  # what words count for beside the meaning
_SHARP = 2.0  # of the Gaussian
_RIDGE = 0.1
_FOLDS = 5
_ONE_FOLD = 4_000  # examples from which on one fold in five is held out, and not each in turn
_GIVEN_UP = 0.01  # share of rightly sorted examples that may be taken for outsiders
_FARTHEST = 0.5  # the outside's score at most: examples made by one pattern are all alike, and new texts are not
_FEW = 20  # held-out examples below which nothing can be said of the outside
_TEMPERATURES = np.geomspace(1.0, 64.0, 49)
_USUAL = 12.0  # temperature where too little is known
_BATCH = 256
_RANKED = 5


@dataclass(frozen=True)
class Guess:
    """The best label with its probability; `abstain` says that the text seems to belong to no class."""

    label: str
    confidence: float
    abstain: bool
    ranking: list[tuple[str, float]]


@dataclass(frozen=True)
class Report:
    """What the classifier says of itself, from `checked` held-out examples.

    `right` is the share that was sorted rightly, `gap` the expected calibration error over ten bins, `given_up` the
    share it would not sort; `classes` gives for each class (examples, held out, rightly sorted), `confused` how often
    one was taken for another, most often first.
    """

    checked: int = 0
    right: float = 0.0
    gap: float = 0.0
    given_up: float = 0.0
    classes: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    confused: list[tuple[str, str, int]] = field(default_factory=list)


@dataclass(frozen=True)
class Fitted:
    """What a fit found: `weights` (examples, classes), and how scores are read."""

    classes: list[str]
    weights: Floats
    scale: "Scale"
    report: Report


@dataclass(frozen=True)
class Scale:
    """From scores to probabilities: a temperature, what it takes to be outside, and the curve of the best one's log-odds."""

    temperature: float = _USUAL
    outside: float = 0.0
    slope: float = 1.0
    offset: float = 0.0


class Classifier:
    """Examples with what was learnt from them. Thread-safe."""

    def __init__(self, texts: Sequence[str], vectors: Vectors, fitted: Fitted) -> None:
        """The classifier of a former `fit` with the same texts and vectors, in the same order."""
        self.fitted = fitted
        self._space = _Space([hashes(text) for text in texts], vectors)

    @classmethod
    def fit(
        cls, texts: Sequence[str], labels: Sequence[str], vectors: Vectors, *, checked: NDArray[np.bool_] | None = None
    ) -> "Classifier":
        """Learn from texts, their labels and their vectors (n, d). Only examples marked in `checked` (default: all) are held out.

        Raises ValueError without examples, or for more than MOST.
        """
        if not texts or len(texts) > MOST:
            raise ValueError(f"a classifier needs 1 to {MOST:,} examples, not {len(texts):,}")
        classes = sorted(set(labels))
        numbers = np.array([classes.index(label) for label in labels])
        made = cls.__new__(cls)
        made._space = _Space([hashes(text) for text in texts], vectors)
        alike = made._space.own()
        rows, scores = _held_out(alike, numbers, len(classes), np.ones(len(texts), bool) if checked is None else checked)
        scale = _scale(scores, numbers[rows], classes)
        report = _report(scores, numbers, rows, classes, scale)
        made.fitted = Fitted(classes, _solved(alike, numbers, len(classes)), scale, report)
        return made

    def classify(self, texts: Sequence[str], vectors: Vectors) -> list[Guess]:
        """A guess for each text and its vector."""
        return [guess for start in range(0, len(texts), _BATCH) for guess in self._batch(texts[start:start + _BATCH], vectors[start:start + _BATCH])]  # fmt: skip

    def _batch(self, texts: Sequence[str], vectors: Vectors) -> Iterator[Guess]:
        fitted = self.fitted
        scores = self._space.likeness([hashes(text) for text in texts], vectors) @ fitted.weights
        chances = _chances(scores, fitted.classes, fitted.scale)
        names = [name for name in fitted.classes if name not in NOWHERE]
        nowhere = next((name for name in fitted.classes if name in NOWHERE), None)
        for row in chances:
            abstain = not names or bool(row[-1] >= row[:-1].max())
            known = [*zip(names, row.tolist(), strict=False), *([(nowhere, float(row[-1]))] if nowhere else [])]
            ranking = sorted(known, key=lambda pair: -pair[1])[:_RANKED]
            yield Guess(ranking[0][0], round(ranking[0][1], 4), abstain, [(name, round(chance, 4)) for name, chance in ranking])


class _Space:
    """How like texts are to the examples."""

    def __init__(self, grams: Sequence[Hashes], vectors: Vectors) -> None:
        self._centre: Vectors = vectors.mean(axis=0)
        self._meanings = _unit(vectors - self._centre)
        self._ngrams = Ngrams(grams)
        self._places: Vectors = np.ascontiguousarray(self._ngrams.matrix(grams).T)  # a row a place: a text has few

    def likeness(self, grams: Sequence[Hashes], vectors: Vectors) -> Floats:
        """float32 (texts, examples), 1 for the same text."""
        words = np.zeros((len(grams), len(self._meanings)), np.float32)
        for row, text in enumerate(grams):
            places, weights = self._ngrams.places(text)
            words[row] = weights @ self._places[places]
        return self._near(_unit(vectors - self._centre) @ self._meanings.T, words)

    def own(self) -> Floats:
        """float32 (examples, examples)."""
        return self._near(self._meanings @ self._meanings.T, self._places.T @ self._places)

    @staticmethod
    def _near(meaning: Floats, words: Floats) -> Floats:
        words *= np.float32(_WORDS)
        words += meaning
        words *= np.float32(_SHARP / (1 + _WORDS))
        words -= np.float32(_SHARP)
        return np.exp(words, out=words)


def _solved(alike: Floats, numbers: Numbers, classes: int) -> Floats:
    """The weights of the examples, float32 (examples, classes); what `alike` holds is lost."""
    alike[np.diag_indices_from(alike)] += np.float32(_RIDGE)
    solved: Floats = np.linalg.solve(alike, np.eye(classes, dtype=np.float32)[numbers])
    return solved


def _held_out(alike: Floats, numbers: Numbers, classes: int, usable: NDArray[np.bool_]) -> tuple[Numbers, Floats]:
    """Numbers of examples that were held out, and their scores (held out, classes) by what the others teach."""
    folds = _folds(numbers, usable)
    rows, scores = [np.zeros(0, np.int64)], [np.zeros((0, classes), np.float32)]
    for fold in range(_FOLDS if len(numbers) < _ONE_FOLD else 1):
        out, rest = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
        if len(out) and len(rest):
            rows.append(out)
            scores.append(alike[np.ix_(out, rest)] @ _solved(alike[np.ix_(rest, rest)], numbers[rest], classes))
    return np.concatenate(rows), np.concatenate(scores)


def _folds(numbers: Numbers, usable: NDArray[np.bool_]) -> Numbers:
    """Each class's usable examples dealt to the folds in turn; -1 for the only example of a class, and for what is not usable."""
    folds, dealt = np.full(len(numbers), -1), 0
    for number in np.unique(numbers):
        own = np.flatnonzero((numbers == number) & usable)
        if (numbers == number).sum() > 1:
            order = np.random.default_rng(int(number)).permutation(own)
            folds[order] = (np.arange(len(order)) + dealt) % _FOLDS
            dealt += len(order)
    return folds


def _split(scores: Floats, classes: Sequence[str]) -> tuple[Floats, Floats]:
    """Scores of the classes (n, inside), and the best of the labels that mean nowhere (n,), 0 without one."""
    nowhere = np.array([name in NOWHERE for name in classes])
    away = scores[:, nowhere].max(axis=1) if nowhere.any() else np.zeros(len(scores), np.float32)
    return scores[:, ~nowhere], away


def _chances(scores: Floats, classes: Sequence[str], scale: Scale) -> Floats:
    """Probabilities (n, inside + 1), the outside's last."""
    inside, away = _split(scores, classes)
    raised = scale.temperature * np.hstack([inside, (away + np.float32(scale.outside))[:, None]]).astype(np.float64)
    raised = np.exp(raised - raised.max(axis=1, keepdims=True))
    chances = raised / raised.sum(axis=1, keepdims=True)
    rows, best = np.arange(len(chances)), chances.argmax(axis=1)
    told = chances[rows, best]
    sure = _logistic(scale.slope * _odds(told) + scale.offset)
    others = chances * ((1 - sure) / np.maximum(1 - told, 1e-9))[:, None]
    chances = np.minimum(others, sure[:, None])  # the best stays the best
    chances[rows, best] = sure
    found: Floats = chances.astype(np.float32)
    return found


def _odds(chance: Any) -> Any:
    held = np.clip(chance, 1e-3, 1 - 1e-3)
    return np.log(held / (1 - held))


def _logistic(odds: Any) -> Any:
    return 1 / (1 + np.exp(-odds))


def _truth(numbers: Numbers, classes: Sequence[str]) -> Numbers:
    """For each label its column in what `_chances` gives."""
    places, inside = [], 0
    for name in classes:
        places.append(-1 if name in NOWHERE else inside)
        inside += name not in NOWHERE
    return np.array([inside if place < 0 else place for place in places])[numbers]


def _scale(scores: Floats, numbers: Numbers, classes: Sequence[str]) -> Scale:
    """How to read scores, from held-out ones and the labels they should have led to."""
    inside, away = _split(scores, classes)
    truth = _truth(numbers, classes)
    if len(scores) < _FEW or inside.shape[1] == 0:
        return Scale()
    lead = (inside.max(axis=1) - away)[inside.argmax(axis=1) == truth]
    outside = min(_FARTHEST, float(np.quantile(lead, _GIVEN_UP))) if len(lead) >= _FEW else 0.0
    told = np.arange(len(truth))
    tried = [Scale(float(temperature), outside) for temperature in _TEMPERATURES]
    losses = [-np.log(_chances(scores, classes, scale)[told, truth] + 1e-9).mean() for scale in tried]
    best = tried[int(np.argmin(losses))]
    chances = _chances(scores, classes, best)
    return replace(best, **_curve(_odds(chances.max(axis=1)), chances.argmax(axis=1) == truth))


def _curve(odds: Any, right: NDArray[np.bool_]) -> dict[str, float]:
    """Slope and offset by Newton's method, held a little near 1 and 0."""
    found, usual = np.array([1.0, 0.0]), np.array([1.0, 0.0])
    inputs = np.column_stack([odds, np.ones(len(odds))]).astype(np.float64)
    pull = np.diag([1.0, 1.0])
    for _ in range(25):
        chance = _logistic(inputs @ found)
        slope = inputs.T @ (right - chance) - pull @ (found - usual)
        step = np.linalg.solve((inputs * (chance * (1 - chance))[:, None]).T @ inputs + pull, slope)
        found = found + step / max(1.0, float(np.abs(step).max()))  # never far at once: the curve is flat out there
    return {"slope": max(0.05, float(found[0])), "offset": float(found[1])}


def _report(scores: Floats, numbers: Numbers, rows: Numbers, classes: Sequence[str], scale: Scale) -> Report:
    counted = np.bincount(numbers, minlength=len(classes)).tolist()
    if not len(rows):
        return Report(classes={name: (counted[n], 0, 0) for n, name in enumerate(classes)})
    chances = _chances(scores, classes, scale)
    truth, best, guessed = _truth(numbers[rows], classes), chances.argmax(axis=1), chances[:, :-1].argmax(axis=1)
    own = truth < chances.shape[1] - 1
    best = np.where(own, guessed, best)  # how well it sorts is one question, what it gives up another
    names = [name for name in classes if name not in NOWHERE] + ["outside"]
    held, good = (
        np.bincount(numbers[rows], minlength=len(classes)),
        np.bincount(numbers[rows][best == truth], minlength=len(classes)),
    )
    wrong: dict[tuple[str, str], int] = {}
    for one, other in zip(truth[best != truth].tolist(), best[best != truth].tolist(), strict=True):
        wrong[names[one], names[other]] = wrong.get((names[one], names[other]), 0) + 1
    return Report(
        checked=len(rows),
        right=float((best == truth).mean()),
        gap=calibration_error(chances[np.arange(len(best)), best], best == truth),
        given_up=float((chances[own, -1] >= chances[own, :-1].max(axis=1)).mean()) if own.any() else 0.0,
        classes={name: (counted[n], int(held[n]), int(good[n])) for n, name in enumerate(classes)},
        confused=sorted(((one, other, times) for (one, other), times in wrong.items()), key=lambda row: (-row[2], row))[:20],
    )


def calibration_error(confidence: Floats, right: NDArray[np.bool_], bins: int = 10) -> float:
    """Expected calibration error (Naeini et al., AAAI 2015): the mean distance between how sure and how often right, over equal bins."""
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    return float(
        sum(abs(confidence[place == n].mean() - right[place == n].mean()) * (place == n).mean() for n in set(place.tolist()))
    )


def _unit(vectors: Vectors) -> Vectors:
    united: Vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.float32(1e-9))
    return united
