"""Fork: a run's first steps as they were recorded, something changed, and live from there.

A fork is a run of its own, marked by its parent. It looks into the desk through a sealed database and stops where the flow
returns its outcome, so no ticket, draft, dossier or mail comes of it; what models and tools cost on the way is real and is counted
against the desk's limits. Three services refuse a fork besides (triage/runs.py): those that make drafts, post replies and
deliver them.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlmodel import Session

from knowledge_base import overlay
from triage import audit, canary, desk, tracing
from triage.accounts import access
from triage.accounts.access import Permission
from triage.agents.crew import Crew
from triage.agents.spotlight import marker_for
from triage.agents.toolbox import Searches
from triage.connections.tools import as_now
from triage.database import rows
from triage.database.sealed import Sealed
from triage.errors import Divergence, InputError, TriageError
from triage.genai import INVOKE_WORKFLOW, OPERATION, RUN
from triage.guardrails.gate import DeskGate
from triage.judging import Screening
from triage.llm import models_for
from triage.llm.protocol import Model
from triage.models import Run, RunPremise, RunStep, User, new_id, now
from triage.outcome import Outcome
from triage.premises import Premise
from triage.recording import Live, Recorder
from triage.replay.changes import Changes
from triage.replay.recording import Recording, of_run
from triage.settings import Settings

if TYPE_CHECKING:
    from triage.office import Desk

logger = logging.getLogger(__name__)

SEALED = "A fork tried to change the desk; it may only read."
_COPIED = ("ordinal", "kind", "role", "name", "request_hash", "request", "response", "seconds", "error", "created_at")


async def fork(office: "Desk", user: User, run_id: str, steps: int, changes: Changes) -> str:
    """Take over the first `steps` steps of a run, change something and go live from there. Returns the fork's id.

    Raises AccessError for who may not change the machinery, InputError for changes that cannot be made, Divergence when the
    flow of today no longer takes the recorded steps. How a fork that began ended is on its run.
    """
    changes.check(steps)
    recording, fork_id = await office.database.run(lambda session: _begin(session, user, run_id, steps, changes))
    premise = recording.premise
    connected = await office.database.run(lambda session: as_now(session, premise.connected))
    premise = replace(premise, connected=connected)
    with canary.standing(premise.canary):
        try:
            outcome, crew, recorder = await _work(office, premise, recording, fork_id, steps, changes)
        except TriageError as error:
            said = str(error)
            await office.database.run(lambda session: _broke(session, fork_id, said))
            raise
        except Exception as error:  # a bug of ours: the fork must not look as if it went on
            logger.exception("fork %s broke", fork_id)
            said = f"It broke off: {type(error).__name__}. The log has the details."
            await office.database.run(lambda session: _broke(session, fork_id, said))
            return fork_id
    await office.database.run(lambda session: _end(session, office.settings, fork_id, outcome, crew, recorder))
    return fork_id


async def _work(
    office: "Desk", premise: Premise, recording: Recording, fork_id: str, steps: int, changes: Changes
) -> tuple[Outcome, Crew, "Forked"]:
    sealed = Sealed(office.database, SEALED)
    recorder = Forked(office.database, fork_id, [_taken(recording.steps[n], n == steps - 1, changes) for n in range(steps)])
    gate = DeskGate(
        office.database, office.settings, changed=premise.rules.limits
    )  # of no customer: their limits are not for forks
    async with _searcher(office, changes) as searcher:
        crew = office.crew(
            premise.case, recorder, gate, premise.connected, cover=premise.rules.cover_personal_data, style=premise.rules.style
        )
        crew = replace(
            crew, settings=premise.applied(crew.settings), marker=marker_for(premise.case.run_id), prompts=changes.prompts,
            models=_models(office, crew, changes), context=replace(crew.context, database=sealed, searcher=searcher),
        )  # fmt: skip
        with tracing.span(f"{INVOKE_WORKFLOW} fork", {OPERATION: INVOKE_WORKFLOW, RUN: fork_id}):
            outcome = await desk.attempt(office, replace(premise.case, run_id=fork_id), premise.rules, crew, _admitted)
    await gate.close()
    await recorder.flush()
    return outcome, crew, recorder


def _taken(step: RunStep, last: bool, changes: Changes) -> RunStep:
    """A step as the fork reads it back; the last one with the changed answer."""
    copy = RunStep(**{name: getattr(step, name) for name in _COPIED}, run_id="")
    if last and changes.result is not None:
        copy.response, copy.error = changed_response(step, changes.result), None
    return copy


def changed_response(step: RunStep, result: Any) -> dict[str, Any]:
    """A step's answer with `result` in its place: a tool's result, a model's JSON text, or a whole answer."""
    if step.kind == "tool":
        return {"result": result}
    if step.kind == "model" and not (isinstance(result, dict) and "text" in result):
        from triage import jsontext

        text = result if isinstance(result, str) else jsontext.dumps(result)
        return {**step.response, "text": text, "tool_calls": []}
    if not isinstance(result, dict):
        raise InputError(
            f"The answer of step {step.ordinal + 1} ({step.kind} {step.name}) is a JSON object; give one of the same form."
        )
    return result


