"""Writing in articles: drafts, and old texts brought back."""

from typing import Any

from sqlmodel import Session

from knowledge_base import articles
from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import ConflictError, InputError
from triage.library.article import load
from triage.models import Article, ArticleVersion, User


def save(
    session: Session, user: User, article_id: str | None, *, base: int, title: str, body: str, note: str = "", **meta: Any
) -> ArticleVersion:
    """Save a draft version. `base` is the version that was being edited: raises ConflictError when a newer one exists."""
    access.require(user, Permission.EDIT_KNOWLEDGE)
    article = session.get(Article, article_id, with_for_update=True) if article_id else None
    if article and article.latest_version != base:
        raise ConflictError(
            f"Somebody saved version {article.latest_version} while you were editing version {base}. Your text is still here: "
            "compare it under Versions, then save again."
        )
    return articles.save_version(session, article_id, title=title, body=body, author=user.actor, note=note, **meta)


def roll_back(session: Session, user: User, article_id: str, number: int) -> ArticleVersion:
    """Bring an old version's text back as a new draft version; nothing is lost and nothing is published yet."""
    access.require(user, Permission.EDIT_KNOWLEDGE)
    old = load(session, article_id).version(number)
    if old is None:
        raise InputError(f"This article has no version {number}.")
    note = f"Back to version {number}"
    return articles.save_version(session, article_id, title=old.title, body=old.body, author=user.actor, note=note)
