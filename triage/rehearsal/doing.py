"""Doing a rehearsal: the flow as it is, on a knowledge base of its own, where nothing is kept."""

import asyncio
import logging
import time
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlmodel import Session, col, select

from knowledge_base import overlay
from knowledge_base.search import Searcher
from triage import desk, judging, tracing
from triage.agents.spotlight import marker_for
from triage.agents.toolbox import Searches
from triage.casefile import open_case
from triage.database.sealed import Sealed
from triage.errors import TriageError
from triage.genai import INVOKE_WORKFLOW, OPERATION, RUN
from triage.judging import Rules
from triage.llm.kept import kept
from triage.models import Draft, Rehearsal, RehearsedTicket, Run, new_id, now
from triage.recording import Unrecorded
from triage.rehearsal.asking import uses_service
from triage.rehearsal.comparing import as_stored, plain, still_stands, verdict

if TYPE_CHECKING:
    from triage.office import Desk

logger = logging.getLogger(__name__)

_AT_ONCE = 4  # tickets drafted at the same time: a model answers slowly


async def rehearse(office: "Desk", rehearsal_id: int) -> str:
    """Draft the tickets of a rehearsal again, each result stored at once. Called again after a crash, it goes on where it stopped."""
    rehearsal = await office.database.run(lambda session: _begin(session, rehearsal_id))
    if rehearsal is None:
        return "nothing to do"
    try:
        await _work(office, rehearsal)
    except TriageError as error:
        said = str(error)
        return await office.database.run(lambda session: _end(session, rehearsal_id, "failed", said))
    except Exception:  # a bug of ours: the page must not show a rehearsal that never ends
        logger.exception("rehearsal %s broke", rehearsal_id)
        said = "It broke; the desk's log has the details. Try again."
        return await office.database.run(lambda session: _end(session, rehearsal_id, "failed", said))
    return await office.database.run(lambda session: _end(session, rehearsal_id, "done", ""))


async def _work(office: "Desk", rehearsal: Rehearsal) -> None:
    version = overlay.with_version(office.searcher, office.settings, rehearsal.article_id, rehearsal.version)
    searcher = await asyncio.to_thread(version.__enter__)
    try:
        while waiting := await office.database.run(lambda session: _waiting(session, rehearsal.id or 0)):
            await asyncio.gather(*[_one(office, rehearsal, row, searcher) for row in waiting])
    finally:
        await asyncio.to_thread(_leave, version)


def _leave(version: AbstractContextManager[Searcher]) -> None:
    version.__exit__(None, None, None)


async def _one(office: "Desk", rehearsal: Rehearsal, row: RehearsedTicket, searcher: Searcher) -> None:
    """One ticket before and after; an error is its result."""
    began, cost = time.perf_counter(), 0.0
    with office.database.read() as session:
        draft = session.get_one(Draft, row.draft_id)
        stored = as_stored(session, draft) if uses_service(office) and still_stands(session, draft) else None
    try:
        if stored is None:
            row.before, cost = await _draft_again(office, rehearsal, draft, office.searcher)
        else:
            row.before = stored
        row.after, more = await _draft_again(office, rehearsal, draft, searcher)
        row.verdict, cost = verdict(row.before, row.after, exact=not uses_service(office)), cost + more
    except TriageError as error:
        row.verdict, row.after = "failed", {"error": str(error)}
    row.seconds = round(time.perf_counter() - began, 3)
    await office.database.run(lambda session: _keep(session, row, cost))


async def _draft_again(office: "Desk", rehearsal: Rehearsal, draft: Draft, searcher: Searches) -> tuple[dict[str, object], float]:
    """The outcome for the ticket as it stood when the draft was made, as plain values, and its cost in USD."""
    run = Run(
        id=f"rehearsal-{rehearsal.id}-{new_id()[:12]}", ticket_id=draft.ticket_id, episode_id=draft.episode_id, cause="rehearsal"
    )
    sealed = Sealed(office.database, "A rehearsal tried to change the desk; it may only read.")
    with office.database.read() as session:
        case = open_case(session, run, None, body_limit=office.settings.body_limit, thread_head=draft.thread_head)
        rules = Rules.load(session, office.settings)
    recorder = Unrecorded(sealed, run.id)
    gate = office.gate(recorder, rules.limits)
    crew = office.crew(case, recorder, gate, cover=rules.cover_personal_data, style=rules.style)
    models = kept(crew.models, office.database, most_bytes=office.settings.kept_answers_mb * 1_000_000)
    marker = marker_for(draft.run_id or run.id)  # the same each time: otherwise nothing kept would ever fit
    crew = replace(crew, models=models, marker=marker, context=replace(crew.context, database=sealed, searcher=searcher))
    with tracing.span(f"{INVOKE_WORKFLOW} rehearsal", {OPERATION: INVOKE_WORKFLOW, RUN: run.id}):
        async with asyncio.timeout(office.settings.run_seconds):
            screening = await judging.screen(case, recorder, rules)
            outcome = await desk.draft(office, case, rules, crew, screening)
    await gate.close()
    return plain(outcome, crew.degraded), recorder.cost_usd


# ---- storing ----------------------------------------------------------------------------------------------


def _begin(session: Session, rehearsal_id: int) -> Rehearsal | None:
    rehearsal = session.get(Rehearsal, rehearsal_id)
    if rehearsal is None or rehearsal.status not in ("waiting", "running"):
        return None
    rehearsal.status = "running"
    session.add(rehearsal)
    return rehearsal


def _waiting(session: Session, rehearsal_id: int) -> list[RehearsedTicket]:
    """The next tickets to draft; none once somebody stopped it."""
    if session.get_one(Rehearsal, rehearsal_id).status != "running":
        return []
    left = select(RehearsedTicket).where(RehearsedTicket.rehearsal_id == rehearsal_id, RehearsedTicket.verdict == "")
    return list(session.exec(left.order_by(col(RehearsedTicket.id)).limit(_AT_ONCE)))


def _keep(session: Session, row: RehearsedTicket, cost: float) -> None:
    session.merge(row)
    rehearsal = session.get_one(Rehearsal, row.rehearsal_id, with_for_update=True)
    rehearsal.cost_usd += cost
    session.add(rehearsal)


def _end(session: Session, rehearsal_id: int, status: str, error: str) -> str:
    rehearsal = session.get_one(Rehearsal, rehearsal_id, with_for_update=True)
    if rehearsal.status == "running":
        rehearsal.status, rehearsal.error, rehearsal.ended_at = status, error, now()
        session.add(rehearsal)
    return rehearsal.status
