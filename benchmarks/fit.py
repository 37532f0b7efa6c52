"""Fit the weights of knowledge_base/ranking.json on labelled questions: `python -m benchmarks.fit --data FOLDER [--write]`.

A listwise softmax over the candidates of each question (ListNet, Cao et al., 2007), weights not below zero, every
corpus counting the same. Without --write it prints what each corpus alone would give and how that does on the others.
"""

import argparse
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.corpora import Corpus, corpora, data_folder, opened
from benchmarks.kept import cache_folder
from knowledge_base import ranking
from knowledge_base.ranking import FITTED, Pool
from knowledge_base.search import Searcher
from knowledge_base.steps import Steps

Floats = NDArray[np.float64]
_STEPS, _RATE, _PULL = 600, 0.3, 1e-3  # of the descent (Adam), and the strength of the pull to 0
_TARGET = Path(ranking.__file__).with_name("ranking.json")


@dataclass(frozen=True)
class Lists:
    """Candidates of many questions: `inputs` (n, features), `relevant` (n,), `starts` of each question, `shares` of each."""

    inputs: Floats
    relevant: Floats
    starts: NDArray[np.int64]
    shares: Floats


def lists(searcher: Searcher, corpus: Corpus) -> Lists:
    """The features of what is proposed for each judged question that has a relevant document among it."""
    inputs, relevant, sizes = [], [], []
    for id, text in corpus.judged:
        [(question, candidates)] = searcher.candidates([text], k=10, audience="internal")
        pool = Pool.of(candidates)
        good = np.array([row.article_id in corpus.relevant[id] for row in pool.rows], np.float64)
        if good.any() and not good.all():
            by_name = ranking.features(question, pool, Steps())
            inputs.append(np.stack([by_name[name] for name in FITTED], axis=1).astype(np.float64))
            relevant.append(good)
            sizes.append(len(good))
    starts = np.concatenate([[0], np.cumsum(sizes)])[:-1]
    return Lists(np.concatenate(inputs), np.concatenate(relevant), starts, np.full(len(sizes), 1 / len(sizes)))


def joined(parts: Sequence[Lists]) -> Lists:
    offsets = np.cumsum([0, *(len(part.inputs) for part in parts)])
    return Lists(
        np.concatenate([part.inputs for part in parts]),
        np.concatenate([part.relevant for part in parts]),
        np.concatenate([part.starts + offset for part, offset in zip(parts, offsets, strict=False)]),
        np.concatenate([part.shares / len(parts) for part in parts]),
    )


def fit(data: Lists) -> dict[str, float]:
    """Weights by feature, meaning being 1."""
    scale = data.inputs.std(axis=0) + 1e-9
    inputs, sizes = data.inputs / scale, np.diff([*data.starts, len(data.inputs)])
    of = np.repeat(np.arange(len(sizes)), sizes)
    wanted = data.relevant / np.add.reduceat(data.relevant, data.starts)[of]
    weights, first, second = np.ones(len(FITTED)), np.zeros(len(FITTED)), np.zeros(len(FITTED))
    for step in range(1, _STEPS + 1):
        scores = inputs @ weights
        raised = np.exp(scores - np.maximum.reduceat(scores, data.starts)[of])
        given = raised / np.add.reduceat(raised, data.starts)[of]
        slope = ((given - wanted) * data.shares[of]) @ inputs + _PULL * weights
        first, second = 0.9 * first + 0.1 * slope, 0.99 * second + 0.01 * slope**2
        pace = _RATE * (1 - step / _STEPS) * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.99**step)) + 1e-8)
        weights = np.maximum(weights - pace, 0)
    weights /= scale
    return {name: round(float(weight / weights[0]), 3) for name, weight in zip(FITTED, weights, strict=True)}


def main(arguments: list[str] | None = None) -> None:
    """Fit on every corpus apart and on all together."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fit", description="Fit the weights of the ranking.")
    parser.add_argument("--data", type=Path, help="folder of evaluation sets; default: TRIAGE_DATA")
    parser.add_argument("--cache", type=Path, help="folder that keeps vectors for the next run; default: TRIAGE_DATA_CACHE")
    parser.add_argument("--write", action="store_true", help=f"write the weights fitted on all to {_TARGET.name}")
    options = parser.parse_args(arguments)
    folder = data_folder(options.data)
    if folder is None:
        raise SystemExit("Skipped: no evaluation data. Give its folder by --data or TRIAGE_DATA.")
    parts: dict[str, Lists] = {}
    with tempfile.TemporaryDirectory(prefix="triage-bench-") as passing:
        for variant in (variant for corpus in corpora(folder) for variant in variants(corpus)):
            with opened(variant, Path(passing), cache_folder(options.cache)) as base:
                parts[variant.name] = lists(base.quick, variant)
            print(f"{variant.name:40} {json.dumps(fit(parts[variant.name]))}", flush=True)
    together = fit(joined(list(parts.values())))
    print(f"{'all together':40} {json.dumps(together)}")
    if options.write:
        _TARGET.write_text(json.dumps(together, indent=2) + "\n", "utf-8")


def variants(corpus: Corpus) -> list[Corpus]:
    """The corpus as it is, and a harder variation: without its titles, or with the first lines of long queries only."""
    mails = sum("\n" in text for _, text in corpus.queries) > len(corpus.queries) / 2
    return [corpus, corpus.first_lines() if mails else corpus.without_titles()]


if __name__ == "__main__":
    main()
