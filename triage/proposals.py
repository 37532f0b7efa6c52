"""Calls of connected APIs that agents proposed: laid down for a person, decided once, bound to exactly what would be sent.

    an agent proposes → `lay_down` (waiting) → a manager: `decide` → triage.delivery.calls carries it out, once

Whatever changes in between (the conversation, the customer's identity, the tool's definition, the arguments) voids it.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any

from sqlmodel import Session, col, select

from triage import audit
from triage.accounts import access
from triage.accounts.access import Permission
from triage.connections import binding
from triage.connections.requests import Call, Definition, definition, prepare
from triage.errors import AlreadyDecided, ApprovalVoid, ConflictError, InputError, ToolError
from triage.models import (
    BlockedAction,
    ConnectedTool,
    Connection,
    Message,
    Notification,
    Proposal,
    Role,
    Run,
    Ticket,
    User,
    new_id,
    now,
)
from triage.notifications.telling import name_of
from triage.runs import refuse_fork

MOST_OF_RUN = 5
Enqueue = Callable[..., None]
_ENDED = {
    "refused": "refused",
    "approved": "approved",
    "sending": "approved",
    "done": "approved",
    "failed": "approved",
    "uncertain": "approved",
}


def lay_down(session: Session, ticket: Ticket, run: Run, proposed: Sequence[dict[str, Any]]) -> list[Proposal]:
    """A waiting row for each proposed call, MOST_OF_RUN at most; those of former runs that still wait step back.

    One that may not be made after all becomes a dossier, or is left out when its tool is gone.
    """
    refuse_fork(session, run.id)
    waiting = select(Proposal).where(Proposal.ticket_id == ticket.id, Proposal.status == "waiting")
    for former in session.exec(waiting.with_for_update()):  # one that is being approved meanwhile stays approved
        former.status, former.ended_at = "superseded", now()
        session.add(former)
    distinct = {json.dumps(one, sort_keys=True): one for one in proposed}
    rows = [row for one in list(distinct.values())[:MOST_OF_RUN] if (row := _row(session, ticket, run, one))]
    if rows:
        text = f"{name_of(ticket)}: {len(rows)} proposed call{'s' if len(rows) > 1 else ''} of a connected API to decide"
        session.add(Notification(role=Role.MANAGER, ticket_id=ticket.id, kind="proposal", text=text))
    return rows


def _row(session: Session, ticket: Ticket, run: Run, one: dict[str, Any]) -> Proposal | None:
    tool = _tool(session, one["tool_id"])
    if tool is None or tool.digest != one["digest"] or tool.effect != "propose":
        return None
    try:
        call = _call(session, ticket.id or 0, tool, one["arguments"])
    except ToolError as error:
        session.add(
            BlockedAction(
                ticket_id=ticket.id or 0, run_id=run.id, action=tool.name, rule="policy", target=f"{tool.method} {tool.path}",
                reason=str(error), identity=ticket.identity, created_at=now(),
            )
        )  # fmt: skip
        return None
    row = Proposal(
        ticket_id=ticket.id or 0, run_id=run.id, tool_id=tool.id, tool=tool.name, digest=tool.digest, arguments=one["arguments"],
        call=call.to_json(), thread_head=ticket.thread_head, created_at=now(),
    )  # fmt: skip
    row.seal = seal_of(row)
    session.add(row)
    return row


def seal_of(row: Proposal) -> str:
    """SHA-256 over all that would be sent, by which tool, for which end of which conversation."""
    content = [row.ticket_id, row.run_id, row.tool_id, row.digest, row.arguments, row.call, row.thread_head, row.key]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def what_changed(session: Session, row: Proposal) -> list[str]:
    """What differs from the world the call was proposed for, a sentence each; empty when nothing does."""
    ticket = session.get_one(Ticket, row.ticket_id)
    tool = _tool(session, row.tool_id)
    changes = []
    if tool is None or tool.digest != row.digest:
        changes.append(f"the tool {row.tool} was switched off or is defined otherwise now")
    if _customer_wrote(session, ticket, row):
        changes.append("the customer wrote again")
    if row.seal != seal_of(row):
        changes.append("the call is not the one that was proposed")
    if tool is not None and not changes:
        try:
            if _call(session, row.ticket_id, tool, row.arguments).to_json() != row.call:
                changes.append("it would be sent for another customer or order now")
        except ToolError as error:
            changes.append(str(error))
    return changes


def decide(
    session: Session, enqueue: Enqueue, user: User, proposal_id: int, *, approve: bool, seal: str, comment: str = ""
) -> Proposal:
    """A manager's word on a proposed call, in the caller's transaction; first decision wins.

    `seal` is the proposal's seal as the person saw it. Raises AccessError, AlreadyDecided, ApprovalVoid (what changed)
    and InputError; then nothing is changed.
    """
    user = access.fresh(session, user)
    access.require(user, Permission.DECIDE_SENSITIVE)
    row = session.get(Proposal, proposal_id, with_for_update=True)
    if row is None:
        raise InputError(f"There is no proposed call {proposal_id}.")
    if row.status != "waiting":
        raise AlreadyDecided(f"This call was already {_ENDED.get(row.status, row.status)}.")
    if approve and (changes := what_changed(session, row)):
        raise ApprovalVoid(changes)
    if approve and seal != row.seal:
        raise ApprovalVoid(["the page showed another call"])
    row.status, row.decided_by, row.decided_at = ("approved" if approve else "refused"), user.id, now()
    row.comment, row.error = comment.strip(), None
    if not approve:
        row.ended_at = now()
    session.add(row)
    audit.append(
        session, "proposal", actor=f"user:{user.id}", ticket_id=row.ticket_id, proposal=row.id, tool=row.tool, status=row.status, seal=row.seal,
        comment=row.comment,
    )  # fmt: skip
    if approve:
        enqueue(session, "deliver", f"call-{row.key}", row.id, "call")
    return row


def settle(session: Session, user: User, proposal_id: int, *, was_done: bool) -> Proposal:
    """A person's word on an uncertain call: it was carried out, or it was not (then it is over; propose it anew)."""
    user = access.fresh(session, user)
    access.require(user, Permission.DECIDE_SENSITIVE)
    row = session.get(Proposal, proposal_id, with_for_update=True)
    if row is None or row.status != "uncertain":
        raise ConflictError("Only an uncertain call can be settled.")
    row.status, row.ended_at = ("done" if was_done else "failed"), now()
    session.add(row)
    audit.append(
        session, "settled", actor=f"user:{user.id}", ticket_id=row.ticket_id, proposal=row.id, tool=row.tool, was_done=was_done
    )
    return row


