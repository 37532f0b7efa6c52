"""A small desk without agents, and drafts that are alike."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from sqlmodel import Session

from tests.desks import Enqueued, recorder_of, ticket, waiting_draft
from triage.database import Database
from triage.models import Article, Draft
from triage.settings import Settings

BODY = "Hello {name},\n\nUse ClearCal every three months.\n\nKind regards"
Alike = Callable[..., Draft]


@pytest.fixture
def batch_desk(database: Database, settings: Settings) -> Any:
    enqueued: Enqueued = []
    return SimpleNamespace(database=database, settings=settings, enqueue=recorder_of(enqueued), enqueued=enqueued)


def article(session: Session) -> None:
    if session.get(Article, "descale") is None:
        session.add(Article(id="descale", status="published", latest_version=1, published_version=1, audience="public"))
        session.flush()


def alike(session: Session, number: int, *, said: str = "How often should I descale it?", **fields: Any) -> Draft:
    """A waiting draft that answers from the one passage; `fields` make its ticket (plain names) or it (draft=…) another one."""
    article(session)
    given = {"confidence": 0.9, **fields.pop("draft", {})}
    row = ticket(session, email=f"c{number}@customer.example", body=said, category="care", **fields)
    sentence = {"text": "Use ClearCal every three months.", "kind": "fact", "supported": True, "passages": ["descale#0"]}
    return waiting_draft(
        session, row, body=BODY.format(name=f"Customer{number}"),
        **{"sentences": [sentence], "citations": [{"passage": "descale#0", "article": "descale", "version": 1}], **given},
    )  # fmt: skip
