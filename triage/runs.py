"""Starting a run of the agents: the run row and its durable work are one transaction."""

from collections.abc import Callable

from sqlmodel import Session

from triage.database import rows
from triage.models import Run, Ticket, new_id


def start_run(
    session: Session, enqueue: Callable[..., None], ticket: Ticket, *, cause: str = "message", decision_id: int | None = None
) -> str:
    """Have the agents work on a ticket. `cause` is message, reply, changes, redraft, retry or release. Returns the run's id."""
    run_id = new_id()
    rows.insert(session, Run, id=run_id, ticket_id=ticket.id, episode_id=ticket.episode_id, cause=cause)
    enqueue(session, "triage", run_id, run_id, decision_id)
    return run_id
