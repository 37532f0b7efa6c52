"""What a run of the agents asked the knowledge base, and whether its questions were answered."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlmodel import Session, col, select

from knowledge_base import signals
from triage.models import EscalationReason, PrecedentUse, Run, SolvedCase, Ticket
from triage.outcome import Outcome
from triage.recording import Recorder, Told

_PLANNED, _OWN = "knowledge", "search_knowledge"  # names of the recorded steps
_LACKS_KNOWLEDGE = (EscalationReason.MISSING_KNOWLEDGE, EscalationReason.LOW_CONFIDENCE)


def record(session: Session, ticket: Ticket, run: Run, recorder: Recorder, outcome: Outcome) -> None:
    """One record for each question of the plan, for each search that the analyst made by itself, and for each precedent."""
    if outcome.plan is None:
        return
    verdicts, steps = _verdicts(outcome), recorder.told((_PLANNED, _OWN))
    of = {
        "source": signals.AGENTS, "ticket_id": ticket.id, "episode_id": ticket.episode_id, "run_id": run.id,
        "language": outcome.plan.language, "category": outcome.plan.category,
    }  # fmt: skip
    searches = [{**of, **_decided(search, verdicts)} for search in _searches(steps, set(verdicts))]
    if run.cause == "message":
        signals.asked(session, searches)
    else:
        for search in searches:
            signals.searched(session, **search)
    _record_precedents(session, run.id, steps)


def _decided(search: dict[str, Any], verdicts: Mapping[str, str]) -> dict[str, Any]:
    """A search with what was decided of it, and how sure that is; `chance` is the judge's that it is answered."""
    decision, chance = verdicts.get(search["query"], ""), search.pop("chance", None)
    sure = 0.0 if chance is None else chance if decision == "answer" else 1 - chance
    return {**search, "decision": decision, "confidence": sure}


def _record_precedents(session: Session, run_id: str, steps: Iterable[Told]) -> None:
    """The solved cases that the run was shown, as far as they still stand."""
    scores = {case["case"]: case["score"] for _, _, response in steps for case in response.get("precedents", [])}
    if scores:
        standing = session.exec(select(SolvedCase.id).where(col(SolvedCase.id).in_(list(scores))))
        session.add_all(PrecedentUse(run_id=run_id, case_id=case or 0, score=scores[case]) for case in standing.all())


def _verdicts(outcome: Outcome) -> dict[str, str]:
    """For each question of the plan: answer, clarify or abstain."""
    questions = outcome.plan.questions if outcome.plan else []
    if outcome.kind == "clarify":
        return dict.fromkeys(questions, "clarify")
    if outcome.kind == "holding" and outcome.reason not in _LACKS_KNOWLEDGE:
        return dict.fromkeys(questions, "")  # a person has to decide, whatever the articles say
    unanswered = set(outcome.facts.unanswered if outcome.facts else questions)
    return {question: "abstain" if question in unanswered else "answer" for question in questions}


def _searches(steps: Iterable[Told], questions: set[str]) -> Iterator[dict[str, Any]]:
    """Query, hits, best score and article of each: of the plan's searches those that are its questions, and the analyst's own."""
    for name, request, response in steps:
        if name != _PLANNED:
            yield _own(request, response)
            continue
        judged = response.get("answers", {})
        for search in response.get("searches", []):
            if search["query"] in questions:
                yield {**search, "chance": judged.get(search["query"], {}).get("answered")}


def _own(request: Mapping[str, Any], response: Mapping[str, Any]) -> dict[str, Any]:
    found = response["result"]
    best = found[0] if found else {"score": 0.0, "article": ""}
    query = json.loads(request["arguments"])["query"]
    return {"query": query, "hits": len(found), "top": best["score"], "article": best["article"]}
