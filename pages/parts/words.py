"""Plain words for what the tables hold: states, reasons, ages and times in the reader's own zone."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import streamlit as st
from markupsafe import Markup

from pages.parts.markup import tag
from triage.models import Draft, Status, Ticket, now

STATUS = {
    Status.RECEIVED: "just arrived",
    Status.SCREENED: "screened",
    Status.TRIAGING: "agents at work",
    Status.AWAITING_APPROVAL: "waits for a decision",
    Status.APPROVED: "sending",
    Status.DELIVERING: "sending",
    Status.DELIVERED: "answered",
    Status.RESOLVED: "resolved",
    Status.QUARANTINED: "in quarantine",
    Status.NEEDS_INFO: "needs information",
    Status.ESCALATED: "escalated",
    Status.REJECTED: "draft rejected",
    Status.FAILED: "failed",
    Status.REOPENED: "reopened",
    Status.EXERCISE: "exercise",
}

_LEVELS = "▁▂▃▄▅▆▇█"

REASON = {
    "customer_request": "the customer asked for a person",
    "missing_knowledge": "nothing in the knowledge base answers it",
    "unsupported_request": "we do not offer what is asked",
    "policy_restriction": "policy asks for a person",
    "guardrail_block": "a guard stopped it",
    "low_confidence": "the agents are unsure",
    "tool_failure": "a tool or model failed",
    "budget_exceeded": "the budget is used up",
    "pending_clarification": "we wait for the customer's answer",
    "spam": "it looks like spam",
    "auto_reply": "it is an automatic reply",
    "flood": "its sender writes more than is taken in without asking",
    "bounce": "it is a delivery report",
    "loop": "mail goes round in a loop",
    "malformed": "the message cannot be read",
    "oversized": "the message is too large",
    "wrong_recipient": "it was not sent to us",
    "injection": "it tries to give the agents orders",
    "dismissed": "dismissed from quarantine",
    "returned": "it came back to its author",
    "closed": "closed without a reply",
    "assumed": "the customer did not write again",
    "verified": "the customer confirmed",
}

CHANNEL = {"email": "e-mail", "api": "API", "form": "form", "chat": "chat", "phone": "phone", "file": "file"}
IDENTITY = {"verified": "identity verified", "unverified": "sender not verified", "unknown": "unknown sender"}
LANGUAGE = {
    "en": "English",
    "de": "German",
    "fr": "French",
    "es": "Spanish",
    "nl": "Dutch",
    "it": "Italian",
    "pt": "Portuguese",
    "und": "",
}


def reason(code: str | None) -> str:
    """A reason in words; unknown codes stay readable."""
    return REASON.get(code or "", (code or "").replace("_", " "))


def label(name: str) -> str:
    """issue_refund -> Issue refund."""
    return name.replace("_", " ").strip().capitalize()


def zone() -> ZoneInfo:
    """The reader's time zone; UTC when the browser does not say."""
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


def clock(moment: datetime) -> str:
    """20 Nov 2026, 14:05 in the reader's zone."""
    return f"{moment.astimezone(zone()):%-d %b %Y, %H:%M}"


def age(moment: datetime) -> str:
    """How long ago, in the largest fitting unit."""
    return span((now() - moment).total_seconds())


def span(seconds: float) -> str:
    """A duration in words: 40 s, 12 min, 3 h, 2 days."""
    seconds = max(0.0, seconds)
    if seconds < 60:
        return "just now" if seconds < 20 else f"{seconds:.0f} s"
    if seconds < 3600:
        return f"{seconds // 60:.0f} min"
    if seconds < 36 * 3600:
        return f"{seconds // 3600:.0f} h"
    days = round(seconds / 86400)
    return f"{days} days" if days < 60 else f"{days // 30} months"


def standing(ticket: Ticket, draft: Draft | None) -> str:
    """Where a ticket stands; one whose draft was rejected waits again as soon as somebody has written another."""
    again = ticket.status == Status.REJECTED and draft is not None and draft.status == "waiting"
    return STATUS[Status.AWAITING_APPROVAL if again else ticket.status]


def due(moment: datetime | None) -> tuple[str, str]:
    """(text, tone) of a promised time: "due 0:38" in warning colours within the hour, "due Tue" from a day on, "overdue" after it."""
    if moment is None:
        return "", ""
    left = (moment - now()).total_seconds()
    if left < 0:
        return "overdue", "b"
    if left < 24 * 3600:
        return f"due {int(left // 3600)}:{int(left % 3600 // 60):02}", "w" if left < 3600 else ""
    day = moment.astimezone(zone())
    return f"due {day:%a}" if left < 6 * 86400 else f"due {day.day} {day:%b}", ""


def ago(moment: datetime | None) -> Markup | None:
    """A relative time with the absolute one on hover."""
    if moment is None:
        return None
    text = age(moment)
    return tag(
        "time", text if text == "just now" else f"{text} ago", datetime=moment.astimezone(UTC).isoformat(), title=clock(moment)
    )


def plural(count: int, one: str, many: str = "") -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def band(facts: int, unsupported: int, confidence: float) -> tuple[str, str]:
    """How far a draft can be trusted, in words and a tone; never a percentage."""
    if unsupported:
        return f"{unsupported} unsupported", "w"
    if confidence < 0.5:
        return "unsure", "w"
    return ("well supported", "o") if facts else ("", "")


def bars(days: Sequence[float]) -> str:
    """Two days a bar: a sparkline of characters, which needs no picture and reads in every theme."""
    pairs = [sum(days[at : at + 2]) for at in range(0, len(days), 2)]
    most = max(pairs, default=0.0)
    return "".join(_LEVELS[math.ceil(count * (len(_LEVELS) - 1) / most)] for count in pairs) if most else ""
