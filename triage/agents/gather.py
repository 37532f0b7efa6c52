"""What is collected before the analyst is asked, so that a plain ticket needs no tool call."""

from typing import Any

from triage.agents.customers import customer_card
from triage.agents.toolbox import ToolContext, evidence
from triage.briefs import CustomerCard, Evidence, Plan, TicketBrief

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
        kept: list[dict[str, Any]] = []
        told: dict[str, dict[str, Any]] = {}
        for language in languages:
            most = PER_FOREIGN_SEARCH if language else PER_SEARCH  # the searcher prefers a language, it does not insist
            found = await context.searcher.asearch_many(queries, k=most, language=language)
            usable = [
                [evidence(hit).model_dump() for hit in hits if hit.audience == "public" and language in (None, hit.language)]
                for hits in found
            ]
            kept += _best(usable)
            told |= {query: _told(query, hits) for query, hits in zip(queries, usable, strict=True) if hits or query not in told}
        passages = list({passage["id"]: passage for passage in kept}.values())[: MOST + MOST // 2]
        return {"passages": passages, "searches": list(told.values())}

    request = {"queries": queries, "languages": languages, "k": PER_SEARCH}
    recorded = await context.recorder.step("retrieval", role="analyst", name="knowledge", request=request, live=live)
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


def _told(query: str, hits: list[dict[str, Any]]) -> dict[str, Any]:
    """One search in a line: how much it found, and the best of it."""
    best = hits[0] if hits else {"score": 0.0, "article": ""}
    return {"query": query, "hits": len(hits), "top": best["score"], "article": best["article"]}


def _best(found: list[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Each passage once with its best score, best first, at most MOST; the first SURE of every search among them."""
    best: dict[str, dict[str, Any]] = {}
    for passage in (passage for passages in found for passage in passages):
        if passage["id"] not in best or passage["score"] > best[passage["id"]]["score"]:
            best[passage["id"]] = passage
    sure = list(dict.fromkeys(passage["id"] for passages in found for passage in passages[:SURE]))[:MOST]
    rest = sorted((name for name in best if name not in sure), key=lambda name: -best[name]["score"])
    return sorted((best[name] for name in [*sure, *rest][:MOST]), key=lambda passage: -passage["score"])
