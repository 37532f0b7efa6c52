"""The ranker: how far each passage that searches found answers the plan's questions, by one call of a cheap model.

Works only where the settings name a model for it. When that model fails, the searches' own order stands.
"""

from collections.abc import Mapping
from typing import Any

from triage.agents.crew import Crew
from triage.agents.prompts import load
from triage.agents.remembered import Remembered
from triage.agents.render import passages_text
from triage.agents.spotlight import notice
from triage.briefs import Evidence, Plan, Relevance, RelevanceBrief
from triage.errors import ModelError
from triage.llm.chain import what_happened
from triage.llm.protocol import Model
from triage.recording import digest

ROLE = "ranker"
USELESS, UNKNOWN, ANSWERS = 0, 1, 2  # grades: beside the point, not graded, answers in part or (3) in full
SURE = 2  # of the best by search that stay, however the model judges them


Judged = Remembered[dict[str, int]]  # grades by passage id


async def rank(crew: Crew, plan: Plan, passages: list[Evidence], judged: Judged) -> list[Evidence]:
    """The passages of a plan that answers, judged by its questions; of any other plan as they are."""
    return await judge(crew, plan.questions, passages, judged) if plan.action == "answer" else passages


async def judge(crew: Crew, questions: list[str], passages: list[Evidence], judged: Judged) -> list[Evidence]:
    """The passages by the model's grades, then by their score; what is beside the point is left out when others answer.

    Two recorded steps: what is known from before, and, when nothing is, the model's call.
    """
    models = crew.models.get(ROLE)
    if not models or not questions or len(passages) < 2:
        return passages
    model = models[0]
    asked = {
        "model": model.name,
        "prompt": load(ROLE).version,
        "questions": questions,
        "passages": sorted([passage.id, passage.version] for passage in passages),
    }
    key = digest(asked)

    async def known() -> dict[str, Any]:
        return {"grades": judged.get(key)}

    recorder = crew.context.recorder
    grades = (await recorder.step("retrieval", role=ROLE, name="relevance", request=asked, live=known))["grades"]
    if grades is None:
        try:
            grades = await _ask(crew, model, RelevanceBrief(questions=questions, passages=passages))
        except ModelError as error:
            crew.degraded.append(f"{model.name} {what_happened(error)}; the searches' own order used")
            return passages
        judged.keep(key, grades)
    return ordered(passages, grades)


def ordered(passages: list[Evidence], grades: Mapping[str, int]) -> list[Evidence]:
    """Passages by grade and then as they were. One that was not graded stays; only what is useless can go."""
    graded = [(passage, grades.get(passage.id, UNKNOWN)) for passage in passages]
    answered = any(grade >= ANSWERS for _, grade in graded)
    kept = [
        (passage.model_copy(update={"why": f"{passage.why}; judged {grade} of 3"}) if passage.id in grades else passage, grade)
        for n, (passage, grade) in enumerate(graded)
        if grade > USELESS or n < SURE or not answered
    ]
    return [passage for passage, _ in sorted(kept, key=lambda pair: -pair[1])]


async def _ask(crew: Crew, model: Model, brief: RelevanceBrief) -> dict[str, int]:
    """Grades by passage id. One call, without a second try: the order that there is already is a good one."""
    questions = "\n".join(f"{n}. {question}" for n, question in enumerate(brief.questions, 1))
    parts = [notice(crew.marker), "Questions:\n" + crew.fenced("QUESTIONS", questions), passages_text(crew, brief.passages)]
    said = await crew.once(ROLE, model, prompt="\n\n".join(parts), brief=brief, output=Relevance)
    shown = {passage.id for passage in brief.passages}
    return {grade.passage: grade.grade for grade in said.grades if grade.passage in shown}
