"""Whether an incident holds its tickets' clocks: by the plan's choice, from its confirmation to its end."""

from collections.abc import Iterable

from sqlmodel import Session

from triage import locks
from triage.models import Status, Ticket
from triage.sla import clocks, plan


def hold(session: Session, numbers: Iterable[int]) -> None:
    """These tickets belong to a confirmed incident: nothing counts until it is over, where the plan says so."""
    if plan.current(session)[1].pause_incident:
        for ticket in locks.tickets(session, numbers):
            clocks.pause(session, ticket, clocks.INCIDENT)
            session.add(ticket)


def release(session: Session, numbers: Iterable[int]) -> None:
    """These tickets are ordinary ones again; what waits for the customer goes on waiting."""
    for ticket in locks.tickets(session, numbers):
        clocks.resume(session, ticket, clocks.INCIDENT)
        if _waits_for_customer(ticket) and plan.current(session)[1].pause_waiting:
            clocks.pause(session, ticket, clocks.CUSTOMER)
        session.add(ticket)


def _waits_for_customer(ticket: Ticket) -> bool:
    return ticket.status == Status.DELIVERED or (
        ticket.status == Status.NEEDS_INFO and ticket.reason == "pending_clarification" and not ticket.decide_due
    )
