"""Asking for a rehearsal, and reading what it found."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlmodel import Session, col, func, select

from triage import audit
from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import ConflictError, InputError
from triage.models import Article, ArticleVersion, Draft, Gap, GapQuestion, Rehearsal, RehearsedTicket, Run, Ticket, User, now
from triage.rehearsal.comparing import still_stands, summary

if TYPE_CHECKING:
    from triage.office import Desk

CHORE = "rehearse"
TICKETS = 20
_MOST_TICKETS = 100


@dataclass(frozen=True)
class Forecast:
    """What a rehearsal would take: how many tickets, and USD (0 with the offline engine or a model without a price)."""

    tickets: int
    usd: float
    model: str


@dataclass(frozen=True)
class Report:
    """A rehearsal with its tickets, those that change first; `summary` is one line, `degraded` what ran otherwise than usual."""

    rehearsal: Rehearsal
    tickets: list[RehearsedTicket]
    subjects: dict[int, str]
    summary: str
    degraded: list[str]

    @property
    def done(self) -> int:
        return sum(bool(ticket.verdict) for ticket in self.tickets)


def forecast(session: Session, user: User, office: "Desk", article_id: str, *, most: int = TICKETS) -> Forecast:
    """How many tickets there are to draft again, and what that is likely to cost by what their first drafts did."""
    access.require(user, Permission.EDIT_KNOWLEDGE)
    chosen = _chosen(session, article_id, most)
    if not uses_service(office):
        return Forecast(len(chosen), 0.0, "offline")
    runs = [draft.run_id for draft in chosen if draft.run_id]
    typical = session.exec(select(func.avg(Run.cost_usd)).where(col(Run.id).in_(runs), Run.cost_usd > 0)).one() or 0.0
    again = sum(2 if not still_stands(session, draft) else 1 for draft in chosen)
    return Forecast(len(chosen), round(float(typical) * again, 2), office.models["writer"][0].name)


def start(
    session: Session, user: User, office: "Desk", article_id: str, number: int, *, most: int = TICKETS
) -> Rehearsal:  # fmt: skip
    """Begin a rehearsal of a version in the background. Raises InputError when there is nothing to draft again, ConflictError while one runs."""
    access.require(access.fresh(session, user), Permission.EDIT_KNOWLEDGE)
    session.get(Article, article_id, with_for_update=True)
    version = select(ArticleVersion.id).where(ArticleVersion.article_id == article_id, ArticleVersion.number == number)
    if session.exec(version).first() is None:
        raise InputError(f"Article {article_id[:80]} has no version {number}; save it first.")
    running = latest(session, article_id, number)
    if running and running.status in ("waiting", "running"):
        raise ConflictError("This version is being rehearsed already; its result appears here.")
    expected = forecast(session, user, office, article_id, most=most)
    chosen = _chosen(session, article_id, most)
    if not chosen:
        raise InputError("No draft rests on this article yet, so there is nothing that could change.")
    rehearsal = Rehearsal(article_id=article_id, version=number, wanted=len(chosen), expected_usd=expected.usd, model=expected.model, started_by=user.id)  # fmt: skip
    session.add(rehearsal)
    session.flush()
    session.add_all(RehearsedTicket(rehearsal_id=rehearsal.id or 0, ticket_id=d.ticket_id, draft_id=d.id or 0) for d in chosen)
    audit.append(session, "article.rehearsed", actor=f"user:{user.id}", article=article_id, version=number, tickets=len(chosen))
    office.enqueue(session, "chore", f"{CHORE}-{rehearsal.id}", CHORE, rehearsal.id)
    return rehearsal


def stop(session: Session, user: User, rehearsal_id: int) -> None:
    """End a rehearsal early; what it has found so far stays."""
    access.require(access.fresh(session, user), Permission.EDIT_KNOWLEDGE)
    rehearsal = session.get(Rehearsal, rehearsal_id, with_for_update=True)
    if rehearsal and rehearsal.status in ("waiting", "running"):
        rehearsal.status, rehearsal.ended_at = "stopped", now()
        session.add(rehearsal)


def latest(session: Session, article_id: str, number: int) -> Rehearsal | None:
    """The newest rehearsal of a version."""
    mine = select(Rehearsal).where(Rehearsal.article_id == article_id, Rehearsal.version == number)
    return session.exec(mine.order_by(col(Rehearsal.id).desc()).limit(1)).first()


def report(session: Session, user: User, article_id: str, number: int) -> Report | None:
    """The newest rehearsal of a version with what it found; None when there was none."""
    access.require(user, Permission.EDIT_KNOWLEDGE)
    rehearsal = latest(session, article_id, number)
    if rehearsal is None:
        return None
    rows = session.exec(select(RehearsedTicket).where(RehearsedTicket.rehearsal_id == rehearsal.id)).all()
    order = ("escalated", "unsupported", "failed", "changed", "answered", "same", "")
    rows = sorted(rows, key=lambda row: (order.index(row.verdict), -row.ticket_id))
    subjects = session.exec(select(Ticket.id, Ticket.subject).where(col(Ticket.id).in_([row.ticket_id for row in rows]))).all()
    degraded = dict.fromkeys(str(said) for row in rows for side in (row.before, row.after) for said in side.get("degraded", []))  # type: ignore[attr-defined]  # fmt: skip
    return Report(rehearsal, rows, {n or 0: subject for n, subject in subjects}, summary(rows), list(degraded))


def _chosen(session: Session, article_id: str, most: int) -> list[Draft]:
    """The agents' newest draft of each of the last tickets that cited the article; of a gap's article, those of the gap."""
    cited = col(Draft.article_versions)[article_id].as_string().is_not(None)
    newest = (
        select(func.max(Draft.id))
        .where(Draft.created_by == "agents", Draft.kind == "reply", cited)
        .group_by(col(Draft.ticket_id))
    )
    if not (numbers := list(session.exec(newest))):
        asked = select(GapQuestion.ticket_id).join(Gap, col(Gap.id) == GapQuestion.gap_id).where(Gap.draft_article == article_id)
        first = select(func.max(Draft.id)).where(Draft.created_by == "agents", col(Draft.ticket_id).in_(asked))
        numbers = list(session.exec(first.group_by(col(Draft.ticket_id))))
    wanted = sorted((number or 0 for number in numbers), reverse=True)[: min(most, _MOST_TICKETS)]
    return list(session.exec(select(Draft).where(col(Draft.id).in_(wanted)).order_by(col(Draft.id).desc())))


def uses_service(office: "Desk") -> bool:
    return any(chain[0].provider != "offline" for chain in office.models.values())
