"""The order of open tickets as the database indexes it: streams that are sorted already, merged by a query that reads a page.

How much a ticket presses depends on the time, so that no index can hold it. But among tickets of the same weight it is the
order of their promised times, whatever the hour. There are seven weights, and tickets for a manager or for anybody: a
page is the beginning of a merge of fourteen streams. Finished tickets are a stream for each status, newest change first.
"""

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Float,
    Integer,
    Select,
    Table,
    case,
    extract,
    literal,
    literal_column,
    select,
    text,
    union_all,
)
from sqlmodel import col
from sqlmodel.sql.sqltypes import UTCDateTime

from triage.models import AT_WORK, WAITS_FOR_PERSON, Status, Ticket, now

WEIGHTS = (2, 3, 4, 6, 8, 12, 24)  # twice the factors of risk (1, 2, 4) and priority (1, 1.5, 3), all their products
OPEN = f"status IN ({', '.join(sorted(repr(status.value) for status in WAITS_FOR_PERSON | AT_WORK))})"
_WEIGHT = "(CASE risk WHEN 'high' THEN 4 WHEN 'medium' THEN 2 ELSE 1 END * CASE priority WHEN 'urgent' THEN 6 WHEN 'high' THEN 3 ELSE 2 END)"
_FOR_MANAGER = "(CASE WHEN approver = 'manager' OR status = 'escalated' THEN 1 ELSE 0 END)"
_NEVER = {"sqlite": "'9999-12-31 00:00:00.000000'", "postgresql": "'infinity'::timestamptz"}
_ASKED = "status, assignee_id, team, snoozed_until, category, priority, language, channel, confidence, created_at"
_TICKETS: Table = Ticket.__table__  # type: ignore[attr-defined]
DONE = (Status.APPROVED, Status.DELIVERING, Status.DELIVERED, Status.RESOLVED)


def indexes(dialect: str) -> dict[str, str]:
    """Name and statement of each index; what queries ask for stands in them too, so that a filter reads the index only."""
    more = ") INCLUDE (" if dialect == "postgresql" else ", "
    return {
        "queue_pressing": f"CREATE INDEX queue_pressing ON ticket ({_FOR_MANAGER}, {_WEIGHT}, {_due(dialect)}, id"
        f"{more}{_ASKED}) WHERE {OPEN}",
        "queue_newest": "CREATE INDEX queue_newest ON ticket (status, updated_at, id"
        f"{more}{_ASKED.removeprefix('status, ')})",
        "queue_assignee": f"CREATE INDEX queue_assignee ON ticket (assignee_id, status, snoozed_until) WHERE {OPEN}",
    }  # fmt: skip


def is_open() -> ColumnElement[bool]:
    """In the very words of the indexes, so that the database recognises it."""
    return cast(ColumnElement[bool], text(f"({OPEN})"))


def first_open(
    where: ColumnElement[bool], dialect: str, *, apart: bool, limit: int, offset: int = 0, only: int | None = None
) -> Any:
    """Ids of open tickets, most pressing first. `apart`: those for a manager stand behind the others; `only` those of one kind."""
    most = limit + offset
    kinds = (0, 1) if only is None else (only,)
    streams: list[Select[Any]] = [_stream(where, kind, weight, dialect, most) for kind in kinds for weight in WEIGHTS]
    merged = union_all(*[select(stream.subquery()) for stream in streams]).subquery()
    order = [merged.c.kind] if apart else []
    statement = select(merged.c.id).order_by(*order, pressing(merged.c.due, merged.c.weight / 2.0), merged.c.id)
    return statement.limit(limit).offset(offset)


def newest(where: ColumnElement[bool], statuses: Sequence[Status], *, limit: int, offset: int = 0) -> Any:
    """Ids of tickets in these states, newest change first."""
    streams: Any = [
        select(col(Ticket.id).label("id"), col(Ticket.updated_at).label("at"))
        .with_hint(_TICKETS, "INDEXED BY queue_newest", "sqlite")
        .where(col(Ticket.status) == literal(str(status)), where)
        .order_by(col(Ticket.updated_at).desc(), col(Ticket.id).desc())
        .limit(limit + offset)
        for status in statuses
    ]
    merged = union_all(*[select(stream.subquery()) for stream in streams]).subquery()
    return select(merged.c.id).order_by(merged.c.at.desc(), merged.c.id.desc()).limit(limit).offset(offset)


def pressing(due: Any, weight: Any) -> ColumnElement[float]:
    """Seconds left, weighted: of what is overdue more weight is more pressing, and so it is of what is not."""
    left = extract("epoch", due) - literal(now().timestamp(), Float())
    return case((due.is_(None), 1e12), (left < 0, left * weight), else_=left / weight)


def weight() -> ColumnElement[float]:
    """A ticket's weight, for statements that sort by themselves."""
    return literal_column(_WEIGHT, Float()) / 2.0


def for_manager() -> ColumnElement[int]:
    return literal_column(_FOR_MANAGER, Integer())


def _due(dialect: str) -> str:
    return f"coalesce(due_at, {_NEVER[dialect]})"


def _stream(where: ColumnElement[bool], kind: int, weight: int, dialect: str, limit: int) -> Select[Any]:
    due: Any = literal_column(_due(dialect), UTCDateTime())
    of_stream = text(f"({OPEN} AND {_FOR_MANAGER} = {kind} AND {_WEIGHT} = {weight})")
    return (
        select(
            col(Ticket.id).label("id"), due.label("due"),
            literal_column(str(kind), Integer()).label("kind"), literal_column(str(weight), Integer()).label("weight"),
        )
        .with_hint(_TICKETS, "INDEXED BY queue_pressing", "sqlite")  # it would rather trust the states that are asked for besides
        .where(of_stream, where)
        .order_by(due, col(Ticket.id))
        .limit(limit)
    )  # fmt: skip
