"""The gaps of a saved reply, such as {{customer.first_name}}, and what fills them for one ticket.

What only the customer may know (orders, the record's own name) fills a gap only when the sender's identity is verified.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sqlmodel import Session, col, select

from triage import workspace
from triage.models import Category, Customer, CustomField, FieldValue, Message, Order, Ticket, User
from triage.settings import Settings

_GAP = re.compile(r"\{\{\s*([a-z]+\.[a-z0-9_]+)\s*\}\}")
_CALL = re.compile(r"(?<![\w:])::[a-z0-9][a-z0-9_-]{0,29}(?![\w:])")
_OPEN = re.compile(r"\{\{\s*(?:customer|order|ticket|agent|desk|field)\.[^{}\n]{1,200}\}\}")

VARIABLES = {
    "customer.first_name": "the customer's first name",
    "customer.name": "the customer's full name",
    "customer.email": "the address the ticket is answered at",
    "order.number": "the order the customer names, else the newest one",
    "order.status": "where that order stands",
    "order.total": "what that order cost, with its currency",
    "order.carrier": "who carries the parcel",
    "order.tracking": "the parcel's tracking number",
    "ticket.id": "the ticket's number",
    "ticket.subject": "the ticket's subject",
    "ticket.category": "the category's title",
    "agent.name": "your full name",
    "agent.first_name": "your first name",
    "desk.company": "the company's name",
    "desk.signature": "the signature that ends every reply",
}
"""What a gap may be called, beside field.KEY for a field that administrators defined; and what fills it."""


@dataclass(frozen=True)
class Filled:
    """The text with its gaps filled; `missing` says for each name that could not be filled why not."""

    text: str
    missing: Mapping[str, str] = field(default_factory=dict)


def names(body: str) -> list[str]:
    """The gaps of a text, each once, in their order."""
    return list(dict.fromkeys(_GAP.findall(body)))


def unfinished(text: str) -> list[str]:
    """Calls of saved replies that were typed and not chosen, such as "::refund-late", each once."""
    return list(dict.fromkeys(_CALL.findall(text)))


def gaps(text: str) -> list[str]:
    """What of a text still waits to be filled, as written; a reply that holds such a thing may not leave."""
    return list(dict.fromkeys(_OPEN.findall(text)))


def fill(session: Session, settings: Settings, user: User, ticket: Ticket, body: str) -> Filled:
    """Fill the gaps for a ticket as `user`; one that cannot be filled stays and says why."""
    wanted = names(body)
    if not wanted:
        return Filled(body)
    source = _Source(session, settings, user, ticket)
    values = {name: source.value(name) for name in wanted}
    missing = {name: value.why for name, value in values.items() if isinstance(value, _Unknown)}

    def put(match: re.Match[str]) -> str:
        value = values[match[1]]
        return f"{{{{{match[1]}: {value.why}}}}}" if isinstance(value, _Unknown) else value

    return Filled(_GAP.sub(put, body), missing)


@dataclass(frozen=True)
class _Unknown:
    why: str


class _Source:
    """Looks values up only when a gap asks for them."""

    def __init__(self, session: Session, settings: Settings, user: User, ticket: Ticket) -> None:
        self.session, self.settings, self.user, self.ticket = session, settings, user, ticket
        self.verified = ticket.identity == "verified"
        self._order: Order | _Unknown | None = None

    def value(self, name: str) -> str | _Unknown:
        kind, _, rest = name.partition(".")
        known: dict[str, Callable[[str], str | _Unknown]] = {
            "customer": self._customer, "order": self._of_order, "ticket": self._of_ticket, "agent": self._agent,
            "desk": self._desk, "field": self._field,
        }  # fmt: skip
        found = known[kind](rest) if kind in known else _Unknown("there is no such variable")
        return found or _Unknown("not known")

    def _customer(self, what: str) -> str | _Unknown:
        ticket = self.ticket
        record = self.session.get(Customer, ticket.customer_id) if self.verified and ticket.customer_id else None
        name = (record.name if record else "") or ticket.requester_name
        if what == "email":
            return ticket.requester_email or _Unknown("no address is known")
        if what in ("name", "first_name"):
            return (_first(name) if what == "first_name" else name) or _Unknown("no name is known")
        return _Unknown("there is no such variable")

    def _of_order(self, what: str) -> str | _Unknown:
        self._order = self._order or self._find_order()
        if isinstance(self._order, _Unknown):
            return self._order
        order = self._order
        values = {
            "number": order.number, "status": order.status.replace("_", " "), "total": f"{order.total} {order.currency}",
            "carrier": order.carrier, "tracking": order.tracking,
        }  # fmt: skip
        return values.get(what, _Unknown("there is no such variable")) or _Unknown("the order has none")

    def _find_order(self) -> Order | _Unknown:
        if not self.verified or not self.ticket.customer_id:
            return _Unknown("the sender's identity is not verified")
        orders = self.session.exec(
            select(Order).where(Order.customer_id == self.ticket.customer_id).order_by(col(Order.placed_at).desc()).limit(20)
        ).all()
        said = self.session.exec(select(Message.body).where(Message.ticket_id == self.ticket.id, Message.direction == "in"))
        words = "\n".join([self.ticket.subject, *said]).upper()
        named = [order for order in orders if order.number.upper() in words]
        return next(iter(named or orders), _Unknown("this customer has no order"))

    def _of_ticket(self, what: str) -> str | _Unknown:
        if what == "category":
            category = self.session.get(Category, self.ticket.category) if self.ticket.category else None
            return category.title if category else _Unknown("it is filed under no category")
        return {"id": str(self.ticket.id), "subject": self.ticket.subject}.get(what, _Unknown("there is no such variable"))

    def _agent(self, what: str) -> str | _Unknown:
        return {"name": self.user.name, "first_name": _first(self.user.name)}.get(what, _Unknown("there is no such variable"))

    def _desk(self, what: str) -> str | _Unknown:
        if what == "signature":
            return str(workspace.get(self.session, "signature")) or self.settings.mail_from_name
        return self.settings.company if what == "company" else _Unknown("there is no such variable")

    def _field(self, key: str) -> str | _Unknown:
        row = self.session.get(FieldValue, (self.ticket.id, key))
        if row and row.value:
            return row.value
        field = self.session.get(CustomField, key)
        return _Unknown(f"{field.title} is not filled in" if field else "there is no such field")


def _first(name: str) -> str:
    return name.split()[0] if name.split() else ""
