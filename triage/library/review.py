"""A second pair of eyes: an administrator asks another to look at a version before it is published."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, or_, select

from triage import audit, workspace
from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import ConflictError, InputError
from triage.models import Article, ArticleReview, ArticleVersion, Notification, Role, User, now


@dataclass(frozen=True)
class Waiting:
    """A version that waits for an answer."""

    article: str
    title: str
    number: int
    asked_by: str
    question: str
    since: datetime


@dataclass(frozen=True)
class Returned:
    """A version that came back to its author."""

    article: str
    title: str
    number: int
    by: str
    comment: str
    at: datetime


def is_needed(session: Session) -> bool:
    """Whether the desk publishes only what a second administrator approved."""
    return bool(workspace.get(session, "articles_need_review"))


def ask(session: Session, user: User, article_id: str, *, reviewer_id: int | None = None, question: str = "") -> ArticleReview:
    """Ask another administrator, or whoever comes first, to look at the newest version.

    Raises InputError when the reviewer may not edit or is the person who asks, ConflictError when it waits already.
    """
    access.require(access.fresh(session, user), Permission.EDIT_KNOWLEDGE)
    article = _article(session, article_id)
    if article.status == "archived" or article.published_version == article.latest_version:
        raise ConflictError("There is no unpublished version to look at. Save a change first.")
    if waiting_on(session, article_id):
        raise ConflictError("This version waits for a review already.")
    reviewer = session.get(User, reviewer_id) if reviewer_id else None
    if reviewer_id and (not reviewer or reviewer.id == user.id or not access.may(reviewer, Permission.EDIT_KNOWLEDGE)):
        raise InputError("Choose another administrator; only administrators review articles.")
    asked = ArticleReview(
        article_id=article_id,
        number=article.latest_version,
        asked_by=user.id or 0,
        reviewer_id=reviewer_id,
        question=question.strip()[:2000],
    )
    session.add(asked)
    audit.append(
        session, "article.review_asked", actor=user.actor, article=article_id, version=asked.number, reviewer=reviewer_id
    )
    _tell(session, reviewer_id, f"{user.name} asks you to review version {asked.number} of {article_id}.")
    return asked


def approve(session: Session, user: User, article_id: str, *, number: int, comment: str = "") -> ArticleReview:
    """Say that a version may be published. Raises ConflictError when it is not the one that waits, or is one's own."""
    review = _decided(session, user, article_id, number, "approved", comment)
    _tell(session, review.asked_by, f"{user.name} approved version {number} of {article_id}.")
    return review


def give_back(session: Session, user: User, article_id: str, *, number: int, comment: str) -> ArticleReview:
    """Return a version with what should change. Raises InputError without a comment."""
    if not comment.strip():
        raise InputError("Write what should change; a sentence is enough.")
    review = _decided(session, user, article_id, number, "returned", comment)
    _tell(session, review.asked_by, f"{user.name} returned version {number} of {article_id}: {comment.strip()}")
    return review


def withdraw(session: Session, user: User, article_id: str, *, why: str = "") -> None:
    """Ask no longer; without a waiting review, does nothing."""
    access.require(access.fresh(session, user), Permission.EDIT_KNOWLEDGE)
    if review := waiting_on(session, article_id):
        review.status, review.decided_by, review.decided_at, review.comment = "withdrawn", user.id, now(), why
        session.add(review)
        audit.append(session, "article.review_withdrawn", actor=user.actor, article=article_id, version=review.number)


def waiting_on(session: Session, article_id: str) -> ArticleReview | None:
    """The review that the article waits for."""
    return session.exec(
        select(ArticleReview).where(ArticleReview.article_id == article_id, ArticleReview.status == "waiting")
    ).first()


