"""How well the desk knows what it cannot answer: `python -m benchmarks.answerability --data FOLDER [--write]`,
or `make bench-answerable`.

FOLDER (default: TRIAGE_DATA) holds groundedness/mtragun_answerability*.jsonl (questions at the end of a
conversation, with passages or none, labelled) and retrieval/*/ (corpora). Beside the questions as they are, harder
ones are made of them: the same questions with the nearest passages of other conversations, and the corpora's
questions with and without the passages that answer them. Questions that share a document or a conversation stay in
one fold. --write fits on everything and replaces knowledge_base/answerability.json.
"""

import argparse
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.corpora import data_folder
from knowledge_base.answerability import CLEAR, NEAR, WEIGHTS, Features, Judge, Turn, Weights, both, logistic
from knowledge_base.embedding import Vectors, embedder

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

ANSWERED, OPEN = ("ANSWERABLE", "PARTIAL"), "UNDERSPECIFIED"
_HARD, _CORPUS = 0.25, 0.05  # what a made question counts for, beside 1 of one as it is
_UNLIKE = 0.25  # what a corpus's own question counts for as an example of a clear one
_SHOWN, _MOST = 4, 300  # passages of a made question, questions of a corpus
_FOLDS, _ROUNDS = 10, 3


@dataclass(frozen=True)
class Case:
    """A labelled question. `made` says that its passages are not those that the data gives it; `group` stays in one fold."""

    question: str
    passages: list[str]
    history: list[Turn]
    label: str
    source: str
    group: str
    made: bool = False

    @property
    def answered(self) -> bool:
        return self.label in ANSWERED


# ---- reading ----------------------------------------------------------------------------------------------


def read(folder: Path) -> list[Case]:
    """Every case of the folder, those made of others included."""
    files = sorted(folder.glob("groundedness/mtragun_answerability*.jsonl")) or sorted(
        folder.glob("mtragun_answerability*.jsonl")
    )
    asked = [case for file in files for case in _conversations(file)]
    corpora = [case for place in sorted(folder.glob("retrieval/*/qrels.tsv")) for case in _corpus(place.parent)]
    return [*asked, *_harder(asked), *corpora]


def _conversations(file: Path) -> list[Case]:
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    groups = _groups([[*_documents(row), *(turn["text"][:200] for turn in row["history"][:1])] for row in rows])
    return [
        Case(
            row["question"], [passage["text"] for passage in row["context"]],
            [Turn(turn["text"], turn["role"] != "user") for turn in row["history"]], row["label"], row["collection"], f"conversation {group}",
        )
        for row, group in zip(rows, groups, strict=True)
    ]  # fmt: skip


def _documents(row: dict[str, Any]) -> list[str]:
    return [f"{row['collection']} {re.split('[_-]', passage['id'])[0]}" for passage in row["context"]]


def _groups(shared: Sequence[Iterable[str]]) -> list[int]:
    """A number for each row; rows that share anything, directly or through others, have the same."""
    group, seen = list(range(len(shared))), dict[str, int]()
    for row, names in enumerate(shared):
        for name in names:
            other = group[seen.setdefault(name, row)]
            group = [group[row] if number == other else number for number in group]
    return group


def _harder(asked: Sequence[Case]) -> list[Case]:
    """Questions that were clear, each with the passages of other conversations that come nearest to it."""
    made: list[Case] = []
    for source in sorted({case.source for case in asked}):
        own = [case for case in asked if case.source == source]
        pool = [(passage, case.group) for case in own for passage in case.passages]
        vectors = _vectors([passage for passage, _ in pool])
        for case in own:
            if case.label == OPEN:
                continue
            theirs = next((turn.text for turn in reversed(case.history) if not turn.ours), "")
            near = (vectors @ _vectors([case.question, f"{theirs} {case.question}"]).T).max(axis=1)
            others = [pool[n][0] for n in np.argsort(-near) if pool[n][1] != case.group and pool[n][0] not in case.passages]
            wanted = max(2, min(5, len(case.passages) or 3))
            made.append(replace(case, passages=list(dict.fromkeys(others[:12]))[:wanted], label="NONE", made=True))
    return made


