"""What a model service would get of a text or a ticket, for people who decide about the switch."""

from dataclasses import dataclass

from sqlmodel import Session, col, select

from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import InputError
from triage.guardrails.personal.covered import Known
from triage.guardrails.personal.kinds import IN_WORDS, PLACEHOLDER
from triage.models import Message, Ticket, User

LONGEST = 100_000


@dataclass(frozen=True)
class Preview:
    """`sent` with placeholders; `kept` says of each placeholder what it is and what it stands for, in order of appearance."""

    sent: str
    kept: list[tuple[str, str, str]]

    @property
    def pieces(self) -> list[tuple[str, bool]]:
        """The text in pieces, each with whether it is a placeholder."""
        cut, at = [], 0
        for match in PLACEHOLDER.finditer(self.sent):
            cut += [(self.sent[at : match.start()], False), (match.group(), True)]
            at = match.end()
        return [(piece, placed) for piece, placed in [*cut, (self.sent[at:], False)] if piece]


def preview_text(user: User, text: str) -> Preview:
    """Of a pasted text, by a sender nothing is known of. Nothing is stored."""
    access.require(user, Permission.READ_MACHINERY)
    return _preview(Known(""), text[:LONGEST])


def preview_ticket(session: Session, user: User, ticket_id: int) -> Preview:
    """Of a ticket's newest message, as the agents see it. Raises InputError when there is none."""
    access.require(user, Permission.READ_MACHINERY)
    ticket = session.get(Ticket, ticket_id)
    newest = select(Message).where(Message.ticket_id == ticket_id, Message.direction == "in").order_by(col(Message.id).desc())
    message = session.exec(newest.limit(1)).first()
    if ticket is None or message is None:
        raise InputError(f"There is no ticket {ticket_id} with a message; look the number up in the inbox.")
    said = f"Subject: {ticket.subject}\nFrom: {ticket.requester_name or 'unknown'}\n\n{message.body}"
    return _preview(Known(f"{ticket.subject}\n{message.body}", ticket.requester_name, ticket.requester_email), said[:LONGEST])


def _preview(known: Known, text: str) -> Preview:
    cover = known.cover()
    sent = cover.cover(text)
    shown = dict.fromkeys(match.group() for match in PLACEHOLDER.finditer(sent))
    return Preview(sent, [(mark, IN_WORDS.get(cover.kind_of(mark), "text"), cover.restore(mark)) for mark in shown])
