"""A ticket as one line of `triage process`: names and fields are a contract."""

from typing import Any

from sqlmodel import Session, col, select

from triage.models import BlockedAction, Draft, GuardVerdict, Message, Run, Status, Ticket

_SEVERITY = {"allow": 0, "flag": 1, "block": 2}


def ticket_line(session: Session, name: str, ticket_id: int) -> dict[str, Any]:
    """What became of a ticket. `name` is the input's id."""
    ticket = session.get_one(Ticket, ticket_id)
    run = session.exec(
        select(Run).where(Run.ticket_id == ticket_id, col(Run.forked_at).is_(None)).order_by(col(Run.started_at).desc())
    ).first()
    draft = session.get(Draft, ticket.draft_id) if ticket.draft_id else None
    return {
        "id": name,
        "status": ticket.status,
        "reason": ticket.reason,
        "category": ticket.category,
        "priority": ticket.priority,
        "sentiment": ticket.sentiment,
        "language": ticket.language or "und",
        "duplicate_of": _source(session, name),
        "confidence": ticket.confidence,
        "approver": ticket.approver,
        "draft": _draft(draft) if draft else None,
        "citations": [{key: c[key] for key in ("passage", "article", "title")} for c in draft.citations] if draft else [],
        "blocked_actions": _blocked(session, ticket_id),
        "guard": _guard(session, ticket_id),
        "usage": _usage(run),
        "seconds": round((run.ended_at - run.started_at).total_seconds(), 3) if run and run.ended_at else 0.0,
        "run": run.id if run else None,
        "error": ticket.error if ticket.status == Status.FAILED else None,
    }


def error_line(name: str, error: str) -> dict[str, Any]:
    """The line of an input that could not be read."""
    return {
        "id": name, "status": "failed", "reason": None, "category": "", "priority": "normal", "sentiment": "neutral", "language": "und",
        "duplicate_of": None, "confidence": 0.0, "approver": "staff", "draft": None, "citations": [], "blocked_actions": [], "guard": [],
        "usage": _usage(None), "seconds": 0.0, "run": None, "error": error,
    }  # fmt: skip


def _source(session: Session, name: str) -> str | None:
    """The id of the input whose message this one repeats."""
    message = session.exec(select(Message).where(Message.source_id == name)).first()
    repeated = session.get(Message, message.duplicate_of) if message and message.duplicate_of else None
    return repeated.source_id if repeated else None


def _draft(draft: Draft) -> dict[str, Any]:
    keys = ("text", "kind", "supported", "passages")
    return {"subject": draft.subject, "body": draft.body, "sentences": [{key: s[key] for key in keys} for s in draft.sentences]}


def _blocked(session: Session, ticket_id: int) -> list[dict[str, str]]:
    rows = session.exec(select(BlockedAction).where(BlockedAction.ticket_id == ticket_id).order_by(col(BlockedAction.id)))
    return [{"action": row.action, "rule": row.rule, "target": row.target, "amount": row.amount} for row in rows]


def _guard(session: Session, ticket_id: int) -> list[dict[str, Any]]:
    """One entry a stage: its strictest verdict and all findings."""
    stages: dict[str, dict[str, Any]] = {}
    for row in session.exec(select(GuardVerdict).where(GuardVerdict.ticket_id == ticket_id).order_by(col(GuardVerdict.id))):
        stage = stages.setdefault(row.stage, {"stage": row.stage, "verdict": "allow", "findings": []})
        stage["verdict"] = max(stage["verdict"], row.verdict, key=_SEVERITY.__getitem__)
        stage["findings"] += row.findings
    return list(stages.values())


def _usage(run: Run | None) -> dict[str, Any]:
    if run is None:
        return {"model_calls": 0, "input_tokens": 0, "output_tokens": 0, "cost_usd": 0.0, "model": "none"}
    return {
        "model_calls": run.model_calls, "input_tokens": run.input_tokens, "output_tokens": run.output_tokens,
        "cost_usd": round(run.cost_usd, 6), "model": run.model,
    }  # fmt: skip
