"""Takes an approved message from the outbox to the customer, at most once.

held → sending is committed before anything leaves. A message found in `sending` after a crash was perhaps
sent: the Maildir can be asked (its file name is the key), an SMTP server cannot, so a person decides.
"""

from functools import partial
from typing import Protocol

from sqlmodel import Session, select

from triage import audit, locks, ratings, replies, scheduling
from triage.accounts import access
from triage.accounts.access import Permission
from triage.approval import take_back
from triage.database import Database
from triage.delivery import maildir, smtp
from triage.delivery.letter import letter
from triage.delivery.watching import held_back
from triage.errors import ConflictError, DeliveryError, DeliveryUncertain, InputError
from triage.models import CsatRequest, Decision, Draft, Notification, Outbox, Role, Run, Status, Ticket, User, now
from triage.notifications.telling import name_of
from triage.runs import start_run
from triage.settings import Settings
from triage.transitions import move

MAX_ATTEMPTS = 6


class Post(Protocol):
    """What delivery needs of the desk."""

    database: Database
    settings: Settings

    def enqueue(self, session: Session, kind: str, key: str, *args: object, delay: float = 0.0) -> None: ...


async def deliver(desk: Post, outbox_id: int) -> str:
    """Send one outbox row and book the outcome; returns its status. Safe to call again at any point."""
    outbox = await desk.database.run(lambda session: _take(session, desk, outbox_id))
    if outbox is None:
        return "nothing to do"
    run = desk.database.run
    try:
        await _hand_over(desk.settings, outbox)
    except DeliveryUncertain as error:
        return await run(partial(_stop, outbox_id=outbox_id, status="uncertain", error=str(error)))
    except smtp.TemporaryFailure as error:
        return await run(partial(_later, desk=desk, outbox_id=outbox_id, error=str(error)))
    except (DeliveryError, OSError) as error:
        return await run(partial(_stop, outbox_id=outbox_id, status="failed", error=str(error)))
    return await run(partial(_sent, outbox_id=outbox_id))


async def _hand_over(settings: Settings, outbox: Outbox) -> None:
    mail = letter(outbox, settings)
    if settings.smtp_host:
        await smtp.send(mail, settings)
    else:
        maildir.put(settings.folder("mail/sent"), outbox.key, mail)


def retry(session: Session, desk: Post, user: User, outbox_id: int) -> None:
    """Try a failed message again. Raises ConflictError when it is not failed."""
    access.require(access.fresh(session, user), Permission.WORK_INBOX)
    outbox = _held(session, outbox_id)
    ticket = session.get_one(Ticket, outbox.ticket_id) if outbox else None
    if outbox is None or ticket is None or outbox.status != "failed" or ticket.status != Status.FAILED:
        raise ConflictError("Only a failed message can be tried again, and only until somebody wrote another reply.")
    outbox.status, outbox.attempts, outbox.error = "held", 0, None
    move(session, ticket, Status.APPROVED, actor=f"user:{user.id}")
    desk.enqueue(session, "deliver", f"{outbox.key}-again-{int(now().timestamp() * 1000)}", outbox_id)


def settle(session: Session, desk: Post, user: User, outbox_id: int, *, was_sent: bool) -> None:
    """A person's word on an uncertain message: it was sent (book it) or it was not (try again)."""
    access.require(access.fresh(session, user), Permission.DECIDE_SENSITIVE)
    outbox = _held(session, outbox_id)
    if outbox is None or outbox.status != "uncertain":
        raise InputError("Only an uncertain message can be settled.")
    audit.append(session, "settled", actor=f"user:{user.id}", ticket_id=outbox.ticket_id, outbox=outbox_id, was_sent=was_sent)
    if was_sent:
        replies.sent(session, outbox)
    else:
        outbox.status = "failed"
        session.flush()
        retry(session, desk, user, outbox_id)


def _held(session: Session, outbox_id: int) -> Outbox | None:
    """An outbox row with its ticket, held in that order."""
    locks.ticket(session, session.exec(select(Outbox.ticket_id).where(Outbox.id == outbox_id)).first())
    return session.get(Outbox, outbox_id, with_for_update=True, populate_existing=True)


def _held_one(session: Session, outbox_id: int) -> Outbox:
    """The same of one that is there. Whoever books what became of a message takes ticket and message in this order too."""
    outbox = _held(session, outbox_id)
    if outbox is None:
        raise InputError(f"There is no message {outbox_id}.")
    return outbox


