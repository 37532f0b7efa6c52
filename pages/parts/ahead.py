"""What the next ticket's draw is dear for, prepared while a person reads this one.

Only texts are prepared, and kept by their content: marks of proof (marks.py), suspicious words (triage/xray.py). Everything
else is read, and every right checked, when the ticket is opened.
"""

from functools import partial

from sqlmodel import col, select

from pages.parts import evidence, office, state
from triage import xray
from triage.database import Database
from triage.models import Draft, Ticket
from triage.tickets import ticket_view


def ahead(ticket_id: int | None) -> None:
    """Prepare the ticket that stands below this one in the queue."""
    order: list[int] = state.get("order", [])
    below = order[order.index(ticket_id) + 1 :] if ticket_id in order else []
    if below and state.get("ahead") != below[0]:
        state.put("ahead", below[0])
        desk = office.desk()
        desk.ahead.want(state.session(), partial(prepare, desk.database, below[0]))


def prepare(database: Database, ticket_id: int) -> None:
    """Mark the passages that a ticket's draft cites, and look through its messages when a guard flagged one."""
    newest = select(Draft).join(Ticket, col(Ticket.draft_id) == Draft.id).where(Ticket.id == ticket_id)
    with database.snapshot(), database.read() as session:
        draft = session.exec(newest).first()
        view = ticket_view.load(session, ticket_id) if xray.is_flagged(session, ticket_id) else None
    if draft:
        evidence.marked(draft)
    if view:
        xray.look(view)
