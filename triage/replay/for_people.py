"""Replay, forks, files and results of runs for the people of the desk: each within what the person may see."""

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlmodel import Session, col, select

from triage import trace_words, traces
from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import InputError
from triage.models import Draft, Run, RunPremise, RunStep, User
from triage.replay import changes, files
from triage.replay.changes import Changes
from triage.replay.forking import fork
from triage.replay.recording import Recording, not_replayable, of_run
from triage.replay.replaying import Replayed, replay_now
from triage.replay.world import found_by, world_of

if TYPE_CHECKING:
    from triage.office import Desk


@dataclass(frozen=True)
class Result:
    """What a run came to: its reply ("" when it wrote none); of a fork also its parent, the steps taken over and what it tried."""

    reply: str
    parent_id: str = ""
    taken_over: int = 0
    tried: str = ""


def check(desk: "Desk", user: User, run_id: str) -> Replayed:
    """Feed the recorded answers back through the flow, held against the desk's articles and tools of now.

    Raises Divergence at the first difference, InputError for a run that cannot be replayed, AccessError as `traces.load` does.
    """
    with desk.database.read() as session:
        recording = _recording(session, user, run_id)
        world = world_of(session, recording.steps)
    return replay_now(recording, desk.settings, world)


def exported(session: Session, user: User, run_id: str) -> bytes:
    """The recording as a file's content. It holds rules and prompts beside the customer's words, so who may not read those gets none."""
    access.require(access.fresh(session, user), Permission.READ_MACHINERY)
    return b"".join(files.lines(_recording(session, user, run_id)))


def fork_now(desk: "Desk", user: User, run_id: str, steps: int, tried: Changes) -> str:
    """`fork` for screens, which have no event loop; returns the fork's id."""
    return asyncio.run(fork(desk, user, run_id, steps, tried))


def answer_of(step: RunStep) -> str:
    """What a fork may put another answer in place of, as JSON over several lines."""
    if step.kind == "tool":
        return trace_words.readable(step.response.get("result"))
    return trace_words.readable(trace_words.parsed(step.response.get("text")) if step.kind == "model" else step.response)


def answer_from(text: str) -> Any:
    """The value of an answer that a person wrote. Raises InputError with the place where it is no JSON."""
    try:
        return json.loads(text)
    except ValueError as error:
        raise InputError(f"The answer is no JSON ({error}); keep its quotes, commas and brackets.") from error


def articles_of(steps: Iterable[RunStep]) -> list[str]:
    """The articles that a run's searches found, in the order in which they were found."""
    return list(
        dict.fromkeys(str(passage["article"]) for step in steps for _, passage in found_by(step) if passage.get("article"))
    )


def why_not(session: Session, run: Run) -> str:
    """Why a run can be neither replayed, forked nor exported, in a sentence; empty when it can."""
    return not_replayable(run, has_premise=session.get(RunPremise, run.id) is not None)


def result(session: Session, user: User, run_id: str) -> Result:
    """What a run came to; the same errors as `traces.load`."""
    run, _ = traces.reachable(session, user, run_id)
    if run.forked_at is None:
        first = select(Draft.body).where(Draft.run_id == run.id, Draft.created_by == "agents").order_by(col(Draft.version))
        return Result(session.exec(first).first() or "")
    premise = session.get(RunPremise, run.id)
    ending = premise.ending if premise else {}
    tried = changes.read(premise.changes).sentence() if premise else ""
    return Result(str(ending.get("body") or ""), run.parent_id or "", run.forked_at, tried)


def _recording(session: Session, user: User, run_id: str) -> Recording:
    traces.reachable(session, access.fresh(session, user), run_id)
    return of_run(session, run_id)
