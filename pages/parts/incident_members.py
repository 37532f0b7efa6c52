"""The members of an incident: who would get what, who is left out and why, who got it."""

from collections.abc import Sequence

from markupsafe import Markup

from pages.parts import office, state, words
from pages.parts.markup import card, chip, join, mute, show, tag
from pages.parts.screen import ticket_link
from triage.incidents import sending
from triage.incidents.members import Instance
from triage.incidents.sending import Preview
from triage.incidents.view import IncidentView
from triage.models import MasterDraft, Ticket, User


def preview(view: IncidentView, master: MasterDraft, user: User) -> Preview:
    """What would be sent, computed again when the incident, the text or the person is another one."""
    pulse = (state.get("incident_pulse"), master.id, user.id, user.role, [(s.number, s.sent, s.held) for s in view.rounds])
    kept = state.get("incident_preview")
    if kept is None or kept[0] != pulse:
        kept = (pulse, sending.preview(office.desk(), user, master))
        state.put("incident_preview", kept)
    found: Preview = kept[1]
    return found


def members(view: IncidentView, user: User) -> None:
    """The list below the text."""
    master = view.master
    if master is None or master.status != "waiting" or view.incident.state != "open":
        show(_group(f"{words.plural(len(view.members), 'ticket')} in it", [_plain(ticket) for ticket in view.members]))
        return
    seen = preview(view, master, user)
    show(
        _group(f"Gets it: {words.plural(len(seen.ready), 'customer')}", [_ready(one) for one in seen.ready]),
        _group(f"Left out: {words.plural(len(seen.exceptions), 'exception')}", [_exception(one) for one in seen.exceptions], note="They stay ordinary tickets."),
        _group(f"Got it: {words.plural(len(seen.sent), 'customer')}", [_sent(one) for one in seen.sent]),
    )  # fmt: skip


def _group(title: str, lines: Sequence[Markup], *, note: str = "") -> Markup | None:
    if not lines:
        return None
    return card(mute(note) if note else None, *lines, title=title, style="margin-bottom:10px")


def _who(ticket: Ticket) -> Markup:
    name = ticket.requester_name or ticket.requester_email or "Unknown sender"
    return join(tag("b", name), " ", ticket_link(ticket.id or 0), " ", mute(ticket.subject or "(no subject)"))


def _plain(ticket: Ticket) -> Markup:
    return tag("div", _who(ticket), " ", chip(words.STATUS[ticket.status]), cls="td-event")


def _ready(one: Instance) -> Markup:
    marks = [chip("manager", "b")] if one.manager else []
    mail = tag("details", tag("summary", "The mail"), tag("div", one.draft.body, cls="td-text"), cls="td-fold")
    return tag("div", _who(one.ticket), " ", *marks, mail, cls="td-event")


def _exception(one: Instance) -> Markup:
    return tag("div", _who(one.ticket), tag("ul", *[tag("li", reason) for reason in one.reasons], cls="td-list"), cls="td-event")


def _sent(one: Instance) -> Markup:
    mail = tag("details", tag("summary", "The mail"), tag("div", one.draft.body, cls="td-text"), cls="td-fold")
    return tag("div", _who(one.ticket), " ", chip(one.reasons[0], "o"), mail, cls="td-event")
