"""The reviewer: approve, or revise with notes; never the writer's own model when the settings can help it."""

from triage.agents.crew import Crew
from triage.agents.render import facts_text, passages_text, plan_text, ticket_text
from triage.agents.spotlight import notice
from triage.briefs import Review, ReviewerBrief


async def review(crew: Crew, brief: ReviewerBrief) -> Review:
    """The review; one that asks for a change says which."""

    def check(review: Review) -> str | None:
        return "a verdict of revise needs at least one note" if review.verdict == "revise" and not review.notes else None

    made = await crew.ask("reviewer", prompt=_prompt(crew, brief), brief=brief, output=Review, check=check)
    return made.model_copy(update={"confidence": min(1.0, max(0.0, made.confidence))})


def _prompt(crew: Crew, brief: ReviewerBrief) -> str:
    lines = [
        f"{n}. ({sentence.kind}; {', '.join(sentence.passages) or 'no source'}) {sentence.text}"
        for n, sentence in enumerate(brief.reply.sentences, 1)
    ]
    parts = [
        notice(crew.marker),
        f"The draft is of kind {brief.kind}.",
        plan_text(crew, brief.plan),
        facts_text(crew, brief.facts),
        passages_text(crew, brief.passages),
        passages_text(crew, brief.policies, "Policies"),
        ticket_text(crew, brief.ticket),
        "Draft, sentence by sentence:\n" + crew.fenced("DRAFT", "\n".join(lines)),
    ]
    if brief.unsupported:
        parts.append("Found unsupported by a program:\n" + crew.fenced("UNSUPPORTED", "\n".join(brief.unsupported)))
    if brief.asked:
        parts.append("A person of the team asks you to see to this:\n" + "\n".join(f"- {wish}" for wish in brief.asked))
    return "\n\n".join(parts)
