"""Search: meaning and words together, over what is published now.

    understand (rewriting, query) -> propose (index, postings) -> read (SQL) -> rank (ranking) -> show (folding)

Chroma and the word index only propose passages. Text, audience and vector of each are then those of SQL at the
generation it has now, so that what was unpublished or made internal a moment ago is not found, whatever an index
still holds.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge_base import query, ranking
from knowledge_base.articles import AUDIENCES
from knowledge_base.common import Common
from knowledge_base.embedding import DIMENSIONS, Encoder, Vectors
from knowledge_base.folding import folded, spread
from knowledge_base.following import Follower, Snapshot
from knowledge_base.foreign import Foreign, foreign
from knowledge_base.index import Index
from knowledge_base.kinds import kind_of, named
from knowledge_base.labelled import Labelled
from knowledge_base.passages import PassageRow, Passages
from knowledge_base.postings import Matches, Postings
from knowledge_base.query import Question
from knowledge_base.ranking import Candidates, Pool, Wanted
from knowledge_base.rewriting import Rewritten, spelled, synonyms
from knowledge_base.steps import Steps
from knowledge_base.writing import Written
from triage.database import Database
from triage.errors import IndexUnavailable, InputError
from triage.models import now

log = logging.getLogger(__name__)

_CANDIDATES = 60  # passages proposed by meaning, and as many by words
_OF_A_PART = 20  # passages proposed by the meaning of one sentence of a long question


@dataclass(frozen=True)
class Hit:
    """A passage that was found; `score`, `meaning` and `words` are 0 to 1, `why` is a short reason for people.

    `same` names other passages that say the same and were folded into this one, as (passage, article).
    """

    id: str
    article: str
    version: int
    title: str
    heading: str
    text: str
    language: str
    audience: str
    score: float
    why: str
    category: str = ""
    meaning: float = 0.0
    words: float = 0.0
    same: tuple[tuple[str, str], ...] = ()

    def evidence(self) -> dict[str, Any]:
        """What a reply cites of it: all but the parts of the score."""
        return {name: value for name, value in vars(self).items() if name not in ("category", "meaning", "words", "same")}


@dataclass(frozen=True)
class Answer:
    """What one search found, and the texts it went by beside the question as it was asked.

    `foreign` is there when the question is in a language that the base hardly speaks.
    """

    hits: list[Hit]
    rewritten: list[str]
    foreign: Foreign | None = None


@dataclass(frozen=True)
class _Wish:
    k: int
    audience: str
    language: str | None
    category: str | None
    readings: Mapping[str, str] = field(default_factory=dict)
    written: Written | None = None


@dataclass(frozen=True)
class _Asked:
    """One question with all that is looked up for it: the question, its rewriting, its parts and its questions."""

    original: str
    rewritten: Rewritten
    question: Question
    match: Matches | None
    foreign: Foreign | None = None

    @property
    def texts(self) -> list[str]:
        """What is embedded: the question, its parts, its questions."""
        return [self.rewritten.whole, *self.question.parts, *self.question.questions]

    def answer(self, hits: list[Hit]) -> Answer:
        """What was found, and what people should know of how."""
        if self.foreign and self.foreign.text:
            hits = [replace(hit, why=f"{hit.why}; {self.foreign.why}") for hit in hits]
        rewritten = list(dict.fromkeys(text for text in self.texts if text != self.original))
        return Answer(hits, rewritten, self.foreign)


class Searcher:
    """Finds passages; may be shared by threads. Follows the database's generation by one small SELECT a search."""

    def __init__(self, database: Database, index: Index, embedder: Encoder, steps: Steps | None = None) -> None:
        self.database, self.index, self.embedder = database, index, embedder
        self.steps = steps or Steps()
        self.weights: Mapping[str, float] | None = None  # those of ranking.json; the benchmark tries others
        self._follower = Follower(database, index, embedder)
        self._passages = Passages(database)

    def search(
        self, query: str, *, k: int = 6, audience: str = "public", language: str | None = None, category: str | None = None
    ) -> list[Hit]:
        """The best `k` passages, best first. "internal" searches all passages, "public" only what customers may read.

        `language` and `category` are preferences: passages of others are found too, a little lower.
        """
        return self.search_many([query], k=k, audience=audience, language=language, category=category)[0]

    def search_many(
        self,
        queries: list[str],
        *,
        k: int = 6,
        audience: str = "public",
        language: str | None = None,
        category: str | None = None,
    ) -> list[list[Hit]]:
        """Several searches at once: one embedding call, one look into SQL. Raises InputError for an unknown audience."""
        answers = self.ask(queries, k=k, audience=audience, language=language, category=category)
        return [answer.hits for answer in answers]

    async def asearch_many(
        self,
        queries: list[str],
        *,
        k: int = 6,
        audience: str = "public",
        language: str | None = None,
        category: str | None = None,
    ) -> list[list[Hit]]:
        """`search_many` for an event loop."""
        search = partial(self.search_many, queries, k=k, audience=audience, language=language, category=category)
        if self.index.kind == "server":  # a look over the network
            return await asyncio.to_thread(search)
        return await self.database.compute("search", search)

    def ask(
        self,
        queries: list[str],
        *,
        k: int = 6,
        audience: str = "public",
        language: str | None = None,
        category: str | None = None,
        readings: Mapping[str, str] | None = None,
        written: Written | None = None,
    ) -> list[Answer]:
        """`search_many` that also tells how each question was rewritten.

        `readings` gives for a question what a model made of it, in the base's language; it takes the place of our own.
        `written` is a text in work: it is found as if it were published.
        """
        wish = _Wish(k, audience, language, category, readings or {}, written)
        snapshot, asked, pools = self._propose_all(queries, wish)
        wanted = Wanted(language, category, snapshot.common.kept, now().date())
        examples = snapshot.common.examples if self.steps.category and category is None else Labelled()
        wishes = [replace(wanted, category=category or examples.category(pool.whole)) for pool in pools]
        return [
            one.answer(ranked(one.question, Pool.of(pool), wished, self.steps, k, self.weights))
            for one, pool, wished in zip(asked, pools, wishes, strict=True)
        ]

    def candidates(
        self, queries: list[str], *, k: int = 6, audience: str = "public"
    ) -> list[tuple[Question, Candidates]]:  # fmt: skip
        """What is proposed for each question, to be ranked together with another pool by `ranked`."""
        _, asked, pools = self._propose_all(queries, _Wish(k, audience, None, None))
        return [(one.question, pool) for one, pool in zip(asked, pools, strict=True)]

    def language(self) -> str:
        """The language of most passages; English for an empty base."""
        spoken = self._follower.fresh()[0].spoken
        return max(spoken, key=lambda language: spoken[language], default="en")

    def refresh(self) -> None:
        """Bring words and index to the database's generation, however long it takes; raises what goes wrong."""
        self._follower.refresh()

    def follow(self) -> None:
        """Begin to bring words and index to the database's generation, behind the searches."""
        self._follower.follow()

    def make_vectors(self) -> None:
        """Begin to embed passages that lack a vector of this embedder, behind the searches."""
        self._follower.make_vectors()

    def close(self) -> None:
        """Stop what is under way behind the searches; the index is closed by whoever opened it."""
        self._follower.close()

    # ---- one search -----------------------------------------------------------------------------------

    def _propose_all(self, queries: list[str], wish: _Wish) -> tuple[Snapshot, list[_Asked], list[Candidates]]:
        if wish.audience not in AUDIENCES:
            raise InputError(f"audience is {wish.audience!r}; use {' or '.join(AUDIENCES)}.")
        snapshot, generation = self._follower.fresh() if queries else (Snapshot(), -1)
        written = wish.written.passages(self.embedder, wish.audience) if wish.written else []
        if wish.written:
            snapshot = wish.written.into(snapshot, written)
        asked = [self._understand(text, snapshot, wish) for text in queries]
        embedder, encoded = self._encode(asked)
        common = snapshot.common if self.steps.centring else Common(snapshot.common.centre * 0)
        seen = [common.away(vectors) for vectors in encoded]
        proposed = self._propose(asked, seen, snapshot.ids, wish)
        rows = self._passages.read(
            sorted(set().union(*proposed)), audience=wish.audience, embedder=embedder, generation=generation
        )
        if wish.written:
            rows = wish.written.among(rows, written)
            proposed = [list(dict.fromkeys([*ids, *(passage.id for passage in written)])) for ids in proposed]
        pools = [
            self._candidates([rows[id] for id in ids if id in rows], one, vectors, away, snapshot, common)
            for ids, one, vectors, away in zip(proposed, asked, encoded, seen, strict=True)
        ]
        return snapshot, asked, pools

    def _understand(self, text: str, snapshot: Snapshot, wish: _Wish) -> _Asked:
        """Rewrite and classify a question, and look up its words."""
        steps, postings = self.steps, snapshot.postings
        if postings is None:
            return _Asked(text, Rewritten(text), Question(text), None)
        reading = wish.readings.get(text, "")
        other = foreign(text, snapshot.spoken, postings.holds, reading) if steps.translation else None
        reading = other.text if other else reading
        better = reading or (self._spelled(text, snapshot, postings) if steps.spelling and not other else text)
        rewritten = Rewritten(better, synonyms(better, snapshot.common.synonyms) if steps.synonyms else ())
        question = query.read(better, postings.languages, postings.rarity, snapshot.common.products)
        if other:  # its few passages in its own language must not stand above better ones for that alone
            kind, products = kind_of(text) or question.kind, named(f"{text}\n{better}", snapshot.common.products)
            question = replace(question, language=None, kind=kind, products=products)
        question = query.without(question, parts=not steps.parts, questions=not steps.spread)
        match = snapshot.match(better, wish.audience, rewritten.synonyms) if steps.words else None
        return _Asked(text, rewritten, question, match, other)

    def _spelled(self, text: str, snapshot: Snapshot, postings: Postings) -> str:
        """The text in the spelling of the base; an administrator's terms are right as they are."""
        terms = {word for term in snapshot.common.synonyms for word in term.split()}
        return spelled(text, self._follower.lexicon, lambda word: word.lower() in terms or postings.knows(word))

    def _encode(self, asked: Sequence[_Asked]) -> tuple[str, list[Vectors]]:
        """The embedder, and for each question (m, d): itself, with its rewriting when that differs, its parts, its questions.

        All 0 while there is no embedder: searches go by words then.
        """
        texts = list(dict.fromkeys(text for one in asked for text in (one.original, *one.texts))) if self.steps.meaning else []
        embedder, vectors = self._follower.embed(texts)
        if vectors is None or not texts:
            return embedder, [np.zeros((len(one.texts), DIMENSIONS), np.float32) for one in asked]
        known: dict[str, Vectors] = dict(zip(texts, vectors, strict=True))
        return embedder, [_stacked(known, one) for one in asked]

    def _propose(self, asked: Sequence[_Asked], seen: Sequence[Vectors], passages: Sequence[str], wish: _Wish) -> list[list[str]]:
        """Ids worth a closer look, by meaning and by words."""
        n = max(_CANDIDATES, 3 * wish.k)
        proposed: list[list[str]] = [[] for _ in asked]
        try:
            if any(vectors.any() for vectors in seen):
                found = iter(self.index.query(np.concatenate(seen), audience=wish.audience, n=n))
                proposed = [[*next(found), *(id for _ in vectors[1:] for id in next(found)[:_OF_A_PART])] for vectors in seen]
        except IndexUnavailable as error:
            log.warning("Search goes by words only: %s", error)
            self._follower.want_rebuild()
        for ids, one in zip(proposed, asked, strict=True):
            if one.match is not None:
                ids += [passages[row] for row in _top(one.match.scores, n)]
        return [list(dict.fromkeys(ids)) for ids in proposed]

    def _candidates(
        self, rows: list[PassageRow], one: _Asked, encoded: Vectors, seen: Vectors, snapshot: Snapshot, common: Common
    ) -> Candidates:  # fmt: skip
        places = np.array([snapshot.rows.get(row.id, -1) for row in rows], np.int64)
        none = bytes(encoded[0].nbytes)  # 0 for a passage that has no vector yet
        vectors = np.frombuffer(b"".join([row.vector or none for row in rows]), np.float32).reshape(len(rows), encoded.shape[1])
        why = [partial(_held, one.match, int(place)) for place in places]
        return Candidates(
            rows, vectors, common.away(vectors), _words(one.match, places), _exact(one.match, places), seen, encoded[0], why
        )


