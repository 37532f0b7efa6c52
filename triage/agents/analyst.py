"""The analyst: facts about the customer and the matter, each with a source."""

from triage.agents.crew import Crew
from triage.agents.render import customer_text, passages_text, plan_text, precedents_text, ticket_text
from triage.agents.spotlight import notice
from triage.briefs import AnalystBrief, Facts


async def analyse(crew: Crew, brief: AnalystBrief) -> Facts:
    """The facts whose source exists; passages the analyst found by itself wait in `crew.context.found`."""
    facts = await crew.ask("analyst", prompt=_prompt(crew, brief), brief=brief, output=Facts)
    known = {passage.id for passage in brief.passages} | set(crew.context.found) | {"ticket"}
    if brief.customer:
        known |= {"customer"} | {f"order:{order.number}" for order in brief.customer.orders}
    proposed = [*facts.requested_actions, *crew.context.proposed]
    return facts.model_copy(
        update={
            "facts": [fact for fact in facts.facts if fact.source in known],
            "requested_actions": list({action.model_dump_json(): action for action in proposed}.values()),
        }
    )


def _prompt(crew: Crew, brief: AnalystBrief) -> str:
    parts = [
        notice(crew.marker),
        plan_text(crew, brief.plan),
        passages_text(crew, brief.passages),
        precedents_text(crew, brief.precedents),
        customer_text(crew, brief.customer),
        ticket_text(crew, brief.ticket),
    ]
    return "\n\n".join(part for part in parts if part)
