"""What all passages of the base have in common: the middle of their vectors, and what things are called."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session, col, select

from knowledge_base.articles import products_of
from knowledge_base.embedding import DIMENSIONS, Vectors
from knowledge_base.labelled import Labelled
from knowledge_base.lexicon import groups_of
from knowledge_base.signals import kept_rate
from knowledge_base.synonyms import lists
from triage.models import PassageVector

_SAMPLE = 2000  # passages whose mean stands for all
_STEADY = 20  # passages of a base whose mean counts half: the mean of a few says little
_TOGETHER = 500  # ids asked for in one statement


@dataclass(frozen=True)
class Common:
    """`centre` is float32 (d,), drawn to 0 in a small base; `synonyms` gives for a term what else it is called.

    `products` are those that published articles are about; `examples` the labelled messages that tell categories.
    `kept` is how often people kept what rests on a passage or an article, by id, 0 to 1; under "" that of the whole base.
    """

    centre: NDArray[np.float32] = field(default_factory=lambda: np.zeros(DIMENSIONS, np.float32))
    synonyms: Mapping[str, Sequence[str]] = field(default_factory=dict)
    kept: Mapping[str, float] = field(default_factory=dict)
    products: tuple[str, ...] = ()
    examples: Labelled = field(default_factory=Labelled)

    def away(self, vectors: Vectors) -> Vectors:
        """Vectors (n, d) seen from the centre, of unit length; 0, which stands for none, stays 0.

        In a base about one product all vectors point the same way, and long questions are near everything; what is left
        without the mean tells passages apart (Mu and Viswanath, "All-but-the-Top", 2018, of which only the mean helped).
        """
        seen: Vectors = vectors - self.centre
        seen[~vectors.any(axis=1)] = 0
        seen /= np.maximum(np.sqrt(np.einsum("nd,nd->n", seen, seen)), 1e-6)[:, None]
        return seen


def common(session: Session, ids: Sequence[str], embedder: str, abbreviations: dict[str, str]) -> Common:
    """Read a sample of the vectors, the administrators' synonyms, what people kept, products and labelled examples."""
    sample = ids[:: max(1, len(ids) // _SAMPLE)]
    vectors: list[NDArray[np.float32]] = []
    for start in range(0, len(sample), _TOGETHER):
        wanted = col(PassageVector.passage_id).in_(sample[start : start + _TOGETHER])
        found = session.exec(select(PassageVector.vector).where(wanted, PassageVector.embedder == embedder))
        vectors += [np.frombuffer(vector, np.float32) for vector in found]
    known = Common(
        synonyms=groups_of(lists(session), abbreviations),
        kept=kept_rate(session),
        products=products_of(session),
        examples=Labelled.load(session),
    )
    if not vectors:
        return known
    mean = np.stack(vectors).mean(axis=0) * len(ids) / (len(ids) + _STEADY)
    return replace(known, centre=mean.astype(np.float32))