def _take(session: Session, desk: Post, outbox_id: int) -> Outbox | None:
    """Claim a held row for sending, in the transaction that says so; None when there is nothing to send."""
    outbox = _held(session, outbox_id)
    if outbox is None or outbox.status not in ("held", "sending"):
        return None
    if _asks(session, outbox):
        return outbox if ratings.take(session, desk.settings, outbox) else None
    if outbox.status == "sending":  # a former try was cut off between here and the booking
        if desk.settings.smtp_host:
            _stop(session, outbox_id, "uncertain", "The desk stopped while this message was being sent; it may have been sent.")
            return None
        return outbox
    ticket, draft = _approved(session, outbox)
    if draft.run_id and session.get_one(Run, draft.run_id).forked_at is not None:
        _stop(session, outbox_id, "failed", "This text comes from a fork, which may not send.")
        return None
    if not scheduling.is_due(outbox, desk.settings.undo_seconds) or _hold(session, desk, outbox, ticket, draft):
        return None
    outbox.status, outbox.attempts = "sending", outbox.attempts + 1
    if ticket.status != Status.DELIVERING:
        move(session, ticket, Status.DELIVERING, actor="delivery", outbox=outbox_id)
    session.add(outbox)
    return outbox


def take_back_if_changed(session: Session, desk: Post, outbox_id: int) -> bool:
    """Put a held message before a person when it could not leave as the world is now; whether that was so."""
    outbox = _held(session, outbox_id)
    if outbox is None or outbox.status != "held":
        return False
    ticket, draft = _approved(session, outbox)
    return _hold(session, desk, outbox, ticket, draft)


def _hold(session: Session, desk: Post, outbox: Outbox, ticket: Ticket, draft: Draft) -> bool:
    """Take the message back when something changed since it was approved; the agents take up a customer's new word."""
    changes = held_back(session, desk.settings, outbox, ticket, draft)
    if not changes:
        return False
    take_back(session, outbox, "delivery", "Not sent, because " + "; ".join(changes) + ".")
    if ticket.thread_head != draft.thread_head:
        move(session, ticket, Status.REOPENED, actor="delivery", reason="customer wrote again")
        start_run(session, desk.enqueue, ticket, cause="reply")
    return True


def _approved(session: Session, outbox: Outbox) -> tuple[Ticket, Draft]:
    """The ticket and the draft that a person approved; raises ConflictError when there is no such decision."""
    decision = session.get(Decision, outbox.decision_id) if outbox.decision_id else None
    if decision is None or decision.kind != "approve" or decision.undone_at is not None:
        raise ConflictError(f"Outbox row {outbox.id} has no standing approval; it is not sent.")
    ticket = session.get_one(Ticket, outbox.ticket_id)
    if outbox.recipient != ticket.requester_email or outbox.body != decision.body:
        raise ConflictError(f"Outbox row {outbox.id} is not what was approved; it is not sent.")
    return ticket, session.get_one(Draft, decision.draft_id)


def _later(session: Session, desk: Post, outbox_id: int, error: str) -> str:
    outbox = _held_one(session, outbox_id)
    if outbox.attempts >= MAX_ATTEMPTS:
        return _stop(session, outbox_id, "failed", f"{error} Given up after {outbox.attempts} tries.")
    outbox.status, outbox.error = "held", error
    session.add(outbox)
    desk.enqueue(
        session, "deliver", f"{outbox.key}-{outbox.attempts}", outbox_id, delay=min(900.0, 5.0 * 4.0 ** (outbox.attempts - 1))
    )
    return "held"


def _stop(session: Session, outbox_id: int, status: str, error: str) -> str:
    """Put a message that was not surely sent before people."""
    outbox = _held_one(session, outbox_id)
    if _asks(session, outbox):
        return ratings.stopped(session, outbox, status, error)
    ticket = session.get_one(Ticket, outbox.ticket_id)
    outbox.status, outbox.error, ticket.error = status, error, error
    session.add_all(
        [
            outbox,
            Notification(role=Role.MANAGER, ticket_id=ticket.id, kind=f"delivery {status}", text=f"{name_of(ticket)}: {error}"),
        ]
    )
    move(session, ticket, Status.FAILED, actor="delivery", reason=f"delivery_{status}", error=error)
    return status


def _sent(session: Session, outbox_id: int) -> str:
    outbox = _held_one(session, outbox_id)
    if outbox.status == "sending":
        (ratings.sent if _asks(session, outbox) else replies.sent)(session, outbox)
    return outbox.status


def _asks(session: Session, outbox: Outbox) -> bool:
    """Whether this is no reply that a person approved, but the desk's own mail that asks for a rating."""
    asked = select(CsatRequest.id).where(CsatRequest.outbox_id == outbox.id)
    return outbox.decision_id is None and session.exec(asked).first() is not None
