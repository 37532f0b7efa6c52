"""Intake: whatever a customer sends becomes a ticket, a message on a ticket, or a quarantined ticket with its reason.

    mail.parse_mail(raw) ─┐
    payload.TicketPayload ─┼─> message.Incoming ──> receive.receive ──> message.Receipt
    files.read(path)      ─┘

Nothing here raises on bad mail: what cannot be read is kept as raw bytes and quarantined as malformed.
"""

from triage.intake.message import Incoming, IncomingFile, Outcome, Receipt
from triage.intake.payload import TicketPayload
from triage.intake.receive import receive

__all__ = ["Incoming", "IncomingFile", "Outcome", "Receipt", "TicketPayload", "receive"]
