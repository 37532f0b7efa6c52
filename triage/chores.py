"""What the desk does by the clock: small transactions that may be repeated, and `LONG` work that takes several."""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, or_
from sqlmodel import Session, col, select

from knowledge_base import sorting, vectors
from triage import alerts, keeping, ratings, replies, solving, sureness, verifying
from triage.accounts import ratelimit, rates
from triage.delivery import watching
from triage.improving import findings, grouping
from triage.incidents import finding as incidents
from triage.learning import edits
from triage.learning.metrics import rollups
from triage.models import (
    Incident,
    IncidentMember,
    Notification,
    Role,
    Run,
    SpanRecord,
    Spend,
    Status,
    Ticket,
    now,
)
from triage.notifications import digests, reading, weekly
from triage.notifications.telling import name_of
from triage.reviewing import making
from triage.sla import retargeting
from triage.sla.watching import watch as watch_targets
from triage.tickets import sharing, typed
from triage.transitions import move

if TYPE_CHECKING:
    from triage.office import Desk

SILENCE = timedelta(days=3)
STUCK = timedelta(hours=1)
SPANS_KEPT = timedelta(days=30)
SENDERS_KEPT = timedelta(days=60)  # what one customer or sender used on a day
_OF_PEOPLE = [col(Spend.scope).startswith(kind) for kind in ("sender:", "customer:")]


def assume_resolved(session: Session) -> str:
    """Answered tickets whose customer was silent for three days count as resolved, assumed; those of an incident once it is over."""
    going_on = (
        select(IncidentMember.ticket_id)
        .join(Incident, col(Incident.id) == IncidentMember.incident_id)
        .where(Incident.state == "open", col(IncidentMember.out).is_(False))
    )
    quiet = session.exec(
        select(Ticket)
        .where(Ticket.status == Status.DELIVERED, Ticket.updated_at < now() - SILENCE, col(Ticket.id).not_in(going_on))
        .order_by(col(Ticket.id))
        .with_for_update()
    ).all()
    for ticket in quiet:
        replies.resolve(session, ticket, actor="clock", how="assumed")
    return f"{len(quiet)} tickets resolved"


def rescue(session: Session) -> str:
    """Tickets whose agents ended without a result long ago go to people, so that none is dropped silently."""
    silent = select(Ticket).where(Ticket.status == Status.TRIAGING, col(Ticket.updated_at) < now() - STUCK)
    stuck = session.exec(silent.order_by(col(Ticket.id)).with_for_update()).all()
    for ticket in stuck:
        ticket.error = "The agents stopped without a result. Try again, or write the reply yourself."
        move(session, ticket, Status.FAILED, actor="clock", reason="tool_failure")
        for run in session.exec(select(Run).where(Run.ticket_id == ticket.id, Run.status == "running")):
            run.status, run.error, run.ended_at = "failed", ticket.error, now()
            session.add(run)
        session.add(Notification(role=Role.STAFF, ticket_id=ticket.id, kind="failed", text=f"{name_of(ticket)}: {ticket.error}"))
    return f"{len(stuck)} tickets rescued"


def tidy(session: Session) -> str:
    """Spans older than thirty days, old failed sign-ins and vectors of former embedders go; recorded steps and the audit log stay."""
    limit = int((now() - SPANS_KEPT).timestamp() * 1e9)
    session.execute(delete(SpanRecord).where(col(SpanRecord.end_ns) < limit))
    ratelimit.forget_old(session)
    rates.forget_old(session)
    typed.forget_old(session)
    session.execute(delete(Spend).where(col(Spend.day) < (now() - SENDERS_KEPT).date().isoformat(), or_(*_OF_PEOPLE)))
    vectors.forget_former(session)
    reading.forget_old(session)
    return "tidied"


CHORES: dict[str, Callable[[Session], str]] = {
    "assume_resolved": assume_resolved,
    "backfill_solved": solving.backfill,
    "class_edits": edits.backfill,
    "learn_sureness": sureness.learn,
    "rescue": rescue,
    "share": sharing.share,
    "targets": watch_targets,
    "tidy": tidy,
    "watch": alerts.watch,
}


def fit_categories(desk: "Desk") -> str:
    """Learn the categories anew when their examples or the articles changed."""
    return sorting.fit(desk.database, desk.embedder)


def count_figures(desk: "Desk") -> str:
    """Count the days of which something moved, so that figures need not be read from the tables."""
    return rollups.refresh(desk.database)


def keep_up_exercises(desk: "Desk") -> str:
    """Exercises for those who want reviewer signals: made when due, gone when they waited long enough."""
    return desk.database.run_now(lambda session: making.keep_up(session, desk.settings))


LONG: dict[str, Callable[["Desk"], str]] = {
    "check_all_articles": findings.check_all,
    "expire": keeping.expire,
    "check_articles": findings.check_changed,
    "count_figures": count_figures,
    "exercises": keep_up_exercises,
    "fit_categories": fit_categories,
    "gaps": grouping.refresh,
    "incidents": incidents.find,
    "ratings": ratings.ask,
    "scheduled": watching.look,
    "notify": digests.send_due,
    "retarget": retargeting.retarget_all,
    "verify": verifying.verify,
    "weekly": weekly.send_due,
}
