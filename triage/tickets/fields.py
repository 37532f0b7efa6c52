"""Fields of tickets that administrators define: what they are, what is filled in, and what must be before a ticket is resolved."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from triage import audit, spoken
from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import ConflictError, InputError
from triage.models import Category, CustomField, FieldValue, Ticket, User, now
from triage.runs import refuse_exercise

KINDS = {"text": "Text", "number": "Number", "choice": "One of a list", "date": "Date", "checkbox": "Tick box"}
YES = "yes"
MOST, _LONGEST, _MOST_CHOICES = 40, 500, 60


@dataclass(frozen=True)
class Definition:
    """A field as an administrator writes it; `key` is made from the title when the field is new."""

    title: str
    kind: str = "text"
    help: str = ""
    choices: Sequence[str] = ()
    categories: Sequence[str] = ()
    required: bool = False


# ---- what fields there are --------------------------------------------------------------------------------


def defined(session: Session) -> list[CustomField]:
    """The fields in use, in their order."""
    rows = select(CustomField).where(col(CustomField.retired).is_(False))
    return list(session.exec(rows.order_by(col(CustomField.position), CustomField.title)))


def asked_of(session: Session, ticket: Ticket) -> list[CustomField]:
    """The fields that a ticket of this category has."""
    return [row for row in defined(session) if not row.categories or ticket.category in row.categories]


def define(session: Session, user: User, wanted: Definition, key: str = "") -> CustomField:
    """Make a field, or change the one with this key; its kind stays once it is made. Raises InputError."""
    access.require(access.fresh(session, user), Permission.EDIT_MACHINERY)
    title = spoken.line(wanted.title)
    if not title or len(title) > 60:
        raise InputError("A field needs a title of at most 60 characters.")
    if wanted.kind not in KINDS:
        raise InputError(f"A field is one of {', '.join(KINDS)}.")
    choices = list(dict.fromkeys(spoken.line(choice) for choice in wanted.choices if choice.strip()))
    if wanted.kind == "choice" and not 1 < len(choices) <= _MOST_CHOICES:
        raise InputError(f"Write what can be chosen, one a line: 2 to {_MOST_CHOICES} choices.")
    known = set(session.exec(select(Category.slug)))
    if unknown := [slug for slug in wanted.categories if slug not in known]:
        raise InputError(f"There is no category {unknown[0]}; reload the page.")
    row = session.get(CustomField, key) if key else None
    if key and row is None:
        raise InputError("This field is gone; reload the page.")
    if row is None:
        row = CustomField(key=_free_key(session, title), title=title, kind=wanted.kind, position=len(defined(session)))
        if row.position >= MOST:
            raise InputError(f"A desk has at most {MOST} fields; retire one first.")
    elif row.kind != wanted.kind:
        raise ConflictError("The kind of a field stays as it was made, so that what is filled in still fits. Make a new field.")
    row.title, row.help, row.choices = title, spoken.line(wanted.help)[:200], choices
    row.categories, row.required, row.retired = sorted(set(wanted.categories)), wanted.required, False
    session.add(row)
    session.flush()
    audit.append(
        session, "field", actor=user.actor, field=row.key, title=title, of=row.kind, choices=choices, categories=row.categories,
        required=row.required,
    )  # fmt: skip
    return row


def retire(session: Session, user: User, key: str) -> None:
    """Ask for a field no more; what was filled in stays and can be brought back by defining it again."""
    access.require(access.fresh(session, user), Permission.EDIT_MACHINERY)
    row = session.get(CustomField, key)
    if row is None:
        raise InputError("This field is gone; reload the page.")
    row.retired = True
    session.add(row)
    audit.append(session, "field_retired", actor=user.actor, field=key)


# ---- what is filled in ------------------------------------------------------------------------------------


def values(session: Session, ticket_id: int) -> dict[str, str]:
    """What is filled in on a ticket, by the fields' keys."""
    rows = session.exec(select(FieldValue).where(FieldValue.ticket_id == ticket_id))
    return {row.field: row.value for row in rows if row.value}