class Forked(Recorder):
    """Reads back the steps taken over, whatever they asked (a changed prompt asks otherwise), then records what is live.

    Its figures are those of the live steps alone: what was taken over was paid before.
    """

    async def step(self, kind: str, *, role: str = "", name: str = "", request: dict[str, Any], live: Live) -> dict[str, Any]:
        ordinal = self._position
        if ordinal < len(self._recorded):
            step = self._recorded[ordinal]
            was, is_now = (step.kind, step.role), (kind, role)
            if was != is_now:
                raise Divergence(ordinal, "step", " ".join(was).strip(), " ".join(is_now).strip(), what="taken over")
            self._position += 1
            return self._read_back(step)
        return await super().step(kind, role=role, name=name, request=request, live=live)

    def _count(self, kind: str, input_tokens: int, output_tokens: int, cost_usd: float) -> None:
        if self._position > len(self._recorded):
            super()._count(kind, input_tokens, output_tokens, cost_usd)

    @property
    def used_before(self) -> tuple[int, float]:
        return 0, 0.0


@asynccontextmanager
async def _searcher(office: "Desk", changes: Changes) -> AsyncIterator[Searches]:
    if not changes.article:
        yield office.searcher
        return
    version = overlay.with_version(
        office.searcher, office.settings, changes.article, changes.article_version, body=changes.article_body
    )
    searcher = await asyncio.to_thread(version.__enter__)
    try:
        yield searcher
    finally:
        await asyncio.to_thread(version.__exit__, None, None, None)


def _models(office: "Desk", crew: Crew, changes: Changes) -> dict[str, list[Model]]:
    """The crew's models, with another one first where the fork names it; it may be the offline engine by its name."""
    chosen = dict(crew.models)
    for role, name in changes.models.items():
        known = [model for chain in crew.models.values() for model in chain if model.name == name]
        if known:
            chosen[role] = [known[0]]
        elif office.settings.uses_service:
            named = office.settings.model_copy(update={f"model_{role}": name, "model_fallback": ""})
            chosen[role] = models_for(named)[role][:1]
        else:
            raise InputError(
                f"There is no model {name[:80]!r} here: no model service is set up (OPENAI_API_KEY or OPENAI_BASE_URL)."
            )
    return chosen


async def _admitted(screening: Screening) -> None:
    """A fork books nothing."""


# ---- storing ----------------------------------------------------------------------------------------------


def _begin(session: Session, user: User, run_id: str, steps: int, changes: Changes) -> tuple[Recording, str]:
    access.require(access.fresh(session, user), Permission.EDIT_MACHINERY)
    recording = of_run(session, run_id)
    if not 0 <= steps <= len(recording.steps):
        raise InputError(f"Run {run_id} has {len(recording.steps)} steps; take over 0 to {len(recording.steps)} of them.")
    parent = session.get_one(Run, run_id)
    fork_id = new_id()
    rows.insert(
        session, Run, id=fork_id, ticket_id=parent.ticket_id, episode_id=parent.episode_id, cause=parent.cause, parent_id=parent.id,
        forked_at=steps,
    )  # fmt: skip
    own = session.get_one(RunPremise, run_id)
    rows.insert(session, RunPremise, run_id=fork_id, common=own.common, case=dict(own.case), changes=changes.to_json())
    taken = [_taken(recording.steps[n], n == steps - 1, changes) for n in range(steps)]
    rows.insert_many(session, RunStep, ({name: getattr(step, name) for name in _COPIED} | {"run_id": fork_id} for step in taken))
    audit.append(session, "run.forked", actor=f"user:{user.id}", ticket_id=parent.ticket_id, run=run_id, fork=fork_id, steps=steps,
                 changes=changes.sentence())  # fmt: skip
    return recording, fork_id


def _end(session: Session, settings: Settings, fork_id: str, outcome: Outcome, crew: Crew, recorder: Recorder) -> None:
    run = session.get_one(Run, fork_id)
    run.status, run.outcome, run.error, run.ended_at = "ended", outcome.status.value, outcome.error, now()
    run.model, run.degraded = "+".join(dict.fromkeys(crew.answered_by.values())) or "none", crew.degraded
    run.model_calls, run.input_tokens, run.output_tokens = recorder.model_calls, recorder.input_tokens, recorder.output_tokens
    run.cost_usd = recorder.cost_usd
    premise = session.get_one(RunPremise, fork_id)
    premise.ending = {
        "reason": str(outcome.reason or ""),
        "subject": outcome.reply.subject if outcome.reply else "",
        "body": f"{outcome.reply.body}\n{outcome.signature or settings.mail_from_name}" if outcome.reply else "",
        "why": outcome.approver_reasons,
        "confidence": outcome.confidence,
    }
    session.add_all([run, premise])


def _broke(session: Session, fork_id: str, said: str) -> None:
    run = session.get_one(Run, fork_id)
    run.status, run.outcome, run.error, run.ended_at = "failed", "failed", said, now()
    session.add(run)
