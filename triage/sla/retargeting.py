"""Open tickets follow the plan: their due times are worked out anew once another plan counts."""

from functools import partial
from typing import TYPE_CHECKING

from sqlmodel import Session, col, select

from triage.models import AT_WORK, Draft, Episode, Status, Ticket
from triage.sla import clocks, plan
from triage.sla.clocks import CUSTOMER, Clock, Clocks

if TYPE_CHECKING:
    from triage.office import Desk

CHORE = "retarget"
MANY = 200  # tickets in one transaction
OPEN = AT_WORK | {
    Status.AWAITING_APPROVAL, Status.APPROVED, Status.DELIVERING, Status.DELIVERED, Status.NEEDS_INFO, Status.ESCALATED,
    Status.REJECTED, Status.FAILED,
}  # fmt: skip


def retarget_all(desk: "Desk") -> str:
    """Bring every open ticket to the plan that counts, some in each transaction. Started again, it goes on with the rest."""
    done, last = 0, 0
    while True:
        numbers = desk.database.run_now(partial(some, after=last))
        if not numbers or desk.durable.closing:
            return f"{done} tickets follow the plan"
        done, last = done + len(numbers), numbers[-1]


def some(session: Session, after: int = 0) -> list[int]:
    """The next open tickets, by number, that still follow another plan; returns those that were brought along."""
    number, _ = plan.current(session)
    behind = select(Ticket).where(
        col(Ticket.status).in_(OPEN), col(Ticket.target_plan) != number, col(Ticket.id) > after
    )  # fmt: skip
    tickets = session.exec(behind.order_by(col(Ticket.id)).limit(MANY).with_for_update()).all()
    for ticket in tickets:
        follow(session, ticket)
    return [ticket.id or 0 for ticket in tickets]


def follow(session: Session, ticket: Ticket) -> None:
    """One ticket's clocks by the plan that counts; a ticket from before there were clocks gets them."""
    kept = Clocks.of(ticket)
    episode = session.get(Episode, ticket.episode_id) if ticket.episode_id else None
    if episode is None:
        ticket.target_plan = plan.current(session)[0]
    else:
        if not kept.policy:
            kept = clocks.begin(session, ticket, episode.started_at)
            _catch_up(session, ticket, episode, kept)
        clocks.retarget(session, ticket, _complete(session, ticket, episode, kept))
    session.add(ticket)


def _complete(session: Session, ticket: Ticket, episode: Episode, kept: Clocks) -> Clocks:
    """The clocks that have to run, also those the former plan had no target for."""
    if episode.first_reply_at is None:
        kept.running.setdefault("first_reply", Clock("first_reply", episode.started_at, 0.0))
    if episode.resolved_at is None:
        kept.running.setdefault("resolve", Clock("resolve", episode.started_at, 0.0))
    draft = session.get(Draft, ticket.draft_id) if ticket.draft_id else None
    if draft is not None and draft.status == "waiting":
        kept.running.setdefault("approval", Clock("approval", draft.created_at, 0.0))
    return kept


def _catch_up(session: Session, ticket: Ticket, episode: Episode, kept: Clocks) -> None:
    """What happened to a ticket before it had clocks: it was answered, and waits for the customer."""
    if episode.first_reply_at is not None:
        kept.running.pop("first_reply", None)
    waits = ticket.status == Status.DELIVERED or (ticket.status == Status.NEEDS_INFO and ticket.reason == "pending_clarification")
    if waits and plan.current(session)[1].pause_waiting:
        kept.pauses, kept.why = [(ticket.updated_at, None)], CUSTOMER