def ranked(
    question: Question, pool: Pool, wanted: Wanted, steps: Steps, k: int, weights: Mapping[str, float] | None = None
) -> list[Hit]:
    """The best `k` of the candidates of one question, best first; several pools are judged together."""
    if not len(pool.rows):
        return []
    total = ranking.scores(question, pool, wanted, steps, weights)
    order: Sequence[int] = np.argsort(-total, kind="stable").tolist()
    if steps.spread and question.questions:
        order = spread(order, total, pool.near[:, -len(question.questions) :], k)
    texts = [row.text for row in pool.rows]
    shown = folded(order, texts, pool.vectors, k) if steps.folding else {n: [] for n in order[:k]}
    return [
        _hit(
            pool.rows[n],
            float(total[n]),
            float(pool.meaning[n]),
            float(pool.words[n]),
            pool.why[n](),
            [pool.rows[m] for m in twins],
        )
        for n, twins in shown.items()
    ]


def _stacked(known: Mapping[str, Vectors], one: _Asked) -> Vectors:
    vectors = np.stack([known[text] for text in one.texts])
    vectors[0] += known[one.original]
    vectors[0] /= np.linalg.norm(vectors[0])
    return vectors


def _top(scores: NDArray[np.float32], n: int) -> list[int]:
    """Row numbers of the best scores above 0; partitioning only those, because many equal scores make it ten times slower."""
    found = np.flatnonzero(scores > 0)
    best = found[np.argpartition(scores[found], len(found) - n)[-n:]] if len(found) > n else found
    return [int(row) for row in best]


