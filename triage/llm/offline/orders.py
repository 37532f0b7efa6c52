"""What can be said of a customer's orders, in their language and with the order as its source."""

import re

from triage.briefs import CustomerCard, OrderCard, Sentence, TicketBrief
from triage.llm.offline.text import ORDER_NUMBER, phrases, says

_OPEN = ("processing", "shipped")


def about_orders(ticket: TicketBrief, questions: list[str]) -> bool:
    """Whether the customer asks where an order is or what is in it."""
    text = " ".join([ticket.subject, *questions]) if questions else f"{ticket.subject} {ticket.body}"
    named = ORDER_NUMBER.search(f"{ticket.subject} {ticket.body}") is not None
    return (named or says("words", "order", text)) and says("words", "whereabouts", text)


def orders_meant(ticket: TicketBrief, customer: CustomerCard) -> tuple[list[OrderCard], list[str]]:
    """The orders the customer means (named, else those under way, else the latest), and numbers that are not theirs."""
    named = list(dict.fromkeys(number.upper() for number in ORDER_NUMBER.findall(f"{ticket.subject} {ticket.body}")))
    mine = {order.number.upper(): order for order in customer.orders}
    found = [mine[number] for number in named if number in mine]
    prefixes = {number.split("-")[0] for number in mine}
    unknown = [number for number in named if number not in mine and number.split("-")[0] in prefixes]
    if not found and not unknown:
        found = [order for order in customer.orders if order.status in _OPEN][:2] or customer.orders[:1]
    return found[:3], unknown[:3]


def order_sentences(order: OrderCard, language: str, *, items: bool = False) -> list[Sentence]:
    """Status, carrier and, when asked, items of an order; nothing about what will happen."""
    said, source = phrases(language), [f"order:{order.number}"]
    key = f"order_{order.status}"
    texts = []
    if order.status == "delivered" and order.delivered:
        texts.append(said["order_delivered_on"].format(number=order.number, date=day(order.delivered, language)))
    elif key in said:
        texts.append(said[key].format(number=order.number))
    if order.carrier and order.tracking and order.status in ("shipped", "delivered"):
        texts.append(said["order_carrier"].format(number=order.number, carrier=order.carrier, tracking=order.tracking))
    if items and order.items:
        texts.append(said["order_items"].format(number=order.number, items=", ".join(order.items)))
    return [Sentence(text=text, kind="fact", passages=source) for text in texts]


def day(moment: str, language: str) -> str:
    """An ISO date in the words of a language; anything else as it is."""
    found = re.match(r"(\d{4})-(\d{2})-(\d{2})", moment)
    if not found or not 1 <= int(found.group(2)) <= 12:
        return moment
    said = phrases(language)
    text: str = said["date"].format(day=int(found.group(3)), month=said["months"][int(found.group(2)) - 1], year=found.group(1))
    return text
