"""The life of a reply outside the agents: new versions, the outbox row, what follows once it is sent."""

import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from triage import confirming, ratings, solving
from triage.accounts import access
from triage.accounts.access import Permission
from triage.batches import likeness
from triage.database import rows
from triage.errors import AccessError, ConflictError, InputError
from triage.models import (
    DECIDABLE,
    Decision,
    Draft,
    Episode,
    Message,
    Outbox,
    Status,
    Ticket,
    User,
    now,
)
from triage.runs import refuse_exercise, refuse_fork
from triage.seal import published_versions, seal_of
from triage.settings import Settings
from triage.sla import clocks
from triage.spoken import bounded
from triage.transitions import move

LONGEST = 50_000  # characters of a reply that a person writes
_OF_TICKET = select(Draft).where(Draft.ticket_id == bindparam("ticket_id"))
_CARRIED = (
    "ticket_id",
    "episode_id",
    "run_id",
    "kind",
    "subject",
    "recipient",
    "citations",
    "plan",
    "facts",
    "review",
    "confidence",
    "model",
    "degraded",
)


def seal(session: Session, draft: Draft, ticket: Ticket) -> Draft:
    """Store a draft as the one that waits, bound to the world as it is now; older waiting versions step back."""
    refuse_fork(session, draft.run_id)
    refuse_exercise(ticket)
    former = list(session.exec(_OF_TICKET, params={"ticket_id": ticket.id})) if ticket.draft_id is not None else []
    for older in former:
        if older.status == "waiting":
            older.status = "superseded"
            session.add(older)
    newest = max((older.version for older in former), default=0)
    draft.version, draft.status, draft.created_at = newest + 1, "waiting", now()
    draft.thread_head, draft.recipient = ticket.thread_head, ticket.requester_email
    cited = sorted({str(citation["article"]) for citation in draft.citations})
    draft.article_versions = published_versions(session, cited)
    draft.alike = likeness.mark(draft, ticket)
    clocks.draft_waits(session, ticket, draft)
    rows.store(session, draft)
    rows.change(session, draft, seal=seal_of(session, draft, draft.article_versions))
    ticket.draft_id = draft.id
    if draft.approver != "staff":  # what one version made a manager's matter, the next one does not undo
        ticket.approver = draft.approver
    session.add(ticket)
    return draft


def renew(
    session: Session,
    draft: Draft,
    *,
    cause: str,
    body: str | None = None,
    approver: str | None = None,
    reasons: list[str] | None = None,
    sentences: list[dict[str, Any]] | None = None,
    citations: list[dict[str, object]] | None = None,
) -> Draft:
    """A new version of a draft that has been decided or overtaken, waiting again.

    `sentences` and `citations` are those of its text as it was looked at anew; without them what was found before stands.
    """
    carried: dict[str, Any] = {name: getattr(draft, name) for name in _CARRIED}
    if citations is not None:
        carried["citations"] = citations
    text = draft.body if body is None else body
    kept = [s for s in draft.sentences if str(s["text"]) in text]
    copy = Draft(
        **carried,
        body=text,
        sentences=locate(text, kept) if sentences is None else sentences,
        cause=cause,
        created_by=draft.created_by,
        approver=approver or draft.approver,
        approver_reasons=[*draft.approver_reasons, *(reasons or [])],
    )
    if draft.status == "waiting":
        draft.status = "superseded"
        session.add(draft)
    return seal(session, copy, session.get_one(Ticket, draft.ticket_id))


def write_reply(
    session: Session, user: User, ticket_id: int, body: str, *, subject: str = "", kind: str = "",
    check: Callable[[Draft, Ticket], None] | None = None,
) -> Draft:  # fmt: skip
    """A person's own reply as the newest draft; it is decided like any other, by whoever may decide it.

    `kind` is the draft's (empty: that of the draft before it); `check` completes it before it is sealed.

    Raises ConflictError when the ticket does not wait for a person, InputError when the body is empty.
    """
    user = access.fresh(session, user)
    access.require(user, Permission.WORK_INBOX)
    ticket = session.get_one(Ticket, ticket_id)
    refuse_exercise(ticket)
    if ticket.status not in DECIDABLE and ticket.status not in (Status.FAILED, Status.DELIVERED):
        raise ConflictError(f"Ticket {ticket_id} is {ticket.status}; a reply can be written once it waits for a person.")
    body = bounded(body, LONGEST, "This reply")
    if not body.strip():
        raise InputError("Write something first.")
    if ticket.episode_id is None:
        raise AccessError("This ticket has no open matter to reply to.")
    former = session.get(Draft, ticket.draft_id) if ticket.draft_id else None
    draft = Draft(
        ticket_id=ticket_id,
        episode_id=ticket.episode_id,
        kind=kind or (former.kind if former and former.kind != "clarify" else "reply"),
        subject=subject or (former.subject if former else "") or f"Re: {ticket.subject}",
        body=body.strip(),
        created_by=f"user:{user.id}",
        approver=ticket.approver,
        approver_reasons=list(former.approver_reasons) if former else [],
        confidence=1.0,
        cause=f"Written by {user.name}.",
    )
    if ticket.status in (Status.FAILED, Status.DELIVERED):
        move(session, ticket, Status.ESCALATED, actor=f"user:{user.id}", reason=ticket.reason or "customer_request")
    if check:
        check(draft, ticket)
    return seal(session, draft, ticket)


