"""The writer: the draft, sentence by sentence, each fact with its passages."""

from triage.agents.crew import Crew
from triage.agents.render import customer_text, facts_text, passages_text, plan_text, precedents_text, ticket_text
from triage.agents.spotlight import notice
from triage.briefs import Reply, WriterBrief
from triage.llm.offline.notes import not_followed

KINDS = {
    "reply": "Write kind: reply, an answer to every question.",
    "clarify": "Write kind: clarify, ask for what the plan says is missing.",
    "holding": "Write kind: holding, a colleague takes over.",
}


async def write(crew: Crew, brief: WriterBrief) -> Reply:
    """The reply; ids that name no given passage are taken out, so that the sentence counts as unsupported."""

    def check(reply: Reply) -> str | None:
        return None if reply.body.strip() else "the reply is empty"

    reply = await crew.ask("writer", prompt=_prompt(crew, brief), brief=brief, output=Reply, check=check)
    if crew.answered_by["writer"] == "offline":
        for note in not_followed(brief.notes):
            crew.degraded.append(f"The offline engine could not follow the instruction “{note}”")
    return _cited(reply, brief)


def _cited(reply: Reply, brief: WriterBrief) -> Reply:
    known = {passage.id for passage in brief.passages}
    if brief.customer:
        known |= {"customer"} | {f"order:{order.number}" for order in brief.customer.orders}
    paragraphs = [
        paragraph.model_copy(
            update={
                "sentences": [
                    sentence.model_copy(update={"passages": [name for name in sentence.passages if name in known]})
                    for sentence in paragraph.sentences
                    if sentence.text.strip()
                ]
            }
        )
        for paragraph in reply.paragraphs
    ]
    return reply.model_copy(update={"paragraphs": [paragraph for paragraph in paragraphs if paragraph.sentences]})


def _prompt(crew: Crew, brief: WriterBrief) -> str:
    parts = [
        notice(crew.marker),
        KINDS[brief.kind],
        plan_text(crew, brief.plan),
        facts_text(crew, brief.facts),
        passages_text(crew, brief.passages),
        precedents_text(crew, brief.precedents),
        customer_text(crew, brief.customer),
        ticket_text(crew, brief.ticket),
    ]
    if brief.previous:
        parts.append("Previous draft:\n" + crew.fenced("DRAFT", brief.previous))
    if brief.notes:
        parts.append("Notes from the team:\n" + "\n".join(f"- {note}" for note in brief.notes))
    return "\n\n".join(part for part in parts if part)