def of_ticket(session: Session, ticket_id: int) -> list[Proposal]:
    """The ticket's proposed calls, newest last; those that a newer run overtook are left out."""
    mine = select(Proposal).where(Proposal.ticket_id == ticket_id, Proposal.status != "superseded")
    return list(session.exec(mine.order_by(col(Proposal.id))))


def price(session: Session, row: Proposal) -> float:
    """What carrying the call out would cost now, in US dollars."""
    tool = session.get(ConnectedTool, row.tool_id)
    return tool.price_usd if tool else 0.0


def _customer_wrote(session: Session, ticket: Ticket, row: Proposal) -> bool:
    """Our own reply moves the conversation's end too, and leaves a proposed call as it is."""
    newer = select(Message.id).where(
        Message.ticket_id == ticket.id, col(Message.id) > (row.thread_head or 0), Message.direction == "in"
    )
    return session.exec(newer).first() is not None


def _tool(session: Session, tool_id: int) -> Definition | None:
    tool = session.get(ConnectedTool, tool_id)
    if tool is None or not tool.enabled:
        return None
    return definition(tool, session.get_one(Connection, tool.connection_id))


def _call(session: Session, ticket_id: int, tool: Definition, arguments: dict[str, Any]) -> Call:
    return prepare(tool, arguments, binding.values(session, ticket_id, tool.bound))


def standing(session: Session, row: Proposal) -> Definition:
    """The tool of a call that a person who may approved. Raises ConflictError when there is no such approval."""
    who = session.get(User, row.decided_by) if row.decided_by else None
    if row.status != "approved" or who is None or row.decided_at is None:
        raise ConflictError(f"The call {row.id} has no standing approval; it is not made.")
    tool = _tool(session, row.tool_id)
    if tool is None:
        raise ConflictError(f"The tool {row.tool} was switched off; the call is not made.")
    return tool


def unbacked(session: Session, row: Proposal) -> str:
    """Why the approval does not count any more, by what its giver may do now; empty when it does."""
    who = session.get_one(User, row.decided_by)
    if access.may(who, Permission.DECIDE_SENSITIVE):
        return ""
    lost = "whose account is switched off now" if who.disabled_at else f"who may not {Permission.DECIDE_SENSITIVE} any more"
    return f"Not done: it was approved by {who.name}, {lost}. A manager has to decide it again."


def wait_again(session: Session, row: Proposal, why: str) -> None:
    """Put an approved call, of which nothing was sent, back before the managers; they are told why.

    Its new key makes the next approval a piece of work of its own, and voids the pages that show the call as it was.
    """
    was, ticket = row.decided_by, session.get_one(Ticket, row.ticket_id)
    row.status, row.decided_by, row.decided_at, row.error, row.key = "waiting", None, None, why, new_id()
    row.seal = seal_of(row)
    session.add(row)
    audit.append(
        session, "proposal", actor="delivery", ticket_id=row.ticket_id, proposal=row.id, tool=row.tool, status=row.status, seal=row.seal,
        approved_by=was, error=why,
    )  # fmt: skip
    text = f"{name_of(ticket)}: the call {row.tool} waits again. {why}"
    session.add(Notification(role=Role.MANAGER, ticket_id=ticket.id, kind="proposal", text=text))
