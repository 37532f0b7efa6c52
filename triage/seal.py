"""What an approval binds to: the draft, its recipient, the end of the thread and the articles it cites."""

import hashlib
import json

from sqlmodel import Session, col, select

from triage.models import Article, Draft, Message, Ticket


def seal_of(session: Session, draft: Draft, published: dict[str, int] | None = None) -> str:
    """SHA-256 over the draft and the world it was written for, as the world is now.

    `published` are the published versions of the cited articles, when the caller has just read them.
    """
    ticket = session.get_one(Ticket, draft.ticket_id)
    if published is None:
        published = published_versions(session, list(draft.article_versions))
    content = {
        "draft": [draft.id, draft.version, draft.subject, draft.body],
        "recipient": [draft.recipient, ticket.requester_email],
        "thread": [draft.thread_head, ticket.thread_head],
        "articles": sorted(draft.article_versions.items()),
        "published": sorted(published.items()),
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def what_changed(session: Session, draft: Draft) -> list[str]:
    """What differs from the world the draft was written for, a sentence each; empty when nothing does."""
    ticket = session.get_one(Ticket, draft.ticket_id)
    changes = []
    if ticket.thread_head != draft.thread_head:
        newer = session.exec(
            select(Message).where(
                Message.ticket_id == ticket.id, col(Message.id) > (draft.thread_head or 0), Message.direction == "in"
            )
        ).first()
        changes.append("the customer wrote again" if newer else "the conversation went on")
    if ticket.requester_email != draft.recipient:
        changes.append(f"the customer's address is now {ticket.requester_email}")
    published = published_versions(session, list(draft.article_versions))
    internal = _internal(session, list(draft.article_versions))
    for article, version in draft.article_versions.items():
        if published.get(article) != version:
            what = f"is now version {published[article]}" if article in published else "is no longer published"
            changes.append(f"the article {article}, cited as version {version}, {what}")
        elif article in internal:
            changes.append(f"the article {article} is for the team only now")
    if not changes and draft.seal and seal_of(session, draft, published) != draft.seal:
        changes.append("the draft itself is not the one that was sealed")
    return changes


def published_versions(session: Session, articles: list[str]) -> dict[str, int]:
    """The published version number of each article that has one."""
    rows = session.exec(select(Article.id, Article.published_version).where(col(Article.id).in_(articles)))
    return {article: version for article, version in rows if version is not None}


def _internal(session: Session, articles: list[str]) -> set[str]:
    """Those that customers may not read; a draft is only ever written from public ones."""
    return set(session.exec(select(Article.id).where(col(Article.id).in_(articles), Article.audience != "public")))
