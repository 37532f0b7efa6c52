"""Two tickets of one customer become one, and messages become a ticket of their own; both can be taken back.

What a draft was written for is not the conversation any more: waiting drafts step back, and the agents write anew.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, func, select

from triage import audit, locks
from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import AccessError, ConflictError, InputError
from triage.models import (
    AT_WORK,
    DECIDABLE,
    BlockedAction,
    Draft,
    Episode,
    Message,
    Outbox,
    Proposal,
    Status,
    Ticket,
    TicketMerge,
    User,
    now,
)
from triage.runs import refuse_exercise, start_run
from triage.sla import clocks
from triage.tickets import fields, tags
from triage.transitions import move

Enqueue = Callable[..., None]
MERGED = "merged"
_REST = DECIDABLE | {Status.DELIVERED, Status.RESOLVED, Status.FAILED}


def merge(session: Session, user: User, enqueue: Enqueue, loser_id: int, winner_id: int, *, across: bool = False) -> TicketMerge:
    """Everything said in `loser` moves to `winner`, which mail threads of both lead to from now on.

    `across`: a manager confirms that the tickets of two customers belong together. Raises AccessError, ConflictError when
    one of them cannot be merged now, InputError for tickets that are not there.
    """
    user = access.fresh(session, user)
    loser, winner = _both(session, user, loser_id, winner_id)
    if not of_one_customer(loser, winner):
        if not access.may(user, Permission.DECIDE_SENSITIVE):
            raise AccessError(
                "These tickets are of different customers: only a manager merges them, since each would read the other's."
            )
        if not across:
            raise ConflictError(
                "These tickets are of different customers. Confirm that they belong together; each will read the other's."
            )
    if session.exec(select(Proposal.id).where(Proposal.ticket_id == loser_id, Proposal.status == "waiting").limit(1)).first():
        raise ConflictError(f"A proposed call waits on ticket {loser_id}; decide it first.")
    if session.exec(select(Outbox.id).where(Outbox.ticket_id == loser_id, Outbox.status == "uncertain").limit(1)).first():
        raise ConflictError(f"Nobody knows yet whether the last reply of ticket {loser_id} left; settle that there first.")
    open_demand = _unanswered(session, loser)
    before = _put_aside(session, loser)
    moved = _move_messages(session, _messages(session, loser_id), winner)
    for action in session.exec(
        select(BlockedAction).where(BlockedAction.ticket_id == loser_id, col(BlockedAction.closed_at).is_(None))
    ):
        action.ticket_id = winner_id
        session.add(action)
        before["blocked"].append(action.id)
    _inherit(session, user, loser, winner)
    row = TicketMerge(loser_id=loser_id, winner_id=winner_id, user_id=user.id or 0, messages=moved, before=before)
    session.add(row)
    session.flush()
    _conversation_changed(session, enqueue, winner, user, wanted=open_demand)
    told = {"messages": len(moved), "across": not of_one_customer(loser, winner)}
    audit.append(session, "merged", actor=user.actor, ticket_id=loser_id, into=winner_id, **told)
    audit.append(session, "merged_in", actor=user.actor, ticket_id=winner_id, other=loser_id, **told)
    return row


def undo(session: Session, user: User, enqueue: Enqueue, merge_id: int) -> None:
    """The ticket that went is itself again, with its messages; what waited there is drafted anew."""
    user = access.fresh(session, user)
    access.require(user, Permission.WORK_INBOX)
    row = session.get(TicketMerge, merge_id)
    if row is None:
        raise InputError("There is no such merge.")
    loser, winner = _held(session, row)
    row = session.get_one(TicketMerge, merge_id, populate_existing=True)
    if row.kind != "merge" or row.undone_at is not None:
        raise ConflictError("This was taken back before.")
    if loser.merged_into != winner.id or winner.merged_into:
        raise ConflictError("One of the two was merged again since; take that back first.")
    _at_rest(winner)
    back = [message for message in _messages(session, row.winner_id) if message.id in row.messages]
    _give_back(session, loser, row.before, back)
    row.undone_at = now()
    session.add(row)
    _conversation_changed(session, enqueue, winner, user, wanted=False)
    audit.append(session, "unmerged", actor=user.actor, ticket_id=loser.id, other=winner.id)
    audit.append(session, "unmerged", actor=user.actor, ticket_id=winner.id, other=loser.id)
    if str(row.before["status"]) not in (Status.RESOLVED, Status.DELIVERED):
        episode = session.get(Episode, loser.episode_id) if loser.episode_id else None
        clocks.begin(session, loser, episode.started_at if episode and episode.first_reply_at is None else now())
        move(session, loser, Status.REOPENED, actor=user.actor, reason="unmerged")
        start_run(session, enqueue, loser, cause="reply")


def split(
    session: Session, user: User, enqueue: Enqueue, ticket_id: int, message_ids: Sequence[int], subject: str = ""
) -> Ticket:
    """Messages of the customer become a ticket of their own, which the agents take up like a new one.

    Raises InputError when nothing would move or nothing would stay, ConflictError while the ticket is at work.
    """
    user = access.fresh(session, user)
    access.require(user, Permission.WORK_INBOX)
    ticket = locks.ticket(session, ticket_id)
    if ticket is None:
        raise InputError(f"There is no ticket {ticket_id}; it may have been removed.")
    _at_rest(ticket)
    inbound = messages_of_customer(session, ticket_id)
    chosen = [message for message in inbound if message.id in set(message_ids)]
    if not chosen or len(chosen) == len(inbound):
        raise InputError("Choose some of the customer's messages; at least one of them stays.")
    made = _beside(session, ticket, chosen, " ".join(subject.split())[:300] or chosen[0].subject or ticket.subject)
    moved = _move_messages(session, chosen, made)
    made.thread_head = moved[-1]
    session.add_all(
        [made, TicketMerge(loser_id=ticket_id, winner_id=made.id or 0, kind="split", user_id=user.id or 0, messages=moved)]
    )
    audit.append(session, "split", actor=user.actor, ticket_id=ticket_id, into=made.id, messages=moved)
    audit.append(session, "received", actor=user.actor, ticket_id=made.id, note=f"Taken out of ticket #{ticket_id}.")
    start_run(session, enqueue, made, cause="message")
    _conversation_changed(session, enqueue, ticket, user, wanted=False)
    return made


def of_one_customer(one: Ticket, other: Ticket) -> bool:
    """Whether both are of the same known customer, or of the same address."""
    if one.customer_id and other.customer_id:
        return one.customer_id == other.customer_id
    return bool(one.requester_email) and one.requester_email.lower() == other.requester_email.lower()


def standing(session: Session, ticket_id: int) -> TicketMerge | None:
    """How a ticket went into another one, when it did."""
    rows = select(TicketMerge).where(
        TicketMerge.loser_id == ticket_id, TicketMerge.kind == "merge", col(TicketMerge.undone_at).is_(None)
    )
    return session.exec(rows.order_by(col(TicketMerge.id).desc()).limit(1)).first()


def candidates(session: Session, ticket: Ticket, most: int = 20) -> list[Ticket]:
    """Other tickets of the same customer that this one could go into, the newest first."""
    same = (
        col(Ticket.customer_id) == ticket.customer_id
        if ticket.customer_id
        else col(Ticket.requester_email) == ticket.requester_email
    )
    if not ticket.customer_id and not ticket.requester_email:
        return []
    rows = select(Ticket).where(
        same, Ticket.id != ticket.id, col(Ticket.merged_into).is_(None), Ticket.status != Status.QUARANTINED
    )
    return list(session.exec(rows.order_by(col(Ticket.id).desc()).limit(most)))


def messages_of_customer(session: Session, ticket_id: int) -> list[Message]:
    """What the customer wrote in a ticket, in its order: what `split` can take out."""
    return [message for message in _messages(session, ticket_id) if message.direction == "in"]


# ---- steps --------------------------------------------------------------------------------------------------


def _both(session: Session, user: User, loser_id: int, winner_id: int) -> tuple[Ticket, Ticket]:
    access.require(user, Permission.WORK_INBOX)
    if loser_id == winner_id:
        raise InputError("A ticket cannot go into itself; choose another one.")
    found = {ticket.id: ticket for ticket in locks.tickets(session, (loser_id, winner_id))}
    loser, winner = found.get(loser_id), found.get(winner_id)
    if loser is None or winner is None:
        raise InputError(f"There is no ticket {loser_id if loser is None else winner_id}; it may have been removed.")
    refuse_exercise(loser)
    refuse_exercise(winner)
    for ticket in (loser, winner):
        _at_rest(ticket)
    return loser, winner


def _held(session: Session, row: TicketMerge) -> tuple[Ticket, Ticket]:
    """(the one that went, the one it went into), held until the transaction ends."""
    found = {ticket.id: ticket for ticket in locks.tickets(session, (row.loser_id, row.winner_id))}
    return found[row.loser_id], found[row.winner_id]


def _at_rest(ticket: Ticket) -> None:
    if ticket.merged_into:
        raise ConflictError(f"Ticket {ticket.id} went into #{ticket.merged_into} before.")
    if ticket.status in AT_WORK:
        raise ConflictError(f"The agents are working on ticket {ticket.id}; wait until they are done.")
    if ticket.status not in _REST:
        raise ConflictError(f"Ticket {ticket.id} is {ticket.status}; wait until its message has left, or let it in first.")


def _put_aside(session: Session, loser: Ticket) -> dict[str, Any]:
    """Close the ticket that goes; returns how it stood."""
    episode = session.get(Episode, loser.episode_id) if loser.episode_id else None
    before: dict[str, Any] = {
        "status": str(loser.status), "reason": loser.reason, "thread_head": loser.thread_head, "episode": loser.episode_id,
        "eligible": bool(episode and episode.eligible), "open": bool(episode and episode.resolved_at is None), "blocked": [],
    }  # fmt: skip
    _step_back(session, loser)
    if loser.status != Status.RESOLVED:
        move(session, loser, Status.RESOLVED, actor="desk", reason=MERGED)
    if episode and episode.resolved_at is None:  # it is no demand of its own any more, so that no figure counts it twice
        episode.resolved_at, episode.resolution, episode.eligible = now(), MERGED, False
        session.add(episode)
    return before


def _give_back(session: Session, loser: Ticket, before: dict[str, Any], messages: list[Message]) -> None:
    loser.merged_into, loser.episode_id = None, before["episode"]
    _move_messages(session, messages, loser)
    loser.thread_head = before["thread_head"]
    episode = session.get(Episode, before["episode"]) if before["episode"] else None
    if episode:
        episode.eligible = bool(before["eligible"])
        if before["open"]:
            episode.resolved_at = episode.resolution = None
        session.add(episode)
    for action in session.exec(select(BlockedAction).where(col(BlockedAction.id).in_(before["blocked"]))):
        action.ticket_id = loser.id or 0
        session.add(action)
    session.add(loser)
    session.flush()


def _messages(session: Session, ticket_id: int) -> list[Message]:
    return list(session.exec(select(Message).where(Message.ticket_id == ticket_id).order_by(col(Message.id))))


def _move_messages(session: Session, messages: Sequence[Message], to: Ticket) -> list[int]:
    for message in messages:
        message.ticket_id, message.episode_id = to.id or 0, to.episode_id
        session.add(message)
    session.flush()
    return [message.id or 0 for message in messages]


def _unanswered(session: Session, ticket: Ticket) -> bool:
    """Whether the customer waits for an answer there."""
    return ticket.status in DECIDABLE | {Status.FAILED}


def _inherit(session: Session, user: User, loser: Ticket, winner: Ticket) -> None:
    """What was noted on the one that goes, where the other has nothing of the kind."""
    loser.merged_into, loser.snoozed_until = winner.id, None
    winner.assignee_id = winner.assignee_id or loser.assignee_id
    if loser.approver == "manager":
        winner.approver = "manager"
    if loser.identity != "verified" and winner.identity == "verified":
        winner.identity = "unverified"  # the ticket is as sure as its least sure message
    session.add_all([loser, winner])
    room = tags.MOST - len(tags.of(session, winner.id or 0))
    tags.add(session, user, winner.id or 0, tags.of(session, loser.id or 0)[:room])
    mine, known = fields.values(session, winner.id or 0), {row.key for row in fields.defined(session)}
    others = {key: value for key, value in fields.values(session, loser.id or 0).items() if key not in mine and key in known}
    fields.fill(session, user, winner.id or 0, others)


def _conversation_changed(session: Session, enqueue: Enqueue, ticket: Ticket, user: User, *, wanted: bool) -> None:
    """Messages came or went: a draft that waits is void, and where somebody waits for an answer, the agents begin anew."""
    newest = select(func.max(Message.id)).where(Message.ticket_id == ticket.id, col(Message.direction).in_(("in", "out")))
    ticket.thread_head = session.exec(newest).one()
    waits = _unanswered(session, ticket)
    _step_back(session, ticket)
    ticket.updated_at, ticket.snoozed_until = now(), None
    session.add(ticket)
    if not (waits or wanted):
        return
    episode = session.get(Episode, ticket.episode_id) if ticket.episode_id else None
    if episode is None or episode.resolved_at is not None:
        _new_episode(session, ticket, number=episode.number + 1 if episode else 1, start=now())
    else:
        clocks.customer_wrote(session, ticket, now())
    move(session, ticket, Status.REOPENED, actor=user.actor, reason=MERGED)
    start_run(session, enqueue, ticket, cause="reply")


def _step_back(session: Session, ticket: Ticket) -> None:
    draft = session.get(Draft, ticket.draft_id) if ticket.draft_id else None
    if draft and draft.status == "waiting":
        draft.status = "superseded"
        session.add(draft)


def _beside(session: Session, ticket: Ticket, messages: Sequence[Message], subject: str) -> Ticket:
    """A new ticket of the same customer, as old as the first of these messages."""
    start = messages[0].created_at
    made = Ticket(
        channel=ticket.channel, subject=subject, requester_name=ticket.requester_name, requester_email=ticket.requester_email,
        customer_id=ticket.customer_id, identity=ticket.identity, language=messages[0].language or ticket.language, created_at=start,
        updated_at=now(),
    )  # fmt: skip
    session.add(made)
    session.flush()
    _new_episode(session, made, number=1, start=start)
    return made


def _new_episode(session: Session, ticket: Ticket, *, number: int, start: datetime) -> None:
    clocks.begin(session, ticket, start)
    episode = Episode(
        ticket_id=ticket.id or 0, number=number, started_at=start, first_reply_due=ticket.first_reply_due, resolve_due=ticket.resolve_due,
        language=ticket.language, channel=ticket.channel,
    )  # fmt: skip
    session.add(episode)
    session.flush()
    ticket.episode_id = episode.id
    session.add(ticket)
