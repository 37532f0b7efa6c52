"""When a matter is resolved, whether its customer is asked, and the mail that does so."""

import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlmodel import Session, col, func, select

from triage import audit, workspace
from triage.models import CsatOptOut, CsatRequest, Episode, IncidentReply, Message, Outbox, Status, Ticket, now
from triage.ratings import links, wording
from triage.runs import refuse_exercise
from triage.settings import Settings

if TYPE_CHECKING:
    from triage.office import Desk

AGAIN = timedelta(days=30)  # one address is asked once in so long
LINK_LIFE = timedelta(days=60)
MOST_AN_HOUR = 500
_AT_ONCE = 200


def plan(session: Session, ticket: Ticket, episode: Episode) -> None:
    """Called when a matter is resolved: its customer is to be asked after the delay that administrators set."""
    if not workspace.get(session, "ask_for_rating"):
        return
    if session.exec(select(CsatRequest.id).where(CsatRequest.episode_id == episode.id)).first() is not None:
        return
    wait = timedelta(hours=float(str(workspace.get(session, "rating_delay_hours"))))
    session.add(
        CsatRequest(
            episode_id=episode.id or 0,
            ticket_id=ticket.id or 0,
            recipient=ticket.requester_email.lower(),
            send_after=now() + wait,
        )
    )


def ask(desk: "Desk") -> str:
    """Queue the mails that are due; what must not be asked is put aside with the reason."""
    queued = skipped = 0
    for _ in range(_AT_ONCE):
        done = desk.database.run_now(lambda session: _next(session, desk.enqueue, desk.settings))
        if not done:
            break
        queued, skipped = queued + (done == "queued"), skipped + (done == "skipped")
    return f"{queued} customers asked, {skipped} not asked"


def _next(session: Session, enqueue: Callable[..., None], settings: Settings) -> str:
    """One request that is due; a word for what became of it, empty when there is none or the hour's measure is full."""
    due = select(CsatRequest).where(CsatRequest.status == "waiting", CsatRequest.send_after <= now())
    request = session.exec(due.order_by(col(CsatRequest.id)).limit(1).with_for_update(skip_locked=True)).first()
    if request is None:
        return ""
    hour = select(func.count()).select_from(Outbox).join(CsatRequest, col(CsatRequest.outbox_id) == Outbox.id)
    if session.exec(hour.where(Outbox.created_at > now() - timedelta(hours=1))).one() >= MOST_AN_HOUR:
        return ""
    ticket, episode = session.get_one(Ticket, request.ticket_id), session.get_one(Episode, request.episode_id)
    if why := _unfit(session, settings, request, ticket, episode):
        request.status, request.reason = "skipped", why
        session.add(request)
        return "skipped"
    outbox = _mail(session, settings, request, ticket, episode)
    enqueue(session, "deliver", outbox.key, outbox.id)
    audit.append(
        session, "rating_asked", actor="clock", ticket_id=ticket.id, request=request.id, episode=episode.id, outbox=outbox.id
    )
    return "queued"


def _unfit(session: Session, settings: Settings, request: CsatRequest, ticket: Ticket, episode: Episode) -> str:
    """Why this customer is not asked; empty when they are."""
    if not workspace.get(session, "ask_for_rating"):
        return "asking is switched off"
    if not links.address(settings):
        return "the desk has no address that customers reach (TRIAGE_PUBLIC_URL)"
    if ticket.status != Status.RESOLVED or ticket.episode_id != episode.id or episode.resolved_at is None or ticket.merged_into:
        return "the matter went on"
    if not episode.eligible or ticket.reason == "dismissed":
        return "it was no customer's demand (spam or an automatic message)"
    if not episode.replies:
        return "nobody answered it"
    if session.exec(select(IncidentReply.id).where(IncidentReply.ticket_id == ticket.id).limit(1)).first() is not None:
        return "it was answered together with others of an incident"
    request.recipient = address = ticket.requester_email.lower()
    if not address or address == settings.mail_from.lower():
        return "there is no address to ask"
    if session.get(CsatOptOut, address):
        return "this customer does not want to be asked"
    former = select(CsatRequest.id).where(CsatRequest.recipient == address, col(CsatRequest.outbox_id).is_not(None))
    if session.exec(former.where(col(CsatRequest.sent_at) > now() - AGAIN).limit(1)).first() is not None:
        return "this customer was asked within the last 30 days"
    return ""


def _mail(session: Session, settings: Settings, request: CsatRequest, ticket: Ticket, episode: Episode) -> Outbox:
    """The mail as an outbox row, in the ticket's thread; its link's secret is in nobody's database once it has left."""
    refuse_exercise(ticket)
    signed, request.token_hash = links.new(settings, request.id or 0)
    last = session.exec(
        select(Message)
        .where(Message.ticket_id == ticket.id, col(Message.message_id).is_not(None))
        .order_by(col(Message.id).desc())
        .limit(1)
    ).first()
    domain = settings.mail_from.partition("@")[2] or "localhost"
    signature = str(workspace.get(session, "signature")) or settings.mail_from_name
    words = wording.of(ticket.language)
    outbox = Outbox(
        ticket_id=ticket.id or 0, recipient=ticket.requester_email, subject=f"{words.subject} [#{ticket.id}]",
        body=wording.body(ticket.language, settings.company, f"{links.address(settings)}/rate/{signed}", signature),
        message_id=f"<{secrets.token_hex(12)}.ticket{ticket.id}@{domain}>", in_reply_to=last.message_id if last else None,
        references=[*last.references, last.message_id][-20:] if last and last.message_id else [], created_at=now(),
    )  # fmt: skip
    session.add(outbox)
    session.flush()
    request.status, request.outbox_id, request.sent_at, request.expires_at = "queued", outbox.id, now(), now() + LINK_LIFE
    session.add(request)
    return outbox
