"""What searches find: publishing, taking out, archiving, for whom an article is, and that it is still right."""

from sqlmodel import Session

from knowledge_base import articles
from knowledge_base.embedding import Embed, as_encoder
from triage import audit
from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import ConflictError, InputError
from triage.library import links, review
from triage.library.article import ArticleView, waiting_drafts
from triage.models import Article, User, now


def prepared(embed: Embed, view: ArticleView, number: int | None = None) -> Embed:
    """Vectors of a version made ahead of its publication, so that no transaction waits for them."""
    version = view.version(number) or view.latest
    return articles.prepare(embed, [(version.title, version.body)])


def publish(session: Session, user: User, article_id: str, *, embed: Embed, version: int | None = None) -> int:
    """Make a version what searches find; returns how many passages were new or changed.

    Raises ConflictError when the desk wants a second administrator's approval first, or the article is archived.
    """
    access.require(access.fresh(session, user), Permission.EDIT_KNOWLEDGE)
    article = _article(session, article_id)
    if article.status == "archived":
        raise ConflictError("This article is archived. Restore it first.")
    chosen = articles.version_of(session, article_id, version or article.latest_version)
    if review.is_needed(session) and not review.stands_approved(session, chosen):
        raise ConflictError("This desk publishes only what a second administrator approved. Ask for a review.")
    changed = articles.publish(session, article_id, author=user.actor, embed=as_encoder(embed), version=chosen.number)
    if chosen.number == article.latest_version:
        review.withdraw(session, user, article_id, why="It was published.")
    return changed


def approve_and_publish(session: Session, user: User, article_id: str, *, number: int, comment: str, embed: Embed) -> int:
    """A reviewer's yes: the version is approved and published at once."""
    articles.in_turn(session)
    review.approve(session, user, article_id, number=number, comment=comment)
    return publish(session, user, article_id, embed=embed, version=number)


def unpublish(session: Session, user: User, article_id: str) -> None:
    """Take an article out of every search; its versions stay."""
    access.require(access.fresh(session, user), Permission.EDIT_KNOWLEDGE)
    articles.unpublish(session, article_id, author=user.actor)


def archive(session: Session, user: User, article_id: str) -> None:
    """Put an article away: no search finds it, no list shows it, and it can be restored. Nothing is ever deleted."""
    access.require(access.fresh(session, user), Permission.EDIT_KNOWLEDGE)
    article = _article(session, article_id)
    if article.published_version is not None:
        articles.unpublish(session, article_id, author=user.actor)
    review.withdraw(session, user, article_id, why="The article was archived.")
    article.status, article.updated_at = "archived", now()
    session.add(article)
    audit.append(session, "article.archived", actor=user.actor, article=article_id)


def restore(session: Session, user: User, article_id: str) -> None:
    """Bring an archived article back as a draft."""
    access.require(access.fresh(session, user), Permission.EDIT_KNOWLEDGE)
    article = _article(session, article_id)
    if article.status != "archived":
        raise ConflictError("This article is not archived.")
    article.status, article.updated_at = "draft", now()
    session.add(article)
    audit.append(session, "article.restored", actor=user.actor, article=article_id)


def set_audience(session: Session, user: User, article_id: str, audience: str) -> list[int]:
    """Say who may read an article, at once and in every search; returns the tickets whose waiting draft cites it.

    Raises ConflictError when a published article would become public on a desk where publishing needs a review.
    """
    access.require(access.fresh(session, user), Permission.EDIT_KNOWLEDGE)
    article = _article(session, article_id)
    if audience == "public" and article.published_version is not None and review.is_needed(session):
        raise ConflictError("On this desk what customers read needs a review: unpublish it, make it public, and ask for one.")
    if audience not in articles.AUDIENCES:
        raise InputError(f"audience is {audience!r}; use {' or '.join(articles.AUDIENCES)}.")
    if audience == article.audience:
        return []
    article.audience, article.updated_at = audience, now()
    session.add(article)
    articles.refile(session, article)
    audit.append(session, "article.audience", actor=user.actor, article=article_id, audience=audience)
    return waiting_drafts(session, article_id)


def leaves_behind(session: Session, article_id: str) -> tuple[list[int], list[tuple[str, str]]]:
    """What still leans on an article: tickets whose waiting draft cites it, and (id, title) of articles that link to it."""
    return waiting_drafts(session, article_id), links.pointing_to(session, article_id)


def confirm(session: Session, user: User, article_id: str) -> None:
    """Say that the article was read and is still right."""
    access.require(access.fresh(session, user), Permission.EDIT_KNOWLEDGE)
    article = _article(session, article_id)
    article.verified_on = now().date()
    session.add(article)
    audit.append(session, "article.verified", actor=user.actor, article=article_id)


def _article(session: Session, article_id: str) -> Article:
    articles.in_turn(session)
    article = session.get(Article, article_id, with_for_update=True)
    if article is None:
        raise InputError(f"There is no article {article_id[:80]}. Look it up in the list.")
    return article
