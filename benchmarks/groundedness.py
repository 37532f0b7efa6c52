"""How well the desk tells grounded texts from others: `python -m benchmarks.groundedness --data FOLDER [--write]`.

FOLDER (default: TRIAGE_DATA) holds groundedness/*.jsonl with `context`, `question`, `answer`, `label`; borderline rows are left
out. Rows that share a document or a conversation stay in one fold. Answers teach what carries a text, summaries what disagrees
with it. --write fits on everything and replaces triage/guardrails/groundedness.json; --ablate leaves features out in turn.
"""

import argparse
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.answerability import newton
from benchmarks.corpora import data_folder
from knowledge_base.embedding import embedder
from triage.briefs import Evidence
from triage.guardrails.groundedness import AGREES, CARRIED, FOR, WEIGHTS, Features, Passage, Scorer, Weights, sentences
from triage.guardrails.grounding import supports

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

SETS = ("summedits_sales_call", "summedits_sales_email", "mtrag_human_faithfulness", "halueval_qa")
_EASY, _EASY_WEIGHT = "halueval_qa", 0.5  # its right answers are bare spans: most of it teaches to tell short from long
_FOLDS, _INNER, _ROUNDS = 10, 5, 3
_PULLS = {"carried": 15.0, "agrees": 5.0, "both": 0.5}


@dataclass(frozen=True)
class Case:
    """A labelled text; `group` stays in one fold."""

    source: str
    group: str
    question: str
    answer: str
    context: list[Passage]
    grounded: bool


# ---- reading ----------------------------------------------------------------------------------------------


def read(folder: Path) -> list[Case]:
    """Every case of the folder that people agree on."""
    return [case for name in SETS for file in sorted(folder.glob(f"groundedness/{name}*.jsonl")) for case in _file(name, file)]


def _file(name: str, file: Path) -> list[Case]:
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    rows = [row for row in rows if row["label"] != "borderline"]
    return [
        Case(name, f"{name} {group}", row["question"], row["answer"], [Passage(p["id"], p["text"]) for p in row["context"]],
             row["label"] == "grounded")
        for row, group in zip(rows, _groups([_shared(row) for row in rows]), strict=True)
    ]  # fmt: skip


def _shared(row: dict[str, Any]) -> list[str]:
    """What rows of one fold share: documents, the question, and the conversation it ends."""
    asked = [] if len(row["question"]) < 25 and not row.get("history") else [row["question"]]
    return [*asked, *(re.split("[_-]", p["id"])[0] if p["id"][0].isdigit() else p["id"] for p in row["context"])]


def _groups(rows: list[list[str]]) -> list[int]:
    group, seen = list(range(len(rows))), dict[str, int]()
    for row, names in enumerate(rows):
        for name in names:
            other = group[seen.setdefault(name, row)]
            group = [group[row] if number == other else number for number in group]
    return group


def features(cases: Sequence[Case]) -> list[Features]:
    scorer = Scorer(embedder(), _blank())
    return [scorer.features(case.answer, case.context, case.question) for case in cases]


def _blank() -> Weights:
    return Weights(embedder().name, *(np.zeros(n) for n in (len(CARRIED) + 1, len(AGREES) + 1, 3, 3)))


# ---- fitting ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Table:
    """The cases in numbers; row n is case n."""

    carried: Floats
    agrees: Floats
    retold: Flags
    grounded: Flags
    weight: Floats

    @classmethod
    def of(cls, cases: Sequence[Case], seen: Sequence[Features], without: frozenset[str] = frozenset()) -> "Table":
        """Without the features named ("carried.near")."""
        whole = [features.whole for features in seen]
        carried, agrees = np.array([one for one, _ in whole]), np.array([two for _, two in whole])
        for prefix, names, inputs in (("carried", CARRIED, carried), ("agrees", AGREES, agrees)):
            inputs[:, [n for n, name in enumerate(names) if f"{prefix}.{name}" in without]] = 0
        grounded, sources = np.array([case.grounded for case in cases]), np.array([case.source for case in cases])
        weight = np.zeros(len(cases))
        for source in set(sources.tolist()):
            for label in (True, False):
                same = (sources == source) & (grounded == label)
                weight[same] = 100 / max(1, same.sum()) * (_EASY_WEIGHT if source == _EASY else 1)
        return cls(carried, agrees, np.array([features.retold for features in seen]), grounded, weight)

    def only(self, rows: Flags) -> "Table":
        return Table(self.carried[rows], self.agrees[rows], self.retold[rows], self.grounded[rows], self.weight[rows])


def fit(table: Table, folds: NDArray[np.int64]) -> Weights:
    """Weights from cases; the third model learns from what the first two say of texts that they have not seen."""
    odds = np.zeros((len(table.grounded), 2))
    for fold in sorted(set(folds.tolist())):
        some = _weights(table.only(folds != fold))
        for n in np.flatnonzero(folds == fold):
            odds[n] = some.odds(table.carried[n], table.agrees[n])
    first = _weights(table)
    thirds = [
        _regression(odds[rows], table.grounded[rows], table.weight[rows], _PULLS["both"], np.ones(2))
        for rows in (~table.retold, table.retold)
    ]
    return Weights(first.embedder, first.carried, first.agrees, *thirds)


def _weights(table: Table) -> Weights:
    """The first two models."""
    answers, retold = table.only(~table.retold), table.only(table.retold)
    signs = np.array([1.0 if name in FOR else -1.0 for name in CARRIED])
    carried = _regression(answers.carried, answers.grounded, answers.weight, _PULLS["carried"], signs)
    agrees = _regression(retold.agrees, retold.grounded, retold.weight, _PULLS["agrees"], -np.ones(len(AGREES)))
    return Weights(embedder().name, carried, agrees, np.zeros(3), np.zeros(3))


