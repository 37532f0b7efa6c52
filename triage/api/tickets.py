"""Tickets by API: sent in, looked up, added to."""

import asyncio
from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from triage.api.problems import FieldProblem, Problem, ProblemBody, invalid
from triage.api.requests import Wish, read_json
from triage.api.schemas import FurtherMessage, Taken, TicketPage, TicketState
from triage.database import Database
from triage.intake import Incoming, Receipt, TicketPayload, receive
from triage.intake.clean import storable
from triage.learning.metrics.real import REAL_TICKET
from triage.models import ApiKey, Draft, IdempotencyRecord, Status, Ticket
from triage.settings import Settings
from triage.tickets import fields, tags

Enqueue = Callable[[Session, Ticket], None]
_ERRORS: dict[int | str, dict[str, object]] = {
    status: {"model": ProblemBody} for status in (400, 401, 404, 409, 413, 415, 422, 429, 503)
}


def _only(*statuses: int) -> dict[int | str, dict[str, object]]:
    return {status: _ERRORS[status] for status in statuses}


class Desk:
    """What the routes need: the database, the settings, and the way to the agents."""

    def __init__(self, settings: Settings, database: Database, enqueue: Callable[[], Enqueue | None]) -> None:
        self.settings, self.database, self._enqueue = settings, database, enqueue

    def take_in(self, key: ApiKey, wish: Wish | None, make: Callable[[Session], Incoming]) -> tuple[Taken, bool]:
        """Take a message in, once; returns where it went and whether that had happened before."""
        enqueue = self._enqueue()
        if not enqueue:
            raise Problem(
                503, "The desk is starting or stopping.", "Send it again in a few seconds.", headers={"Retry-After": "5"}
            )
        try:
            return self.database.run_now(lambda session: self._once(session, key, wish, make, enqueue))
        except IntegrityError:  # the same request came twice at the same moment; the other one is done now
            return self.database.run_now(lambda session: self._once(session, key, wish, make, enqueue))

    def _once(
        self, session: Session, key: ApiKey, wish: Wish | None, make: Callable[[Session], Incoming], enqueue: Enqueue
    ) -> tuple[Taken, bool]:
        done = session.get(IdempotencyRecord, (key.id, wish.key)) if wish else None
        if done and wish:
            return _repeat(session, done, wish), True
        incoming = make(session)
        if incoming.source_id:
            incoming = incoming.model_copy(update={"source_id": own_id(key, incoming.source_id)})
        receipt = receive(session, incoming, self.settings, enqueue=enqueue)
        if wish:
            record = IdempotencyRecord(
                api_key_id=key.id or 0,
                key=wish.key,
                request_hash=wish.request_hash,
                ticket_id=receipt.ticket_id,
                outcome=str(receipt.outcome),
            )
            session.add(record)
            session.flush()
        return Taken.of(receipt), receipt.again


def router(desk: Desk, caller: Callable[..., object]) -> APIRouter:
    """The routes, each for callers with a live key."""
    routes = APIRouter(tags=["tickets"])
    who = Depends(caller)

    @routes.post(
        "/tickets",
        status_code=201,
        response_model=Taken,
        responses=_only(400, 401, 409, 413, 415, 422, 429, 503),
        openapi_extra=_body(TicketPayload),
        summary="Send a customer's message in",
    )
    async def send_in(request: Request, response: Response, key: Annotated[ApiKey, who]) -> Taken:
        """Becomes a new ticket, or a further message of a known matter. With an `Idempotency-Key` header the same
        request can be sent again and is done once; the repeated answer says `Idempotency-Replayed: true`."""
        payload, wish = await read_json(request, TicketPayload, desk.settings.message_limit)
        _says_something(payload)
        taken, again = await asyncio.to_thread(desk.take_in, key, wish, lambda _session: payload.incoming(desk.settings))
        return _told(response, taken, again)

    @routes.post(
        "/tickets/{ticket_id}/messages",
        status_code=201,
        response_model=Taken,
        openapi_extra=_body(FurtherMessage),
        responses=_only(400, 401, 404, 409, 413, 415, 422, 429, 503),
        summary="Add a customer's message to a ticket",
    )
    async def add_message(ticket_id: int, request: Request, response: Response, key: Annotated[ApiKey, who]) -> Taken:
        """A further message of the ticket's own customer; agents read it with what came before."""
        message, wish = await read_json(request, FurtherMessage, desk.settings.message_limit)
        if not str(storable(message.body)).strip():
            raise invalid([FieldProblem(field="body.body", problem="Write what the customer said.")])
        taken, again = await asyncio.to_thread(
            desk.take_in, key, wish, lambda session: _further(session, ticket_id, message, desk.settings)
        )
        return _told(response, taken, again)

    @routes.get(
        "/tickets/{ticket_id}",
        response_model=TicketState,
        responses=_only(401, 404, 422, 429),
        summary="Where a ticket stands",
    )
    async def look_up(ticket_id: int, key: Annotated[ApiKey, who]) -> TicketState:
        return await asyncio.to_thread(_state, desk.database, key, ticket_id)

    @routes.get(
        "/tickets",
        response_model=TicketPage,
        responses=_only(401, 422, 429),
        summary="List tickets",
    )
    async def listing(
        key: Annotated[ApiKey, who],
        status: Annotated[list[Status], Query(description="Only these statuses; may be given several times.")] = [],  # noqa: B006
        before: Annotated[int | None, Query(ge=1, description="Only tickets with a smaller id.")] = None,
        limit: Annotated[int, Query(ge=1, le=200, description="How many at most.")] = 50,
    ) -> TicketPage:
        """The newest first; follow `next` to read on."""
        return await asyncio.to_thread(_page, desk.database, key, status, before, limit)

    return routes


