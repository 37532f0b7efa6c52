"""Places in a master text that are filled for each customer, from their own record or their own ticket only.

A value is one short line of plain words; what is not is treated as missing. Values are put in in one pass, so that a
slot's name inside somebody's name is only text.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from triage.briefs import CustomerCard
from triage.llm.offline.text import ORDER_NUMBER, codes
from triage.models import Ticket

_SLOT = re.compile(r"\{\{\s*([A-Za-z_]{1,30})\s*\}\}")
_BRACES = re.compile(r"\{\{|\}\}")
_NAME = re.compile(r"[^\W\d_][^\W\d_'’.-]*(?:[ '’.-]+[^\W\d_][^\W\d_'’.-]*){0,5}")
_LONGEST = 60


@dataclass(frozen=True)
class Source:
    """What one customer's values may come from: the ticket, what was said in it, and the record of a verified customer."""

    ticket: Ticket
    said: str
    customer: CustomerCard | None
    language: str


@dataclass(frozen=True)
class Slot:
    what: str
    value: Callable[[Source], str]


def _full_name(source: Source) -> str:
    given = " ".join((source.customer.name if source.customer else source.ticket.requester_name).split())
    if len(given) > _LONGEST or not _NAME.fullmatch(given):
        return ""
    return given.title() if given.isupper() or given.islower() else given


def _name(source: Source) -> str:
    """As the desk greets people: by the first name, in German by the whole one."""
    full = _full_name(source)
    return full if source.language == "de" else full.split(" ")[0]


def _order(source: Source) -> str:
    """The one order number that the ticket names; of a verified customer only one of their own."""
    named = {number.upper() for number in ORDER_NUMBER.findall(source.said)}
    if source.customer is not None:
        named &= {order.number.upper() for order in source.customer.orders}
    return named.pop() if len(named) == 1 else ""


def _machine(source: Source) -> str:
    """Model only: the record's line begins with it."""
    return source.customer.machine.split(",")[0].strip() if source.customer else ""


def _code(source: Source) -> str:
    named = codes(source.said)
    return named.pop().upper() if len(named) == 1 else ""


SLOTS: dict[str, Slot] = {
    "name": Slot("first name", _name),
    "full_name": Slot("whole name", _full_name),
    "order": Slot("the order number that the ticket names", _order),
    "machine": Slot("machine in the customer's record", _machine),
    "code": Slot("the error code that the ticket names", _code),
    "ticket": Slot("number of the ticket", lambda source: f"#{source.ticket.id}"),
}


def named(text: str) -> list[str]:
    """The slots of a text in their order, each once."""
    return list(dict.fromkeys(match.group(1).lower() for match in _SLOT.finditer(text)))


def problems(text: str) -> list[str]:
    """What is wrong with a text's slots, a sentence each: names nobody knows, braces that do not close."""
    found = [f"There is no detail {{{{{name}}}}}; use one of {', '.join(SLOTS)}." for name in named(text) if name not in SLOTS]
    if _BRACES.search(_SLOT.sub("", text)):
        found.append("A pair of braces {{ }} names no detail; write the name of one between them, or take them out.")
    return found


def values(source: Source, wanted: list[str]) -> dict[str, str]:
    """The value of each wanted slot; "" where the customer's record and ticket hold none that can be used."""
    return {name: _plain(SLOTS[name].value(source)) for name in wanted if name in SLOTS}


def fill(text: str, given: Mapping[str, str]) -> str:
    """The text with its slots filled; a slot without a value stays, so that nothing is sent with a hole in it."""
    return _SLOT.sub(lambda match: given.get(match.group(1).lower()) or match.group(), text)


def _plain(value: str) -> str:
    text = " ".join(value.split())
    return "" if len(text) > _LONGEST or any(mark in text for mark in "{}<>[]|`\\") else text
