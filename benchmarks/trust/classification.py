"""How well `triage classify` sorts: each set in five parts, each part sorted by what the others teach.

FOLDER holds classification/*.dev.jsonl (`text`, `label`). banking77 has many near classes, clinc150 texts that belong
to none, measured with and without examples of such; the others are reported without a target: few examples, noisy labels.
"""

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.trust.table import Row, at_least, at_most
from knowledge_base.classifier import NOWHERE, Classifier, Guess, calibration_error
from knowledge_base.embedding import Vectors, embedder

_FOLDS = 5
_LARGE = 5_000  # examples from which on only as many folds are measured as two minutes allow
_MEASURED = 2


@dataclass(frozen=True)
class Sorted:
    """What was guessed of held-out texts, and their labels."""

    guesses: list[Guess]
    labels: list[str]
    examples: int
    fitting: float
    sorting: float

    def of(self, outside: bool) -> list[tuple[Guess, str]]:
        return [(guess, label) for guess, label in zip(self.guesses, self.labels, strict=True) if (label in NOWHERE) == outside]

    @property
    def accuracy(self) -> float:
        """Of texts that belong to a class: the share whose label is right."""
        return float(np.mean([guess.label == label for guess, label in self.of(False)]))

    @property
    def kept(self) -> float:
        """The share that is right and not given up."""
        return float(np.mean([guess.label == label and not guess.abstain for guess, label in self.of(False)]))

    @property
    def outsiders(self) -> float:
        return float(np.mean([guess.abstain for guess, _ in self.of(True)]))

    @property
    def gap(self) -> float:
        right = np.array([guess.label == label for guess, label in zip(self.guesses, self.labels, strict=True)])
        return calibration_error(np.array([guess.confidence for guess in self.guesses], np.float32), right)


def measure(folder: Path) -> Iterator[Row]:
    """The rows of the table."""
    place = folder / "classification"
    banking = _read(place / "banking77.dev.jsonl")
    if banking:
        found = validated(banking)
        how = f"{len(found.labels):,} held-out texts, {found.examples:,} examples"
        yield at_least("banking77: accuracy", found.accuracy, 0.93, how)
        yield at_most("banking77: calibration error", found.gap, 0.05, how)
        yield Row("banking77: right and not given up", f"{found.kept:.3f}", how=how)
        yield Row("banking77: to learn", f"{found.fitting:.0f} s", how="CPU, for each part")
        yield Row("banking77: to sort a text", f"{found.sorting * 1000:.1f} ms", how="CPU, without its embedding")
    clinc = _read(place / "clinc150_oos.dev.jsonl")
    for taught in (False, True) if clinc else ():
        found = validated(clinc, taught=taught)
        how = f"{len(found.labels):,} held-out texts, outsiders {'among' if taught else 'not among'} the examples"
        yield at_least("clinc150: in-scope accuracy, given up counts as wrong", found.kept, 0.94, how)
        yield at_least("clinc150: out-of-scope recall", found.outsiders, 0.65, how)
        yield at_most("clinc150: calibration error", found.gap, 0.05, how)
    for file in sorted(place.glob("*.dev.jsonl")):
        if file.name.startswith(("banking77", "clinc150")):
            continue
        found = validated(_read(file))
        how = f"{len(found.labels):,} held-out texts, {len(set(found.labels))} classes"
        name = file.name.removesuffix(".dev.jsonl")
        yield Row(f"{name}: accuracy", f"{found.accuracy:.3f}", how=how)
        yield Row(f"{name}: calibration error", f"{found.gap:.3f}", how=how)


def validated(rows: list[tuple[str, str]], *, taught: bool = True) -> Sorted:
    """Guesses for texts by what the others teach; with `taught` False no outsider is among the examples."""
    texts, labels = [text for text, _ in rows], [label for _, label in rows]
    vectors: Vectors = embedder().encode(texts)
    folds = _folds(labels)
    guesses, truth, fitting, sorting, examples = [], list[str](), [], 0.0, 0
    for fold in range(_MEASURED if len(rows) > _LARGE else _FOLDS):
        own = [n for n in np.flatnonzero(folds != fold).tolist() if taught or labels[n] not in NOWHERE]
        out = np.flatnonzero(folds == fold).tolist()
        began = time.process_time()
        classifier = Classifier.fit([texts[n] for n in own], [labels[n] for n in own], vectors[own])
        fitting.append(time.process_time() - began)
        began = time.process_time()
        guesses += classifier.classify([texts[n] for n in out], vectors[out])
        sorting += time.process_time() - began
        truth += [labels[n] for n in out]
        examples = len(own)
    return Sorted(guesses, truth, examples, float(np.mean(fitting)), sorting / len(truth))


def _folds(labels: Iterable[str]) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """Each label's texts dealt to the folds in turn, in a random order."""
    names = np.array(list(labels))
    folds, dealt = np.zeros(len(names), np.int64), 0
    for number, name in enumerate(np.unique(names)):
        own = np.random.default_rng(number).permutation(np.flatnonzero(names == name))
        folds[own] = (np.arange(len(own)) + dealt) % _FOLDS
        dealt += len(own)
    return folds


def _read(file: Path) -> list[tuple[str, str]]:
    if not file.exists():
        return []
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    return [("\n".join(part for part in (row["text"]["subject"], row["text"]["body"]) if part), row["label"]) for row in rows]
