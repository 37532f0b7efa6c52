"""The judge: whether each factual sentence of a draft stands in its sources, by one call of a model that did not write it.

Works only where the settings name a model for it. When that model fails, what code found stands alone. It is not shown the
customer's message: facts are judged by passages and records, and nobody who writes to the desk can speak to their judge.
"""

from triage.agents.crew import Crew
from triage.agents.render import customer_text, passages_text
from triage.agents.spotlight import notice
from triage.briefs import FACTUAL, CustomerCard, Evidence, JudgeBrief, Judgement, Judgements, Reply
from triage.errors import ModelError
from triage.llm.chain import what_happened

ROLE = "judge"


async def judge(crew: Crew, reply: Reply, passages: list[Evidence], customer: CustomerCard | None) -> dict[int, Judgement]:
    """The judgement of each factual sentence by its place in the reply, from 0; empty without a model or anything to judge."""
    models = crew.models.get(ROLE)
    asked = {n: sentence for n, sentence in enumerate(reply.sentences) if sentence.kind in FACTUAL}
    if not models or not asked:
        return {}
    model = models[0]
    lines = "\n".join(f"{n}. {sentence.text}" for n, sentence in asked.items())
    parts = [
        notice(crew.marker),
        passages_text(crew, passages),
        customer_text(crew, customer),
        "Sentences:\n" + crew.fenced("SENTENCES", lines),
    ]
    brief = JudgeBrief(sentences=list(asked.values()), passages=passages)
    try:
        said = await crew.once(ROLE, model, prompt="\n\n".join(parts), brief=brief, output=Judgements)
    except ModelError as error:
        crew.degraded.append(f"{model.name} {what_happened(error)}; sentences were held against their sources by code alone")
        return {}
    crew.answered_by[ROLE] = model.name
    return {judgement.sentence: judgement for judgement in said.judgements if judgement.sentence in asked}
