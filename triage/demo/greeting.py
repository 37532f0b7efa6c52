"""What greets somebody who opens the demo: a few unread notifications, not one for each of the demo's own tickets."""

from apscheduler.schedulers.background import BackgroundScheduler
from sqlmodel import Session, col, select

from triage.models import AT_WORK, Notification, Priority, Ticket, User
from triage.notifications import reading
from triage.office import Desk

LEFT = 3
_JOB = "demo-greeting"
_SECONDS = 2.0


def watch(desk: Desk, clock: BackgroundScheduler) -> None:
    """Until the agents are through with the demo's tickets, leave the demo people the most pressing of what is told of them."""
    clock.add_job(_look, "interval", args=[desk, clock], seconds=_SECONDS, id=_JOB)


def _look(desk: Desk, clock: BackgroundScheduler) -> None:
    if desk.database.run_now(calm):
        clock.remove_job(_JOB)


def calm(session: Session) -> bool:
    """Mark as read all but `LEFT` of what each demo person is told of the demo's tickets; whether no agent is at work on one."""
    ours = col(Ticket.source_id).startswith("demo-")
    for person in session.exec(select(User).where(col(User.demo))):
        told = select(Notification.id, Ticket.priority).join(Ticket, col(Ticket.id) == Notification.ticket_id)
        unread = told.where(ours, reading.mine(session, person), reading.is_unread(session, person)).order_by(Notification.id)  # type: ignore[arg-type]
        pressing = sorted(session.exec(unread), key=lambda row: -list(Priority).index(Priority(row[1])))
        reading.mark(session, person, [number for number, _ in pressing[LEFT:] if number])
    at_work = select(Ticket.id).where(ours, col(Ticket.status).in_(sorted(AT_WORK))).limit(1)
    return session.exec(at_work).first() is None
