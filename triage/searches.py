"""What a run of the agents asked the knowledge base, and whether its questions were answered."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sqlmodel import Session, col, select

from knowledge_base import signals
from triage.models import Run, RunStep, Ticket
from triage.outcome import Outcome

_PLANNED, _OWN = "knowledge", "search_knowledge"  # names of the recorded steps


def record(session: Session, ticket: Ticket, run: Run, outcome: Outcome) -> None:
    """One record for each question of the plan, and for each search that the analyst made by itself."""
    if outcome.plan is None:
        return
    verdicts = _verdicts(outcome)
    for search in _searches(session, run.id, set(verdicts)):
        signals.searched(
            session, **search, source=signals.AGENTS, decision=verdicts.get(search["query"], ""), first=run.cause == "message",
            ticket_id=ticket.id, episode_id=ticket.episode_id, run_id=run.id, language=outcome.plan.language,
            category=outcome.plan.category,
        )  # fmt: skip


def _verdicts(outcome: Outcome) -> dict[str, str]:
    """For each question of the plan: answer, clarify or abstain."""
    questions = outcome.plan.questions if outcome.plan else []
    if outcome.kind == "clarify":
        return dict.fromkeys(questions, "clarify")
    unanswered = set(outcome.facts.unanswered if outcome.facts else questions)
    return {question: "abstain" if question in unanswered else "answer" for question in questions}


def _searches(session: Session, run_id: str, questions: set[str]) -> Iterator[dict[str, Any]]:
    """Query, hits, best score and article of each: of the plan's searches those that are its questions, and the analyst's own."""
    steps = select(RunStep.name, RunStep.request, RunStep.response).where(
        RunStep.run_id == run_id, col(RunStep.name).in_((_PLANNED, _OWN)), col(RunStep.error).is_(None)
    )
    for name, request, response in session.exec(steps.order_by(col(RunStep.ordinal))):
        if name == _PLANNED:
            yield from (search for search in response.get("searches", []) if search["query"] in questions)
        else:
            yield _own(request, response)


def _own(request: Mapping[str, Any], response: Mapping[str, Any]) -> dict[str, Any]:
    found = response["result"]
    best = found[0] if found else {"score": 0.0, "article": ""}
    query = json.loads(request["arguments"])["query"]
    return {"query": query, "hits": len(found), "top": best["score"], "article": best["article"]}
