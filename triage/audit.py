"""The audit log: appended in the transaction of what it tells, each row's hash covering the row before."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Table, text
from sqlmodel import Session, col, select

from triage.database import direct
from triage.models import AuditEvent, now

GENESIS = "0" * 64
_EVENTS: Table = AuditEvent.__table__  # type: ignore[attr-defined]
_LAST_HASH = select(_EVENTS.c.hash).order_by(_EVENTS.c.id.desc()).limit(1)
_INSERT = _EVENTS.insert()
_HELD = "audit_chain"  # where a session notes (the transaction that holds the chain, the hash at its end)
_LOCK = 0x7472_6961  # one advisory lock for the chain on PostgreSQL; SQLite writers are serial anyway


@dataclass(frozen=True)
class Broken:
    """The first event at which the chain breaks: its id, what is wrong in a sentence, and both values."""

    event: int | None
    what: str
    expected: str = ""
    found: str = ""

    def __str__(self) -> str:
        where = f"event {self.event}" if self.event is not None else "the file"
        values = f" (expected {self.expected}, found {self.found})" if self.expected or self.found else ""
        return f"{where}: {self.what}{values}"


@dataclass(frozen=True)
class Verified:
    """How many events hold, from the first on; `broken` is None when all do. `last` is the hash of the last that holds."""

    events: int
    last: str
    broken: Broken | None = None


def append(session: Session, kind: str, *, actor: str, ticket_id: int | None = None, **data: object) -> None:
    """Add one event at the chain's end. `actor` is "user:7", "agents", "api:3", "clock" or "system"."""
    append_all(session, kind, [data], actor=actor, ticket_id=ticket_id)


def append_all(
    session: Session, kind: str, each: Sequence[Mapping[str, object]], *, actor: str, ticket_id: int | None = None
) -> None:  # fmt: skip
    """Add an event for `each` of what is told, in its order."""
    chained = session.get_bind().dialect.name == "postgresql"
    if session.new or (chained and session.dirty):
        session.flush()  # a row that the event tells of has its id before it, and rows are held before the chain is
    last = _end(session, chained=chained)
    events: list[dict[str, Any]] = []
    for data in each:
        event: dict[str, Any] = {
            "at": now(), "actor": actor, "kind": kind, "ticket_id": ticket_id, "data": _plain(data), "previous_hash": last,
        }  # fmt: skip
        last = digest(**event)
        events.append({**event, "hash": last})
    direct.insert_many(session, _INSERT, events)
    session.info[_HELD] = (direct.innermost(session), last)


def _end(session: Session, *, chained: bool) -> str:
    """The hash at the chain's end, which nobody else moves until the transaction ends.

    Who has appended in this very transaction holds the chain and knows its end. A savepoint counts as a transaction of
    its own: when it is taken back, what it appended is gone, and so is its hold.
    """
    of, last = session.info.get(_HELD, (None, ""))
    if of is not None and of is direct.innermost(session):
        return str(last)
    if chained:
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    found = direct.first(session, _LAST_HASH)
    return found.hash if found else GENESIS


def check(session: Session) -> Verified:
    """Check the whole chain in the database."""
    with session.exec(select(AuditEvent).order_by(col(AuditEvent.id)).execution_options(yield_per=1000)) as events:
        return follow((event.model_dump() for event in events), GENESIS)


def verify(session: Session) -> int | None:
    """The id of the first event whose hash or link is wrong; None when the chain holds."""
    broken = check(session).broken
    return broken.event if broken else None


def follow(events: Iterable[dict[str, Any]], anchor: str) -> Verified:
    """Check events in their order against their hashes, the first against `anchor`."""
    count, last = 0, anchor
    for event in events:
        if event["previous_hash"] != last:
            what = "it does not continue the event before it; one between was taken out, put in or changed"
            return Verified(count, last, Broken(event["id"], what, last, event["previous_hash"]))
        own = digest(**{name: value for name, value in event.items() if name not in ("id", "hash")})
        if own != event["hash"]:
            what = "what it says is not what its hash was made of; its time, actor, kind, ticket or data was changed"
            return Verified(count, last, Broken(event["id"], what, own, event["hash"]))
        count, last = count + 1, event["hash"]
    return Verified(count, last)


def _plain(data: Mapping[str, object]) -> dict[str, object]:
    """What the database will give back: JSON values only, so that the hash can be checked later."""
    plain: dict[str, object] = json.loads(json.dumps(data, default=str))
    return plain


def digest(*, at: datetime, actor: str, kind: str, ticket_id: int | None, data: dict[str, Any], previous_hash: str) -> str:
    """The hash of an event: over what it says and the hash of the one before."""
    content = {
        "at": at.astimezone(UTC).isoformat(),
        "actor": actor,
        "kind": kind,
        "ticket": ticket_id,
        "data": data,
        "previous": previous_hash,
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()
