"""The audit log: appended in the transaction of what it tells, each row's hash covering the row before."""

import hashlib
import json
from datetime import UTC

from sqlalchemy import Table, text
from sqlmodel import Session, col, select

from triage.models import AuditEvent, now

GENESIS = "0" * 64
_EVENTS: Table = AuditEvent.__table__  # type: ignore[attr-defined]
_LAST_HASH = select(_EVENTS.c.hash).order_by(_EVENTS.c.id.desc()).limit(1)
_LOCK = 0x7472_6961  # one advisory lock for the chain on PostgreSQL; SQLite writers are serial anyway


def append(session: Session, kind: str, *, actor: str, ticket_id: int | None = None, **data: object) -> AuditEvent:
    """Add one event at the chain's end. `actor` is "user:7", "agents", "api:3", "clock" or "system"."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    if session.new:
        session.flush()  # a row that the event tells of has its id before it
    connection = session.connection()
    last = connection.execute(_LAST_HASH).scalar() or GENESIS
    event = AuditEvent(at=now(), actor=actor, kind=kind, ticket_id=ticket_id, data=_plain(data), previous_hash=last, hash="")
    event.hash = _digest(event)
    (event.id,) = connection.execute(_EVENTS.insert(), event.model_dump(exclude={"id"})).inserted_primary_key or (None,)
    return event


def verify(session: Session) -> int | None:
    """The id of the first event whose hash or link is wrong; None when the chain holds."""
    previous = GENESIS
    for event in session.exec(select(AuditEvent).order_by(col(AuditEvent.id))):
        if event.previous_hash != previous or event.hash != _digest(event):
            return event.id
        previous = event.hash
    return None


def _plain(data: dict[str, object]) -> dict[str, object]:
    """What the database will give back: JSON values only, so that the hash can be checked later."""
    plain: dict[str, object] = json.loads(json.dumps(data, default=str))
    return plain


def _digest(event: AuditEvent) -> str:
    content = {
        "at": event.at.astimezone(UTC).isoformat(),
        "actor": event.actor,
        "kind": event.kind,
        "ticket": event.ticket_id,
        "data": event.data,
        "previous": event.previous_hash,
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()