def values_of_many(session: Session, ticket_ids: Sequence[int]) -> dict[int, dict[str, str]]:
    """The same for several tickets, in one query."""
    found: dict[int, dict[str, str]] = {}
    if ticket_ids:
        for row in session.exec(select(FieldValue).where(col(FieldValue.ticket_id).in_(ticket_ids))):
            if row.value:
                found.setdefault(row.ticket_id, {})[row.field] = row.value
    return found


def fill(session: Session, user: User, ticket_id: int, given: Mapping[str, str]) -> None:
    """Fill fields in; "" empties one. Raises InputError for a value that does not fit its field; then nothing is changed."""
    access.require(access.fresh(session, user), Permission.WORK_INBOX)
    if (ticket := session.get(Ticket, ticket_id)) is None:
        raise InputError(f"There is no ticket {ticket_id}; it may have been removed.")
    refuse_exercise(ticket)
    kinds = {row.key: row for row in defined(session)}
    if unknown := [key for key in given if key not in kinds]:
        raise InputError(f"There is no field {unknown[0]} any more; reload the page.")
    wanted = {key: checked(kinds[key], value) for key, value in given.items()}
    was = values(session, ticket_id)
    changed = {key: value for key, value in wanted.items() if value != was.get(key, "")}
    for key, value in changed.items():
        row = session.get(FieldValue, (ticket_id, key)) or FieldValue(ticket_id=ticket_id, field=key)
        row.value, row.updated_at = value, now()
        session.add(row)
    if changed:
        audit.append(
            session, "fields", actor=user.actor, ticket_id=ticket_id, was={key: was.get(key, "") for key in changed}, to=changed
        )


def checked(field: CustomField, value: str) -> str:
    """A value as it is kept. Raises InputError when it does not fit the field."""
    text = spoken.line(str(value))
    if not text:
        return ""
    if len(text) > _LONGEST:
        raise InputError(f"{field.title} takes at most {_LONGEST} characters.")
    if field.kind == "number":
        return _number(field, text)
    if field.kind == "date":
        try:
            return date.fromisoformat(text).isoformat()
        except ValueError as error:
            raise InputError(f"{field.title} is a date such as 2026-03-31, not “{text}”.") from error
    if field.kind == "choice" and text not in field.choices:
        raise InputError(f"{field.title} is one of {', '.join(field.choices)}, not “{text}”.")
    if field.kind == "checkbox":
        if text.lower() not in (YES, "no", "true", "false"):
            raise InputError(f"{field.title} is yes or no, not “{text}”.")
        return YES if text.lower() in (YES, "true") else ""
    return text


def missing(session: Session, ticket: Ticket) -> list[str]:
    """The titles of fields that must be filled before the ticket is resolved, and are not."""
    wanted = [row for row in asked_of(session, ticket) if row.required]
    filled = values(session, ticket.id or 0) if wanted else {}
    return [row.title for row in wanted if not filled.get(row.key)]


def require_filled(session: Session, ticket: Ticket) -> None:
    """Raises ConflictError naming what has to be filled in before a person resolves the ticket."""
    if left := missing(session, ticket):
        raise ConflictError(f"Fill in {', '.join(left)} first, under Customer on the right; this category asks for it.")


def condition(key: str, value: str = "") -> ColumnElement[bool]:
    """Tickets whose field has this value, or with "" any value, for the queue's own statements."""
    filled = select(FieldValue.ticket_id).where(
        FieldValue.field == key, FieldValue.value == value if value else col(FieldValue.value) != ""
    )
    return col(Ticket.id).in_(filled)


def _number(field: CustomField, text: str) -> str:
    plain = text.replace(",", ".") if text.count(",") == 1 and "." not in text else text.replace(",", "")
    try:
        number = Decimal(plain)
    except InvalidOperation as error:
        raise InputError(f"{field.title} is a number, not “{text}”.") from error
    if not number.is_finite() or abs(number) >= Decimal(10) ** 18:
        raise InputError(f"{field.title} is a number of at most 18 digits.")
    return f"{number:f}"


def _free_key(session: Session, title: str) -> str:
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:40] or "field"
    taken = set(session.exec(select(CustomField.key).where(col(CustomField.key).startswith(base))))
    return next(key for key in (base, *(f"{base}_{n}" for n in range(2, 1000))) if key not in taken)
