"""Carries approved calls of connected APIs out, once.

approved → sending is committed before anything leaves, and each call carries a key of its own as Idempotency-Key. A call
found in `sending` after a crash was perhaps made: nobody can tell from here, so a person decides. One whose approver may
not approve it any more waits for another manager.
"""

import asyncio
from functools import partial

from sqlmodel import Session

from triage import audit, proposals
from triage.connections.requests import Call, Definition, send, told
from triage.database import Database
from triage.errors import ConflictError, DeliveryUncertain, ToolDown, ToolError
from triage.guardrails.breakers import TOOL
from triage.guardrails.gate import DeskGate
from triage.models import Notification, Proposal, Role, Ticket, now
from triage.notifications.telling import name_of
from triage.reach import Answer
from triage.settings import Settings

_MOST_KEPT = 2_000  # characters of an answer


class _Unsure(ToolDown):
    """Nobody knows whether it was done; counts for the breaker."""

    def __init__(self, why: str, answer: Answer | None = None) -> None:
        super().__init__(why)
        self.answer = answer


class Caller:
    """Carries calls out for one desk; shared breakers, so that a service that is down is left alone."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.database, self.settings = database, settings
        self.breakers = DeskGate(database, settings).breakers

    async def carry_out(self, proposal_id: int) -> str:
        """Make one approved call and book the outcome; returns its status. Safe to call again at any point."""
        run = self.database.run
        taken = await run(lambda session: _take(session, proposal_id))
        if isinstance(taken, str):
            return taken
        tool, call, key = taken

        async def ask() -> Answer:
            try:
                answer = await asyncio.to_thread(send, self.settings, tool, call, key=key)
            except DeliveryUncertain as error:
                raise _Unsure(str(error)) from error
            if answer.status >= 500:
                raise _Unsure(f"The service answered with status {answer.status}; it may have been carried out.", answer)
            return answer

        try:
            answer = await self.breakers.call(f"{TOOL}{tool.name}", ask)
        except _Unsure as error:
            return await run(partial(_book, proposal_id=proposal_id, status="uncertain", error=str(error), answer=error.answer))
        except ToolError as error:
            return await run(partial(_book, proposal_id=proposal_id, status="failed", error=f"{error} Nothing was done."))
        if 200 <= answer.status < 300:
            return await run(partial(_book, proposal_id=proposal_id, status="done", error=None, answer=answer))
        refused = f"The service refused it with status {answer.status}."
        return await run(partial(_book, proposal_id=proposal_id, status="failed", error=refused, answer=answer))


def _take(session: Session, proposal_id: int) -> str | tuple[Definition, Call, str]:
    """Claim an approved call, in the transaction that says so; a word when there is nothing to do."""
    row = session.get(Proposal, proposal_id, with_for_update=True)
    if row is None or row.status not in ("approved", "sending"):
        return "nothing to do"
    if row.status == "sending":  # a former try was cut off between here and the booking
        return _book(
            session, proposal_id, "uncertain", "The desk stopped while this call was being made; it may have been carried out."
        )
    try:
        tool = proposals.standing(session, row)
        changes = proposals.what_changed(session, row)
    except ConflictError as error:
        return _book(session, proposal_id, "failed", str(error))
    if changes:
        return _book(session, proposal_id, "failed", "Not done, because " + "; ".join(changes) + ".")
    if why := proposals.unbacked(session, row):
        proposals.wait_again(session, row, why)
        return row.status
    row.status = "sending"
    session.add(row)
    call = Call(str(row.call["method"]), str(row.call["address"]), row.call["body"])  # type: ignore[arg-type]
    return tool, call, row.key


def _book(session: Session, proposal_id: int, status: str, error: str | None, answer: Answer | None = None) -> str:
    """Keep how it ended, on the ticket and in the audit log; managers are told of all but the good end."""
    row = session.get_one(Proposal, proposal_id)
    if answer is not None:
        row.answer_status, row.answer = answer.status, str(told(answer))[:_MOST_KEPT]
    ticket = session.get_one(Ticket, row.ticket_id)
    row.status, row.error, row.ended_at = status, error, now()
    session.add(row)
    audit.append(
        session, "call", actor="delivery", ticket_id=row.ticket_id, proposal=row.id, tool=row.tool, status=status, answer=row.answer_status,
        error=error,
    )  # fmt: skip
    if status != "done":
        text = f"{name_of(ticket)}: the call {row.tool} {'is uncertain' if status == 'uncertain' else 'failed'}. {error}"
        session.add(Notification(role=Role.MANAGER, ticket_id=ticket.id, kind=f"call {status}", text=text))
    return status