def _words(match: Matches | None, places: NDArray[Any]) -> NDArray[np.float32]:
    """How well the words match, 0 to 1: between the share of the best match and the share of the whole query.

    The first alone would call the best of many poor matches perfect, the second punishes long questions.
    """
    if match is None or not (best := match.scores.max(initial=0.0)):
        return np.zeros(len(places), np.float32)
    known = places >= 0
    shares: NDArray[np.float32] = np.sqrt(match.scores[places] / best * match.coverage[places]) * known
    return shares


def _exact(match: Matches | None, places: NDArray[Any]) -> NDArray[np.float32]:
    """The rarity of the identifiers that each passage holds, 0 to 1 for each of them."""
    held = np.zeros(len(places), np.float32)
    if match is not None:
        for number, rarity in match.identifiers.items():
            held += np.float32(rarity) * np.isin(places, match.postings[number])
    return held


def _hit(row: PassageRow, total: float, meaning: float, matched: float, held: list[str], twins: list[PassageRow]) -> Hit:
    return Hit(
        id=row.id,
        article=row.article_id,
        version=row.version,
        title=row.title,
        heading=row.heading,
        text=row.text,
        language=row.language,
        audience=row.audience,
        category=row.category,
        score=round(min(1.0, max(0.0, total)), 4),
        meaning=round(max(0.0, meaning), 4),
        words=round(matched, 4),
        why=_why(meaning, held, len(twins)),
        same=tuple((twin.id, twin.article_id) for twin in twins),
    )


def _why(meaning: float, held: list[str], twins: int) -> str:
    """Such as: matches 'E6', 'descale'; meaning 0.71; also in 2 others."""
    parts = [f"matches {', '.join(repr(word) for word in held)}"] if held else []
    parts.append(f"meaning {max(0.0, meaning):.2f}")
    if twins:
        parts.append(f"also in {twins} other{'s' if twins > 1 else ''}")
    return "; ".join(parts)


def _held(match: Matches | None, place: int) -> list[str]:
    """The rarest words of the question that a passage holds, at most three, codes and numbers first."""
    if match is None or place < 0:
        return []
    numbers = [n for n, rows in match.postings.items() if _holds(rows, place)]
    rarest = sorted(numbers, key=lambda n: (n not in match.identifiers, len(match.postings[n])))
    return list(dict.fromkeys(match.words[n] for n in rarest))[:3]


def _holds(rows: NDArray[np.int32], place: int) -> bool:
    at = int(rows.searchsorted(place))
    return at < len(rows) and int(rows[at]) == place
