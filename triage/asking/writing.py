"""From a question to SQL: by the model that plans, or by the offline engine for the questions it knows.

One call, without tools, through the same budgets, breakers, placeholders for personal data and spans as all model work; what
the guard refuses is told to the model once. A model is shown the views and the question, never a row.
"""

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from triage import genai, tracing
from triage.agents.crew import NO_LIMIT
from triage.agents.loop import run_agent
from triage.agents.prompts import load, objective
from triage.agents.spotlight import fence, marker_for, notice
from triage.agents.tools import Toolset
from triage.asking import guard
from triage.briefs import AskBrief, Query
from triage.database.reporting import VIEWS
from triage.errors import BadAnswer, TurnLimit
from triage.learning.metrics import METRICS
from triage.llm.chain import Chain
from triage.models import new_id
from triage.recording import Unrecorded

if TYPE_CHECKING:
    from triage.office import Desk

ROLE = "asker"
MODELS_OF = "manager"


@dataclass
class Written:
    """What came of it: the query, which model wrote it with which prompt, what it used, and the trace of its spans."""

    query: Query
    model: str
    prompt: int
    trace: str
    tokens: int = 0
    cost_usd: float = 0.0
    degraded: list[str] = field(default_factory=list)


def write(desk: "Desk", brief: AskBrief) -> Written:
    """The query for a question. Raises ModelError when no model gave one; the offline engine always does."""
    return asyncio.run(_write(desk, brief))


async def _write(desk: "Desk", brief: AskBrief) -> Written:
    recorder = Unrecorded(desk.database, f"question-{new_id()[:12]}")
    gate = desk.gate(recorder)
    degraded: list[str] = []
    models = await asyncio.to_thread(desk.covered, brief.question)
    chain = Chain(list(models[MODELS_OF]), gate, recorder, degraded)
    try:
        with tracing.span(f"{genai.INVOKE_AGENT} {ROLE}", {genai.AGENT: ROLE, genai.RUN: recorder.run_id}):
            query = await _asked(desk, brief, chain, recorder)
    finally:
        await gate.close(degraded)
    return Written(
        query, chain.answered_by, load(ROLE).version, recorder.run_id, recorder.input_tokens + recorder.output_tokens,
        recorder.cost_usd, degraded,
    )  # fmt: skip


async def _asked(desk: "Desk", brief: AskBrief, chain: Chain, recorder: Unrecorded) -> Query:
    """A model whose queries the guard refuses twice makes way for the next; the last one's error is raised."""
    system = objective(ROLE, desk.settings).replace("{functions}", guard.FUNCTIONS)
    while True:
        try:
            return await run_agent(
                role=ROLE, objective=system, prompt=prompt(brief, recorder.run_id), brief=brief, model=chain, tools=Toolset([], None),
                output=Query, turns=1, tokens=desk.settings.ticket_token_limit or NO_LIMIT, recorder=recorder,
                check=lambda query: fault(query, brief.dialect),
            )  # fmt: skip
        except (BadAnswer, TurnLimit) as error:
            chain.step_down(error)


def fault(query: Query, dialect: str) -> str | None:
    """What is wrong with a model's answer, in words it can mend it by."""
    if unknown := [name for name in query.metrics if name not in METRICS]:
        return f"there is no metric {unknown[0]}"
    if not query.sql.strip():
        return None if query.said.strip() else "sql is empty and said does not say why"
    try:
        guard.checked(query.sql, dialect)
    except guard.Refused as refusal:
        return str(refusal)
    return None


def prompt(brief: AskBrief, seed: str) -> str:
    """What a model is told: the views, the metrics, the day, and the question set apart."""
    marker = marker_for(seed)
    categories = ", ".join(f"{slug} ({title})" for slug, title in brief.categories.items())
    return "\n\n".join([
        notice(marker), f"Views ({brief.dialect}):\n{views()}", "Metrics:\n" + metrics(), f"Categories: {categories or 'none yet'}.",
        f"Today is {brief.today}.", "The question:\n" + fence(marker, "QUESTION", brief.question),
    ])  # fmt: skip


def views() -> str:
    """Every view with what its rows and columns mean."""
    return "\n".join(
        f"{view.name}: {view.rows}\n" + "\n".join(f"- {column.name}: {column.meaning}" for column in view.columns)
        for view in VIEWS.values()
    )


def metrics() -> str:
    return "\n".join(f"- {metric.name}: {metric.title}" for metric in METRICS.values())
