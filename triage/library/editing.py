"""Writing in articles: what a person types is kept at once, and becomes a version when they save it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete
from sqlmodel import Session, col, select

from knowledge_base import articles
from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import ConflictError, InputError
from triage.library import links, merge, review
from triage.library.article import load
from triage.models import Article, ArticleVersion, User, WorkingCopy, now

NEW = "new"
_AT_IT = timedelta(minutes=30)


class OtherTab(ConflictError):
    """The same person changed the same text in another tab."""


@dataclass(frozen=True)
class Text:
    """What is being written: title, body, a note on the change, and the article's properties by name."""

    title: str = ""
    body: str = ""
    note: str = ""
    meta: dict[str, Any] | None = None


def copy_of(session: Session, user: User, article: str) -> WorkingCopy | None:
    """What the person has written in this article and not saved; `article` is an id, or `NEW` and what follows."""
    return session.exec(select(WorkingCopy).where(WorkingCopy.user_id == user.id, WorkingCopy.article == article)).first()


def copies(session: Session, user: User) -> list[WorkingCopy]:
    """Everything the person has begun and not saved, newest first."""
    return list(
        session.exec(select(WorkingCopy).where(WorkingCopy.user_id == user.id).order_by(col(WorkingCopy.updated_at).desc()))
    )


def keep(session: Session, user: User, article: str, text: Text, *, base: int, revision: int) -> int:
    """Keep what was typed; returns the copy's new revision.

    `revision` is the one this tab last saw: raises OtherTab when another tab has written something else since. (The very
    same words may come twice: from a page that is being left, and from the one that takes them over.)
    """
    access.require(access.fresh(session, user), Permission.EDIT_KNOWLEDGE)
    kept = session.exec(
        select(WorkingCopy).where(WorkingCopy.user_id == user.id, WorkingCopy.article == article).with_for_update()
    ).first() or WorkingCopy(user_id=user.id or 0, article=article)
    if kept.revision != revision:
        if kept.id and (kept.title, kept.body, kept.note, kept.meta) == (text.title, text.body, text.note, text.meta or {}):
            return kept.revision
        raise OtherTab("You are writing in this article in another tab as well. Choose which of the two texts goes on.")
    kept.base, kept.title, kept.body, kept.note = base, text.title[:300], text.body, text.note[:300]
    kept.meta, kept.revision, kept.updated_at = dict(text.meta or {}), kept.revision + 1, now()
    session.add(kept)
    session.flush()
    return kept.revision


def discard(session: Session, user: User, article: str) -> None:
    """Throw away what was not saved."""
    session.execute(delete(WorkingCopy).where(col(WorkingCopy.user_id) == user.id, col(WorkingCopy.article) == article))


def at_it(session: Session, user: User, article: str) -> list[tuple[str, datetime]]:
    """Who else wrote in this article within the last half hour without saving, and when."""
    statement = (
        select(User.name, WorkingCopy.updated_at)
        .join(WorkingCopy, col(WorkingCopy.user_id) == User.id)
        .where(WorkingCopy.article == article, WorkingCopy.user_id != user.id, WorkingCopy.updated_at > now() - _AT_IT)
    )
    return list(session.exec(statement.order_by(User.name)).all())


def save(
    session: Session, user: User, article_id: str | None, *, base: int, title: str, body: str, note: str = "", **meta: Any
) -> ArticleVersion:
    """Save a draft version; `[[id]]` in the text becomes a link with the article's title.

    `base` is the version that was being edited: raises ConflictError when a newer one exists, and InputError for a text
    that cannot be saved. Whoever was asked to review the version before is told that it has gone.
    """
    access.require(access.fresh(session, user), Permission.EDIT_KNOWLEDGE)
    articles.in_turn(session)
    article = session.get(Article, article_id, with_for_update=True) if article_id else None
    if article and article.status == "archived":
        raise ConflictError("This article is archived. Restore it, then save again; your text is kept.")
    if article and article.latest_version != base:
        raise ConflictError(f"Somebody saved version {article.latest_version} while you were editing version {base}.")
    if merge.ENDS in body:
        raise InputError("Some places still hold both texts. Keep one of the two at each mark, then save again.")
    version = articles.save_version(
        session, article_id, title=title, body=links.written_out(session, body), author=user.actor, note=note, **meta
    )
    review.withdraw(session, user, version.article_id, why=f"Version {version.number} was saved.")
    return version


def finish(session: Session, user: User, article: str, text: Text, *, base: int) -> ArticleVersion:
    """Save what was being written as a version; the working copy `article` ends. Raises what `save` raises."""
    article_id = None if article.partition(":")[0] == NEW else article
    saved = save(session, user, article_id, base=base, title=text.title, body=text.body, note=text.note, **(text.meta or {}))
    discard(session, user, article)
    return saved


def newest(session: Session, article_id: str) -> ArticleVersion | None:
    """The latest version as it is now."""
    article = session.get(Article, article_id)
    return version(session, article_id, article.latest_version) if article else None


def version(session: Session, article_id: str, number: int) -> ArticleVersion | None:
    """One version of an article, or None."""
    return session.exec(
        select(ArticleVersion).where(ArticleVersion.article_id == article_id, ArticleVersion.number == number)
    ).first()


def author_of(session: Session, version: ArticleVersion) -> str:
    """Who saved a version, by name."""
    number = version.author.removeprefix("user:")
    user = session.get(User, int(number)) if number.isdecimal() else None
    return user.name if user else version.author or "The system"


def owners(session: Session) -> list[str]:
    """Who can keep an article right: the people of the desk, and whom articles name already."""
    people = session.exec(select(User.name).where(col(User.disabled_at).is_(None)))
    named = session.exec(select(Article.owner).where(Article.owner != "").distinct())
    return sorted({*people, *named}, key=str.casefold)


def is_saved(session: Session, article_id: str, text: Text) -> bool:
    """Whether the article stands just like this already."""
    return articles.is_same(session, article_id, " ".join(text.title.split()), text.body.strip("\n"), text.meta or {})


def roll_back(session: Session, user: User, article_id: str, number: int) -> ArticleVersion:
    """Bring an old version's text back as a new draft version; nothing is lost and nothing is published yet."""
    access.require(access.fresh(session, user), Permission.EDIT_KNOWLEDGE)
    view = load(session, article_id)
    old = view.version(number)
    if old is None:
        raise InputError(f"This article has no version {number}.")
    note = f"Back to version {number}"
    return save(session, user, view.row.id, base=view.row.version, title=old.title, body=old.body, note=note)
