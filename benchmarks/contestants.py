"""Ways to search the same base: customary baselines, and ours with steps left out."""

import re
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import fields

import numpy as np

from benchmarks.corpora import COPY, Corpus
from knowledge_base.lexical import words
from knowledge_base.query import Question
from knowledge_base.ranking import Candidates, Pool, Wanted
from knowledge_base.search import Hit, Searcher, ranked
from knowledge_base.steps import Steps
from triage.models import now

Search = Callable[[str], list[str]]
_RRF = 60  # the constant of reciprocal rank fusion (Cormack, Clarke and Büttcher, 2009)
_DEEP = 30
PASSAGES, SHOWN = 30, 6  # passages that ten documents are taken from, and those that agents are given
BARE = ("centring", "spelling", "synonyms", "translation", "parts", "heading", "neighbours", "identifiers", "folding", "spread")
STEPS = tuple(field.name for field in fields(Steps))
AFTER = (
    "heading",
    "neighbours",
    "identifiers",
    "folding",
    "spread",
    "kept",
    "freshness",
    "kind",
    "product",
    "category",
)  # what comes after passages are proposed


class BM25:
    """Okapi BM25 over whole documents, title and text as one, with Lucene's rarity and no fields."""

    def __init__(self, corpus: Corpus, tokens: Callable[[str], list[str]], k1: float = 1.5, b: float = 0.75) -> None:
        self._tokens, self._ids = tokens, [id for id, _, _ in corpus.documents]
        texts = [Counter(tokens(f"{title} {text}")) for _, title, text in corpus.documents]
        lengths = np.array([text.total() for text in texts])
        held: dict[str, list[tuple[int, int]]] = {}
        for n, text in enumerate(texts):
            for word, count in text.items():
                held.setdefault(word, []).append((n, count))
        self._held = {}
        for word, places in held.items():
            rows, counts = np.array(places).T
            rarity = np.log1p((len(texts) - len(rows) + 0.5) / (len(rows) + 0.5))
            self._held[word] = rows, rarity * counts * (k1 + 1) / (counts + k1 * (1 - b + b * lengths[rows] / lengths.mean()))

    def __call__(self, query: str) -> list[str]:
        scores = np.zeros(len(self._ids))
        for word in self._tokens(query):
            if word in self._held:
                rows, values = self._held[word]
                scores[rows] += values
        return [self._ids[n] for n in np.argsort(-scores, kind="stable")[:_DEEP] if scores[n] > 0]


def plain_words(text: str) -> list[str]:
    """Lower-case words, nothing else."""
    return re.findall(r"\w+", text.lower())


def our_words(text: str) -> list[str]:
    """Words as our index has them: stems, no stop words."""
    return [word.key for word in words(text)]


def ours(searcher: Searcher, steps: Steps, k: int = PASSAGES) -> Search:
    """Our search with these steps; documents by their best of `k` passages, folded ones beside it."""

    def search(query: str) -> list[str]:
        searcher.steps, searcher.weights = steps, None
        return documents(searcher.search(query, k=k, audience="internal"))

    return search


class Reranked:
    """Our search with other steps after the proposal, or other weights: what was proposed once is ranked again."""

    def __init__(self, searcher: Searcher) -> None:
        self._searcher = searcher
        self._proposed: dict[str, tuple[Question, Candidates]] = {}

    def __call__(self, steps: Steps, weights: Mapping[str, float] | None = None) -> Search:
        def search(query: str) -> list[str]:
            question, candidates = self._of(query)
            wanted = Wanted(today=now().date())
            return documents(ranked(question, Pool.of(candidates), wanted, steps, PASSAGES, weights))

        return search

    def _of(self, query: str) -> tuple[Question, Candidates]:
        if query not in self._proposed:
            self._searcher.steps, self._searcher.weights = Steps(), None
            [self._proposed[query]] = self._searcher.candidates([query], k=PASSAGES, audience="internal")
        return self._proposed[query]


def documents(hits: list[Hit]) -> list[str]:
    """The documents of passages, best first, each once; a copy counts as its original."""
    found = (article for hit in hits for article in (hit.article, *(article for _, article in hit.same)))
    return list(dict.fromkeys(article.removesuffix(COPY) for article in found))


def fused(*searches: Search) -> Search:
    """Reciprocal rank fusion."""

    def search(query: str) -> list[str]:
        scores: Counter[str] = Counter()
        for ranking in [each(query) for each in searches]:
            for place, id in enumerate(ranking, 1):
                scores[id] += 1 / (_RRF + place)  # type: ignore[assignment]
        return [id for id, _ in scores.most_common()]

    return search


def timed(search: Search, queries: list[str]) -> tuple[list[list[str]], list[float]]:
    """The rankings and the seconds of each query, one after the other."""
    found, seconds = [], []
    for query in queries:
        began = time.perf_counter()
        found.append(search(query))
        seconds.append(time.perf_counter() - began)
    return found, seconds


def customary(corpus: Corpus, searcher: Searcher) -> Mapping[str, Search]:
    """The baselines."""
    dense = ours(searcher, Steps.without("words", *BARE))
    lexical = ours(searcher, Steps.without("meaning", *BARE))
    return {
        "BM25, words as they are": BM25(corpus, plain_words),
        "BM25, stems": BM25(corpus, our_words),
        "our words alone": lexical,
        "dense alone": dense,
        "RRF of the two": fused(dense, lexical),
        "dense + words, nothing else": ours(searcher, Steps.without(*BARE)),
    }


def ablations(searcher: Searcher, reranked: Reranked) -> Mapping[str, Search]:
    """Ours without one step at a time, every one of knowledge_base.steps."""
    return {
        f"  without {name}": reranked(Steps.without(name)) if name in AFTER else ours(searcher, Steps.without(name))
        for name in STEPS
    }
