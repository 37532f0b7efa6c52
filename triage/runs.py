"""Starting a run of the agents: the run row and its durable work are one transaction."""

from collections.abc import Callable

from sqlmodel import Session

from triage.models import Run, Ticket, new_id, now


def start_run(
    session: Session, enqueue: Callable[..., None], ticket: Ticket, *, cause: str = "message", decision_id: int | None = None
) -> Run:
    """Have the agents work on a ticket. `cause` is message, reply, changes, retry or release."""
    run = Run(id=new_id(), ticket_id=ticket.id or 0, episode_id=ticket.episode_id, cause=cause, started_at=now())
    session.add(run)
    session.flush()
    enqueue(session, "triage", run.id, run.id, decision_id)
    return run
