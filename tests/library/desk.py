"""People and articles for the tests of the library."""

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from sqlmodel import Session

from knowledge_base import articles
from tests.desks import person
from triage.database import Database
from triage.models import Role, User

T = TypeVar("T")


def embed(texts: list[str]) -> Any:
    """Vectors that differ by text, for tests that do not search by meaning."""
    rows = [np.random.default_rng(abs(hash(text)) % 2**32).normal(size=8) for text in texts]
    return np.array([row / np.linalg.norm(row) for row in rows], np.float32).reshape(len(texts), 8)


def people(database: Database) -> tuple[User, User, User]:
    """Two administrators and one of the staff."""
    with database.transaction() as session:
        return person(session, Role.ADMIN, "Ines"), person(session, Role.ADMIN, "Ada"), person(session, Role.STAFF, "Sam")


def write(
    session: Session, article_id: str, body: str = "Text.", *, title: str = "", published: bool = False, **meta: Any
) -> None:
    """An article as its author left it."""
    articles.save_version(session, article_id, title=title or article_id.title(), body=body, author="user:1", **meta)
    if published:
        articles.publish(session, article_id, author="user:1", embed=embed)


def done(database: Database, work: Callable[..., T], *given: Any, **more: Any) -> T:
    """One change in a transaction of its own."""
    return database.run_now(lambda session: work(session, *given, **more))