def _corpus(folder: Path) -> list[Case]:
    """Each question with what comes nearest to it, and again with what answers it taken out."""
    documents = [json.loads(line) for line in (folder / "corpus.jsonl").read_text("utf-8").splitlines()]
    queries = [json.loads(line) for line in (folder / "queries.jsonl").read_text("utf-8").splitlines()]
    relevant: dict[str, set[str]] = {}
    for line in (folder / "qrels.tsv").read_text("utf-8").splitlines()[1:]:
        query, document, _ = line.split("\t")
        relevant.setdefault(query, set()).add(document)
    texts = [f"{document.get('title') or ''}\n{document['text']}".strip() for document in documents]
    vectors = _vectors(texts)
    made: list[Case] = []
    for query in queries[:: max(1, len(queries) // _MOST)]:
        order = np.argsort(-(vectors @ _vectors([query["text"]])[0]))
        group = str(query.get("thread_id") or query["id"])
        case = Case(query["text"], [texts[n] for n in order[:_SHOWN]], [], ANSWERED[0], folder.name, group, made=True)
        good = relevant.get(query["id"], set())
        if any(documents[n]["id"] in good for n in order[:_SHOWN]):
            made.append(case)
        rest = [texts[n] for n in order[: _SHOWN + len(good)] if documents[n]["id"] not in good]
        made.append(replace(case, passages=rest[:_SHOWN], label="NONE"))
    return made


def _vectors(texts: list[str]) -> Vectors:
    return embedder().encode(texts)


# ---- fitting ----------------------------------------------------------------------------------------------


def fit(cases: Sequence[Case], seen: Sequence[Features], seed: int = 0) -> Weights:
    """Weights from cases; the third model learns from what the first two say of questions they have not seen."""
    clear, near = _fit_clear(cases, seen), _fit_near(cases, seen)
    unclear, answered = np.zeros(len(cases)), np.zeros(len(cases))
    folds = _folds(cases, seed)
    for fold in set(folds.tolist()):
        rest = [n for n in range(len(cases)) if folds[n] != fold]
        some, others = [cases[n] for n in rest], [seen[n] for n in rest]
        one, two = _fit_clear(some, others), _fit_near(some, others)
        for n in np.flatnonzero(folds == fold):
            unclear[n] = logistic(seen[n].clear, one)
            answered[n] = logistic(seen[n].near, two) if seen[n].near is not None else 0.0
    use = [n for n in range(len(cases)) if seen[n].near is not None and not _noisy(cases[n])]
    inputs = np.array([both(answered[n], unclear[n]) for n in use])
    weights = np.array([_HARD * cases[n].made if _conversed(cases[n]) else _CORPUS for n in use])
    weights[weights == 0] = 1.0
    joint = _regression(inputs, _flags(cases[n].answered for n in use), weights, pull=0.1)
    bare = [case for case in cases if not case.passages]
    return Weights(embedder().name, clear, near, joint, (sum(case.answered for case in bare) + 0.5) / (len(bare) + 1))


def _fit_clear(cases: Sequence[Case], seen: Sequence[Features]) -> Floats:
    use = [n for n, case in enumerate(cases) if case.label != "NONE"]
    weights = np.array([1.0 if not cases[n].made else _UNLIKE for n in use])
    return _regression(np.array([seen[n].clear for n in use]), _flags(cases[n].label == OPEN for n in use), weights)


def _fit_near(cases: Sequence[Case], seen: Sequence[Features]) -> Floats:
    use = [n for n, case in enumerate(cases) if case.label != OPEN and seen[n].near is not None and not _noisy(case)]
    weights = np.array([1.0 if _conversed(cases[n]) else 0.2 for n in use])
    return _regression(np.array([seen[n].near for n in use]), _flags(cases[n].answered for n in use), weights)


def _regression(inputs: Floats, hits: Flags, weights: Floats, pull: float = 1.0) -> Floats:
    """Ridge logistic regression by Newton's method; a weight of the wrong sign is left out and the rest fitted again."""
    keep = list(range(inputs.shape[1]))
    while True:
        found = newton(inputs[:, keep], hits, weights, pull)
        if not keep or found[:-1].min() >= 0:
            break
        del keep[int(found[:-1].argmin())]
    whole = np.zeros(inputs.shape[1] + 1)
    whole[[*keep, -1]] = found
    return whole


def newton(inputs: Floats, hits: Flags, weights: Floats, pull: float) -> Floats:
    middle, width = inputs.mean(axis=0), inputs.std(axis=0) + 1e-9
    scaled = np.hstack([(inputs - middle) / width, np.ones((len(inputs), 1))])
    found, ridge = np.zeros(scaled.shape[1]), np.diag([*[pull] * inputs.shape[1], 1e-6])
    for _ in range(50):
        chance = 1 / (1 + np.exp(-scaled @ found))
        slope = scaled.T @ (weights * (hits - chance)) - ridge @ found
        step = np.linalg.solve((scaled * (weights * chance * (1 - chance))[:, None]).T @ scaled + ridge, slope)
        found = found + step
        if np.abs(step).max() < 1e-8:
            break
    own = found[:-1] / width
    return np.array([*own, found[-1] - own @ middle])


def _folds(cases: Sequence[Case], seed: int) -> NDArray[np.int64]:
    groups = sorted({case.group for case in cases})
    np.random.default_rng(seed).shuffle(groups)
    place = {group: n % _FOLDS for n, group in enumerate(groups)}
    return np.array([place[case.group] for case in cases])


def _conversed(case: Case) -> bool:
    return case.group.startswith("conversation")


def _noisy(case: Case) -> bool:
    """Forum posts: what was not marked as the answer often answers too, so a missing mark says little."""
    return case.source == "thunderbird_solved"


def _flags(values: Iterable[bool]) -> Flags:
    return np.fromiter(values, np.bool_)


# ---- measuring --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Measured:
    """`macro` is macro-F1 over answered or not; `gap` the expected calibration error over ten bins."""

    cases: int
    macro: float
    answered: float
    unanswered: float
    three: float
    gap: float


def measure(cases: Sequence[Case], seen: Sequence[Features], weights: Weights) -> list[tuple[bool, str, float]]:
    """For each case whether it is answered, what is decided, and how surely."""
    judge = Judge(embedder(), weights)
    return [
        (case.answered, (found := judge.decide(features)).decision, found.confidence)
        for case, features in zip(cases, seen, strict=True)
    ]


def summed(cases: Sequence[Case], decided: Sequence[tuple[bool, str, float]]) -> Measured:
    truth, said = _flags(yes for yes, _, _ in decided), _flags(what == "answer" for _, what, _ in decided)
    sure = np.array([confidence for _, _, confidence in decided])
    names = {"answer": ANSWERED, "clarify": (OPEN,), "abstain": ("UNANSWERABLE", "NONE")}
    three = [
        _f1(_flags(case.label in labels for case in cases), _flags(what == name for _, what, _ in decided))
        for name, labels in names.items()
        if any(case.label in labels for case in cases)
    ]
    yes, no = _f1(truth, said), _f1(~truth, ~said)
    return Measured(len(cases), (yes + no) / 2, yes, no, float(np.mean(three)), _gap(sure, truth == said))


def _f1(truth: Flags, said: Flags) -> float:
    hits = float((truth & said).sum())
    return 2 * hits / (truth.sum() + said.sum()) if truth.sum() + said.sum() else 1.0


def _gap(sure: Floats, right: Flags) -> float:
    bins = np.minimum((sure * 10).astype(int), 9)
    return float(sum((bins == n).mean() * abs(sure[bins == n].mean() - right[bins == n].mean()) for n in set(bins.tolist())))


def cross_validated(cases: Sequence[Case], seen: Sequence[Features], seed: int) -> list[tuple[bool, str, float]]:
    """What is decided on each case by weights fitted without its group."""
    folds, decided = _folds(cases, seed + 100), [(False, "", 0.0)] * len(cases)
    for fold in sorted(set(folds.tolist())):
        inside, outside = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
        weights = fit([cases[n] for n in outside], [seen[n] for n in outside], seed)
        found = measure([cases[n] for n in inside], [seen[n] for n in inside], weights)
        for n, one in zip(inside, found, strict=True):
            decided[n] = one
    return decided


def judge_without_weights() -> Judge:
    """For features alone."""
    return Judge(embedder(), Weights(embedder().name, *(np.zeros(n) for n in (len(CLEAR) + 1, len(NEAR) + 1, 3)), 0.0))


def _table(cases: Sequence[Case], seen: Sequence[Features]) -> None:
    print(f"{'':52}{'cases':>6} {'macro-F1':>9} {'answer':>7} {'not':>6} {'3-way':>6} {'ECE':>6}")
    rounds = [cross_validated(cases, seen, seed) for seed in range(_ROUNDS)]
    real = [n for n, case in enumerate(cases) if not case.made]
    kinds = {
        "as they are": real,
        "as they are, with passages": [n for n in real if cases[n].passages],
        "with passages of other conversations too": [n for n, case in enumerate(cases) if _conversed(case)],
    } | {source: [n for n, case in enumerate(cases) if case.source == source] for source in _corpora(cases)}
    for title, rows in kinds.items():
        _line(f"cross-validated: {title}", [summed([cases[n] for n in rows], [one[n] for n in rows]) for one in rounds])
    base = [(cases[n].answered, "answer" if cases[n].passages else "abstain", 1.0) for n in real]
    _line("any passage counts as an answer: as they are", [summed([cases[n] for n in real], base)])
    for source in sorted({case.source for case in cases if _conversed(case)}) + _corpora(cases):
        rest = [n for n, case in enumerate(cases) if case.source != source]
        weights = fit([cases[n] for n in rest], [seen[n] for n in rest])
        for title, rows in (
            ("as they are", [n for n in real if cases[n].source == source]),
            ("all", [n for n, c in enumerate(cases) if c.source == source]),
        ):
            if rows:
                own = [cases[n] for n in rows]
                _line(f"never seen: {source}, {title}", [summed(own, measure(own, [seen[n] for n in rows], weights))])


def _corpora(cases: Sequence[Case]) -> list[str]:
    return sorted({case.source for case in cases if not _conversed(case)})


def _line(title: str, rounds: Sequence[Measured]) -> None:
    mean = {
        name: float(np.mean([getattr(one, name) for one in rounds]))
        for name in ("macro", "answered", "unanswered", "three", "gap")
    }
    print(
        f"{title:52}{rounds[0].cases:6} {mean['macro']:9.3f} {mean['answered']:7.3f} {mean['unanswered']:6.3f} {mean['three']:6.3f} {mean['gap']:6.3f}"
    )


def write(weights: Weights, cases: Sequence[Case], path: Path = WEIGHTS) -> None:
    told = {
        "embedder": weights.embedder,
        "fitted_on": len(cases),
        "clear": dict(zip((*CLEAR, "constant"), np.round(weights.clear, 4).tolist(), strict=True)),
        "near": dict(zip((*NEAR, "constant"), np.round(weights.near, 4).tolist(), strict=True)),
        "both": dict(zip(("near", "clear", "constant"), np.round(weights.both, 4).tolist(), strict=True)),
        "without": round(weights.without, 4),
    }
    path.write_text(json.dumps(told, indent=1) + "\n", "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of evaluation sets; default: TRIAGE_DATA")
    parser.add_argument("--write", action="store_true", help="fit on everything and replace the weights")
    options = parser.parse_args()
    folder = data_folder(options.data)
    cases = read(folder) if folder else []
    if not cases:
        print("Skipped: no evaluation data. Set TRIAGE_DATA to a folder with groundedness/mtragun_answerability*.jsonl.")
        return
    judge = judge_without_weights()
    seen = [judge.features(case.question, case.passages, case.history) for case in cases]
    if options.write:
        write(fit(cases, seen), cases)
    _table(cases, seen)


if __name__ == "__main__":
    main()
