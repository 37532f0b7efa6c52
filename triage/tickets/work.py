"""What people do with a ticket beside deciding its draft: take it, give it, put it off, note, close, let in, try again.

Every function checks who asks, writes its audit event in the caller's transaction and changes nothing when
it raises. Deciding a draft is in triage/approval.py.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from knowledge_base import signals
from triage import audit, locks, overruling, replies
from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import AccessError, ConflictError, InputError
from triage.models import (
    WAITS_FOR_PERSON,
    Draft,
    Episode,
    Message,
    Quarantine,
    QuarantineReason,
    Role,
    Status,
    Ticket,
    User,
    now,
)
from triage.notifications.telling import name_of, tell, tell_team
from triage.runs import refuse_exercise, start_run
from triage.spoken import bounded
from triage.tickets import fields, inbox, noting
from triage.tickets.inbox import View
from triage.transitions import move

Enqueue = Callable[..., None]
_TRIES = 8  # to find a ticket that nobody else is just opening
LONGEST_NOTE = 20_000  # characters
LOOKING = timedelta(seconds=90)
LONGEST_SNOOZE = timedelta(days=90)


def claim(session: Session, user: User, ticket_id: int) -> str | None:
    """Say that this person has the ticket open, for 90 seconds; returns who else has it open already."""
    ticket = _ticket(session, user, ticket_id, exercises=True)
    held = ticket.claimed_until is not None and ticket.claimed_until > now()
    if held and ticket.claimed_by not in (None, user.id):
        other = session.get(User, ticket.claimed_by)
        return other.name if other else None
    if ticket.claimed_by != user.id or not held:
        audit.append(session, "opened", actor=_actor(user), ticket_id=ticket.id)
    ticket.claimed_by, ticket.claimed_until = user.id, now() + LOOKING
    session.add(ticket)
    return None


def claim_is_due(ticket: Ticket, user: User) -> bool:
    """Whether `claim` has something to write: nobody holds the ticket, or this person's claim runs out soon."""
    if ticket.claimed_until is None or ticket.claimed_until <= now():
        return True
    return ticket.claimed_by == user.id and ticket.claimed_until < now() + LOOKING / 2


def take_next(
    session: Session, user: User, view: View, ticket_id: int, *, find: str = "", below: Sequence[int] = (), only: bool = False
) -> int | None:
    """The ticket to open after this one (`inbox.following`), claimed at once, so that two people do not go on to the same."""
    found = None
    for _ in range(_TRIES):
        found = inbox.following(session, user, view, ticket_id, find=find, below=below, only=only)
        if found is None or claim(session, user, found) is None:
            break
        session.expire_all()
    return found


def release(session: Session, user: User, ticket_id: int) -> None:
    """Say that this person has left the ticket; somebody else's claim stays."""
    ticket = _ticket(session, user, ticket_id, exercises=True)
    if ticket.claimed_by == user.id:
        ticket.claimed_by = ticket.claimed_until = None
        session.add(ticket)


def assign(session: Session, user: User, ticket_id: int, assignee_id: int | None) -> None:
    """Give the ticket to somebody, who is told, or to nobody."""
    ticket = _ticket(session, user, ticket_id)
    if ticket.assignee_id == assignee_id:
        return
    assignee = session.get(User, assignee_id) if assignee_id else None
    if assignee_id and (assignee is None or not access.may(assignee, Permission.WORK_INBOX)):
        raise InputError("This person does not work the inbox any more; choose somebody else.")
    was, ticket.assignee_id = ticket.assignee_id, assignee_id
    session.add(ticket)
    if was is not None:
        _transferred(session, ticket)
    if assignee and assignee.id != user.id:
        text = f"{user.name} gave you {name_of(ticket)}"
        tell(session, "assigned", text, user_id=assignee.id, ticket_id=ticket.id, by=user)
    audit.append(session, "assigned", actor=_actor(user), ticket_id=ticket.id, was=was, to=assignee_id)


