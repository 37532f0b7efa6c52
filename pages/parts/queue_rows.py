"""A line of the queue in words: whose it is, when it is due, and what stands in its way."""

from typing import Any

from pages.parts import running_clocks, words
from triage.models import Status
from triage.tickets.queue_lines import QueueRow


def row(ticket: QueueRow, busy: bool = False) -> dict[str, Any]:
    due, tone = running_clocks.short(ticket.due, ticket.due_kind, ticket.paused)
    if busy or ticket.status in (Status.RECEIVED, Status.SCREENED, Status.TRIAGING, Status.REOPENED):
        due, tone = words.STATUS[ticket.status], ""
    elif ticket.snoozed_until:
        due, tone = f"until {words.clock(ticket.snoozed_until)}", ""
    elif ticket.status in (Status.APPROVED, Status.DELIVERING, Status.DELIVERED, Status.RESOLVED):
        due, tone = words.STATUS[ticket.status], ""
    who = f"{ticket.requester or 'Unknown sender'} · {words.age(ticket.created_at)}"
    if other := ticket.writing or ticket.looking:
        who = f"{other} is writing a reply" if ticket.writing else f"{other} is looking"
    return {
        "id": ticket.id,
        "title": ticket.subject or "(no subject)",
        "who": who,
        "looking": bool(other),
        "whoTitle": f"#{ticket.id}, received {words.clock(ticket.created_at)}",
        "due": due,
        "tone": tone,
        "dueTitle": running_clocks.hint(ticket.due, ticket.due_kind, ticket.paused),
        "busy": busy,
        "chips": [] if busy else chips_of(ticket),
    }


def chips_of(row: QueueRow) -> list[tuple[str, str]]:
    """A row's labels in the order people look for them, five at most: the matter, then what stands in the way."""
    return [*_matter(row), *_hurdles(row)][:5]


def _matter(row: QueueRow) -> list[tuple[str, str]]:
    found = [(row.category, "")] if row.category else []
    if row.priority in ("high", "urgent"):
        found.append((row.priority, "w"))
    if row.sentiment == "negative":
        found.append(("upset", "w"))
    if row.language not in ("", "en", "und"):
        found.append((row.language, ""))
    return found


def _hurdles(row: QueueRow) -> list[tuple[str, str]]:
    if row.status == Status.QUARANTINED:
        return [((row.reason or "quarantine").replace("_", " "), "w")]
    found = [("action blocked", "b")] if row.blocked else []
    if row.incident:
        found.append(("incident", "a"))
    if row.status == Status.REJECTED and row.reason == "returned":
        return [*found, ("came back", "a")]
    decidable = row.status == Status.REJECTED and row.draft_waits  # somebody's own reply, after the agents' was rejected
    if row.status in (Status.FAILED, Status.REJECTED) and not decidable:
        return [*found, ("failed" if row.status == Status.FAILED else "draft rejected", "b")]
    if row.status == Status.ESCALATED:
        found.append(("escalated", "b"))
    elif row.approver == "manager" and (decidable or row.status in (Status.AWAITING_APPROVAL, Status.NEEDS_INFO)):
        found.append(("manager", "b"))
    if row.status == Status.NEEDS_INFO:
        found.append(("asks back", "a"))
    elif (row.status == Status.AWAITING_APPROVAL or decidable) and (
        band := words.band(row.facts, row.unsupported, row.confidence)
    )[0]:
        found.append(band)
    return found
