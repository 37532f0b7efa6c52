"""What a run of the agents asked the knowledge base, and whether its questions were answered."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sqlmodel import Session, col, select

from knowledge_base import signals
from triage.models import Run, RunStep, Ticket
from triage.outcome import Outcome


def record(session: Session, ticket: Ticket, run: Run, outcome: Outcome) -> None:
    """One record for each question of the plan, and for each search that the analyst made by itself."""
    if outcome.plan is None:
        return
    verdicts = _verdicts(outcome)
    for search in [*_planned(session, run.id, set(verdicts)), *_own(session, run.id)]:
        signals.searched(
            session, **search, source=signals.AGENTS, decision=verdicts.get(search["query"], ""), ticket_id=ticket.id,
            episode_id=ticket.episode_id, run_id=run.id, language=outcome.plan.language, category=outcome.plan.category,
        )  # fmt: skip


def _verdicts(outcome: Outcome) -> dict[str, str]:
    """For each question of the plan: answer, clarify or abstain."""
    questions = outcome.plan.questions if outcome.plan else []
    if outcome.kind == "clarify":
        return dict.fromkeys(questions, "clarify")
    unanswered = set(outcome.facts.unanswered if outcome.facts else questions)
    return {question: "abstain" if question in unanswered else "answer" for question in questions}


def _planned(session: Session, run_id: str, questions: set[str]) -> Iterator[dict[str, Any]]:
    for _, response in _steps(session, run_id, "knowledge"):
        yield from (search for search in response.get("searches", []) if search["query"] in questions)


def _own(session: Session, run_id: str) -> Iterator[dict[str, Any]]:
    for request, response in _steps(session, run_id, "search_knowledge"):
        found = response["result"]
        best = found[0] if found else {"score": 0.0, "article": ""}
        query = json.loads(request["arguments"])["query"]
        yield {"query": query, "hits": len(found), "top": best["score"], "article": best["article"]}


def _steps(session: Session, run_id: str, name: str) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    steps = select(RunStep.request, RunStep.response).where(
        RunStep.run_id == run_id, RunStep.name == name, col(RunStep.error).is_(None)
    )
    yield from session.exec(steps.order_by(col(RunStep.ordinal))).all()
