"""Gaps: questions of one matter that the knowledge base does not answer, by the minutes they cost; and what people say of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, func, select

from triage import audit
from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import ConflictError, InputError
from triage.models import Article, ArticleVersion, Gap, GapQuestion, Ticket, User, now

STATES = ("open", "writing", "closed", "dismissed")


@dataclass(frozen=True)
class GapView:
    """One gap with its questions, newest first, each with its ticket's subject, and its articles' titles by id."""

    gap: Gap
    questions: list[GapQuestion]
    subjects: dict[int, str]
    titles: dict[str, str]


# ---- reading ----------------------------------------------------------------------------------------------


def listing(session: Session, user: User, *, state: str = "open", limit: int = 200) -> list[Gap]:
    """Gaps in a state, those that cost most minutes a week first. Managers read them, administrators act on them."""
    access.require(user, Permission.SEE_FIGURES)
    return ranked(session, state=state, limit=limit)


def ranked(session: Session, *, state: str = "open", limit: int = 200) -> list[Gap]:
    """`listing` for the machine's own administrator. Raises InputError for an unknown state."""
    if state not in STATES:
        raise InputError(f"There is no state {state!r}; use {', '.join(STATES)}.")
    ordered = select(Gap).where(Gap.state == state).order_by(col(Gap.minutes).desc(), col(Gap.size).desc(), col(Gap.id))
    return list(session.exec(ordered.limit(limit)))


def counts(session: Session, user: User) -> dict[str, int]:
    """How many gaps there are in each state."""
    access.require(user, Permission.SEE_FIGURES)
    found = dict(session.exec(select(Gap.state, func.count()).group_by(Gap.state)).all())
    return {state: found.get(state, 0) for state in STATES}


def load(session: Session, user: User, gap_id: int) -> GapView:
    """One gap with its questions. Raises InputError when it is gone."""
    access.require(user, Permission.SEE_FIGURES)
    gap = _gap(session, gap_id)
    asked = session.exec(select(GapQuestion).where(GapQuestion.gap_id == gap.id).order_by(col(GapQuestion.asked_at).desc())).all()
    tickets = {question.ticket_id for question in asked[:50]}
    subjects = dict(session.exec(select(Ticket.id, Ticket.subject).where(col(Ticket.id).in_(tickets))).all())
    return GapView(gap, list(asked), {n or 0: s for n, s in subjects.items()}, titles(session, [gap]))


def titles(session: Session, gaps: Sequence[Gap]) -> dict[str, str]:
    """Titles of the articles that these gaps name."""
    wanted = {article for gap in gaps for article in (gap.near_article, gap.draft_article, gap.closed_by) if article}
    latest = (col(ArticleVersion.article_id) == Article.id) & (col(ArticleVersion.number) == Article.latest_version)
    rows = session.exec(select(Article.id, ArticleVersion.title).join(ArticleVersion, latest).where(col(Article.id).in_(wanted)))
    return dict(rows.all())


# ---- deciding ---------------------------------------------------------------------------------------------


def dismiss(session: Session, user: User, gap_id: int, reason: str) -> None:
    """Say that this needs no article. The reason stays with the gap."""
    if not reason.strip():
        raise InputError("Write why this needs no article; a few words are enough.")
    _change(session, user, gap_id, "dismissed", reason=reason.strip()[:500])


def close(session: Session, user: User, gap_id: int, article_id: str) -> None:
    """Say that an article answers it now, for example after adding the words that were missing."""
    article = session.get(Article, article_id)
    if article is None or article.published_version is None:
        raise InputError(f"There is no published article {article_id[:80]!r}; choose one that customers' questions can find.")
    _change(session, user, gap_id, "closed", closed_by=article.id, reason="")


def reopen(session: Session, user: User, gap_id: int) -> None:
    """Put a gap back among the open ones."""
    _change(session, user, gap_id, "open", reason="", draft_article="", closed_by="")


def writing(session: Session, user: User, gap_id: int, article_id: str) -> None:
    """Say that an article for it waits as a draft."""
    _change(session, user, gap_id, "writing", draft_article=article_id, reason="")


def _change(session: Session, user: User, gap_id: int, state: str, **fields: Any) -> None:
    access.require(access.fresh(session, user), Permission.EDIT_KNOWLEDGE)
    gap = _gap(session, gap_id, hold=True)
    if gap.state == state:
        raise ConflictError(f"This gap is {state} already; reload the page.")
    was, gap.state, gap.changed_by, gap.changed_at = gap.state, state, user.id, now()
    for name, value in fields.items():
        setattr(gap, name, value)
    session.add(gap)
    audit.append(session, f"gap.{state}", actor=f"user:{user.id}", gap=gap.id, was=was, **fields)


def _gap(session: Session, gap_id: int, *, hold: bool = False) -> Gap:
    gap = session.get(Gap, gap_id, with_for_update=hold)
    if gap is None:
        raise InputError(f"Gap {gap_id} is gone: its questions were grouped with others. Look through the list.")
    return gap
