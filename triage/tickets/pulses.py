"""What moves while a ticket is open: a screen that finds another pulse draws the ticket anew."""

from collections.abc import Sequence

from sqlalchemy import select as columns
from sqlmodel import Session, col, func, select

from triage import proposals, seal
from triage.models import DECIDABLE, BlockedAction, Draft, Message, Proposal, SignOff, Ticket, now
from triage.seal import Change
from triage.tickets import presence, ticket_view
from triage.tickets.ticket_view import TicketView

Pulse = tuple[object, ...]


def read(session: Session, ticket_id: int, viewer: int | None = None) -> Pulse:
    """A cheap value that changes when the ticket's screen has to be drawn again for this person."""
    ticket = session.get(Ticket, ticket_id)
    if ticket is None:
        return ()
    signs = select(func.count(col(SignOff.id))).join(BlockedAction).where(BlockedAction.ticket_id == ticket_id)
    newest = select(func.max(Message.id)).where(Message.ticket_id == ticket_id)
    signed, note = session.execute(columns(signs.scalar_subquery(), newest.scalar_subquery())).one()
    draft = session.get(Draft, ticket.draft_id) if ticket.draft_id else None
    sealed = seal.what_changed(session, draft) if draft and _is_decidable(ticket, draft) else []
    writing = ticket_view.other(presence.on(session, ticket_id), viewer)
    return _pulse(ticket, viewer, signed, note, writing, proposals.of_ticket(session, ticket_id), sealed)


def of(view: TicketView, changed: Sequence[Change], viewer: int | None = None) -> Pulse:
    """The pulse of a ticket that has just been loaded, with what changed since its draft was written; nothing is read for it.

    Not for an exercise, whose view is not what its row says.
    """
    signed = sum(len(dossier.signatures) for dossier in view.dossiers)
    note = view.letters[-1].message.id if view.letters else None
    decidable = view.draft is not None and _is_decidable(view.ticket, view.draft)
    sealed = [change.said for change in changed if change.kind != "rule"] if decidable else []
    return _pulse(view.ticket, viewer, signed, note, view.writing(viewer), view.proposals, sealed)


def _pulse(
    ticket: Ticket, viewer: int | None, signed: int, note: int | None, writing: str | None, calls: Sequence[Proposal], sealed: Sequence[str]
) -> Pulse:  # fmt: skip
    held = ticket.claimed_until is not None and ticket.claimed_until > now() and ticket.claimed_by != viewer
    return (
        str(ticket.status),
        ticket.draft_id,
        ticket.thread_head,
        note,
        ticket.assignee_id,
        ticket.team,
        ticket.approver,
        signed,
        writing,
        tuple((call.id, call.status) for call in calls),
        tuple(sealed),
        ticket.claimed_by if held else None,
    )


def _is_decidable(ticket: Ticket, draft: Draft) -> bool:
    return draft.status == "waiting" and ticket.status in DECIDABLE
