"""What an approval binds to: the draft, its recipient, the end of the thread and the articles it cites."""

import hashlib
import json
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import bindparam
from sqlalchemy import select as columns
from sqlmodel import Session, col, select

from triage.database import direct
from triage.models import Article, Draft, Message, Ticket

_MOST = 10  # newer messages that are shown


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


@dataclass(frozen=True)
class Change:
    """One thing that is no longer as it was when a draft was written.

    `kind` is message, thread, address, article, withdrawn, internal, sealed, or rule (triage.drafts.lock). `before` and `after` are what
    can be set against each other; `about` names an article.
    """

    kind: str
    said: str
    before: str = ""
    after: str = ""
    about: str = ""
    stops: tuple[str, ...] = ()
    """Why the draft may not be kept all the same, a sentence each."""


def what_changed(session: Session, draft: Draft) -> list[str]:
    """What differs from the world the draft was written for, a sentence each; empty when nothing does."""
    return [change.said for change in changes(session, draft)]


def changes(session: Session, draft: Draft) -> list[Change]:
    """The same with what was and what is."""
    ticket = session.get_one(Ticket, draft.ticket_id)
    found = [change for change in (_thread(session, draft, ticket), _address(draft, ticket)) if change]
    cited = _cited(session, list(draft.article_versions))
    published = {article: standing.version for article, standing in cited.items() if standing.version is not None}
    for article, version in draft.article_versions.items():
        if published.get(article) != version:
            found.append(_article(article, version, published.get(article)))
        if article in cited and cited[article].audience != "public":  # a draft is only ever written from public ones
            said = f"the article {article} is for the team only now"
            found.append(Change("internal", said, about=article, stops=("customers may not read what it rests on",)))
    if not found and draft.seal and seal_of(session, draft, published) != draft.seal:
        found.append(Change("sealed", "the draft itself is not the one that was sealed", stops=("nobody knows who changed it",)))
    return found


def _thread(session: Session, draft: Draft, ticket: Ticket) -> Change | None:
    if ticket.thread_head == draft.thread_head:
        return None
    newer = session.exec(
        select(Message.body)
        .where(Message.ticket_id == ticket.id, col(Message.id) > (draft.thread_head or 0), Message.direction == "in")
        .order_by(col(Message.id))
        .limit(_MOST)
    ).all()
    if not newer:
        return Change("thread", "the conversation went on")
    return Change("message", "the customer wrote again", after="\n\n".join(newer))


def _address(draft: Draft, ticket: Ticket) -> Change | None:
    if ticket.requester_email == draft.recipient:
        return None
    said = f"the customer's address is now {ticket.requester_email}"
    return Change("address", said, draft.recipient, ticket.requester_email)


def _article(article: str, version: int, now: int | None) -> Change:
    if now is None:
        return Change("withdrawn", f"the article {article}, cited as version {version}, is no longer published", about=article)
    return Change(
        "article", f"the article {article}, cited as version {version}, is now version {now}", str(version), str(now), article
    )


class _Standing(NamedTuple):
    """How an article stands now: its published version, if it has one, and whom it is for."""

    version: int | None
    audience: str


_STANDING = columns(col(Article.id), col(Article.published_version), col(Article.audience)).where(
    col(Article.id) == bindparam("article")
)


def published_versions(session: Session, articles: list[str]) -> dict[str, int]:
    """The published version number of each article that has one."""
    cited = _cited(session, articles)
    return {article: standing.version for article, standing in cited.items() if standing.version is not None}


def _cited(session: Session, articles: list[str]) -> dict[str, _Standing]:
    direct.settle(session)
    found = [row for article in articles for row in direct.rows(session, _STANDING, {"article": article})]
    return {row.id: _Standing(row.published_version, row.audience) for row in found}
