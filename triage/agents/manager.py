"""The manager: one typed plan per ticket, made before any tool output is read."""

from triage.agents.crew import Crew
from triage.agents.render import ticket_text
from triage.agents.spotlight import notice
from triage.briefs import Plan, PlanBrief


async def plan(crew: Crew, brief: PlanBrief) -> Plan:
    """The plan, with a category of the list or none, and a reason exactly when it escalates."""
    known = [card.slug for card in brief.categories]

    def check(plan: Plan) -> str | None:
        if known and plan.category and plan.category not in known:
            return f"category must be one of {', '.join(known)}, or empty"
        if plan.action == "escalate" and plan.escalation_reason is None:
            return "escalation_reason is needed when action is escalate"
        return None

    made = await crew.ask("manager", prompt=_prompt(crew, brief), brief=brief, output=Plan, check=check)
    return made.model_copy(update=_tidied(made))


def _tidied(plan: Plan) -> dict[str, object]:
    return {
        "confidence": min(1.0, max(0.0, plan.confidence)),
        "escalation_reason": plan.escalation_reason if plan.action == "escalate" else None,
        "language": plan.language.strip().lower()[:2],
        "questions": plan.questions[:8],
        "searches": plan.searches[:6],
        "missing": plan.missing if plan.action == "clarify" else [],
    }


def _prompt(crew: Crew, brief: PlanBrief) -> str:
    categories = "\n".join(
        f"- {card.slug}: {card.title}. {card.description} (usual priority: {card.default_priority})" for card in brief.categories
    )
    examples = "\n".join(f"- [{near.category}, {near.similarity:.2f}] {near.text[:200]}" for near in brief.neighbours[:6])
    parts = [notice(crew.marker), f"Categories:\n{categories}"]
    if examples:
        parts.append("Near examples with their category:\n" + crew.fenced("EXAMPLES", examples))
    if brief.suggestion:
        likely = ", ".join(f"{slug} {chance:.2f}" for slug, chance in brief.suggestion.ranking[:3])
        parts.append(
            f"A classifier of the categories suggests: {'none of them, at best ' if brief.suggestion.abstain else ''}{likely}."
        )
    if brief.signals:
        parts.append(f"Found by rules in the message: {', '.join(brief.signals)}.")
    if brief.languages:
        parts.append(f"The knowledge base is written in: {', '.join(brief.languages)} (most of it in the first).")
    parts.append(ticket_text(crew, brief.ticket))
    return "\n\n".join(parts)
