"""The customer as agents may see them: read from the database for the ticket's own, verified customer."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlmodel import Session, col, select

from triage.briefs import CustomerCard, OrderCard
from triage.models import Customer, Order, Ticket


def customer_card(session: Session, customer_id: int, ticket_id: int) -> CustomerCard | None:
    """The card with the latest ten orders and five past tickets (this one left out); None when there is no such customer."""
    customer = session.get(Customer, customer_id)
    if customer is None:
        return None
    orders = session.exec(select(Order).where(Order.customer_id == customer_id).order_by(col(Order.placed_at).desc()).limit(10))
    return card(customer, orders, _past(session, customer, ticket_id))


def card(customer: Customer, orders: Iterable[Order], past: list[str]) -> CustomerCard:
    """A customer in the words of a card."""
    return CustomerCard(
        name=customer.name,
        tier=customer.tier,
        since=customer.since,
        language=customer.language,
        machine=_line(customer.profile.get("machine"), ("model", "firmware", "bought")),
        subscription=_line(customer.profile.get("subscription"), ("plan", "status", "next_dispatch")),
        orders=[order_card(order) for order in orders],
        past=past,
    )


def order_card(order: Order) -> OrderCard:
    """An order in the words of a card; days as ISO dates."""
    items = [f"{item.get('quantity', 1)} × {item.get('title') or item.get('sku', '')}" for item in order.items]
    return OrderCard(
        number=order.number,
        status=order.status,
        placed=_day(order.placed_at),
        delivered=_day(order.delivered_at),
        total=f"{order.total} {order.currency}",
        carrier=order.carrier,
        tracking=order.tracking,
        items=items,
    )


def _past(session: Session, customer: Customer, ticket_id: int) -> list[str]:
    mine = select(Ticket).where(Ticket.customer_id == customer.id, Ticket.id != ticket_id)
    here = [
        f"{ticket.created_at:%Y-%m-%d}: {ticket.subject} ({ticket.status})"
        for ticket in session.exec(mine.order_by(col(Ticket.id).desc()).limit(5))
    ]
    told = customer.profile.get("past_tickets")
    before = [
        f"{item.get('closed', '')}: {item.get('subject', '')}. {item.get('summary', '')}"
        for item in (told if isinstance(told, list) else [])
        if isinstance(item, Mapping)
    ]
    return [*here, *before][:5]


def _line(value: object, keys: tuple[str, ...]) -> str:
    """A profile entry in one line: `Lark Duo, firmware 4.3.0`."""
    if isinstance(value, Mapping):
        first, *rest = [(key, value[key]) for key in keys if value.get(key)] or [("", "")]
        return ", ".join([str(first[1]), *(f"{key.replace('_', ' ')} {entry}" for key, entry in rest)])
    return str(value or "")


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d}" if moment else ""
