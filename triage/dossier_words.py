"""A dossier in the words a manager decides by: what is asked, of how much and of whom, and what the desk knows beside it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation

from sqlmodel import Session, col, or_, select

from triage.guardrails.exact import amounts
from triage.models import BlockedAction, Order, Ticket

_ACTIONS = {
    "issue_refund": "Refund", "refund": "Refund", "grant_compensation": "Compensation", "issue_credit": "Credit", "grant_credit": "Credit",
    "delete_account": "Delete the account", "close_account": "Close the account", "delete_data": "Delete the data", "erase_data": "Delete the data",
    "change_address": "Change the address", "change_email": "Change the e-mail address", "cancel_order": "Cancel the order",
    "change_bank_details": "Change the bank details", "charge_card": "Charge the card", "send_payout": "Pay out",
}  # fmt: skip
RULES = {
    "payments": "money moves only when two people decide so",
    "deletions": "accounts and data are deleted only when two people decide so",
    "identity": "this is for verified senders only",
    "policy": "the action policy does not allow it",
    "unknown": "the desk does not know this action",
}
_SIGNS = {"eur": "€", "gbp": "£", "usd": "$"}
_ORDER = re.compile(r"[A-Z]{1,4}-\d{3,}")
_PERSONAL = re.compile(r"account|data|profile|address|email|password|bank")


@dataclass(frozen=True)
class Former:
    """What the same customer asked for before, and what became of it."""

    ticket_id: int
    said: str
    status: str
    at: datetime


def headline(action: BlockedAction) -> str:
    """Refund of €349.00 · order LF-10346. An account is nobody's order: the order is then only what the message names."""
    what = _ACTIONS.get(action.action, action.action.replace("_", " ").strip().capitalize())
    amount = money(action.amount)
    return f"{what}{f' of {amount}' if amount else ''}{_target(action)}"


def money(amount: str) -> str:
    """An amount in one form, however the customer wrote it: "349 EUR", "349 €" and "349,00 euro" are €349.00."""
    found = sorted(amounts(amount))
    if len(found) != 1:
        return amount.strip()
    number, currency = found[0]
    try:
        value = f"{Decimal(number):,.2f}"
    except InvalidOperation:
        return amount.strip()
    return f"{_SIGNS[currency]}{value}" if currency in _SIGNS else f"{value} {currency.upper()}"


def rule(name: str) -> str:
    """Why it is blocked, to go on after "Blocked because"."""
    return RULES.get(name, f"the rule “{name}” says so")


def against_order(action: BlockedAction, orders: Sequence[Order]) -> tuple[str, bool]:
    """What the order says of the amount, and whether that is a warning; empty when there is nothing to compare."""
    order = next((order for order in orders if order.number and order.number in action.target), None)
    named = _ORDER.search(action.target)
    if order is None:
        return (f"{named.group()} is not an order of this customer that the desk knows", True) if named else ("", False)
    total, asked = _value(f"{order.total} {order.currency}"), _value(action.amount)
    shown = f"{money(f'{order.total} {order.currency}')}, {order.status}"
    if asked is None or total is None:
        return f"order total {shown}", False
    if asked[1] != total[1]:
        return f"order total {shown}: another currency than was asked for", True
    if asked[0] > total[0]:
        return f"order total {shown}: more is asked for than was paid", True
    return f"order total {shown}: {'all of it' if asked[0] == total[0] else 'a part of it'}", False


def former(session: Session, ticket: Ticket, *, most: int = 8) -> list[Former]:
    """Blocked actions of the same customer in other tickets, newest first."""
    same = [Ticket.requester_email == ticket.requester_email] if ticket.requester_email else []
    if ticket.customer_id:
        same.append(Ticket.customer_id == ticket.customer_id)
    if not same:
        return []
    rows = session.exec(
        select(BlockedAction)
        .join(Ticket, col(Ticket.id) == BlockedAction.ticket_id)
        .where(or_(*same), BlockedAction.ticket_id != ticket.id)
        .order_by(col(BlockedAction.id).desc())
        .limit(most)
    )
    return [Former(row.ticket_id, headline(row), row.status, row.created_at) for row in rows]


def _target(action: BlockedAction) -> str:
    target = action.target.strip()
    if not target or target.lower() in ("account", "my account", "data"):
        return ""
    if _ORDER.fullmatch(target):
        return f" (the message names order {target})" if _PERSONAL.search(action.action) else f" · order {target}"
    return f" · {target}"


def _value(amount: str) -> tuple[Decimal, str] | None:
    found = sorted(amounts(amount))
    try:
        return (Decimal(found[0][0]), found[0][1]) if len(found) == 1 else None
    except InvalidOperation:
        return None