def own_id(key: ApiKey, given: str) -> str:
    """The id under which a caller's own id is kept: two callers may both begin to count at 1."""
    return f"api-{key.prefix}/{given}"


def _body(model: type[TicketPayload] | type[FurtherMessage]) -> dict[str, object]:
    """The request body for the description; it is read by hand, to limit its size first."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    parts = schema.pop("$defs", {})
    if model is TicketPayload:
        schema["properties"] = _as_sent(schema["properties"], parts)
        schema["required"] = ["body"]
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def _as_sent(fields: dict[str, Any], parts: dict[str, Any]) -> dict[str, Any]:
    """The fields as callers write them: one `from` instead of its two halves, attachments spelled out."""
    sender = {"type": "string", "description": "Who wrote it: an address, or Name <address>."}
    kept = {name: field for name, field in fields.items() if name not in ("sender_email", "sender_name")}
    if "attachments" in kept:
        kept["attachments"] = {
            "type": "array",
            "items": parts["FilePayload"],
            "description": "Files: filename, content_type, data in base64.",
        }
    return {"from": sender, **kept}


def _says_something(payload: TicketPayload) -> None:
    """A file of old tickets may hold empty ones; a caller that sends nothing has made a mistake."""
    if not (payload.subject.strip() or payload.body.strip() or payload.html.strip() or payload.attachments):
        raise invalid([FieldProblem(field="body", problem="Give a subject, a body or an attachment.")])


def _told(response: Response, taken: Taken, again: bool) -> Taken:
    response.headers["Location"] = taken.url
    if again:
        response.status_code = 200
        response.headers["Idempotency-Replayed"] = "true"
    return taken


def _repeat(session: Session, done: IdempotencyRecord, wish: Wish) -> Taken:
    if done.request_hash != wish.request_hash:
        raise Problem(
            409,
            "This Idempotency-Key was used with another request.",
            "Use a new key for a new request; send a repeated one unchanged.",
        )
    ticket = session.get_one(Ticket, done.ticket_id)
    receipt = Receipt.model_validate(
        {"ticket_id": done.ticket_id, "outcome": done.outcome, "status": str(ticket.status), "duplicate_of": ticket.duplicate_of}
    )
    return Taken.of(receipt)


def _further(session: Session, ticket_id: int, message: FurtherMessage, settings: Settings) -> Incoming:
    """The message as one of the ticket's own requester, whatever its subject says."""
    ticket = _ticket(session, ticket_id)
    payload = TicketPayload(
        id=message.id, subject=message.subject or ticket.subject[:500], body=message.body, in_reply_to=f"#{ticket_id}"
    )
    ours = {
        "ticket_id": ticket_id,
        "in_reply_to": None,
        "sender_name": ticket.requester_name,
        "sender_email": ticket.requester_email,
    }
    return payload.incoming(settings).model_copy(update=ours)


def _ticket(session: Session, ticket_id: int) -> Ticket:
    ticket = session.get(Ticket, ticket_id) if ticket_id < 2**31 else None
    if not ticket or ticket.training:
        raise Problem(
            404, f"There is no ticket {ticket_id}.", "Use the ticket_id that the desk answered when the ticket was sent in."
        )
    return ticket


def _state(database: Database, key: ApiKey, ticket_id: int) -> TicketState:
    with database.read() as session:
        ticket = _ticket(session, ticket_id)
        draft = session.get(Draft, ticket.draft_id) if ticket.draft_id else None
        return TicketState.of(ticket, draft, own_id(key, ""), tags.of(session, ticket_id), fields.values(session, ticket_id))


def _page(database: Database, key: ApiKey, statuses: list[Status], before: int | None, limit: int) -> TicketPage:
    query = select(Ticket).where(REAL_TICKET).order_by(col(Ticket.id).desc()).limit(limit + 1)
    if statuses:
        query = query.where(col(Ticket.status).in_([status.value for status in statuses]))
    if before:
        query = query.where(col(Ticket.id) < min(before, 2**31 - 1))
    with database.read() as session:
        tickets = session.exec(query).all()
        shown = tickets[:limit]
        wanted = [ticket.draft_id for ticket in shown if ticket.draft_id]
        drafts = {draft.id: draft for draft in session.exec(select(Draft).where(col(Draft.id).in_(wanted)))} if wanted else {}
        ids = [ticket.id or 0 for ticket in shown]
        tagged, filled = tags.of_many(session, ids), fields.values_of_many(session, ids)
    following = None
    if len(tickets) > limit:
        rest = [("status", status.value) for status in statuses] + [("before", str(shown[-1].id)), ("limit", str(limit))]
        following = f"/api/v1/tickets?{urlencode(rest)}"
    return TicketPage(
        tickets=[
            TicketState.of(
                ticket,
                drafts.get(ticket.draft_id),
                own_id(key, ""),
                tagged.get(ticket.id or 0, []),
                filled.get(ticket.id or 0, {}),
            )
            for ticket in shown
        ],
        next=following,
    )
