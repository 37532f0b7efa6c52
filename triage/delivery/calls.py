"""Carries approved calls of connected APIs out, once.

approved → sending is committed before anything leaves, and each call carries a key of its own as Idempotency-Key. A call
found in `sending` after a crash was perhaps made: nobody can tell from here, so a person decides. One whose approver may
not approve it any more waits for another manager.

A call costs its tool's price of the moment unless it surely was not made, and is part of the cost of the run that proposed
it. No budget holds it back: a person has decided it.
"""

import asyncio
from functools import partial

from sqlalchemy import update
from sqlmodel import Session, col

from triage import audit, proposals
from triage.connections.requests import Call, Definition, send, told
from triage.database import Database
from triage.errors import ConflictError, DeliveryUncertain, ToolDown, ToolError
from triage.guardrails.breakers import TOOL
from triage.guardrails.budgets import DayBudget, of_call, scope_of
from triage.guardrails.gate import DeskGate
from triage.models import Notification, Proposal, Role, Run, Ticket, now
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
        gate = DeskGate(database, settings)
        self.day, self.breakers = gate.day, gate.breakers

    async def carry_out(self, proposal_id: int) -> str:
        """Make one approved call and book the outcome; returns its status. Safe to call again at any point."""
        run, book = self.database.run, partial(_book, day=self.day, proposal_id=proposal_id)
        taken = await run(lambda session: _take(session, self.day, proposal_id))
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
            return await run(partial(book, status="uncertain", error=str(error), answer=error.answer))
        except ToolError as error:
            return await run(partial(book, status="failed", error=f"{error} Nothing was done.", sent=False))
        if 200 <= answer.status < 300:
            return await run(partial(book, status="done", error=None, answer=answer))
        refused = f"The service refused it with status {answer.status}."
        return await run(partial(book, status="failed", error=refused, answer=answer))


def _take(session: Session, day: DayBudget, proposal_id: int) -> str | tuple[Definition, Call, str]:
    """Claim an approved call, in the transaction that says so; a word when there is nothing to do."""
    row = session.get(Proposal, proposal_id, with_for_update=True)
    if row is None or row.status not in ("approved", "sending"):
        return "nothing to do"
    if row.status == "sending":  # a former try was cut off between here and the booking
        cut = "The desk stopped while this call was being made; it may have been carried out."
        return _book(session, day, proposal_id, "uncertain", cut)
    try:
        tool = proposals.standing(session, row)
        changes = proposals.what_changed(session, row)
    except ConflictError as error:
        return _book(session, day, proposal_id, "failed", str(error), sent=False)
    if changes:
        return _book(session, day, proposal_id, "failed", "Not done, because " + "; ".join(changes) + ".", sent=False)
    if why := proposals.unbacked(session, row):
        proposals.wait_again(session, row, why)
        return row.status
    row.status, row.cost_usd = "sending", tool.price_usd
    session.add(row)
    call = Call(str(row.call["method"]), str(row.call["address"]), row.call["body"])  # type: ignore[arg-type]
    return tool, call, row.key


def _book(
    session: Session, day: DayBudget, proposal_id: int, status: str, error: str | None, answer: Answer | None = None, *, sent: bool = True
) -> str:  # fmt: skip
    """Keep how it ended and what it cost, on the ticket and in the audit log; managers are told of all but the good end."""
    row = session.get_one(Proposal, proposal_id, with_for_update=True)
    first = row.ended_at is None  # a second worker that found it under way has perhaps booked it: it costs once
    if answer is not None:
        row.answer_status, row.answer = answer.status, str(told(answer))[:_MOST_KEPT]
    ticket = session.get_one(Ticket, row.ticket_id)
    row.status, row.error, row.ended_at = status, error, now()
    session.add(row)
    if first and sent:
        _pay(session, day, row, ticket)
    elif first:
        row.cost_usd = 0.0
    audit.append(
        session, "call", actor="delivery", ticket_id=row.ticket_id, proposal=row.id, tool=row.tool, status=status, answer=row.answer_status,
        error=error, cost_usd=row.cost_usd,
    )  # fmt: skip
    if status != "done":
        text = f"{name_of(ticket)}: the call {row.tool} {'is uncertain' if status == 'uncertain' else 'failed'}. {error}"
        session.add(Notification(role=Role.MANAGER, ticket_id=ticket.id, kind=f"call {status}", text=text))
    return status


def _pay(session: Session, day: DayBudget, row: Proposal, ticket: Ticket) -> None:
    """Add what the call cost to the run that proposed it, and to what desk and customer have spent today."""
    if row.run_id and row.cost_usd:
        session.execute(update(Run).where(col(Run.id) == row.run_id).values(cost_usd=Run.cost_usd + row.cost_usd))
    day.write(session, of_call(row.tool, row.cost_usd, scope_of(ticket.identity, ticket.customer_id, ticket.requester_email)))
