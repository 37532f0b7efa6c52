"""A chronicle as one file that needs nothing else: a page to read and print, or JSON for a program."""

import json
from dataclasses import asdict
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlmodel import Session

from triage import audit
from triage.chronicles.gathering import Chronicle, gather
from triage.models import User, now
from triage.sla.hours import zone_of
from triage.sla.plan import desk_hours

Form = Literal["html", "json"]
MEDIA: dict[Form, str] = {"html": "text/html; charset=utf-8", "json": "application/json"}


def export(session: Session, user: User | None, ticket_id: int, form: Form = "html") -> tuple[str, bytes]:
    """Name and content of the file, in the caller's transaction: the audit log says who took it.

    Raises AccessError and InputError as `gather` does.
    """
    found = gather(session, user, ticket_id)
    made = _json(found) if form == "json" else _html(found, desk_hours(session).zone.key)
    audit.append(session, "dossier_exported", actor=user.actor if user else "cli", ticket_id=ticket_id, form=form)
    return f"ticket-{ticket_id}.{form}", made.encode()


def _json(found: Chronicle) -> str:
    content = {"exported_at": now(), **asdict(found)}
    return json.dumps(content, default=_value, ensure_ascii=False, indent=1)


def _html(found: Chronicle, zone: str) -> str:
    page: str = _template().render(found=found, exported_at=now(), zone=zone)
    return page


@cache
def _template() -> Any:
    """Everything is escaped; nothing in the page is fetched or run."""
    environment = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined,
                              trim_blocks=True, lstrip_blocks=True)  # fmt: skip
    environment.filters |= {"moment": _moment, "name": lambda text: str(text).replace("_", " "), "value": _words}
    return environment.get_template("dossier.html")


def _moment(at: datetime, zone: str) -> str:
    return f"{at.astimezone(zone_of(zone)):%-d %B %Y, %H:%M:%S}"


def _words(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return "; ".join(value)
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False, indent=1, default=_value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _value(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
