"""What is collected before the analyst is asked, so that a plain ticket needs no tool call."""

from typing import Any

from triage.agents.customers import customer_card
from triage.agents.toolbox import ToolContext, evidence
from triage.briefs import CustomerCard, Evidence, Plan, TicketBrief

PER_SEARCH, PER_FOREIGN_SEARCH, MOST = 6, 15, 14


async def gather_passages(context: ToolContext, ticket: TicketBrief, plan: Plan) -> list[Evidence]:
    """Public passages for the plan's searches, best first and each once; recorded as one retrieval step.

    For a customer who does not write English the help centre is searched in their language too, because a
    reply may only be grounded in passages that the customer could read.
    """
    queries = list(dict.fromkeys([*plan.searches, *plan.questions]))[:8] or [f"{ticket.subject} {ticket.body[:300]}"]
    languages = [None] if plan.language in ("", "en") else [plan.language, None]

    async def live() -> dict[str, Any]:
        passages: list[dict[str, Any]] = []
        for language in languages:
            most = PER_FOREIGN_SEARCH if language else PER_SEARCH  # the searcher prefers a language, it does not insist
            for hits in await context.searcher.asearch_many(queries, k=most, language=language):
                wanted = [hit for hit in hits if hit.audience == "public" and language in (None, hit.language)]
                passages += [evidence(hit).model_dump() for hit in wanted]
        return {"passages": _best(passages, plan.language)}

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


def _best(passages: list[dict[str, Any]], language: str) -> list[dict[str, Any]]:
    """Each passage once with its best score, the customer's language first, at most MOST."""
    best: dict[str, dict[str, Any]] = {}
    for passage in passages:
        if passage["id"] not in best or passage["score"] > best[passage["id"]]["score"]:
            best[passage["id"]] = passage
    return sorted(best.values(), key=lambda item: (item["language"] != (language or "en"), -item["score"]))[:MOST]