def snooze(session: Session, user: User, ticket_id: int, until: datetime | None) -> None:
    """Put the ticket off until then (aware, at most 90 days ahead), or wake it with None."""
    ticket = _ticket(session, user, ticket_id)
    if until is not None and not now() < until <= now() + LONGEST_SNOOZE:
        raise InputError("Choose a time in the future, at most 90 days ahead.")
    if until is not None and ticket.status not in WAITS_FOR_PERSON:
        raise ConflictError(f"Ticket {ticket.id} is {ticket.status}: only what waits for a person can be put off.")
    ticket.snoozed_until = until
    session.add(ticket)
    audit.append(session, "snoozed" if until else "woken", actor=_actor(user), ticket_id=ticket.id, until=until)


def note(session: Session, user: User, ticket_id: int, text: str) -> Message:
    """Write an internal note; no customer and no agent ever sees it. Whom it names with @ is told."""
    ticket, text = _ticket(session, user, ticket_id), bounded(text, LONGEST_NOTE, "This note")
    if not text.strip():
        raise InputError("The note is empty; write something first.")
    message = Message(
        ticket_id=ticket_id,
        episode_id=ticket.episode_id,
        direction="note",
        author_name=user.name,
        author_email=user.email,
        user_id=user.id,
        body=text.strip(),
        created_at=now(),
    )
    session.add(message)
    session.flush()
    told = noting.tell(session, user, ticket, message.body)
    audit.append(
        session, "note", actor=_actor(user), ticket_id=ticket.id, message=message.id, mentioned=[person.id for person in told]
    )
    return message


def prepare(session: Session, user: User, ticket_id: int, text: str, comment: str = "") -> Draft:
    """Lay a text of one's own before a manager: a new draft version that only a manager decides."""
    ticket = _ticket(session, user, ticket_id)
    draft = replies.write_reply(session, user, ticket_id, text)
    reason = f"{user.name} prepared it for a manager" + (f": {comment.strip()}" if comment.strip() else "")
    draft.approver, draft.approver_reasons = "manager", [*draft.approver_reasons, reason]
    ticket.approver = "manager"
    session.add_all([draft, ticket])
    _tell_managers(session, user, ticket, "prepared", f"{name_of(ticket)}: {reason}")
    audit.append(session, "prepared", actor=_actor(user), ticket_id=ticket.id, draft=draft.id, comment=comment.strip())
    return draft


def hand_to_manager(session: Session, user: User, ticket_id: int, comment: str = "") -> None:
    """Ask the managers to take the ticket on; from now on only they decide it."""
    ticket = _ticket(session, user, ticket_id)
    if ticket.status not in WAITS_FOR_PERSON:
        raise ConflictError(f"Ticket {ticket.id} is {ticket.status}: only what waits for a person can be handed over.")
    ticket.approver = "manager"
    session.add(ticket)
    _transferred(session, ticket)
    said = f": {comment.strip()}" if comment.strip() else ""
    _tell_managers(session, user, ticket, "handed_over", f"{user.name} hands you {name_of(ticket)}{said}")
    audit.append(session, "handed_to_manager", actor=_actor(user), ticket_id=ticket.id, comment=comment.strip())


def resolve(session: Session, user: User, ticket_id: int, comment: str = "") -> None:
    """Close the matter without a further reply; a sensitive one is closed by a manager."""
    ticket = _ticket(session, user, ticket_id)
    user = access.fresh(session, user)
    sensitive = ticket.approver != "staff" or ticket.status == Status.ESCALATED
    if sensitive and not access.may(user, Permission.DECIDE_SENSITIVE):
        raise AccessError("A manager has to close this ticket; hand it to one with a note.")
    access.require(user, Permission.DECIDE_ROUTINE)
    fields.require_filled(session, ticket)
    replies.resolve(session, ticket, actor=_actor(user), how="closed")
    draft = session.get(Draft, ticket.draft_id) if ticket.draft_id else None
    if draft and draft.status == "waiting":
        draft.status = "superseded"
        session.add(draft)
    audit.append(session, "closed", actor=_actor(user), ticket_id=ticket.id, comment=comment.strip())


def let_in(session: Session, user: User, enqueue: Enqueue, ticket_id: int) -> None:
    """Release a ticket from quarantine: the agents take it up like a new one."""
    ticket = _quarantined(session, user, ticket_id)
    move(session, ticket, Status.RECEIVED, actor=_actor(user), reason=None)
    if overruling.let_in(session, ticket):
        text = f"{user.name} let in what the guards at the door had stopped."
        tell_team(session, ticket, "wrong_overruled", text, by=user)
    _eligible(session, ticket, True)
    start_run(session, enqueue, ticket, cause="release")