def _regression(inputs: Floats, hits: Flags, weights: Floats, pull: float, signs: Floats) -> Floats:
    """Ridge logistic regression by Newton's method; a weight of the wrong sign is left out and the rest fitted again."""
    keep = [n for n in range(inputs.shape[1]) if inputs[:, n].std() > 0]
    while True:
        found = newton(inputs[:, keep], hits, weights, pull)
        wrong = found[:-1] * signs[keep] * inputs[:, keep].std(axis=0)
        if not keep or wrong.min() >= 0:
            break
        del keep[int(wrong.argmin())]
    whole = np.zeros(inputs.shape[1] + 1)
    whole[[*keep, -1]] = found
    return whole


def folds_of(cases: Sequence[Case], count: int, seed: int) -> NDArray[np.int64]:
    groups = sorted({case.group for case in cases})
    np.random.default_rng(seed).shuffle(groups)
    place = {group: n % count for n, group in enumerate(groups)}
    return np.array([place[case.group] for case in cases])


# ---- measuring --------------------------------------------------------------------------------------------


def cross_validated(cases: Sequence[Case], table: Table, seed: int) -> Floats:
    """The score of each case by weights fitted without its group."""
    folds, inner, scores = folds_of(cases, _FOLDS, seed), folds_of(cases, _INNER, seed + 100), np.zeros(len(cases))
    for fold in range(_FOLDS):
        weights = fit(table.only(folds != fold), inner[folds != fold])
        for n in np.flatnonzero(folds == fold):
            scores[n] = weights.score(table.carried[n], table.agrees[n], bool(table.retold[n]))
    return scores


def left_out(cases: Sequence[Case], table: Table, source: str) -> Floats:
    """The scores of one source by weights fitted on the others."""
    own = np.array([case.source == source for case in cases])
    weights = fit(table.only(~own), folds_of([case for case in cases if case.source != source], _INNER, 0))
    rows = zip(table.carried[own], table.agrees[own], table.retold[own], strict=True)
    return np.array([weights.score(one, two, bool(retold)) for one, two, retold in rows])


def plain(case: Case) -> tuple[float, bool]:
    """What the desk's own check of sentences says, without fitted weights: the mean score, and whether all are supported."""
    evidence = [Evidence.model_construct(id=p.id or "", title="", heading="", text=p.text) for p in case.context]
    found = [supports(sentence, evidence) for sentence in sentences(case.answer)]
    return float(np.mean([one.score for one in found])), all(one.supported for one in found)


def auroc(scores: Floats, grounded: Flags) -> float:
    better = scores[grounded][:, None] - scores[~grounded]
    return float((better > 0).mean() + (better == 0).mean() / 2)


def balanced(said: Flags, grounded: Flags) -> float:
    """Balanced accuracy."""
    return float((said[grounded].mean() + (~said[~grounded]).mean()) / 2)


@dataclass(frozen=True)
class Measured:
    """Means over rounds of folds."""

    rows: int
    auroc: float
    balanced: float


def by_source(cases: Sequence[Case], rounds: Sequence[Floats]) -> dict[str, Measured]:
    measured = {}
    for source in dict.fromkeys(case.source for case in cases):
        own = np.array([case.source == source for case in cases])
        grounded = np.array([case.grounded for case in cases])[own]
        area = float(np.mean([auroc(scores[own], grounded) for scores in rounds]))
        measured[source] = Measured(int(own.sum()), area, float(np.mean([balanced(s[own] >= 0.5, grounded) for s in rounds])))
    return measured


def write(weights: Weights, count: int, path: Path = WEIGHTS) -> None:
    both = ("carried", "agrees", "constant")
    parts = {
        "carried": ((*CARRIED, "constant"), weights.carried), "agrees": ((*AGREES, "constant"), weights.agrees),
        "answer": (both, weights.answer), "retold": (both, weights.retold),
    }  # fmt: skip
    told = {name: dict(zip(names, np.round(found, 4).tolist(), strict=True)) for name, (names, found) in parts.items()}
    path.write_text(json.dumps({"embedder": weights.embedder, "fitted_on": count} | told, indent=1) + "\n", "utf-8")


def _line(title: str, measured: dict[str, Measured]) -> None:
    print(f"{title:32}" + "".join(f"{found.auroc:9.3f} {found.balanced:6.3f}" for found in measured.values()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of evaluation sets; default: TRIAGE_DATA")
    parser.add_argument("--write", action="store_true", help="fit on everything and replace the weights")
    parser.add_argument("--ablate", action="store_true", help="measure without each feature too")
    options = parser.parse_args()
    folder = data_folder(options.data)
    cases = read(folder) if folder else []
    if not cases:
        print("Skipped: no evaluation data. Set TRIAGE_DATA to a folder with groundedness/*.jsonl.")
        return
    seen = features(cases)
    table = Table.of(cases, seen)
    if options.write:
        write(fit(table, folds_of(cases, _INNER, 0)), len(cases))
    print(f"{'AUROC, balanced accuracy':32}" + "".join(f"{source[:15]:>16}" for source in dict.fromkeys(c.source for c in cases)))
    _line("cross-validated", by_source(cases, [cross_validated(cases, table, seed) for seed in range(_ROUNDS)]))
    if options.ablate:
        for name in [*(f"carried.{name}" for name in CARRIED), *(f"agrees.{name}" for name in AGREES)]:
            left = Table.of(cases, seen, frozenset([name]))
            _line(f"without {name}", by_source(cases, [cross_validated(cases, left, seed) for seed in range(2)]))


if __name__ == "__main__":
    main()
