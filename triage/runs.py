"""Starting a run of the agents: the run row and its durable work are one transaction; and what no fork and no exercise may do."""

from collections.abc import Callable

from sqlmodel import Session

from triage import tracing
from triage.database import rows
from triage.errors import ConflictError
from triage.models import Run, Ticket, new_id


def start_run(
    session: Session, enqueue: Callable[..., None], ticket: Ticket, *, cause: str = "message", decision_id: int | None = None
) -> str:
    """Have the agents work on a ticket. `cause` is message, reply, changes, redraft, retry or release. Returns the run's id."""
    refuse_exercise(ticket)
    run_id = new_id()
    rows.insert(
        session, Run, id=run_id, ticket_id=ticket.id, episode_id=ticket.episode_id, cause=cause, traceparent=tracing.current()
    )
    enqueue(session, "triage", run_id, run_id, decision_id)
    return run_id


def refuse_exercise(ticket: Ticket | None) -> None:
    """Raises ConflictError for an exercise (triage.reviewing), in words that do not tell that it is one: its draft is decided, and no more."""
    if ticket is not None and ticket.training:
        raise ConflictError("Decide the draft of this ticket first: approve it, edit it, request changes, reject or escalate it.")


def refuse_fork(session: Session, run_id: str | None) -> None:
    """Raises ConflictError for a fork: nothing of it becomes a draft, a dossier, a proposed call or a mail."""
    run = session.get(Run, run_id) if run_id else None
    if run is not None and run.forked_at is not None:
        raise ConflictError(f"Run {run.id} is a fork: it shows what would have been, and nothing of it can be kept or sent.")
