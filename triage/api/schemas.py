"""What the API answers."""

from datetime import datetime

from pydantic import BaseModel, Field

from triage.intake import Receipt
from triage.models import Draft, Ticket


class Taken(BaseModel):
    """Where a message went."""

    ticket_id: int = Field(description="The ticket it became or belongs to.")
    outcome: str = Field(description="created, appended (a further message of a known matter), duplicate or quarantined.")
    status: str = Field(description="The ticket's status now.")
    duplicate_of: int | None = Field(description="The ticket this one repeats.")
    url: str = Field(description="Where to ask for the ticket.")

    @classmethod
    def of(cls, receipt: Receipt) -> "Taken":
        return cls(
            ticket_id=receipt.ticket_id,
            outcome=str(receipt.outcome),
            status=receipt.status,
            duplicate_of=receipt.duplicate_of,
            url=ticket_url(receipt.ticket_id),
        )


class DraftState(BaseModel):
    """Where the newest draft of a reply stands; its text stays inside the desk."""

    version: int
    kind: str = Field(description="reply, clarify (a question to the customer) or holding.")
    status: str = Field(description="waiting for a person, or what was decided.")
    approver: str = Field(description="Who may decide: staff or manager.")
    created_at: datetime


class TicketState(BaseModel):
    """Where a ticket stands."""

    id: int
    source_id: str | None = Field(description="The id that you gave when you sent it in; null for tickets that came another way.")
    status: str
    reason: str | None = Field(description="Why it left the straight line (escalated, quarantined, …).")
    channel: str
    subject: str
    category: str
    priority: str
    sentiment: str
    language: str
    confidence: float = Field(description="0 to 1: how sure the agents were.")
    approver: str = Field(description="Who may decide: staff or manager.")
    duplicate_of: int | None
    merged_into: int | None = Field(description="The ticket that this one went into; its messages are there.")
    tags: list[str] = Field(description="What people put on it.")
    fields: dict[str, str] = Field(description="The desk's own fields that are filled in, by their keys.")
    first_reply_due: datetime | None
    created_at: datetime
    updated_at: datetime
    draft: DraftState | None
    url: str

    @classmethod
    def of(cls, ticket: Ticket, draft: Draft | None, mark: str, tags: list[str], fields: dict[str, str]) -> "TicketState":
        """`mark` stands before the caller's own ids where they are kept."""
        plain = {name: getattr(ticket, name) for name in cls.model_fields if name not in ("draft", "url", "tags", "fields")}
        kept = ticket.source_id or ""
        plain["source_id"] = kept.removeprefix(mark) if kept.startswith(mark) else None
        state = DraftState.model_validate(draft, from_attributes=True) if draft else None
        return cls.model_validate({**plain, "draft": state, "tags": tags, "fields": fields, "url": ticket_url(ticket.id or 0)})


class TicketPage(BaseModel):
    """Tickets, the newest first."""

    tickets: list[TicketState]
    next: str | None = Field(description="Where the page after this one is; null at the end.")


class FurtherMessage(BaseModel, extra="forbid"):
    """A further message of the ticket's own customer."""

    body: str = Field(min_length=1, max_length=1_000_000, description="What the customer wrote.")
    subject: str = Field(default="", max_length=998, description="Its subject, when it has one.")
    id: str | None = Field(
        default=None, max_length=200, description="The message's id in your system; the same id twice is one message."
    )


def ticket_url(ticket_id: int) -> str:
    """The address of a ticket in this API."""
    return f"/api/v1/tickets/{ticket_id}"
