"""A run with all that a replay needs: its premise, its steps, its end."""

from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from triage import premises
from triage.errors import InputError
from triage.models import CommonPremise, Draft, Run, RunPremise, RunStep
from triage.premises import Premise

_WHY_NOT = {
    "redacted": "it was recorded redacted, so what was said is not there in full",
    "none": "it was recorded without its content",
    "expired": "its content was removed when its time was over",
}


@dataclass(frozen=True)
class Ending:
    """What a run came to: the ticket's status, the error that ended it, the reply as the draft has it (None: none)."""

    outcome: str
    error: str | None = None
    reply: str | None = None


@dataclass(frozen=True)
class Recording:
    """One recorded run. `shared` and `own` are the two parts of its premise, as JSON values."""

    run_id: str
    ticket_id: int
    ending: Ending
    shared: dict[str, Any]
    own: dict[str, Any]
    steps: list[RunStep]
    forked_at: int | None = None

    @property
    def premise(self) -> Premise:
        """What the run started from. Raises InputError when it cannot be read."""
        try:
            return premises.read(self.shared, self.own)
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"What run {self.run_id} started from cannot be read ({error}); was it made by another version?"
            ) from error


def of_run(session: Session, run_id: str) -> Recording:
    """The recording of a stored run. Raises InputError when there is none, it goes on, or its content was not kept."""
    run = session.get(Run, run_id)
    if run is None:
        raise InputError(f"There is no run {run_id[:40]}; it may have been removed, or the address is wrong.")
    if why := not_replayable(run, has_premise=session.get(RunPremise, run_id) is not None):
        raise InputError(why)
    own = session.get_one(RunPremise, run_id)
    shared = session.get_one(CommonPremise, own.common)
    steps = list(session.exec(select(RunStep).where(RunStep.run_id == run_id).order_by(col(RunStep.ordinal))))
    first = select(Draft.body).where(Draft.run_id == run_id, Draft.created_by == "agents").order_by(col(Draft.version))
    reply = session.exec(first).first()
    return Recording(
        run.id, run.ticket_id, Ending(run.outcome, run.error, reply), dict(shared.content), dict(own.case), steps, run.forked_at
    )


def not_replayable(run: Run, *, has_premise: bool = True) -> str:
    """Why a run cannot be replayed or forked, in a sentence; empty when it can."""
    if run.status == "running":
        return f"Run {run.id} still goes on; wait until it has ended."
    if run.recording in _WHY_NOT:
        return f"Run {run.id} cannot be replayed: {_WHY_NOT[run.recording]}. Runs are kept in full while the switch “recording” says full."
    if run.forked_at is not None:
        return (
            f"Run {run.id} is a fork: part of it was taken from run {run.parent_id}, which can be replayed. Forks are compared."
        )
    if not has_premise:
        return (
            f"Run {run.id} cannot be replayed: what it started from was not kept (it is older than replays, or of another kind)."
        )
    return ""
