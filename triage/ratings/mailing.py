"""What delivery asks and tells of a mail that asks for a rating: no ticket moves because of one, and none is sent twice."""

import re

from sqlmodel import Session, select

from triage.models import CsatRequest, Outbox, Status, Ticket, now
from triage.settings import Settings

_LINK = re.compile(r"/rate/[^\s?]+")


def take(session: Session, settings: Settings, outbox: Outbox) -> bool:
    """Claim the mail for sending; False when it must not leave.

    One found in `sending` was perhaps handed over before a crash: a Maildir knows its name, an SMTP server does not, and a
    customer who is not asked is better than one who is asked twice.
    """
    request = _of(session, outbox)
    ticket = session.get_one(Ticket, outbox.ticket_id)
    if outbox.status == "sending" and settings.smtp_host:
        stopped(session, outbox, "uncertain", "The desk stopped while this mail was being sent.")
        return False
    if (
        request is None
        or request.status != "queued"
        or ticket.status != Status.RESOLVED
        or ticket.merged_into is not None
        or outbox.recipient != ticket.requester_email
    ):
        stopped(session, outbox, "cancelled", "The matter went on before the customer was asked.")
        return False
    outbox.status, outbox.attempts = "sending", outbox.attempts + 1
    session.add(outbox)
    return True


def sent(session: Session, outbox: Outbox) -> None:
    """Book the mail; its link stands in the customer's mailbox only from now on."""
    request = _of(session, outbox)
    outbox.status, outbox.sent_at, outbox.body = "sent", now(), _LINK.sub("/rate/…", outbox.body)
    if request:
        request.status, request.sent_at = "sent", now()
        session.add(request)
    session.add(outbox)


def stopped(session: Session, outbox: Outbox, status: str, error: str) -> str:
    """The mail did not surely leave; nobody is troubled with that, and it is not tried again."""
    request = _of(session, outbox)
    outbox.status, outbox.error, outbox.body = status, error, _LINK.sub("/rate/…", outbox.body)
    if request and request.status == "queued":
        request.status, request.reason = ("skipped" if status == "cancelled" else "failed"), error
        session.add(request)
    session.add(outbox)
    return status


def _of(session: Session, outbox: Outbox) -> CsatRequest | None:
    return session.exec(select(CsatRequest).where(CsatRequest.outbox_id == outbox.id)).first()
