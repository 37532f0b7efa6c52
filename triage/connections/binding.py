"""Parameters that code fills from the ticket's verified customer: no model ever names a customer."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlmodel import Session, col, select

from triage.connections.openapi import Operation, Parameter
from triage.errors import ToolError
from triage.models import Customer, Message, Order, Ticket

FIELDS = {
    "customer_number": "the customer's number",
    "email": "the customer's e-mail address",
    "order": "the order that the ticket names, when it is the customer's own",
}
_PERSON = re.compile(
    r"(?<![a-z])(customer|client|user|account|member|owner|buyer|contact|person|subscriber|profile|email|e mail|phone)s?(?![a-z])"
)
_ORDER = re.compile(r"(?<![a-z])(order|invoice|shipment|parcel|return|booking|subscription|ticket|case|contract)s?(?![a-z])")
_IDENTIFIES = re.compile(r"(?<![a-z])(id|ids|uuid|number|no|nr|key|ref|reference|code|name|email|e mail|phone|e ?mail address)$")
_SEARCHES = re.compile(r"^(q|query|search|filter|term|keyword)s?$")
_GLUED = re.compile(
    r"(?<![a-z])(customer|client|user|account|member|owner|buyer|order|invoice|ticket|e?mail|phone)(ids?|uuid|no|nr|number|key|ref|code|name|address)(?![a-z])"
)
_WHOLE = re.compile(r"^(customer|client|user|account|member|owner|order|email|e mail|phone)s?$")


def must_bind(operation: Operation, parameter: Parameter) -> str:
    """Whose record this parameter picks: "customer", "order", or "" when it picks nobody's."""
    if parameter.where == "body" and (inner := _inside(operation, parameter)):
        return inner
    said = _plain(parameter.name)
    if parameter.where == "query" and (_IDENTIFIES.search(said) or _SEARCHES.search(said)):
        parent = _plain(next((part for part in reversed(operation.path.split("/")) if part and not part.startswith("{")), ""))
        said = f"{parent} {'key' if _SEARCHES.search(said) else said}"  # /customers?number=, /orders?q=: a look-up of anybody's
    elif parameter.where == "path" and (parent := _parent(operation.path, parameter.name)):
        said = f"{parent} {said}"
    elif parameter.where == "body" and _plain(parameter.name) in ("email", "e mail", "phone", "name"):
        return ""  # the new value of something, which the person who approves reads
    picks = parameter.where == "path" or _IDENTIFIES.search(said) or _WHOLE.search(said)
    if not picks:
        return ""
    return "order" if _ORDER.search(said) else "customer" if _PERSON.search(said) else ""


def _inside(operation: Operation, parameter: Parameter) -> str:
    """Whose record a field inside an object or list picks."""
    schema = parameter.schema
    while isinstance(items := schema.get("items"), Mapping):
        schema = dict(items)
    named = (schema.get("properties") or {}).items()
    return next(
        (whose for name, told in named if (whose := must_bind(operation, replace(parameter, name=name, schema=told)))), ""
    )


def values(session: Session, ticket_id: int, bound: list[dict[str, Any]]) -> dict[str, str]:
    """What the bound parameters get, by place (`path.customer_id`). Raises ToolError without a verified customer."""
    if not bound:
        return {}
    ticket = session.get_one(Ticket, ticket_id)
    customer = session.get(Customer, ticket.customer_id) if ticket.customer_id and ticket.identity == "verified" else None
    if customer is None:
        raise ToolError("the sender is not a verified customer; use public knowledge only")
    return {f"{one['where']}.{one['name']}": _value(session, ticket, customer, str(one["field"])) for one in bound}


def _value(session: Session, ticket: Ticket, customer: Customer, field: str) -> str:
    if field == "customer_number":
        return customer.external_id
    if field == "email":
        return customer.email
    if field != "order":
        raise ToolError(f"the tool is bound to {field}, which is not known")
    said = session.exec(
        select(Message.body).where(Message.ticket_id == ticket.id, Message.direction == "in").order_by(col(Message.id))
    )
    words = f"{ticket.subject} {' '.join(said)}".upper()
    numbers = session.exec(select(Order.number).where(Order.customer_id == customer.id))
    named = [number for number in numbers if re.search(rf"(?<![A-Z0-9]){re.escape(number.upper())}(?![A-Z0-9])", words)]
    if len(named) != 1:
        raise ToolError("the ticket does not name exactly one order of this customer; ask which one is meant")
    return named[0]


def _parent(path: str, name: str) -> str:
    """The word before a parameter in a path: `/orders/{id}` is an order's id."""
    before = path.partition("{" + name + "}")[0].strip("/").split("/")[-1]
    return "" if before.startswith("{") else _plain(before)


def _plain(name: str) -> str:
    spread = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return _GLUED.sub(r"\1 \2", re.sub(r"[\s_\-.]+", " ", spread).lower().strip())


def fields_of(bound: Sequence[Mapping[str, Any]]) -> str:
    """The bound parameters in words."""
    return ", ".join(f"{one['name']} is {FIELDS[str(one['field'])]}" for one in bound)
