"""What is collected before the analyst is asked, so that a plain ticket needs no tool call."""

from dataclasses import asdict
from functools import partial
from typing import Any

from rapidfuzz import fuzz

from knowledge_base.answerability import Turn
from triage.agents.customers import customer_card
from triage.agents.toolbox import ToolContext, evidence
from triage.briefs import CustomerCard, Evidence, Plan, Precedent, TicketBrief
from triage.llm.offline.said import spoken

MOST_JUDGED, JUDGED, ALIKE = 6, 5, 80  # questions, passages of each, and how alike (0 to 100) a sentence and the question are
MOST_CITED = 4  # passages that come in through precedents
PER_SEARCH, PER_FOREIGN_SEARCH = 6, 40
MOST, SURE = 14, 2  # passages in all, and of each search those that stay however well other searches did


async def gather_passages(context: ToolContext, ticket: TicketBrief, plan: Plan) -> list[Evidence]:
    """Public passages for the plan's searches, best first and each once; recorded as one retrieval step.

    For a customer who does not write English the help centre is searched in their language too, because a
    reply may only be grounded in passages that the customer could read.
    """
    queries = list(dict.fromkeys([*plan.searches, *plan.questions]))[:10] or [f"{ticket.subject} {ticket.body[:300]}"]
    languages = [None] if plan.language in ("", "en") else [plan.language, None]

    async def live() -> dict[str, Any]:
        kept: list[Evidence] = []
        told: dict[str, dict[str, Any]] = {}
        near: dict[str, list[Evidence]] = {}
        for language in languages:
            most = PER_FOREIGN_SEARCH if language else PER_SEARCH  # the searcher prefers a language, it does not insist
            found = await context.searcher.asearch_many(queries, k=most, language=language)
            usable = [
                [evidence(hit) for hit in hits if hit.audience == "public" and language in (None, hit.language)] for hits in found
            ]
            kept += _best(usable)
            near |= {query: hits for query, hits in zip(queries, usable, strict=True) if hits}
            told |= {query: _told(query, hits) for query, hits in zip(queries, usable, strict=True) if hits or query not in told}
        passages = list({passage.id: passage for passage in kept}.values())[: MOST + MOST // 2]
        judge = partial(_judged_and_precedents, context, ticket, plan, near)
        answers, precedents = await context.database.compute("judge", judge)
        passages += await _cited(context, precedents, {passage.id for passage in passages})
        return {
            "passages": [passage.model_dump() for passage in passages],
            "searches": list(told.values()),
            "answers": answers,
            "precedents": precedents,
        }

    request = {"queries": queries, "languages": languages, "k": PER_SEARCH}
    recorded = await context.recorder.step("retrieval", role="analyst", name="knowledge", request=request, live=live)
    context.answers.update(recorded.get("answers", {}))
    context.precedents = [Precedent.model_validate(item) for item in recorded.get("precedents", [])]
    return [Evidence.model_validate(item) for item in recorded["passages"]]


async def gather_customer(context: ToolContext) -> CustomerCard | None:
    """The ticket's own customer, when their identity is verified; recorded as one retrieval step."""
    owner = context.owner
    if owner is None:
        return None

    async def live() -> dict[str, Any]:
        card = await context.database.run(lambda session: customer_card(session, owner, context.ticket_id))
        return {"customer": card.model_dump() if card else None}

    recorded = await context.recorder.step("retrieval", role="analyst", name="customer", request={"customer": owner}, live=live)
    return CustomerCard.model_validate(recorded["customer"]) if recorded["customer"] else None


def _judged_and_precedents(
    context: ToolContext, ticket: TicketBrief, plan: Plan, near: dict[str, list[Evidence]]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    return _judged(context, ticket, plan, near), _precedents(context, plan)


def _judged(context: ToolContext, ticket: TicketBrief, plan: Plan, near: dict[str, list[Evidence]]) -> dict[str, Any]:
    """Whether the passages found for each question answer it; in other languages than English nobody can tell by meaning alone."""
    if context.judge is None or plan.language not in ("", "en"):
        return {}
    found: dict[str, Any] = {}
    for question in plan.questions[:MOST_JUDGED]:
        passages = [f"{passage.title}\n{passage.text}" for passage in near.get(question, [])[:JUDGED]]
        found[question] = asdict(context.judge.judge(question, passages, _conversation(ticket, question)))
    return found


def _precedents(context: ToolContext, plan: Plan) -> list[dict[str, Any]]:
    """Like questions solved before whose answers pass the same judge as the articles do."""
    if context.solved is None:
        return []
    found = context.solved.search(plan.questions, language=plan.language, besides=context.ticket_id)
    judge = context.judge if plan.language in ("", "en") else None
    return [
        {**vars(case), "articles": list(case.articles)}
        for case in found
        if judge is None or any(judge.judge(question, [case.answer]).answered >= 0.5 for question in plan.questions[:MOST_JUDGED])
    ]


async def _cited(context: ToolContext, precedents: list[dict[str, Any]], known: set[str]) -> list[Evidence]:
    """The passages of the articles that precedents cite, as far as customers may read them today."""
    wanted = {article for case in precedents for article in case["articles"]}
    if not wanted:
        return []
    found = await context.searcher.asearch_many([case["question"] for case in precedents], k=PER_SEARCH)
    fitting = [evidence(hit) for hits in found for hit in hits if hit.article in wanted and hit.audience == "public"]
    return list({passage.id: passage for passage in fitting if passage.id not in known}.values())[:MOST_CITED]


def _conversation(ticket: TicketBrief, question: str) -> list[Turn]:
    """What was said before and beside the question."""
    earlier = [Turn(message.body, message.direction == "out") for message in ticket.earlier]
    said = [text for text in (piece.text for piece in spoken(ticket.body[:4_000])) if not _signs(text, ticket.requester_name)]
    beside = [text for text in [ticket.subject, *said] if fuzz.ratio(text, question) < ALIKE]
    return [*earlier, *map(Turn, beside)]


def _signs(text: str, name: str) -> bool:
    """Whether this line is the customer's name below their message."""
    return bool(name) and len(text) <= 2 * len(name) + 20 and text.lower().startswith(name.split()[0].lower())


def _told(query: str, hits: list[Evidence]) -> dict[str, Any]:
    """One search in a line: how much it found, and the best of it."""
    score, article = (hits[0].score, hits[0].article) if hits else (0.0, "")
    return {"query": query, "hits": len(hits), "top": score, "article": article}


def _best(found: list[list[Evidence]]) -> list[Evidence]:
    """Each passage once with its best score, best first, at most MOST; the first SURE of every search among them."""
    best: dict[str, Evidence] = {}
    for passage in (passage for passages in found for passage in passages):
        if passage.id not in best or passage.score > best[passage.id].score:
            best[passage.id] = passage
    sure = list(dict.fromkeys(passage.id for passages in found for passage in passages[:SURE]))[:MOST]
    rest = sorted((name for name in best if name not in sure), key=lambda name: -best[name].score)
    return sorted((best[name] for name in [*sure, *rest][:MOST]), key=lambda passage: -passage.score)
