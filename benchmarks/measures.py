"""How good rankings of documents are, and how long they took."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, quantiles


@dataclass(frozen=True)
class Quality:
    """Means over queries, 0 to 1; seconds a query."""

    ndcg: float
    mrr: float
    recall5: float
    recall10: float
    p50: float = 0.0
    p95: float = 0.0


def quality(found: Sequence[Sequence[str]], relevant: Sequence[Mapping[str, float]], seconds: Sequence[float] = ()) -> Quality:
    """`found` are document ids best first, `relevant` their grades, for the same queries.

    nDCG@10 with gains 2^grade - 1; MRR within ten; recall as the share of all relevant documents (Järvelin and Kekäläinen, 2002).
    """
    pairs = list(zip(found, relevant, strict=True))
    return Quality(
        fmean(_ndcg(ids, grades) for ids, grades in pairs),
        fmean(next((1 / n for n, id in enumerate(ids[:10], 1) if id in grades), 0.0) for ids, grades in pairs),
        *(fmean(sum(id in grades for id in ids[:k]) / len(grades) for ids, grades in pairs) for k in (5, 10)),
        *_middle_and_slow(seconds),
    )


def _ndcg(ids: Sequence[str], grades: Mapping[str, float]) -> float:
    ideal = sorted(grades.values(), reverse=True)
    return _gain([grades.get(id, 0.0) for id in ids[:10]]) / _gain(ideal[:10])


def _gain(grades: Sequence[float]) -> float:
    return sum((2**grade - 1) / math.log2(place + 1) for place, grade in enumerate(grades, 1))


def _middle_and_slow(seconds: Sequence[float]) -> tuple[float, float]:
    if len(seconds) < 2:
        return 0.0, 0.0
    hundredths = quantiles(seconds, n=100)
    return hundredths[49], hundredths[94]
