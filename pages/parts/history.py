"""Everything that happened to the ticket, in sentences, newest first."""

from typing import Any

from markupsafe import Markup

from pages.parts import edits, history_words, words
from pages.parts.markup import card, mute, show, tag
from triage.models import AuditEvent, Status, User
from triage.tickets.ticket_view import TicketView

_ACTORS = {
    "agents": "The agents",
    "system": "The desk",
    "clock": "The clock",
    "delivery": "Delivery",
    "intake": "Intake",
    "customer": "The customer",
}
_DECIDED = {
    "approve": "approved draft {version}",
    "reject": "rejected draft {version}",
    "request_changes": "sent draft {version} back",
    "escalate": "escalated draft {version}",
    "resolve": "closed the ticket",
}


def history(view: TicketView, user: User) -> None:
    """The History tab: what became of edits, then what happened."""
    if view.decided and view.decided.decision.edit_class:
        edits.of_ticket(user, view.ticket.id or 0)
    if not view.events:
        show(card(mute("Nothing is recorded yet."), tone="quiet"))
        return
    show(card(*[_event(event, view.people) for event in view.events], title="History"))


def _event(event: AuditEvent, people: dict[int, str]) -> Markup:
    return tag("div", say(event, people), tag("time", words.ago(event.at)), cls="td-event")


def say(event: AuditEvent, people: dict[int, str]) -> str:
    """One event in a sentence."""
    data: dict[str, Any] = event.data
    return f"{_actor(event.actor, people)} {_did(event.kind, data, people)}".strip() + _because(data)


def _actor(actor: str, people: dict[int, str]) -> str:
    kind, _, number = actor.partition(":")
    if kind == "user" and number.isdecimal():
        return people.get(int(number), "Somebody")
    return "The API" if kind == "api" else _ACTORS.get(kind, kind.capitalize())


def _did(kind: str, data: dict[str, Any], people: dict[int, str]) -> str:
    if kind == "status":
        to = str(data.get("to"))
        return f"moved it to “{words.STATUS[Status(to)] if to in set(Status) else to}”"
    if kind == "decision":
        said = _DECIDED.get(str(data.get("decision")), "decided draft {version}").format(version=data.get("version"))
        return said + (" after editing it" if data.get("edited") else "")
    if kind == "assigned":
        whom = data.get("to")
        return f"gave it to {people.get(whom, 'somebody')}" if isinstance(whom, int) else "took it from everybody"
    if kind in ("team", "routed"):
        return (
            f"{'routed it' if kind == 'routed' else 'gave it'} to the group {data.get('to')}"
            if data.get("to")
            else "took it from its group"
        )
    if kind == "source_rated":
        return f"called the source {data.get('passage')} {'helpful' if data.get('helpful') else 'wrong'}"
    if kind == "sign_off":
        return f"{'agreed to' if data.get('granted') else 'refused'} {words.label(str(data.get('action'))).lower()}"
    if told := history_words.said(kind, data):
        return told
    plain = {
        "edit_taken": "made something of an edit",
        "edit_put_back": "asked again about an edit",
        "case.made": "made an evaluation case",
        "recategorised": "filed it under another category",
        "opened": "opened it",
        "snoozed": "put it off",
        "woken": "woke it",
        "note": "left a note",
        "closed": "closed it",
        "prepared": "prepared a reply for a manager",
        "handed_in": "handed in a reply",
        "returned": "sent the reply back to its author",
        "handed_to_manager": "handed it to the managers",
        "settled": "settled an uncertain sending",
    }
    return plain.get(kind, kind.replace("_", " "))


def _because(data: dict[str, Any]) -> str:
    why = str(data.get("comment") or "") or words.reason(str(data.get("reason") or ""))
    return f": {why}" if why else ""
