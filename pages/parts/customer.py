"""Who writes: what the desk knows of the customer, their orders and their earlier tickets."""

from time import monotonic
from typing import Any

import streamlit as st
from markupsafe import Markup

from pages.parts import office, running_clocks, words
from pages.parts.markup import card, chip, join, mute, rows, show, tag
from triage.mentions import mentions, products
from triage.models import Customer, Order, Ticket
from triage.tickets.ticket_view import TicketView

_FRESH = 60.0  # seconds that the products are not asked for again


def customer(view: TicketView) -> None:
    """The Customer tab."""
    ticket, known = view.ticket, view.customer
    tone = "o" if ticket.identity == "verified" else "w"
    identity = chip(words.IDENTITY.get(ticket.identity, ticket.identity), tone)
    name = (known.name if known else ticket.requester_name) or ticket.requester_email or "Unknown sender"
    show(card(_facts(known, ticket), _unverified(ticket), title=join(name, " ", identity)))
    if promised := running_clocks.table(ticket):
        show(card(promised, title="Promised"))
    if known and known.note:
        show(card(tag("div", known.note, cls="td-text"), title="Note", tone="note"))
    said = "\n".join([ticket.subject, *(each.message.body for each in view.letters if each.message.direction == "in")])
    if named := mentions(said, _products()):
        show(card(rows([(kind, ", ".join(found)) for kind, found in named.items()]), title="Named in the messages"))
    if view.orders:
        show(card(*[_order(order) for order in view.orders], title="Orders"))
    if view.past:
        show(card(*[_past(other) for other in view.past], title="Earlier tickets"))
    elif not view.orders:
        show(card(mute("No earlier tickets and no orders under this address."), tone="quiet"))


def _products() -> list[str]:
    """All published articles are read for them, and they change seldom."""
    at, known = st.session_state.get("td_products", (-_FRESH, []))
    if monotonic() - at > _FRESH:
        known = office.read(products)
        st.session_state["td_products"] = (monotonic(), known)
    return list(known)


def _facts(known: Customer | None, ticket: Ticket) -> Markup:
    if known is None:
        return rows([("Address", ticket.requester_email), ("Language", words.LANGUAGE.get(ticket.language, ticket.language))])
    return rows(
        [
            ("Address", known.email),
            ("Number", known.external_id),
            ("Tier", known.tier),
            ("Since", known.since),
            ("Language", words.LANGUAGE.get(known.language, known.language)),
            ("Country", known.country),
            *[(words.label(name), _value(value)) for name, value in known.profile.items()],
        ]
    )


def _value(value: Any) -> str | Markup:
    if isinstance(value, list) and any(isinstance(part, dict) for part in value):
        return join(*[tag("div", _text(part)) for part in value])
    return _text(value)


def _text(value: Any) -> str:
    if isinstance(value, dict):
        named = [(str(name), str(part)) for name, part in value.items() if part]
        return ", ".join(
            part if number == 0 else f"{words.label(name).lower()} {part}" for number, (name, part) in enumerate(named)
        )
    if isinstance(value, list):
        return ", ".join(str(part) for part in value)
    return "" if value is None else str(value)


def _unverified(ticket: Ticket) -> Markup | None:
    if ticket.identity == "verified":
        return None
    return tag("p", mute("Nothing proves that the sender is this customer: the agents used public knowledge only."))


def _order(order: Order) -> Markup:
    items = ", ".join(str(item.get("title") or item.get("sku") or "") for item in order.items)
    parcel = " ".join(part for part in (order.carrier, order.tracking) if part)
    said = " · ".join(part for part in (f"{order.total} {order.currency}", f"{order.placed_at:%-d %b %Y}", parcel) if part)
    return tag(
        "div", tag("b", order.number), " ", chip(order.status.replace("_", " ")), tag("div", items), mute(said), cls="td-event"
    )


def _past(ticket: Ticket) -> Markup:
    link = tag("a", ticket.subject or "(no subject)", href=f"?ticket={ticket.id}", target="_self", cls="td-link")
    return tag(
        "div",
        link,
        " ",
        chip(words.STATUS[ticket.status]),
        tag("div", mute(f"#{ticket.id} · ", words.ago(ticket.created_at))),
        cls="td-event",
    )
