"""How replies used the articles: how many cite one, and how often people changed a sentence that rests on it."""

from collections import Counter
from datetime import timedelta
from typing import Any

from sqlalchemy import delete
from sqlmodel import Session, col, select

from triage.database import Database
from triage.models import Article, ArticleUse, Decision, Draft, now

PERIOD = timedelta(days=90)


def count(database: Database) -> int:
    """Count the use of the last 90 days anew; returns how many articles were used.

    Reads first and writes then, so that nobody waits for the reading.
    """
    with database.read() as session:
        rows = _counted(session)
    database.run_now(lambda session: _store(session, rows))
    return len(rows)


def _counted(session: Session) -> list[ArticleUse]:
    replies, sentences, edited = Counter[str](), Counter[str](), Counter[str]()
    statement = (
        select(Draft.article_versions, Draft.sentences, Draft.body, Decision.body)
        .join(Decision, col(Decision.draft_id) == Draft.id)
        .where(Decision.kind == "approve", col(Decision.undone_at).is_(None), col(Decision.created_at) >= now() - PERIOD)
    )
    for cited, written, before, after in session.exec(statement.execution_options(yield_per=500)):
        replies.update(cited)
        sent = _words(after)
        for sentence in written:
            kept = before == after or _words(str(sentence.get("text", ""))) in sent
            resting = cited_by(sentence) & cited.keys()
            sentences.update(resting)
            edited.update(() if kept else resting)
    known = set(session.exec(select(Article.id)))
    return [
        ArticleUse(article_id=a, replies=n, sentences=sentences[a], edited=edited[a]) for a, n in replies.items() if a in known
    ]


def cited_by(sentence: dict[str, Any]) -> set[str]:
    """The articles that a draft's sentence rests on; a passage's id is its article's with a number behind "#"."""
    return {str(passage).rpartition("#")[0] for passage in sentence.get("passages") or []} - {""}


def _store(session: Session, rows: list[ArticleUse]) -> None:
    session.execute(delete(ArticleUse))
    session.add_all(rows)


def _words(text: str) -> str:
    """The text with single spaces: line breaks moved by an editor are no change."""
    return " ".join(text.split())
