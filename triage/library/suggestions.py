"""What people of the desk think an article should say."""

from datetime import datetime

from sqlmodel import Session, col, select

from triage import audit
from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import InputError
from triage.library.article import load
from triage.models import Notification, Role, User, now


def suggest(session: Session, user: User, article_id: str | None, text: str) -> None:
    """Tell the administrators what an article should say; without an article, that one is missing."""
    access.require(access.fresh(session, user), Permission.SUGGEST_KNOWLEDGE)
    if not text.strip():
        raise InputError("Write what should change; a sentence is enough.")
    what = f"“{load(session, article_id).latest.title}”" if article_id else "a new article"
    session.add(Notification(role=Role.ADMIN, kind="knowledge", text=f"{user.name} on {what}: {text.strip()[:2000]}"))
    audit.append(session, "article.suggested", actor=user.actor, article=article_id, text=text.strip()[:2000])


def waiting(session: Session, *, limit: int = 30) -> list[tuple[str, datetime]]:
    """What people suggested, newest first."""
    newest = select(Notification.text, Notification.created_at).where(
        Notification.kind == "knowledge", col(Notification.read_at).is_(None)
    )
    return list(session.exec(newest.order_by(col(Notification.id).desc()).limit(limit)).all())


def settle(session: Session, user: User) -> None:
    """Mark all suggestions as read."""
    access.require(access.fresh(session, user), Permission.EDIT_KNOWLEDGE)
    for note in session.exec(select(Notification).where(Notification.kind == "knowledge", col(Notification.read_at).is_(None))):
        note.read_at = now()
        session.add(note)
