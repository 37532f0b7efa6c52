"""What recorded runs keep: how much of their content once they have ended, and for how long.

While a run goes on its steps are whole, since a crash must not cost an answered call twice. When it ends they are left as they are
(full), without personal data (redacted), or without content (none); figures, names, hashes and errors stay at every level.
Only full ones can be replayed, and a run says what it is.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Table, bindparam, delete, update
from sqlmodel import Session, col, select

from triage import workspace
from triage.guardrails.redaction import redact
from triage.models import CommonPremise, Run, RunPremise, RunStep, SpanRecord, Ticket, now
from triage.settings import Settings

if TYPE_CHECKING:
    from triage.office import Desk

LEVELS = ("full", "redacted", "none")
"""From most to least."""
_BATCH = 300  # runs a transaction
_STEPS: Table = RunStep.__table__  # type: ignore[attr-defined]
_WITHOUT: dict[str, Any] = {"request": {}, "response": {}}


def level(switch: object, settings: Settings) -> str:
    """What runs keep: the less of what the machine's setting and the administrators' switch allow."""
    chosen = switch if switch in LEVELS else "full"
    return max(settings.recording, str(chosen), key=LEVELS.index)


def apply(session: Session, run: Run, ticket: Ticket, kept: str) -> None:
    """Leave of an ended run's content what `kept` allows, in the caller's transaction."""
    run.recording = kept
    if kept == "none":
        _empty(session, [run.id])
    elif kept == "redacted":
        _redact(session, run, ticket)
    session.add(run)


def apply_later(session: Session, run: Run, ticket: Ticket, settings: Settings) -> None:
    """`apply` by the switch as it is now, for a run that broke off."""
    if (kept := level(workspace.get(session, "recording"), settings)) != "full":
        apply(session, run, ticket, kept)


def expire(office: "Desk") -> str:
    """Remove content and spans of runs whose days are over; their figures stay. Short transactions, so that it can take long."""
    count = 0
    while ids := office.database.run_now(_expire_some):
        count += len(ids)
    office.database.run_now(_forget_premises)
    return f"{count} runs without content now"


def _expire_some(session: Session) -> list[str]:
    days = workspace.get(session, "recording_days")
    if not isinstance(days, int | float) or days <= 0:
        return []
    before = now() - timedelta(days=float(days))
    old = select(Run.id).where(col(Run.started_at) < before, Run.status != "running", Run.recording != "expired")
    ids = list(session.exec(old.order_by(col(Run.started_at)).limit(_BATCH)))
    _empty(session, ids)
    session.execute(delete(SpanRecord).where(col(SpanRecord.run_id).in_(ids)))
    session.execute(update(Run).where(col(Run.id).in_(ids)).values(recording="expired"))
    return ids


def _forget_premises(session: Session) -> None:
    """What no run starts from any more; the newest stay, for runs that begin just now."""
    used = select(RunPremise.common)
    old = col(CommonPremise.created_at) < now() - timedelta(days=2)
    session.execute(delete(CommonPremise).where(old, col(CommonPremise.digest).not_in(used)))


def _empty(session: Session, run_ids: list[str]) -> None:
    session.execute(update(RunStep).where(col(RunStep.run_id).in_(run_ids)).values(**_WITHOUT))
    session.execute(delete(RunPremise).where(col(RunPremise.run_id).in_(run_ids)))


def _redact(session: Session, run: Run, ticket: Ticket) -> None:
    names, values = (
        [ticket.requester_name] if ticket.requester_name else [],
        [ticket.requester_email] if ticket.requester_email else [],
    )

    def hide(text: str) -> str:
        return redact(text, names=names, values=values)

    steps = session.execute(
        select(RunStep.id, RunStep.request, RunStep.response, RunStep.error).where(RunStep.run_id == run.id)
    ).all()
    rows = [
        {
            "step": number,
            "request": hidden(request, hide),
            "response": hidden(response, hide),
            "error": hide(error) if error else None,
        }
        for number, request, response, error in steps
    ]
    if rows:
        places: dict[str, Any] = {name: bindparam(name) for name in ("request", "response", "error")}
        session.connection().execute(_STEPS.update().where(_STEPS.c.id == bindparam("step")).values(**places), rows)
    session.execute(delete(RunPremise).where(col(RunPremise.run_id) == run.id))


def hidden(value: Any, hide: Callable[[str], str]) -> Any:
    """A JSON value with every text in it hidden; its keys stay."""
    if isinstance(value, str):
        return hide(value)
    if isinstance(value, list):
        return [hidden(one, hide) for one in value]
    if isinstance(value, dict):
        return {key: hidden(one, hide) for key, one in value.items()}
    return value