def waiting_for(session: Session, user: User, *, limit: int = 20) -> list[Waiting]:
    """What waits for this person's answer, oldest first: asked of them or of anybody, and not by them."""
    version = (col(ArticleVersion.article_id) == ArticleReview.article_id) & (col(ArticleVersion.number) == ArticleReview.number)
    rows = session.exec(
        select(ArticleReview, ArticleVersion.title, User.name)
        .join(ArticleVersion, version)
        .join(User, col(User.id) == ArticleReview.asked_by)
        .where(ArticleReview.status == "waiting", ArticleReview.asked_by != user.id)
        .where(or_(col(ArticleReview.reviewer_id).is_(None), ArticleReview.reviewer_id == user.id))
        .order_by(col(ArticleReview.id))
        .limit(limit)
    )
    return [Waiting(r.article_id, title, r.number, name, r.question, r.created_at) for r, title, name in rows]


def returned_to(session: Session, user: User, *, limit: int = 20) -> list[Returned]:
    """What the person asked about and got back, as long as it is the newest version, newest first."""
    newest = (col(Article.id) == ArticleReview.article_id) & (col(Article.latest_version) == ArticleReview.number)
    version = (col(ArticleVersion.article_id) == ArticleReview.article_id) & (col(ArticleVersion.number) == ArticleReview.number)
    rows = session.exec(
        select(ArticleReview, ArticleVersion.title, User.name)
        .join(Article, newest)
        .join(ArticleVersion, version)
        .join(User, col(User.id) == ArticleReview.decided_by)
        .where(ArticleReview.status == "returned", ArticleReview.asked_by == user.id, Article.status != "archived")
        .where(or_(col(Article.published_version).is_(None), Article.published_version != Article.latest_version))
        .order_by(col(ArticleReview.id).desc())
        .limit(limit)
    )
    return [Returned(r.article_id, title, r.number, name, r.comment, r.decided_at or r.created_at) for r, title, name in rows]


def reviewers(session: Session, user: User) -> list[tuple[int, str]]:
    """(number, name) of those whom the person may ask."""
    people = session.exec(select(User).where(User.role == Role.ADMIN, User.id != user.id).order_by(User.name))
    return [(person.id or 0, person.name) for person in people if access.may(person, Permission.EDIT_KNOWLEDGE)]


def stands_approved(session: Session, version: ArticleVersion) -> bool:
    """Whether somebody other than its author approved the version, or it was published before."""
    if version.published_at is not None:
        return True
    words = select(ArticleReview).where(
        ArticleReview.article_id == version.article_id, ArticleReview.number == version.number, ArticleReview.status == "approved"
    )
    return any(f"user:{review.decided_by}" != version.author for review in session.exec(words))


def _decided(session: Session, user: User, article_id: str, number: int, status: str, comment: str) -> ArticleReview:
    access.require(access.fresh(session, user), Permission.EDIT_KNOWLEDGE)
    _article(session, article_id)
    review = waiting_on(session, article_id)
    if review is None or review.number != number:
        raise ConflictError("This version does not wait for a review any more. Look at the newest one.")
    if user.id == review.asked_by or user.actor == _author(session, article_id, number):
        raise ConflictError("You wrote this version; another administrator has to look at it.")
    review.status, review.decided_by, review.decided_at, review.comment = status, user.id, now(), comment.strip()[:2000]
    session.add(review)
    session.flush()
    audit.append(
        session, f"article.review_{status}", actor=user.actor, article=article_id, version=number, comment=review.comment
    )
    return review


def _author(session: Session, article_id: str, number: int) -> str:
    version = (ArticleVersion.article_id == article_id, ArticleVersion.number == number)
    return session.exec(select(ArticleVersion.author).where(*version)).first() or ""


def _article(session: Session, article_id: str) -> Article:
    """The article, locked, so that two decisions come one after the other."""
    article = session.get(Article, article_id, with_for_update=True)
    if article is None:
        raise InputError(f"There is no article {article_id[:80]}. Look it up in the list.")
    return article


def _tell(session: Session, user_id: int | None, text: str) -> None:
    session.add(Notification(user_id=user_id, role=None if user_id else Role.ADMIN, kind="review", text=text))
