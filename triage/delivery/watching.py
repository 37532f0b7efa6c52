"""Held messages and the world around them: what changed since the approval, and messages that wait for a later time."""

import logging
from functools import partial
from typing import TYPE_CHECKING

from sqlmodel import Session, col, select

from triage import approval, lastcheck, scheduling
from triage.errors import TriageError
from triage.models import Decision, Draft, Outbox, Ticket, User, now
from triage.seal import what_changed
from triage.settings import Settings

if TYPE_CHECKING:
    from triage.office import Desk

logger = logging.getLogger(__name__)


def held_back(session: Session, settings: Settings, outbox: Outbox, ticket: Ticket, draft: Draft) -> list[str]:
    """Why an approved message must not leave as it is, a few words each: the thread, an article, whoever approved it may not
    any more, or a guard as it is set now.
    """
    if changes := what_changed(session, draft):
        return changes
    decision = session.get_one(Decision, outbox.decision_id)
    approver = session.get_one(User, decision.user_id)
    if not approval.may_decide(session, approver, draft, ticket):
        return [f"{approver.name}, who approved it, may not decide it any more"]
    problems = lastcheck.problems(session, settings, approver, ticket, draft, outbox.body)
    return [f"a guard stops it: {problem.rstrip('.')}" for problem in problems]


def scheduled(session: Session) -> list[Outbox]:
    """Messages that wait for a chosen time."""
    return list(
        session.exec(select(Outbox).where(col(Outbox.scheduled).is_(True), Outbox.status == "held").order_by(col(Outbox.id)))
    )


def look(desk: "Desk") -> str:
    """Of the messages that wait for a later time, those whose world changed go back to a person now; those that are due leave.

    The second should have happened by itself: it is what is left to do when the clock's own piece of work was lost.
    """
    from triage.delivery import outbox as sending

    with desk.database.read() as session:
        waiting = [(row.id or 0, scheduling.is_due(row, desk.settings.undo_seconds)) for row in scheduled(session)]
    taken = 0
    for number, due in waiting:
        try:
            if due:
                desk.database.run_now(partial(_again, desk=desk, number=number))
            elif desk.database.run_now(partial(sending.take_back_if_changed, desk=desk, outbox_id=number)):
                taken += 1
        except TriageError as error:  # one that cannot be looked at keeps nobody from looking at the others
            logger.error("message %s cannot be looked at: %s", number, error)
    return f"{len(waiting)} messages wait for their time, {taken} went back to a person"


def _again(session: Session, desk: "Desk", number: int) -> None:
    desk.enqueue(session, "deliver", f"due-{number}-{now():%Y-%m-%dT%H:%M}", number)
