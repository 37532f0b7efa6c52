"""The rewriter: a person's question in the words and the language of the help centre, by one call of the ranker's model.

Agents need none: their plan says what to search for. When the model fails, the question is searched as it was asked.
"""

from triage.agents import ranker
from triage.agents.crew import Crew
from triage.agents.prompts import load
from triage.agents.remembered import Remembered
from triage.agents.spotlight import notice
from triage.briefs import Reading, ReadingBrief
from triage.errors import ModelError
from triage.llm.chain import what_happened
from triage.recording import digest

ROLE = "rewriter"
Readings = Remembered[str]


async def reading(crew: Crew, question: str, language: str, known: Readings) -> str:
    """The question as a search in `language` (an English name); empty when the model could not be asked."""
    model = crew.models[ranker.ROLE][0]
    key = digest({"model": model.name, "prompt": load(ROLE).version, "question": question, "language": language})
    if (said := known.get(key)) is None:
        prompt = [notice(crew.marker), f"Write in {language}.", "The question:\n" + crew.fenced("QUESTION", question)]
        brief = ReadingBrief(question=question, language=language)
        try:
            said = (await crew.once(ROLE, model, prompt="\n\n".join(prompt), brief=brief, output=Reading)).search
        except ModelError as error:
            crew.degraded.append(f"{model.name} {what_happened(error)}; the question was searched as it is")
            return ""
        known.keep(key, said)
    return said
