"""The knowledge base as it would be with another version of one article published, beside the one that serves.

Not a second way of scoring: what searches read is copied into a database of its own, the version is published there,
and the same searcher looks into it. So whatever searches do, this does. 400 passages take a third of a second.
"""

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Table, insert
from sqlmodel import Session, SQLModel, select

from knowledge_base.articles import publish, save_version, version_of
from knowledge_base.index import Index
from knowledge_base.search import Searcher
from triage.database import open_database
from triage.errors import InputError
from triage.models import (
    Article,
    ArticleVersion,
    Category,
    CategoryExample,
    IndexState,
    Passage,
    PassageVector,
    SynonymGroup,
    WorkspaceSetting,
)
from triage.settings import Settings

_READ_BY_SEARCHES: tuple[type[SQLModel], ...] = (
    Article, Category, CategoryExample, IndexState, Passage, PassageVector, SynonymGroup, WorkspaceSetting,
)  # fmt: skip
_BATCH = 1000


@contextmanager
def with_version(
    live: Searcher, settings: Settings, article_id: str, number: int | None = None, *, body: str = ""
) -> Iterator[Searcher]:
    """A searcher that finds what `live` would find with this version published. The copy is gone when the block ends.

    With `body`, a version of that text, which only the copy knows. Raises InputError when there is no such article or version.
    """
    with tempfile.TemporaryDirectory(prefix="triage-rehearsal-") as folder:
        copy = open_database(settings.model_copy(update={"home": Path(folder), "database_url": "", "chroma_url": ""}))
        index = Index.in_memory()
        try:
            SQLModel.metadata.create_all(copy.engine)
            with live.database.read() as source, copy.transaction() as target:
                _copy(source, target, article_id)
            with copy.transaction() as session:
                if body:
                    number = _new_version(session, article_id, body)
                publish(session, article_id, author="rehearsal", embed=live.embedder, version=number)
            index.sync(copy)
            with closing(Searcher(copy, index, live.embedder, live.steps)) as searcher:
                searcher.refresh()
                yield searcher
        finally:
            index.close()
            copy.close()


def _new_version(session: Session, article_id: str, body: str) -> int:
    article = session.get(Article, article_id)
    if article is None:
        raise InputError(f"There is no article {article_id[:80]}; `triage kb search` shows their names.")
    title = version_of(session, article_id, article.latest_version).title
    return save_version(session, article_id, title=title, body=body, author="fork").number


def _copy(source: Session, target: Session, article_id: str) -> None:
    for model in _READ_BY_SEARCHES:
        _insert(target, model, (row.model_dump() for row in source.exec(select(model).execution_options(yield_per=_BATCH))))
    versions = source.exec(select(ArticleVersion).where(ArticleVersion.article_id == article_id))
    _insert(target, ArticleVersion, (version.model_dump() for version in versions))


def _insert(target: Session, model: type[SQLModel], rows: Iterator[dict[str, Any]]) -> None:
    """Rows without the persons they name: people are not copied."""
    table: Table = model.__table__  # type: ignore[attr-defined]
    people = {column.name for column in table.columns if any(key.column.table.name == "user" for key in column.foreign_keys)}
    while some := list(islice(rows, _BATCH)):
        target.execute(insert(table), [row | dict.fromkeys(people) for row in some])
