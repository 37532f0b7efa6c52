"""What became of replies that people wrote and others decided: for their authors to learn from, and in figures."""

from dataclasses import dataclass
from datetime import datetime
from statistics import median

from sqlmodel import Session, and_, col, or_, select

from triage.accounts import access
from triage.accounts.access import Permission
from triage.models import Decision, DecisionKind, Draft, Ticket, User

_NEWEST = 200  # decided replies that figures look at


@dataclass(frozen=True)
class Became:
    """One reply. `outcome` is waiting, as written, changed, came back, rejected or other; `sent` what was sent instead."""

    ticket_id: int
    subject: str
    at: datetime
    outcome: str
    by: str = ""
    comment: str = ""
    body: str = ""
    sent: str = ""
    distance: float | None = None


@dataclass(frozen=True)
class Figures:
    """How the decided ones of an author's newest 200 replies ended; `distance` is the median edit distance of those sent (0 to 1)."""

    name: str
    decided: int
    as_written: int
    changed: int
    came_back: int
    rejected: int
    distance: float | None


def became(session: Session, user: User, author_id: int | None = None, *, limit: int = 20) -> list[Became]:
    """An author's replies that others decide or decided, newest first; one's own, or anybody's for whoever sees figures."""
    author = _author(session, user, author_id)
    return [_became(*row) for row in _rows(session, author, limit)]


def figures(session: Session, user: User, author_id: int | None = None) -> Figures:
    """The same in figures."""
    author = _author(session, user, author_id)
    found = [_became(*row) for row in _rows(session, author, _NEWEST)]
    ended = [one.outcome for one in found if one.outcome != "waiting"]
    distances = [one.distance for one in found if one.distance is not None]
    return Figures(
        author.name, len(ended), ended.count("as written"), ended.count("changed"), ended.count("came back"), ended.count("rejected"),
        median(distances) if distances else None,
    )  # fmt: skip


def trainees(session: Session, user: User) -> list[Figures]:
    """The figures of all trainees, by name, for whoever sees everybody's figures."""
    access.require(access.fresh(session, user), Permission.SEE_FIGURES)
    people = session.exec(
        select(User.id).where(col(User.trainee), col(User.disabled_at).is_(None)).order_by(User.name, col(User.id))
    )
    return [figures(session, user, number) for number in people.all()]


def _author(session: Session, user: User, author_id: int | None) -> User:
    user = access.fresh(session, user)
    access.require(user, Permission.SEE_OWN_FIGURES)
    if author_id is None or author_id == user.id:
        return user
    access.require(user, Permission.SEE_FIGURES)
    return session.get_one(User, author_id)


def _rows(session: Session, author: User, limit: int) -> list[tuple[Draft, str, Decision | None, str | None]]:
    found = (
        select(Draft, Ticket.subject, Decision, User.name)
        .join(Ticket, col(Ticket.id) == Draft.ticket_id)
        .outerjoin(Decision, col(Decision.draft_id) == Draft.id)
        .outerjoin(User, col(User.id) == Decision.user_id)
        .where(Draft.created_by == author.actor)
        .where(or_(Draft.status == "waiting", and_(col(Decision.user_id) != author.id, col(Decision.undone_at).is_(None))))
        .order_by(col(Draft.id).desc())
        .limit(limit)
    )
    return list(session.exec(found).all())


def _became(draft: Draft, subject: str, decision: Decision | None, by: str | None) -> Became:
    of = {"ticket_id": draft.ticket_id, "subject": subject, "body": draft.body}
    if decision is None:
        return Became(**of, at=draft.created_at, outcome="waiting")  # type: ignore[arg-type]
    outcome = {DecisionKind.REQUEST_CHANGES: "came back", DecisionKind.REJECT: "rejected"}.get(
        DecisionKind(decision.kind), "other"
    )
    sent = decision.body if decision.kind == DecisionKind.APPROVE else ""
    if sent:
        outcome = "changed" if decision.edit_distance else "as written"
    return Became(
        **of, at=decision.created_at, outcome=outcome, by=by or "", comment=decision.comment or decision.reason, sent=sent,  # type: ignore[arg-type]
        distance=decision.edit_distance if sent else None,
    )  # fmt: skip