def let_all_in(session: Session, user: User, enqueue: Enqueue, sender: str) -> int:
    """Release everything of one sender that was set aside as a flood; returns how many tickets that were."""
    access.require(access.fresh(session, user), Permission.WORK_INBOX)
    held = session.exec(
        select(Ticket.id)
        .where(Ticket.status == Status.QUARANTINED, Ticket.reason == QuarantineReason.FLOOD, Ticket.requester_email == sender)
        .order_by(col(Ticket.id))
    ).all()
    locks.tickets(session, held)
    for ticket_id in held:
        let_in(session, user, enqueue, ticket_id or 0)
    return len(held)


def dismiss(session: Session, user: User, ticket_id: int) -> None:
    """Leave a quarantined ticket out for good; its raw message is kept."""
    ticket = _quarantined(session, user, ticket_id)
    why = session.exec(select(Quarantine.reason).where(Quarantine.ticket_id == ticket.id)).first() or ticket.reason
    move(session, ticket, Status.RESOLVED, actor=_actor(user), reason="dismissed", was_for=why)
    _eligible(session, ticket, False)


def retry(session: Session, user: User, enqueue: Enqueue, ticket_id: int) -> None:
    """Have the agents try a failed ticket again, from the start."""
    ticket = _ticket(session, user, ticket_id)
    if ticket.status != Status.FAILED:
        raise ConflictError(f"Ticket {ticket.id} is {ticket.status}: only a failed ticket can be tried again.")
    move(session, ticket, Status.TRIAGING, actor=_actor(user), reason=None)
    ticket.error = None
    session.add(ticket)
    start_run(session, enqueue, ticket, cause="retry")


def rate_source(session: Session, user: User, ticket_id: int, passage: str, *, helpful: bool) -> None:
    """Say whether a source helped; editors of the knowledge base read it."""
    ticket = _ticket(session, user, ticket_id)
    draft = session.get(Draft, ticket.draft_id) if ticket.draft_id else None
    if draft is None or passage not in {str(citation.get("passage")) for citation in draft.citations}:
        raise InputError("This passage is not a source of the draft any more; reload the ticket.")
    signals.voted(session, draft, passage, helpful=helpful)
    audit.append(session, "source_rated", actor=_actor(user), ticket_id=ticket.id, passage=passage, helpful=helpful)


def open_source(session: Session, user: User, draft_id: int, passage: str) -> None:
    """Note that somebody opened a source of a draft to read it."""
    access.require(access.fresh(session, user), Permission.WORK_INBOX)
    draft = session.get(Draft, draft_id)
    if draft is not None:
        signals.opened(session, draft, passage)


def _ticket(session: Session, user: User, ticket_id: int, *, exercises: bool = False) -> Ticket:
    access.require(access.fresh(session, user), Permission.WORK_INBOX)
    ticket = session.get(Ticket, ticket_id, with_for_update=True)
    if ticket is None:
        raise InputError(f"There is no ticket {ticket_id}; it may have been removed, or the address is wrong.")
    if not exercises:
        refuse_exercise(ticket)
    return ticket


def _quarantined(session: Session, user: User, ticket_id: int) -> Ticket:
    ticket = _ticket(session, user, ticket_id)
    if ticket.status != Status.QUARANTINED:
        raise ConflictError(f"Ticket {ticket.id} is {ticket.status} and no longer in quarantine.")
    return ticket


def _transferred(session: Session, ticket: Ticket) -> None:
    episode = session.get(Episode, ticket.episode_id) if ticket.episode_id else None
    if episode:
        episode.transfers += 1
        session.add(episode)


def _eligible(session: Session, ticket: Ticket, eligible: bool) -> None:
    episode = session.get(Episode, ticket.episode_id) if ticket.episode_id else None
    if episode:
        episode.eligible = eligible
        session.add(episode)


def _tell_managers(session: Session, by: User, ticket: Ticket, kind: str, text: str) -> None:
    tell(session, kind, text, role=Role.MANAGER, ticket_id=ticket.id, by=by)


def _actor(user: User) -> str:
    return f"user:{user.id}"
