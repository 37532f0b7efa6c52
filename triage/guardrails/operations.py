"""Whether an operation of somebody's API may be a tool at all: nothing that moves money or deletes, by any sign of it.

Looked at when an administrator chooses the operation, and with its values whenever it is proposed, approved and
carried out. Nothing switches it off. A GET that only reads about money may be used: for reads it is what the
operation says it does that counts, for everything else every word of name, path, tags, summary and fields.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from triage.guardrails.actions import deletes, moves_money
from triage.guardrails.patterns import fold
from triage.guardrails.runtime import Check, Checkpoint
from triage.guardrails.verdicts import Finding, Verdict
from triage.models import EscalationReason

_READS = ("GET", "HEAD")
# Fields that carry money whatever the operation is called, and what gives money back without saying so.
_MONEY_FIELD = re.compile(
    r"\b(amounts?|iban|bic|swift|card ?(number|no)|cvc|cvv|prices?|totals?|currency|fees?|sum|invoice total|coupon|promo ?code)\b"
)
_GIVES_BACK = re.compile(
    r"\b(cancel|void|revok|revers)\w*\b.{0,24}\b(orders?|bookings?|purchases?|invoices?|reservations?|items?)\b|\b(orders?|bookings?|purchases?|invoices?|reservations?) ?(cancel|void|revers)\w*"
)
_SENDS_BACK = re.compile(r"^return\w* .{0,24}\b(orders?|items?|goods)\b")
_ENDS = re.compile(r"^(cancel|void|revok|revers)\w*$")
_PAID_FOR = re.compile(r"\b(orders?|bookings?|purchases?|invoices?|reservations?)\b")
_ADDRESS_FIELD = re.compile(
    r"\b(call ?back|web ?hook|redirect|return|target|notify)? ?(url|uri)\b|\b(call ?back|web ?hook|endpoint)\b"
)
_ACTS = re.compile(
    r"^(please )?(issue|do|make|create|trigger|perform|execute|send|request|apply)?s? ?(a |an |the )?"
    r"(refund|reimburs|repay|payout|pay|charge|credit|debit|transfer|withdraw|compensat|cancel|void|settle|delete|erase|purge|wipe|destroy|remove|close|terminate|deactivate|disable|anonymi[sz]e|drop|truncate|forget)"
    r"(e?s|e?d|ing|ment)?\b(?! (history|status|method|list|overview|detail|information|info|record|term|option|account balance))"
)  # fmt: skip


@dataclass(frozen=True)
class Described:
    """An operation as its document describes it; `fields` are names, descriptions and choices of what it takes."""

    method: str
    path: str
    name: str
    summary: str = ""
    tags: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    """What would be sent, when there is a call to judge."""


def check_operation(operation: Described) -> Verdict:
    """Blocks by rule "payments", "deletions" or "address"; never raises: a check that fails blocks."""
    verdicts = CHECKPOINT.run(f"{operation.method} {operation.path}", operation)
    return next((verdict for verdict in verdicts if verdict.blocked), verdicts[0])


def _payments(operation: Described) -> Verdict | None:
    if (said := _acts(operation, money=True)) is not None:
        return _blocked(operation, "payments", f"It moves money ({said}); only people do that, two of them decide.")
    return None


def _deletions(operation: Described) -> Verdict | None:
    if operation.method == "DELETE":
        return _blocked(operation, "deletions", "It deletes (method DELETE); only people do that, two of them decide.")
    if (said := _acts(operation, money=False)) is not None:
        return _blocked(
            operation, "deletions", f"It deletes data or closes an account ({said}); only people do that, two of them decide."
        )
    return None


def _address(operation: Described) -> Verdict | None:
    field = next((field for field in operation.fields if len(field) <= 40 and _ADDRESS_FIELD.search(_plain(field))), None)
    if field is None:
        return None
    return _blocked(operation, "address", f"It takes an address to call ({field}); a model does not name where data goes.")


def _acts(operation: Described, *, money: bool) -> str | None:
    """The word that gives it away, or None."""
    judge = moves_money if money else deletes
    if operation.method in _READS:
        last = [part for part in operation.path.strip("/").split("/")[-1:] if not part.endswith("s")]  # a plural is a list
        for text in (operation.name, operation.summary, *last):
            plain = _plain(text)
            if (found := _ACTS.search(plain)) and judge(found.group() + " "):
                return text.strip()[:60]
        return next((value for value in operation.values if _short(value) and judge(value)), None)
    names = [operation.name, *(part for part in operation.path.split("/") if not part.startswith("{"))]
    for text in (*names, *operation.tags, operation.summary, *operation.fields, *filter(_short, operation.values)):
        if judge(text) or (money and (_MONEY_FIELD.search(_plain(text)) or _GIVES_BACK.search(_plain(text)))):
            return text.strip()[:60]
    return next(_given_back(operation, names), None) if money else None


def _given_back(operation: Described, names: list[str]) -> Iterator[str]:
    """What sends something paid back, or ends it, without a word of money."""
    yield from (name for name in names if _SENDS_BACK.search(_plain(name)))
    if _PAID_FOR.search(_plain(f"{operation.name} {operation.path}")):
        yield from (text for text in (*names, *operation.fields, *operation.values) if _ENDS.search(_plain(text)))


def _short(value: str) -> bool:
    """A state or a command rather than a sentence somebody wrote."""
    words = value.split()  # however far apart they stand
    return len(words) <= 3 and len(" ".join(words)) <= 40


def _plain(text: str) -> str:
    spread = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text)
    return re.sub(r"[\s_\-.:/]+", " ", fold(spread)).strip()


def _blocked(operation: Described, rule: str, why: str) -> Verdict:
    end = len(f"{operation.method} {operation.path}")
    return Verdict(
        "action", rule, "block", [Finding("action", 0, end, rule, why, "action")], EscalationReason.POLICY_RESTRICTION, None, why
    )


def texts(value: object) -> Iterable[str]:
    """Every text inside a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)


CHECKPOINT: Checkpoint[Described] = Checkpoint(
    "action", [Check("payments", _payments), Check("deletions", _deletions), Check("address", _address)]
)
