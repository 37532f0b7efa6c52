"""The audit log as a file that can be checked without the desk, and the check: which link of the chain is the first that breaks."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import false, func
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from triage import audit
from triage.audit import Broken, Verified
from triage.errors import InputError
from triage.models import AuditEvent, now

FORMAT = "triage-audit-1"
_FIELDS = ("id", "at", "actor", "kind", "ticket_id", "data", "previous_hash", "hash")


def export(session: Session, since: datetime | None = None, until: datetime | None = None) -> Iterator[str]:
    """Lines of JSON: a header, then every event from the first at or after `since` to the last before `until`.

    The header's `anchor` is the hash that the first event continues, `last` that of the last event: whoever keeps `last`
    elsewhere can tell later that nothing of the file was changed, also not by writing all of it anew.
    """
    chosen = _between(session, since, until)
    ends = [session.exec(chosen.order_by(order).limit(1)).first() for order in (col(AuditEvent.id), col(AuditEvent.id).desc())]
    first, last = ends
    yield json.dumps({
        "format": FORMAT, "exported_at": now().isoformat(), "since": since.isoformat() if since else None,
        "until": until.isoformat() if until else None, "events": session.exec(select(func.count()).select_from(chosen.subquery())).one(),
        "anchor": first.previous_hash if first else audit.GENESIS, "last": last.hash if last else audit.GENESIS,
    })  # fmt: skip
    with session.exec(chosen.order_by(col(AuditEvent.id)).execution_options(yield_per=1000)) as events:
        for event in events:
            yield json.dumps({**event.model_dump(), "at": event.at.astimezone(UTC).isoformat()}, ensure_ascii=False)


def verify_file(lines: Iterable[str]) -> Verified:
    """Check an exported file: each event's hash, each link, and that none is missing at either end.

    Raises InputError for a file that is no export.
    """
    numbered = iter(enumerate(lines, 1))
    header = _object(next(numbered, (1, "")))
    if header.get("format") != FORMAT:
        raise InputError("Line 1 is no header of an audit export; make the file with `triage export audit`.")
    found = audit.follow((_event(line) for line in numbered), str(header.get("anchor")))
    if found.broken:
        return found
    if found.events != header.get("events"):
        return replace(found, broken=Broken(None, "events are missing at its end", str(header.get("events")), str(found.events)))
    if found.events and found.last != header.get("last"):
        return replace(found, broken=Broken(None, "it does not end as its header says", str(header.get("last")), found.last))
    return found


def _between(session: Session, since: datetime | None, until: datetime | None) -> SelectOfScalar[AuditEvent]:
    """A stretch of the chain without gaps: clocks of two processes may differ by a little, ids do not."""
    bounds = []
    if since is not None:
        first = session.exec(select(func.min(AuditEvent.id)).where(col(AuditEvent.at) >= since)).one()
        bounds.append(col(AuditEvent.id) >= first if first is not None else false())
    if until is not None:
        last = session.exec(select(func.max(AuditEvent.id)).where(col(AuditEvent.at) < until)).one()
        bounds.append(col(AuditEvent.id) <= last if last is not None else false())
    return select(AuditEvent).where(*bounds)


def _event(line: tuple[int, str]) -> dict[str, Any]:
    event = _object(line)
    if set(event) != set(_FIELDS):
        raise InputError(f"Line {line[0]} is no event of an audit export; it needs {', '.join(_FIELDS)}.")
    try:
        return {**event, "at": datetime.fromisoformat(event["at"])}
    except (TypeError, ValueError) as error:
        raise InputError(f"Line {line[0]} has no moment in “at”.") from error


def _object(line: tuple[int, str]) -> dict[str, Any]:
    try:
        found = json.loads(line[1])
    except ValueError as error:
        raise InputError(f"Line {line[0]} is no JSON; the file was cut off or is no audit export.") from error
    if not isinstance(found, dict):
        raise InputError(f"Line {line[0]} is no JSON object; the file is no audit export.")
    return found
