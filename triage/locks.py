"""One order in which rows are held, so that no two transactions wait for each other.

First tickets, by number; then what belongs to them (drafts, outbox rows); last the audit log's chain, which
triage.audit takes by itself once everything changed so far is written. An incident is held before its tickets.
"""

from collections.abc import Iterable

from sqlmodel import Session, col, select

from triage.database import rows
from triage.models import Draft, Outbox, Ticket


def ticket(session: Session, ticket_id: int | None) -> Ticket | None:
    """A ticket held until the transaction ends, as it is now; None when there is none."""
    return rows.hold(session, Ticket, ticket_id) if ticket_id else None


def draft(session: Session, draft_id: int) -> tuple[Ticket, Draft] | None:
    """A draft's ticket and the draft held until the transaction ends, in this order, as they are now; None when there is none."""
    both = select(Ticket, Draft).join(Draft, col(Draft.ticket_id) == Ticket.id).where(Draft.id == draft_id).with_for_update()
    return session.exec(both.execution_options(populate_existing=True)).first()


def outbox_of(session: Session, decision_id: int) -> Outbox | None:
    """A decision's message held until the transaction ends, as it is now, after its ticket if that is held too; None when there is none."""
    row = select(Outbox).where(Outbox.decision_id == decision_id).with_for_update()
    return session.exec(row.execution_options(populate_existing=True)).first()


def tickets(session: Session, numbers: Iterable[int | None]) -> list[Ticket]:
    """Several tickets held, by number, for what changes them one after the other."""
    wanted = sorted({number for number in numbers if number})
    statement = select(Ticket).where(col(Ticket.id).in_(wanted)).order_by(col(Ticket.id)).with_for_update()
    return list(session.exec(statement.execution_options(populate_existing=True)))