def waiting_status(draft: Draft) -> Status:
    """Where a ticket stands while this draft waits for a person."""
    return {"clarify": Status.NEEDS_INFO, "holding": Status.ESCALATED}.get(draft.kind, Status.AWAITING_APPROVAL)


def post(session: Session, settings: Settings, draft: Draft, ticket: Ticket, decision: Decision) -> Outbox:
    """The approved text as an outbox row: threaded to the customer's last message, to the ticket's own address only."""
    refuse_fork(session, draft.run_id)
    refuse_exercise(ticket)
    last = session.exec(
        select(Message)
        .where(Message.ticket_id == ticket.id, Message.direction == "in", col(Message.message_id).is_not(None))
        .order_by(col(Message.id).desc())
        .limit(1)
    ).first()
    domain = settings.mail_from.partition("@")[2] or "localhost"
    subject = draft.subject if f"[#{ticket.id}]" in draft.subject else f"{draft.subject} [#{ticket.id}]"
    outbox = Outbox(
        ticket_id=draft.ticket_id,
        decision_id=decision.id,
        recipient=ticket.requester_email,
        subject=" ".join(subject.split()),
        body=decision.body,
        message_id=f"<{secrets.token_hex(12)}.ticket{ticket.id}@{domain}>",
        in_reply_to=last.message_id if last else None,
        references=[*last.references, last.message_id][-20:] if last and last.message_id else [],
        send_after=now() + timedelta(seconds=settings.undo_seconds),
        created_at=now(),
    )
    session.add(outbox)
    session.flush()
    return outbox


def sent(session: Session, outbox: Outbox) -> None:
    """Book a handed-over message: the thread, the episode and the ticket move on."""
    ticket = session.get_one(Ticket, outbox.ticket_id)
    decision = session.get_one(Decision, outbox.decision_id)
    draft, episode = session.get_one(Draft, decision.draft_id), session.get_one(Episode, decision.episode_id)
    outbox.status, outbox.sent_at = "sent", now()
    message = Message(
        ticket_id=outbox.ticket_id,
        episode_id=episode.id,
        direction="out",
        user_id=decision.user_id,
        subject=outbox.subject,
        body=outbox.body,
        language=ticket.language,
        message_id=outbox.message_id,
        in_reply_to=outbox.in_reply_to,
        references=outbox.references,
        sent_at=now(),
        created_at=now(),
    )
    session.add(message)
    session.flush()
    overtaken = ticket.thread_head != draft.thread_head  # the customer wrote while the message went out
    if not overtaken:
        ticket.thread_head = message.id
    episode.replies += 1
    episode.first_reply_at = episode.first_reply_at or now()
    clocks.replied(ticket, episode)
    session.add_all([outbox, episode, ticket])
    solving.keep(session, decision, draft, ticket)
    move(session, ticket, Status.DELIVERED, actor="delivery", outbox=outbox.id)
    if overtaken:
        clocks.customer_wrote(session, ticket, now())
    if draft.kind == "clarify":
        move(session, ticket, Status.NEEDS_INFO, actor="delivery", reason="pending_clarification")
    elif draft.kind == "holding":
        move(session, ticket, Status.ESCALATED, actor="delivery", reason=episode.escalation_reason)


def resolve(session: Session, ticket: Ticket, *, actor: str, how: str) -> None:
    """Close the matter. `how` is assumed (silence) or closed (a person); it becomes verified where the customer's last word
    is that all is well."""
    episode = session.get(Episode, ticket.episode_id) if ticket.episode_id else None
    confirmed = episode is not None and confirming.all_is_well(session, episode)
    if confirmed:
        how = confirming.VERIFIED
    move(session, ticket, Status.RESOLVED, actor=actor, reason=how)
    if episode and episode.resolved_at is None:
        episode.resolved_at, episode.resolution = now(), how
        episode.confirmed_by, episode.judged = confirming.CUSTOMER if confirmed else "", ""
        session.add(episode)
        ratings.plan(session, ticket, episode)


def locate(body: str, sentences: list[dict[str, object]]) -> list[dict[str, object]]:
    """The sentences with their places in the body (`start`, `end`, in characters); one not found has both at -1."""
    located, position = [], 0
    for sentence in sentences:
        text = str(sentence["text"]).strip()
        start = body.find(text, position)
        end = start + len(text) if start >= 0 else -1
        position = max(position, end)
        located.append({**sentence, "start": start, "end": end})
    return located
