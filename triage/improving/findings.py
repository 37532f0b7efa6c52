"""Contradictions and duplicates between articles: looked for when an article is published and every night, dismissed by people."""

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import delete
from sqlmodel import Session, col, func, or_, select

from knowledge_base.consistency import Conflict, Piece, Side, conflicts
from knowledge_base.embedding import Vectors
from knowledge_base.vectors import whole_embedder
from triage import audit
from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import InputError
from triage.models import Article, CheckedArticle, Finding, Passage, PassageVector, User, now

if TYPE_CHECKING:
    from triage.office import Desk


def check_changed(desk: "Desk") -> str:
    """Hold the articles that were published since they were last looked at against all others."""
    with desk.database.read() as session:
        published = dict(session.exec(select(Article.id, Article.published_version)).all())
        checked = dict(session.exec(select(CheckedArticle.article_id, CheckedArticle.version)).all())
    changed = {
        article for article, version in published.items() if checked.get(article) != version and (version or article in checked)
    }
    if not changed:
        return "no article changed"
    return _check(desk, changed, None if len(changed) == len(published) else changed)


def check_all(desk: "Desk") -> str:
    """Hold all articles against each other."""
    with desk.database.read() as session:
        everything = set(session.exec(select(Article.id)))
    return _check(desk, everything, None)


def _check(desk: "Desk", articles: Collection[str], only: Collection[str] | None) -> str:
    with desk.database.read() as session:
        pieces, vectors = _pieces(session)
    found = conflicts(pieces, vectors, only=only) if pieces else []
    desk.database.run_now(lambda session: _store(session, articles, found))
    return f"{len(articles)} articles checked, {len(found)} findings"


def _pieces(session: Session) -> tuple[list[Piece], Vectors]:
    """What is published now, with the vectors that searches go by."""
    columns = (
        Passage.article_id, Passage.version, Passage.title, Passage.heading, Passage.text, Passage.language, Article.product,
        PassageVector.vector,
    )  # fmt: skip
    whole = (col(PassageVector.passage_id) == Passage.id) & (col(PassageVector.embedder) == whole_embedder(session))
    statement = select(*columns).join(Article, col(Article.id) == Passage.article_id).join(PassageVector, whole)  # type: ignore[call-overload]
    rows = session.execute(statement.order_by(Passage.id)).all()
    pieces = [Piece(row[0], row[1], row[2], row[3], row[4], row[5], frozenset(row[6])) for row in rows]
    return pieces, np.stack([np.frombuffer(row[7], np.float32) for row in rows]) if rows else np.zeros((0, 0), np.float32)


def _store(session: Session, articles: Collection[str], found: list[Conflict]) -> None:
    """Put what was found in place of what was known of these articles; a dismissed finding stays as long as both texts do."""
    mine = or_(col(Finding.left_article).in_(articles), col(Finding.right_article).in_(articles))
    known = {finding.key: finding for finding in session.exec(select(Finding).where(mine))}
    keys = {conflict.key for conflict in found}
    session.execute(delete(Finding).where(col(Finding.key).in_(set(known) - keys)))
    for conflict in found:
        finding = known.get(conflict.key) or Finding(key=conflict.key, kind=conflict.kind, left_article="", right_article="")
        finding.left_article, finding.right_article = conflict.left.piece.article, conflict.right.piece.article
        finding.left, finding.right = _side(conflict.left), _side(conflict.right)
        finding.why, finding.score = conflict.why, conflict.score
        session.add(finding)
    versions = dict(session.exec(select(Article.id, Article.published_version).where(col(Article.id).in_(articles))).all())
    for article in articles:
        checked = session.get(CheckedArticle, article)
        if version := versions.get(article):
            checked = checked or CheckedArticle(article_id=article, version=version)
            checked.version, checked.checked_at = version, now()
            session.add(checked)
        elif checked:
            session.delete(checked)


def _side(side: Side) -> dict[str, object]:
    piece = side.piece
    marks = [list(mark) for mark in side.marks]
    return {"version": piece.version, "title": piece.title, "heading": piece.heading, "said": side.said, "marks": marks}


# ---- reading and deciding ---------------------------------------------------------------------------------


def listing(session: Session, user: User, *, state: str = "open", limit: int = 200) -> list[Finding]:
    """Findings in a state (open or dismissed), contradictions first, then the surest."""
    access.require(user, Permission.SEE_FIGURES)
    return ranked(session, state=state, limit=limit)


def ranked(session: Session, *, state: str = "open", limit: int = 200) -> list[Finding]:
    """`listing` for the machine's own administrator."""
    ordered = select(Finding).where(Finding.state == state).order_by(Finding.kind, col(Finding.score).desc(), col(Finding.id))
    return list(session.exec(ordered.limit(limit)))


def counts(session: Session, user: User) -> dict[str, int]:
    """How many findings are open, by kind, and how many were dismissed."""
    access.require(user, Permission.SEE_FIGURES)
    rows = session.exec(select(Finding.kind, Finding.state, func.count()).group_by(Finding.kind, Finding.state)).all()
    found = {"contradiction": 0, "duplicate": 0, "dismissed": 0}
    for kind, state, number in rows:
        found[kind if state == "open" else "dismissed"] += number
    return found


def dismiss(session: Session, user: User, finding_id: int, reason: str = "") -> None:
    """Say that both texts are right as they are; it comes back only when one of them changes."""
    _change(session, user, finding_id, "dismissed", reason.strip()[:500])


def reopen(session: Session, user: User, finding_id: int) -> None:
    """Put a dismissed finding back."""
    _change(session, user, finding_id, "open", "")


def _change(session: Session, user: User, finding_id: int, state: str, reason: str) -> None:
    access.require(access.fresh(session, user), Permission.EDIT_KNOWLEDGE)
    finding = session.get(Finding, finding_id, with_for_update=True)
    if finding is None:
        raise InputError("This finding is gone: one of the two texts changed. Reload the page.")
    finding.state, finding.reason, finding.changed_by, finding.changed_at = state, reason, user.id, now()
    session.add(finding)
    audit.append(session, f"finding.{state}", actor=f"user:{user.id}", finding=finding.id, what=finding.kind, reason=reason)
