"""What searches read of passages, remembered while nothing is published."""

import re
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from datetime import date
from threading import Lock
from typing import Any, NamedTuple

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from triage.database import Database
from triage.models import Article, Passage, PassageVector

_KEPT = 8_192  # passages of about 3 kB
_WORD = re.compile(r"\w{3,}")
_TOGETHER = 500  # parameters of one statement
_COLUMNS = (
    Passage.id,
    Passage.article_id,
    Passage.version,
    Passage.title,
    Passage.heading,
    Passage.text,
    Passage.language,
    Passage.audience,
    Passage.category,
    Article.kind,
    Article.product,
    PassageVector.vector,
    Article.verified_on,
    Article.updated_at,
)
_VECTOR = (col(PassageVector.passage_id) == Passage.id) & (col(PassageVector.embedder) == bindparam("embedder"))
_ROWS = (  # built once: building it would cost as much as running it
    select(*_COLUMNS)  # type: ignore[call-overload]
    .join(Article, col(Article.id) == Passage.article_id)
    .outerjoin(PassageVector, _VECTOR)
    .where(col(Passage.id).in_(bindparam("ids", expanding=True)))
)


class PassageRow(NamedTuple):
    """What searches read of a passage. `vector` is float32 (d,) as bytes, empty while there is none.

    `headed` are the longer words of title and heading, `looked_at` is when somebody last looked at the article.
    """

    id: str
    article_id: str
    version: int
    title: str
    heading: str
    text: str
    language: str
    audience: str
    category: str
    kind: str
    product: Sequence[str]
    vector: bytes
    headed: frozenset[str]
    looked_at: date | None


def long_words(text: str) -> frozenset[str]:
    """The words of three and more letters, in lower case."""
    return frozenset(_WORD.findall(text.lower()))


class Passages:
    """The passages of the database by id; may be shared by threads.

    What is remembered counts for one generation of the database and one embedder: a publication, an unpublication and
    a change of audience each begin a new generation, so that nothing is found that customers may no longer read.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self._of: tuple[int, str] = (-1, "")
        self._known: OrderedDict[str, PassageRow] = OrderedDict()
        self._lock = Lock()

    def read(self, ids: Iterable[str], *, audience: str, embedder: str, generation: int) -> dict[str, PassageRow]:
        """The rows as they stand at `generation`, which was asked of the database just now; "public" leaves out internal ones."""
        wanted = list(ids)
        with self._lock:
            if self._of != (generation, embedder):
                self._of, self._known = (generation, embedder), OrderedDict()
            known = self._known
            found = {id: known[id] for id in wanted if id in known}
        if missing := [id for id in wanted if id not in found]:
            fresh = self._fresh(missing, embedder)
            found |= fresh
            with self._lock:
                self._remember(known, fresh)
        return found if audience == "internal" else {id: row for id, row in found.items() if row.audience == "public"}

    def _fresh(self, ids: Sequence[str], embedder: str) -> dict[str, PassageRow]:
        found: dict[str, PassageRow] = {}
        with self.database.read() as session:
            for start in range(0, len(ids), _TOGETHER):
                found.update(_rows(session, ids[start : start + _TOGETHER], embedder))
        return found

    @staticmethod
    def _remember(known: OrderedDict[str, PassageRow], fresh: dict[str, PassageRow]) -> None:
        known.update((id, row) for id, row in fresh.items() if row.vector)  # one without a vector gets it any moment
        while len(known) > _KEPT:
            known.popitem(last=False)


def _rows(session: Session, ids: Sequence[str], embedder: str) -> dict[str, PassageRow]:
    return {row.id: _passage(row) for row in session.connection().execute(_ROWS, {"ids": ids, "embedder": embedder})}


def _passage(row: Any) -> PassageRow:
    *said, vector, verified_on, updated_at = row
    looked_at = verified_on or (updated_at.date() if updated_at else None)
    return PassageRow._make([*said, vector or b"", long_words(f"{row.title} {row.heading}"), looked_at])
