"""What searches find: publishing versions, taking articles out, saying that one is still right."""

from sqlmodel import Session

from knowledge_base import articles
from knowledge_base.embedding import Embed, as_encoder
from triage import audit
from triage.accounts import access
from triage.accounts.access import Permission
from triage.library.article import ArticleView
from triage.models import Article, User, now


def prepared(embed: Embed, view: ArticleView, number: int | None = None) -> Embed:
    """Vectors of a version made ahead of its publication, so that no transaction waits for them."""
    version = view.version(number) or view.latest
    return articles.prepare(embed, [(version.title, version.body)])


def publish(session: Session, user: User, article_id: str, *, embed: Embed, version: int | None = None) -> int:
    """Make a version what searches find; returns how many passages were new or changed."""
    access.require(user, Permission.EDIT_KNOWLEDGE)
    return articles.publish(session, article_id, author=user.actor, embed=as_encoder(embed), version=version)


def unpublish(session: Session, user: User, article_id: str) -> None:
    access.require(user, Permission.EDIT_KNOWLEDGE)
    articles.unpublish(session, article_id, author=user.actor)


def confirm(session: Session, user: User, article_id: str) -> None:
    """Say that the article was read and is still right."""
    access.require(user, Permission.EDIT_KNOWLEDGE)
    article = session.get_one(Article, article_id)
    article.verified_on = now().date()
    session.add(article)
    audit.append(session, "article.verified", actor=user.actor, article=article_id)
